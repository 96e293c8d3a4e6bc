// SPDX-License-Identifier: Apache-2.0
#include "common/routes/header_names.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "common/base/text.h"

namespace llmgw {

namespace {

// RFC 9110, section 7.6.1, and what frames a message or says what it is.
constexpr std::string_view kOfTheConnection[] = {
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
};

// A provider's key belongs to its address and is sent by llmgw only; the client's is llmgw's own.
constexpr std::string_view kCarryKeys[] = {
    "api-key",
    "authorization",
    "cookie",
    "ocp-apim-subscription-key",
    "proxy-authorization",
    "set-cookie",
    "x-amz-security-token",
    "x-api-key",
    "x-goog-api-key",
};

constexpr std::string_view kOwn[] = {"x-llmgw-", "x-portkey-", "x-no-fallback", "x-no-cache"};

template <std::size_t Size>
bool holds(const std::string_view (&list)[Size], std::string_view name) {
    return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

// RFC 9110, section 5.6.2.
bool is_token(std::string_view name) {
    constexpr std::string_view kSymbols = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               kSymbols.find(c) != std::string_view::npos;
    });
}

}  // namespace

std::string_view header_problem(std::string_view name) {
    if (!is_token(name)) {
        return "no name of a header";
    }
    const std::string lower = to_lower(name);
    if (holds(kOfTheConnection, lower)) {
        return "written by llmgw itself";
    }
    if (holds(kCarryKeys, lower)) {
        return "for keys, which only `llmgw providers add` takes";
    }
    const bool own = std::any_of(std::begin(kOwn), std::end(kOwn), [&](std::string_view prefix) {
        return lower.starts_with(prefix);
    });
    return own ? "for llmgw itself" : "";
}

bool is_header_value(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; });
}

}  // namespace llmgw
