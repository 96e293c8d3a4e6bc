// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/bedrock_error.h"

#include <algorithm>
#include <array>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/providers/bedrock.h"

namespace llmgw {

namespace {

struct NamedFault {
    std::string_view exception;
    BedrockFault fault;
};

// Statuses that differ from AWS's own are those by which the gateway decides what to do: a model
// that failed (424 there) or is used up (400) is the provider's trouble, a bad signature (403) the
// key's.
constexpr std::array<NamedFault, 18> kFaults = {
    {{"ThrottlingException", {429, "rate_limit_error"}},
     {"ServiceQuotaExceededException", {429, "rate_limit_error"}},
     {"ModelNotReadyException", {429, "rate_limit_error"}},
     {"ModelTimeoutException", {408, "timeout_error"}},
     {"ServiceUnavailableException", {503, "overloaded_error"}},
     {"InternalServerException", {500, "api_error"}},
     {"ModelErrorException", {502, "upstream_error"}},
     {"ModelStreamErrorException", {502, "upstream_error"}},
     {"ValidationException", {400, "invalid_request_error"}},
     {"ResourceNotFoundException", {404, "invalid_request_error"}},
     {"UnknownOperationException", {404, "invalid_request_error"}},
     {"AccessDeniedException", {403, "permission_error"}},
     {"UnrecognizedClientException", {401, "authentication_error"}},
     {"InvalidSignatureException", {401, "authentication_error"}},
     {"SignatureDoesNotMatchException", {401, "authentication_error"}},
     {"IncompleteSignatureException", {401, "authentication_error"}},
     {"MissingAuthenticationTokenException", {401, "authentication_error"}},
     {"ExpiredTokenException", {401, "authentication_error"}}}};

std::string text_member(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? "" : json_text(field->value).value_or("");
}

std::string_view type_of_status(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 403:
            return "permission_error";
        case 408:
            return "timeout_error";
        case 429:
            return "rate_limit_error";
        case 503:
            return "overloaded_error";
        default:
            return status < 500 ? "invalid_request_error" : "api_error";
    }
}

}  // namespace

std::string_view bedrock_exception_name(std::string_view exception) {
    exception = exception.substr(0, exception.find(':'));
    const std::size_t hash = exception.rfind('#');
    return trim(hash == std::string_view::npos ? exception : exception.substr(hash + 1));
}

BedrockFault bedrock_fault(std::string_view exception) {
    const std::string_view name = bedrock_exception_name(exception);
    const auto* const at = std::find_if(
        kFaults.begin(), kFaults.end(),
        [&](const NamedFault& known) { return equals_ignoring_case(known.exception, name); });
    return at == kFaults.end() ? BedrockFault{} : at->fault;
}

std::string bedrock_message(std::string_view body) {
    const auto fields = scan_object(body);
    if (!fields) {
        return {};
    }
    std::string text;
    for (const char* const name : {"message", "Message", "originalMessage"}) {
        text = text.empty() ? text_member(*fields, name) : text;
    }
    text.resize(std::min({text.size(), text.find("The Canonical String"),
                          text.find("The String-to-Sign"), text.find("\n\n")}));
    return printable(trim(text).substr(0, 1000));
}

ProviderError read_bedrock_error(int status, const ResponseHead& head, std::string_view body) {
    std::string exception(head.header("x-amzn-errortype"));
    if (exception.empty()) {
        const auto fields = scan_object(body);
        exception = fields ? text_member(*fields, "__type") : "";
    }
    ProviderError out;
    out.code = printable(bedrock_exception_name(exception).substr(0, 100));
    out.message = bedrock_message(body);
    if (out.message.empty()) {
        out.message = out.code.empty() ? "HTTP status " + std::to_string(status) : out.code;
    }
    const BedrockFault fault = bedrock_fault(exception);
    out.status = fault.status == status ? 0 : fault.status;
    out.type = fault.status != 0 ? fault.type : type_of_status(status);
    return out;
}

}  // namespace llmgw
