// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/finding.h"
#include "common/portkey/loose_document.h"
#include "common/routes/route.h"

namespace llmgw {

/// A provider key as a Portkey config names it (by slug) or carries it.
struct PortkeyKey {
    std::string label;     ///< what the route calls it ("@LABEL" there): the slug, or made up
    std::string slug;      ///< a virtual key's or provider's; empty: the config has it inline
    std::string provider;  ///< llmgw's id or "custom"; empty: not known
    std::string base_url;  ///< empty: the provider's own
    std::string secret;    ///< inline; never printed; empty: it has to be asked for
    std::string region;
    std::vector<std::pair<std::string, std::string>> options;  ///< as ProviderKey::options
    bool guessed = false;  ///< the provider was concluded from a name
};

/// How configs are to be read.
struct PortkeyReading {
    bool oss = false;  ///< `max_age` is in milliseconds
    bool accept_guardrail_loss = false;
    std::map<std::string, std::string> providers;  ///< llmgw's provider ids by slug
};

/// A config as a route, with the keys that its targets name, and what is not the same.
struct PortkeyConfig {
    RouteNode route;
    std::vector<PortkeyKey> keys;
    std::vector<Finding> findings;  ///< `file` is empty
    bool usable = true;             ///< false: a finding says why there is no route
};

/// Converts a config object (2.0, 1.0, snake or camel case, quoted or as base64). Fails with
/// Errc::invalid_file only for what is no config at all.
[[nodiscard]] Result<PortkeyConfig> convert_portkey_config(const LooseDocument& document,
                                                           const PortkeyReading& reading);

}  // namespace llmgw
