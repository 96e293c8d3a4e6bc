// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/json_scan.h"
#include "common/store/settings.h"

namespace llmgw {

enum class Endpoint { chat_completions, completions, embeddings };

/// "/chat/completions": behind the version path, here as at the providers.
[[nodiscard]] std::string_view endpoint_path(Endpoint endpoint);

enum class ModelField : std::uint8_t { required, optional };

/// A checked inference request. Its body stays as the bytes that were sent; the fields point into
/// it, so it is made once and not moved.
class InferenceCall {
  public:
    /// Checks a body: one JSON object with the endpoint's input and a model, unless a route may
    /// bring it. Errors are Errc::invalid_request with the field in `param`.
    [[nodiscard]] static Result<std::unique_ptr<InferenceCall>> parse(
        Endpoint endpoint, std::string body, ModelField model = ModelField::required);
    InferenceCall(const InferenceCall&) = delete;
    InferenceCall& operator=(const InferenceCall&) = delete;

    Endpoint endpoint;
    std::string body;
    std::vector<JsonField> fields;
    std::string model;           ///< as the client named it; empty: it is optional and not there
    bool stream = false;         ///< the client wants server-sent events
    bool include_usage = false;  ///< the client asked for the usage chunk
    /// The field `routing`: what is to decide between providers.
    std::optional<RoutingStrategy> strategy;

  private:
    InferenceCall(Endpoint which, std::string bytes) : endpoint(which), body(std::move(bytes)) {}
};

}  // namespace llmgw
