// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "daemon/http/head.h"

namespace llmgw {

/// What the headers of Portkey's in a request ask for. Views point into its head.
struct PortkeyRequest {
    std::string_view config;       ///< a slug or a document
    std::string_view provider;     ///< Portkey's id, or "@slug"
    std::string_view virtual_key;  ///< a slug
    std::string_view custom_host;
    std::string_view provider_key;  ///< of the client's own account; whoever reads keys fills it in
    std::string_view cache_namespace;
    std::string trace_id;  ///< empty: the client names none
    std::string metadata;  ///< a JSON object; empty: none
    std::vector<std::string> forward_headers;
    std::optional<std::int64_t> timeout_ms;
    std::optional<int> retries;
    std::optional<bool> cache;
    bool refresh = false;   ///< what is in the cache is not wanted, but replaced
    bool unstored = false;  ///< the answer is not kept: `x-portkey-debug: false`
    /// Go upstream under their own names: OpenAI-Beta.
    std::vector<std::pair<std::string, std::string>> provider_headers;
    /// Of a provider's account, by the names that configs have for them.
    std::vector<std::pair<std::string, std::string>> details;
    std::optional<Error> problem;  ///< why the request cannot be served as it is
};

/// Reads them all; what is not known is left out.
[[nodiscard]] PortkeyRequest read_portkey_headers(const RequestHead& head);

}  // namespace llmgw
