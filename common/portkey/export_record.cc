// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/export_record.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/portkey/export_limits.h"

namespace llmgw {
namespace {

constexpr std::array<std::pair<std::string_view, RecordKind>, 13> kKinds = {{
    {"config", RecordKind::config},
    {"virtual-key", RecordKind::virtual_key},
    {"provider", RecordKind::provider},
    {"integration", RecordKind::integration},
    {"integration-model-access", RecordKind::integration_models},
    {"api-key", RecordKind::api_key},
    {"secret-reference", RecordKind::secret_reference},
    {"guardrail", RecordKind::guardrail},
    {"prompt", RecordKind::prompt},
    {"policy", RecordKind::policy},
    {"usage-limits-policy", RecordKind::policy},
    {"rate-limits-policy", RecordKind::policy},
    {"workspace", RecordKind::workspace},
}};

/// The first of these members that is a text or a number, as text.
std::string text_of(const Json& object, std::initializer_list<const char*> names) {
    for (const char* const name : names) {
        if (!object.is_object() || !object.contains(name)) {
            continue;
        }
        const Json& value = object[name];
        if (value.is_string() && !value.get_ref<const std::string&>().empty()) {
            return value;
        }
        if (value.is_number()) {
            return print_json(value);
        }
    }
    return {};
}

std::string json_of(const Json& object, const char* name) {
    return object.contains(name) ? print_json(object[name]) : "null";
}

std::vector<std::string> limits_of(const Json& record) {
    return limit_texts(json_of(record, "usage_limits"), json_of(record, "rate_limits"));
}

/// "awsAccessKeyId" as configs have it: "aws_access_key_id".
std::string to_snake(std::string_view name) {
    std::string out;
    for (const char c : name) {
        const bool upper = c >= 'A' && c <= 'Z';
        out += upper ? "_" : "";
        out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

/// Portkey shows a secret's first and last letters: "sk-*****abcd".
bool is_masked(std::string_view name, const Json& value) {
    return name.starts_with("masked_") ||
           (value.is_string() &&
            value.get_ref<const std::string&>().find("***") != std::string::npos);
}

/// Reads the settings of a provider that are in one object into a key.
class DetailReader {
  public:
    DetailReader(const LooseDocument& record, ExportedKey& key) : record_(record), key_(key) {}

    /// All members, or those that are known to be a provider's settings.
    void read(const Json& object, const std::string& pointer, bool only_known) {
        for (const auto& [name, value] : object.items()) {
            const std::string snake = to_snake(name);
            if (value.is_null() || is_masked(name, value) || (only_known && !is_known(snake))) {
                continue;
            }
            if (is_placeholder(pointer_to(pointer, name))) {
                key_.has_placeholders = true;
                continue;
            }
            add(snake, value);
        }
    }

  private:
    static bool is_known(const std::string& name) {
        return is_portkey_detail(name) || name == "deployment_config" || name == "custom_headers" ||
               name == "custom_host";
    }

    /// Whether a value, or any part of it, is an expression.
    [[nodiscard]] bool is_placeholder(const std::string& pointer) const {
        return std::any_of(record_.placeholders.begin(), record_.placeholders.end(),
                           [&](const std::string& each) {
                               return each == pointer || each.starts_with(pointer + "/");
                           });
    }

    void add(const std::string& name, const Json& value) {
        if (name == "api_key" || name == "key") {
            key_.secret = value.is_string() ? value.get<std::string>() : "";
        } else if (name == "azure_deployment_config" || name == "deployment_config") {
            add_deployments(value);
        } else if (name == "custom_headers" && value.is_object()) {
            for (const auto& [header, content] : value.items()) {
                key_.headers.emplace_back(header, text_of({{"value", content}}, {"value"}));
            }
        } else {
            key_.details.emplace_back(
                name, value.is_string() ? value.get<std::string>() : print_json(value));
        }
    }

    // One deployment is the key's own; of several, each request's model says which.
    void add_deployments(const Json& rows) {
        std::string version;
        for (const auto& row : rows.is_array() ? rows : Json::array()) {
            const std::string name =
                text_of(row, {"azure_deployment_name", "deploymentName", "deployment_name"});
            key_.deployments.emplace_back(text_of(row, {"alias", "azure_model_slug"}), name);
            const bool is_default = row.is_object() && row.value("is_default", Json()) == true;
            if (version.empty() || is_default) {
                version = text_of(row, {"azure_api_version", "apiVersion", "api_version"});
            }
        }
        if (!version.empty()) {
            key_.details.emplace_back("api_version", version);
        }
        if (key_.deployments.size() == 1) {
            key_.details.emplace_back("deployment_id", key_.deployments[0].second);
        }
    }

    const LooseDocument& record_;
    ExportedKey& key_;
};

/// An object that may be given as the text of one.
Json object_of(const Json& record, const char* name) {
    if (!record.contains(name)) {
        return Json::object();
    }
    const Json& value = record[name];
    if (value.is_string()) {
        const auto parsed = parse_json(value.get_ref<const std::string&>());
        return parsed && parsed->is_object() ? *parsed : Json::object();
    }
    return value.is_object() ? value : Json::object();
}

Finding note_at(const ExportPlace& place, Severity severity, std::string code) {
    Finding finding;
    finding.severity = severity;
    finding.code = std::move(code);
    finding.file = place.file;
    finding.line = place.line;
    finding.pointer = place.pointer;
    return finding;
}

/// How a finding calls an object: "the guardrail 'PII'".
std::string called(const char* what, const Json& record) {
    const std::string name = text_of(record, {"name", "slug", "id"});
    return std::string("the ") + what + (name.empty() ? "" : " '" + printable(name) + "'");
}

void read_config(const Json& json, const LooseDocument& record, const ExportPlace& place,
                 PortkeyExports& exports) {
    ExportedConfig config;
    config.place = place;
    config.slug = text_of(json, {"slug"});
    config.id = text_of(json, {"id"});
    config.name = text_of(json, {"name"});
    config.changed_at = text_of(json, {"last_updated_at", "created_at"});
    if (json.contains("config") && (json["config"].is_object() || json["config"].is_string())) {
        config.body = sub_document(record, "/config", print_json(json["config"]));
        config.place.pointer = pointer_to(place.pointer, "config");
        config.place.line = record.line_of("/config");
    }
    exports.configs.push_back(std::move(config));
}

void read_key(ExportedKeyKind kind, const Json& json, const LooseDocument& record,
              const ExportPlace& place, PortkeyExports& exports) {
    ExportedKey key;
    key.kind = kind;
    key.place = place;
    key.slug = text_of(json, {"slug"});
    key.id = text_of(json, {"id"});
    key.name = text_of(json, {"name"});
    key.provider = text_of(json, {"ai_provider_id", "ai_provider_name", "provider"});
    key.integration = text_of(json, {"integration_id"});
    key.status = text_of(json, {"status"});
    key.expires_at = text_of(json, {"expires_at"});
    key.secret = text_of(json, {"key", "masked_key", "masked_api_key"});
    key.limits = limits_of(json);
    if (json.contains("global_workspace_access_settings") &&
        json["global_workspace_access_settings"].is_object()) {
        key.limits = limits_of(json["global_workspace_access_settings"]);
    }
    DetailReader reader(record, key);
    reader.read(json, "", true);
    for (const char* const part : {"model_config", "configurations", "credentials"}) {
        reader.read(object_of(json, part), pointer_to("", part), false);
    }
    if (json.contains("secret_mappings") && json["secret_mappings"].is_array() &&
        !json["secret_mappings"].empty()) {
        key.secret_store = text_of(json["secret_mappings"][0], {"secret_reference_id"});
    }
    exports.keys.push_back(std::move(key));
}

void read_api_key(const Json& json, const ExportPlace& place, PortkeyExports& exports) {
    const Json defaults = object_of(json, "defaults");
    ExportedApiKey key;
    key.place = place;
    key.id = text_of(json, {"id"});
    key.name = text_of(json, {"name"});
    key.config = text_of(defaults, {"config_id"});
    key.config = key.config.empty() ? text_of(json, {"config_id"}) : key.config;
    for (const Json* const where : {&json, &defaults}) {
        const Json allowed = where->value("allow_config_override", Json());
        key.allows_override = key.allows_override && (allowed.is_null() || allowed != false);
        if (const Json metadata = object_of(*where, "metadata"); !metadata.empty()) {
            key.metadata = print_json(metadata);
        }
    }
    key.limits = limits_of(json);
    key.status = text_of(json, {"status"});
    key.expires_at = text_of(json, {"expires_at"});
    const Json scopes = json.value("scopes", Json());
    key.can_ask = !scopes.is_array() || scopes.empty() ||
                  std::find(scopes.begin(), scopes.end(), "completions.write") != scopes.end();
    exports.api_keys.push_back(std::move(key));
}

/// Which of an integration's models may be used, and what is special about them.
void read_models(const Json& json, const ExportPlace& place, PortkeyExports& exports) {
    std::string enabled;
    std::string special;
    for (const auto& model : json.value("models", Json::array())) {
        if (!model.is_object()) {
            continue;
        }
        const std::string slug = text_of(model, {"slug"});
        if (model.value("enabled", Json(true)) == true) {
            enabled += (enabled.empty() ? "" : ", ") + printable(slug);
        }
        if (!object_of(model, "configurations").empty() ||
            !object_of(model, "pricing_config").empty()) {
            special += (special.empty() ? "" : ", ") + printable(slug);
        }
    }
    if (json.value("allow_all_models", Json(true)) == false) {
        Finding finding = note_at(place, Severity::warning, "L-MODELS");
        finding.portkey = "let an integration's keys use these models only: " + enabled;
        finding.llmgw = "lets every model be asked for";
        exports.findings.push_back(std::move(finding));
    }
    if (!special.empty()) {
        Finding finding = note_at(place, Severity::warning, "L-MODELS");
        finding.portkey = "had addresses, headers or prices of their own for " + special;
        finding.llmgw = "has them by provider key";
        finding.action = "llmgw providers add custom --name NAME --base-url URL, for each";
        exports.findings.push_back(std::move(finding));
    }
}

void read_limits(const char* what, const Json& json, const ExportPlace& place,
                 PortkeyExports& exports) {
    std::string limits;
    for (const auto& limit : limit_texts(print_json(json), json_of(json, "usage_limits"))) {
        limits += (limits.empty() ? "" : ", ") + limit;
    }
    if (limits.empty()) {
        return;
    }
    Finding finding = note_at(place, Severity::warning, "L-LIMIT");
    finding.portkey = called(what, json) + " allowed " + limits;
    finding.llmgw = "has no limits of cost and rate";
    finding.action = "set the limit at the provider";
    exports.findings.push_back(std::move(finding));
}

/// What stays behind without being missed by a route.
void read_other(RecordKind kind, const Json& json, const ExportPlace& place,
                PortkeyExports& exports) {
    Finding finding = note_at(place, Severity::info, "X-OTHER");
    if (kind == RecordKind::secret_reference) {
        finding.portkey = "fetched " + called("secret", json) + " from a store of yours";
        finding.llmgw = "runs a command of yours for that";
        finding.action = "llmgw providers add PROVIDER --key-command COMMAND";
    } else {
        finding.portkey =
            "had " + called(kind == RecordKind::prompt ? "prompt" : "guardrail", json);
        finding.llmgw = "has nothing like it";
    }
    exports.findings.push_back(std::move(finding));
}

}  // namespace

std::optional<RecordKind> record_kind(std::string_view name) {
    std::string wanted(name.starts_with("portkey_") ? name.substr(8) : name);
    std::replace(wanted.begin(), wanted.end(), '_', '-');
    const auto* const found = std::find_if(kKinds.begin(), kKinds.end(),
                                           [&](const auto& each) { return each.first == wanted; });
    return found == kKinds.end() ? std::nullopt : std::optional(found->second);
}

void read_record(RecordKind kind, const LooseDocument& record, const ExportPlace& place,
                 PortkeyExports& exports) {
    const auto json = parse_json(record.json);
    if (!json || !json->is_object()) {
        return;
    }
    switch (kind) {
        case RecordKind::config:
            return read_config(*json, record, place, exports);
        case RecordKind::virtual_key:
            return read_key(ExportedKeyKind::virtual_key, *json, record, place, exports);
        case RecordKind::provider:
            return read_key(ExportedKeyKind::provider, *json, record, place, exports);
        case RecordKind::integration:
            return read_key(ExportedKeyKind::integration, *json, record, place, exports);
        case RecordKind::integration_models:
            return read_models(*json, place, exports);
        case RecordKind::api_key:
            return read_api_key(*json, place, exports);
        case RecordKind::policy:
            return read_limits("policy", *json, place, exports);
        case RecordKind::workspace:
            return read_limits("workspace", *json, place, exports);
        case RecordKind::secret_reference:
        case RecordKind::guardrail:
        case RecordKind::prompt:
            return read_other(kind, *json, place, exports);
    }
}

LooseDocument sub_document(const LooseDocument& whole, std::string_view pointer, std::string json) {
    LooseDocument part;
    part.json = std::move(json);
    const std::string below = std::string(pointer) + "/";
    part.lines[""] = whole.line_of(pointer);
    for (auto at = whole.lines.lower_bound(below);
         at != whole.lines.end() && at->first.starts_with(below); ++at) {
        part.lines[at->first.substr(pointer.size())] = at->second;
    }
    const auto take = [&](const std::vector<std::string>& from, std::vector<std::string>& to) {
        for (const auto& each : from) {
            if (each.starts_with(below)) {
                to.push_back(each.substr(pointer.size()));
            }
        }
    };
    take(whole.placeholders, part.placeholders);
    take(whole.repeated, part.repeated);
    return part;
}

}  // namespace llmgw
