// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "daemon/gateway/provider_access.h"
#include "daemon/routing/exclusion.h"

namespace llmgw {

/// One provider that could answer a request, and what it calls the model.
struct Candidate {
    const ProviderAccess* access = nullptr;
    const Model* model = nullptr;      ///< nullptr: not in the catalog
    const Mapping* mapping = nullptr;  ///< its prices and abilities; nullptr: unknown
    /// Points into the catalog, the snapshot, or the name that it was resolved from.
    std::string_view upstream_model;
    bool mock = false;                     ///< answered inside llmgw
    bool named = true;                     ///< as CandidateFacts::named
    Exclusion excluded = Exclusion::none;  ///< by what the set-up and the catalog say

    [[nodiscard]] std::string_view provider_name() const {
        if (access != nullptr) {
            return access->name;
        }
        return mapping != nullptr ? mapping->provider : std::string_view("mock");
    }
    /// What answers call the model.
    [[nodiscard]] std::string_view model_name() const {
        return model != nullptr ? model->id : upstream_model;
    }
};

/// What a model name stands for: everybody who could answer, excluded ones with the reason, the
/// keys of one provider behind each other.
struct Offers {
    std::vector<Candidate> candidates;
    bool pinned = false;  ///< the name says which provider, or which key
};

}  // namespace llmgw
