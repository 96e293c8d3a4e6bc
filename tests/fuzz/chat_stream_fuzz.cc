// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "daemon/gateway/chat_stream.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

struct Relayed {
    std::string out;
    bool complete = false;
    bool failed = false;

    bool operator==(const Relayed&) const = default;
};

Relayed relay(ChatStream stream, const std::vector<std::string_view>& pieces) {
    Relayed result;
    for (const std::string_view piece : pieces) {
        require(stream.feed(piece, result.out), "no event here is too large");
    }
    result.complete = stream.finish(result.out);
    result.failed = stream.failed();
    return result;
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    static const auto call = InferenceCall::parse(
        Endpoint::chat_completions, R"({"model":"m","messages":[{"role":"user","content":"x"}]})");
    const std::string_view text = fuzz::text_of(data, size);
    for (const bool wants_usage : {false, true}) {
        for (const bool plain : {false, true}) {
            Additions additions;
            additions.plain = plain;
            additions.metadata = R"("request_id":"r")";
            const ChatStream stream(wants_usage, additions);
            const fuzz::Relayed whole = fuzz::relay(stream, {text});
            fuzz::require(fuzz::relay(stream, fuzz::cut(text)) == whole,
                          "a stream is the same however it is cut");
            fuzz::require_bounded(whole.out.size(), size);
            if (std::string out; wants_usage && plain && ChatStream(stream).feed(text, out)) {
                fuzz::require(text.starts_with(out), "what is passed on is the provider's bytes");
            }
            // Estimates may differ for what is not even JSON, as they do not parse it.
            const ChatStream estimating(wants_usage, additions, call->get());
            fuzz::require_bounded(fuzz::relay(estimating, fuzz::cut(text)).out.size(), size);
        }
    }
    return 0;
}
