// SPDX-License-Identifier: Apache-2.0
#include "cli/usage_portkey.h"

#include <unistd.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cli/logs.h"
#include "cli/output.h"
#include "cli/session.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/portkey/header_table.h"

namespace llmgw {

namespace {

// The names of gateway keys by what the log calls them.
Result<std::map<std::string, std::string>> key_names() {
    std::map<std::string, std::string> names;
    const auto session = open_existing_session();
    if (!session) {
        return names;
    }
    const auto keys = session->store->gateway_keys();
    if (!keys) {
        return tl::unexpected(keys.error());
    }
    for (const GatewayKey& key : *keys) {
        names.emplace(Vault::short_id(key.digest), key.name);
    }
    return names;
}

// A row of the table; `key` is the gateway key's name then.
struct HeaderRow {
    PortkeyHeaderUse use;
    std::string_view handling;
};

Result<std::vector<HeaderRow>> read_rows(const UsageOptions& options) {
    std::vector<HeaderRow> rows;
    const auto log = open_existing_log();
    if (!log) {
        return tl::unexpected(log.error());
    }
    if (*log == nullptr) {
        return rows;
    }
    auto uses = (*log)->portkey_headers(time_ago(options.since));
    if (!uses) {
        return tl::unexpected(uses.error());
    }
    const auto names = key_names();
    if (!names) {
        return tl::unexpected(names.error());
    }
    for (PortkeyHeaderUse& use : *uses) {
        const PortkeyHeader* const known = find_portkey_header(use.header);
        const auto name = names->find(use.key);
        use.key = name == names->end() ? std::string() : name->second;
        use.header.insert(0, kPortkeyPrefix);
        rows.push_back({std::move(use),
                        portkey_use_name(known == nullptr ? PortkeyUse::unknown : known->use)});
    }
    return rows;
}

Json row_json(const HeaderRow& row) {
    const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
    return {{"header", row.use.header},     {"handling", row.handling},
            {"key", text(row.use.key)},     {"client", text(row.use.client)},
            {"requests", row.use.requests}, {"last_seen", rfc3339(row.use.last_seen)}};
}

std::vector<Cell> row_cells(const HeaderRow& row, bool terminal) {
    const auto text = [](const std::string& value) {
        return Cell{.text = value.empty() ? "-" : printable(value)};
    };
    return {text(row.use.header),
            Cell{.text = std::string(row.handling)},
            text(row.use.key),
            text(row.use.client),
            Cell{.text = std::to_string(row.use.requests), .right = true},
            Cell{.text = show_time(row.use.last_seen, terminal)}};
}

}  // namespace

Result<int> run_portkey_usage(const GlobalOptions& global, const UsageOptions& options) {
    const auto rows = read_rows(options);
    if (!rows) {
        return tl::unexpected(rows.error());
    }
    if (global.json) {
        Json list = Json::array();
        for (const HeaderRow& row : *rows) {
            list.push_back(row_json(row));
        }
        write_out(print_json(list, 2) + "\n");
        return 0;
    }
    if (rows->empty()) {
        note(global, "no client has sent a header of Portkey's in the last " + options.since);
        return 0;
    }
    const bool terminal = is_terminal(STDOUT_FILENO);
    Table table({"HEADER", "HANDLING", "KEY", "CLIENT", "REQUESTS", "LAST SEEN"});
    for (const HeaderRow& row : *rows) {
        table.add(row_cells(row, terminal));
    }
    table.print(global);
    return 0;
}

}  // namespace llmgw
