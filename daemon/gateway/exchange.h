// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "daemon/gateway/core.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/request_images.h"
#include "daemon/gateway/resolve.h"
#include "daemon/http/client.h"
#include "daemon/http/head.h"
#include "daemon/upstream/answer.h"

namespace llmgw {

/// One call to one provider, for the answer's `metadata.routing`.
struct AttemptRecord {
    std::string provider;
    std::string model;
    std::string key;    ///< the provider key's label
    int status = 0;     ///< 0: no answer
    std::string error;  ///< "none", "network_error", "upstream_timeout", "unsupported_request"…
};

/// One request on its way through the gateway.
struct Exchange {
    Exchange(Core& in, Client& from, const RequestHead& request);

    Core& core;
    Client& client;
    const RequestHead& head;
    std::shared_ptr<const Snapshot> snapshot;  ///< the set-up it began with
    std::string request_id;                    ///< the client's own, if it sent one
    bool no_fallback = false;
    bool plain = false;
    std::vector<AttemptRecord> attempts;
    RequestImages images;              ///< those that were fetched
    UpstreamAnswer* active = nullptr;  ///< cancelled when the client goes away

    /// What is left of `timeouts.total`, which all attempts share; not positive: nothing.
    [[nodiscard]] std::chrono::milliseconds time_left() const;
    /// Header lines that every inference answer has.
    [[nodiscard]] std::string common_fields() const;
    /// Those, and what is known of the provider that answered.
    [[nodiscard]] std::string answer_fields(const Candidate& candidate,
                                            std::string_view changes) const;
    /// The members of `metadata`.
    [[nodiscard]] std::string metadata(std::string_view requested_model,
                                       const Candidate& candidate) const;

  private:
    void append_routing(std::string& text) const;

    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// Answers with an error and counts it.
Task<void> answer_error(Exchange& exchange, const Error& error);

}  // namespace llmgw
