// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/exports.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/portkey/export_record.h"
#include "common/portkey/hcl.h"

namespace llmgw {
namespace {

bool has_any(const Json& object, std::initializer_list<const char*> members) {
    return std::any_of(members.begin(), members.end(),
                       [&](const char* member) { return object.contains(member); });
}

bool has_all(const Json& object, std::initializer_list<const char*> members) {
    return std::all_of(members.begin(), members.end(),
                       [&](const char* member) { return object.contains(member); });
}

bool is_text(const Json& object, const char* member) {
    return object.contains(member) && object[member].is_string();
}

/// Whether an object can be a config. `retry` and `cache` alone make one, but not in a file that
/// nobody has named: other programs have such members, too.
bool is_config(const Json& object, Sniffing sniffing) {
    if (!object.is_object()) {
        return false;
    }
    const bool certain =
        has_all(object, {"strategy", "targets"}) ||
        has_any(object, {"virtual_key", "virtualKey", "before_request_hooks", "beforeRequestHooks",
                         "after_request_hooks", "afterRequestHooks", "input_guardrails",
                         "inputGuardrails", "output_guardrails", "outputGuardrails"}) ||
        (has_all(object, {"mode", "options"}) && object["options"].is_array());
    const bool likely =
        has_any(object, {"strategy", "targets", "retry", "cache", "override_params",
                         "overrideParams", "request_timeout", "requestTimeout", "api_key", "apiKey",
                         "custom_host", "customHost", "default_params", "drop_params", "prompt_id",
                         "forward_headers", "passthrough", "cb_config", "strategy_mode"}) ||
        (is_text(object, "provider") && !has_any(object, {"key", "integration_id"}));
    return certain || (sniffing == Sniffing::named && likely);
}

/// What kind of object it is, from its members, when it does not say so itself.
std::optional<RecordKind> kind_of(const Json& object, Sniffing sniffing) {
    if (is_text(object, "object")) {
        const auto kind = record_kind(object["object"].get_ref<const std::string&>());
        const bool is_admins = has_any(object, {"slug", "organisation_id", "id"});
        return is_admins ? kind : std::nullopt;
    }
    if (is_text(object, "ai_provider_id") || is_text(object, "ai_provider_name")) {
        return object.contains("integration_id") ? RecordKind::provider : RecordKind::integration;
    }
    if (object.contains("masked_api_key") || has_all(object, {"provider", "slug", "status"})) {
        return RecordKind::virtual_key;
    }
    if (has_all(object, {"integration_id", "slug"})) {
        return RecordKind::provider;
    }
    if (object.contains("config") &&
        (has_any(object, {"slug", "isDefault", "is_default", "version_id"}) ||
         is_config(object["config"], sniffing))) {
        return RecordKind::config;
    }
    if (has_all(object, {"slug", "is_default", "organisation_id"})) {
        return RecordKind::config;
    }
    if (has_all(object, {"key", "name"}) && has_any(object, {"scopes", "defaults"})) {
        return RecordKind::api_key;
    }
    if (has_all(object, {"models", "allow_all_models"})) {
        return RecordKind::integration_models;
    }
    if (has_all(object, {"manager_type", "secret_path"})) {
        return RecordKind::secret_reference;
    }
    if (sniffing == Sniffing::named && has_all(object, {"provider", "key"})) {
        return RecordKind::virtual_key;  // as it is created
    }
    return std::nullopt;
}

/// The last part of a path without its ending: what a config in a file of its own is called.
std::string stem_of(const std::string& file) {
    const std::string name = file.substr(file.rfind('/') + 1);
    const std::size_t dot = name.find('.', 1);
    return file == "-" ? "config" : name.substr(0, dot);
}

/// Finds the objects of one document that are Portkey's.
class ExportSniffer {
  public:
    ExportSniffer(const LooseDocument& document, const std::string& file, Sniffing sniffing,
                  PortkeyExports& exports)
        : document_(document), file_(file), sniffing_(sniffing), exports_(exports) {}

    /// Whether there was one.
    bool read(const Json& value, const std::string& pointer) {
        if (value.is_array()) {
            return read_list(value, pointer);
        }
        if (!value.is_object()) {
            return false;
        }
        if (has_all(value, {"version", "resources"}) && value["resources"].is_array()) {
            return read_state(value["resources"], pointer_to(pointer, "resources"));
        }
        if (is_answer_of_error(value)) {
            return read_error(value, pointer);
        }
        if (has_any(value, {"named_configs"}) && value["named_configs"].is_object()) {
            return read_named(value["named_configs"], pointer_to(pointer, "named_configs"));
        }
        if (has_any(value, {"plugins_enabled"}) || is_conf(value)) {
            return read_conf(value, pointer);
        }
        if (const auto kind = kind_of(value, sniffing_)) {
            read_record(*kind, sub_document(document_, pointer, print_json(value)), place(pointer),
                        exports_);
            return true;
        }
        if (value.contains("data") && !value["data"].is_null()) {
            return read_data(value, pointer);
        }
        if (is_config(value, sniffing_)) {
            return add_config(value, pointer, stem_of(file_));
        }
        return read_members(value, pointer);
    }

  private:
    [[nodiscard]] ExportPlace place(const std::string& pointer) const {
        ExportPlace out;
        out.file = file_;
        out.line = document_.line_of(pointer);
        out.pointer = pointer;
        return out;
    }

    Finding& add_finding(const std::string& pointer, Severity severity, std::string code) {
        Finding finding;
        finding.severity = severity;
        finding.code = std::move(code);
        finding.file = file_;
        finding.line = document_.line_of(pointer);
        finding.pointer = pointer;
        return exports_.findings.emplace_back(std::move(finding));
    }

    bool add_config(const Json& value, const std::string& pointer, const std::string& name) {
        ExportedConfig config;
        config.place = place(pointer);
        config.name = name;
        config.slug = name.starts_with("pc-") ? name : "";
        config.body = sub_document(document_, pointer, print_json(value));
        exports_.configs.push_back(std::move(config));
        return true;
    }

    bool read_list(const Json& list, const std::string& pointer) {
        bool found = false;
        for (std::size_t i = 0; i < list.size(); i++) {
            const std::string inner = pointer_to(pointer, std::to_string(i));
            if (list[i].is_object() && is_bare_config(list[i])) {
                const std::string stem = stem_of(file_);
                found = add_config(list[i], inner,
                                   list.size() == 1 ? stem : stem + "-" + std::to_string(i + 1)) ||
                        found;
            } else {
                found = read(list[i], inner) || found;
            }
        }
        return found;
    }

    [[nodiscard]] bool is_bare_config(const Json& object) const {
        return !kind_of(object, sniffing_) && !object.contains("data") &&
               is_config(object, sniffing_);
    }

    // {"data":…} around everything, with the sum of all pages beside a list.
    bool read_data(const Json& answer, const std::string& pointer) {
        const Json& data = answer["data"];
        const std::string inner = pointer_to(pointer, "data");
        const std::size_t before = exports_.configs.size();
        const bool empty_list = data.is_array() && data.empty() && answer.contains("total");
        const bool found = read(data, inner) || empty_list;
        const std::size_t total = answer.contains("total") && answer["total"].is_number_unsigned()
                                      ? answer["total"].get<std::size_t>()
                                      : 0;
        if (found && data.is_array() && total > data.size()) {
            Finding& finding = add_finding(pointer, Severity::warning, "X-PAGE");
            finding.portkey =
                "gave " + std::to_string(data.size()) + " of " + std::to_string(total) + " entries";
            finding.llmgw = "imports these";
            finding.action = "fetch the other pages, too: ?current_page=1&page_size=100";
        }
        // {"success":true,"data":{"config":{…}}} does not say whose it is; the file's name may.
        if (exports_.configs.size() == before + 1) {
            ExportedConfig& config = exports_.configs.back();
            const bool named = !config.name.empty() || !config.slug.empty();
            config.name = named ? config.name : stem_of(file_);
            config.slug = !named && config.name.starts_with("pc-") ? config.name : config.slug;
        }
        if (!found && data.is_object() && answer.value("success", Json()) == true) {
            Finding& finding = add_finding(pointer, Severity::info, "X-OTHER");
            finding.portkey = "confirmed a change";
            finding.llmgw = "has nothing to import from that";
            return true;
        }
        return found;
    }

    static bool is_answer_of_error(const Json& value) {
        return value.value("success", Json()) == false ||
               (value.value("status", Json()) == "failure" && value.contains("message"));
    }

    bool read_error(const Json& value, const std::string& pointer) {
        const Json& where =
            value.contains("data") && value["data"].is_object() ? value["data"] : value;
        Finding& finding = add_finding(pointer, Severity::error, "X-ERROR");
        finding.portkey =
            "answered with an error" + (is_text(where, "message")
                                            ? ": " + printable(where["message"].get<std::string>())
                                            : std::string());
        finding.llmgw = "imports nothing from this file";
        finding.action =
            "fetch it again with a key that has the scopes configs.list, configs.read, "
            "virtual_keys.list, providers.list and api_keys.list";
        return true;
    }

    bool read_named(const Json& configs, const std::string& pointer) {
        for (const auto& [name, config] : configs.items()) {
            add_config(config, pointer_to(pointer, name), name);
        }
        return true;
    }

    // Members that are configs, by their names: {"prod":{…},"dev":{…}}.
    bool read_members(const Json& value, const std::string& pointer) {
        const bool all =
            !value.empty() && std::all_of(value.begin(), value.end(), [&](const Json& each) {
                return is_config(each, Sniffing::found) ||
                       (sniffing_ == Sniffing::named && is_config(each, sniffing_));
            });
        return all && read_named(value, pointer);
    }

    static bool is_conf(const Json& value) {
        return value.contains("integrations") && value["integrations"].is_array() &&
               std::all_of(value["integrations"].begin(), value["integrations"].end(),
                           [](const Json& each) {
                               return has_all(each, {"provider", "slug"});
                           }) &&
               !value["integrations"].empty();
    }

    // The open-source gateway's conf.json.
    bool read_conf(const Json& conf, const std::string& pointer) {
        const Json integrations = conf.value("integrations", Json::array());
        for (std::size_t i = 0; i < integrations.size(); i++) {
            const std::string inner =
                pointer_to(pointer_to(pointer, "integrations"), std::to_string(i));
            read_record(RecordKind::virtual_key,
                        sub_document(document_, inner, print_json(integrations[i])), place(inner),
                        exports_);
        }
        if (conf.value("cache", Json()) == true) {
            Finding& finding = add_finding(pointer_to(pointer, "cache"), Severity::info, "CA-ON");
            finding.portkey = "cached where a config said so";
            finding.llmgw = "does so, too, in the routes; its cache for all requests is off";
            finding.action = "llmgw cache on, for all requests";
        }
        return true;
    }

    // Terraform's state, version 4.
    bool read_state(const Json& resources, const std::string& pointer) {
        bool found = false;
        for (std::size_t i = 0; i < resources.size(); i++) {
            const Json& resource = resources[i];
            if (!resource.is_object() || !is_text(resource, "type") ||
                !resource["type"].get_ref<const std::string&>().starts_with("portkey_") ||
                resource.value("mode", Json("managed")) != "managed") {
                continue;
            }
            found = true;
            const std::string at = pointer_to(pointer, std::to_string(i));
            const Json instances = resource.value("instances", Json::array());
            for (std::size_t j = 0; j < instances.size(); j++) {
                read_instance(resource, instances[j],
                              pointer_to(pointer_to(at, "instances"), std::to_string(j)));
            }
        }
        return found;
    }

    void read_instance(const Json& resource, const Json& instance, const std::string& pointer) {
        const auto kind = record_kind(resource["type"].get_ref<const std::string&>());
        if (!kind || !instance.is_object() || !instance.contains("attributes")) {
            return;
        }
        const std::string inner = pointer_to(pointer, "attributes");
        ExportPlace where = place(inner);
        where.is_state = true;
        where.address = resource["type"].get<std::string>() + "." +
                        (is_text(resource, "name") ? resource["name"].get<std::string>() : "");
        // One of several instances has an index of its own.
        if (const Json index = instance.value("index_key", Json()); !index.is_null()) {
            where.address += "[" + print_json(index) + "]";
        }
        read_record(*kind, sub_document(document_, inner, print_json(instance["attributes"])),
                    where, exports_);
    }

    const LooseDocument& document_;
    const std::string& file_;
    Sniffing sniffing_;
    PortkeyExports& exports_;
};

/// Terraform's language.
Result<bool> read_terraform(std::string_view text, const std::string& file,
                            PortkeyExports& exports) {
    auto resources = read_hcl(text, "portkey_");
    if (!resources) {
        return tl::unexpected(std::move(resources.error()));
    }
    for (const auto& resource : *resources) {
        const auto kind = record_kind(resource.type);
        if (!kind) {
            continue;
        }
        ExportPlace place;
        place.file = file;
        place.line = resource.line;
        place.address = resource.type + "." + resource.name;
        read_record(*kind, resource.attributes, place, exports);
    }
    return !resources->empty();
}

/// A config as a text: in quotes, or as base64.
bool is_wrapped_config(std::string_view text) {
    return text.starts_with("'") || text.starts_with("\"") || text.starts_with("eyJ");
}

bool add_wrapped_config(std::string_view text, const std::string& file, PortkeyExports& exports) {
    auto document =
        text.starts_with("eyJ") ? Result<LooseDocument>(LooseDocument{}) : read_loose(text);
    if (!document) {
        return false;
    }
    if (text.starts_with("eyJ")) {
        document->json = print_json(std::string(text));
    }
    ExportedConfig config;
    config.place.file = file;
    config.place.line = 1;
    config.name = stem_of(file);
    config.body = *std::move(document);
    exports.configs.push_back(std::move(config));
    return true;
}

/// Whether a text can be Portkey's at all: large trees hold much JSON that is not.
bool may_be_portkeys(std::string_view text) {
    constexpr std::array<std::string_view, 16> kSigns = {
        "portkey",      "strategy",        "virtual_key", "virtualKey",
        "virtual-key",  "_guardrails",     "Guardrails",  "RequestHook",
        "request_hook", "options",         "integration", "allow_all_models",
        "is_default",   "organisation_id", "masked_",     "named_configs"};
    return std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
        return text.find(sign) != std::string_view::npos;
    });
}

/// Whether the first thing behind white space and comments opens an object or a list.
bool begins_document(std::string_view text) {
    while (!text.empty()) {
        const bool line_comment = text.starts_with("//") || text.starts_with("#");
        const bool comment = line_comment || text.starts_with("/*");
        const std::size_t end = line_comment ? text.find('\n')
                                : comment    ? text.find("*/", 2)
                                             : text.find_first_not_of(" \t\r\n");
        if (end == std::string_view::npos) {
            return false;
        }
        if (!comment && end == 0) {
            return text[0] == '{' || text[0] == '[';
        }
        text.remove_prefix(comment && !line_comment ? end + 2 : end);
    }
    return false;
}

}  // namespace

Result<bool> read_export(std::string_view text, const std::string& file, Sniffing sniffing,
                         PortkeyExports& exports) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    text.remove_prefix(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
    if (text.find("resource \"portkey_") != std::string_view::npos) {
        return read_terraform(text, file, exports);
    }
    if (sniffing == Sniffing::found && !may_be_portkeys(text)) {
        return false;
    }
    if (sniffing == Sniffing::named && is_wrapped_config(trim(text))) {
        return add_wrapped_config(trim(text), file, exports);
    }
    bool found = false;
    int line = 1;
    // One document, or one a line.
    while (begins_document(text)) {
        const auto document = read_loose(text, line);
        if (!document) {
            return tl::unexpected(document.error());
        }
        const auto json = parse_json(document->json);
        if (!json) {
            return tl::unexpected(json.error());
        }
        found = ExportSniffer(*document, file, sniffing, exports).read(*json, "") || found;
        const std::string_view taken = text.substr(0, std::max<std::size_t>(document->length, 1));
        line += static_cast<int>(std::count(taken.begin(), taken.end(), '\n'));
        text.remove_prefix(taken.size());
    }
    return found;
}

}  // namespace llmgw
