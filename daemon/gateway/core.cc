// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/core.h"

#include <utility>

namespace llmgw {

void Core::use(std::shared_ptr<const Snapshot> changed) {
    snapshot = std::move(changed);
    inline_configs.clear();
    configure_cache();
}

// Routes can have answers stored where other requests do not.
void Core::configure_cache() {
    CacheSettings settings = snapshot->settings.cache;
    settings.enabled = settings.enabled || snapshot->routes.use_cache();
    cache.configure(settings);
}

std::string Core::new_request_id() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string id = "req_000000000000000000000000";
    std::uint64_t bits = 0;
    for (std::size_t i = 4; i < id.size(); i++) {
        if (i % 12 == 4) {
            bits = random();
        }
        id[i] = kHex[bits & 15];
        bits >>= 4;
    }
    return id;
}

}  // namespace llmgw
