// SPDX-License-Identifier: Apache-2.0
#include "cli/cache.h"

#include <unistd.h>

#include <memory>
#include <optional>
#include <utility>

#include "cli/output.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/store/cache_store.h"
#include "common/store/settings.h"

namespace llmgw {
namespace {

constexpr int kLockWaitMs = 10'000;  // another process may be clearing a million answers

/// cache.db, or nullptr when nothing was ever stored. Makes nothing.
Result<std::unique_ptr<CacheStore>> open_existing_cache(const Home& home) {
    const std::string path = home.cache_database();
    if (::access(path.c_str(), F_OK) != 0) {
        return nullptr;
    }
    return CacheStore::open(path, kLockWaitMs);
}

Result<CacheSettings> settings_of(Session& session) {
    const auto stored = session.store->settings();
    if (!stored) {
        return tl::unexpected(stored.error());
    }
    const auto settings = read_settings(*stored);
    return settings ? Result<CacheSettings>(settings->cache) : tl::unexpected(settings.error());
}

Result<void> set(Session& session, const char* name, const std::string& value) {
    if (auto checked = check_setting(*find_setting(name), name, value); !checked) {
        return checked;
    }
    return session.store->set_setting(name, value);
}

/// Says what is in force now: a variable may say otherwise than what was stored.
Result<int> report_switch(const GlobalOptions& global, Session& session) {
    const auto settings = settings_of(session);
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    const Json state = {{"enabled", settings->enabled},
                        {"ttl_s", static_cast<double>(settings->ttl_ms) / 1000}};
    if (global.json) {
        write_out(print_json(state, 2) + "\n");
    } else if (settings->enabled) {
        note(global, "the response cache is on; answers are stored for " +
                         format_duration_ms(settings->ttl_ms));
    } else {
        note(global, "the response cache is off");
    }
    return 0;
}

Json status_json(const CacheSettings& settings, const CacheStatus& status) {
    return {{"enabled", settings.enabled},
            {"ttl_s", static_cast<double>(settings.ttl_ms) / 1000},
            {"entries", status.entries},
            {"bytes", status.bytes},
            {"hits", status.counts.hits},
            {"misses", status.counts.misses},
            {"coalesced", status.counts.coalesced},
            {"tokens_saved", status.counts.tokens_saved},
            {"saved_usd", to_decimal(status.counts.saved)},
            {"oldest", status.oldest ? Json(rfc3339(*status.oldest)) : Json(nullptr)}};
}

void print_status(const GlobalOptions& global, const CacheSettings& settings,
                  const CacheStatus& status) {
    const bool terminal = is_terminal(STDOUT_FILENO);
    Table table({"WHAT", "VALUE"});
    const auto add = [&](const char* what, std::string value) {
        table.add({Cell{what}, Cell{std::move(value)}});
    };
    add("enabled", settings.enabled ? "true" : "false");
    add("ttl", format_duration_ms(settings.ttl_ms));
    add("entries", std::to_string(status.entries));
    add("bytes", std::to_string(status.bytes));
    add("hits", std::to_string(status.counts.hits));
    add("misses", std::to_string(status.counts.misses));
    add("coalesced", std::to_string(status.counts.coalesced));
    add("tokens saved", std::to_string(status.counts.tokens_saved));
    add("saved US$", to_decimal(status.counts.saved));
    add("oldest", status.oldest ? show_time(*status.oldest, terminal) : "-");
    table.print(global);
}

Result<CacheFilter> filter_of(Session& session, const CacheClearOptions& options) {
    CacheFilter filter;
    filter.model = options.model;
    if (!options.older_than.empty()) {
        const auto age = parse_duration_ms(options.older_than);
        if (!age) {
            return tl::unexpected(age.error());
        }
        filter.created_before = unix_ms() - *age;
    }
    if (!options.key.empty()) {
        const auto key = session.store->gateway_key(options.key);
        if (!key) {
            return tl::unexpected(key.error());
        }
        if (!*key) {
            return fail(Errc::not_found, "there is no such gateway key",
                        "llmgw keys list shows the names");
        }
        filter.gateway_key = Vault::short_id((*key)->digest);
    }
    return filter;
}

Result<void> ask(const GlobalOptions& global, const CacheClearOptions& options) {
    if (options.yes) {
        return {};
    }
    std::string which = "all stored answers";
    if (!options.model.empty() || !options.key.empty() || !options.older_than.empty()) {
        which = "stored answers";
        which += options.model.empty() ? "" : " of " + printable(options.model);
        which += options.key.empty() ? "" : " made for the key " + printable(options.key);
        which += options.older_than.empty() ? "" : " older than " + options.older_than;
    }
    const auto sure = confirm(global, "Remove " + which + "?", "--yes");
    if (!sure) {
        return tl::unexpected(sure.error());
    }
    return *sure ? Result<void>() : fail(Errc::failed, "nothing was removed");
}

}  // namespace

Result<int> run_cache_on(const GlobalOptions& global, const CacheOnOptions& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    auto changed = options.ttl.empty() ? Result<void>() : set(*session, "cache.ttl", options.ttl);
    if (changed) {
        changed = set(*session, "cache.enabled", "true");
    }
    return changed ? report_switch(global, *session) : tl::unexpected(std::move(changed.error()));
}

Result<int> run_cache_off(const GlobalOptions& global) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    auto changed = set(*session, "cache.enabled", "false");
    return changed ? report_switch(global, *session) : tl::unexpected(std::move(changed.error()));
}

Result<int> run_cache_status(const GlobalOptions& global) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto settings = settings_of(*session);
    if (!settings) {
        return tl::unexpected(settings.error());
    }
    const auto cache = open_existing_cache(session->home);
    if (!cache) {
        return tl::unexpected(cache.error());
    }
    const auto status = *cache == nullptr ? Result<CacheStatus>() : (*cache)->status();
    if (!status) {
        return tl::unexpected(status.error());
    }
    if (global.json) {
        write_out(print_json(status_json(*settings, *status), 2) + "\n");
    } else {
        print_status(global, *settings, *status);
    }
    return 0;
}

Result<int> run_cache_clear(const GlobalOptions& global, const CacheClearOptions& options) {
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    const auto filter = filter_of(*session, options);
    if (!filter) {
        return tl::unexpected(filter.error());
    }
    if (auto asked = ask(global, options); !asked) {
        return tl::unexpected(std::move(asked.error()));
    }
    const auto cache = open_existing_cache(session->home);
    if (!cache) {
        return tl::unexpected(cache.error());
    }
    const auto removed =
        *cache == nullptr ? Result<std::uint64_t>(0) : (*cache)->clear(*filter, unix_ms() + 1);
    if (!removed) {
        return tl::unexpected(removed.error());
    }
    if (global.json) {
        write_out(print_json({{"removed", *removed}}, 2) + "\n");
    } else {
        note(global, "removed " + std::to_string(*removed) +
                         (*removed == 1 ? " stored answer" : " stored answers"));
    }
    return 0;
}

}  // namespace llmgw
