// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/usage.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include "daemon/gateway/additions.h"

using namespace llmgw;

TEST_CASE("buckets are disjoint and add up") {
    const auto usage = read_usage(
        "{\"prompt_tokens\":100,\"completion_tokens\":50,\"total_tokens\":150,"
        "\"prompt_tokens_details\":{\"cached_tokens\":60,\"audio_tokens\":10},"
        "\"completion_tokens_details\":{\"reasoning_tokens\":20,\"audio_tokens\":5}}");
    REQUIRE(usage);
    CHECK(usage->input == 30);
    CHECK(usage->cached_input == 60);
    CHECK(usage->audio_input == 10);
    CHECK(usage->output == 25);
    CHECK(usage->reasoning == 20);
    CHECK(usage->audio_output == 5);
    CHECK(usage->prompt() == 100);
}

TEST_CASE("details that contradict the totals never make a bucket negative") {
    const auto usage = read_usage(
        "{\"prompt_tokens\":5,\"prompt_tokens_details\":{\"cached_tokens\":9,\"audio_tokens\":9}}");
    REQUIRE(usage);
    CHECK(usage->prompt() == 5);
    CHECK(usage->input == 0);
}

TEST_CASE("usage: an object without counts is none") {
    for (const char* text : {"null", "[]", "{}", "7", "{", "", "{\"prompt_tokens\":null}",
                             "{\"prompt_tokens\":-1}", "{\"cost\":0.5}"}) {
        CAPTURE(text);
        CHECK_FALSE(read_usage(text));
    }
}

TEST_CASE("usage: cache writes by how long they live, in each dialect") {
    struct Case {
        const char* members;
        std::uint64_t minutes, hour;
    };
    for (const auto& [members, minutes, hour] : {
             Case{"\"prompt_tokens_details\":{\"cache_write_tokens\":30}", 30, 0},
             Case{"\"prompt_tokens_details\":{\"cache_write_tokens\":30},"
                  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":10,"
                  "\"ephemeral_1h_input_tokens\":20}",
                  10, 20},
             Case{"\"prompt_tokens_details\":{\"cache_creation_input_tokens\":30,"
                  "\"cache_creation\":{\"ephemeral_5m_input_tokens\":30}}",
                  30, 0},
             Case{"\"cache_creation\":{\"ephemeral_5m_input_tokens\":7,"
                  "\"ephemeral_1h_input_tokens\":9}",
                  7, 9},
             Case{"\"prompt_tokens_details\":{\"cache_write_tokens\":5},"
                  "\"cache_creation\":{\"ephemeral_1h_input_tokens\":20}",
                  0, 5},
             Case{"\"prompt_tokens_details\":{\"cache_write_tokens\":5000}", 100, 0},
         }) {
        const std::string text = "{\"prompt_tokens\":100," + std::string(members) + "}";
        CAPTURE(text);  // clang 14 captures no structured binding
        const auto usage = read_usage(text);
        REQUIRE(usage);
        CHECK(usage->cache_write == minutes);
        CHECK(usage->cache_write_1h == hour);
        CHECK(usage->input == 100 - minutes - hour);
        CHECK(usage->prompt() == 100);
    }
}

TEST_CASE("usage: dialects of cached tokens, thoughts, totals and searches") {
    // Moonshot and DeepSeek.
    CHECK(read_usage("{\"prompt_tokens\":9,\"cached_tokens\":4}")->cached_input == 4);
    CHECK(read_usage("{\"prompt_tokens\":9,\"prompt_cache_hit_tokens\":5}")->cached_input == 5);
    // xAI counts thoughts beside the completion, and only the total tells.
    const auto beside = read_usage(
        "{\"prompt_tokens\":32,\"completion_tokens\":9,\"total_tokens\":135,"
        "\"completion_tokens_details\":{\"reasoning_tokens\":94}}");
    CHECK(beside->output == 9);
    CHECK(beside->reasoning == 94);
    const auto within = read_usage(
        "{\"prompt_tokens\":32,\"completion_tokens\":103,\"total_tokens\":135,"
        "\"completion_tokens_details\":{\"reasoning_tokens\":94}}");
    CHECK(within->output == 9);
    CHECK(within->reasoning == 94);
    // Of embeddings, some servers tell the total only.
    CHECK(read_usage("{\"total_tokens\":7}")->input == 7);
    const auto searched = read_usage(
        "{\"prompt_tokens\":1,\"server_tool_use\":{\"web_search_requests\":3},"
        "\"estimated\":true}");
    CHECK(searched->web_searches == 3);
    CHECK(searched->estimated);
    CHECK(read_usage("{\"prompt_tokens\":1,\"service_tier\":\"flex\"}")->service_tier == "flex");
    const auto images = read_usage(
        "{\"prompt_tokens\":9,\"completion_tokens\":8,"
        "\"prompt_tokens_details\":{\"image_tokens\":4},"
        "\"completion_tokens_details\":{\"image_tokens\":6}}");
    CHECK(images->image_input == 4);
    CHECK(images->image_output == 6);
    CHECK(images->input == 5);
    CHECK(images->output == 2);
}

TEST_CASE("usage: whatever a provider counts, the buckets are disjoint and add up") {
    std::mt19937_64 random(2);
    // Of every size up to the largest, and often absent.
    const auto any = [&random](const char* name) {
        return random() % 3 == 0
                   ? std::string("\"x\":1")
                   : "\"" + std::string(name) + "\":" + std::to_string(random() >> random() % 64);
    };
    for (int i = 0; i < 20'000; i++) {
        const std::uint64_t prompt = random() >> random() % 64;
        const std::uint64_t completion = random() >> random() % 64;
        const std::string object =
            "{\"prompt_tokens\":" + std::to_string(prompt) +
            ",\"completion_tokens\":" + std::to_string(completion) + "," + any("total_tokens") +
            ",\"prompt_tokens_details\":{" + any("cached_tokens") + "," +
            any("cache_write_tokens") + "," + any("audio_tokens") + "," + any("image_tokens") +
            "},\"cache_creation\":{" + any("ephemeral_5m_input_tokens") + "," +
            any("ephemeral_1h_input_tokens") + "},\"completion_tokens_details\":{" +
            any("reasoning_tokens") + "," + any("audio_tokens") + "," + any("image_tokens") + "}}";
        CAPTURE(object);
        const auto usage = read_usage(object);
        REQUIRE(usage);
        CHECK(usage->prompt() == prompt);
        CHECK(usage->completion() == completion);
    }
}

TEST_CASE("usage: sums of buckets do not turn around") {
    Usage usage;
    usage.input = UINT64_MAX;
    usage.cached_input = 5;
    CHECK(usage.prompt() == UINT64_MAX);
    usage.output = UINT64_MAX - 1;
    usage.reasoning = 1;
    CHECK(usage.completion() == UINT64_MAX);
}

TEST_CASE("cost is exact") {
    const auto at = catalog::find_at_provider("openai", "gpt-4o-mini");
    REQUIRE(at.mapping != nullptr);
    Usage usage;
    usage.input = 1000;         // 0.15 USD a million
    usage.cached_input = 1000;  // 0.075
    usage.output = 1000;        // 0.6
    const auto cost = cost_of(usage, at.mapping);
    REQUIRE(cost);
    CHECK(to_decimal(cost->total) == "0.000825");
    CHECK(to_decimal(cost->cached_input) == "0.000075");
    CHECK(cost_members(cost) ==
          "\"cost\":0.000825,\"cost_details\":{\"total_cost\":0.000825,\"input_cost\":0.00015,"
          "\"cached_input_cost\":0.000075,\"output_cost\":0.0006}");
}

TEST_CASE("an unknown price makes the cost unknown, not zero") {
    Usage usage;
    usage.input = 1;
    CHECK_FALSE(cost_of(usage, nullptr));
    Mapping mapping{};
    CHECK_FALSE(cost_of(usage, &mapping));
    mapping.prices.output = Rate{1};
    CHECK_FALSE(cost_of(usage, &mapping));
    CHECK(cost_members(std::nullopt) == "\"cost\":null");
}

namespace {

constexpr Rate dollars(std::int64_t whole) {
    return Rate{whole * 1'000'000'000};
}

constexpr std::uint64_t kMillion = 1'000'000;

// A price of its own for everything, so that a bucket in the wrong place shows.
const Mapping& full_mapping() {
    static constexpr UnitPrice kUnits[] = {{"request", Rate{1'000'000'000'000}},
                                           {"web_search", Rate{10'000'000'000'000}},
                                           {"image/default", Rate{100'000'000'000'000}}};
    static const Mapping mapping = [] {
        Mapping full{};
        full.provider = "openai";
        full.prices = {.input = dollars(1),
                       .output = dollars(2),
                       .cached_input = dollars(4),
                       .cache_write = dollars(8),
                       .cache_write_1h = dollars(16),
                       .image_input = dollars(32),
                       .image_output = dollars(64),
                       .audio_input = dollars(128),
                       .audio_output = dollars(256)};
        full.unit_prices = kUnits;
        return full;
    }();
    return mapping;
}

}  // namespace

TEST_CASE("cost: every bucket has its price") {
    Usage usage;
    usage.input = usage.cached_input = usage.cache_write = usage.cache_write_1h = kMillion;
    usage.audio_input = usage.image_input = kMillion;
    usage.output = usage.reasoning = usage.audio_output = usage.image_output = kMillion;
    usage.web_searches = 3;
    usage.images = 2;
    const auto cost = cost_of(usage, &full_mapping());
    REQUIRE(cost);
    CHECK(to_decimal(cost->input) == "161");  // 1 + 32 + 128
    CHECK(to_decimal(cost->cached_input) == "4");
    CHECK(to_decimal(cost->cache_write) == "24");  // 8 + 16
    CHECK(to_decimal(cost->output) == "324");      // 2 + 2 + 64 + 256
    CHECK(to_decimal(cost->request) == "0.001");
    CHECK(to_decimal(cost->web_search) == "0.03");
    CHECK(to_decimal(cost->image) == "0.2");
    CHECK(to_decimal(cost->total) == "513.231");
    CHECK(cost_members(cost) ==
          "\"cost\":513.231,\"cost_details\":{\"total_cost\":513.231,\"input_cost\":161,"
          "\"cached_input_cost\":4,\"output_cost\":324,\"cache_write_cost\":24,"
          "\"request_cost\":0.001,\"web_search_cost\":0.03,\"image_cost\":0.2}");
}

TEST_CASE("cost: what has no price of its own is paid like text") {
    Mapping mapping{};
    mapping.prices = {.input = dollars(3), .output = dollars(5)};
    Usage usage;
    usage.cached_input = usage.audio_input = usage.image_input = kMillion;
    usage.cache_write = usage.cache_write_1h = kMillion;
    usage.reasoning = usage.audio_output = usage.image_output = kMillion;
    auto cost = cost_of(usage, &mapping);
    REQUIRE(cost);
    CHECK(to_decimal(cost->input) == "6");
    CHECK(to_decimal(cost->cached_input) == "3");
    CHECK(to_decimal(cost->cache_write) == "6");
    CHECK(to_decimal(cost->output) == "15");
    mapping.prices.cache_write = dollars(4);
    cost = cost_of(usage, &mapping);
    REQUIRE(cost);
    CHECK(to_decimal(cost->cache_write) == "8");  // an hour costs what minutes do
}

TEST_CASE("cost: the tier follows from all of the prompt and holds for all of the request") {
    const auto at = catalog::find_at_provider("openai", "gpt-5.6-sol");
    REQUIRE(at.mapping != nullptr);
    Usage usage;
    usage.input = 72'000;
    usage.cached_input = 100'000;
    usage.cache_write = 100'000;
    usage.output = 1'000;
    auto cost = cost_of(usage, at.mapping);
    REQUIRE(cost);  // 4, 0.4, 5 and 20 dollars
    CHECK(to_decimal(cost->total) == "0.848");
    usage.cached_input++;  // 8, 0.8, 10 and 30
    cost = cost_of(usage, at.mapping);
    REQUIRE(cost);
    CHECK(to_decimal(cost->total) == "1.6860008");
}

TEST_CASE("cost: a service tier multiplies the prices of tokens only") {
    Usage usage;
    usage.input = usage.cached_input = usage.cache_write_1h = usage.audio_output = kMillion;
    usage.web_searches = 1;
    const auto total = [&usage](const char* tier, const Mapping& mapping) {
        usage.service_tier = tier;
        const auto cost = cost_of(usage, &mapping);
        return cost ? to_decimal(cost->total) : "unknown";
    };
    const Mapping& mapping = full_mapping();  // 277 dollars of tokens
    for (const char* usual : {"", "default", "standard", "on_demand"}) {
        CHECK(total(usual, mapping) == "277.011");
    }
    CHECK(total("flex", mapping) == "138.511");
    CHECK(total("priority", mapping) == "692.511");
    CHECK(total("scale", mapping) == "unknown");
    CHECK(total("auto", mapping) == "unknown");  // does not say which one was used
    Mapping elsewhere = mapping;
    elsewhere.provider = "deepseek";
    CHECK(total("flex", elsewhere) == "unknown");
    elsewhere.provider = "google-ai-studio";
    CHECK(total("priority", elsewhere) == "498.611");
}

TEST_CASE("cost: one unknown price makes all of it unknown") {
    Mapping mapping{};
    mapping.prices.input = dollars(1);
    Usage usage;
    usage.input = 5;
    CHECK(cost_of(usage, &mapping));
    usage.output = 1;
    CHECK_FALSE(cost_of(usage, &mapping));
    usage.output = 0;
    usage.web_searches = 1;
    CHECK_FALSE(cost_of(usage, &mapping));
}

TEST_CASE("cost: what is paid by seconds, characters or sizes of images is not free") {
    Mapping mapping{};
    mapping.prices = {.input = Rate{0}, .output = Rate{0}};
    Usage usage;
    usage.input = 10;
    CHECK(to_decimal(cost_of(usage, &mapping)->total) == "0");
    constexpr UnitPrice kSpeech[] = {{"character", Rate{15'000'000'000}}};
    mapping.unit_prices = kSpeech;
    CHECK_FALSE(cost_of(usage, &mapping));
    constexpr UnitPrice kSized[] = {{"image/1k", Rate{1}}};
    mapping.unit_prices = kSized;
    usage.images = 1;
    CHECK_FALSE(cost_of(usage, &mapping));
    constexpr UnitPrice kImage[] = {{"image/default", Rate{30'000'000'000'000}}};
    mapping.unit_prices = kImage;
    CHECK(to_decimal(cost_of(usage, &mapping)->total) == "0.03");
    usage.images = 0;
    CHECK_FALSE(cost_of(usage, &mapping));
    constexpr UnitPrice kRequest[] = {{"request", Rate{5'000'000'000'000}}};
    mapping.unit_prices = kRequest;
    CHECK(to_decimal(cost_of(usage, &mapping)->total) == "0.005");
}

TEST_CASE("cost: counts beyond reason are unknown, not wrapped") {
    Usage usage;
    usage.input = std::uint64_t{1} << 53U;
    CHECK(cost_of(usage, &full_mapping())->total == Money{9'007'199'254'740'992'000 + 1'000'000});
    usage.audio_input = std::uint64_t{1} << 53U;  // 128 dollars a million
    CHECK_FALSE(cost_of(usage, &full_mapping()));
    usage.audio_input = UINT64_MAX;
    usage.input = UINT64_MAX;
    CHECK_FALSE(cost_of(usage, &full_mapping()));
}

TEST_CASE("cost: of any usage at any mapping, the parts add up to the total, rounded once") {
    std::mt19937_64 random(3);
    const auto count = [&random] {
        return random() % 2 == 0 ? 0 : random() >> (20 + random() % 44);
    };
    std::size_t known = 0;
    for (int i = 0; i < 50'000; i++) {
        const auto models = catalog::models();
        const Model& model = models[random() % models.size()];
        const Mapping& mapping = model.mappings[random() % model.mappings.size()];
        Usage usage;
        usage.input = count();
        usage.cached_input = count();
        usage.cache_write = count();
        usage.cache_write_1h = count();
        usage.audio_input = count();
        usage.image_input = count();
        usage.output = count();
        usage.reasoning = count();
        usage.audio_output = count();
        usage.image_output = count();
        const auto cost = cost_of(usage, &mapping);
        if (!cost) {
            continue;
        }
        known++;
        CAPTURE(mapping.provider);
        CAPTURE(mapping.upstream_id);
        const Money parts[] = {cost->input,   cost->cached_input, cost->cache_write, cost->output,
                               cost->request, cost->web_search,   cost->image};
        Money sum;
        for (const Money part : parts) {
            CHECK(part >= Money{0});
            sum += part;
        }
        CHECK(sum == cost->total);
        // Within one nano-dollar of what the bucket costs alone.
        Usage only;
        only.output = usage.output;
        only.reasoning = usage.reasoning;
        only.audio_output = usage.audio_output;
        only.image_output = usage.image_output;
        if (mapping.tiers.empty()) {
            const auto alone = cost_of(only, &mapping);
            REQUIRE(alone);
            CHECK(std::abs(alone->output.nano - cost->output.nano) <= 1);
        }
    }
    CHECK(known > 30'000);
}

TEST_CASE("cost: every mapping of the catalog whose prices are there has one") {
    for (const Model& model : catalog::models()) {
        for (const Mapping& mapping : model.mappings) {
            CAPTURE(model.id);
            CAPTURE(mapping.provider);
            const bool by_tokens =
                mapping.prices.input && mapping.prices.output &&
                (mapping.prices.input != Rate{0} || mapping.prices.output != Rate{0} ||
                 mapping.unit_prices.empty());
            for (const std::uint64_t tokens : {0U, 1U, 1000U, 300'000U, 3'000'000U}) {
                Usage usage;
                usage.input = usage.cached_input = usage.cache_write = tokens;
                usage.cache_write_1h = usage.output = usage.reasoning = tokens;
                usage.audio_input = usage.image_input = tokens;
                usage.audio_output = usage.image_output = tokens;
                const auto cost = cost_of(usage, &mapping);
                CHECK((cost.has_value() || !by_tokens));
                if (cost && tokens > 0 && mapping.prices.input != Rate{0}) {
                    CHECK(cost->total.nano > 0);
                    CHECK(cost->cached_input.nano > 0);
                    CHECK(cost->cache_write.nano > 0);
                }
                usage.web_searches = 1;
                CHECK(cost_of(usage, &mapping).has_value() ==
                      (cost && catalog::unit_price(mapping, "web_search")));
                for (const std::string_view tier : mapping.service_tiers) {
                    usage.web_searches = 0;
                    usage.service_tier = tier;
                    CHECK(cost_of(usage, &mapping).has_value() == cost.has_value());
                }
            }
        }
    }
}

namespace {
std::string joined(std::string_view object, const Additions& additions) {
    const auto fields = scan_object(object);
    REQUIRE(fields);
    const Spliced spliced = add_to_object(object, *fields, additions);
    std::string text;
    for (const std::string_view piece : spliced.pieces) {
        text += piece;
    }
    return text;
}
}  // namespace

TEST_CASE("additions are spliced in and nothing else changes") {
    Additions additions;
    additions.metadata = "\"request_id\":\"r\"";
    CHECK(joined("{\"a\":1.0, \"usage\":{\"prompt_tokens\":1} }\n", additions) ==
          "{\"a\":1.0, \"usage\":{\"prompt_tokens\":1,\"cost\":null} "
          ",\"metadata\":{\"request_id\":\"r\"}}\n");
    CHECK(joined("{}", additions) == "{\"metadata\":{\"request_id\":\"r\"}}");
    CHECK(joined("{\"metadata\":{\"k\":\"v\"},\"usage\":{}}", additions) ==
          "{\"metadata\":{\"k\":\"v\",\"request_id\":\"r\"},\"usage\":{}}");
    CHECK(joined("{\"usage\":{\"cost\":0.5}}", additions) ==
          "{\"usage\":{\"cost\":0.5},\"metadata\":{\"request_id\":\"r\"}}");
    additions.plain = true;
    CHECK(joined("{\"usage\":{\"prompt_tokens\":1}}", additions) ==
          "{\"usage\":{\"prompt_tokens\":1}}");
}
