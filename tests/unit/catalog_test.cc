// SPDX-License-Identifier: Apache-2.0
#include "common/catalog/catalog.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "common/catalog/wire_names.h"

using namespace llmgw;

namespace {

const Mapping& mapping_of(std::string_view model, std::string_view provider) {
    const Model* found = catalog::find_model(model);
    REQUIRE(found != nullptr);
    const Mapping* mapping = catalog::find_mapping(*found, provider);
    REQUIRE(mapping != nullptr);
    return *mapping;
}

std::string dollars(const std::optional<Rate>& rate) {
    return rate ? to_decimal(Money{rate->nano_per_million}) : "unknown";
}

}  // namespace

TEST_CASE("catalog: everything of the data files is there") {
    CHECK(catalog::providers().size() == 47 + 1);
    CHECK(catalog::models().size() == 266 + 1);
    std::size_t mappings = 0;
    for (const Model& model : catalog::models()) {
        mappings += model.mappings.size();
    }
    CHECK(mappings == 470 + 1);
}

TEST_CASE("catalog: names are unique and lead to their models") {
    std::set<std::string_view> names;
    for (const Model& model : catalog::models()) {
        CAPTURE(model.id);
        CHECK(names.insert(model.id).second);
        CHECK(catalog::find_model(model.id) == &model);
        for (std::string_view alias : model.aliases) {
            CAPTURE(alias);
            CHECK(names.insert(alias).second);
            CHECK(catalog::find_model(alias) == &model);
        }
    }
}

TEST_CASE("catalog: every mapping leads to its provider and back") {
    for (const Model& model : catalog::models()) {
        CAPTURE(model.id);
        CHECK_FALSE(model.mappings.empty());
        for (const Mapping& mapping : model.mappings) {
            CAPTURE(mapping.provider);
            CHECK(catalog::find_provider(mapping.provider) != nullptr);
            CHECK(catalog::find_mapping(model, mapping.provider) == &mapping);
            const auto by_id = catalog::find_at_provider(mapping.provider, model.id);
            CHECK(by_id.model == &model);
            CHECK(by_id.mapping == &mapping);
            // Two models may be one upstream; what is found is served under that name.
            const auto by_name = catalog::find_at_provider(mapping.provider, mapping.upstream_id);
            REQUIRE(by_name.mapping != nullptr);
            CHECK(by_name.mapping->provider == mapping.provider);
            CHECK(by_name.mapping->upstream_id == mapping.upstream_id);
        }
    }
}

TEST_CASE("catalog: lookups of what is not there") {
    for (std::string_view name : {"", "nope", "gpt-4o-min", "gpt-4o-minix", "zzzz", "~"}) {
        CAPTURE(name);
        CHECK(catalog::find_model(name) == nullptr);
        CHECK(catalog::find_provider(name) == nullptr);
        CHECK(catalog::find_at_provider("openai", name).model == nullptr);
        CHECK(catalog::find_at_provider(name, "gpt-4o").mapping == nullptr);
    }
    CHECK(catalog::find_at_provider("anthropic", "gpt-4o").model == nullptr);
}

TEST_CASE("catalog: aliases and upstream names") {
    const Model* model = catalog::find_model("grok-4.5-latest");
    REQUIRE(model != nullptr);
    CHECK(model->id == "grok-4-5");
    CHECK(catalog::find_at_provider("xai", "grok-4.5-latest").model == model);
    const auto azure = catalog::find_at_provider("azure", "gpt-35-turbo");
    REQUIRE(azure.model != nullptr);
    CHECK(azure.model->id == "gpt-3.5-turbo");
    CHECK(azure.mapping->provider == "azure");
}

TEST_CASE("catalog: prices are exact") {
    const Prices& mini = mapping_of("gpt-4o-mini", "openai").prices;
    CHECK(mini.input == Rate{150'000'000});
    CHECK(mini.output == Rate{600'000'000});
    CHECK(mini.cached_input == Rate{75'000'000});
    CHECK_FALSE(mini.cache_write.has_value());
    CHECK(dollars(mapping_of("gpt-5.6-luna", "aws-mantle").prices.cache_write) == "0.275");
    CHECK(dollars(mapping_of("qwen3.7-flash", "alibaba").prices.cache_write) == "0.0375");
    const Prices& echo = mapping_of("echo", "mock").prices;
    CHECK(echo.input == Rate{0});
    CHECK(echo.output == Rate{0});
}

TEST_CASE("catalog: prices by the size of the prompt") {
    const Mapping& sol = mapping_of("gpt-5.6-sol", "openai");
    CHECK(dollars(catalog::prices_for(sol, 0).input) == "4");
    CHECK(dollars(catalog::prices_for(sol, 272'000).input) == "4");
    CHECK(dollars(catalog::prices_for(sol, 272'001).input) == "8");
    CHECK(dollars(catalog::prices_for(sol, 272'001).output) == "30");
    const Mapping& flash = mapping_of("qwen3.7-flash", "alibaba");  // its last tier has a limit
    CHECK(dollars(catalog::prices_for(flash, 256'001).input) == "0.2");
    CHECK(dollars(catalog::prices_for(flash, 5'000'000).input) == "0.2");
    const Mapping& mini = mapping_of("gpt-4o-mini", "openai");
    CHECK(&catalog::prices_for(mini, 1'000'000) == &mini.prices);
}

TEST_CASE("catalog: the price that models are compared by") {
    CHECK(catalog::blended_price(mapping_of("gpt-4o-mini", "openai").prices) == Rate{375'000'000});
    CHECK(catalog::blended_price(mapping_of("echo", "mock").prices) == Rate{0});
    CHECK_FALSE(catalog::blended_price(Prices{.input = Rate{1}}).has_value());
    CHECK_FALSE(catalog::blended_price(Prices{.output = Rate{1}}).has_value());
}

TEST_CASE("catalog: a mapping is offered until the day it is switched off") {
    Mapping mapping{};
    CHECK(catalog::is_active(mapping, "2026-11-23"));
    mapping.deactivated_at = "2026-12-10";
    CHECK(catalog::is_active(mapping, "2026-12-09"));
    CHECK_FALSE(catalog::is_active(mapping, "2026-12-10"));
    CHECK_FALSE(catalog::is_active(mapping, "2027-01-01"));
}

TEST_CASE("catalog: the fields of a model, a mapping and a provider") {
    const Model* model = catalog::find_model("gpt-4o-mini");
    REQUIRE(model != nullptr);
    CHECK(model->name == "GPT-4o Mini");
    CHECK(model->family == "openai");
    CHECK(model->released == "2024-07-18");
    REQUIRE(model->output.size() == 1);
    CHECK(model->output[0] == "text");
    const Mapping& mapping = mapping_of("gpt-4", "openai");
    CHECK(mapping.context == 8192);
    CHECK(mapping.max_output == 8192);
    CHECK(mapping.streaming == Can::yes);
    CHECK(mapping.vision == Can::no);
    CHECK(mapping.json_schema == Can::unknown);
    CHECK(std::count(mapping.supported_parameters.begin(), mapping.supported_parameters.end(),
                     "temperature") == 1);
    const Provider* openai = catalog::find_provider("openai");
    REQUIRE(openai != nullptr);
    CHECK(openai->base_url == "https://api.openai.com/v1");
    REQUIRE(openai->env.size() == 1);
    CHECK(openai->env[0] == "OPENAI_API_KEY");
    REQUIRE(openai->service_tiers.size() == 2);
    CHECK(openai->service_tiers[1].id == "priority");
    CHECK(openai->service_tiers[1].multiplier_milli == 2500);
    CHECK(catalog::find_provider("anthropic")->max_temperature_milli == 1000);
    const Provider* alibaba = catalog::find_provider("alibaba");
    CHECK(alibaba->default_region == "singapore");
    CHECK(alibaba->regions.size() == 4);
    const auto rejects = catalog::find_provider("mistral")->rejects;
    CHECK(std::count(rejects.begin(), rejects.end(), "stream_options") == 1);
}

TEST_CASE("catalog: prices of other things than tokens") {
    for (const Model& model : catalog::models()) {
        for (const Mapping& mapping : model.mappings) {
            for (const UnitPrice& price : mapping.unit_prices) {
                CAPTURE(model.id);
                CHECK_FALSE(price.unit.empty());
                CHECK(price.per_unit.nano_per_million > 0);
            }
        }
    }
    const auto speech = mapping_of("tts-1", "openai").unit_prices;
    REQUIRE(speech.size() == 1);
    CHECK(speech[0].unit == "character");
    CHECK(speech[0].per_unit == Rate{15'000'000'000});  // 15 dollars for a million
    const auto sonar = mapping_of("sonar", "perplexity").unit_prices;
    REQUIRE(sonar.size() == 1);
    CHECK(sonar[0].unit == "request");
    CHECK(dollars(sonar[0].per_unit) == "5000");
}

TEST_CASE("catalog: what can be sent to has an address or is known to depend on the account") {
    for (const Provider& provider : catalog::providers()) {
        CAPTURE(provider.id);
        CHECK(catalog::can_send(provider.wire) ==
              (provider.wire == Wire::openai || provider.wire == Wire::anthropic ||
               provider.wire == Wire::gemini || provider.wire == Wire::mock));
        if (provider.wire == Wire::openai && provider.base_url.empty()) {
            CHECK((provider.id == "vertex-openai" || provider.id == "aws-mantle"));
        }
        if (!provider.base_url.empty()) {
            CHECK(provider.base_url.starts_with("https://"));
            CHECK_FALSE(provider.base_url.ends_with('/'));
        }
    }
    CHECK(catalog::find_provider("mock")->wire == Wire::mock);
    CHECK(catalog::find_provider("anthropic")->wire == Wire::anthropic);
    CHECK(catalog::wire_name(Wire::vertex_anthropic) == "vertex-anthropic");
    CHECK(catalog::wire_name(Wire::mock) == "mock");
    CHECK(catalog::kWireNames.size() == static_cast<std::size_t>(Wire::mock) + 1);
}

TEST_CASE("catalog: what a model rejects it does not support, too") {
    std::size_t rejecting = 0;
    for (const Model& model : catalog::models()) {
        for (const Mapping& mapping : model.mappings) {
            CAPTURE(model.id);
            rejecting += mapping.rejects.empty() ? 0 : 1;
            const auto supported = mapping.supported_parameters;
            for (const std::string_view field : mapping.rejects) {
                CAPTURE(field);
                CHECK(std::count(supported.begin(), supported.end(), field) == 0);
            }
        }
    }
    CHECK(rejecting > 0);
    const auto mini = mapping_of("o4-mini", "openai").rejects;
    CHECK(std::count(mini.begin(), mini.end(), "max_tokens") == 1);
    CHECK(mapping_of("gpt-4o", "openai").rejects.empty());
}

TEST_CASE("catalog: models that only the Responses API offers") {
    CHECK(mapping_of("gpt-5-pro", "openai").responses_only);
    CHECK(mapping_of("gpt-5.3-codex", "azure").responses_only);
    CHECK_FALSE(mapping_of("gpt-5", "openai").responses_only);
    for (const Model& model : catalog::models()) {
        for (const Mapping& mapping : model.mappings) {
            CAPTURE(model.id);
            CHECK((!mapping.responses_only || mapping.responses_api == Can::yes));
        }
    }
}

TEST_CASE("catalog: Cohere and its format") {
    const Provider* cohere = catalog::find_provider("cohere");
    REQUIRE(cohere != nullptr);
    CHECK(cohere->wire == Wire::cohere);
    CHECK(cohere->base_url == "https://api.cohere.com/v2");
    CHECK(catalog::wire_name(Wire::cohere) == "cohere");
    CHECK(dollars(mapping_of("command-r7b-12-2024", "cohere").prices.input) == "0.0375");
    CHECK_FALSE(mapping_of("command-a-reasoning-08-2025", "cohere").prices.input.has_value());
}
