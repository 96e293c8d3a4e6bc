// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/providers/gemini.h"

namespace llmgw {

namespace {

using Fields = std::vector<JsonField>;

std::string text_of(const Fields& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::string() : json_text(field->value).value_or("");
}

// The error object in `{"error":{…}}`, or in an array of such documents.
std::optional<Fields> find_error(std::string_view body) {
    const auto documents = scan_array(body);
    const auto document = scan_object(documents && !documents->empty() ? documents->front() : body);
    const JsonField* const error = document ? find_field(*document, "error") : nullptr;
    auto fields = scan_object(error != nullptr ? error->value : std::string_view());
    return fields ? std::optional(std::move(*fields)) : std::nullopt;
}

// What the elements of `details` add (google/rpc/error_details.proto).
void read_details(const Fields& error, ProviderError& out) {
    const JsonField* const field = find_field(error, "details");
    const auto details = scan_array(field != nullptr ? field->value : std::string_view());
    for (std::size_t i = 0; details && i < details->size(); i++) {
        const auto detail = scan_object((*details)[i]);
        if (!detail) {
            continue;
        }
        if (text_of(*detail, "@type").ends_with("google.rpc.ErrorInfo")) {
            const std::string reason = text_of(*detail, "reason");
            out.code = reason.empty() ? out.code : reason;
        }
    }
}

const char* type_of(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 429:
            return "rate_limit_error";
        case 503:
            return "overloaded_error";
        case 504:
            return "timeout_error";
        default:
            return status < 500 ? "invalid_request_error" : "api_error";
    }
}

}  // namespace

ProviderError read_gemini_error(int status, const ResponseHead& /*head*/, std::string_view body) {
    ProviderError out;
    const auto error = find_error(trim(body));
    if (error) {
        out.message = text_of(*error, "message");
        out.code = text_of(*error, "status");
        read_details(*error, out);
        const JsonField* const code = find_field(*error, "code");
        if (status == 0 && code != nullptr) {
            out.status = static_cast<int>(
                std::min<std::uint64_t>(json_uint(code->value).value_or(500), 599));
        }
        // Gemini says 400 to a wrong key and to a country it does not serve: neither is the fault
        // of the request.
        if (out.code == "API_KEY_INVALID" || out.message.starts_with("API key not valid")) {
            out.status = 401;
        } else if (out.message.starts_with("User location is not supported")) {
            out.status = 403;
        }
    }
    out.type = type_of(out.status != 0 ? out.status : status);
    return out;
}

}  // namespace llmgw
