// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/usage.h"

#include <algorithm>

#include "common/base/json_scan.h"

namespace llmgw {

namespace {

std::uint64_t count(const std::vector<JsonField>& fields, std::string_view name) {
    const JsonField* const field = find_field(fields, name);
    return field == nullptr ? 0 : json_uint(field->value).value_or(0);
}

std::uint64_t nested_count(const std::vector<JsonField>& fields, std::string_view object,
                           std::string_view name) {
    const JsonField* const field = find_field(fields, object);
    if (field == nullptr || json_kind(field->value) != JsonKind::object) {
        return 0;
    }
    const auto inner = scan_object(field->value);
    return inner ? count(*inner, name) : 0;
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
    const std::uint64_t prompt = count(*fields, "prompt_tokens");
    usage.cached_input =
        std::min(prompt, nested_count(*fields, "prompt_tokens_details", "cached_tokens"));
    usage.audio_input = std::min(prompt - usage.cached_input,
                                 nested_count(*fields, "prompt_tokens_details", "audio_tokens"));
    usage.input = prompt - usage.cached_input - usage.audio_input;
    const std::uint64_t completion = count(*fields, "completion_tokens");
    usage.audio_output =
        std::min(completion, nested_count(*fields, "completion_tokens_details", "audio_tokens"));
    usage.output = completion - usage.audio_output;
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
        add(usage.cached_input, cached_price, cached) && add(usage.output, prices.output, output) &&
        add(usage.audio_output, audio_out_price, output) && add(usage.input, prices.input, total) &&
        add(usage.audio_input, audio_in_price, total) &&
        add(usage.cached_input, cached_price, total) && add(usage.output, prices.output, total) &&
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
    return "\"cost\":" + total + ",\"cost_details\":{\"total_cost\":" + total +
           ",\"input_cost\":" + to_decimal(cost->input) +
           ",\"cached_input_cost\":" + to_decimal(cost->cached_input) +
           ",\"output_cost\":" + to_decimal(cost->output) + "}";
}

}  // namespace llmgw
