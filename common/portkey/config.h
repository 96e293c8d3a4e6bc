// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/finding.h"
#include "common/portkey/key.h"
#include "common/portkey/loose_document.h"
#include "common/routes/route.h"

namespace llmgw {

/// How configs are to be read.
struct PortkeyReading {
    bool oss = false;  ///< as the open-source gateway does: `max_age` is in milliseconds, and more
    bool accept_guardrail_loss = false;
    std::map<std::string, std::string> providers;  ///< llmgw's provider ids by slug
};

/// A config as a route, with the keys that its targets name, and what is not the same.
struct PortkeyConfig {
    RouteNode route;
    std::vector<PortkeyKey> keys;   ///< in the order in which the targets name them
    std::vector<Finding> findings;  ///< `file` is empty
    bool usable = true;             ///< false: a finding says why there is no route
};

/// Converts a config object (2.0, 1.0, snake or camel case, quoted or as base64). Fails with
/// Errc::invalid_file only for what is no config at all.
[[nodiscard]] Result<PortkeyConfig> convert_portkey_config(const LooseDocument& document,
                                                           const PortkeyReading& reading);

/// The config object itself, where it is a text in a document: in quotes or as base64.
[[nodiscard]] Result<LooseDocument> unwrap_portkey_config(const LooseDocument& document);

}  // namespace llmgw
