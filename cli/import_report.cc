// SPDX-License-Identifier: Apache-2.0
#include "cli/import_report.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/output.h"
#include "common/base/text.h"
#include "common/routes/route.h"

namespace llmgw {
namespace {

/// Lines of words under each other, without a header.
class Columns {
  public:
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] std::string text() const {
        std::vector<std::size_t> widths;
        for (const auto& row : rows_) {
            widths.resize(std::max(widths.size(), row.size()));
            for (std::size_t i = 0; i < row.size(); i++) {
                widths[i] = std::max(widths[i], display_width(row[i]));
            }
        }
        std::string out;
        for (const auto& row : rows_) {
            std::string line = " ";
            for (std::size_t i = 0; i < row.size(); i++) {
                line += " " + row[i] + std::string(widths[i] - display_width(row[i]) + 1, ' ');
            }
            while (line.ends_with(' ')) {
                line.pop_back();
            }
            out += line + "\n";
        }
        return out;
    }

  private:
    std::vector<std::vector<std::string>> rows_;
};

std::string step_text(PlanStep step) {
    return step == PlanStep::needed ? "needs key" : plan_step_name(step);
}

std::string counted(std::size_t count, const char* one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::string place_text(const std::string& file, int line) {
    return line == 0 ? printable(file) : printable(file) + ":" + std::to_string(line);
}

std::string secret_text_of(const PlannedProvider& planned) {
    const ProviderKey& key = planned.key;
    switch (key.source) {
        case SecretSource::stored:
            return planned.secret.empty() ? "stored key " + key.fingerprint
                                          : "key " + key.fingerprint + " from " +
                                                place_text(planned.place.file, planned.place.line);
        case SecretSource::env:
            return "key from $" + printable(key.source_ref);
        case SecretSource::none:
            return planned.step == PlanStep::needed ? "" : "no key";
        case SecretSource::file:
        case SecretSource::command:
            return "key from " + printable(key.source_ref);
    }
    LLMGW_ASSERT(false);
}

std::string mode_text(const RouteNode& root) {
    if (root.targets.empty()) {
        return "one target";
    }
    constexpr std::array<const char*, 4> kNames = {"single", "fallback", "loadbalance",
                                                   "conditional"};
    return std::string(kNames[static_cast<std::size_t>(root.mode)]) + " of " +
           counted(root.targets.size(), "target");
}

std::string route_text(const PlannedRoute& planned) {
    const auto root = parse_route(planned.document);
    std::string text = root ? mode_text(*root) : "";
    for (std::size_t i = 0; i < planned.labels.size(); i++) {
        text += (i == 0 ? ": @" : ", @") + planned.labels[i];
    }
    return text;
}

std::string section(const char* title, const Columns& columns, bool empty, bool color) {
    return empty ? "" : "\n" + styled(title, Style::bold, color) + "\n" + columns.text();
}

std::string providers_text(const ImportReport& report, bool color) {
    Columns columns;
    for (const auto& planned : report.plan.providers) {
        columns.add({step_text(planned.step), planned.key.label, planned.key.provider,
                     planned.key.base_url, secret_text_of(planned)});
    }
    return section("provider keys", columns, report.plan.providers.empty(), color);
}

std::string routes_text(const ImportReport& report, bool color) {
    Columns columns;
    for (const auto& planned : report.plan.routes) {
        columns.add({step_text(planned.step), "route/" + planned.name, route_text(planned),
                     place_text(planned.place.file, planned.place.line)});
    }
    return section("routes", columns, report.plan.routes.empty(), color);
}

std::string aliases_text(const ImportReport& report, bool color) {
    Columns columns;
    for (const auto& planned : report.plan.aliases) {
        columns.add(
            {step_text(planned.step), printable(planned.alias.name), "→ " + planned.alias.target});
    }
    return section("aliases", columns, report.plan.aliases.empty(), color);
}

std::string client_keys_text(const ImportReport& report, bool color) {
    Columns columns;
    for (const auto& planned : report.plan.client_keys) {
        std::string secret;
        for (const auto& key : report.made) {
            secret = key.id == planned.id ? key.secret : secret;
        }
        columns.add({step_text(planned.step), planned.name,
                     planned.route.empty() ? "any model" : "→ route/" + planned.route, secret});
    }
    return section(report.made.empty() ? "gateway keys" : "gateway keys (shown only this once)",
                   columns, report.plan.client_keys.empty(), color);
}

std::string severity_text(Severity severity, bool color) {
    switch (severity) {
        case Severity::error:
            return styled("error  ", Style::red, color);
        case Severity::warning:
            return styled("warning", Style::yellow, color);
        case Severity::info:
            return "info   ";
    }
    LLMGW_ASSERT(false);
}

/// Where it is: the line when that is known, else the path in the document.
std::string finding_place(const Finding& finding) {
    if (finding.line != 0 || finding.pointer.empty()) {
        return place_text(finding.file, finding.line);
    }
    return printable(finding.file) + "#" + printable(finding.pointer);
}

/// A use of Portkey in code: a note of another kind.
bool is_use(const Finding& finding) {
    return finding.code.starts_with("U-");
}

/// What Portkey does → what llmgw does → what to do. Of code there is only what to do.
std::string finding_text(const Finding& finding) {
    const std::string text = is_use(finding)
                                 ? finding.portkey
                                 : "Portkey " + finding.portkey + " → llmgw " + finding.llmgw;
    return text + (finding.action.empty() ? "" : " → " + finding.action);
}

// One finding a line: severity, code, place, text.
std::string findings_text(const char* title, const std::vector<Finding>& findings, bool color) {
    std::size_t code_width = 0;
    std::size_t place_width = 0;
    constexpr std::size_t kMaxPlace = 40;  // one long path is no reason to move all the others
    for (const auto& finding : findings) {
        code_width = std::max(code_width, finding.code.size());
        place_width = std::max(place_width, display_width(finding_place(finding)));
    }
    place_width = std::min(place_width, kMaxPlace);
    std::string out;
    for (const auto& finding : findings) {
        const std::string place = finding_place(finding);
        const std::size_t width = display_width(place);
        out += "  " + severity_text(finding.severity, color) + "  " + finding.code +
               std::string(code_width - finding.code.size() + 2, ' ') + place +
               std::string(width < place_width ? place_width - width + 2 : 2, ' ') +
               finding_text(finding) + "\n";
    }
    return out.empty() ? "" : "\n" + styled(title, Style::bold, color) + "\n" + out;
}

std::string totals(const ImportReport& report) {
    std::array<std::size_t, 3> counts{};
    std::size_t uses = 0;
    for (const auto& finding : report.plan.findings) {
        counts[static_cast<std::size_t>(finding.severity)] += is_use(finding) ? 0 : 1;
        uses += is_use(finding) ? 1 : 0;
    }
    const auto& plan = report.plan;
    return counted(report.files, "file") + ": " + counted(plan.providers.size(), "provider key") +
           ", " + counted(plan.routes.size(), "route") + ", " +
           counted(plan.client_keys.size(), "gateway key") + ", " + counted(uses, "use") +
           " in code; " + counted(counts[2], "error") + ", " + counted(counts[1], "warning") +
           ", " + counted(counts[0], "note");
}

std::string next_command(const ImportReport& report) {
    if (!report.applied && has_changes(report.plan)) {
        return report.again;
    }
    const auto& providers = report.plan.providers;
    const auto missing = std::find_if(
        providers.begin(), providers.end(),
        [](const PlannedProvider& planned) { return planned.step == PlanStep::needed; });
    if (missing != providers.end()) {
        return missing->command;
    }
    return providers.empty() && report.plan.routes.empty()
               ? ""
               : "llmgw serve, and http://127.0.0.1:4114/v1 in place of Portkey's address";
}

}  // namespace

std::string import_report_text(const ImportReport& report, bool color) {
    std::string out = totals(report) + "\n";
    out += providers_text(report, color);
    out += routes_text(report, color);
    out += aliases_text(report, color);
    out += client_keys_text(report, color);
    auto findings = report.plan.findings;
    const auto uses = std::stable_partition(findings.begin(), findings.end(),
                                            [](const Finding& each) { return !is_use(each); });
    out += findings_text("findings", {findings.begin(), uses}, color);
    out += findings_text("uses in code", {uses, findings.end()}, color);
    const bool changes = has_changes(report.plan);
    out += changes ? (report.applied ? "\nwritten\n" : "\n") : "\nnothing to do\n";
    const std::string next = next_command(report);
    return next.empty() ? out : out + "next: " + next + "\n";
}

}  // namespace llmgw
