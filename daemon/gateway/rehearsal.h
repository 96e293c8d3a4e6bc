// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "daemon/gateway/offers.h"
#include "daemon/upstream/answer.h"

namespace llmgw {

/// What takes the place of the network and of chance while requests are only rehearsed: all that is
/// decided is decided as always.
class Rehearsal {
  public:
    virtual ~Rehearsal() = default;
    /// The answer to a call that a route's target makes. Errc::upstream: there is no connection;
    /// Errc::timeout: it stays silent.
    virtual Result<std::unique_ptr<UpstreamAnswer>> ask(std::string_view target,
                                                        const Candidate& candidate) = 0;
    /// 64 bits for a choice by weight.
    virtual std::uint64_t draw() = 0;
};

}  // namespace llmgw
