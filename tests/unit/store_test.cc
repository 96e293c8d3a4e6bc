// SPDX-License-Identifier: Apache-2.0
#include "common/store/store.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "common/store/database.h"
#include "common/store/migrations.h"
#include "tests/unit/processes.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::file_content;
using llmgw::test::mode_of;
using llmgw::test::put_file;
using llmgw::test::Scratch;

namespace {

std::unique_ptr<Store> open_store(const std::string& path) {
    auto store = Store::open(path);
    if (!store) {
        FAIL(store.error().message);
    }
    return std::move(*store);
}

// Runs SQL on a file past Store, as another program would.
void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* connection = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &connection) == SQLITE_OK);
    const int code = sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, nullptr);
    CAPTURE(sqlite3_errmsg(connection));
    CHECK(code == SQLITE_OK);
    sqlite3_close(connection);
}

ProviderKey provider_key(const std::string& label, std::int64_t created_at = 1) {
    return {.label = label,
            .provider = "openai",
            .base_url = "https://api.openai.com/v1",
            .source = SecretSource::stored,
            .source_ref = "",
            .sealed = std::string("\0\1\xff", 3),
            .fingerprint = "sk-…abcd",
            .weight = 5,
            .region = "eu",
            .options = {{"z", "1"}, {"a", "2"}, {"z", "3"}},
            .enabled = true,
            .created_at = created_at};
}

GatewayKey gateway_key(const std::string& id, const std::string& name,
                       std::int64_t created_at = 1) {
    GatewayKey key;
    key.id = id;
    key.name = name;
    std::copy(id.begin(), id.end(), key.digest.begin());
    key.fingerprint = "llmgw_…wxyz";
    key.created_at = created_at;
    return key;
}

}  // namespace

TEST_CASE("store: a new database is private, whatever the umask, and at the newest schema") {
    const Scratch scratch;
    const std::string path = scratch / "llmgw.db";
    const mode_t before = ::umask(0);
    {
        const auto store = open_store(path);
        REQUIRE(store->set_setting("strict", "true"));
        for (const auto* suffix : {"", "-wal", "-shm"}) {
            CAPTURE(suffix);
            CHECK(mode_of(path + suffix) == 0600);
        }
    }
    ::umask(before);
    auto database = Database::open(path);
    REQUIRE(database);
    CHECK((*database)->integer("PRAGMA user_version").value() == store_schema().newest());
    CHECK(file_content(path).substr(0, 15) == "SQLite format 3");
}

TEST_CASE("store: a database of an older schema opens at the newest, with everything in it") {
    const Scratch scratch;
    const std::string path = scratch / "llmgw.db";
    put_file(path, "", 0600);
    int schema = 0;
    SUBCASE("1") {
        schema = 1;
    }
    SUBCASE("2") {
        schema = 2;
    }
    const std::string fixture =
        file_content(std::string(LLMGW_TEST_DATA) + "/schema/v" + std::to_string(schema) + ".sql");
    REQUIRE_FALSE(fixture.empty());
    run_sql(path, fixture);
    {
        const auto store = open_store(path);
        CHECK(store->setting("timeouts.idle").value() == "90s");
        const auto keys = store->provider_keys().value();
        REQUIRE(keys.size() == 1);
        CHECK(keys[0].label == "lab");
        CHECK(keys[0].source == SecretSource::stored);
        CHECK(keys[0].sealed == "\x01\x02");
        CHECK(keys[0].weight == 3);
        CHECK_FALSE(keys[0].enabled);
        CHECK(keys[0].options == decltype(keys[0].options){{"z", "1"}, {"a", "2"}});
        const auto key = store->gateway_key("default").value();
        REQUIRE(key);
        CHECK(key->digest[31] == 31);
        CHECK(key->revoked_at == 1700000000002);
        CHECK_FALSE(key->expires_at);
        CHECK(key->route.empty());
        CHECK(store->aliases().value().at(0).target == "openai/gpt-4o-mini");
        CHECK(store->provider_renewals().value().size() == (schema == 1 ? 0 : 1));
        CHECK(store->routes().value().empty());
        CHECK(store->set_gateway_key_route("k_one", "prod").value());
    }
    CHECK(Database::open(path).value()->integer("PRAGMA user_version").value() ==
          store_schema().newest());
}

TEST_CASE("store: files that are not ours are refused and left alone") {
    const Scratch scratch;
    const std::string path = scratch / "llmgw.db";
    const auto refused = [&](const char* told) {
        const std::string before = file_content(path);
        const auto store = Store::open(path);
        REQUIRE_FALSE(store);
        CHECK(store.error().kind == Errc::invalid_file);
        CHECK_FALSE(store.error().hint.empty());
        CAPTURE(store.error().message);
        CHECK(store.error().message.find(told) != std::string::npos);
        CHECK(store.error().message.find(path) != std::string::npos);
        CHECK(file_content(path) == before);
        return store.error().hint;
    };
    SUBCASE("a newer schema") {
        open_store(path);
        run_sql(path, "PRAGMA user_version = 907");
        CHECK(refused("was made by a newer llmgw (schema 907, this one knows")
                  .starts_with("upgrade llmgw"));
    }
    SUBCASE("garbage") {
        for (const std::size_t size : {3U, 100U, 5000U, 100'000U}) {
            put_file(path, std::string(size, 'g'), 0600);
            refused("is not an SQLite database");
        }
    }
    SUBCASE("another program's database") {
        put_file(path, "", 0600);
        run_sql(path, "CREATE TABLE theirs (x)");
        refused("another program");
        run_sql(path, "PRAGMA user_version = 1");
        refused("another program");
    }
    SUBCASE("readable by others") {
        open_store(path);
        for (const mode_t mode : {0640U, 0604U, 0666U}) {
            ::chmod(path.c_str(), mode);
            CHECK(refused("is open to other users (mode 06") == "chmod 600 " + path);
        }
    }
}

TEST_CASE("store: a folder in the place of the database is refused") {
    const Scratch scratch;
    const auto store = Store::open(scratch.path());
    REQUIRE_FALSE(store);
    CHECK(store.error().message.find("not a regular file") != std::string::npos);
}

TEST_CASE("store: damage inside the file is an error with a way out") {
    const Scratch scratch;
    const std::string path = scratch / "llmgw.db";
    {
        const auto store = open_store(path);
        for (int i = 0; i < 50; i++) {
            REQUIRE(store->add_provider_key(provider_key("label" + std::to_string(i))));
        }
    }
    std::string content = file_content(path);
    REQUIRE(content.size() > 8192);
    std::fill(content.begin() + 4096, content.end(), '\x7f');
    put_file(path, content, 0600);
    const auto store = open_store(path);
    const auto keys = store->provider_keys();
    REQUIRE_FALSE(keys);
    CHECK(keys.error().kind == Errc::invalid_file);
    CHECK(keys.error().message.find("is damaged") != std::string::npos);
    CHECK(keys.error().hint.find(path + ".damaged") != std::string::npos);
}

TEST_CASE("store: SQLite's failures become sentences") {
    const Scratch scratch;
    const auto database = Database::open(scratch / "llmgw.db");
    REQUIRE(database);
    struct Case {
        int code;
        Errc kind;
        const char* told;
    };
    const Case cases[] = {
        {SQLITE_BUSY, Errc::conflict, "locked by another process; waited 5s"},
        {SQLITE_BUSY_SNAPSHOT, Errc::conflict, "locked by another process"},
        {SQLITE_FULL, Errc::failed, "the disk is full"},
        {SQLITE_READONLY, Errc::failed, "cannot be written"},
        {SQLITE_READONLY_DIRECTORY, Errc::failed, "cannot be written"},
        {SQLITE_CANTOPEN, Errc::failed, "cannot be opened"},
        {SQLITE_CORRUPT, Errc::invalid_file, "is damaged"},
        {SQLITE_NOTADB, Errc::invalid_file, "is not an SQLite database"},
        {SQLITE_IOERR_WRITE, Errc::failed, "the disk failed"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.told);
        const Error error = (*database)->failure(c.code).value();
        CHECK(error.kind == c.kind);
        CHECK(error.message.find(c.told) != std::string::npos);
        CHECK(error.message.find(scratch.path()) != std::string::npos);
        CHECK_FALSE(error.hint.empty());
    }
}

TEST_CASE("store: a full disk and a read-only connection are told apart") {
    const Scratch scratch;
    auto database = Database::open(scratch / "llmgw.db");
    REQUIRE(database);
    REQUIRE(migrate(**database, store_schema()));
    SUBCASE("full") {
        REQUIRE((*database)->execute("PRAGMA max_page_count = 12"));
        const auto grown =
            (*database)->execute("INSERT INTO settings VALUES ('big', hex(zeroblob(100000)))");
        REQUIRE_FALSE(grown);
        CHECK(grown.error().message.find("the disk is full") != std::string::npos);
    }
    SUBCASE("read-only") {
        REQUIRE((*database)->execute("PRAGMA query_only = ON"));
        const auto changed = (*database)->execute("DELETE FROM settings");
        REQUIRE_FALSE(changed);
        CHECK(changed.error().message.find("cannot be written") != std::string::npos);
    }
}

TEST_CASE("store: settings") {
    const Scratch scratch;
    const auto store = open_store(scratch / "llmgw.db");
    CHECK(store->settings().value().empty());
    CHECK_FALSE(store->setting("b").value());
    REQUIRE(store->set_setting("b", "1"));
    REQUIRE(store->set_setting("a", ""));
    REQUIRE(store->set_setting("b", "'; DROP TABLE settings; --"));
    CHECK(store->setting("a").value() == "");
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    CHECK(store->settings().value() == Pairs{{"a", ""}, {"b", "'; DROP TABLE settings; --"}});
    CHECK(store->unset_setting("b").value());
    CHECK_FALSE(store->unset_setting("b").value());
}

TEST_CASE("store: provider keys") {
    const Scratch scratch;
    const auto store = open_store(scratch / "llmgw.db");
    REQUIRE(store->add_provider_key(provider_key("second", 20)));
    REQUIRE(store->add_provider_key(provider_key("first", 10)));
    for (const auto source :
         {SecretSource::none, SecretSource::env, SecretSource::file, SecretSource::command}) {
        ProviderKey key = provider_key("source" + std::to_string(static_cast<int>(source)), 30);
        key.source = source;
        key.source_ref = "REF";
        key.sealed.clear();
        REQUIRE(store->add_provider_key(key));
        CHECK(store->provider_key(key.label).value()->source == source);
        CHECK(store->provider_key(key.label).value()->source_ref == "REF");
        CHECK(store->provider_key(key.label).value()->sealed.empty());
    }
    const auto keys = store->provider_keys().value();
    REQUIRE(keys.size() == 6);
    CHECK(keys[0].label == "first");
    CHECK(keys[1].label == "second");
    const ProviderKey expected = provider_key("first", 10);
    CHECK(keys[0].provider == expected.provider);
    CHECK(keys[0].base_url == expected.base_url);
    CHECK(keys[0].sealed == expected.sealed);
    CHECK(keys[0].fingerprint == expected.fingerprint);
    CHECK(keys[0].weight == 5);
    CHECK(keys[0].region == "eu");
    CHECK(keys[0].options == expected.options);
    CHECK(keys[0].enabled);
    CHECK(keys[0].created_at == 10);

    CHECK(store->set_provider_enabled("first", false).value());
    CHECK_FALSE(store->provider_key("first").value()->enabled);
    CHECK_FALSE(store->set_provider_enabled("none", false).value());
    CHECK_FALSE(store->provider_key("none").value());

    const auto twice = store->add_provider_key(provider_key("first"));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().kind == Errc::conflict);
    CHECK(twice.error().message.find("first") != std::string::npos);
    // The refused one left nothing behind, and the store is still usable.
    CHECK(store->provider_key("first").value()->options.size() == 3);
    CHECK(store->remove_provider_key("first").value());
    CHECK_FALSE(store->remove_provider_key("first").value());
    ProviderKey bare = provider_key("first");
    bare.options.clear();
    REQUIRE(store->add_provider_key(bare));
    CHECK(store->provider_key("first").value()->options.empty());
}

TEST_CASE("store: renewals of provider keys, stored or not") {
    const Scratch scratch;
    const auto store = Store::open(scratch / "llmgw.db").value();
    CHECK(store->provider_renewals().value().empty());
    REQUIRE(store->renew_provider_key("openai", 100));
    REQUIRE(store->renew_provider_key("lab", 150));
    REQUIRE(store->renew_provider_key("openai", 200));
    const auto renewals = store->provider_renewals().value();
    REQUIRE(renewals.size() == 2);
    CHECK(renewals[0].label == "lab");
    CHECK(renewals[0].renewed_at == 150);
    CHECK(renewals[1].renewed_at == 200);
}

TEST_CASE("store: a secret is bound to label, provider and address") {
    ProviderKey key = provider_key("lab");
    CHECK(secret_context(key) == "lab\nopenai\nhttps://api.openai.com/v1");
}

TEST_CASE("store: routes") {
    const Scratch scratch;
    const auto store = open_store(scratch / "llmgw.db");
    CHECK_FALSE(store->route("prod").value());
    REQUIRE(store->set_route({.name = "prod",
                              .document = "{}",
                              .created_at = 1,
                              .updated_at = 1,
                              .source = "import:prod.json",
                              .import_hash = "abc"}));
    REQUIRE(
        store->set_route({.name = "Apart", .document = "[]", .created_at = 2, .updated_at = 2}));
    auto route = store->route("prod").value();
    REQUIRE(route);
    CHECK(route->document == "{}");
    CHECK(route->source == "import:prod.json");
    CHECK(route->import_hash == "abc");

    // By hand; when it was made stays.
    const std::int64_t before = store->data_version().value();
    REQUIRE(store->set_route(
        {.name = "prod", .document = "{\"cache\":true}", .created_at = 9, .updated_at = 9}));
    CHECK(store->data_version().value() != before);
    route = store->route("prod").value();
    CHECK(route->document == "{\"cache\":true}");
    CHECK(route->created_at == 1);
    CHECK(route->updated_at == 9);
    CHECK(route->source == "hand");
    CHECK(route->import_hash.empty());

    const auto routes = store->routes().value();
    REQUIRE(routes.size() == 2);
    CHECK(routes[0].name == "Apart");
    CHECK(routes[1].name == "prod");
    CHECK(store->remove_route("prod").value());
    CHECK_FALSE(store->remove_route("prod").value());
    CHECK_FALSE(store->route("prod").value());
}

TEST_CASE("store: gateway keys know their routes") {
    const Scratch scratch;
    const auto store = open_store(scratch / "llmgw.db");
    for (const auto& [id, route] : {std::pair("k_1", "prod"), std::pair("k_2", ""),
                                    std::pair("k_3", "other"), std::pair("k_4", "prod")}) {
        GatewayKey key = gateway_key(id, id, 10);
        key.digest[0] = static_cast<std::uint8_t>(id[2]);
        key.route = route;
        REQUIRE(store->add_gateway_key(key));
    }
    CHECK(store->gateway_key("k_1").value()->route == "prod");
    CHECK(store->gateway_key("k_2").value()->route.empty());
    CHECK(store->set_gateway_key_route("k_2", "prod").value());
    CHECK(store->set_gateway_key_route("k_4", "").value());
    CHECK_FALSE(store->set_gateway_key_route("k_9", "prod").value());

    const ValidGatewayKeys valid = store->valid_gateway_keys().value();
    REQUIRE(valid.keys.size() == 4);
    CHECK(valid.routes.size() == 2);
    for (const ValidGatewayKey& key : valid.keys) {
        const std::string route = key.route == 0 ? "" : valid.routes.at(key.route - 1);
        CAPTURE(key.digest[0]);
        CHECK(route == (key.digest[0] == '3' ? "other" : key.digest[0] == '4' ? "" : "prod"));
    }
}

TEST_CASE("store: gateway keys") {
    const Scratch scratch;
    const auto store = open_store(scratch / "llmgw.db");
    CHECK_FALSE(store->has_gateway_keys().value());
    CHECK(store->valid_gateway_keys().value().keys.empty());
    GatewayKey first = gateway_key("k_1", "app", 10);
    first.expires_at = 500;
    REQUIRE(store->add_gateway_key(first));
    const auto twice = store->add_gateway_key(gateway_key("k_2", "app", 20));
    REQUIRE_FALSE(twice);
    CHECK(twice.error().kind == Errc::conflict);
    CHECK(twice.error().message.find("app") != std::string::npos);

    CHECK(store->revoke_gateway_key("k_1", 99).value());
    CHECK_FALSE(store->revoke_gateway_key("k_1", 100).value());
    CHECK_FALSE(store->revoke_gateway_key("k_9", 100).value());
    CHECK(store->gateway_key("app").value()->revoked_at == 99);
    CHECK(store->has_gateway_keys().value());
    CHECK(store->valid_gateway_keys().value().keys.empty());
    // The name is free again, and means the one in use.
    REQUIRE(store->add_gateway_key(gateway_key("k_2", "app", 20)));
    CHECK(store->gateway_key("app").value()->id == "k_2");
    CHECK(store->gateway_key("k_1").value()->expires_at == 500);
    CHECK_FALSE(store->gateway_key("nobody").value());
    const auto keys = store->gateway_keys().value();
    REQUIRE(keys.size() == 2);
    CHECK(keys[0].id == "k_1");
    CHECK(keys[0].digest == first.digest);
    CHECK(keys[0].fingerprint == first.fingerprint);
    CHECK(keys[1].id == "k_2");
    CHECK_FALSE(keys[1].expires_at);
    GatewayKey passing = gateway_key("k_3", "passing", 30);
    passing.expires_at = 700;
    REQUIRE(store->add_gateway_key(passing));
    auto valid = store->valid_gateway_keys().value().keys;
    REQUIRE(valid.size() == 2);
    if (valid[0].expires_at != ValidGatewayKey::kNever) {
        std::swap(valid[0], valid[1]);
    }
    CHECK(valid[0].digest == keys[1].digest);
    CHECK(valid[0].expires_at == ValidGatewayKey::kNever);
    CHECK(valid[1].digest == passing.digest);
    CHECK(valid[1].expires_at == 700);
}

TEST_CASE("store: aliases") {
    const Scratch scratch;
    const auto store = open_store(scratch / "llmgw.db");
    REQUIRE(store->set_alias({"smart", "openai/gpt-4o"}));
    REQUIRE(store->set_alias({"fast", "a"}));
    REQUIRE(store->set_alias({"fast", "b"}));
    const auto aliases = store->aliases().value();
    REQUIRE(aliases.size() == 2);
    CHECK(aliases[0].name == "fast");
    CHECK(aliases[0].target == "b");
    CHECK(store->remove_alias("fast").value());
    CHECK_FALSE(store->remove_alias("fast").value());
}

TEST_CASE("store: the data version tells of own and others' commits, and of nothing else") {
    const Scratch scratch;
    const auto mine = open_store(scratch / "llmgw.db");
    const auto other = open_store(scratch / "llmgw.db");
    std::int64_t last = mine->data_version().value();
    const auto changed = [&] {
        const std::int64_t before = std::exchange(last, mine->data_version().value());
        return last != before;
    };
    CHECK_FALSE(changed());
    REQUIRE(mine->settings());
    REQUIRE(other->settings());
    CHECK_FALSE(changed());
    REQUIRE(mine->set_setting("a", "1"));
    CHECK(changed());
    CHECK_FALSE(changed());
    REQUIRE(other->set_setting("a", "2"));
    CHECK(changed());
    CHECK(mine->setting("a").value() == "2");
    CHECK_FALSE(changed());
    REQUIRE(other->add_provider_key(provider_key("x")));
    CHECK(changed());
    REQUIRE(other->remove_provider_key("x").value());
    CHECK(changed());
    REQUIRE(mine->unset_setting("a").value());
    CHECK(changed());
    test::run_processes(1, [&](int, int) {
        static_cast<void>(open_store(scratch / "llmgw.db")->set_alias({"a", "b"}));
    });
    CHECK(changed());
    CHECK_FALSE(changed());
}

TEST_CASE("store: threads that open a new database at once all succeed") {
    for (int round = 0; round < 5; round++) {
        const Scratch scratch;
        const std::string path = scratch / "llmgw.db";
        std::vector<std::string> failures(8);
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < failures.size(); i++) {
            threads.emplace_back([&, i] {
                const auto store = Store::open(path);
                if (!store) {
                    failures[i] = store.error().message;
                    return;
                }
                const auto set = (*store)->set_setting("thread" + std::to_string(i), "x");
                failures[i] = set ? "" : set.error().message;
            });
        }
        for (auto& thread : threads) {
            thread.join();
        }
        CHECK(failures == std::vector<std::string>(8));
        CHECK(open_store(path)->settings().value().size() == 8);
    }
}

TEST_CASE("store: processes that open a new database at once and are killed lose no commit") {
    for (int round = 0; round < 5; round++) {
        const Scratch scratch;
        const std::string path = scratch / "llmgw.db";
        // Each is killed right after its commit, with the database open.
        const auto said = test::run_processes(8, [&](int index, int out) {
            const auto store = Store::open(path);
            if (!store) {
                test::say(out, store.error().message);
                ::kill(::getpid(), SIGKILL);
            }
            const auto added =
                (*store)->add_provider_key(provider_key("p" + std::to_string(index)));
            test::say(out, added ? "committed" : added.error().message);
            ::kill(::getpid(), SIGKILL);
        });
        CHECK(said == std::vector<std::string>(8, "committed"));
        const auto keys = open_store(path)->provider_keys().value();
        CHECK(keys.size() == 8);
        for (const auto& key : keys) {
            CHECK(key.options.size() == 3);
        }
    }
}

TEST_CASE("store: a process killed inside a transaction leaves nothing of it") {
    const Scratch scratch;
    const std::string path = scratch / "llmgw.db";
    open_store(path);
    test::run_processes(1, [&](int, int) {
        const auto database = Database::open(path);
        const auto transaction = Transaction::begin(**database);
        static_cast<void>((*database)->execute("INSERT INTO settings VALUES ('half', 'x')"));
        ::kill(::getpid(), SIGKILL);
    });
    const auto store = open_store(path);
    CHECK_FALSE(store->setting("half").value());
    CHECK(store->set_setting("whole", "x"));
}
