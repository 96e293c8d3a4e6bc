// SPDX-License-Identifier: Apache-2.0
#include "common/base/url.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"

namespace llmgw {

namespace {

bool is_host(std::string_view host) {
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), [](unsigned char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '.' || c == '_';
           });
}

bool is_ipv6(std::string_view host) {
    return host.find(':') != std::string_view::npos &&
           host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

bool BaseUrl::is_loopback() const {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos);
}

Result<BaseUrl> parse_base_url(std::string_view text) {
    const auto invalid = [&](const char* why) {
        return fail(Errc::usage, "the URL is not usable: " + std::string(why),
                    "write it like https://api.example.com/v1");
    };
    BaseUrl url;
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        url.tls = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return invalid("it must start with http:// or https://");
    }
    const bool visible =
        std::all_of(rest.begin(), rest.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!visible) {
        return invalid("it holds a space or a character that is not ASCII");
    }
    if (rest.find_first_of("?#") != std::string_view::npos) {
        return invalid("it must not have a query or a fragment");
    }
    const std::size_t slash = rest.find('/');
    std::string_view authority = rest.substr(0, slash);
    std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash);
    if (authority.find('@') != std::string_view::npos) {
        return invalid("it must not hold a user name or password");
    }
    std::string_view port;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos || !is_ipv6(authority.substr(1, end - 1))) {
            return invalid("its IPv6 address is malformed");
        }
        url.host = to_lower(authority.substr(1, end - 1));
        port = authority.substr(end + 1);
    } else {
        const std::size_t colon = authority.find(':');
        url.host = to_lower(authority.substr(0, colon));
        port = colon == std::string_view::npos ? "" : authority.substr(colon);
        if (!is_host(url.host)) {
            return invalid("its host name is malformed");
        }
    }
    url.port = url.tls ? 443 : 80;
    if (!port.empty()) {
        const char* const end = port.data() + port.size();
        const auto result = std::from_chars(port.data() + 1, end, url.port);
        if (port.front() != ':' || result.ec != std::errc() || result.ptr != end || url.port == 0) {
            return invalid("its port is not a number from 1 to 65535");
        }
    }
    while (path.ends_with('/')) {
        path.remove_suffix(1);
    }
    url.path = path;
    url.origin_ =
        (url.tls ? "https://" : "http://") + (is_ipv6(url.host) ? "[" + url.host + "]" : url.host);
    if (url.port != (url.tls ? 443 : 80)) {
        url.origin_ += ":" + std::to_string(url.port);
    }
    return url;
}

}  // namespace llmgw
