// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>

#include "daemon/cache/request_key.h"
#include "daemon/cache/response_cache.h"
#include "daemon/gateway/fetch_image.h"
#include "daemon/gateway/flights.h"
#include "daemon/gateway/router.h"
#include "daemon/gateway/snapshot.h"
#include "daemon/gateway/token_source.h"
#include "daemon/portkey/header_uses.h"
#include "daemon/portkey/inline_config.h"
#include "daemon/upstream/pool.h"

namespace llmgw {

class Rehearsal;
class RequestLog;

/// What has been served since the start.
struct Stats {
    std::uint64_t requests = 0;
    std::uint64_t errors = 0;    ///< answered with 4xx or 5xx, or cut off
    std::uint64_t attempts = 0;  ///< calls to upstreams
    std::uint64_t cached = 0;    ///< answered without one, by the cache
    std::uint64_t streams = 0;   ///< being relayed now
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;
    Money cost;  ///< of the requests whose cost is known
};

/// What all requests of a gateway share. Only for the loop's thread; a new snapshot is put in place
/// between two steps of it.
struct Core {
    /// `cache_path`: of cache.db.
    Core(Loop& on, std::shared_ptr<const Snapshot> first, std::string cache_path = {})
        : loop(on),
          pool(on),
          public_pool(on),
          tokens(pool),
          snapshot(std::move(first)),
          router(snapshot),
          cache(on, std::move(cache_path)),
          random(std::random_device{}()) {
        configure_cache();
    }

    /// Has a new set-up hold for the requests that come from now on.
    void use(std::shared_ptr<const Snapshot> changed);

    /// "req_" and 24 hexadecimal digits; unique, not secret.
    [[nodiscard]] std::string new_request_id();

    Loop& loop;
    UpstreamPool pool;
    UpstreamPool public_pool;  ///< of ProviderAccess::public_only: shares no connection with `pool`
    TokenSource tokens;
    ImageGuard image_guard;
    std::shared_ptr<const Snapshot> snapshot;
    Router router;
    ResponseCache cache;
    RequestHasher hasher;
    Flights flights;
    Stats stats;
    PortkeyHeaderNotices portkey_notices;
    InlineConfigs inline_configs;
    RequestLog* request_log = nullptr;  ///< none: nothing is logged
    Rehearsal* rehearsal = nullptr;     ///< in place of providers and of chance; usually none
    std::mt19937_64 random;

  private:
    void configure_cache();
};

}  // namespace llmgw
