// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/resolve.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr int kMaxAliasSteps = 8;

tl::unexpected<Error> model_not_found(std::string message, std::string_view name,
                                      const std::vector<std::string_view>& names) {
    Error error;
    error.kind = Errc::not_found;
    error.code = "model_not_found";
    error.param = "model";
    error.message = std::move(message);
    const auto near = nearest(name, names);
    for (std::size_t i = 0; i < near.size(); i++) {
        error.message += (i == 0 ? "; did you mean " : ", ") + near[i];
    }
    error.message += near.empty() ? "" : "?";
    error.hint = "llmgw models list";
    return tl::unexpected<Error>(std::move(error));
}

tl::unexpected<Error> unknown_model(const Snapshot& snapshot, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Model& model : catalog::models()) {
        names.push_back(model.id);
        names.insert(names.end(), model.aliases.begin(), model.aliases.end());
    }
    for (const auto& alias : snapshot.aliases) {
        names.push_back(alias.first);
    }
    const std::size_t slash = name.find('/');
    return model_not_found("the model \"" + printable(name) + "\" does not exist",
                           slash == std::string_view::npos ? name : name.substr(slash + 1), names);
}

// A model that the catalog does not have at this provider. A key's own label in front of it sends
// any name, so that a model newer than the catalog can be used.
tl::unexpected<Error> unknown_at_provider(const ProviderAccess& access, std::string_view model) {
    std::vector<std::string_view> names;
    for (const Model& one : catalog::models()) {
        if (catalog::find_mapping(one, access.provider->id) != nullptr) {
            names.push_back(one.id);
            names.insert(names.end(), one.aliases.begin(), one.aliases.end());
        }
    }
    auto error = model_not_found("the catalog has no model \"" + printable(model) + "\" of " +
                                     std::string(access.provider->id),
                                 model, names);
    error.value().hint =
        "llmgw models list; @" + access.label + "/" + printable(model) + " sends it all the same";
    return error;
}

// A known model or provider that cannot be used as things are set up.
tl::unexpected<Error> not_usable(std::string message, std::string hint) {
    Error error;
    error.kind = Errc::invalid_request;
    error.code = "no_provider_key";
    error.param = "model";
    error.message = std::move(message);
    error.hint = std::move(hint);
    return tl::unexpected<Error>(std::move(error));
}

Candidate mock_candidate(std::string_view model) {
    Candidate candidate;
    const auto known = catalog::find_at_provider("mock", model);
    candidate.model = known.model;
    candidate.mapping = known.mapping;
    candidate.upstream_model = model;
    candidate.mock = true;
    return candidate;
}

Candidate access_candidate(const ProviderAccess& access, std::string_view model) {
    Candidate candidate;
    candidate.access = &access;
    candidate.upstream_model = model;
    if (access.provider != nullptr) {
        const auto known = catalog::find_at_provider(access.provider->id, model);
        candidate.model = known.model;
        candidate.mapping = known.mapping;
        if (known.mapping != nullptr) {
            candidate.upstream_model = known.mapping->upstream_id;
        }
    }
    return candidate;
}

tl::unexpected<Error> cannot_use(const ProviderAccess& access) {
    if (!access.enabled) {
        return not_usable("the provider \"" + access.label + "\" is disabled",
                          "llmgw providers enable " + access.label);
    }
    if (access.problem) {
        return not_usable(
            "the provider \"" + access.label + "\" cannot be used: " + access.problem->message,
            access.problem->hint.empty() ? "llmgw providers show " + access.label
                                         : access.problem->hint);
    }
    return not_usable("the provider \"" + access.label + "\" speaks the " +
                          std::string(catalog::wire_name(access.provider->wire)) +
                          " format, which this version cannot send",
                      "llmgw providers catalog");
}

// The keys of one provider, or the key of that label, for PREFIX/MODEL.
Result<std::vector<Candidate>> resolve_prefixed(const Snapshot& snapshot, std::string_view prefix,
                                                std::string_view model, std::string_view name) {
    std::vector<Candidate> candidates;
    const ProviderAccess* refused = nullptr;
    const Provider* const provider = catalog::find_provider(prefix);
    for (const ProviderAccess& access : snapshot.accesses) {
        if (access.label != prefix && (provider == nullptr || access.provider != provider)) {
            continue;
        }
        if (!access.usable()) {
            refused = &access;
            continue;
        }
        Candidate candidate = access_candidate(access, model);
        if (access.provider != nullptr && candidate.mapping == nullptr) {
            return unknown_at_provider(access, model);
        }
        candidates.push_back(std::move(candidate));
    }
    if (!candidates.empty()) {
        return candidates;
    }
    if (refused != nullptr) {
        return cannot_use(*refused);
    }
    if (provider == nullptr) {
        return unknown_model(snapshot, name);
    }
    if (!catalog::can_send(provider->wire)) {
        return not_usable("the provider \"" + std::string(prefix) + "\" speaks the " +
                              std::string(catalog::wire_name(provider->wire)) +
                              " format, which this version cannot send",
                          "llmgw providers catalog");
    }
    return not_usable("there is no key for the provider \"" + std::string(prefix) + "\"",
                      "llmgw providers add " + std::string(prefix));
}

Result<std::vector<Candidate>> resolve_catalog_model(const Snapshot& snapshot, const Model& model) {
    struct Ranked {
        std::int64_t price;
        Candidate candidate;
    };
    std::vector<Ranked> ranked;
    for (const Mapping& mapping : model.mappings) {
        if (!catalog::is_active(mapping, snapshot.today)) {
            continue;
        }
        const auto price = catalog::blended_price(mapping.prices);
        if (mapping.provider == "mock") {
            ranked.push_back({0, mock_candidate(mapping.upstream_id)});
        }
        for (const ProviderAccess& access : snapshot.accesses) {
            if (access.provider == nullptr || access.provider->id != mapping.provider ||
                !access.usable()) {
                continue;
            }
            Candidate candidate;
            candidate.access = &access;
            candidate.model = &model;
            candidate.mapping = &mapping;
            candidate.upstream_model = mapping.upstream_id;
            ranked.push_back(
                {price ? price->nano_per_million : std::numeric_limits<std::int64_t>::max(),
                 std::move(candidate)});
        }
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const Ranked& a, const Ranked& b) { return a.price < b.price; });
    std::vector<Candidate> candidates;
    candidates.reserve(ranked.size());
    for (Ranked& one : ranked) {
        candidates.push_back(std::move(one.candidate));
    }
    if (!candidates.empty()) {
        return candidates;
    }
    std::string usable;
    std::string first;
    for (const Mapping& mapping : model.mappings) {
        const Provider* const provider = catalog::find_provider(mapping.provider);
        if (provider == nullptr || !catalog::can_send(provider->wire) ||
            !catalog::is_active(mapping, snapshot.today)) {
            continue;
        }
        if (first.empty()) {
            first = mapping.provider;
        }
        usable += (usable.empty() ? "" : ", ") + std::string(mapping.provider);
    }
    if (first.empty()) {
        return not_usable("the model \"" + std::string(model.id) +
                              "\" is offered only by providers whose format this version cannot "
                              "send, or no longer at all",
                          "llmgw models show " + std::string(model.id));
    }
    return not_usable("no configured key can serve the model \"" + std::string(model.id) +
                          "\"; these providers offer it: " + usable,
                      "llmgw providers add " + first);
}

Result<std::vector<Candidate>> resolve_target(const Snapshot& snapshot, std::string_view target) {
    if (const Model* const model = catalog::find_model(target)) {
        return resolve_catalog_model(snapshot, *model);
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
        return std::vector<Candidate>{mock_candidate(rest)};
    }
    if (prefix.front() == '@') {
        const ProviderAccess* const access = snapshot.find_access(prefix.substr(1));
        if (access == nullptr) {
            return not_usable("there is no provider key \"" + std::string(prefix.substr(1)) + "\"",
                              "llmgw providers list");
        }
        if (!access->usable()) {
            return cannot_use(*access);
        }
        return std::vector<Candidate>{access_candidate(*access, rest)};
    }
    return resolve_prefixed(snapshot, prefix, rest, target);
}

}  // namespace

Result<Offers> resolve_model(const Snapshot& snapshot, std::string_view name,
                             const RequestNeeds& /*needs*/) {
    std::string_view target = name;
    for (int step = 0; step < kMaxAliasSteps && !snapshot.aliases.empty(); step++) {
        const auto alias = snapshot.aliases.find(std::string(target));
        if (alias == snapshot.aliases.end() || alias->second == target) {
            break;
        }
        target = alias->second;
    }
    auto candidates = resolve_target(snapshot, target);
    if (!candidates) {
        return tl::unexpected(std::move(candidates.error()));
    }
    Offers offers;
    offers.pinned = catalog::find_model(target) == nullptr;
    offers.candidates = *std::move(candidates);
    return offers;
}

}  // namespace llmgw
