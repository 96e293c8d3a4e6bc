// SPDX-License-Identifier: Apache-2.0
#include "common/store/cache_store.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/compress.h"
#include "tests/unit/processes.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::Scratch;

namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr std::int64_t kHour = 3'600'000;

CacheKey key_of(std::uint32_t number) {
    CacheKey key;
    for (std::size_t i = 0; i < key.bytes.size(); i++) {
        number = number * 1664525 + 1013904223;
        key.bytes[i] = static_cast<unsigned char>(number >> 24);
    }
    return key;
}

CacheEntry entry_of(std::uint32_t number, std::string value, std::int64_t created = kNow) {
    CacheEntry entry;
    entry.key = key_of(number);
    entry.created = created;
    entry.expires = created + kHour;
    entry.model = "gpt-5";
    entry.gateway_key = "k_1";
    entry.tokens = 10;
    entry.cost = Money{5};
    entry.value = std::move(value);
    return entry;
}

// Text that no compression makes smaller.
std::string noise(std::size_t size, std::uint32_t seed) {
    std::string text(size, '\0');
    for (char& c : text) {
        seed = seed * 1664525 + 1013904223;
        c = static_cast<char>(seed >> 24);
    }
    return text;
}

std::unique_ptr<CacheStore> open_store(const std::string& path) {
    auto store = CacheStore::open(path, 1000);
    REQUIRE_MESSAGE(store, store.error().message);
    return std::move(*store);
}

void put(CacheStore& store, std::vector<CacheEntry> entries, std::int64_t now = kNow) {
    CacheBatch batch;
    batch.entries = std::move(entries);
    batch.now = now;
    const auto written = store.write(batch);
    REQUIRE_MESSAGE(written, written.error().message);
}

std::string found(CacheStore& store, std::uint32_t number, std::int64_t now = kNow) {
    const auto value = store.find(key_of(number), now);
    REQUIRE(value);
    return value->value_or("none");
}

void execute(const std::string& path, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    sqlite3_busy_timeout(database, 5000);
    CHECK_MESSAGE(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK,
                  sqlite3_errmsg(database));
    sqlite3_close(database);
}

std::string integrity(const std::string& path) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    std::string said;
    const auto note = [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) += values[0];
        return 0;
    };
    sqlite3_exec(database, "PRAGMA integrity_check", note, &said, nullptr);
    sqlite3_close(database);
    return said;
}

void trim(CacheStore& store, std::int64_t max_bytes, std::int64_t now = kNow) {
    for (int steps = 0; steps < 10'000; steps++) {
        const auto more = store.trim(max_bytes, now);
        REQUIRE_MESSAGE(more, more.error().message);
        if (!*more) {
            return;
        }
    }
    FAIL("trimming does not end");
}

std::uint64_t entries(CacheStore& store) {
    const auto status = store.status();
    REQUIRE(status);
    return status->entries;
}

}  // namespace

TEST_CASE("cache store: what is written is found, also by the next process") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    {
        const auto store = open_store(path);
        CHECK(found(*store, 1) == "none");
        put(*store, {entry_of(1, "one"), entry_of(2, ""), entry_of(3, std::string(100'000, 'x'))});
        put(*store, {entry_of(1, "uno")});
        CHECK(entries(*store) == 3);
    }
    CHECK(test::mode_of(path) == 0600);
    const auto store = open_store(path);
    CHECK(found(*store, 1) == "uno");
    CHECK(found(*store, 2).empty());
    CHECK(found(*store, 3) == std::string(100'000, 'x'));
    CHECK(found(*store, 1, kNow + kHour - 1) == "uno");
    CHECK(found(*store, 1, kNow + kHour) == "none");
    CHECK(std::filesystem::file_size(path) < 100'000);  // compressed
    CHECK_FALSE(store->is_gone());
    std::filesystem::remove(path);
    CHECK(store->is_gone());
}

TEST_CASE("cache store: near-duplicates are found by their guard") {
    const Scratch scratch;
    const auto store = open_store(scratch / "cache.db");
    CacheEntry one = entry_of(1, "one");
    CacheEntry two = entry_of(2, "two");
    one.guard = two.guard = key_of(7);
    two.expires = kNow + 10;
    put(*store, {one, two, entry_of(3, "three")});
    CHECK(store->find_near(key_of(7), kNow)->value() == "two");
    CHECK(store->find_near(key_of(7), kNow + 10)->value() == "one");
    CHECK_FALSE(*store->find_near(key_of(8), kNow));
}

TEST_CASE("cache store: counters add up and are kept") {
    const Scratch scratch;
    {
        const auto store = open_store(scratch / "cache.db");
        CHECK_FALSE(store->status()->oldest);
        CacheBatch batch;
        batch.entries = {entry_of(1, "one", kNow - 5), entry_of(2, "two")};
        batch.counts = {3, 4, 5, 100, Money{7}};
        batch.now = kNow;
        REQUIRE(store->write(batch));
        batch.entries.clear();
        REQUIRE(store->write(batch));
    }
    const auto status = open_store(scratch / "cache.db")->status();
    REQUIRE(status);
    CHECK(status->counts == CacheCounts{6, 8, 10, 200, Money{14}});
    CHECK(status->entries == 2);
    CHECK(status->oldest == kNow - 5);
    CHECK(status->bytes > 4096);
}

TEST_CASE("cache store: what has expired goes step by step") {
    const Scratch scratch;
    const auto store = open_store(scratch / "cache.db");
    std::vector<CacheEntry> many;
    for (std::uint32_t i = 0; i < 1000; i++) {
        many.push_back(entry_of(i, "x", i < 700 ? kNow : kNow + kHour));
    }
    put(*store, many);
    const auto more = store->trim(1 << 30, kNow + kHour);
    REQUIRE(more);
    CHECK(*more);
    CHECK(entries(*store) > 300);
    trim(*store, 1 << 30, kNow + kHour);
    CHECK(entries(*store) == 300);
    CHECK(found(*store, 700, kNow + kHour) == "x");
}

TEST_CASE("cache store: the file stays within its bound, and the least used goes") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    const auto store = open_store(path);
    constexpr std::int64_t kBound = 4 << 20;
    for (std::uint32_t i = 0; i < 40; i++) {
        std::vector<CacheEntry> some;
        for (std::uint32_t j = 0; j < 10; j++) {
            some.push_back(entry_of(i * 10 + j, noise(20'000, i * 10 + j),
                                    kNow + static_cast<std::int64_t>(i) * 100'000));
        }
        CacheBatch batch;
        batch.entries = some;
        batch.used = {key_of(0)};
        batch.now = kNow + static_cast<std::int64_t>(i) * 100'000;
        REQUIRE(store->write(batch));
        trim(*store, kBound);
        CHECK(std::filesystem::file_size(path) <= kBound);
    }
    CHECK(entries(*store) > 50);
    CHECK(entries(*store) < 250);
    CHECK(found(*store, 399) != "none");
    CHECK(found(*store, 0) != "none");  // used all the time
    CHECK(found(*store, 1) == "none");
    // A smaller bound makes the file smaller.
    trim(*store, kBound / 4);
    REQUIRE(store->write({}));
    execute(path, "PRAGMA wal_checkpoint(TRUNCATE)");
    CHECK(std::filesystem::file_size(path) <= kBound / 4);
    CHECK(entries(*store) > 5);
}

TEST_CASE("cache store: clearing by model, key and age") {
    const Scratch scratch;
    const auto store = open_store(scratch / "cache.db");
    std::vector<CacheEntry> many;
    for (std::uint32_t i = 0; i < 3000; i++) {
        CacheEntry entry = entry_of(i, "x", kNow - (i < 1500 ? 60'000 : 0));
        entry.model = i % 3 == 0 ? "gpt-5-mini" : "claude";
        entry.gateway_key = i % 2 == 0 ? "k_1" : "k_2";
        many.push_back(entry);
    }
    put(*store, many);
    CHECK(*store->clear({"gpt-5*", "k_1", std::nullopt}, kNow + 1) == 500);
    CHECK(entries(*store) == 2500);
    CHECK(found(*store, 0) == "none");
    CHECK(found(*store, 3) == "x");
    CHECK(found(*store, 2) == "x");
    CHECK(*store->clear({"", "", kNow - 30'000}, kNow + 1) == 1250);
    CHECK(*store->clear({"none", "", std::nullopt}, kNow + 1) == 0);
    CHECK(*store->clear({}, kNow + 1) == 1250);
    CHECK(entries(*store) == 0);
    CHECK(found(*store, 1) == "none");
    // What was created before that, and comes late, is not written; what comes after it is.
    put(*store, {entry_of(1, "late", kNow), entry_of(2, "new", kNow + 1)});
    CHECK(found(*store, 1) == "none");
    CHECK(found(*store, 2) == "new");
    CHECK(entries(*store) == 1);
}

TEST_CASE("cache store: other processes are told of a clearing") {
    const Scratch scratch;
    const auto store = open_store(scratch / "cache.db");
    const auto other = open_store(scratch / "cache.db");
    CHECK(*store->last_clearing() == 0);
    REQUIRE(other->clear({"gpt*", "", std::nullopt}, kNow));
    REQUIRE(other->clear({"", "k_2", kNow - 5}, kNow));
    const auto clearings = store->clearings(0);
    REQUIRE(clearings);
    REQUIRE(clearings->size() == 2);
    const CacheFilter& first = clearings->front().filter;
    CHECK(first.matches("gpt-5", "k_1", kNow - 1));
    CHECK_FALSE(first.matches("gpt-5", "k_1", kNow));  // put after it was told
    CHECK_FALSE(first.matches("claude", "k_1", kNow - 1));
    CHECK((*clearings)[1].filter.created_before == kNow - 5);
    CHECK(store->clearings(clearings->front().id)->size() == 1);
    CHECK(*store->last_clearing() == clearings->back().id);
    // After a day nobody needs to know any more; the numbers go on.
    REQUIRE(other->clear({}, kNow + 25 * kHour));
    REQUIRE(store->clearings(0)->size() == 1);
    CHECK(store->clearings(0)->front().id == clearings->back().id + 1);
}

TEST_CASE("cache store: a damaged value is none, and is written anew") {
    const Scratch scratch;
    const auto store = open_store(scratch / "cache.db");
    put(*store, {entry_of(1, "one"), entry_of(2, "two"), entry_of(3, "three")});
    execute(scratch / "cache.db",
            "UPDATE entries SET value = x'00' WHERE id = 1;"
            "UPDATE entries SET value = x'28b52ffd' WHERE id = 2");
    CHECK(found(*store, 1) == "none");
    CHECK(found(*store, 2) == "none");
    CHECK(found(*store, 3) == "three");
    put(*store, {entry_of(1, "one")});
    CHECK(found(*store, 1) == "one");
}

TEST_CASE("cache store: a damaged file is set aside, another program's is left alone") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    for (const std::string& content :
         {std::string("no database at all, but long enough to be one"), noise(10'000, 1)}) {
        test::put_file(path, content, 0600);
        bool damaged = false;
        CHECK_FALSE(CacheStore::open(path, 100, &damaged));
        CHECK(damaged);
        REQUIRE(CacheStore::set_aside(path));
        put(*open_store(path), {entry_of(1, "one")});
        CHECK(test::file_content(path + ".damaged") == content);
        std::filesystem::remove(path);
        std::filesystem::remove(path + "-wal");
    }
    execute(path, "CREATE TABLE t (a)");
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(0600));
    bool damaged = false;
    const auto foreign = CacheStore::open(path, 100, &damaged);
    REQUIRE_FALSE(foreign);
    CHECK(foreign.error().kind == Errc::invalid_file);
    CHECK_FALSE(damaged);
}

TEST_CASE("cache store: a lock is waited for no longer than it is told") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    const auto store = open_store(path);
    put(*store, {entry_of(1, "one")});
    const auto quick = CacheStore::open(path, 20);
    REQUIRE(quick);
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    CacheBatch batch;
    batch.entries = {entry_of(2, "two")};
    const auto before = std::chrono::steady_clock::now();
    const auto written = (*quick)->write(batch);
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(2));
    REQUIRE_FALSE(written);
    CHECK(written.error().kind == Errc::conflict);
    CHECK(found(**quick, 1) == "one");  // reading goes on
    sqlite3_close(other);
    CHECK((*quick)->write(batch));
}

TEST_CASE("cache store: processes that are killed while they write leave it whole") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    // Each ends as if by kill -9, in the middle of whatever the others do.
    test::run_processes(4, [&](int number, int output) {
        const auto store = CacheStore::open(path, 5000);
        for (std::uint32_t i = 0; store && i < 60; i++) {
            const std::uint32_t id = static_cast<std::uint32_t>(number) * 1000 + i;
            CacheBatch batch;
            batch.entries = {entry_of(id, noise(3'000, id))};
            if ((*store)->write(batch)) {
                test::say(output, "w");
            }
            if (i % 20 == 19) {
                static_cast<void>((*store)->trim(300'000, kNow));
            }
        }
        if (store) {
            // The last one is begun and never ended.
            const auto begun = (*store)->status();
            static_cast<void>(begun);
        }
    });
    const auto store = open_store(path);
    CHECK(integrity(path) == "ok");
    const std::uint64_t counted = entries(*store);
    CHECK(counted > 0);
    CHECK(*store->clear({"gpt-5", "", std::nullopt}, kNow + 1) == counted);
}

TEST_CASE("compression: what is damaged or too large is refused") {
    Compressor compressor;
    const std::string text = noise(1000, 5) + std::string(50'000, 'x');
    const std::string packed = compressor.compress(text);
    CHECK(packed.size() < 2'000);
    CHECK(decompress(packed, text.size()) == text);
    CHECK_FALSE(decompress(packed, text.size() - 1));
    CHECK(decompress(compressor.compress(""), 0) == "");
    for (std::size_t at = 0; at < packed.size(); at += 7) {
        CHECK_FALSE(decompress(packed.substr(0, at), text.size()));
        std::string changed = packed;
        changed[at] = static_cast<char>(changed[at] ^ 0x20);
        const auto read = decompress(changed, text.size());
        CHECK((!read || *read == text));
    }
}
