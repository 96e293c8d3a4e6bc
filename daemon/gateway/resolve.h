// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// One provider that could answer a request, and what it calls the model.
struct Candidate {
    const ProviderAccess* access = nullptr;
    const Model* model = nullptr;      ///< nullptr: not in the catalog
    const Mapping* mapping = nullptr;  ///< its prices and abilities; nullptr: unknown
    std::string upstream_model;
    bool mock = false;  ///< answered inside llmgw

    [[nodiscard]] std::string_view provider_name() const {
        return mock ? std::string_view("mock") : std::string_view(access->name);
    }
    /// What answers call the model.
    [[nodiscard]] std::string_view model_name() const {
        return model != nullptr ? model->id : std::string_view(upstream_model);
    }
};

/// The candidates for a model name, in the order they should be tried: for MODEL the cheapest
/// provider that has a key first; for PROVIDER/MODEL and @LABEL/MODEL that one only. Points into
/// the snapshot. Errors: 404 `model_not_found` with the nearest names, 400 when no key can serve a
/// known model, with the command that adds one.
[[nodiscard]] Result<std::vector<Candidate>> resolve_model(const Snapshot& snapshot,
                                                           std::string_view name);

}  // namespace llmgw
