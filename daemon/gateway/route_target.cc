// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/route_target.h"

#include <algorithm>
#include <utility>

#include "common/routes/parameters.h"
#include "daemon/gateway/eligibility.h"
#include "daemon/gateway/resolve_error.h"

namespace llmgw {

namespace {

const ProviderAccess* find_own_key(const RouteCall& route, std::string_view label) {
    if (!route.keys) {
        return nullptr;
    }
    const auto found = std::find_if(route.keys->begin(), route.keys->end(),
                                    [&](const ProviderAccess& one) { return one.label == label; });
    return found == route.keys->end() ? nullptr : &*found;
}

RouteTarget only(const Candidate& candidate, bool own_keys) {
    RouteTarget target;
    target.offers.pinned = true;
    target.offers.candidates.push_back(candidate);
    target.own_keys = own_keys;
    return target;
}

Result<RouteTarget> find_key(const Snapshot& snapshot, const RouteCall& route,
                             std::string_view label, std::string_view model) {
    const ProviderAccess* const own = find_own_key(route, label);
    const ProviderAccess* const access = own != nullptr ? own : snapshot.find_access(label);
    if (access == nullptr) {
        return model_refused(
            "the route asks the provider key \"" + std::string(label) + "\", which there is not",
            "llmgw providers list");
    }
    if (exclusion_of(*access) != Exclusion::none) {
        return cannot_use(*access);
    }
    return only(candidate_at(*access, model), own != nullptr);
}

// All keys of a provider, or of a server that the user has added under this name.
Result<RouteTarget> find_keys(const Snapshot& snapshot, std::string_view provider,
                              std::string_view model) {
    if (provider == "mock") {
        return only(mock_candidate(model), false);
    }
    RouteTarget target;
    target.offers.pinned = true;
    const ProviderAccess* unusable = nullptr;
    for (const ProviderAccess& access : snapshot.accesses) {
        const bool is_meant =
            access.provider != nullptr ? access.provider->id == provider : access.label == provider;
        if (is_meant && exclusion_of(access) == Exclusion::none) {
            target.offers.candidates.push_back(candidate_at(access, model));
        } else if (is_meant) {
            unusable = &access;
        }
    }
    if (!target.offers.candidates.empty()) {
        return target;
    }
    if (unusable != nullptr) {
        return cannot_use(*unusable);
    }
    return no_key_for(provider);
}

// An alias that leads to a route is, inside of one, the model's own name.
Result<RouteTarget> find_anybody(const Snapshot& snapshot, std::string_view model,
                                 const RequestNeeds& needs) {
    const std::string_view meant = behind_aliases(snapshot, model);
    auto offers = resolve_name(snapshot, is_route_name(meant) ? model : meant, needs);
    if (!offers) {
        return tl::unexpected(std::move(offers.error()));
    }
    RouteTarget target;
    target.offers = std::move(*offers);
    target.routed = true;
    return target;
}

}  // namespace

std::string_view requested_model(const RouteCall& route, std::string_view named) {
    if (!route.model.empty()) {
        return route.model;
    }
    return is_route_name(named) ? std::string_view() : named;
}

std::string_view model_of(const RouteLeaf& leaf, std::string_view requested) {
    if (!leaf.model.empty()) {
        return leaf.model;
    }
    return requested.empty() ? std::string_view(leaf.default_model) : requested;
}

Result<RouteTarget> find_target(const Snapshot& snapshot, const RouteCall& route,
                                const RouteLeaf& leaf, std::string_view model,
                                const RequestNeeds& needs) {
    if (!leaf.refuse.empty()) {
        Error error;
        error.kind = Errc::invalid_request;
        error.code = "route_refused";
        error.message = leaf.refuse;
        return tl::unexpected(std::move(error));
    }
    if (model.empty()) {
        Error error;
        error.kind = Errc::invalid_request;
        error.code = "missing_required_parameter";
        error.param = "model";
        error.message = "the route leaves the model to the request, which names none";
        error.hint = route.name.empty() ? "" : "ask for route/" + route.name + "/MODEL";
        return tl::unexpected(std::move(error));
    }
    if (leaf.provider.empty()) {
        return find_anybody(snapshot, model, needs);
    }
    if (leaf.provider.front() == '@') {
        return find_key(snapshot, route, std::string_view(leaf.provider).substr(1), model);
    }
    return find_keys(snapshot, leaf.provider, model);
}

const Candidate& draw_candidate(const Offers& offers, std::uint64_t bits,
                                const std::function<bool(const Candidate&)>& left_out) {
    const auto& all = offers.candidates;
    if (all.size() == 1) {
        return all.front();
    }
    std::vector<const Candidate*> pool;
    for (const Candidate& candidate : all) {
        if (!left_out(candidate)) {
            pool.push_back(&candidate);
        }
    }
    if (pool.empty()) {
        for (const Candidate& candidate : all) {
            pool.push_back(&candidate);
        }
    }
    std::uint64_t sum = 0;
    const auto weight = [](const Candidate& candidate) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(candidate.access->weight, 0));
    };
    for (const Candidate* const candidate : pool) {
        sum += weight(*candidate);
    }
    std::uint64_t point = sum == 0 ? 0 : bits % sum;
    for (const Candidate* const candidate : pool) {
        if (point < weight(*candidate)) {
            return *candidate;
        }
        point -= weight(*candidate);
    }
    return *pool.front();
}

Result<std::shared_ptr<const InferenceCall>> call_for_target(
    const std::shared_ptr<const InferenceCall>& call, const RouteLeaf& leaf,
    std::string_view model) {
    // The model's name is put into the bytes when the provider is known, if there is a place for
    // it.
    if (!changes_parameters(leaf) && !call->model.empty()) {
        return call;
    }
    auto made = InferenceCall::parse(call->endpoint, apply_parameters(call->fields, leaf, model));
    if (!made) {
        return tl::unexpected(std::move(made.error()));
    }
    if (!call->model.empty()) {
        (*made)->model = call->model;  // as the client knows it
    }
    return std::shared_ptr<const InferenceCall>(std::move(*made));
}

}  // namespace llmgw
