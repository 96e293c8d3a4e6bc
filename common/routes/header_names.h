// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace llmgw {

/// Why a route can neither set nor forward a header: it is none, it belongs to the connection, it
/// carries a key, or it speaks to llmgw. "" when it can. As a message goes on: "is …".
[[nodiscard]] std::string_view header_problem(std::string_view name);

/// Whether a text can be a header's value: printable ASCII, spaces and tabs.
[[nodiscard]] bool is_header_value(std::string_view text);

}  // namespace llmgw
