// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/request_needs.h"

namespace llmgw {

RequestNeeds needs_of(const InferenceCall& call) {
    RequestNeeds needs;
    needs.streaming = call.stream;
    needs.tools = find_field(call.fields, "tools") != nullptr;
    needs.prompt_tokens = call.body.size() / 4;
    return needs;
}

}  // namespace llmgw
