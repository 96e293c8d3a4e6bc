// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <utility>

#include "cli/log_json.h"
#include "cli/log_rows.h"
#include "cli/logs.h"
#include "cli/output.h"
#include "cli/route_table.h"
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

// How it was routed; empty when it was not, or when that was written by another version.
std::string routing_text(const std::string& stored, bool color) {
    const auto decision = stored.empty() ? Result<Decision>(Decision()) : read_decision(stored);
    if (!decision || (decision->candidates.empty() && decision->choices.empty())) {
        return "";
    }
    const std::string way = "\n" + choices_text(*decision);
    if (decision->candidates.empty()) {
        return way;  // the route said whom to ask
    }
    return way + decision_text({*decision, std::nullopt, {}}, color) + "seed " +
           std::to_string(decision->request.seed) + "\n";
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
    text += routing_text(*stored, color);
    write_out(text);
    return 0;
}

}  // namespace llmgw
