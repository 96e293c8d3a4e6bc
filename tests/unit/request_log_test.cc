// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/request_log.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "common/base/clock.h"
#include "common/store/database.h"
#include "tests/unit/log_batch.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::append;
using llmgw::test::file_content;
using llmgw::test::put_file;
using llmgw::test::Scratch;

namespace {

constexpr LogSettings kSettings{.enabled = true, .keep_ms = 60'000, .max_size = 1 << 30};

LoggedCall call(const std::string& request_id) {
    LoggedCall row;
    row.time = unix_ms();
    row.request_id = request_id;
    row.status = 200;
    return row;
}

std::shared_ptr<const Decision> decision() {
    auto made = std::make_shared<Decision>();
    made->model = "gpt-4o";
    return made;
}

template <typename Condition>
bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

std::int64_t count_in(const std::string& path) {
    return LogStore::open(path, 1000).value()->count().value();
}

}  // namespace

TEST_CASE("request log: rows are written soon, and all of them at the end") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    {
        RequestLog log(path, kSettings);
        CHECK(log.saved_health().rows.empty());
        log.add(view_of(call("first")), decision());
        CHECK(comes_true([&] { return log.logged() == 1; }));
        CHECK(count_in(path) == 1);
        for (int i = 0; i < 5000; i++) {
            log.add(view_of(call("r")), nullptr);
        }
        log.add(view_of(call("last")), decision());
    }
    const auto store = LogStore::open(path, 1000).value();
    CHECK(store->count().value() == 5002);
    CHECK(store->decision(1).value() == decision_json(*decision()));
    CHECK(store->request("last").value().size() == 1);
    CHECK(store->decision(5002).value() == decision_json(*decision()));
}

TEST_CASE("request log: of a large batch only some decisions are kept") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    {
        RequestLog log(path, kSettings);
        for (int i = 0; i < 3000; i++) {
            log.add(view_of(call("r")), decision());
        }
    }
    CHECK(count_in(path) == 3000);
    const auto kept =
        Database::open(path).value()->integer("SELECT count(*) FROM decisions").value();
    CHECK(kept >= 1024);
    CHECK(kept < 3000);
}

TEST_CASE("request log: what cannot be written waits, and is dropped beyond a bound") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    std::filesystem::create_directory(path);
    RequestLog log(path, kSettings);
    for (int i = 0; i < 65'636; i++) {
        log.add(view_of(call("r")), nullptr);
    }
    CHECK(log.dropped() == 100);
    CHECK(log.logged() == 0);
    std::filesystem::remove(path);
    CHECK(comes_true([&] { return log.logged() == 65'536; }));
    CHECK(count_in(path) == 65'536);
    log.add(view_of(call("again")), nullptr);
    CHECK(comes_true([&] { return log.logged() == 65'537; }));
    CHECK(log.dropped() == 100);
}

TEST_CASE("request log: it can be switched off and on") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    LogSettings settings = kSettings;
    settings.enabled = false;
    {
        RequestLog log(path, settings);
        log.add(view_of(call("unseen")), nullptr);
        log.configure(kSettings);
        log.add(view_of(call("seen")), nullptr);
    }
    CHECK(count_in(path) == 1);
}

TEST_CASE("request log: what is older than logs.keep goes") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    {
        RequestLog log(path, kSettings);
        LoggedCall old = call("old");
        old.time -= 120'000;
        log.add(view_of(old), decision());
        REQUIRE(comes_true([&] { return log.logged() == 1; }));  // in a block of its own
        log.add(view_of(call("new")), nullptr);
    }
    const auto store = LogStore::open(path, 1000).value();
    CHECK(store->calls({}).value().size() == 1);
    CHECK(store->request("new").value().size() == 1);
}

TEST_CASE("request log: health comes back to the next one, also together with another's") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    SavedHealth health;
    health.rows.push_back({.key = "work", .model = "m", .begin = 1000, .succeeded = 2});
    health.rests = {{.key = "work",
                     .model = "m",
                     .reason = "failing",
                     .since = 1,
                     .until = 2,
                     .times = 1,
                     .status = 500,
                     .detail = "no"}};
    {
        RequestLog daemon(path, kSettings);
        RequestLog chat(path, kSettings);
        daemon.save_health(health);
        health.rests = std::nullopt;
        chat.save_health(health);
        chat.save_health(health);
    }
    const RequestLog next(path, kSettings);
    REQUIRE(next.saved_health().rows.size() == 1);
    CHECK(next.saved_health().rows[0].succeeded == 6);
    REQUIRE(next.saved_health().rests->size() == 1);
    CHECK(next.saved_health().rests->at(0).detail == "no");
}

TEST_CASE("request log: a deleted log and a damaged one are replaced without a loss") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    SUBCASE("deleted") {
        RequestLog log(path, kSettings);
        log.add(view_of(call("a")), nullptr);
        REQUIRE(comes_true([&] { return log.logged() == 1; }));
        for (const char* suffix : {"", "-wal", "-shm"}) {
            std::filesystem::remove(path + suffix);
        }
        log.add(view_of(call("b")), nullptr);
        REQUIRE(comes_true([&] { return log.logged() == 2; }));
        CHECK(count_in(path) == 1);
    }
    SUBCASE("damaged") {
        SUBCASE("from its beginning") {
            put_file(path, std::string(10'000, 'x'), 0600);
        }
        SUBCASE("inside") {
            {
                const auto store = LogStore::open(path, 1000).value();
                REQUIRE(append(*store, std::vector<LoggedCall>(500, call("r"))));
                REQUIRE(store->checkpoint());
            }
            std::string content = file_content(path);
            std::fill(content.begin() + 4096, content.end(), '\x7f');
            put_file(path, content, 0600);
        }
        RequestLog log(path, kSettings);
        log.add(view_of(call("a")), nullptr);
        REQUIRE(comes_true([&] { return log.logged() == 1; }));
        CHECK(count_in(path) == 1);
        int aside = 0;
        for (const auto& file : std::filesystem::directory_iterator(scratch.path())) {
            const std::string name = file.path().filename();
            aside += name.starts_with("log.db.damaged-") && name.ends_with("Z") ? 1 : 0;
        }
        CHECK(aside == 1);
    }
}

TEST_CASE("request log: texts of any length and kind are taken") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    {
        RequestLog log(path, kSettings);
        LoggedCall row = call("r");
        for (int i = 0; i < 300; i++) {
            row.requested_model += "\xe2\x82\xac";  // a euro sign is three bytes
        }
        row.model = std::string(100'000, '\x80');  // never the first byte of a character
        log.add(view_of(row), nullptr);
    }
    const auto rows = LogStore::open(path, 1000).value()->request("r").value();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].requested_model.size() == 255);
    CHECK(rows[0].model.size() <= 256);
}
