// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/error.h"
#include "common/base/url.h"

namespace llmgw {

/// A token that a provider takes in place of a key, for a while (RFC 6749 §5.1).
struct AccessToken {
    std::string text;
    std::int64_t lifetime_ms = 0;
};

/// Reads a token endpoint's answer. The error names OAuth's error code and the endpoint's first
/// sentence: Errc::auth when it refused, Errc::upstream when it failed.
[[nodiscard]] Result<AccessToken> read_token_answer(int status, std::string_view body);

/// application/x-www-form-urlencoded, as token endpoints take it.
[[nodiscard]] std::string form_body(
    std::initializer_list<std::pair<std::string_view, std::string_view>> fields);

/// The address of a token endpoint. It gets secrets, so it is https, or this very machine.
[[nodiscard]] Result<BaseUrl> parse_token_endpoint(std::string_view url);

}  // namespace llmgw
