// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/http/head.h"

namespace llmgw {

using ExtraHeaders = std::vector<std::pair<std::string, std::string>>;

/// What goes upstream for a target: its own headers, and those of the client's that it forwards,
/// which win. Only what header_problem() has nothing against.
[[nodiscard]] ExtraHeaders extra_headers(const ExtraHeaders& own,
                                         const std::vector<std::string>& forwarded,
                                         const RequestHead& client);

/// Puts headers into a request's head, which ends with its empty line, in place of those of the
/// same names.
void set_headers(std::string& head, const ExtraHeaders& headers);

}  // namespace llmgw
