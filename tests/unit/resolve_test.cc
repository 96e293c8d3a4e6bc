// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/resolve.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/gateway/eligibility.h"

using namespace llmgw;

namespace {

// A set-up made by hand.
class Setup {
  public:
    Setup() { snapshot_.today = "2026-11-23"; }

    // A key of a provider of the catalog.
    ProviderAccess& key(const char* provider, std::string label = "", std::string region = "") {
        ProviderAccess& access = snapshot_.accesses.emplace_back();
        access.provider = catalog::find_provider(provider);
        REQUIRE(access.provider != nullptr);
        access.label = label.empty() ? provider : std::move(label);
        access.name = provider;
        access.wire = access.provider->wire;
        access.region = std::move(region);
        return access;
    }
    // A server outside of the catalog.
    void server(const char* label) {
        ProviderAccess& access = snapshot_.accesses.emplace_back();
        access.label = access.name = label;
    }
    void alias(const char* name, const char* target) { snapshot_.aliases.emplace(name, target); }
    Settings& settings() { return snapshot_.settings; }
    void today(const char* date) { snapshot_.today = date; }

    Result<Offers> resolve(std::string_view name, const RequestNeeds& needs = {}) {
        snapshot_.auto_choices = auto_choices(snapshot_);
        return resolve_model(snapshot_, name, needs);
    }
    // "groq, cerebras:unstable, (openai)": candidates, why they are excluded, and in brackets those
    // that were not named.
    std::string list(std::string_view name, const RequestNeeds& needs = {}) {
        const auto offers = resolve(name, needs);
        if (!offers) {
            return "error: " + offers.error().message;
        }
        return text(*offers);
    }
    static std::string text(const Offers& offers) {
        std::string text;
        for (const Candidate& one : offers.candidates) {
            std::string part =
                one.access != nullptr ? one.access->label : std::string(one.provider_name());
            if (one.excluded != Exclusion::none) {
                part += ":" + std::string(exclusion_name(one.excluded));
            }
            text += (text.empty() ? "" : ", ") + (one.named ? part : "(" + part + ")");
        }
        return text;
    }
    Error refusal(std::string_view name, const RequestNeeds& needs = {}) {
        const auto offers = resolve(name, needs);
        REQUIRE_FALSE(offers);
        return offers.error();
    }
    const Snapshot& snapshot() const { return snapshot_; }

  private:
    Snapshot snapshot_;
};

bool has(const std::string& text, std::string_view part) {
    CAPTURE(text);
    return text.find(part) != std::string::npos;
}

RequestNeeds with(bool RequestNeeds::*need) {
    RequestNeeds needs;
    needs.*need = true;
    return needs;
}

}  // namespace

TEST_CASE("resolve: a model means all providers that serve it, keys of one behind each other") {
    Setup setup;
    setup.key("together-ai");
    setup.key("groq", "one");
    setup.key("openai");
    setup.key("groq", "two");
    setup.server("lab");
    const auto offers = setup.resolve("gpt-oss-120b");
    REQUIRE(offers);
    CHECK_FALSE(offers->pinned);
    CHECK(Setup::text(*offers) == "one, two, together-ai");
    CHECK(offers->candidates[0].upstream_model == "openai/gpt-oss-120b");
    CHECK(offers->candidates[0].model_name() == "gpt-oss-120b");
}

TEST_CASE("resolve: keys that cannot be used stay with the reason") {
    Setup setup;
    setup.key("groq");
    setup.key("groq", "off").enabled = false;
    setup.key("groq", "broken").problem = Error{};
    setup.key("together-ai").problem = Error{};
    CHECK(setup.list("gpt-oss-120b") ==
          "groq, off:disabled, broken:unusable, together-ai:unusable");
}

TEST_CASE("resolve: abilities that the catalog denies exclude") {
    Setup setup;
    setup.key("minimax");
    setup.key("together-ai");
    CHECK(setup.list("minimax-m3") == "minimax, together-ai");
    CHECK(setup.list("minimax-m3", with(&RequestNeeds::vision)) ==
          "minimax, together-ai:no_vision");
    CHECK(setup.list("minimax-m3", with(&RequestNeeds::tools)) == "minimax, together-ai:no_tools");
    // Nothing is known of it, so they are asked.
    CHECK(setup.list("minimax-m3", with(&RequestNeeds::audio)) == "minimax, together-ai");
}

TEST_CASE("resolve: a prompt that cannot fit") {
    Setup setup;
    setup.key("together-ai");  // 163,840 tokens
    setup.key("deepinfra");    // 1,000,000
    RequestNeeds needs;
    needs.prompt_tokens = 180'000;  // may be fewer
    CHECK(setup.list("deepseek-v4-flash", needs) == "deepinfra, together-ai");
    needs.prompt_tokens = 300'000;
    CHECK(setup.list("deepseek-v4-flash", needs) == "deepinfra, together-ai:context_too_small");
    needs.prompt_tokens = 3'000'000;
    const Error error = setup.refusal("deepseek-v4-flash", needs);
    CHECK(error.kind == Errc::invalid_request);
    CHECK(error.code == "context_length_exceeded");
    CHECK(error.param == "messages");
}

TEST_CASE("resolve: when nobody can do it, the error names what is missing and who could") {
    Setup setup;
    setup.key("groq");
    setup.key("openai");
    const Error error = setup.refusal("gpt-oss-120b", with(&RequestNeeds::vision));
    CHECK(error.kind == Errc::invalid_request);
    CHECK(error.code == "unsupported_by_model");
    CHECK(error.param == "messages");
    CHECK(has(error.message, "groq does not take images"));
    CHECK(has(error.message, "models that can: "));
    CHECK(has(error.message, "gpt-"));
    Setup alone;
    alone.key("groq").enabled = false;
    alone.key("cerebras");
    CHECK(has(alone.refusal("gpt-oss-120b", with(&RequestNeeds::vision)).message,
              "groq is disabled, cerebras does not take images"));
}

TEST_CASE("resolve: unstable offers are asked when there are no others") {
    Setup setup;
    setup.key("cerebras");
    CHECK(setup.list("gpt-oss-120b") == "cerebras");
    setup.key("groq");
    CHECK(setup.list("gpt-oss-120b") == "groq, cerebras:unstable");
    setup.settings().routing.unstable = true;
    CHECK(setup.list("gpt-oss-120b") == "groq, cerebras");
}

TEST_CASE("resolve: a model that does not reason answers without") {
    Setup setup;
    setup.key("cohere");
    CHECK(setup.list("command-a-03-2025", with(&RequestNeeds::reasoning)) == "cohere");
}

TEST_CASE("resolve: priority 0 takes out of the choice, not away from who asks for it") {
    Setup setup;
    setup.key("groq", "one");
    setup.key("groq", "two");
    setup.key("together-ai");
    setup.settings().routing.priorities = {{"groq", 0}, {"two", 2}};
    CHECK(setup.list("gpt-oss-120b") == "one:priority_zero, two, together-ai");
    CHECK(setup.list("groq/gpt-oss-120b") == "one, two, (together-ai)");
    setup.settings().routing.priorities = {{"groq", 0}, {"together-ai", 0}};
    const Error error = setup.refusal("gpt-oss-120b");
    CHECK(has(error.message, "groq has priority 0"));
    CHECK(error.hint == "llmgw config unset routing.priority.groq");
}

TEST_CASE("resolve: what is no longer offered") {
    Setup setup;
    setup.key("azure");
    setup.key("openai");
    setup.today("2027-04-13");
    CHECK(setup.list("gpt-4.1") == "openai, azure");
    setup.today("2027-04-14");
    CHECK(setup.list("gpt-4.1") == "openai, azure:deactivated");
}

TEST_CASE("resolve: a named provider, and the others for when it fails") {
    Setup setup;
    setup.key("groq", "one");
    setup.key("together-ai");
    setup.key("groq", "two");
    const auto offers = setup.resolve("groq/gpt-oss-120b");
    REQUIRE(offers);
    CHECK(offers->pinned);
    CHECK(Setup::text(*offers) == "one, two, (together-ai)");
    CHECK(setup.list("two/gpt-oss-120b") == "two, (one), (together-ai)");
    // By the provider's own name for it, too.
    CHECK(setup.list("groq/openai/gpt-oss-120b") == "one, two, (together-ai)");
    // Whoever names a provider gets it whatever the catalog says, but the others have to be able.
    CHECK(setup.list("groq/gpt-oss-120b", with(&RequestNeeds::vision)) ==
          "one, two, (together-ai:no_vision)");
    const auto key = setup.resolve("@two/gpt-oss-120b");
    REQUIRE(key);
    CHECK(key->pinned);
    CHECK(Setup::text(*key) == "two");
    CHECK(setup.list("@two/of-tomorrow") == "two");
}

TEST_CASE("resolve: what cannot be named") {
    Setup setup;
    setup.key("groq").enabled = false;
    setup.server("lab");
    CHECK(setup.refusal("nowhere/model").code == "model_not_found");
    CHECK(setup.refusal("gpt-oss-120").message ==
          "the model \"gpt-oss-120\" does not exist; did you mean gpt-oss-120b, gpt-oss-20b?");
    CHECK(setup.refusal("groq/").code == "model_not_found");
    CHECK(setup.refusal("/x").code == "model_not_found");
    CHECK(setup.refusal("groq/unheard-of").code == "model_not_found");
    CHECK(setup.refusal("groq/gpt-oss-120b").message == "the provider \"groq\" is disabled");
    CHECK(setup.refusal("@groq/gpt-oss-120b").hint == "llmgw providers enable groq");
    CHECK(setup.refusal("@nobody/x").hint == "llmgw providers list");
    CHECK(setup.refusal("openai/gpt-4o").hint == "llmgw providers add openai");
    CHECK(setup.refusal("gpt-4o").hint == "llmgw providers add openai");
    CHECK(setup.refusal("gpt-oss-120b").message == "the provider \"groq\" is disabled");
    CHECK(setup.refusal("mock/nobody").code == "model_not_found");
    CHECK(setup.list("mock/echo") == "mock");
    CHECK(setup.list("lab/anything/at:all") == "lab");
}

TEST_CASE("resolve: a region behind the model") {
    Setup setup;
    setup.key("alibaba");  // its default is singapore
    setup.key("alibaba", "beijing", "cn-beijing");
    CHECK(setup.list("alibaba/qwen-max") == "alibaba, beijing");
    CHECK(setup.list("alibaba/qwen-max:cn-beijing") == "alibaba:other_region, beijing");
    CHECK(setup.list("alibaba/qwen-max:singapore") == "alibaba, beijing:other_region");
    CHECK(setup.list("beijing/qwen-max:cn-beijing") == "beijing, (alibaba)");
    const Error error = setup.refusal("alibaba/qwen-max:us-virginia");
    CHECK(error.kind == Errc::invalid_request);
    CHECK(error.message == "no key of alibaba is in the region \"us-virginia\"");
    CHECK(error.hint ==
          "llmgw providers add alibaba --name alibaba-us-virginia --region us-virginia");
    CHECK(setup.refusal("beijing/qwen-max:singapore").code == "no_provider_key");
}

TEST_CASE("resolve: regions of the clouds need not be in the catalog") {
    Setup setup;
    setup.key("aws-bedrock", "", "eu-west-1");
    const char* const model = "aws-bedrock/claude-haiku-4-5";
    CHECK(setup.list(model) == "aws-bedrock");
    CHECK(setup.list(std::string(model) + ":eu-west-1") == "aws-bedrock");
    CHECK(setup.refusal(std::string(model) + ":us-west-2").code == "no_provider_key");
    CHECK(setup.list("aws-bedrock/anthropic.claude-haiku-4-5-20251001-v1:0") == "aws-bedrock");
    CHECK(setup.list("aws-bedrock/anthropic.claude-haiku-4-5-20251001-v1:0:eu-west-1") ==
          "aws-bedrock");
}

TEST_CASE("resolve: colons of other kinds stay part of the name") {
    Setup setup;
    setup.server("ollama");
    setup.key("groq");
    const auto offers = setup.resolve("ollama/llama3:8b");
    REQUIRE(offers);
    CHECK(offers->candidates[0].upstream_model == "llama3:8b");
    CHECK(setup.refusal("groq/gpt-oss-120b:free").code == "model_not_found");
    CHECK(setup.refusal("groq/gpt-oss-120b:").code == "model_not_found");
    const auto sent = setup.resolve("@groq/gpt-oss-120b:free");
    REQUIRE(sent);
    CHECK(sent->candidates[0].upstream_model == "gpt-oss-120b:free");
}

TEST_CASE("resolve: a key of a region that does not have the model") {
    Setup setup;
    setup.key("alibaba", "", "us-virginia");
    const Error error = setup.refusal("qwen-max");
    CHECK(has(error.message, "alibaba is in another region"));
    CHECK(error.hint == "llmgw providers add alibaba --name NAME --region singapore");
}

TEST_CASE("resolve: aliases of every form") {
    Setup setup;
    setup.key("groq");
    setup.server("lab");
    setup.alias("fast", "gpt-oss-120b");
    setup.alias("faster", "fast");
    setup.alias("pinned", "groq/gpt-oss-120b");
    setup.alias("own", "@lab/x");
    setup.alias("any", "auto");
    setup.alias("round", "round");
    setup.alias("gpt-4o", "groq/gpt-oss-120b");
    CHECK(setup.list("fast") == "groq");
    CHECK(setup.list("faster") == "groq");
    CHECK(setup.list("pinned") == "groq");
    CHECK(setup.list("own") == "lab");
    CHECK(setup.list("any") == "groq");
    CHECK(setup.list("gpt-4o") == "groq");
    CHECK(setup.refusal("round").code == "model_not_found");
}

TEST_CASE("resolve: auto is the cheapest model that can surely do it") {
    Setup setup;
    setup.key("openai");
    setup.key("anthropic");
    const auto model = [&](const RequestNeeds& needs) {
        const auto offers = setup.resolve("auto", needs);
        REQUIRE(offers);
        CHECK_FALSE(offers->pinned);
        return std::string(offers->candidates.front().model->id);
    };
    const auto price = [](const std::string& id) {
        return catalog::blended_price(catalog::find_model(id)->mappings.front().prices)
            ->nano_per_million;
    };
    const std::string plain = model({});
    RequestNeeds everything;
    everything.streaming = everything.vision = everything.tools = everything.json_schema = true;
    const std::string able = model(everything);
    CHECK(price(plain) <= price(able));
    const Mapping& mapping = catalog::find_model(able)->mappings.front();
    CHECK(mapping.vision == Can::yes);
    CHECK(mapping.tools == Can::yes);
    CHECK(mapping.json_schema == Can::yes);
    RequestNeeds large;
    large.prompt_tokens = 500'000;
    large.output_tokens = 30'000;
    CHECK(catalog::find_model(model(large))->mappings.front().context >= 530'000);
    // Nobody is taken at his word: all cheaper ones lack something.
    for (const AutoChoice& choice : setup.snapshot().auto_choices) {
        if (choice.model->id == able) {
            break;
        }
        CHECK_FALSE(surely_can(*choice.mapping, everything));
    }
}

TEST_CASE("resolve: what auto does not stand for") {
    Setup setup;
    CHECK(setup.refusal("auto").hint == "llmgw providers add PROVIDER");
    setup.server("lab");
    CHECK(setup.refusal("auto").code == "no_provider_key");
    setup.key("openai");
    for (const AutoChoice& choice :
         (static_cast<void>(setup.resolve("auto")), setup.snapshot().auto_choices)) {
        CAPTURE(std::string(choice.model->id));
        CHECK(choice.mapping->provider == "openai");
        CHECK(choice.model->output.size() == 1);
        CHECK(choice.model->stability != "unstable");
        CHECK(catalog::blended_price(choice.mapping->prices)->nano_per_million > 0);
    }
    RequestNeeds embeddings;
    embeddings.endpoint = Endpoint::embeddings;
    CHECK(has(setup.refusal("auto", embeddings).message, "name the model"));
    RequestNeeds too_much;
    too_much.prompt_tokens = 100'000'000;
    too_much.tools = true;
    CHECK(has(setup.refusal("auto", too_much).message, "tools, about 100000000 tokens"));
    setup.settings().routing.priorities = {{"openai", 0}};
    CHECK(setup.refusal("auto").code == "no_provider_key");
}

TEST_CASE("resolve: providers without a key, to explain") {
    Setup setup;
    setup.key("anthropic");
    auto offers = setup.resolve("claude-haiku-4-5");
    REQUIRE(offers);
    add_providers_without_key(setup.snapshot(), *offers);
    CHECK(Setup::text(*offers) == "anthropic, aws-bedrock:no_key, vertex-anthropic:no_key");
}
