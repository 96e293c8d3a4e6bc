// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/catalog/catalog.h"

namespace llmgw {

/// Appends the header line that carries a provider key in a format; nothing for an empty secret.
/// Always one line: providers refuse requests with two kinds of credentials.
void append_auth_field(std::string& head, Wire wire, std::string_view secret);

}  // namespace llmgw
