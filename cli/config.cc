// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <utility>

#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/store/settings.h"

namespace llmgw {
namespace {

using Stored = std::vector<std::pair<std::string, std::string>>;

const char* type_name(SettingType type) {
    switch (type) {
        case SettingType::text:
            return "text";
        case SettingType::boolean:
            return "boolean";
        case SettingType::integer:
            return "integer";
        case SettingType::integers:
            return "integers";
        case SettingType::decimal:
            return "decimal";
        case SettingType::choice:
            return "choice";
        case SettingType::duration:
            return "duration";
        case SettingType::size:
            return "size";
    }
    return "text";
}

/// "default", "stored", or the variable's name.
std::string origin_text(const SettingInfo& info, SettingOrigin origin) {
    switch (origin) {
        case SettingOrigin::fallback:
            return "default";
        case SettingOrigin::stored:
            return "stored";
        case SettingOrigin::environment:
            return setting_variable(info.name);
    }
    return "default";
}

const char* origin_name(SettingOrigin origin) {
    switch (origin) {
        case SettingOrigin::fallback:
            return "default";
        case SettingOrigin::stored:
            return "stored";
        case SettingOrigin::environment:
            return "environment";
    }
    return "default";
}

Json setting_json(const SettingInfo& info, const SettingValue& value) {
    return {{"name", std::string(info.name)},
            {"value", value.value},
            {"default", std::string(info.default_value)},
            {"type", type_name(info.type)},
            {"origin", origin_name(value.origin)},
            {"variable", setting_variable(info.name)},
            {"help", std::string(info.help)}};
}

Result<const SettingInfo*> find(const std::string& name) {
    if (const auto* info = find_setting(name)) {
        return info;
    }
    const std::string lower = to_lower(name);
    const std::string shown = looks_like_secret(name) ? "" : " '" + printable(name) + "'";
    for (const char* word : {"key", "secret", "token", "password"}) {
        if (lower.find(word) != std::string::npos) {
            return fail(Errc::usage, "keys are not settings: there is no setting" + shown,
                        "llmgw providers add PROVIDER stores a key");
        }
    }
    std::vector<std::string> names;
    for (const auto& info : setting_infos()) {
        names.emplace_back(info.name);
    }
    return fail(Errc::not_found, "there is no setting" + shown,
                suggest(name, names, "llmgw config list shows them"));
}

/// The settings stored, and what one command does with one of them.
struct Opened {
    const SettingInfo* info;
    Session session;
};

Result<Opened> open(const std::string& name) {
    const auto info = find(name);
    if (!info) {
        return tl::unexpected(info.error());
    }
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    return Opened{.info = *info, .session = *std::move(session)};
}

Result<SettingValue> in_force(Opened& opened) {
    const auto stored = opened.session.store->settings();
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    return effective_setting(*opened.info, opened.info->name, *stored);
}

/// Prints what a change led to: the variable may still win.
Result<int> report_change(const GlobalOptions& global, Opened& opened) {
    const auto value = in_force(opened);
    if (!value) {
        return tl::unexpected(value.error());
    }
    if (value->origin == SettingOrigin::environment) {
        warn(global, setting_variable(opened.info->name) + " is set and wins over what is stored");
    }
    if (global.json) {
        write_out(print_json(setting_json(*opened.info, *value), 2) + "\n");
    } else {
        note(global, std::string(opened.info->name) + " is " + printable(value->value) + " (" +
                         origin_text(*opened.info, value->origin) + ")");
    }
    return 0;
}

}  // namespace

Result<int> run_config_list(const GlobalOptions& global, const ConfigListOptions& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto stored = session->store->settings();
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    Json list = Json::array();
    Table table(options.origin ? std::vector<std::string>{"NAME", "VALUE", "ORIGIN"}
                               : std::vector<std::string>{"NAME", "VALUE"});
    for (const auto& info : setting_infos()) {
        const auto value = effective_setting(info, info.name, *stored);
        list.push_back(setting_json(info, value));
        std::vector<Cell> row = {{std::string(info.name)}, {printable(value.value)}};
        if (options.origin) {
            row.push_back({origin_text(info, value.origin)});
        }
        table.add(std::move(row));
    }
    if (global.json) {
        write_out(print_json(list, 2) + "\n");
    } else {
        table.print(global);
    }
    return 0;
}

Result<int> run_config_get(const GlobalOptions& global, const SettingOptions& options) {
    auto opened = open(options.name);
    if (!opened) {
        return tl::unexpected(std::move(opened.error()));
    }
    const auto value = in_force(*opened);
    if (!value) {
        return tl::unexpected(value.error());
    }
    if (global.json) {
        write_out(print_json(setting_json(*opened->info, *value), 2) + "\n");
    } else {
        write_out(printable(value->value) + "\n");
    }
    return 0;
}

Result<int> run_config_set(const GlobalOptions& global, const SettingOptions& options) {
    auto opened = open(options.name);
    if (!opened) {
        return tl::unexpected(std::move(opened.error()));
    }
    if (auto checked = check_setting(*opened->info, options.name, options.value); !checked) {
        checked.error().kind = Errc::usage;
        return tl::unexpected(std::move(checked.error()));
    }
    if (auto set = opened->session.store->set_setting(options.name, options.value); !set) {
        return tl::unexpected(std::move(set.error()));
    }
    return report_change(global, *opened);
}

Result<int> run_config_unset(const GlobalOptions& global, const SettingOptions& options) {
    auto opened = open(options.name);
    if (!opened) {
        return tl::unexpected(std::move(opened.error()));
    }
    if (auto unset = opened->session.store->unset_setting(options.name); !unset) {
        return tl::unexpected(std::move(unset.error()));
    }
    return report_change(global, *opened);
}

}  // namespace llmgw
