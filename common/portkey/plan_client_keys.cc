// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/plan_names.h"
#include "common/portkey/plan_routes.h"
#include "common/secrets/sha256.h"

namespace llmgw {
namespace {

/// "2026-05-02T00:00:00.000Z", or the date alone; nothing for another text.
std::optional<std::int64_t> parse_time(std::string_view text) {
    int numbers[6] = {0, 1, 1, 0, 0, 0};
    std::size_t count = 0;
    while (count < std::size(numbers) && !text.empty()) {
        const auto [stop, error] =
            std::from_chars(text.data(), text.data() + text.size(), numbers[count]);
        if (error != std::errc{}) {
            return std::nullopt;
        }
        count++;
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
        if (text.empty() || std::string_view("-:T ").find(text[0]) == std::string_view::npos) {
            break;
        }
        text.remove_prefix(1);
    }
    const std::chrono::year_month_day date{std::chrono::year(numbers[0]),
                                           std::chrono::month(static_cast<unsigned>(numbers[1])),
                                           std::chrono::day(static_cast<unsigned>(numbers[2]))};
    if (count < 3 || !date.ok()) {
        return std::nullopt;
    }
    const auto time = std::chrono::sys_days(date) + std::chrono::hours(numbers[3]) +
                      std::chrono::minutes(numbers[4]) + std::chrono::seconds(numbers[5]);
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// Plans the keys one after the other.
class ClientKeyPlanner {
  public:
    ClientKeyPlanner(const PortkeyExports& exports, const ImportTarget& target, ImportPlan& plan)
        : exports_(exports), target_(target), plan_(plan) {}

    void add(const ExportedApiKey& exported) {
        if (!exported.can_ask) {
            Finding& finding = tell(exported, Severity::info, "L-SCOPE");
            finding.portkey = "let the key " + shown(exported) + " ask no models";
            finding.llmgw = "needs no such keys";
            return;
        }
        PlannedClientKey planned;
        planned.place = exported.place;
        planned.id = "k_" + sha256_hex("portkey " + identity(exported)).substr(0, 12);
        planned.expires_at = parse_time(exported.expires_at);
        planned.route = find_route(exported);
        const bool ended = (planned.expires_at && *planned.expires_at <= target_.now) ||
                           (!exported.status.empty() && exported.status != "active" &&
                            exported.status != "exhausted");
        if (ended) {
            Finding& finding = tell(exported, Severity::info, "L-STATUS");
            finding.portkey = "does not take the key " + shown(exported) + " any more";
            finding.llmgw = "makes none for it";
            return;
        }
        tell_losses(exported);
        compare(exported, planned);
        plan_.client_keys.push_back(std::move(planned));
    }

  private:
    static std::string identity(const ExportedApiKey& key) {
        return key.id.empty() ? key.name : key.id;
    }

    static std::string shown(const ExportedApiKey& key) {
        return "'" + printable(key.name.empty() ? key.id : key.name) + "'";
    }

    Finding& tell(const ExportedApiKey& key, Severity severity, const char* code) {
        Finding finding;
        finding.severity = severity;
        finding.code = code;
        finding.file = key.place.file;
        finding.line = key.place.line;
        finding.pointer = key.place.pointer;
        return plan_.findings.emplace_back(std::move(finding));
    }

    // The route of the config that the key's requests use.
    std::string find_route(const ExportedApiKey& key) {
        if (key.config.empty()) {
            return {};
        }
        std::string slug = key.config;
        const ExportPlace* place = nullptr;
        for (const auto& config : exports_.configs) {
            if (config.slug == key.config || config.id == key.config ||
                config.place.address == key.config) {
                slug = config.slug;
                place = &config.place;
            }
        }
        for (const auto& route : plan_.routes) {
            const bool same = place != nullptr && route.place.file == place->file &&
                              route.place.line == place->line &&
                              route.place.pointer == place->pointer;
            if (same || (!slug.empty() && route.slug == slug)) {
                return route.name;
            }
        }
        for (const auto& alias : target_.aliases) {
            if (alias.name == slug && alias.target.starts_with("route/")) {
                return alias.target.substr(6);
            }
        }
        Finding& finding = tell(key, Severity::warning, "L-CONFIG");
        finding.portkey =
            "uses the config " + printable(key.config) + " for requests of " + shown(key);
        finding.llmgw = "has no route for it, so requests go by their model";
        finding.action = "import that config as well";
        return {};
    }

    void tell_losses(const ExportedApiKey& key) {
        if (!key.limits.empty()) {
            std::string limits;
            for (const auto& limit : key.limits) {
                limits += (limits.empty() ? "" : ", ") + limit;
            }
            Finding& finding = tell(key, Severity::warning, "L-LIMIT");
            finding.portkey = "allowed the key " + shown(key) + " " + limits;
            finding.llmgw = "has no limits of cost and rate";
            finding.action = "set the limit at the provider";
        }
        if (!key.metadata.empty()) {
            Finding& finding = tell(key, Severity::warning, "L-METADATA");
            finding.portkey =
                "gave requests of " + shown(key) + " the metadata " + printable(key.metadata);
            finding.llmgw = "takes metadata from requests only";
            finding.action = "send it as x-portkey-metadata or x-llmgw-metadata";
        }
        if (key.allows_override && !key.config.empty()) {
            Finding& finding = tell(key, Severity::info, "L-OVERRIDE");
            finding.portkey = "let requests of " + shown(key) + " name another config";
            finding.llmgw = "has all requests of a key with a route take that route";
            finding.action = "give clients that choose themselves a key without a route";
        }
    }

    void compare(const ExportedApiKey& exported, PlannedClientKey& planned) {
        for (const auto& stored : target_.gateway_keys) {
            if (stored.id != planned.id) {
                continue;
            }
            planned.name = stored.name;
            planned.step = PlanStep::unchanged;
            if (stored.revoked_at) {
                planned.step = PlanStep::kept;
                Finding& finding = tell(exported, Severity::info, "L-REVOKED");
                finding.portkey = "has the key " + shown(exported);
                finding.llmgw = "had one for it, which was revoked, and makes no other";
                finding.action = "llmgw keys create NAME";
            } else if (stored.route != planned.route) {
                planned.step = PlanStep::kept;
                Finding& finding = tell(exported, Severity::warning, "L-ROUTE");
                finding.portkey = "has requests of " + shown(exported) + " use another config";
                finding.llmgw = "keeps the key's route" +
                                (stored.route.empty() ? " as none" : " " + stored.route);
                finding.action =
                    "llmgw keys update " + stored.name +
                    (planned.route.empty() ? " --no-route" : " --route " + planned.route);
            }
            return;
        }
        const std::string wanted = plan_name(identity_name(exported), "client");
        planned.name = wanted;
        for (int number = 2; is_taken(planned.name); number++) {
            planned.name = plan_name_with(wanted, std::to_string(number));
        }
    }

    static std::string identity_name(const ExportedApiKey& key) {
        return key.name.empty() ? key.id : key.name;
    }

    [[nodiscard]] bool is_taken(const std::string& name) const {
        return std::any_of(
                   target_.gateway_keys.begin(), target_.gateway_keys.end(),
                   [&](const GatewayKey& key) { return key.name == name && !key.revoked_at; }) ||
               std::any_of(plan_.client_keys.begin(), plan_.client_keys.end(),
                           [&](const PlannedClientKey& key) { return key.name == name; });
    }

    const PortkeyExports& exports_;
    const ImportTarget& target_;
    ImportPlan& plan_;
};

}  // namespace

void plan_client_keys(const PortkeyExports& exports, const ImportTarget& target, ImportPlan& plan) {
    ClientKeyPlanner planner(exports, target, plan);
    for (const auto& key : exports.api_keys) {
        planner.add(key);
    }
}

}  // namespace llmgw
