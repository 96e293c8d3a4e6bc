// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/answer_fields.h"

#include <algorithm>

#include "common/base/json_scan.h"
#include "common/portkey/providers.h"

namespace llmgw {

namespace {

void append_field(std::string& fields, std::string_view name, std::string_view value) {
    fields += "x-portkey-";
    fields += name;
    fields += ": ";
    // The trace's id is the client's; a head has passed its check, other sources have not.
    std::transform(value.begin(), value.end(), std::back_inserter(fields),
                   [](char c) { return static_cast<unsigned char>(c) < 0x20 ? '?' : c; });
    fields += "\r\n";
}

// Portkey's name for a provider of llmgw's. A config's key for an address of its own is called
// after the provider, too: "groq-custom", "groq-custom-2".
std::string_view portkey_name(std::string_view provider) {
    const auto all = portkey_providers();
    const auto known = std::find_if(all.begin(), all.end(), [provider](const PortkeyProvider& one) {
        return one.provider == provider && provider != "custom";
    });
    if (known != all.end()) {
        return known->id;
    }
    const std::size_t kind_end = provider.rfind("-custom");
    const PortkeyProvider* const kind = kind_end == std::string_view::npos
                                            ? nullptr
                                            : find_portkey_provider(provider.substr(0, kind_end));
    return kind == nullptr ? provider : kind->id;
}

}  // namespace

std::string portkey_answer_fields(const PortkeyAnswer& answer) {
    std::string fields;
    append_field(fields, "trace-id", answer.trace_id);
    append_field(fields, "retry-attempt-count", std::to_string(answer.retries));
    append_field(fields, "cache-status", answer.cache);
    append_field(fields, "last-used-option-index", answer.option);
    if (!answer.provider.empty()) {
        append_field(fields, "provider", portkey_name(answer.provider));
    }
    return fields;
}

std::string portkey_error_document(const Error& error) {
    const std::string message =
        json_quote(error.hint.empty() ? error.message : error.message + " (" + error.hint + ")");
    const std::string param = error.param.empty() ? "null" : json_quote(error.param);
    std::string text = R"({"status":"failure","message":)" + message;
    text += R"(,"error":{"message":)" + message;
    text += R"(,"type":"invalid_request_error","param":)" + param;
    text += ",\"code\":" + json_quote(error.code.empty() ? "invalid_config" : error.code);
    return text + ",\"field\":" + param + "}}";
}

}  // namespace llmgw
