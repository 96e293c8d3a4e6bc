// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "daemon/gateway/exchange.h"
#include "daemon/gateway/flight.h"

namespace llmgw {

/// Answers a request from the cache, with the answer of an identical request that is under way, or
/// with a call (`ask`) that others may share and whose answer is stored. False when nothing was
/// sent: the request is to be answered as without a cache.
Task<bool> serve_from_cache(Exchange& exchange, std::shared_ptr<const InferenceCall> call,
                            AskProviders ask);

}  // namespace llmgw
