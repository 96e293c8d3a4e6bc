// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/errors.h"

#include "common/base/json_scan.h"

namespace llmgw {

namespace {

// OpenAI's `type` for a status.
std::string_view error_type(int status) {
    switch (status) {
        case 401:
            return "authentication_error";
        case 402:
            return "insufficient_quota";
        case 403:
            return "permission_error";
        case 408:
        case 504:
            return "timeout_error";
        case 429:
            return "rate_limit_error";
        case 502:
            return "upstream_error";
        case 503:
            return "overloaded_error";
        default:
            return status < 500 ? "invalid_request_error" : "api_error";
    }
}

std::string_view default_code(int status) {
    switch (status) {
        case 401:
            return "invalid_api_key";
        case 402:
            return "insufficient_quota";
        case 403:
            return "permission_denied";
        case 404:
            return "not_found";
        case 405:
            return "method_not_allowed";
        case 408:
            return "request_timeout";
        case 411:
            return "length_required";
        case 413:
            return "request_too_large";
        case 415:
            return "unsupported_media_type";
        case 429:
            return "rate_limit_exceeded";
        case 431:
            return "headers_too_large";
        case 502:
            return "upstream_error";
        case 503:
            return "overloaded";
        case 504:
            return "upstream_timeout";
        default:
            return status < 500 ? "invalid_request" : "internal_error";
    }
}

}  // namespace

int http_status(const Error& error) {
    if (error.http_status != 0) {
        return error.http_status;
    }
    switch (error.kind) {
        case Errc::usage:
        case Errc::invalid_request:
        case Errc::invalid_file:
            return 400;
        case Errc::auth:
            return 401;
        case Errc::budget:
            return 402;
        case Errc::permission:
            return 403;
        case Errc::not_found:
            return 404;
        case Errc::conflict:
            return 409;
        case Errc::too_large:
            return 413;
        case Errc::limit:
            return 429;
        case Errc::upstream:
        case Errc::daemon_unreachable:
            return 502;
        case Errc::overloaded:
            return 503;
        case Errc::timeout:
            return 504;
        case Errc::failed:
        case Errc::interrupted:
        case Errc::bug:
            return 500;
    }
    return 500;
}

std::string error_document(const Error& error, std::string_view metadata) {
    const int status = http_status(error);
    std::string message = error.message;
    if (!error.hint.empty()) {
        message += " (" + error.hint + ")";
    }
    std::string text = "{\"error\":{\"message\":" + json_quote(message) +
                       ",\"type\":" + json_quote(error_type(status)) + ",\"param\":";
    text += error.param.empty() ? "null" : json_quote(error.param);
    text += ",\"code\":" + json_quote(error.code.empty() ? default_code(status) : error.code);
    text += "}";
    if (!metadata.empty()) {
        text += ",\"metadata\":{" + std::string(metadata) + "}";
    }
    return text + "}";
}

std::string retry_after_field(const Error& error) {
    return error.retry_after_s > 0 ? "Retry-After: " + std::to_string(error.retry_after_s) + "\r\n"
                                   : std::string();
}

LocalAnswer error_answer(const Error& error) {
    LocalAnswer answer;
    answer.status = http_status(error);
    answer.body = error_document(error);
    answer.fields = retry_after_field(error);
    return answer;
}

}  // namespace llmgw
