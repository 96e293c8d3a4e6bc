// SPDX-License-Identifier: Apache-2.0
#include "common/store/call_batch.h"

#include <algorithm>

namespace llmgw {

namespace {

// A call in a block: flags, a number with a bit for each text that is not as in the call before,
// the request's id, the new texts, the numbers. Numbers are LEB128, 7 bits to a byte, the lowest
// first; those with a sign alternate (0, -1, 1, -2…); a text is its length and its bytes.
constexpr unsigned kFinal = 1, kStreamed = 2, kCached = 4, kHasCost = 8, kHasFirstByte = 16;

constexpr std::int64_t kMostTime = std::int64_t{1} << 56;  // far beyond the year 10,000

constexpr std::size_t kMostNumbers = 12;
constexpr std::size_t kLongestNumber = 10;
constexpr std::size_t kKeptBytes = 2 << 20;

char* put(char* to, std::uint64_t number) {
    while (number >= 0x80) {
        *to++ = static_cast<char>(number | 0x80);
        number >>= 7;
    }
    *to++ = static_cast<char>(number);
    return to;
}

char* put_signed(char* to, std::int64_t number) {
    const auto bits = static_cast<std::uint64_t>(number);
    return put(to, (bits << 1) ^ (number < 0 ? ~std::uint64_t{0} : 0));
}

template <typename Call>
auto common_texts(Call& call) {
    return std::array{&call.endpoint, &call.requested_model, &call.model, &call.provider,
                      &call.key,      &call.region,          &call.error, &call.usage_source,
                      &call.route};
}

unsigned flags_of(const CallView& call) {
    return (call.final ? kFinal : 0) | (call.streamed ? kStreamed : 0) |
           (call.cached ? kCached : 0) | (call.cost ? kHasCost : 0) |
           (call.first_byte_us ? kHasFirstByte : 0);
}

/// Reads what put() has written; after an error everything is 0.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] bool done() const { return rest_.empty(); }
    [[nodiscard]] bool failed() const { return failed_; }

    unsigned byte() {
        const std::string_view one = take(1);
        return one.empty() ? 0 : static_cast<unsigned char>(one.front());
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const unsigned next = byte();
            value |= std::uint64_t{next & 0x7F} << shift;
            if (next < 0x80) {
                return value;
            }
        }
        failed_ = true;
        return 0;
    }
    std::int64_t signed_number() {
        const std::uint64_t value = number();
        return static_cast<std::int64_t>((value >> 1) ^ ((value & 1) != 0 ? ~std::uint64_t{0} : 0));
    }
    std::string_view text() { return take(number()); }
    /// A time that is written as the difference to another one.
    std::int64_t time_behind(std::int64_t before) {
        const std::int64_t difference = signed_number();
        failed_ = failed_ || difference < -kMostTime || difference > kMostTime ||
                  before + difference < -kMostTime || before + difference > kMostTime;
        return failed_ ? 0 : before + difference;
    }

  private:
    std::string_view take(std::uint64_t size) {
        if (size > rest_.size()) {
            failed_ = true;
            rest_ = {};
            return {};
        }
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view rest_;
    bool failed_ = false;
};

// Reads the call behind `call`, which it replaces.
void read_next(Reader& reader, CallView& call) {
    const unsigned flags = reader.byte();
    const std::uint64_t changes = reader.number();
    call.final = (flags & kFinal) != 0;
    call.streamed = (flags & kStreamed) != 0;
    call.cached = (flags & kCached) != 0;
    call.request_id = reader.text();
    std::uint64_t bit = 1;
    for (std::string_view* text : common_texts(call)) {
        if ((changes & bit) != 0) {
            *text = reader.text();
        }
        bit <<= 1;
    }
    call.time = reader.time_behind(call.time);
    call.attempt = static_cast<int>(reader.signed_number());
    call.status = static_cast<int>(reader.signed_number());
    call.input = reader.number();
    call.cached_input = reader.number();
    call.cache_write = reader.number();
    call.output = reader.number();
    call.reasoning = reader.number();
    call.duration_us = reader.signed_number();
    call.cost.reset();
    call.first_byte_us.reset();
    if ((flags & kHasCost) != 0) {
        call.cost = Money{reader.signed_number()};
    }
    if ((flags & kHasFirstByte) != 0) {
        call.first_byte_us = reader.signed_number();
    }
    call.id++;
}

}  // namespace

unsigned CallBatch::find_changes(const std::array<std::string_view, kTexts>& texts) const {
    unsigned changes = 0;
    for (std::size_t i = 0; i < kTexts; i++) {
        const std::string_view before(bytes_.data() + texts_[i].begin, texts_[i].size);
        changes |= texts[i] != before ? 1U << i : 0;
    }
    return changes;
}

void CallBatch::add_number(std::uint64_t number) {
    std::array<char, kLongestNumber> digits;
    bytes_.append(digits.data(), put(digits.data(), number));
}

void CallBatch::add_text(std::string_view text) {
    add_number(text.size());
    bytes_.append(text);
}

void CallBatch::add(const CallView& call) {
    if (size_ % kBlockCalls == 0) {
        ends_.emplace_back();
        texts_.fill({});
        time_ = 0;
    }
    std::array<std::string_view, kTexts> texts;
    const auto fields = common_texts(call);
    std::transform(fields.begin(), fields.end(), texts.begin(), [](const auto* t) { return *t; });
    const unsigned changes = find_changes(texts);

    bytes_ += static_cast<char>(flags_of(call));
    add_number(changes);
    add_text(call.request_id);
    for (std::size_t i = 0; i < kTexts; i++) {
        if ((changes & (1U << i)) != 0) {
            add_text(texts[i]);
            texts_[i] = {bytes_.size() - texts[i].size(), texts[i].size()};
        }
    }
    std::array<char, kMostNumbers * kLongestNumber> numbers;
    char* end = put_signed(numbers.data(), call.time - time_);
    end = put_signed(end, call.attempt);
    end = put_signed(end, call.status);
    for (const std::uint64_t tokens :
         {call.input, call.cached_input, call.cache_write, call.output, call.reasoning}) {
        end = put(end, tokens);
    }
    end = put_signed(end, call.duration_us);
    if (call.cost) {
        end = put_signed(end, call.cost->nano);
    }
    if (call.first_byte_us) {
        end = put_signed(end, *call.first_byte_us);
    }
    bytes_.append(numbers.data(), end);
    time_ = call.time;
    size_++;
    ends_.back() = {bytes_.size(), size_, call.end()};
}

std::vector<CallBatch::Block> CallBatch::blocks() const {
    std::vector<Block> blocks;
    End before;
    for (const End& end : ends_) {
        blocks.push_back({std::string_view(bytes_).substr(before.bytes, end.bytes - before.bytes),
                          end.calls - before.calls, end.last_end});
        before = end;
    }
    return blocks;
}

void CallBatch::clear() {
    bytes_.clear();
    if (bytes_.capacity() > kKeptBytes) {
        bytes_.shrink_to_fit();
    }
    ends_.clear();
    size_ = 0;
}

Result<void> read_block(std::string_view block, std::int64_t first_id,
                        std::vector<CallView>& calls) {
    Reader reader(block);
    CallView call;
    call.id = first_id - 1;
    while (!reader.done()) {
        read_next(reader, call);
        if (reader.failed()) {
            return fail(Errc::invalid_file,
                        "the log is damaged at call " + std::to_string(call.id));
        }
        calls.push_back(call);
    }
    return {};
}

}  // namespace llmgw
