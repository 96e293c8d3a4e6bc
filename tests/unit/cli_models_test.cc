// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "cli/model_rows.h"

using namespace llmgw;

namespace {

std::size_t mappings(const std::vector<ModelRow>& rows) {
    std::size_t count = 0;
    for (const auto& row : rows) {
        count += row.mappings.size();
    }
    return count;
}

}  // namespace

TEST_CASE("a model is listed until the day it ends, and with --all after it") {
    const Mapping* ending = nullptr;
    for (const auto& model : catalog::models()) {
        for (const auto& mapping : model.mappings) {
            ending = mapping.deactivated_at.empty() ? ending : &mapping;
        }
    }
    REQUIRE(ending != nullptr);
    ModelsListOptions options;
    const auto early = select_models(options, {}, "2000-01-01");
    const auto late = select_models(options, {}, "2999-01-01");
    CHECK(mappings(late) < mappings(early));
    options.all = true;
    CHECK(mappings(select_models(options, {}, "2999-01-01")) == mappings(early));
}

TEST_CASE("one provider must have all the capabilities asked for") {
    ModelsListOptions options;
    options.capabilities = {"vision", "reasoning"};
    const auto rows = select_models(options, {}, "2000-01-01");
    REQUIRE(!rows.empty());
    for (const auto& row : rows) {
        for (const auto* mapping : row.mappings) {
            CHECK(mapping->vision == Can::yes);
            CHECK(mapping->reasoning == Can::yes);
        }
    }
}

TEST_CASE("the cheapest provider speaks for a model; an unknown price is never cheapest") {
    const Mapping unknown{.provider = "a"};
    Mapping dear{.provider = "b"}, cheap{.provider = "c"};
    dear.prices = {.input = Rate{2'000}, .output = Rate{4'000}};
    cheap.prices = {.input = Rate{3'000}, .output = Rate{1'000}};
    CHECK(cheapest({.model = nullptr, .mappings = {&unknown, &dear, &cheap}}).provider == "c");
    CHECK(cheapest({.model = nullptr, .mappings = {&unknown, &dear}}).provider == "b");
    CHECK(cheapest({.model = nullptr, .mappings = {&unknown}}).provider == "a");
}

TEST_CASE("prices and token counts as people read them") {
    CHECK(show_rate(std::nullopt) == "?");
    CHECK(show_rate(Rate{150'000'000}) == "0.15");
    CHECK(show_rate(Rate{0}) == "0");
    CHECK(show_tokens(0, true) == "?");
    CHECK(show_tokens(128'000, true) == "128k");
    CHECK(show_tokens(128'000, false) == "128000");
    CHECK(show_tokens(1'000'000, true) == "1M");
    CHECK(show_tokens(999, true) == "999");
}
