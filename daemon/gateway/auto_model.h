// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/catalog/catalog.h"
#include "daemon/gateway/request_needs.h"

namespace llmgw {

struct Snapshot;

/// The model name that leaves the choice of the model to llmgw.
inline constexpr std::string_view kAutoModel = "auto";

/// A model that `auto` may stand for, at one provider.
struct AutoChoice {
    const Model* model;
    const Mapping* mapping;
};

/// The stable models of text with a known price that the snapshot's keys can serve, cheapest first.
[[nodiscard]] std::vector<AutoChoice> auto_choices(const Snapshot& snapshot);

/// The cheapest model that can surely do what a request needs.
[[nodiscard]] Result<const Model*> choose_model(const Snapshot& snapshot,
                                                const RequestNeeds& needs);

/// The cheapest models that can do it, for a hint: "gpt-5-nano, gpt-4.1-nano"; empty: none.
[[nodiscard]] std::string models_that_can(const Snapshot& snapshot, const RequestNeeds& needs);

}  // namespace llmgw
