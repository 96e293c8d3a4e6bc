// SPDX-License-Identifier: Apache-2.0
#include "cli/keys.h"

#include <unistd.h>

#include <limits>
#include <utility>

#include "cli/output.h"
#include "cli/routes.h"
#include "cli/secret_input.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/secrets/vault.h"
#include "common/store/store.h"

namespace llmgw {
namespace {

constexpr std::size_t kIdBytes = 6;

std::string state_of(const GatewayKey& key) {
    if (key.revoked_at) {
        return "revoked";
    }
    return key.expires_at && *key.expires_at <= unix_ms() ? "expired" : "active";
}

Json time_json(const std::optional<std::int64_t>& time) {
    return time ? Json(rfc3339(*time)) : Json(nullptr);
}

Json key_json(const GatewayKey& key) {
    return {{"id", key.id},
            {"name", key.name},
            {"state", state_of(key)},
            {"fingerprint", key.fingerprint},
            {"route", key.route.empty() ? Json(nullptr) : Json(key.route)},
            {"created_at", rfc3339(key.created_at)},
            {"expires_at", time_json(key.expires_at)},
            {"revoked_at", time_json(key.revoked_at)}};
}

Result<GatewayKey> find_key(Store& store, const std::string& name) {
    auto key = store.gateway_key(name);
    if (!key) {
        return tl::unexpected(std::move(key.error()));
    }
    if (*key) {
        return **std::move(key);
    }
    const auto all = store.gateway_keys();
    std::vector<std::string> names;
    for (const auto& each : all.value_or(std::vector<GatewayKey>{})) {
        names.push_back(each.name);
    }
    const std::string shown = looks_like_secret(name) ? "" : " '" + printable(name) + "'";
    return fail(Errc::not_found, "there is no key named" + shown,
                suggest(name, names, "llmgw keys list shows the names"));
}

Result<std::optional<std::int64_t>> expiry(const std::string& duration, std::int64_t now) {
    if (duration.empty()) {
        return std::nullopt;
    }
    const auto length = parse_duration_ms(duration);
    if (!length) {
        return tl::unexpected(length.error());
    }
    if (*length <= 0 || *length > std::numeric_limits<std::int64_t>::max() - now) {
        return fail(Errc::usage, "--expires: a key must last for some time", "--expires 30d");
    }
    return now + *length;
}

Result<GatewayKey> make_key(const Session& session, const KeysCreateOptions& options,
                            const std::string& secret) {
    const std::int64_t now = unix_ms();
    auto expires_at = expiry(options.expires, now);
    if (!expires_at) {
        return tl::unexpected(std::move(expires_at.error()));
    }
    const auto vault = Vault::open(session.home.master_key(), true);
    if (!vault) {
        return tl::unexpected(vault.error());
    }
    GatewayKey key;
    key.id = "k_" + random_hex(kIdBytes);
    key.name = options.name;
    key.digest = (*vault)->digest(secret);
    key.fingerprint = mask_secret(secret);
    key.created_at = now;
    key.expires_at = *expires_at;
    key.route = options.route;
    return key;
}

/// Whether a route that a key is to have is there; "" is none.
Result<void> check_route(Store& store, const std::string& name) {
    if (name.empty()) {
        return {};
    }
    const auto route = find_route(store, name);
    return route ? Result<void>() : tl::unexpected(route.error());
}

}  // namespace

Result<int> run_keys_create(const GlobalOptions& global, const KeysCreateOptions& options) {
    if (auto checked = check_name("a key's name", options.name); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    if (auto checked = check_route(*session->store, options.route); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    const std::string secret = Vault::new_gateway_key();
    const auto key = make_key(*session, options, secret);
    if (!key) {
        return tl::unexpected(key.error());
    }
    if (auto added = session->store->add_gateway_key(*key); !added) {
        return tl::unexpected(std::move(added.error()));
    }
    if (global.json) {
        Json document = {{"id", key->id}, {"name", key->name}, {"secret", secret}};
        document.update(key_json(*key));
        write_out(print_json(document, 2) + "\n");
        return 0;
    }
    note(global, "created the key " + key->name + " (" + key->id +
                     "); it is shown this once, clients send it as their API key:");
    write_out(secret + "\n");
    return 0;
}

Result<int> run_keys_list(const GlobalOptions& global) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto keys = session->store->gateway_keys();
    if (!keys) {
        return tl::unexpected(keys.error());
    }
    if (global.json) {
        Json list = Json::array();
        for (const auto& key : *keys) {
            list.push_back(key_json(key));
        }
        write_out(print_json(list, 2) + "\n");
        return 0;
    }
    if (keys->empty()) {
        note(global, "there is no key yet; next: llmgw keys create NAME");
        return 0;
    }
    const bool terminal = is_terminal(STDOUT_FILENO);
    Table table({"NAME", "ID", "STATE", "CREATED", "EXPIRES", "FINGERPRINT", "ROUTE"});
    for (const auto& key : *keys) {
        const auto state = state_of(key);
        table.add({{key.name},
                   {key.id},
                   {state, state == "active" ? Style::green : Style::yellow},
                   {show_time(key.created_at, terminal)},
                   {key.expires_at ? show_time(*key.expires_at, terminal) : "never"},
                   {key.fingerprint},
                   {key.route.empty() ? "-" : key.route}});
    }
    table.print(global);
    return 0;
}

Result<int> run_keys_show(const GlobalOptions& global, const KeyName& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto key = find_key(*session->store, options.name);
    if (!key) {
        return tl::unexpected(key.error());
    }
    if (global.json) {
        write_out(print_json(key_json(*key), 2) + "\n");
        return 0;
    }
    const bool terminal = is_terminal(STDOUT_FILENO);
    std::string text = "name         " + key->name + "\nid           " + key->id +
                       "\nstate        " + state_of(*key) + "\nfingerprint  " + key->fingerprint +
                       "\ncreated      " + show_time(key->created_at, terminal) + "\n";
    text += "expires      " +
            (key->expires_at ? show_time(*key->expires_at, terminal) : std::string("never")) + "\n";
    text += key->route.empty() ? "" : "route        " + key->route + "\n";
    text += key->revoked_at ? "revoked      " + show_time(*key->revoked_at, terminal) + "\n" : "";
    write_out(text);
    return 0;
}

Result<int> run_keys_update(const GlobalOptions& global, const KeysUpdateOptions& options) {
    if (options.route.empty() != options.no_route) {
        return fail(Errc::usage, "there is nothing to change, or too much",
                    "--route NAME or --no-route");
    }
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    auto key = find_key(*session->store, options.name);
    if (!key) {
        return tl::unexpected(std::move(key.error()));
    }
    if (auto checked = check_route(*session->store, options.route); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    key->route = options.route;
    if (auto done = session->store->set_gateway_key_route(key->id, key->route); !done) {
        return tl::unexpected(std::move(done.error()));
    }
    if (global.json) {
        write_out(print_json(key_json(*key), 2) + "\n");
    } else {
        note(global, options.no_route
                         ? "requests with the key " + key->name + " go where they ask to go"
                         : "requests with the key " + key->name + " take route/" + key->route);
    }
    return 0;
}

Result<int> run_keys_revoke(const GlobalOptions& global, const KeyName& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    auto key = find_key(*session->store, options.name);
    if (!key) {
        return tl::unexpected(std::move(key.error()));
    }
    if (key->revoked_at) {
        return fail(Errc::conflict, "the key " + key->name + " is revoked already",
                    "llmgw keys list");
    }
    if (!options.yes) {
        const auto sure =
            confirm(global, "Revoke the key " + key->name + "? Its clients stop working.", "--yes");
        if (!sure) {
            return tl::unexpected(sure.error());
        }
        if (!*sure) {
            return fail(Errc::failed, "nothing was revoked");
        }
    }
    key->revoked_at = unix_ms();
    if (auto done = session->store->revoke_gateway_key(key->id, *key->revoked_at); !done) {
        return tl::unexpected(std::move(done.error()));
    }
    if (global.json) {
        write_out(print_json(key_json(*key), 2) + "\n");
    } else {
        note(global, "revoked the key " + key->name);
    }
    return 0;
}

}  // namespace llmgw
