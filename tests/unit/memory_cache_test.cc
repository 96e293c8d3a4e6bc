// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/memory_cache.h"

#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <random>
#include <string>

using namespace llmgw;

namespace {

constexpr std::int64_t kNever = INT64_MAX;

CacheKey key_of(std::uint64_t number) {
    CacheKey key;
    const std::uint64_t mixed =
        number * 0x9E3779B97F4A7C15ULL;  // keys are digests: any bit may differ
    std::memcpy(key.bytes.data(), &mixed, sizeof mixed);
    std::memcpy(key.bytes.data() + 8, &number, sizeof number);
    return key;
}

SharedAnswer answer_of(std::string bytes, std::int64_t expires = kNever,
                       std::optional<std::uint64_t> guard = std::nullopt) {
    auto answer = std::make_shared<CachedAnswer>();
    answer->bytes = std::move(bytes);
    answer->expires_at = expires;
    if (guard) {
        answer->near.emplace();
        answer->near->guard = key_of(*guard);
    }
    return answer;
}

std::string found(MemoryCache& cache, std::uint64_t number, std::int64_t now = 0) {
    const SharedAnswer answer = cache.find(key_of(number), now);
    return answer ? answer->bytes : "none";
}

}  // namespace

TEST_CASE("memory cache: what is put is found, until it is replaced or removed") {
    MemoryCache cache(1 << 20);
    CHECK(found(cache, 1) == "none");
    cache.put(key_of(1), answer_of("one"), 0);
    cache.put(key_of(2), answer_of("two"), 0);
    CHECK(found(cache, 1) == "one");
    cache.put(key_of(1), answer_of("uno"), 0);
    CHECK(found(cache, 1) == "uno");
    CHECK(cache.size() == 2);
    cache.remove(key_of(1));
    cache.remove(key_of(9));
    CHECK(found(cache, 1) == "none");
    CHECK(found(cache, 2) == "two");
    CHECK(cache.size() == 1);
}

TEST_CASE("memory cache: an answer that has expired is not found, and its room is free") {
    MemoryCache cache(1 << 20);
    const std::size_t empty = cache.bytes();
    cache.put(key_of(1), answer_of("one", 100), 0);
    CHECK(found(cache, 1, 99) == "one");
    CHECK(found(cache, 1, 100) == "none");
    CHECK(cache.size() == 0);
    CHECK(cache.bytes() == empty);
    cache.put(key_of(1), answer_of("late", 100), 100);
    CHECK(cache.size() == 0);
    // Nobody has to ask for them: putting others sweeps them away.
    for (std::uint64_t i = 0; i < 100; i++) {
        cache.put(key_of(i), answer_of("old", 200), 100);
    }
    for (std::uint64_t i = 1000; i < 1100; i++) {
        cache.put(key_of(i), answer_of("new"), 300);
    }
    CHECK(cache.size() == 100);
}

TEST_CASE("memory cache: the last use that is longest ago goes first") {
    MemoryCache cache(1 << 20);
    const std::string text(10'000, 'x');
    std::uint64_t next = 0;
    while (cache.bytes() + 12'000 < 1 << 20) {
        cache.put(key_of(next++), answer_of(text), 0);
    }
    CHECK(cache.size() == next);
    CHECK(found(cache, 0) == text);
    cache.put(key_of(next++), answer_of(text), 0);
    cache.put(key_of(next++), answer_of(text), 0);
    CHECK(found(cache, 0) == text);
    CHECK(found(cache, 1) == "none");
    CHECK(cache.bytes() <= 1 << 20);
}

TEST_CASE("memory cache: an answer larger than the cache is not taken") {
    MemoryCache cache(100'000);
    cache.put(key_of(1), answer_of("small"), 0);
    cache.put(key_of(2), answer_of(std::string(100'000, 'x')), 0);
    CHECK(found(cache, 1) == "small");
    CHECK(found(cache, 2) == "none");
    // Not even in place of an older one, which is no longer right.
    cache.put(key_of(1), answer_of(std::string(100'000, 'x')), 0);
    CHECK(found(cache, 1) == "none");
}

TEST_CASE("memory cache: near-duplicates are found by their guard, the newest first") {
    MemoryCache cache(1 << 20);
    cache.put(key_of(1), answer_of("one", kNever, 7), 0);
    cache.put(key_of(2), answer_of("two", 100, 7), 0);
    cache.put(key_of(3), answer_of("three"), 0);
    REQUIRE(cache.find_near(key_of(7), 0));
    CHECK(cache.find_near(key_of(7), 0)->bytes == "two");
    CHECK_FALSE(cache.find_near(key_of(8), 0));
    CHECK_FALSE(cache.find_near(key_of(7), 100));
    CHECK(cache.find_near(key_of(7), 100)->bytes == "one");
    cache.remove(key_of(1));
    CHECK_FALSE(cache.find_near(key_of(7), 0));
    CHECK(cache.size() == 1);
}

TEST_CASE("memory cache: a sweep removes what is named, bit by bit") {
    MemoryCache cache(16 << 20);
    for (std::uint64_t i = 0; i < 5000; i++) {
        cache.put(key_of(i), answer_of(i % 2 == 0 ? "even" : "odd"), 0);
    }
    std::size_t cursor = 0;
    int steps = 1;
    while (!cache.sweep(cursor, 0, [](const CachedAnswer& a) { return a.bytes == "odd"; })) {
        steps++;
    }
    CHECK(steps > 2);
    CHECK(cache.size() == 2500);
    CHECK(found(cache, 2) == "even");
    CHECK(found(cache, 3) == "none");
}

TEST_CASE("memory cache: a smaller limit is kept at once") {
    MemoryCache cache(1 << 20);
    for (std::uint64_t i = 0; i < 100; i++) {
        cache.put(key_of(i), answer_of(std::string(5'000, 'x')), 0);
    }
    cache.set_max_bytes(100'000);
    CHECK(cache.bytes() <= 100'000);
    CHECK(cache.size() > 10);
    CHECK(found(cache, 99) != "none");
    cache.set_max_bytes(0);
    CHECK(cache.size() == 0);
    cache.put(key_of(1), answer_of("one"), 0);
    CHECK(cache.size() == 0);
}

TEST_CASE("memory cache: it does what a map does, within its bounds") {
    std::minstd_rand random(3);
    MemoryCache cache(64 << 20);
    MemoryCache small(60'000);
    std::map<std::uint64_t, std::pair<std::string, std::int64_t>> model;
    for (std::int64_t now = 0; now < 30'000; now++) {
        const std::uint64_t number = random() % 2000;
        if (random() % 3 == 0) {
            const std::string bytes(random() % 2000, static_cast<char>('a' + random() % 26));
            const std::int64_t expires = now + 1 + random() % 5000;
            cache.put(key_of(number), answer_of(bytes, expires, random() % 50), now);
            small.put(key_of(number), answer_of(bytes, expires), now);
            model[number] = {bytes, expires};
        } else if (random() % 20 == 0) {
            cache.remove(key_of(number));
            small.remove(key_of(number));
            model.erase(number);
        }
        const auto entry = model.find(number);
        const bool alive = entry != model.end() && entry->second.second > now;
        CHECK(found(cache, number, now) == (alive ? entry->second.first : "none"));
        const std::string in_small = found(small, number, now);
        CHECK((in_small == "none" || (alive && in_small == entry->second.first)));
        CHECK(small.bytes() <= 60'000);
    }
}
