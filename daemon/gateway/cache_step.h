// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "daemon/gateway/exchange.h"
#include "daemon/gateway/flight.h"

namespace llmgw {

/// A call whose answer may be stored, or be there already.
struct CacheableCall {
    std::shared_ptr<const InferenceCall> call;
    std::string target;                  ///< what is asked, with all that is not in the call
    std::optional<std::int64_t> ttl_ms;  ///< unless the request has its own; not set: `cache.ttl`
    AskProviders ask;
};

/// What has come of it.
enum class CacheStep {
    answered,  // the client has an answer, or an error
    to_ask,    // nothing was done: it is to be answered as without a cache
    asked,     // the call was made, and has failed; nothing was sent
};

/// Answers a request from the cache, with the answer of an identical request that is under way, or
/// with a call (`ask`) that others may share and whose answer is stored.
Task<CacheStep> serve_from_cache(Exchange& exchange, CacheableCall cacheable);

}  // namespace llmgw
