// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/response_cache.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "common/base/clock.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::Scratch;

namespace {

CacheSettings settings_on() {
    CacheSettings settings{};
    settings.enabled = true;
    settings.ttl_ms = 60'000;
    settings.max_size = 64 << 20;
    settings.memory = 8 << 20;
    settings.max_entry = 1 << 20;
    settings.near_threshold = 0.8;
    return settings;
}

CacheKey key_of(unsigned char number) {
    CacheKey key;
    key.bytes.fill(number);
    return key;
}

std::shared_ptr<CachedAnswer> answer_of(std::string bytes) {
    auto answer = std::make_shared<CachedAnswer>();
    answer->bytes = std::move(bytes);
    answer->model = "gpt-5";
    answer->gateway_key = "k_1";
    answer->input_tokens = 10;
    answer->output_tokens = 20;
    answer->cost = Money{7};
    return answer;
}

// A loop with a cache, in which a coroutine is run to its end.
struct Lab {
    Loop loop;
    ResponseCache cache;

    explicit Lab(const std::string& path, const CacheSettings& settings = settings_on())
        : cache(loop, path) {
        cache.configure(settings);
    }

    void run(const std::function<Task<void>(ResponseCache&)>& work) {
        asio::post(loop.io(), [&] { spawn(run_and_stop(work)); });
        loop.io().restart();
        loop.run();
    }
    Task<void> run_and_stop(const std::function<Task<void>(ResponseCache&)>& work) {
        co_await work(cache);
        loop.stop();
    }
    std::string found(unsigned char number) {
        std::string bytes = "none";
        run([&](ResponseCache& in) -> Task<void> {
            const SharedAnswer answer = co_await in.lookup(key_of(number));
            bytes = answer ? answer->bytes : "none";
        });
        return bytes;
    }
    // Until a condition holds: what threads do takes its time.
    bool becomes(const std::function<bool()>& condition) {
        bool holds = false;
        run([&](ResponseCache&) -> Task<void> {
            for (int i = 0; i < 1000 && !(holds = condition()); i++) {
                co_await loop.sleep(std::chrono::milliseconds(10));
            }
        });
        return holds;
    }
};

std::optional<CacheStatus> status_of(const std::string& path) {
    const auto store = CacheStore::open(path, 1000);
    const auto status =
        store ? (*store)->status() : Result<CacheStatus>(tl::unexpected(store.error()));
    return status ? std::optional(*status) : std::nullopt;
}

std::uint64_t entries_in(const std::string& path) {
    const auto status = status_of(path);
    return status ? status->entries : 0;
}

}  // namespace

TEST_CASE("response cache: off, it opens nothing and finds nothing") {
    const Scratch scratch;
    CacheSettings off = settings_on();
    off.enabled = false;
    Lab lab(scratch / "cache.db", off);
    lab.cache.put(key_of(1), answer_of("one"));
    CHECK_FALSE(lab.cache.peek(key_of(1)));
    CHECK(lab.found(1) == "none");
    lab.cache.missed();
    lab.cache.clear({});
    CHECK(std::filesystem::is_empty(scratch.path()));
}

TEST_CASE("response cache: what is put is found, in memory and by the next process") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    {
        Lab lab(path);
        CHECK(lab.found(1) == "none");
        lab.cache.put(key_of(1), answer_of("one"));
        lab.cache.put(key_of(2), answer_of("two"), 1);
        REQUIRE(lab.cache.peek(key_of(1)));
        CHECK(lab.cache.peek(key_of(1))->expires_at - lab.cache.peek(key_of(1))->stored_at ==
              60'000);
        CHECK(lab.found(1) == "one");
        CHECK(lab.becomes([&] { return !lab.cache.peek(key_of(2)); }));
        lab.cache.put(key_of(3), answer_of(std::string((1 << 20) + 1, 'x')));
        CHECK(lab.found(3) == "none");
    }
    // What was not yet written is at the end.
    Lab lab(path);
    CHECK_FALSE(lab.cache.peek(key_of(1)));
    CHECK(lab.found(1) == "one");
    CHECK(lab.cache.peek(key_of(1)));  // in memory from now on
    CHECK(lab.found(2) == "none");
}

TEST_CASE("response cache: near-duplicates, in memory and on disk") {
    const Scratch scratch;
    NearPrint print;
    print.guard = key_of(7);
    print.signature.fill(3);
    const auto near = [&](Lab& lab, const NearPrint& asked) {
        NearAnswer found;
        lab.run([&](ResponseCache& in) -> Task<void> { found = co_await in.lookup_near(asked); });
        return found;
    };
    {
        Lab lab(scratch / "cache.db");
        auto answer = answer_of("one");
        answer->near = print;
        lab.cache.put(key_of(1), answer);
        CHECK(near(lab, print).answer);
        CHECK(near(lab, print).similarity == 1);
    }
    Lab lab(scratch / "cache.db");
    NearPrint asked = print;
    asked.signature[0] = 9;
    REQUIRE(near(lab, asked).answer);
    CHECK(near(lab, asked).answer->bytes == "one");
    CHECK(near(lab, asked).similarity == doctest::Approx(63.0 / 64));
    for (std::size_t i = 0; i < 20; i++) {
        asked.signature[i] = 9;
    }
    CHECK_FALSE(near(lab, asked).answer);
    asked = print;
    asked.guard = key_of(8);
    CHECK_FALSE(near(lab, asked).answer);
}

TEST_CASE("response cache: what came of requests is counted and kept") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    {
        Lab lab(path);
        const auto answer = answer_of("one");
        lab.cache.missed();
        lab.cache.put(key_of(1), answer);
        lab.cache.hit(key_of(1), *answer);
        lab.cache.hit(key_of(1), *answer);
        lab.cache.coalesced(*answer);
        CHECK(lab.cache.counts() == CacheCounts{2, 1, 1, 90, Money{21}});
    }
    Lab lab(path);
    lab.cache.missed();
    CHECK(lab.becomes([&] { return status_of(path)->counts.misses == 2; }));
    CHECK(status_of(path)->counts == CacheCounts{2, 2, 1, 90, Money{21}});
}

TEST_CASE("response cache: a clearing of any process reaches the memory of all") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    Lab lab(path);
    Lab second(path);
    lab.cache.put(key_of(1), answer_of("one"));
    auto other = answer_of("two");
    other->model = "claude";
    lab.cache.put(key_of(2), other);
    REQUIRE(lab.becomes([&] { return entries_in(path) == 2; }));
    CHECK(second.found(1) == "one");
    {
        // As the command line does it.
        const auto store = CacheStore::open(path, 1000);
        REQUIRE(store);
        CHECK(*(*store)->clear({"gpt*", "", std::nullopt}, unix_ms() + 1) == 1);
    }
    CHECK(lab.becomes([&] { return !lab.cache.peek(key_of(1)); }));
    CHECK(second.becomes([&] { return !second.cache.peek(key_of(1)); }));
    CHECK(lab.cache.peek(key_of(2)));
    lab.cache.clear({});
    CHECK_FALSE(lab.cache.peek(key_of(2)));
    CHECK(lab.becomes([&] { return entries_in(path) == 0; }));
    CHECK(lab.found(2) == "none");
    lab.run([&](ResponseCache& in) -> Task<void> {
        co_await lab.loop.sleep(std::chrono::milliseconds(2));
        in.put(key_of(3), answer_of("three"));
    });
    CHECK(lab.becomes([&] { return entries_in(path) == 1; }));
    CHECK(lab.found(3) == "three");
}

TEST_CASE("response cache: it is switched and bounded while it runs") {
    const Scratch scratch;
    Lab lab(scratch / "cache.db");
    for (unsigned char i = 0; i < 100; i++) {
        lab.cache.put(key_of(i), answer_of(std::string(1'000, 'x')));
    }
    CacheSettings smaller = settings_on();
    smaller.memory = 50'000;
    lab.cache.configure(smaller);
    CHECK(lab.cache.memory_bytes() <= 50'000);
    CHECK(lab.cache.memory_entries() > 5);
    REQUIRE(lab.becomes([&] { return entries_in(scratch / "cache.db") == 100; }));
    CHECK(lab.found(0) == std::string(1'000, 'x'));  // from the disk
    smaller.enabled = false;
    lab.cache.configure(smaller);
    CHECK(lab.cache.memory_entries() == 0);
    CHECK(lab.found(1) == "none");
    lab.cache.configure(settings_on());
    CHECK(lab.found(1) == std::string(1'000, 'x'));
}

TEST_CASE("response cache: whatever happens to the file, requests go on") {
    const Scratch scratch;
    const std::string path = scratch / "cache.db";
    SUBCASE("it is no database") {
        test::put_file(path, std::string(10'000, 'x'), 0600);
        Lab lab(path);
        CHECK(lab.found(1) == "none");
        lab.cache.put(key_of(1), answer_of("one"));
        CHECK(lab.found(1) == "one");
        CHECK(lab.becomes([&] { return entries_in(path) == 1; }));
        CHECK(std::filesystem::exists(path + ".damaged"));
    }
    SUBCASE("it is deleted") {
        Lab lab(path);
        lab.cache.put(key_of(1), answer_of("one"));
        REQUIRE(lab.becomes([&] { return entries_in(path) == 1; }));
        for (const char* suffix : {"", "-wal", "-shm"}) {
            std::filesystem::remove(path + suffix);
        }
        CHECK(lab.found(1) == "one");  // in memory
        CHECK(lab.found(2) == "none");
        lab.cache.put(key_of(2), answer_of("two"));
        CHECK(lab.becomes([&] { return entries_in(path) > 0; }));
    }
    SUBCASE("it is overwritten while it is open") {
        {
            Lab lab(path);
            lab.cache.put(key_of(1), answer_of(std::string(50'000, 'x')));
            REQUIRE(lab.becomes([&] { return entries_in(path) == 1; }));
            test::put_file(path, std::string(200'000, 'x'), 0600);
            CHECK(lab.found(2) == "none");
            lab.cache.put(key_of(3), answer_of("three"));
            CHECK(lab.found(3) == "three");
        }
        // However far SQLite has come with what it still knew of it: the next process begins anew.
        Lab lab(path);
        lab.cache.put(key_of(4), answer_of("four"));
        CHECK(lab.becomes([&] { return entries_in(path) > 0; }));
    }
    SUBCASE("its folder is missing") {
        Lab lab(scratch / "none/cache.db");
        CHECK(lab.found(1) == "none");
        lab.cache.put(key_of(1), answer_of("one"));
        CHECK(lab.found(1) == "one");
    }
    SUBCASE("another process locks it") {
        Lab lab(path);
        lab.cache.put(key_of(1), answer_of("one"));
        REQUIRE(lab.becomes([&] { return entries_in(path) == 1; }));
        sqlite3* other = nullptr;
        REQUIRE(sqlite3_open(path.c_str(), &other) == SQLITE_OK);
        REQUIRE(sqlite3_exec(other, "BEGIN EXCLUSIVE", nullptr, nullptr, nullptr) == SQLITE_OK);
        const auto before = std::chrono::steady_clock::now();
        CHECK(lab.found(2) == "none");
        CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(3));
        lab.cache.put(key_of(3), answer_of("three"));
        CHECK(lab.found(3) == "three");
        sqlite3_close(other);
        CHECK(lab.becomes([&] { return entries_in(path) == 2; }));  // what waited is written
    }
}
