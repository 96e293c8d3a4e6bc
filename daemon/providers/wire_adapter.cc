// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/wire_adapter.h"

#include "daemon/providers/anthropic.h"
#include "daemon/providers/bedrock.h"
#include "daemon/providers/cohere.h"
#include "daemon/providers/gemini.h"
#include "daemon/providers/vertex.h"

namespace llmgw {

namespace {

struct TranslatedFormat {
    Wire wire;
    const WireAdapter* adapter;
};
constexpr TranslatedFormat kFormats[] = {
    {Wire::anthropic, &kAnthropicAdapter}, {Wire::gemini, &kGeminiAdapter},
    {Wire::vertex, &kVertexAdapter},       {Wire::vertex_anthropic, &kVertexAnthropicAdapter},
    {Wire::bedrock, &kBedrockAdapter},     {Wire::azure_anthropic, &kAnthropicAdapter},
    {Wire::cohere, &kCohereAdapter},
};

}  // namespace

std::string_view find_option(const ProviderOptions& options, std::string_view name) {
    for (const auto& [key, value] : options) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::string_view WireTarget::option(std::string_view name) const {
    return options == nullptr ? std::string_view() : find_option(*options, name);
}

const WireAdapter* adapter_for(Wire wire) {
    for (const TranslatedFormat& format : kFormats) {
        if (format.wire == wire) {
            return format.adapter;
        }
    }
    return nullptr;
}

}  // namespace llmgw
