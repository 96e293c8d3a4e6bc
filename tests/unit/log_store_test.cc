// SPDX-License-Identifier: Apache-2.0
#include "common/store/log_store.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "common/store/database.h"
#include "common/store/migrations.h"
#include "tests/unit/log_batch.h"
#include "tests/unit/processes.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::append;
using llmgw::test::batch_of;
using llmgw::test::file_content;
using llmgw::test::mode_of;
using llmgw::test::put_file;
using llmgw::test::Scratch;

namespace {

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kStart = 1'764'000'000'000 / kHour * kHour;  // a full hour

std::unique_ptr<LogStore> open_log(const std::string& path) {
    auto store = LogStore::open(path, 2000);
    if (!store) {
        FAIL(store.error().message);
    }
    return std::move(*store);
}

LoggedCall call(const std::string& request_id, std::int64_t time = kStart) {
    LoggedCall row;
    row.time = time;
    row.request_id = request_id;
    row.attempt = 1;
    row.endpoint = "chat.completions";
    row.requested_model = "gpt-4o";
    row.model = "gpt-4o";
    row.provider = "openai";
    row.key = "work";
    row.status = 200;
    row.error = "none";
    row.usage_source = "provider";
    row.input = 10;
    row.output = 5;
    row.cost = Money{1'000};
    row.duration_us = 2'000;
    return row;
}

std::vector<std::string> ids_of(const std::vector<LoggedCall>& calls) {
    std::vector<std::string> ids;
    for (const auto& each : calls) {
        ids.push_back(each.request_id);
    }
    return ids;
}

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("log: a new log is private, in WAL mode and able to shrink") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    const mode_t before = ::umask(0);
    const auto store = open_log(path);
    REQUIRE(append(*store, std::vector{call("a")}));
    for (const auto* suffix : {"", "-wal", "-shm"}) {
        CAPTURE(suffix);
        CHECK(mode_of(path + suffix) == 0600);
    }
    ::umask(before);
    const auto database = Database::open(path).value();
    CHECK(database->integer("PRAGMA user_version").value() == log_schema().newest());
    CHECK(database->integer("PRAGMA auto_vacuum").value() == 2);
}

TEST_CASE("log: every field of a call comes back") {
    const Scratch scratch;
    const auto store = open_log(scratch / "log.db");
    LoggedCall full = call("req_1");
    full.attempt = 2;
    full.endpoint = "embeddings";
    full.requested_model = "auto";
    full.region = "eu";
    full.route = "chat";
    full.streamed = true;
    full.status = 502;
    full.error = "upstream_error";
    full.usage_source = "estimated";
    full.input = UINT64_MAX;
    full.cached_input = 2;
    full.cache_write = 3;
    full.output = 4;
    full.reasoning = 5;
    full.cost = Money{123'456'789'012};
    full.first_byte_us = 17;
    full.duration_us = 18;
    LoggedCall bare;
    bare.request_id = std::string("nul\0 and \xff", 10);
    const std::string decision = R"({"seed":1})";
    const std::vector<LoggedDecision> decisions{{0, decision}};
    REQUIRE(store->append(batch_of(std::vector{full, bare}), decisions));

    const auto rows = store->calls({.limit = 10}).value();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].id == 2);
    CHECK(rows[0].request_id == bare.request_id);
    CHECK_FALSE(rows[0].cost);
    CHECK_FALSE(rows[0].first_byte_us);
    const LoggedCall& read = rows[1];
    CHECK(read.id == 1);
    CHECK(read.time == full.time);
    CHECK(read.attempt == 2);
    CHECK(read.final);
    CHECK(read.endpoint == "embeddings");
    CHECK(read.requested_model == "auto");
    CHECK(read.model == "gpt-4o");
    CHECK(read.provider == "openai");
    CHECK(read.key == "work");
    CHECK(read.region == "eu");
    CHECK(read.route == "chat");
    CHECK(read.streamed);
    CHECK(read.status == 502);
    CHECK(read.error == "upstream_error");
    CHECK(read.usage_source == "estimated");
    CHECK(read.input == UINT64_MAX);
    CHECK(read.cached_input == 2);
    CHECK(read.cache_write == 3);
    CHECK(read.output == 4);
    CHECK(read.reasoning == 5);
    CHECK(read.cost == Money{123'456'789'012});
    CHECK(read.first_byte_us == 17);
    CHECK(read.duration_us == 18);
    CHECK(store->decision(1).value() == decision);
    CHECK(store->decision(2).value().empty());
    CHECK(store->count().value() == 2);
    CHECK(store->newest().value() == 2);
}

TEST_CASE("log: lists by every filter") {
    const Scratch scratch;
    const auto store = open_log(scratch / "log.db");
    std::vector<LoggedCall> rows;
    for (int i = 0; i < 6; i++) {
        rows.push_back(call("r" + std::to_string(i), kStart + i * kHour));
    }
    rows[1].model = "claude";
    rows[1].provider = "anthropic";
    rows[1].key = "mine";
    rows[2].status = 500;
    rows[3].error = "cut_off";
    rows[4].model = "";  // nobody serves it
    rows[4].requested_model = "gpt-9[x]";
    rows[4].status = 404;
    rows[5].final = false;
    for (const auto& row : rows) {
        REQUIRE(append(*store, std::span(&row, 1)));
    }
    const auto list = [&](CallFilter filter) { return ids_of(store->calls(filter).value()); };
    CHECK(list({}) == Ids{"r4", "r3", "r2", "r1", "r0"});
    CHECK(list({.limit = 2}) == Ids{"r4", "r3"});
    CHECK(list({.limit = 0}).empty());
    CHECK(list({.attempts = true}).size() == 6);
    CHECK(list({.before = 3}) == Ids{"r1", "r0"});
    CHECK(list({.after = 3}) == Ids{"r4", "r3"});
    CHECK(list({.limit = 2, .after = 1, .oldest_first = true}) == Ids{"r1", "r2"});
    CHECK(list({.since = kStart + 3 * kHour}) == Ids{"r4", "r3"});
    CHECK(list({.until = kStart + 2 * kHour}) == Ids{"r1", "r0"});
    CHECK(list({.since = kStart + 1, .until = kStart + 2 * kHour + 3}) == Ids{"r2", "r1", "r0"});
    CHECK(list({.model = "claude"}) == Ids{"r1"});
    CHECK(list({.model = "gpt-4?"}) == Ids{"r3", "r2", "r0"});
    CHECK(list({.model = "gpt-9[x]"}) == Ids{"r4"});
    CHECK(list({.model = "gpt*"}) == Ids{"r4", "r3", "r2", "r0"});
    CHECK(list({.model = "gpt"}).empty());
    CHECK(list({.provider = "anthropic"}) == Ids{"r1"});
    CHECK(list({.key = "mine"}) == Ids{"r1"});
    CHECK(list({.key = "nobody's"}).empty());
    CHECK(list({.errors = true}) == Ids{"r4", "r3", "r2"});
    CHECK(list({.limit = 1, .model = "gpt-4o", .errors = true, .oldest_first = true}) == Ids{"r2"});
    CHECK(list({.before = 3, .errors = true}).empty());
}

TEST_CASE("log: a filter that hardly any call passes reads only the hours that have one") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    const auto store = open_log(path);
    for (std::int64_t hour = 0; hour < 20; hour++) {
        std::vector<LoggedCall> rows(50, call("common", kStart + hour * kHour));
        if (hour == 3) {
            rows[7].model = "rare";
        }
        REQUIRE(append(*store, rows));
    }
    REQUIRE(store->calls({.model = "rare"}).value().size() == 1);
    // What is not read may be damaged.
    const auto database = Database::open(path).value();
    REQUIRE(database->execute("UPDATE call_blocks SET calls = x'ff' WHERE first_id <> 151"));
    const auto found = store->calls({.model = "rare"}).value();
    REQUIRE(found.size() == 1);
    CHECK(found[0].id == 158);
    const auto all = store->calls({});
    REQUIRE_FALSE(all);
    CHECK(all.error().kind == Errc::invalid_file);
}

TEST_CASE("log: a request is found by its own id and by that of a row") {
    const Scratch scratch;
    const auto store = open_log(scratch / "log.db");
    std::vector<LoggedCall> rows;
    for (int i = 0; i < 3000; i++) {
        rows.push_back(call("req_" + std::to_string(i)));
    }
    // A request with two failed attempts, between others.
    for (int i = 0; i < 3; i++) {
        rows[static_cast<std::size_t>(700 + i)].request_id = "mine";
        rows[static_cast<std::size_t>(700 + i)].attempt = i + 1;
        rows[static_cast<std::size_t>(700 + i)].final = i == 2;
    }
    rows[2000].request_id = "702";  // looks like the number of a row
    for (std::size_t at = 0; at < rows.size(); at += 37) {
        const auto part = std::span(rows).subspan(at, std::min<std::size_t>(37, rows.size() - at));
        REQUIRE(append(*store, part));
    }
    const auto attempts = store->request("mine").value();
    REQUIRE(attempts.size() == 3);
    CHECK(attempts[0].attempt == 1);
    CHECK_FALSE(attempts[1].final);
    CHECK(attempts[2].final);
    CHECK(store->request("703").value().size() == 3);
    CHECK(store->request("701").value().size() == 3);
    CHECK(store->request("702").value().at(0).id == 2001);
    CHECK(store->request("req_0").value().at(0).id == 1);
    CHECK(store->request("req_2999").value().at(0).id == 3000);
    CHECK(store->request("1").value().at(0).request_id == "req_0");
    for (const char* nothing : {"", "nope", "req_", "3001", "0", "-1", "99999999999999999999"}) {
        CAPTURE(nothing);
        CHECK(store->request(nothing).value().empty());
    }
}

TEST_CASE("log: of requests with the same id the newest is found, or the one meant") {
    const Scratch scratch;
    const auto store = open_log(scratch / "log.db");
    for (int i = 0; i < 3; i++) {
        std::vector<LoggedCall> rows(2, call("same"));
        rows[0].final = false;
        rows[1].attempt = 2;
        REQUIRE(append(*store, rows));
    }
    CHECK(store->request("same").value().at(1).id == 6);
    CHECK(store->request("same").value().size() == 2);
    CHECK(store->request("4").value().at(1).id == 4);
    CHECK(store->request("4").value().size() == 2);
}

TEST_CASE("log: usage adds up by model, provider, key and day") {
    const Scratch scratch;
    const auto store = open_log(scratch / "log.db");
    std::vector<LoggedCall> rows;
    for (int i = 1; i <= 100; i++) {
        rows.push_back(call("r", kStart + i));
        rows.back().duration_us = i * 1000;
        rows.back().first_byte_us = i * 100;
    }
    rows.push_back(call("failed"));
    rows.back().status = 500;
    rows.back().cost = std::nullopt;  // of nothing
    rows.push_back(call("attempt"));
    rows.back().final = false;
    rows.back().cost = std::nullopt;
    rows.push_back(call("unknown cost", kStart + 24 * kHour));
    rows.back().model = "other";
    rows.back().provider = "lab";
    rows.back().key = "lab-1";
    rows.back().route = "chat";
    rows.back().cost = std::nullopt;
    rows.back().cached_input = 7;
    rows.back().cache_write = 8;
    rows.back().reasoning = 9;
    // In batches, so that sums are read and added to.
    REQUIRE(append(*store, std::span(rows).first(50)));
    REQUIRE(append(*store, std::span(rows).subspan(50)));

    const auto by_model = store->usage(UsageBy::model, std::nullopt, std::nullopt).value();
    REQUIRE(by_model.size() == 2);
    const UsageRow& sums = by_model[0];
    CHECK(sums.name == "gpt-4o");
    CHECK(sums.requests == 101);
    CHECK(sums.errors == 1);
    CHECK(sums.failed_attempts == 1);
    CHECK(sums.input == 1020);
    CHECK(sums.output == 510);
    CHECK(sums.cost == Money{100'000});
    CHECK(sums.unknown_costs == 0);
    CHECK(sums.duration_us == 5'050'000);
    CHECK(sums.durations.count() == 100);
    CHECK(sums.durations.quantile(0.5).value() == doctest::Approx(50'000).epsilon(0.0625));
    CHECK(sums.durations.quantile(0.95).value() == doctest::Approx(95'000).epsilon(0.0625));
    CHECK(sums.first_bytes.quantile(0.5).value() == doctest::Approx(5'000).epsilon(0.0625));
    CHECK(by_model[1].name == "other");
    CHECK(by_model[1].unknown_costs == 1);
    CHECK(by_model[1].cost == Money{0});
    CHECK(by_model[1].cached_input == 7);
    CHECK(by_model[1].cache_write == 8);
    CHECK(by_model[1].reasoning == 9);

    CHECK(store->usage(UsageBy::provider, std::nullopt, std::nullopt).value().at(0).name == "lab");
    CHECK(store->usage(UsageBy::key, std::nullopt, std::nullopt).value().at(1).name == "work");
    CHECK(store->usage(UsageBy::route, std::nullopt, std::nullopt).value().at(1).name == "chat");
    const auto days = store->usage(UsageBy::day, std::nullopt, std::nullopt).value();
    REQUIRE(days.size() == 2);
    CHECK(days[0].name == "2025-11-24");
    CHECK(days[1].name == "2025-11-25");
    CHECK(days[0].requests + days[1].requests == 102);
    CHECK(store->usage(UsageBy::model, kStart + 24 * kHour, std::nullopt).value().size() == 1);
    CHECK(store->usage(UsageBy::model, std::nullopt, kStart).value().size() == 1);
    CHECK(store->usage(UsageBy::model, kStart + 48 * kHour, std::nullopt).value().empty());
}

TEST_CASE("log: what was estimated of a failed stream is shown and not charged") {
    const Scratch scratch;
    const auto store = open_log(scratch / "log.db");
    std::vector<LoggedCall> rows(3, call("r"));
    for (LoggedCall& row : rows) {
        row.streamed = true;
    }
    rows[0].usage_source = "estimated";
    rows[0].error = "upstream_error";
    rows[1].error = "upstream_error";  // with the provider's own counts
    rows[2].usage_source = "estimated";
    REQUIRE(append(*store, rows));
    CHECK(store->calls({.oldest_first = true}).value().at(0).cost == Money{1'000});
    const UsageRow sums = store->usage(UsageBy::model, std::nullopt, std::nullopt).value().at(0);
    CHECK(sums.requests == 3);
    CHECK(sums.errors == 2);
    CHECK(sums.input == 20);
    CHECK(sums.cost == Money{2'000});
    CHECK(sums.unknown_costs == 1);
}

TEST_CASE("log: absurd numbers of a provider neither overflow nor fail") {
    const Scratch scratch;
    const auto store = open_log(scratch / "log.db");
    std::vector<LoggedCall> rows(3, call("r"));
    for (auto& row : rows) {
        row.input = UINT64_MAX;
        row.output = INT64_MAX;
        row.cost = Money{INT64_MAX};
        row.duration_us = INT64_MAX;
        row.first_byte_us = -5;
        row.time = 0;
    }
    rows[1].duration_us = -1;
    REQUIRE(append(*store, rows));
    REQUIRE(append(*store, rows));
    const auto sums = store->usage(UsageBy::model, std::nullopt, std::nullopt).value();
    REQUIRE_FALSE(sums.empty());
    CHECK(sums[0].input == INT64_MAX);
    CHECK(sums[0].cost == Money{INT64_MAX});
}

TEST_CASE("log: a batch is written as a whole or not at all") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    const auto store = open_log(path);
    REQUIRE(append(*store, std::vector{call("before")}));
    const auto database = Database::open(path).value();
    REQUIRE(
        database->execute("CREATE TRIGGER full BEFORE UPDATE ON log_end "
                          "BEGIN SELECT RAISE(ABORT, 'no'); END"));
    CHECK_FALSE(append(*store, std::vector<LoggedCall>(1000, call("lost"))));
    CHECK(store->count().value() == 1);
    CHECK(store->request("lost").value().empty());
    REQUIRE(database->execute("DROP TRIGGER full"));
    REQUIRE(append(*store, std::vector{call("after")}));
    CHECK(store->newest().value() == 2);
    CHECK(store->usage(UsageBy::model, std::nullopt, std::nullopt).value().at(0).requests == 2);
}

TEST_CASE("log: processes that write at the same time all get ids of their own") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    open_log(path);
    test::run_processes(4, [&](int process, int) {
        const auto store = LogStore::open(path, 30'000).value();
        for (int i = 0; i < 25; i++) {
            static_cast<void>(append(*store, std::vector{call("p" + std::to_string(process) + "-" +
                                                              std::to_string(i))}));
        }
    });
    const auto store = open_log(path);
    CHECK(store->count().value() == 100);
    CHECK(store->usage(UsageBy::model, std::nullopt, std::nullopt).value().at(0).requests == 100);
    CHECK(store->request("p2-24").value().size() == 1);
}

TEST_CASE("log: pruning by age removes the oldest, keeps the sums, and the file shrinks") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    const auto store = open_log(path);
    CallBatch rows;
    std::vector<LoggedDecision> decisions;
    for (std::size_t i = 0; i < 12'000; i++) {
        const auto time = kStart + static_cast<std::int64_t>(i) * 1000;
        rows.add(view_of(call("r" + std::to_string(i), time)));
        decisions.push_back({i, std::string(200, 'd')});
    }
    REQUIRE(store->append(rows, decisions));
    REQUIRE(store->checkpoint());
    const auto before = std::filesystem::file_size(path);
    int steps = 0;
    const PruneLimits limits{.before = kStart + 11'000 * 1000, .usage_before = 0, .max_bytes = 0};
    while (store->prune(limits).value()) {
        REQUIRE(++steps < 1000);
    }
    REQUIRE(store->checkpoint());
    CHECK(steps > 3);
    CHECK(store->count().value() == 12'000 - 42 * 256);  // whole blocks go
    CHECK(std::filesystem::file_size(path) < before / 4);
    CHECK(store->calls({.limit = 1, .oldest_first = true}).value().at(0).request_id == "r10752");
    CHECK(store->request("r10751").value().empty());
    CHECK(store->request("r10752").value().size() == 1);
    CHECK(store->decision(10'752).value().empty());
    CHECK_FALSE(store->decision(10'753).value().empty());
    CHECK(store->usage(UsageBy::model, std::nullopt, std::nullopt).value().at(0).requests ==
          12'000);
    CHECK_FALSE(store->prune(limits).value());

    while (store->prune({.before = INT64_MAX, .usage_before = INT64_MAX, .max_bytes = 0}).value()) {
    }
    CHECK(store->count().value() == 0);
    CHECK(store->usage(UsageBy::model, std::nullopt, std::nullopt).value().empty());
    REQUIRE(append(*store, std::vector{call("next")}));
    CHECK(store->newest().value() == 12'001);  // no id is given twice
    CHECK(store->request("next").value().size() == 1);
}

TEST_CASE("log: pruning by size removes no more than is too much") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    const auto store = open_log(path);
    constexpr std::int64_t kMost = 400'000;
    for (int batch = 0; batch < 40; batch++) {
        REQUIRE(append(*store, std::vector<LoggedCall>(500, call("r"))));
        while (store->prune({.before = 0, .usage_before = 0, .max_bytes = kMost}).value()) {
        }
        REQUIRE(store->checkpoint());
        CHECK(std::filesystem::file_size(path) <= kMost);
    }
    CHECK(store->count().value() > 3000);
    CHECK(store->newest().value() == 20'000);
}

TEST_CASE("log: health and rests are added up, replaced and forgotten") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    SavedHealth first;
    first.rows = {{.key = "work",
                   .model = "a",
                   .begin = 15,
                   .succeeded = 3,
                   .failed = 1,
                   .latency_ms = 1.5,
                   .latencies = 2,
                   .output_tokens = 10,
                   .generation_ms = 20},
                  {.key = "work", .model = "b", .begin = 30, .succeeded = 1}};
    first.rests = {{.key = "work",
                    .model = "",
                    .reason = "refused",
                    .since = 1,
                    .until = 2,
                    .times = 3,
                    .status = 401,
                    .detail = "wrong key"},
                   {.key = "lab",
                    .model = "a",
                    .reason = "failing",
                    .since = 1,
                    .until = 9,
                    .times = 1,
                    .status = 0,
                    .detail = ""}};
    {
        const auto store = open_log(path);
        CHECK(store->health().value().rows.empty());
        REQUIRE(store->save_health(first));
        SavedHealth more;
        more.rows = {first.rows[0]};  // the rests are as they were
        REQUIRE(store->save_health(more));
    }
    const auto store = open_log(path);
    auto read = store->health().value();
    REQUIRE(read.rows.size() == 2);
    CHECK(read.rows[0].begin == 15);
    CHECK(read.rows[0].succeeded == 6);
    CHECK(read.rows[0].failed == 2);
    CHECK(read.rows[0].latency_ms == 3.0);
    CHECK(read.rows[0].latencies == 4);
    CHECK(read.rows[0].output_tokens == 20);
    CHECK(read.rows[0].generation_ms == 40);
    REQUIRE(read.rests->size() == 2);
    const RestRow& rest = read.rests->at(1);
    CHECK(rest.key == "work");
    CHECK(rest.reason == "refused");
    CHECK(rest.until == 2);
    CHECK(rest.times == 3);
    CHECK(rest.status == 401);
    CHECK(rest.detail == "wrong key");

    SavedHealth later;
    later.rests = std::vector<RestRow>();
    later.forget_before = 30;
    REQUIRE(store->save_health(later));
    read = store->health().value();
    CHECK(read.rests->empty());
    REQUIRE(read.rows.size() == 1);
    CHECK(read.rows[0].model == "b");
}

TEST_CASE("log: a file that is deleted or replaced is noticed") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    const auto store = open_log(path);
    CHECK_FALSE(store->is_gone());
    std::filesystem::rename(path, path + ".old");
    CHECK(store->is_gone());
    open_log(path);
    CHECK(store->is_gone());
}

TEST_CASE("log: a damaged file is told from others, and set aside with its write-ahead log") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    bool damaged = false;
    SUBCASE("no database") {
        put_file(path, std::string(5000, 'g'), 0600);
        CHECK_FALSE(LogStore::open(path, 10, &damaged));
        CHECK(damaged);
        put_file(path + "-wal", "w", 0600);
        const auto aside = LogStore::set_aside(path).value();
        CHECK(file_content(aside) == std::string(5000, 'g'));
        CHECK(file_content(aside + "-wal") == "w");
        CHECK(open_log(path)->count().value() == 0);
        const auto again = LogStore::set_aside(path).value();
        CHECK(again != aside);
    }
    SUBCASE("damage inside") {
        {
            const auto store = open_log(path);
            REQUIRE(append(*store, std::vector<LoggedCall>(500, call("r"))));
            REQUIRE(store->checkpoint());
        }
        std::string content = file_content(path);
        std::fill(content.begin() + 4096, content.end(), '\x7f');
        put_file(path, content, 0600);
        const auto store = LogStore::open(path, 10, &damaged);
        if (store) {
            CHECK_FALSE(append(**store, std::vector{call("next")}));
            CHECK((*store)->is_damaged());
        } else {
            CHECK(damaged);
        }
    }
    SUBCASE("a newer schema, or llmgw.db") {
        open_log(path);
        REQUIRE(Database::open(path).value()->execute("PRAGMA user_version = 907"));
        CHECK_FALSE(LogStore::open(path, 10, &damaged));
        CHECK_FALSE(damaged);
        auto other = Database::open(scratch / "llmgw.db").value();
        REQUIRE(migrate(*other, store_schema()));
        CHECK_FALSE(LogStore::open(scratch / "llmgw.db", 10, &damaged));
        CHECK_FALSE(damaged);
    }
    SUBCASE("open to others") {
        put_file(path, "", 0644);
        CHECK_FALSE(LogStore::open(path, 10, &damaged));
        CHECK_FALSE(damaged);
    }
}

TEST_CASE("log: a lock is waited for as long as was said") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    const auto store = open_log(path);
    store->set_lock_wait(20);
    const auto holder = Database::open(path).value();
    const auto lock = Transaction::begin(*holder);
    REQUIRE(lock);
    const auto refused = append(*store, std::vector{call("a")});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Errc::conflict);
    CHECK(refused.error().message.find("waited 20ms") != std::string::npos);
    CHECK(store->count().value() == 0);  // readers are not kept out
}
