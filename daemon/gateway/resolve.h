// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "daemon/gateway/request_needs.h"
#include "daemon/gateway/snapshot.h"
#include "daemon/routing/score.h"

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
        return mock ? std::string_view("mock") : std::string_view(access->name);
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

/// MODEL: all providers that serve it. PROVIDER/MODEL, with or without :REGION: that provider, and
/// the others as not `named`. @LABEL/MODEL: that key alone. `auto`: the providers of the cheapest
/// model that can do what the request needs. Points into the snapshot. Errors: 404
/// `model_not_found` with the nearest names, 400 when no key can serve a known model or none that
/// can do what is needed, with the command that helps.
[[nodiscard]] Result<Offers> resolve_model(const Snapshot& snapshot, std::string_view name,
                                           const RequestNeeds& needs);

}  // namespace llmgw
