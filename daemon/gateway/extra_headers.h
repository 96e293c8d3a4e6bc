// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/http/head.h"

namespace llmgw {

using ExtraHeaders = std::vector<std::pair<std::string, std::string>>;

/// Whether a route may send a header upstream. Not what frames a message or belongs to one
/// connection, nothing that authenticates (what the client has in it is for llmgw, and a provider
/// key goes with its own), and nothing that speaks to a gateway.
[[nodiscard]] bool may_go_upstream(std::string_view name);

/// What goes upstream for a target: its own headers, and those of the client's that it forwards,
/// which win.
[[nodiscard]] ExtraHeaders extra_headers(const ExtraHeaders& own,
                                         const std::vector<std::string>& forwarded,
                                         const RequestHead& client);

/// Puts headers into a request's head, which ends with its empty line, in place of those of the
/// same names.
void set_headers(std::string& head, const ExtraHeaders& headers);

}  // namespace llmgw
