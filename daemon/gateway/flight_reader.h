// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "daemon/gateway/exchange.h"
#include "daemon/gateway/flight.h"

namespace llmgw {

/// Answers the request that a flight was made for. False when there is no answer: nothing was sent,
/// and the flight has told the exchange how its call went.
Task<bool> read_own_flight(Exchange& exchange, const InferenceCall& call,
                           std::shared_ptr<Flight> flight);
/// Sends what such a call would have answered by itself.
Task<void> answer_flight_failure(Exchange& exchange, const Flight& flight);

/// Answers another request with a flight's answer, as a hit. False when there is none: nothing was
/// sent, and the request needs a call of its own.
Task<bool> join_flight(Exchange& exchange, const InferenceCall& call,
                       std::shared_ptr<Flight> flight);

}  // namespace llmgw
