// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/routes/route_tree.h"
#include "daemon/gateway/provider_access.h"

namespace llmgw {

/// A request's way through a route, and what was said about it outside of the body. Whoever has an
/// inline config makes one by compile_route() and hands it on in InferenceRequest::route; that of a
/// model's name or a gateway key is made by the pipeline.
struct RouteCall {
    RouteTree tree;
    std::string name;      ///< of a named route; empty: it came with the request
    std::string model;     ///< where a target fixes none; empty: the body's
    std::string metadata;  ///< a JSON object, for conditions and `sticky`; empty: none
    /// Keys that came with the request: where a target says "@LABEL" they are looked for first. No
    /// health is kept of them. Never a stored secret with another address.
    std::shared_ptr<const std::vector<ProviderAccess>> keys;
    std::optional<std::int64_t> timeout_ms;  ///< of one call, whatever the targets say; 0: none
    /// Headers of the client that go upstream, whatever the targets say.
    std::optional<std::vector<std::string>> forward_headers;
};

/// What a route has come to, for the answer's header lines.
struct RouteProgress {
    std::string path;  ///< of the target that was asked last: "targets[0]"; empty: the root
    int retries = 0;   ///< which retry of that target it was; -1: all have failed
};

}  // namespace llmgw
