// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "daemon/http/head.h"

namespace llmgw {

/// The gateway key that a request carries, in any of the places where clients put it.
[[nodiscard]] std::string_view sent_key(const RequestHead& head);

/// All keys that a request with Portkey's headers carries: of Portkey, which comes first, and of a
/// provider. Either may be a gateway key.
[[nodiscard]] std::vector<std::string_view> portkey_keys(const RequestHead& head);

}  // namespace llmgw
