// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "daemon/gateway/provider_call.h"
#include "daemon/providers/anthropic.h"
#include "daemon/providers/bedrock.h"
#include "daemon/providers/cohere.h"
#include "daemon/providers/gemini.h"
#include "daemon/providers/responses.h"
#include "daemon/providers/vertex.h"
#include "tests/fuzz/trial.h"

// The first line is what a provider's headers say, the rest the body of its refusal.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t line = std::min(text.find('\n'), text.size());
    const std::string_view value = text.substr(0, line);
    const std::string_view body = text.substr(std::min(line + 1, text.size()));
    ResponseHead head;
    head.headers = {{"x-amzn-errortype", value}, {"retry-after", value}, {"x-request-id", value}};
    for (const WireAdapter* adapter :
         {&kAnthropicAdapter, &kGeminiAdapter, &kVertexAdapter, &kVertexAnthropicAdapter,
          &kBedrockAdapter, &kCohereAdapter, &kResponsesAdapter}) {
        const Translation translation{*adapter, ChatRequest(), WireTarget()};
        for (const int status : {400, 401, 429, 500, 529}) {
            head.status = status;
            const auto told = translate_refusal(translation, head, std::string(body));
            fuzz::require(told.status >= 400 && told.status < 600, "a refusal's status is one");
            if (told.body != body) {
                fuzz::require_object(told.body);
            }
            fuzz::require_bounded(told.body.size(), size);
        }
    }
    return 0;
}
