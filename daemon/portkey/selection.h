// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/snapshot.h"
#include "daemon/portkey/request_headers.h"

namespace llmgw {

/// What a request with Portkey's headers asks for, as a name that resolve_model() understands:
/// "route/NAME/MODEL" for a saved config, "@LABEL/MODEL" for a slug, "PROVIDER/MODEL". `model` is
/// the body's; empty: it has none. Fails with what Portkey refuses, too, and with what is inline
/// while `portkey.inline_config` is off.
[[nodiscard]] Result<std::string> select_by_portkey(const Snapshot& snapshot,
                                                    const PortkeyRequest& request,
                                                    std::string_view model);

/// Whether `x-portkey-config` holds a config and not a config's slug: JSON, or that in base64.
[[nodiscard]] bool is_config_document(std::string_view config);

}  // namespace llmgw
