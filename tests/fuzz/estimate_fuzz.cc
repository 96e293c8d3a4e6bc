// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "daemon/gateway/additions.h"
#include "daemon/gateway/estimate.h"
#include "daemon/gateway/request_needs.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

void try_answer_to(const InferenceCall& call, std::string_view answer) {
    const auto fields = scan_object(answer);
    if (!fields) {
        return;
    }
    Additions additions;
    additions.mapping = catalog::find_at_provider("openai", "gpt-4.1").mapping;
    additions.metadata = R"("request_id":"r")";
    const Spliced spliced = add_to_object(answer, *fields, additions, &call);
    std::string out;
    for (const std::string_view piece : spliced.pieces) {
        out += piece;
    }
    require_object(out);
    require_bounded(out.size(), answer.size());
}

}  // namespace

}  // namespace llmgw::fuzz

// The input is a request and an answer, and the answer to a request that is well.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    static const auto usual = InferenceCall::parse(
        Endpoint::chat_completions, R"({"model":"m","messages":[{"role":"user","content":"x"}]})");
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::require(completion_characters(text) <= size, "no more characters than bytes");
    fuzz::try_answer_to(**usual, text);
    if (const auto usage = read_usage(text)) {
        const Mapping* const mapping = catalog::find_at_provider("openai", "gpt-4.1").mapping;
        fuzz::require_object("{" + cost_members(cost_of(*usage, mapping)) + "}");
    }
    for (const Endpoint endpoint :
         {Endpoint::chat_completions, Endpoint::completions, Endpoint::embeddings}) {
        if (const auto call = InferenceCall::parse(endpoint, std::string(text))) {
            fuzz::require(estimate_usage(**call, 0, nullptr).prompt() <= size,
                          "no more tokens than bytes");
            fuzz::require(needs_of(**call).prompt_tokens <= size, "no more tokens than bytes");
            fuzz::try_answer_to(**call, text);
        }
    }
    return 0;
}
