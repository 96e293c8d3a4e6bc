// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "cli/import_report.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

const char* source_name(SecretSource source) {
    switch (source) {
        case SecretSource::none:
            return "none";
        case SecretSource::stored:
            return "stored";
        case SecretSource::env:
            return "env";
        case SecretSource::file:
            return "file";
        case SecretSource::command:
            return "command";
    }
    LLMGW_ASSERT(false);
}

const char* severity_name(Severity severity) {
    switch (severity) {
        case Severity::info:
            return "info";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    LLMGW_ASSERT(false);
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json line_or_null(int line) {
    return line == 0 ? Json(nullptr) : Json(line);
}

Json with_place(Json row, const ExportPlace& place) {
    row["file"] = place.file;
    row["line"] = line_or_null(place.line);
    return row;
}

Json provider_json(const PlannedProvider& planned) {
    const ProviderKey& key = planned.key;
    Json options = Json::object();
    for (const auto& [name, value] : key.options) {
        options[name] = value;
    }
    return with_place(
        {{"step", plan_step_name(planned.step)},
         {"label", key.label},
         {"slug", text_or_null(planned.slug)},
         {"provider", key.provider},
         {"base_url", text_or_null(key.base_url)},
         {"region", text_or_null(key.region)},
         {"options", std::move(options)},
         {"enabled", key.enabled},
         {"key_source",
          planned.step == PlanStep::needed ? Json(nullptr) : Json(source_name(key.source))},
         {"key_ref", text_or_null(key.source_ref)},
         {"fingerprint", text_or_null(key.fingerprint)},
         {"command", text_or_null(planned.command)}},
        planned.place);
}

Json route_json(const PlannedRoute& planned) {
    const auto document = parse_json(planned.document);
    return with_place({{"step", plan_step_name(planned.step)},
                       {"name", planned.name},
                       {"slug", text_or_null(planned.slug)},
                       {"labels", planned.labels},
                       {"document", document ? *document : Json(nullptr)}},
                      planned.place);
}

Json client_key_json(const PlannedClientKey& planned, const std::vector<MadeKey>& made) {
    Json row = {
        {"step", plan_step_name(planned.step)},
        {"id", planned.id},
        {"name", planned.name},
        {"route", text_or_null(planned.route)},
        {"expires_at", planned.expires_at ? Json(rfc3339(*planned.expires_at)) : Json(nullptr)}};
    for (const auto& key : made) {
        if (key.id == planned.id) {
            row["secret"] = key.secret;
        }
    }
    return with_place(std::move(row), planned.place);
}

Json finding_json(const Finding& finding) {
    return {{"severity", severity_name(finding.severity)},
            {"code", finding.code},
            {"file", text_or_null(finding.file)},
            {"line", line_or_null(finding.line)},
            {"pointer", text_or_null(finding.pointer)},
            {"portkey", finding.portkey},
            {"llmgw", finding.llmgw},
            {"action", text_or_null(finding.action)}};
}

Json run_json(const ProofRun& run) {
    Json calls = Json::array();
    for (const auto& call : run.calls) {
        calls.push_back({{"target", call.target}, {"model", call.model}, {"tries", call.tries}});
    }
    return {{"calls", std::move(calls)}, {"status", run.status}};
}

Json row_json(const ProofRow& row) {
    const auto body = parse_json(row.request.body);
    const auto metadata = parse_json(row.request.metadata);
    return {{"case", row.request.what},
            {"path", row.request.path},
            {"body", body ? *body : Json(nullptr)},
            {"metadata", metadata ? *metadata : Json(nullptr)},
            {"portkey", run_json(row.portkey)},
            {"llmgw", run_json(row.llmgw)},
            {"verdict", row.difference.empty() ? "same" : "different"},
            {"difference", text_or_null(row.difference)},
            {"code", text_or_null(row.code)}};
}

Json proof_json(const ImportProof& proof) {
    Json routes = Json::array();
    for (const auto& proved : proof.routes) {
        Json rows = Json::array();
        for (const auto& row : proved.proof.rows) {
            rows.push_back(row_json(row));
        }
        routes.push_back(with_place({{"name", proved.name},
                                     {"rows", std::move(rows)},
                                     {"cut", proved.proof.cut},
                                     {"not_modelled", proved.proof.unknown},
                                     {"not_asked", proved.proof.not_asked}},
                                    proved.place));
    }
    Json without = Json::array();
    for (const auto& place : proof.without_route) {
        without.push_back(with_place(Json::object(), place));
    }
    return {{"routes", std::move(routes)},
            {"without_route", std::move(without)},
            {"same", proof.same},
            {"explained", proof.explained},
            {"unexplained", proof.unexplained}};
}

}  // namespace

std::string import_report_json(const ImportReport& report) {
    Json document = {{"providers", Json::array()}, {"routes", Json::array()},
                     {"aliases", Json::array()},   {"keys", Json::array()},
                     {"findings", Json::array()},  {"applied", report.applied}};
    for (const auto& planned : report.plan.providers) {
        document["providers"].push_back(provider_json(planned));
    }
    for (const auto& planned : report.plan.routes) {
        document["routes"].push_back(route_json(planned));
    }
    for (const auto& planned : report.plan.aliases) {
        document["aliases"].push_back({{"step", plan_step_name(planned.step)},
                                       {"name", planned.alias.name},
                                       {"target", planned.alias.target}});
    }
    for (const auto& planned : report.plan.client_keys) {
        document["keys"].push_back(client_key_json(planned, report.made));
    }
    for (const auto& finding : report.plan.findings) {
        document["findings"].push_back(finding_json(finding));
    }
    if (report.proof) {
        document["proof"] = proof_json(*report.proof);
    }
    return print_json(document, 2) + "\n";
}

}  // namespace llmgw
