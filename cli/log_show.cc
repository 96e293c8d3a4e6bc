// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "cli/log_json.h"
#include "cli/log_rows.h"
#include "cli/logs.h"
#include "cli/output.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

std::string field(std::string_view name, const std::string& value) {
    constexpr std::size_t kWidth = 12;
    std::string text(name);
    text.resize(kWidth, ' ');
    return text + value + "\n";
}

std::string or_dash(const std::string& text) {
    return text.empty() ? "-" : printable(text);
}

std::string tokens_text(const LoggedCall& call) {
    std::string text = std::to_string(call.input) + " in";
    for (const auto& [name, count] :
         {std::pair("cached", call.cached_input), std::pair("written to a cache", call.cache_write),
          std::pair("out", call.output), std::pair("reasoning", call.reasoning)}) {
        if (count > 0 || std::string_view(name) == "out") {
            text += ", " + std::to_string(count) + " " + name;
        }
    }
    if (call.usage_source == "estimated") {
        text += " (estimated)";
    }
    return call.usage_source == "unknown" ? "unknown" : text;
}

std::string summary(const LoggedCall& call) {
    const bool none = call.error.empty() || call.error == "none";
    std::string text = field("request", printable(call.request_id));
    text += field("id", std::to_string(call.id));
    text += field("time", rfc3339(call.time));
    text += field("endpoint", or_dash(call.endpoint) + (call.streamed ? ", streamed" : ""));
    text += field("asked for", or_dash(call.requested_model));
    text += field("model", or_dash(call.model));
    text += field("provider", or_dash(call.provider));
    text += field("key", or_dash(call.key));
    text += call.region.empty() ? "" : field("region", printable(call.region));
    text += field("status", call.status == 0 ? "-" : std::to_string(call.status));
    text += none ? "" : field("error", printable(call.error));
    text += field("attempts", std::to_string(call.attempt));
    text += field("tokens", tokens_text(call));
    text += field("cost", call.cost ? "$" + to_decimal(*call.cost) : "unknown");
    if (call.first_byte_us) {
        text += field("first byte", show_micros(*call.first_byte_us, true));
    }
    return text + field("duration", show_micros(call.duration_us, true));
}

Table attempts_table(const std::vector<LoggedCall>& rows) {
    Table table({"ATTEMPT", "PROVIDER", "MODEL", "KEY", "STATUS", "ERROR", "DURATION"});
    for (const auto& row : rows) {
        table.add({{std::to_string(row.attempt)},
                   {or_dash(row.provider)},
                   {or_dash(row.model)},
                   {or_dash(row.key)},
                   {row.status == 0 ? "-" : std::to_string(row.status),
                    row.failed() ? Style::red : Style::green},
                   {or_dash(row.error)},
                   {show_micros(row.duration_us, true), Style::plain, true}});
    }
    return table;
}

// A number of a decision, which leaves zeros and unknown ones out.
std::string number(const Json& object, const char* name, const char* otherwise) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_number()) {
        return otherwise;
    }
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.4g", found->get<double>());
    return text.data();
}

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? printable(found->get<std::string>()) : "-";
}

const Json& list_of(const Json& object, const char* name) {
    static const Json kNone = Json::array();
    const auto found = object.find(name);
    return found != object.end() && found->is_array() ? *found : kNone;
}

// One line for each candidate: those that were ranked in their order, then the excluded ones.
Table decision_table(const Json& decision) {
    Table table({"RANK", "PROVIDER", "MODEL", "KEY", "SCORE", "PRICE", "UPTIME", "THROUGHPUT",
                 "LATENCY", "CACHE", "PENALTY", "NOTE"});
    const Json& candidates = list_of(decision, "candidates");
    std::vector<bool> ranked(candidates.size());
    const auto right = [](std::string text) {
        return Cell{.text = std::move(text), .style = Style::plain, .right = true};
    };
    std::size_t rank = 0;
    for (const auto& scored : list_of(decision, "order")) {
        const auto place = scored.find("candidate");
        if (place == scored.end() || !place->is_number_unsigned() ||
            place->get<std::size_t>() >= candidates.size()) {
            continue;
        }
        const auto index = place->get<std::size_t>();
        const Json& facts = candidates[index];
        ranked[index] = true;
        table.add({right(std::to_string(++rank)),
                   {text_of(facts, "provider")},
                   {text_of(facts, "model")},
                   {text_of(facts, "key")},
                   right(number(scored, "score", "0")),
                   right(number(scored, "price", "0")),
                   right(number(scored, "uptime", "0")),
                   right(number(scored, "throughput", "0")),
                   right(number(scored, "latency", "0")),
                   right(number(scored, "cache", "0")),
                   right(number(scored, "penalty", "0")),
                   {scored.contains("further_key") ? "further key" : "-"}});
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (!ranked[i]) {
            const Json& facts = candidates[i];
            std::vector<Cell> cells = {right("-"),
                                       {text_of(facts, "provider")},
                                       {text_of(facts, "model")},
                                       {text_of(facts, "key")}};
            cells.resize(11, right("-"));
            cells.push_back({text_of(facts, "excluded"), Style::yellow});
            table.add(std::move(cells));
        }
    }
    return table;
}

std::string decision_text(const Json& decision, bool terminal, bool color) {
    std::string text = "\nrouting     " + text_of(decision, "reason") + " (strategy " +
                       text_of(decision, "strategy");
    const auto seed = decision.find("seed");
    text += seed != decision.end() ? ", seed " + seed->dump() + ")\n" : ")\n";
    return text + decision_table(decision).render(terminal, color);
}

Error no_such_request(const std::string& id) {
    return fail(Errc::not_found, "there is no request '" + printable(id) + "' in the log",
                "llmgw logs list shows the newest; x-request-id of an answer is its id")
        .value();
}

}  // namespace

Result<int> run_logs_show(const GlobalOptions& global, const LogId& options) {
    const auto store = open_existing_log();
    if (!store) {
        return tl::unexpected(store.error());
    }
    if (*store == nullptr) {
        return tl::unexpected(no_such_request(options.id));
    }
    const auto rows = (*store)->request(options.id);
    if (!rows) {
        return tl::unexpected(rows.error());
    }
    if (rows->empty()) {
        return tl::unexpected(no_such_request(options.id));
    }
    const LoggedCall& outcome = rows->back();
    const auto stored = (*store)->decision(outcome.id);
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    if (global.json) {
        write_out(request_json(*rows, *stored));
        return 0;
    }
    const bool terminal = is_terminal(STDOUT_FILENO);
    const bool color = use_color(global, STDOUT_FILENO);
    std::string text = summary(outcome);
    if (rows->size() > 1) {
        text += "\n" + attempts_table(*rows).render(terminal, color);
    }
    if (const auto decision = parse_json(*stored); decision && decision->is_object()) {
        text += decision_text(*decision, terminal, color);
    }
    write_out(text);
    return 0;
}

}  // namespace llmgw
