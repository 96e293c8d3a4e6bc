// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "daemon/cache/answer_form.h"
#include "daemon/cache/cached_answer.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

// nlohmann/json, which converts, takes for an error half of a surrogate pair and a number that no
// double holds.
bool may_be_refused_elsewhere(std::string_view text) {
    if (text.find("\\u") != std::string_view::npos) {
        return true;
    }
    std::size_t digits = 0;
    for (const char c : text) {
        if (digits > 0 && (c == 'e' || c == 'E')) {
            return true;
        }
        digits = c >= '0' && c <= '9' ? digits + 1 : 0;
        if (digits > 300) {
            return true;
        }
    }
    return false;
}

// An answer that a provider might send: whatever it is, it can be looked at, and what can be
// converted is of the other form.
void try_forms(CachedAnswer answer) {
    read_identity(answer);
    const bool storable = is_storable(answer);
    const auto plain = plain_form(answer);
    const auto stream = stream_form(answer);
    if (answer.streamed && plain) {
        require_object(*plain);
        require_bounded(plain->size(), answer.bytes.size());
    }
    if (!answer.streamed && stream) {
        require_events(*stream);
    }
    if (storable && !may_be_refused_elsewhere(answer.bytes)) {
        require(plain.has_value(), "an answer that is stored can be sent as one object");
        require(stream || answer.endpoint == Endpoint::embeddings, "and as a stream");
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view bytes = fuzz::text_of(data, size);
    if (const SharedAnswer read = decode_answer(bytes)) {
        const SharedAnswer again = decode_answer(encode_answer(*read));
        fuzz::require(again && encode_answer(*again) == encode_answer(*read),
                      "what is read can be written and read again");
    }
    for (const bool streamed : {true, false}) {
        for (const Endpoint endpoint : {Endpoint::chat_completions, Endpoint::completions}) {
            CachedAnswer answer;
            answer.endpoint = endpoint;
            answer.streamed = streamed;
            answer.bytes = bytes;
            fuzz::try_forms(answer);
        }
    }
    return 0;
}
