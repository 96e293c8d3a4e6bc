// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/request_headers.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/portkey/header_table.h"
#include "daemon/portkey/header_values.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxTraceId = 256;
constexpr std::int64_t kMaxRetries = 100;

void refuse(PortkeyRequest& request, std::string_view name, const char* expected) {
    if (request.problem) {
        return;
    }
    Error error;
    error.kind = Errc::invalid_request;
    error.message = "x-portkey-" + std::string(name) + " must be " + expected;
    error.param = "x-portkey-" + std::string(name);
    error.code = "invalid_value";
    request.problem = std::move(error);
}

void read_retries(PortkeyRequest& request, std::string_view name, std::string_view value) {
    const auto number = header_number(value);
    if (number && *number <= kMaxRetries) {
        request.retries = static_cast<int>(*number);
    } else {
        refuse(request, name, "a whole number from 0 to 100");
    }
}

void read_timeout(PortkeyRequest& request, std::string_view name, std::string_view value) {
    request.timeout_ms = header_number(value);
    if (!request.timeout_ms) {
        refuse(request, name, "a whole number of milliseconds");
    } else if (*request.timeout_ms == 0) {
        request.timeout_ms.reset();  // leaves it to the config
    }
}

void read_forward_headers(PortkeyRequest& request, std::string_view value) {
    request.forward_headers = header_names(value);
    const auto is_own = [](const std::string& name) { return name.starts_with(kPortkeyPrefix); };
    if (!request.problem &&
        std::any_of(request.forward_headers.begin(), request.forward_headers.end(), is_own)) {
        Error error;
        error.kind = Errc::invalid_request;
        error.message = "forward_headers must not contain headers of Portkey's";
        error.param = "x-portkey-forward-headers";
        request.problem = std::move(error);
    }
}

// "aws-access-key-id" is "aws_access_key_id" in a config.
std::string config_name(std::string_view name) {
    std::string out = to_lower(name);
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

void read_field(PortkeyRequest& request, const PortkeyHeader& header, std::string_view value) {
    switch (header.field) {
        case PortkeyField::none:
        case PortkeyField::api_key:
            break;
        case PortkeyField::cache:
            // "simple" and "semantic" are the modes; what else is there says yes or no.
            request.cache = header_flag(value).value_or(!value.empty());
            break;
        case PortkeyField::cache_namespace:
            request.cache_namespace = value;
            break;
        case PortkeyField::config:
            request.config = unquoted(value);
            break;
        case PortkeyField::custom_host:
            request.custom_host = unquoted(value);
            break;
        case PortkeyField::debug:
            request.unstored = !header_flag(value).value_or(true);
            break;
        case PortkeyField::force_refresh:
            request.refresh = header_flag(value).value_or(false);
            break;
        case PortkeyField::forward_headers:
            read_forward_headers(request, value);
            break;
        case PortkeyField::metadata:
            request.metadata = metadata_object(value);
            break;
        case PortkeyField::provider:
            request.provider = unquoted(value);
            break;
        case PortkeyField::provider_header:
            request.provider_headers.emplace_back(header.name, value);
            break;
        case PortkeyField::retry_count:
            read_retries(request, header.name, value);
            break;
        case PortkeyField::request_timeout:
            read_timeout(request, header.name, value);
            break;
        case PortkeyField::trace_id:
            request.trace_id = value.substr(0, kMaxTraceId);
            break;
        case PortkeyField::virtual_key:
            request.virtual_key = unquoted(value);
            break;
    }
}

}  // namespace

PortkeyRequest read_portkey_headers(const RequestHead& head) {
    PortkeyRequest request;
    std::vector<const PortkeyHeader*> seen;
    for (const HeaderView& sent : head.headers) {
        if (!is_portkey_header(sent.name) || sent.value.empty()) {
            continue;
        }
        const PortkeyHeader* const header =
            find_portkey_header(sent.name.substr(kPortkeyPrefix.size()));
        // Of a header that is there twice the first one counts, as everywhere.
        if (header == nullptr || std::find(seen.begin(), seen.end(), header) != seen.end()) {
            continue;
        }
        seen.push_back(header);
        if (header->use == PortkeyUse::details) {
            request.details.emplace_back(config_name(header->name), sent.value);
        } else {
            read_field(request, *header, sent.value);
        }
    }
    if (request.trace_id.empty()) {
        request.trace_id = trace_of(head.header("traceparent"));
    }
    request.metadata = with_baggage(std::move(request.metadata), head.header("baggage"));
    return request;
}

}  // namespace llmgw
