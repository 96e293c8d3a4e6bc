// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "common/base/json_writer.h"
#include "daemon/providers/bedrock_model.h"
#include "daemon/providers/chat_request.h"

namespace llmgw {

/// Writes cache points: elements of their own behind what is to be cached, since Converse's
/// elements have one member. Four are allowed in a request; of more the first ones, in the order of
/// the prompt, are left out, as the later ones cover what they would.
class BedrockCachePoints {
  public:
    /// In the order of the prompt.
    enum Section : std::size_t { tools, system, messages };

    BedrockCachePoints(const ChatRequest& request, const BedrockModel& model);

    /// Nothing when `cache_control` is empty or the model caches nothing there.
    void write(JsonWriter& out, Section section, const std::string& cache_control);
    /// Whether one was asked for and not written.
    [[nodiscard]] bool left_out() const { return left_out_; }

  private:
    const BedrockModel& model_;
    std::array<std::size_t, 3> skip_{};  // how many of a section's first ones
    bool left_out_ = false;
};

}  // namespace llmgw
