// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

struct BaseUrl;
/// Accepts http and https URLs without user, query and fragment; a trailing "/" is dropped.
[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view text);

/// The address of an HTTP API: "https://api.openai.com/v1".
struct BaseUrl {
    bool tls = false;
    std::string host;  ///< a name or an address, IPv6 without its brackets
    std::uint16_t port = 0;
    std::string path;  ///< "/v1", or "" for the root; never ends with "/"

    /// The Host header: brackets for IPv6, the port unless it is the scheme's own.
    [[nodiscard]] std::string_view host_header() const {
        return std::string_view(origin_).substr(tls ? 8 : 7);
    }
    /// Scheme, host and port: what a connection, and a secret, belongs to.
    [[nodiscard]] const std::string& origin() const { return origin_; }
    [[nodiscard]] std::string text() const { return origin_ + path; }
    /// Whether it can only be this machine, by its name alone: localhost, 127.0.0.0/8, ::1.
    [[nodiscard]] bool is_loopback() const;

  private:
    friend Result<BaseUrl> parse_base_url(std::string_view text);
    std::string origin_;  // every request needs it
};

}  // namespace llmgw
