// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "common/portkey/config_context.h"
#include "common/portkey/config_keys.h"

namespace llmgw {

/// What a group's targets have from it and a RouteNode does not pass on: where to ask is a matter
/// of the key, and which model one of the leaf.
struct ConfigInherited {
    ConfigValue custom_host;
    ConfigValue model;  ///< `override_params.model`
};

/// Reads what a node has for itself and all below it. `inherited` becomes what those below have
/// from it.
void read_settings(ConfigContext& context, ConfigObject& object, RouteNode& node,
                   ConfigInherited& inherited);
/// Reports hooks and guardrails.
void read_guardrails(ConfigContext& context, ConfigObject& object);

/// Reports `cb_config`.
void read_circuit_breaker(ConfigContext& context, const ConfigValue& value);

/// Where a node stands.
enum class NodePlace { root, target };

/// Reads whom a leaf asks. `inherited` has its own settings already.
void read_leaf(ConfigContext& context, ConfigKeys& keys, ConfigObject& object, NodePlace place,
               const ConfigInherited& inherited, RouteNode& node);
/// Reports what a group says of a provider: its targets have nothing of that.
void report_group_provider(ConfigContext& context, ConfigObject& object);

/// Reads `conditions` and `default`. The targets are there.
void read_conditions(ConfigContext& context, ConfigObject& strategy, RouteNode& node);

/// Reads a config or a target, and all below it.
[[nodiscard]] RouteNode read_config_node(ConfigContext& context, ConfigKeys& keys,
                                         const ConfigValue& value, NodePlace place,
                                         ConfigInherited inherited);

}  // namespace llmgw
