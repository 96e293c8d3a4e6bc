// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "cli/config.h"
#include "cli/logs.h"
#include "cli/output.h"
#include "cli/routes.h"
#include "cli/session.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

Result<void> check_settings(const GlobalOptions& global, const RoutesSimulateOptions& options,
                            Store& store) {
    for (const auto& [name, value] : options.settings) {
        if (auto checked = check_new_setting(global, {.name = name, .value = value}, store);
            !checked) {
            return checked;
        }
        if (!can_simulate(name)) {
            return fail(Errc::usage,
                        name +
                            " cannot be simulated: it does not take part in the "
                            "choice between providers as the log has it",
                        "llmgw config list shows routing.weights and others that do");
        }
    }
    return {};
}

std::optional<double> mean(double sum, std::uint64_t count) {
    return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

double share(std::uint64_t part, std::uint64_t of) {
    return mean(static_cast<double>(part), of).value_or(0);
}

Json number_json(const std::optional<double>& number) {
    return number ? Json(*number) : Json();
}

Json figure_json(const FigurePair& figure) {
    return {{"before", number_json(mean(figure.before, figure.requests))},
            {"after", number_json(mean(figure.after, figure.requests))},
            {"requests", figure.requests}};
}

Json usd_json(Money amount) {
    constexpr double kNano = 1e9;
    return static_cast<double>(amount.nano) / kNano;
}

Json sums_json(const SimulatedRequests& sums) {
    const std::uint64_t known = sums.requests - sums.unanswered - sums.unknown_costs;
    return {{"requests", sums.requests},
            {"changed", sums.changed},
            {"changed_share", share(sums.changed, sums.requests)},
            {"unanswered", sums.unanswered},
            {"cost_usd",
             {{"before", known == 0 ? Json() : usd_json(sums.cost_before)},
              {"after", known == 0 ? Json() : usd_json(sums.cost_after)},
              {"requests", known},
              {"unknown", sums.unknown_costs}}},
            {"latency_ms", figure_json(sums.latency_ms)},
            {"uptime", figure_json(sums.uptime)}};
}

std::string simulation_json(const Simulation& simulation, const RoutesSimulateOptions& options,
                            std::int64_t since) {
    Json settings = Json::object();
    for (const auto& [name, value] : options.settings) {
        settings[name] = value;
    }
    Json models = Json::array();
    for (const auto& [model, sums] : simulation.models) {
        Json row = {{"model", model}};
        row.update(sums_json(sums));
        models.push_back(std::move(row));
    }
    const Json document = {{"since", rfc3339(since)},
                           {"settings", std::move(settings)},
                           {"limited", simulation.limited},
                           {"unrouted", simulation.unrouted},
                           {"total", sums_json(simulation.total)},
                           {"models", std::move(models)}};
    return print_json(document, 2) + "\n";
}

std::vector<Cell> row_of(const std::string& model, const SimulatedRequests& sums) {
    const auto right = [](std::string text) {
        return Cell{.text = std::move(text), .style = Style::plain, .right = true};
    };
    const bool known = sums.requests > sums.unanswered + sums.unknown_costs;
    const auto cost = [known](Money amount) { return known ? to_decimal(amount) : "?"; };
    const auto latency = [&](double sum) {
        return show_decimal(mean(sum, sums.latency_ms.requests), 0);
    };
    const auto uptime = [&](double sum) {
        return show_decimal(mean(sum, sums.uptime.requests), 1);
    };
    return {{printable(model)},
            right(std::to_string(sums.requests)),
            right(show_percent(share(sums.changed, sums.requests))),
            right(cost(sums.cost_before)),
            right(cost(sums.cost_after)),
            right(std::to_string(sums.unknown_costs)),
            right(latency(sums.latency_ms.before)),
            right(latency(sums.latency_ms.after)),
            right(uptime(sums.uptime.before)),
            right(uptime(sums.uptime.after))};
}

void print_table(const GlobalOptions& global, const Simulation& simulation) {
    Table table({"MODEL", "REQUESTS", "CHANGED", "$ BEFORE", "$ AFTER", "$ UNKNOWN", "MS BEFORE",
                 "MS AFTER", "UPTIME BEFORE", "UPTIME AFTER"});
    for (const auto& [model, sums] : simulation.models) {
        table.add(row_of(model, sums));
    }
    table.add(row_of("total", simulation.total));
    table.print(global);
}

}  // namespace

Result<int> run_routes_simulate(const GlobalOptions& global, const RoutesSimulateOptions& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    if (auto checked = check_settings(global, options, *session->store); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    SimulationQuery query;
    query.since = time_ago(options.since);
    query.model = options.model;
    query.limit = static_cast<std::uint64_t>(options.limit);
    query.settings = options.settings;
    const auto simulation = simulate_routes(session->home, query);
    if (!simulation) {
        return tl::unexpected(simulation.error());
    }
    if (simulation->limited) {
        note(global, "only the newest " + std::to_string(options.limit) +
                         " requests were routed again; --limit takes more");
    }
    if (simulation->total.unanswered > 0) {
        note(global, std::to_string(simulation->total.unanswered) +
                         " requests would be answered by nobody");
    }
    if (global.json) {
        write_out(simulation_json(*simulation, options, query.since));
    } else if (simulation->total.requests == 0) {
        note(global, "the log has no routed request of that time");
    } else {
        print_table(global, *simulation);
    }
    return 0;
}

}  // namespace llmgw
