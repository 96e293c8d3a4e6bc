// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/resolve.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/base/text.h"
#include "daemon/gateway/auto_model.h"
#include "daemon/gateway/eligibility.h"
#include "daemon/gateway/resolve_error.h"

namespace llmgw {

namespace {

constexpr int kMaxAliasSteps = 8;

Candidate key_candidate(const ProviderAccess& access, std::string_view model,
                        const catalog::ModelAtProvider& known) {
    Candidate candidate;
    candidate.access = &access;
    candidate.model = known.model;
    candidate.mapping = known.mapping;
    candidate.upstream_model = known.mapping != nullptr ? known.mapping->upstream_id : model;
    return candidate;
}

// When nobody is left, those are asked that have nothing worse against them than a preference.
void settle_preferences(Offers& offers) {
    const auto askable = [](const Candidate& one) { return one.excluded == Exclusion::none; };
    if (std::any_of(offers.candidates.begin(), offers.candidates.end(), askable)) {
        return;
    }
    for (Candidate& candidate : offers.candidates) {
        if (is_preference(candidate.excluded)) {
            candidate.excluded = Exclusion::none;
        }
    }
}

// Adds everybody who serves a model. Those that `skipped` holds for are in the offers already.
template <typename Skipped>
void add_providers(const Snapshot& snapshot, const Model& model, const RequestNeeds& needs,
                   Offers& offers, const Skipped& skipped) {
    for (const Mapping& mapping : model.mappings) {
        for (const ProviderAccess& access : snapshot.accesses) {
            if (access.provider == nullptr || access.provider->id != mapping.provider ||
                skipped(access)) {
                continue;
            }
            Candidate candidate = key_candidate(access, mapping.upstream_id, {&model, &mapping});
            candidate.named = !offers.pinned;
            candidate.excluded = exclusion_of(snapshot, candidate, needs);
            offers.candidates.push_back(candidate);
        }
    }
}

Result<Offers> resolve_catalog_model(const Snapshot& snapshot, const Model& model,
                                     const RequestNeeds& needs) {
    Offers offers;
    offers.candidates.reserve(snapshot.accesses.size() + 1);
    if (const Mapping* const mock = catalog::find_mapping(model, "mock")) {
        offers.candidates.push_back(mock_candidate(mock->upstream_id));
    }
    add_providers(snapshot, model, needs, offers, [](const ProviderAccess&) { return false; });
    settle_preferences(offers);
    if (std::all_of(offers.candidates.begin(), offers.candidates.end(),
                    [](const Candidate& one) { return one.excluded != Exclusion::none; })) {
        return nobody_serves(snapshot, model, offers, needs);
    }
    return offers;
}

// PREFIX/MODEL, and the region behind it.
struct PinnedName {
    std::string_view prefix;
    const Provider* provider;  ///< that the prefix is the id of
    std::string_view model;
    std::string_view region;

    [[nodiscard]] bool means(const ProviderAccess& access) const {
        return access.label == prefix || (provider != nullptr && access.provider == provider);
    }
};

// "europe-west1", "us-gov-east-1": how the clouds name regions that no catalog lists.
bool is_cloud_region(std::string_view text) {
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return text.find('-') != std::string_view::npos && text.back() >= '0' && text.back() <= '9' &&
           text.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool is_region(const Snapshot& snapshot, const Provider& provider, const Mapping& mapping,
               std::string_view text) {
    const bool is_cloud = provider.wire == Wire::bedrock || provider.wire == Wire::vertex ||
                          provider.wire == Wire::vertex_anthropic;
    return std::any_of(provider.regions.begin(), provider.regions.end(),
                       [&](const RegionEndpoint& one) { return one.region == text; }) ||
           std::find(mapping.regions.begin(), mapping.regions.end(), text) !=
               mapping.regions.end() ||
           std::any_of(snapshot.accesses.begin(), snapshot.accesses.end(),
                       [&](const ProviderAccess& access) {
                           return access.provider == &provider && access.region == text;
                       }) ||
           (is_cloud && is_cloud_region(text));
}

// Takes a region off the model's name. Names have colons of their own ("llama3:8b",
// "deepseek-r1:free", "…-v1:0"), so it has to be one of the provider's, behind a model of its.
void split_region(const Snapshot& snapshot, PinnedName& name) {
    const std::size_t colon = name.model.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == name.model.size()) {
        return;
    }
    const Provider* provider = name.provider;
    if (const ProviderAccess* const access = snapshot.find_access(name.prefix)) {
        provider = access->provider;
    }
    if (provider == nullptr ||
        catalog::find_at_provider(provider->id, name.model).mapping != nullptr) {
        return;
    }
    const auto known = catalog::find_at_provider(provider->id, name.model.substr(0, colon));
    const std::string_view region = name.model.substr(colon + 1);
    if (known.mapping != nullptr && is_region(snapshot, *provider, *known.mapping, region)) {
        name.model = name.model.substr(0, colon);
        name.region = region;
    }
}

// Why a key that was named is not asked. What the catalog says of its abilities does not count:
// the user knows better, or the provider will tell.
Exclusion exclusion_of_named(const ProviderAccess& access, const PinnedName& name) {
    const Exclusion key = exclusion_of(access);
    if (key == Exclusion::none && !name.region.empty() && region_of(access) != name.region) {
        return Exclusion::other_region;
    }
    return key;
}

tl::unexpected<Error> nobody_named(const Snapshot& snapshot, const PinnedName& name,
                                   const Offers& offers) {
    for (const Candidate& candidate : offers.candidates) {
        if (candidate.excluded == Exclusion::other_region) {
            return no_key_in(snapshot, *candidate.access->provider, name.region);
        }
    }
    if (!offers.candidates.empty()) {
        return cannot_use(*offers.candidates.front().access);
    }
    return no_key_for(name.prefix);
}

Result<Offers> resolve_pinned(const Snapshot& snapshot, PinnedName name,
                              const RequestNeeds& needs) {
    split_region(snapshot, name);
    Offers offers;
    offers.pinned = true;
    offers.candidates.reserve(snapshot.accesses.size());
    bool askable = false;
    const Model* model = nullptr;
    for (const ProviderAccess& access : snapshot.accesses) {
        if (!name.means(access)) {
            continue;
        }
        catalog::ModelAtProvider known;
        if (access.provider != nullptr) {
            known = catalog::find_at_provider(access.provider->id, name.model);
            if (known.mapping == nullptr) {
                return unknown_at_provider(access, name.model);
            }
            model = known.model;
        }
        Candidate candidate = key_candidate(access, name.model, known);
        candidate.excluded = exclusion_of_named(access, name);
        askable = askable || candidate.excluded == Exclusion::none;
        offers.candidates.push_back(candidate);
    }
    if (!askable) {
        return nobody_named(snapshot, name, offers);
    }
    if (model != nullptr) {
        add_providers(snapshot, *model, needs, offers,
                      [&](const ProviderAccess& access) { return name.means(access); });
    }
    return offers;
}

Result<Offers> only(const Candidate& candidate) {
    Offers offers;
    offers.pinned = true;
    offers.candidates.push_back(candidate);
    return offers;
}

Result<Offers> resolve_key(const Snapshot& snapshot, std::string_view label,
                           std::string_view model) {
    const ProviderAccess* const access = snapshot.find_access(label);
    if (access == nullptr) {
        return model_refused("there is no provider key \"" + printable(label) + "\"",
                             "llmgw providers list");
    }
    if (exclusion_of(*access) != Exclusion::none) {
        return cannot_use(*access);
    }
    return only(candidate_at(*access, model));
}

}  // namespace

Candidate mock_candidate(std::string_view model) {
    Candidate candidate;
    const auto known = catalog::find_at_provider("mock", model);
    candidate.model = known.model;
    candidate.mapping = known.mapping;
    candidate.upstream_model = model;
    candidate.mock = true;
    return candidate;
}

Candidate candidate_at(const ProviderAccess& access, std::string_view model) {
    catalog::ModelAtProvider known;
    if (access.provider != nullptr) {
        known = catalog::find_at_provider(access.provider->id, model);
    }
    return key_candidate(access, model, known);
}

std::string_view behind_aliases(const Snapshot& snapshot, std::string_view name) {
    if (snapshot.aliases.empty()) {
        return name;
    }
    for (int step = 0; step < kMaxAliasSteps; step++) {
        const auto alias = snapshot.aliases.find(std::string(name));
        if (alias == snapshot.aliases.end()) {
            break;
        }
        name = alias->second;
    }
    return name;
}

Result<Offers> resolve_model(const Snapshot& snapshot, std::string_view name,
                             const RequestNeeds& needs) {
    return resolve_name(snapshot, behind_aliases(snapshot, name), needs);
}

Result<Offers> resolve_name(const Snapshot& snapshot, std::string_view target,
                            const RequestNeeds& needs) {
    if (const Model* const model = catalog::find_model(target)) {
        return resolve_catalog_model(snapshot, *model, needs);
    }
    if (target == kAutoModel) {
        const auto model = choose_model(snapshot, needs);
        if (!model) {
            return tl::unexpected(model.error());
        }
        return resolve_catalog_model(snapshot, **model, needs);
    }
    const std::size_t slash = target.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == target.size()) {
        return unknown_model(snapshot, target);
    }
    const std::string_view prefix = target.substr(0, slash);
    const std::string_view rest = target.substr(slash + 1);
    if (prefix == "mock") {
        if (catalog::find_at_provider("mock", rest).model == nullptr) {
            return unknown_model(snapshot, target);
        }
        return only(mock_candidate(rest));
    }
    if (prefix.front() == '@') {
        return resolve_key(snapshot, prefix.substr(1), rest);
    }
    const Provider* const provider = catalog::find_provider(prefix);
    if (provider == nullptr && snapshot.find_access(prefix) == nullptr) {
        return unknown_model(snapshot, target);
    }
    return resolve_pinned(snapshot, {prefix, provider, rest, {}}, needs);
}

void add_providers_without_key(const Snapshot& snapshot, Offers& offers) {
    const Model* const model =
        offers.candidates.empty() ? nullptr : offers.candidates.front().model;
    if (model == nullptr) {
        return;
    }
    for (const Mapping& mapping : model->mappings) {
        const bool has_key = std::any_of(
            snapshot.accesses.begin(), snapshot.accesses.end(), [&](const ProviderAccess& access) {
                return access.provider != nullptr && access.provider->id == mapping.provider;
            });
        if (!has_key && mapping.provider != "mock") {
            Candidate candidate;
            candidate.model = model;
            candidate.mapping = &mapping;
            candidate.upstream_model = mapping.upstream_id;
            candidate.named = !offers.pinned;
            candidate.excluded = Exclusion::no_key;
            offers.candidates.push_back(candidate);
        }
    }
}

}  // namespace llmgw
