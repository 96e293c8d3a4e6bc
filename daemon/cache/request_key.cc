// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/request_key.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <string>
#include <vector>

#include "common/base/json_tape.h"
#include "common/base/json_text.h"
#include "common/secrets/crypto.h"
#include "daemon/cache/canonical_number.h"

namespace llmgw {

namespace {

// Members of a request that say who asks, how the answer is to be sent or where it is to be made:
// the same question without them has the same answer. (`store` is not one: it asks the provider to
// keep the answer, which a cache cannot do.)
constexpr std::array<std::string_view, 10> kWithoutEffect = {"metadata",
                                                             "prompt_cache_key",
                                                             "prompt_cache_options",
                                                             "prompt_cache_retention",
                                                             "routing",
                                                             "safety_identifier",
                                                             "session_id",
                                                             "stream",
                                                             "stream_options",
                                                             "user"};

bool is_without_effect(const JsonField& field) {
    return std::any_of(kWithoutEffect.begin(), kWithoutEffect.end(),
                       [&](std::string_view name) { return key_is(field, name); });
}

// Claude Code begins its system text with this line, whose value differs from call to call.
constexpr std::string_view kBillingLine = "x-anthropic-billing-header:";

// Digits of a whole number that ends with none of ten.
bool is_canonical(std::string_view number) {
    const bool digits =
        std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits && number.back() != '0';
}

// Every value is written as a letter and its content, and every text ends with a byte that UTF-8
// has not, so that no two sequences of values are written alike.
constexpr char kTextEnd = '\xff';

class HashedBytes {
  public:
    HashedBytes() : digest_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
        LLMGW_ASSERT(digest_ != nullptr && context_ != nullptr);
    }
    void begin() {
        LLMGW_ASSERT(EVP_DigestInit_ex2(context_.get(), digest_.get(), nullptr) == 1);
        size_ = 0;
    }
    void put(char byte) {
        if (size_ == buffer_.size()) {
            flush();
        }
        buffer_[size_++] = byte;
    }
    void put(std::string_view bytes) {
        if (bytes.size() > buffer_.size() - size_) {
            flush();
            if (bytes.size() > buffer_.size()) {
                hash(bytes);
                return;
            }
        }
        std::copy(bytes.begin(), bytes.end(), buffer_.data() + size_);
        size_ += bytes.size();
    }
    // The inside of a JSON string, escapes decoded. As decode_json_text(), but texts that hold
    // program code have an escape every few characters.
    void put_decoded(std::string_view raw) {
        const char* at = raw.data();
        const char* const end = at + raw.size();
        while (at < end) {
            if (buffer_.size() - size_ < kCopiedText) {
                flush();
            }
            const std::size_t copied = copy_plain_text(at, end, buffer_.data() + size_);
            size_ += copied;
            at += copied;
            if (at == end || *at != '\\') {
                continue;
            }
            const std::size_t size = escape_size({at, end});
            if (size == 2) {
                put(escaped_character(at[1]));
            } else {
                decode_json_text({at, size}, [&](std::string_view piece) { put(piece); });
            }
            at += size;
        }
    }
    CacheKey end() {
        flush();
        CacheKey key;
        LLMGW_ASSERT(EVP_DigestFinal_ex(context_.get(), key.bytes.data(), nullptr) == 1);
        return key;
    }

  private:
    void flush() {
        hash({buffer_.data(), size_});
        size_ = 0;
    }
    void hash(std::string_view bytes) {
        LLMGW_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
    }

    EvpDigest digest_;
    EvpDigestContext context_;
    std::array<char, 4096> buffer_{};  // OpenSSL is called for many tokens at once
    std::size_t size_ = 0;
};

}  // namespace

class RequestHasher::Impl {
  public:
    std::optional<CacheKey> hash(const KeyedRequest& request, const ReplacedText* replaced) {
        replaced_ = replaced;
        bytes_.begin();
        // The label changes whenever what follows it is written differently.
        text(replaced == nullptr ? "llmgw request 1" : "llmgw request 1 but for one text");
        text(endpoint_path(request.call.endpoint));
        text(request.target);
        text(request.scope);
        const bool whole = object(request.call.fields);
        tape_.shrink();
        names_.clear();
        return whole ? std::optional(bytes_.end()) : std::nullopt;
    }

  private:
    struct Member {
        std::string_view name;
        std::size_t value;  // its number among the fields or on the tape
    };

    std::string_view name_of(std::string_view raw, bool escaped) {
        if (!escaped) {
            return raw;
        }
        std::string& name = names_.emplace_back();
        decode_json_text(raw, [&](std::string_view piece) { name += piece; });
        return name;
    }

    // Of equal names the order stays: providers differ in which of them counts.
    void sort_members(std::size_t first) {
        std::sort(members_.begin() + static_cast<std::ptrdiff_t>(first), members_.end(),
                  [](const Member& a, const Member& b) {
                      const int order = a.name.compare(b.name);
                      return order != 0 ? order < 0 : a.value < b.value;
                  });
    }

    bool object(const std::vector<JsonField>& fields) {
        // What the gateway reads as the model is in the target; another member of that name is not.
        const JsonField* const model = find_field(fields, "model");
        members_.clear();
        for (std::size_t i = 0; i < fields.size(); i++) {
            if (&fields[i] != model && !is_without_effect(fields[i])) {
                members_.push_back({name_of(fields[i].key, fields[i].escaped_key), i});
            }
        }
        sort_members(0);
        const std::size_t count = members_.size();
        for (std::size_t i = 0; i < count; i++) {
            const Member member = members_[i];
            text(member.name);
            if (!tape_.read(fields[member.value].value)) {
                return false;
            }
            find_billing_line(member.name);
            value(0);
        }
        bytes_.put('}');
        return true;
    }

    void value(std::uint32_t node_number) {
        const JsonNode& node = tape_[node_number];
        switch (node.kind) {
            case JsonKind::object:
                bytes_.put('{');
                members(node_number);
                bytes_.put('}');
                return;
            case JsonKind::array:
                bytes_.put('[');
                for (auto at = node_number + 1; at < node.end; at = tape_[at].end) {
                    if (at != left_out_) {
                        value(at);
                    }
                }
                bytes_.put(']');
                return;
            case JsonKind::string:
                string(node_number);
                return;
            case JsonKind::number:
                number(tape_.text(node));
                return;
            case JsonKind::boolean:
            case JsonKind::null:
                bytes_.put(*tape_.text(node).data());
                return;
        }
    }

    void members(std::uint32_t object) {
        const std::size_t first = members_.size();
        for (auto at = object + 1; at < tape_[object].end; at = tape_[at + 1].end) {
            members_.push_back({name_of(tape_.text(tape_[at]), tape_[at].escaped), at + 1});
        }
        sort_members(first);
        const std::size_t count = members_.size();
        for (std::size_t i = first; i < count; i++) {
            const Member member = members_[i];  // the vector grows below
            text(member.name);
            value(static_cast<std::uint32_t>(member.value));
        }
        members_.resize(first);
    }

    void string(std::uint32_t node_number) {
        const JsonNode& node = tape_[node_number];
        const std::string_view raw = tape_.text(node);
        if (replaced_ != nullptr && raw.data() == replaced_->message.data() + 1) {
            bytes_.put('*');
            bytes_.put(replaced_->by);
            bytes_.put(kTextEnd);
        } else if (node_number == shortened_) {
            const std::size_t line_end = std::min(system_text_.find('\n'), system_text_.size() - 1);
            text(std::string_view(system_text_).substr(line_end + 1));
        } else if (!node.escaped) {
            text(raw);
        } else {
            bytes_.put('"');
            bytes_.put_decoded(raw);
            bytes_.put(kTextEnd);
        }
    }

    void text(std::string_view plain) {
        bytes_.put('"');
        bytes_.put(plain);
        bytes_.put(kTextEnd);
    }

    void number(std::string_view json) {
        if (is_canonical(json)) {  // as most are, above all tokens to be embedded
            bytes_.put('+');
            bytes_.put(json);
            bytes_.put(kTextEnd);
            return;
        }
        const auto number = canonical_number(json);
        if (!number) {
            bytes_.put('N');
            bytes_.put(json);
            bytes_.put(kTextEnd);
            return;
        }
        bytes_.put(number->negative ? '-' : '+');
        bytes_.put(number->head);
        bytes_.put(number->tail);
        if (number->exponent == 0) {
            bytes_.put(kTextEnd);
            return;
        }
        bytes_.put('e');
        std::array<char, 24> exponent{};
        const auto end =
            std::to_chars(exponent.data(), exponent.data() + exponent.size(), number->exponent).ptr;
        bytes_.put({exponent.data(), static_cast<std::size_t>(end - exponent.data())});
        bytes_.put(kTextEnd);
    }

    // Sets what is left out of the field that is on the tape: the block of that line alone, or the
    // line at the beginning of a text.
    void find_billing_line(std::string_view field) {
        left_out_ = shortened_ = kNothing;
        std::uint32_t content = 0;
        if (field == "messages" && tape_.size() > 1 && tape_[0].kind == JsonKind::array) {
            const std::uint32_t role = tape_.member(1, "role");
            if (role == 0 || (!tape_.is(role, "system") && !tape_.is(role, "developer"))) {
                return;
            }
            content = tape_.member(1, "content");
            if (content == 0) {
                return;
            }
        } else if (field != "system") {
            return;
        }
        if (tape_[content].kind == JsonKind::string) {
            shortened_ = has_billing_line(content) ? content : kNothing;
        } else if (tape_[content].kind == JsonKind::array && tape_[content].end > content + 1) {
            const std::uint32_t block = content + 1;
            const std::uint32_t block_text = tape_.member(block, "text");
            if (block_text != 0 && has_billing_line(block_text)) {
                const bool alone = system_text_.find('\n') == std::string::npos;
                (alone ? left_out_ : shortened_) = alone ? block : block_text;
            }
        }
    }

    // Leaves the text in system_text_.
    bool has_billing_line(std::uint32_t node_number) {
        const JsonNode& node = tape_[node_number];
        const std::string_view raw = tape_.text(node);
        if (node.kind != JsonKind::string || (!node.escaped && !raw.starts_with(kBillingLine))) {
            return false;
        }
        system_text_.clear();
        decode_json_text(raw, [&](std::string_view piece) { system_text_ += piece; });
        return system_text_.starts_with(kBillingLine);
    }

    static constexpr std::uint32_t kNothing = UINT32_MAX;

    HashedBytes bytes_;
    JsonTape tape_;
    std::vector<Member> members_;    // of all objects that are being written
    std::deque<std::string> names_;  // those with escapes, decoded
    std::string system_text_;
    const ReplacedText* replaced_ = nullptr;
    std::uint32_t left_out_ = kNothing;   // a block of the field on the tape
    std::uint32_t shortened_ = kNothing;  // a text there, without its first line
};

RequestHasher::RequestHasher() : impl_(std::make_unique<Impl>()) {}

RequestHasher::~RequestHasher() = default;

std::optional<CacheKey> RequestHasher::key(const KeyedRequest& request) {
    return impl_->hash(request, nullptr);
}

std::optional<CacheKey> RequestHasher::key_with(const KeyedRequest& request,
                                                const ReplacedText& replaced) {
    return impl_->hash(request, &replaced);
}

}  // namespace llmgw
