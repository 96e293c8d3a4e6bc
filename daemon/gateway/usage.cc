// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/usage.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"

namespace llmgw {

namespace {

std::uint64_t count(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? 0 : json_uint(field->value).value_or(0);
}

// The members of an object within `fields`; none when it is absent.
std::vector<JsonField> details(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    if (field == nullptr || json_kind(field->value) != JsonKind::object) {
        return {};
    }
    auto inner = scan_object(field->value);
    return inner ? std::move(*inner) : std::vector<JsonField>();
}

// Adds one bucket to `money`; false when it has tokens but no price.
bool add(std::uint64_t tokens, const std::optional<Rate>& rate, CostSum& sum) {
    if (tokens == 0) {
        return true;
    }
    if (!rate) {
        return false;
    }
    sum.add(tokens, *rate);
    return true;
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
    Usage usage;
    const std::vector<JsonField> in = details(*fields, "prompt_tokens_details");
    const std::vector<JsonField> out = details(*fields, "completion_tokens_details");
    const std::uint64_t prompt = count(*fields, "prompt_tokens");
    const std::uint64_t completion = count(*fields, "completion_tokens");
    usage.cached_input = std::min(prompt, count(in, "cached_tokens"));
    usage.audio_input = std::min(prompt - usage.cached_input, count(in, "audio_tokens"));
    usage.input = prompt - usage.cached_input - usage.audio_input;
    // What usage_object() adds to OpenAI's members, as OpenRouter names it.
    usage.cache_write_1h =
        std::min(usage.input, count(details(in, "cache_creation"), "ephemeral_1h_input_tokens"));
    usage.input -= usage.cache_write_1h;
    const std::uint64_t writes = count(in, "cache_write_tokens");
    usage.cache_write = std::min(usage.input, writes - std::min(writes, usage.cache_write_1h));
    usage.input -= usage.cache_write;
    usage.image_input = std::min(usage.input, count(in, "image_tokens"));
    usage.input -= usage.image_input;
    usage.audio_output = std::min(completion, count(out, "audio_tokens"));
    usage.reasoning = std::min(completion - usage.audio_output, count(out, "reasoning_tokens"));
    usage.output = completion - usage.audio_output - usage.reasoning;
    usage.image_output = std::min(usage.output, count(out, "image_tokens"));
    usage.output -= usage.image_output;
    usage.web_searches = count(details(*fields, "server_tool_use"), "web_search_requests");
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
    CostSum input;
    CostSum cached;
    CostSum output;
    CostSum total;
    // Prices that are not published apart are those of plain text.
    const auto& cached_price = prices.cached_input ? prices.cached_input : prices.input;
    const auto& audio_in_price = prices.audio_input ? prices.audio_input : prices.input;
    const auto& audio_out_price = prices.audio_output ? prices.audio_output : prices.output;
    const bool known =
        add(usage.input, prices.input, input) && add(usage.audio_input, audio_in_price, input) &&
        add(usage.cached_input, cached_price, cached) &&
        add(usage.output + usage.reasoning, prices.output, output) &&
        add(usage.audio_output, audio_out_price, output) && add(usage.input, prices.input, total) &&
        add(usage.audio_input, audio_in_price, total) &&
        add(usage.cached_input, cached_price, total) &&
        add(usage.output + usage.reasoning, prices.output, total) &&
        add(usage.audio_output, audio_out_price, total);
    if (!known || (!prices.input && !prices.output)) {
        return std::nullopt;
    }
    return Cost{input.total(), cached.total(), output.total(), total.total()};
}

std::string cost_members(const std::optional<Cost>& cost) {
    if (!cost) {
        return "\"cost\":null";
    }
    const std::string total = to_decimal(cost->total);
    std::string text;
    text.reserve(192);
    text += "\"cost\":";
    text += total;
    text += ",\"cost_details\":{\"total_cost\":";
    text += total;
    text += ",\"input_cost\":";
    text += to_decimal(cost->input);
    text += ",\"cached_input_cost\":";
    text += to_decimal(cost->cached_input);
    text += ",\"output_cost\":";
    text += to_decimal(cost->output);
    text += '}';
    return text;
}

}  // namespace llmgw
