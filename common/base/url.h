// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// The address of an HTTP API: "https://api.openai.com/v1".
struct BaseUrl {
    bool tls = false;
    std::string host;  ///< a name or an address, IPv6 without its brackets
    std::uint16_t port = 0;
    std::string path;  ///< "/v1", or "" for the root; never ends with "/"

    /// The Host header: brackets for IPv6, the port unless it is the scheme's own.
    [[nodiscard]] std::string host_header() const;
    /// Scheme, host and port: what a connection, and a secret, belongs to.
    [[nodiscard]] std::string origin() const;
    [[nodiscard]] std::string text() const { return origin() + path; }
    /// Whether it can only be this machine, by its name alone: localhost, 127.0.0.0/8, ::1.
    [[nodiscard]] bool is_loopback() const;
};

/// Accepts http and https URLs without user, query and fragment; a trailing "/" is dropped.
[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view text);

}  // namespace llmgw
