// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/auto_model.h"

#include <algorithm>
#include <utility>

#include "daemon/gateway/eligibility.h"
#include "daemon/gateway/resolve_error.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

namespace {

constexpr std::size_t kModelsInHint = 3;

bool makes_text_only(const Model& model) {
    return model.output.size() == 1 && model.output.front() == "text";
}

// Whether a key of this snapshot may be chosen for it, by a request that needs nothing special.
bool is_served(const Snapshot& snapshot, const Model& model, const Mapping& mapping) {
    return std::any_of(
        snapshot.accesses.begin(), snapshot.accesses.end(), [&](const ProviderAccess& access) {
            if (access.provider == nullptr || access.provider->id != mapping.provider) {
                return false;
            }
            Candidate candidate;
            candidate.access = &access;
            candidate.model = &model;
            candidate.mapping = &mapping;
            return exclusion_of(snapshot, candidate, {}) == Exclusion::none;
        });
}

}  // namespace

std::vector<AutoChoice> auto_choices(const Snapshot& snapshot) {
    struct Priced {
        Rate price;
        AutoChoice choice;
    };
    std::vector<Priced> priced;
    for (const Model& model : catalog::models()) {
        if (!makes_text_only(model)) {
            continue;
        }
        for (const Mapping& mapping : model.mappings) {
            const auto price = catalog::blended_price(mapping.prices);
            if (price && catalog::paid_by_tokens(mapping, mapping.prices) &&
                is_served(snapshot, model, mapping)) {
                priced.push_back({*price, {&model, &mapping}});
            }
        }
    }
    std::stable_sort(priced.begin(), priced.end(), [](const Priced& a, const Priced& b) {
        return a.price.nano_per_million < b.price.nano_per_million;
    });
    std::vector<AutoChoice> choices;
    choices.reserve(priced.size());
    for (const Priced& one : priced) {
        choices.push_back(one.choice);
    }
    return choices;
}

Result<const Model*> choose_model(const Snapshot& snapshot, const RequestNeeds& needs) {
    if (needs.endpoint == Endpoint::embeddings) {
        return model_refused("embeddings of different models cannot be compared: name the model",
                             "llmgw models list --output embedding");
    }
    for (const AutoChoice& choice : snapshot.auto_choices) {
        if (surely_can(*choice.mapping, needs)) {
            return choice.model;
        }
    }
    if (snapshot.auto_choices.empty()) {
        return model_refused("there is no key of a provider whose prices are known",
                             "llmgw providers add PROVIDER");
    }
    return model_refused(
        "no model that the configured keys can serve is known to do all that the "
        "request needs: " +
            list_needs(needs),
        "name a model: llmgw models list");
}

std::string models_that_can(const Snapshot& snapshot, const RequestNeeds& needs) {
    std::vector<const Model*> models;
    for (const AutoChoice& choice : snapshot.auto_choices) {
        if (models.size() < kModelsInHint && surely_can(*choice.mapping, needs) &&
            std::find(models.begin(), models.end(), choice.model) == models.end()) {
            models.push_back(choice.model);
        }
    }
    std::string text;
    for (const Model* const model : models) {
        text += (text.empty() ? "" : ", ") + std::string(model->id);
    }
    return text;
}

}  // namespace llmgw
