// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <utility>

#include "cli/chat_stdin.h"
#include "cli/output.h"
#include "cli/route_json.h"
#include "cli/route_table.h"
#include "cli/routes.h"
#include "common/base/text.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

Result<RouteQuestion> read_question(const GlobalOptions& global,
                                    const RoutesExplainOptions& options) {
    RouteQuestion question{.model = options.model, .request = {}, .metadata = options.metadata};
    if (options.request_file.empty()) {
        if (options.model.empty()) {
            return fail(Errc::usage, "MODEL is missing",
                        "name a model, or give a request with --request FILE");
        }
        return question;
    }
    Cancel cancel;
    auto text = options.request_file == "-" ? Stdin(global, cancel).read_all("the request")
                                            : read_file(options.request_file);
    if (!text) {
        return tl::unexpected(std::move(text.error()));
    }
    if (trim(*text).empty()) {
        return fail(Errc::invalid_file, "the request is empty",
                    "give the body of a chat completion, a JSON object");
    }
    question.request = *std::move(text);
    return question;
}

std::string needs_line(const RouteExplanation& explanation) {
    std::string text;
    for (const std::string_view need : explanation.needs) {
        text += (text.empty() ? "the request needs " : ", ") + std::string(need);
    }
    return text.empty() ? text : text + "\n";
}

// A route's targets in their order.
std::string stops_text(const RouteExplanation& explanation, bool color) {
    if (explanation.stops.empty()) {
        return "";
    }
    Table table({"", "TARGET", "NAME", "ASKS", "MODEL", ""});
    for (std::size_t i = 0; i < explanation.stops.size(); i++) {
        const RouteStop& stop = explanation.stops[i];
        const auto cell = [](const std::string& text, const char* none) {
            return Cell{text.empty() ? none : printable(text)};
        };
        table.add({{std::to_string(i + 1)},
                   cell(stop.target, "-"),
                   cell(stop.name, "-"),
                   cell(stop.asks, "whoever serves it"),
                   cell(stop.model, "-"),
                   cell(stop.problem, "")});
    }
    return table.render(true, color) + choices_text(explanation.decision) + "\n";
}

// What is different when it is no question.
std::string chance_line(const RouteExplanation& explanation) {
    if (explanation.exploration_rate <= 0) {
        return "";
    }
    return "\nChance is left out here: routing.exploration_rate sends " +
           show_percent(explanation.exploration_rate) +
           " of requests to any of them, to learn how they do.\n";
}

}  // namespace

Result<int> run_routes_explain(const GlobalOptions& global, const RoutesExplainOptions& options) {
    const auto question = read_question(global, options);
    if (!question) {
        return tl::unexpected(question.error());
    }
    const auto home = find_home();
    if (!home) {
        return tl::unexpected(home.error());
    }
    const auto explanation = explain_route(*home, *question);
    if (!explanation) {
        return tl::unexpected(explanation.error());
    }
    if (!explanation->health_problem.empty()) {
        warn(global, "the health of the keys is not known: " + explanation->health_problem);
    }
    if (global.json) {
        write_out(explanation_json(*explanation));
        return 0;
    }
    const bool color = use_color(global, STDOUT_FILENO);
    const DecisionView view{explanation->decision, explanation->weights, explanation->rests};
    const bool ranked = explanation->stops.empty() || !explanation->decision.candidates.empty();
    write_out(stops_text(*explanation, color) + (ranked ? decision_text(view, color) : "") +
              needs_line(*explanation) + (ranked ? chance_line(*explanation) : ""));
    return 0;
}

}  // namespace llmgw
