// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <vector>

#include "common/base/json_tape.h"
#include "common/base/json_text.h"
#include "daemon/cache/request_key.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

// The same document with its members in another order, other white space and every ASCII
// character escaped.
class Respelled {
  public:
    explicit Respelled(const JsonTape& tape) : tape_(tape) { value(0); }
    [[nodiscard]] const std::string& text() const { return out_; }

  private:
    void string(std::uint32_t node) {
        out_ += '"';
        const std::string_view raw = tape_.text(tape_[node]);
        for (std::size_t i = 0; i < raw.size(); i++) {
            if (raw[i] == '\\') {
                const std::size_t size = escape_size(raw.substr(i));
                out_ += raw.substr(i, size);
                i += size - 1;
            } else if (static_cast<unsigned char>(raw[i]) < 0x80) {
                constexpr std::string_view kHex = "0123456789aBcDeF";
                out_ += "\\u00";
                out_ += kHex[static_cast<unsigned char>(raw[i]) >> 4];
                out_ += kHex[static_cast<unsigned char>(raw[i]) & 15];
            } else {
                out_ += raw[i];
            }
        }
        out_ += '"';
    }

    // A number as 1.0e0 where it can be written so.
    void number(std::string_view raw) {
        out_ += raw;
        if (raw.find_first_of(".eE") == std::string_view::npos) {
            out_ += ".0e0";
        }
    }

    void object(std::uint32_t node) {
        std::vector<std::uint32_t> keys;
        for (auto key = node + 1; key < tape_[node].end; key = tape_[key + 1].end) {
            keys.push_back(key);
        }
        // The order of equal names counts; which names are equal only their characters tell.
        std::stable_sort(keys.begin(), keys.end(),
                         [&](std::uint32_t a, std::uint32_t b) { return decoded(a) > decoded(b); });
        out_ += "{ ";
        for (const std::uint32_t key : keys) {
            out_ += key == keys.front() ? "" : "\n,";
            string(key);
            out_ += "\t:";
            value(key + 1);
        }
        out_ += '}';
    }

    void value(std::uint32_t node) {
        require(tape_[node].end > node && tape_[node].end <= tape_.size(), "nodes have ends");
        switch (tape_[node].kind) {
            case JsonKind::object:
                object(node);
                return;
            case JsonKind::array:
                out_ += '[';
                for (auto at = node + 1; at < tape_[node].end; at = tape_[at].end) {
                    out_ += at == node + 1 ? " " : " , ";
                    value(at);
                }
                out_ += ']';
                return;
            case JsonKind::string:
                string(node);
                return;
            case JsonKind::number:
                number(tape_.text(tape_[node]));
                return;
            case JsonKind::boolean:
            case JsonKind::null:
                out_ += tape_.text(tape_[node]);
        }
    }

    [[nodiscard]] std::string decoded(std::uint32_t node) const {
        std::string text;
        decode_json_text(tape_.text(tape_[node]), [&](std::string_view piece) { text += piece; });
        return text;
    }

    const JsonTape& tape_;
    std::string out_;
};

CacheKey key_of(const std::string& body) {
    const auto call = InferenceCall::parse(Endpoint::embeddings, body);
    require(call.has_value(), "a document that is written in another way is accepted");
    RequestHasher hasher;
    const auto key = hasher.key({**call, "m"});
    require(key.has_value(), "a request of this size has a key");
    return *key;
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string member(fuzz::text_of(data, size));
    const auto with = [](const std::string& more) {
        return R"({"model":"m","input":"i",)" + more + "}";
    };
    const std::string body = with(R"("x":)" + member);
    const auto call = InferenceCall::parse(Endpoint::embeddings, body);
    if (!call || (*call)->fields.size() != 3) {
        return 0;
    }
    JsonTape tape;
    fuzz::require(tape.read(body), "a document of this size has a tape");
    const CacheKey key = fuzz::key_of(body);
    fuzz::require(key == fuzz::key_of(fuzz::Respelled(tape).text()),
                  "how a request is written does not matter");
    fuzz::require(key != fuzz::key_of(with(R"("y":)" + member)), "a name matters");
    fuzz::require(key != fuzz::key_of(with(R"("x":[)" + member + "]")), "a value matters");
    return 0;
}
