// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// What one of AWS's exceptions amounts to.
struct BedrockFault {
    int status = 0;         ///< 0: nothing is known of it
    std::string_view type;  ///< in OpenAI's terms, such as "rate_limit_error"
};

/// By its name in any spelling AWS uses: "ThrottlingException", "throttlingException",
/// "ThrottlingException:http://…", "com.amazon.coral.service#UnknownOperationException".
[[nodiscard]] BedrockFault bedrock_fault(std::string_view exception);
/// That name without what stands around it.
[[nodiscard]] std::string_view bedrock_exception_name(std::string_view exception);

/// `message`, `Message` or `originalMessage` of a JSON body, fit to be shown: what follows in the
/// refusal of a signature repeats our headers, the session token among them.
[[nodiscard]] std::string bedrock_message(std::string_view body);

}  // namespace llmgw
