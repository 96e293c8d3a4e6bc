// SPDX-License-Identifier: Apache-2.0
#include "cli/import_proof.h"

#include <algorithm>
#include <utility>

#include "cli/output.h"
#include "common/base/text.h"
#include "common/portkey/config.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

constexpr std::size_t kWidestCase = 60;

bool is_same_place(const ExportPlace& left, const ExportPlace& right) {
    return left.file == right.file && left.line == right.line && left.pointer == right.pointer;
}

/// The findings about one config, with pointers from there on.
std::vector<Finding> findings_about(const ExportPlace& place, const ImportPlan& plan) {
    std::vector<Finding> findings;
    for (const Finding& finding : plan.findings) {
        const std::size_t length = place.pointer.size();
        const bool within =
            finding.file == place.file && finding.pointer.starts_with(place.pointer);
        if (within && (finding.pointer.size() == length || finding.pointer[length] == '/')) {
            findings.push_back(finding);
            findings.back().pointer.erase(0, length);
        }
    }
    return findings;
}

Result<RouteProof> prove(const ExportedConfig& config, const PlannedRoute& route,
                         const ImportPlan& plan, bool oss) {
    const auto document = unwrap_portkey_config(*config.body);
    if (!document) {
        return tl::unexpected(document.error());
    }
    const auto runner = rehearse_route(route.document);
    if (!runner) {
        return tl::unexpected(runner.error());
    }
    ProofSubject subject;
    subject.config = document->json;
    subject.oss = oss;
    subject.findings = findings_about(config.place, plan);
    return prove_route(subject, *runner);
}

std::string calls_text(const ProofRun& run) {
    std::string text;
    for (const ProofCall& call : run.calls) {
        text += text.empty() ? "" : ", ";
        text += (call.target.empty() ? "" : call.target + " ") + printable(call.model);
        text += call.tries == 1 ? "" : " ×" + std::to_string(call.tries);
    }
    return (text.empty() ? "nobody" : text) + " → " + std::to_string(run.status);
}

std::string padded(const std::string& text, std::size_t width) {
    const std::size_t taken = display_width(text);
    return text + std::string(taken < width ? width - taken : 0, ' ');
}

std::string row_text(const ProofRow& row, std::size_t width, bool color) {
    const std::string what = padded(printable(row.request.what), width);
    if (row.difference.empty()) {
        return "  " + styled("same     ", Style::green, color) + "  " + what + "  " +
               calls_text(row.llmgw) + "\n";
    }
    const bool explained = !row.code.empty();
    const std::string indent(15 + width, ' ');
    return "  " + styled("different", explained ? Style::yellow : Style::red, color) + "  " + what +
           "  " + calls_text(row.llmgw) + "\n" + indent + "Portkey: " + calls_text(row.portkey) +
           "\n" + indent + row.difference + (explained ? ": " + row.code : "") + "\n";
}

std::string place_of(const ExportPlace& place) {
    return printable(place.file) + (place.line == 0 ? "" : ":" + std::to_string(place.line));
}

std::string route_text(const ImportProof::Proved& proved, bool color) {
    std::size_t width = 0;
    for (const ProofRow& row : proved.proof.rows) {
        width = std::max(width, display_width(printable(row.request.what)));
    }
    width = std::min(width, kWidestCase);
    std::string text =
        styled("route/" + proved.name, Style::bold, color) + "  " + place_of(proved.place) + "\n";
    for (const ProofRow& row : proved.proof.rows) {
        text += row_text(row, width, color);
    }
    for (const std::string& target : proved.proof.not_asked) {
        text += "  no request was found that comes to " + target + "\n";
    }
    if (proved.proof.unknown > 0) {
        text += "  " + std::to_string(proved.proof.unknown) +
                " more rows depend on a pattern that cannot be tried here\n";
    }
    if (proved.proof.cut) {
        text += "  cut here: the table has more rows\n";
    }
    return text + "\n";
}

std::string counted(std::size_t count, const std::string& one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

}  // namespace

Result<ImportProof> prove_import(const std::vector<ExportedConfig>& configs, const ImportPlan& plan,
                                 bool oss) {
    ImportProof out;
    for (const ExportedConfig& config : configs) {
        if (!config.body) {
            continue;
        }
        const auto route =
            std::find_if(plan.routes.begin(), plan.routes.end(), [&](const PlannedRoute& one) {
                return one.slug == config.slug && is_same_place(one.place, config.place);
            });
        if (route == plan.routes.end()) {
            out.without_route.push_back(config.place);
            continue;
        }
        auto proof = prove(config, *route, plan, oss);
        if (!proof) {
            return tl::unexpected(std::move(proof.error()));
        }
        out.same += proof->count_same();
        out.explained += proof->count_explained();
        out.unexplained += proof->count_unexplained();
        out.routes.push_back({route->name, route->place, *std::move(proof)});
    }
    return out;
}

std::string import_proof_text(const ImportProof& proof, bool color) {
    std::string text;
    for (const auto& proved : proof.routes) {
        text += route_text(proved, color);
    }
    for (const ExportPlace& place : proof.without_route) {
        text += place_of(place) + ": no route is made of this config\n";
    }
    const std::size_t rows = proof.same + proof.explained + proof.unexplained;
    return text + counted(proof.routes.size(), "route") + ", " + counted(rows, "row") + ": " +
           std::to_string(proof.same) + " same, " + std::to_string(proof.explained) +
           " different for the reason named, " + std::to_string(proof.unexplained) +
           " different without one\n";
}

}  // namespace llmgw
