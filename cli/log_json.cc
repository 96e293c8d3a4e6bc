// SPDX-License-Identifier: Apache-2.0
#include "cli/log_json.h"

#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr std::int64_t kMilli = 1000;

Json text_json(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

Json usd_json(const std::optional<Money>& cost) {
    constexpr double kNano = 1e9;
    return cost ? Json(static_cast<double>(cost->nano) / kNano) : Json();
}

Json call_json(const LoggedCall& call) {
    return {{"id", call.id},
            {"request_id", call.request_id},
            {"time", rfc3339(call.time)},
            {"endpoint", text_json(call.endpoint)},
            {"requested_model", text_json(call.requested_model)},
            {"model", text_json(call.model)},
            {"provider", text_json(call.provider)},
            {"key", text_json(call.key)},
            {"region", text_json(call.region)},
            {"route", text_json(call.route)},
            {"streamed", call.streamed},
            {"cached", call.cached},
            {"attempt", call.attempt},
            {"final", call.final},
            {"status", call.status == 0 ? Json() : Json(call.status)},
            {"error", call.error},
            {"input_tokens", call.input},
            {"cached_input_tokens", call.cached_input},
            {"cache_write_tokens", call.cache_write},
            {"output_tokens", call.output},
            {"reasoning_tokens", call.reasoning},
            {"usage_source", text_json(call.usage_source)},
            {"cost_usd", usd_json(call.cost)},
            {"first_byte_ms",
             call.first_byte_us ? Json((*call.first_byte_us + kMilli / 2) / kMilli) : Json()},
            {"duration_ms", (call.duration_us + kMilli / 2) / kMilli}};
}

Json decision_document(std::string_view decision) {
    return parse_json(decision).value_or(Json());
}

}  // namespace

std::string calls_json(std::span<const LoggedCall> calls) {
    Json list = Json::array();
    for (const auto& call : calls) {
        list.push_back(call_json(call));
    }
    return print_json(list, 2) + "\n";
}

std::string request_json(std::span<const LoggedCall> rows, std::string_view decision) {
    Json document = call_json(rows.back());
    document["attempts"] = Json::array();
    for (const auto& row : rows) {
        // A request whose providers were never asked has none.
        if (row.attempt > 0) {
            document["attempts"].push_back(call_json(row));
        }
    }
    document["decision"] = decision_document(decision);
    return print_json(document, 2) + "\n";
}

std::string call_json_line(const LoggedCall& call, std::optional<std::string_view> decision) {
    Json document = call_json(call);
    if (decision) {
        document["decision"] = decision_document(*decision);
    }
    return print_json(document) + "\n";
}

}  // namespace llmgw
