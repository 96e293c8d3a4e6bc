// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/gateway/router.h"
#include "tests/unit/routing_trial.h"

namespace llmgw::test {

/// A set-up with keys of made-up providers that all serve one model.
class RouterTrial {
  public:
    explicit RouterTrial(RoutingSettings settings = steady_settings()) {
        model_.id = "m";
        set_up_.settings.routing = std::move(settings);
    }

    /// Another provider; dollars for a million tokens, input and output alike.
    void add_provider(const std::string& name, std::optional<std::int64_t> dollars) {
        add_key(name, name, dollars);
    }
    /// Another key, behind the keys of the same provider.
    ProviderAccess& add_key(const std::string& provider, const std::string& label,
                            std::optional<std::int64_t> dollars) {
        auto mapping = std::make_unique<Mapping>();
        if (dollars) {
            mapping->prices.input = mapping->prices.output = Rate{*dollars * 1'000'000'000};
        }
        mappings_.push_back(std::move(mapping));
        ProviderAccess access;
        access.label = label;
        access.name = provider;
        access.secret = "secret of " + label;
        set_up_.accesses.push_back(std::move(access));
        snapshot_.reset();
        return set_up_.accesses.back();
    }
    [[nodiscard]] Mapping& mapping(std::size_t index) { return *mappings_.at(index); }

    /// Changes the set-up: requests have another snapshot from then on.
    Snapshot& change() {
        snapshot_.reset();
        return set_up_;
    }
    const std::shared_ptr<const Snapshot>& snapshot() {
        if (snapshot_ == nullptr) {
            auto copy = std::make_shared<Snapshot>();
            copy->settings = set_up_.settings;
            copy->accesses = set_up_.accesses;
            snapshot_ = copy;
        }
        return snapshot_;
    }
    Router& router() {
        if (!router_) {
            router_.emplace(snapshot());
        }
        return *router_;
    }

    /// All keys; pinned to one provider if named.
    Offers offers(std::string_view pinned = {}) {
        Offers offers;
        offers.pinned = !pinned.empty();
        const auto& accesses = snapshot()->accesses;
        for (std::size_t i = 0; i < accesses.size(); i++) {
            Candidate candidate;
            candidate.access = &accesses[i];
            candidate.model = &model_;
            candidate.mapping = mappings_[i].get();
            candidate.upstream_model = "m";
            candidate.named = pinned.empty() || accesses[i].name == pinned;
            offers.candidates.push_back(candidate);
        }
        return offers;
    }

    RouteQuery query;  ///< what the next request says
    std::int64_t now = 1'700'000'000'000;

  private:
    Model model_{};
    std::vector<std::unique_ptr<Mapping>> mappings_;
    Snapshot set_up_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::optional<Router> router_;
};

}  // namespace llmgw::test
