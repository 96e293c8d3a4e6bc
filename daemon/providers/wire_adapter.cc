// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/wire_adapter.h"

#include "daemon/providers/anthropic.h"
#include "daemon/providers/gemini.h"
#include "daemon/providers/vertex.h"

namespace llmgw {

namespace {

struct TranslatedFormat {
    Wire wire;
    const WireAdapter* adapter;
};
constexpr TranslatedFormat kFormats[] = {
    {Wire::anthropic, &kAnthropicAdapter},
    {Wire::gemini, &kGeminiAdapter},
    {Wire::vertex, &kVertexAdapter},
    {Wire::vertex_anthropic, &kVertexAnthropicAdapter},
};

}  // namespace

std::string_view WireTarget::option(std::string_view name) const {
    if (options != nullptr) {
        for (const auto& [key, value] : *options) {
            if (key == name) {
                return value;
            }
        }
    }
    return {};
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
