// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/usage.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"

namespace llmgw {

namespace {

std::optional<std::uint64_t> count(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::nullopt : json_uint(field->value);
}

// The members of an object within `fields`; none when it is absent.
std::vector<JsonField> details(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? std::vector<JsonField>() : nested_fields(field->value);
}

// Takes up to `tokens` out of what is left of a total: buckets that contradict it stay within it.
std::uint64_t take(std::uint64_t& left, std::optional<std::uint64_t> tokens) {
    const std::uint64_t taken = std::min(left, tokens.value_or(0));
    left -= taken;
    return taken;
}

// Tokens read from a cache: OpenAI's name, then Moonshot's and DeepSeek's.
std::optional<std::uint64_t> cache_reads(const std::vector<JsonField>& usage,
                                         const std::vector<JsonField>& prompt_details) {
    auto tokens = count(prompt_details, "cached_tokens");
    tokens = tokens ? tokens : count(usage, "cached_tokens");
    return tokens ? tokens : count(usage, "prompt_cache_hit_tokens");
}

// Tokens written to a cache: OpenAI's and OpenRouter's name, then Alibaba's. How long they live is
// told in Anthropic's words.
void take_cache_writes(const std::vector<JsonField>& fields,
                       const std::vector<JsonField>& prompt_details, std::uint64_t& left,
                       Usage& usage) {
    std::vector<JsonField> lives = details(fields, "cache_creation");
    if (lives.empty()) {
        lives = details(prompt_details, "cache_creation");
    }
    const auto hour = count(lives, "ephemeral_1h_input_tokens");
    auto all = count(prompt_details, "cache_write_tokens");
    all = all ? all : count(prompt_details, "cache_creation_input_tokens");
    usage.cache_write_1h = take(left, all ? std::min(*all, hour.value_or(0)) : hour);
    usage.cache_write =
        take(left, all ? *all - usage.cache_write_1h : count(lives, "ephemeral_5m_input_tokens"));
}

// The price of something that has none of its own: that of plain text.
const std::optional<Rate>& either(const std::optional<Rate>& own, const std::optional<Rate>& text) {
    return own ? own : text;
}

// Adds a cost up, part by part.
class Bill {
  public:
    explicit Bill(std::uint32_t factor_milli) : factor_milli_(factor_milli) {}

    void tokens(std::uint64_t number, const std::optional<Rate>& rate) {
        add(number, rate, factor_milli_);
    }
    // Other things than tokens; service tiers do not change their prices.
    void units(std::uint64_t number, const std::optional<Rate>& rate) {
        add(number, rate, CostSum::kOne);
    }
    // What was added since the last part.
    Money part() {
        const std::optional<Money> total = sum_.total();
        known_ = known_ && total;
        const Money before = std::exchange(total_, total.value_or(total_));
        return Money{total_.nano - before.nano};
    }
    [[nodiscard]] Money total() const { return total_; }
    // Whether there was a price for everything, and the sum is one that Money holds.
    [[nodiscard]] bool known() const { return known_; }

  private:
    void add(std::uint64_t number, const std::optional<Rate>& rate, std::uint32_t factor_milli) {
        if (number > 0 && rate) {
            sum_.add(number, *rate, factor_milli);
        }
        known_ = known_ && (number == 0 || rate);
    }

    std::uint32_t factor_milli_;
    CostSum sum_;
    Money total_;
    bool known_ = true;
};

// Whether the usage counts everything that the model is paid by. Images are, where each costs the
// same, whatever its size.
bool counts_all(const Usage& usage, const Mapping& mapping, const Prices& prices) {
    return catalog::paid_by_tokens(mapping, prices) ||
           (usage.images > 0 && catalog::unit_price(mapping, "image/default"));
}

void append_cost(std::string& text, std::string_view name, Money amount) {
    text += name;
    append_decimal(text, amount);
}

}  // namespace

std::optional<Usage> read_usage(std::string_view object) {
    if (json_kind(object) != JsonKind::object) {
        return std::nullopt;
    }
    const auto fields = scan_object(object);
    if (!fields) {
        return std::nullopt;
    }
    const auto total = count(*fields, "total_tokens");
    const auto told_prompt = count(*fields, "prompt_tokens");
    const auto told_completion = count(*fields, "completion_tokens");
    if (!total && !told_prompt && !told_completion) {
        return std::nullopt;
    }
    const std::vector<JsonField> in = details(*fields, "prompt_tokens_details");
    const std::vector<JsonField> out = details(*fields, "completion_tokens_details");
    const std::uint64_t completion = told_completion.value_or(0);
    // Of embeddings, some servers tell the total only.
    const std::uint64_t prompt =
        told_prompt.value_or(std::max(total.value_or(0), completion) - completion);
    Usage usage;
    std::uint64_t left = prompt;
    usage.cached_input = take(left, cache_reads(*fields, in));
    take_cache_writes(*fields, in, left, usage);
    usage.audio_input = take(left, count(in, "audio_tokens"));
    usage.image_input = take(left, count(in, "image_tokens"));
    usage.input = left;
    const std::uint64_t reasoning = count(out, "reasoning_tokens").value_or(0);
    // xAI counts thoughts beside `completion_tokens`; then only the total has them.
    const bool beside = reasoning > 0 && total && *total > prompt && *total - prompt > completion &&
                        *total - prompt - completion == reasoning;
    left = completion;
    usage.reasoning = beside ? reasoning : take(left, reasoning);
    usage.audio_output = take(left, count(out, "audio_tokens"));
    usage.image_output = take(left, count(out, "image_tokens"));
    usage.output = left;
    usage.web_searches =
        count(details(*fields, "server_tool_use"), "web_search_requests").value_or(0);
    if (const JsonField* const tier = find_field(*fields, "service_tier")) {  // Anthropic's place
        usage.service_tier = json_text(tier->value).value_or("");
    }
    const JsonField* const estimated = find_field(*fields, "estimated");
    usage.estimated = estimated != nullptr && estimated->value == "true";
    usage.has_own_cost = find_field(*fields, "cost") != nullptr;
    return usage;
}

std::optional<Cost> cost_of(const Usage& usage, const Mapping* mapping) {
    if (mapping == nullptr) {
        return std::nullopt;
    }
    const Prices& prices = catalog::prices_for(*mapping, usage.prompt());
    const auto factor = catalog::service_tier_factor(mapping->provider, usage.service_tier);
    if (!factor || (!prices.input && !prices.output) || !counts_all(usage, *mapping, prices)) {
        return std::nullopt;
    }
    Bill bill(*factor);
    Cost cost;
    bill.tokens(usage.input, prices.input);
    bill.tokens(usage.audio_input, either(prices.audio_input, prices.input));
    bill.tokens(usage.image_input, either(prices.image_input, prices.input));
    cost.input = bill.part();
    bill.tokens(usage.cached_input, either(prices.cached_input, prices.input));
    cost.cached_input = bill.part();
    const auto& write_price = either(prices.cache_write, prices.input);
    bill.tokens(usage.cache_write, write_price);
    bill.tokens(usage.cache_write_1h, either(prices.cache_write_1h, write_price));
    cost.cache_write = bill.part();
    bill.tokens(usage.output, prices.output);
    bill.tokens(usage.reasoning, prices.output);
    bill.tokens(usage.audio_output, either(prices.audio_output, prices.output));
    bill.tokens(usage.image_output, either(prices.image_output, prices.output));
    cost.output = bill.part();
    if (!mapping->unit_prices.empty()) {
        bill.units(1, catalog::unit_price(*mapping, "request").value_or(Rate{}));
        cost.request = bill.part();
        bill.units(usage.images, catalog::unit_price(*mapping, "image/default").value_or(Rate{}));
        cost.image = bill.part();
    }
    bill.units(usage.web_searches, catalog::unit_price(*mapping, "web_search"));
    cost.web_search = bill.part();
    cost.total = bill.total();
    return bill.known() ? std::optional(cost) : std::nullopt;
}

std::string cost_members(const std::optional<Cost>& cost) {
    if (!cost) {
        return "\"cost\":null";
    }
    std::string text;
    text.reserve(256);
    append_cost(text, "\"cost\":", cost->total);
    append_cost(text, ",\"cost_details\":{\"total_cost\":", cost->total);
    append_cost(text, ",\"input_cost\":", cost->input);
    append_cost(text, ",\"cached_input_cost\":", cost->cached_input);
    append_cost(text, ",\"output_cost\":", cost->output);
    const auto append_if_any = [&text](std::string_view name, Money amount) {
        if (amount.nano != 0) {
            append_cost(text, name, amount);
        }
    };
    append_if_any(",\"cache_write_cost\":", cost->cache_write);
    append_if_any(",\"request_cost\":", cost->request);
    append_if_any(",\"web_search_cost\":", cost->web_search);
    append_if_any(",\"image_cost\":", cost->image);
    text += '}';
    return text;
}

}  // namespace llmgw
