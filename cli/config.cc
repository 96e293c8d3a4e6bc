// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <utility>

#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "cli/setting_target.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/store/settings.h"

namespace llmgw {
namespace {

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
std::string origin_text(std::string_view name, SettingOrigin origin) {
    switch (origin) {
        case SettingOrigin::fallback:
            return "default";
        case SettingOrigin::stored:
            return "stored";
        case SettingOrigin::environment:
            return setting_variable(name);
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

bool is_family(const SettingInfo& info) {
    return info.target != SettingTarget::none;
}

/// A setting as it is listed. Of a family there are the family itself, which has no value, and
/// those of its settings that are stored.
struct Row {
    const SettingInfo* info;
    std::string name;
    SettingValue value;

    [[nodiscard]] bool has_value() const {
        return !is_family(*info) || value.origin == SettingOrigin::stored;
    }
};

Json setting_json(const Row& row) {
    const SettingInfo& info = *row.info;
    Json json = {{"name", row.name},
                 {"value", row.has_value() ? Json(row.value.value) : Json()},
                 {"default", std::string(info.default_value)},
                 {"type", type_name(info.type)},
                 {"origin", origin_name(row.value.origin)},
                 {"variable", is_family(info) ? Json() : Json(setting_variable(row.name))},
                 {"help", std::string(info.help)}};
    if (is_family(info) && info.default_value.empty()) {
        json["default"] = nullptr;
    }
    return json;
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
    std::string name;
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
    return Opened{.info = *info, .name = name, .session = *std::move(session)};
}

Result<Row> in_force(Opened& opened) {
    const auto stored = opened.session.store->settings();
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    return Row{opened.info, opened.name, effective_setting(*opened.info, opened.name, *stored)};
}

/// Prints what a change led to: the variable may still win.
Result<int> report_change(const GlobalOptions& global, Opened& opened) {
    const auto row = in_force(opened);
    if (!row) {
        return tl::unexpected(row.error());
    }
    const SettingOrigin origin = row->value.origin;
    if (origin == SettingOrigin::environment) {
        warn(global, setting_variable(opened.name) + " is set and wins over what is stored");
    }
    if (global.json) {
        write_out(print_json(setting_json(*row), 2) + "\n");
    } else if (!row->has_value()) {
        note(global, opened.name + " is not set");
    } else {
        note(global, opened.name + " is " + printable(row->value.value) + " (" +
                         origin_text(opened.name, origin) + ")");
    }
    return 0;
}

std::vector<Row> all_rows(const std::vector<std::pair<std::string, std::string>>& stored) {
    std::vector<Row> rows;
    for (const auto& info : setting_infos()) {
        const std::string name(info.name);
        if (!is_family(info)) {
            rows.push_back({&info, name, effective_setting(info, name, stored)});
            continue;
        }
        rows.push_back({&info, name, {std::string(info.default_value), SettingOrigin::fallback}});
        for (const auto& [key, value] : stored) {
            if (find_setting(key) == &info) {
                rows.push_back({&info, key, {value, SettingOrigin::stored}});
            }
        }
    }
    return rows;
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
    Table table(options.origin ? std::vector<std::string>{"NAME", "VALUE", "ORIGIN", "MEANING"}
                               : std::vector<std::string>{"NAME", "VALUE", "MEANING"});
    for (const Row& row : all_rows(*stored)) {
        list.push_back(setting_json(row));
        std::vector<Cell> cells = {{printable(row.name)}, {printable(row.value.value)}};
        if (options.origin) {
            cells.push_back({origin_text(row.name, row.value.origin)});
        }
        cells.push_back({std::string(row.info->help), Style::dim});
        table.add(std::move(cells));
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
    const auto row = in_force(*opened);
    if (!row) {
        return tl::unexpected(row.error());
    }
    if (!row->has_value()) {
        return fail(Errc::not_found, options.name + " is not set",
                    "llmgw config set " + options.name + " VALUE");
    }
    if (global.json) {
        write_out(print_json(setting_json(*row), 2) + "\n");
    } else {
        write_out(printable(row->value.value) + "\n");
    }
    return 0;
}

Result<int> run_config_set(const GlobalOptions& global, const SettingOptions& options) {
    auto opened = open(options.name);
    if (!opened) {
        return tl::unexpected(std::move(opened.error()));
    }
    if (auto checked = check_setting(*opened->info, options.name, options.value); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    if (is_family(*opened->info)) {
        auto checked = check_setting_target(
            global, *opened->info, opened->info->target_of(options.name), *opened->session.store);
        if (!checked) {
            return tl::unexpected(std::move(checked.error()));
        }
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
