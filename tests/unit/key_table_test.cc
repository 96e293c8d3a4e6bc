// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/key_table.h"

#include <doctest/doctest.h>

#include <random>
#include <utility>
#include <vector>

using namespace llmgw;

namespace {

std::vector<ValidGatewayKey> random_keys(std::size_t count, std::mt19937_64& random) {
    std::vector<ValidGatewayKey> keys(count);
    for (std::size_t i = 0; i < count; i++) {
        for (std::uint8_t& byte : keys[i].digest) {
            byte = static_cast<std::uint8_t>(random());
        }
        keys[i].expires_at = static_cast<std::int64_t>(i);
    }
    return keys;
}

}  // namespace

TEST_CASE("key table: finds every key, and no other") {
    std::mt19937_64 random(1);
    for (const std::size_t count : {0, 1, 2, 3, 5, 6, 7, 11, 12, 13, 1000, 98'304, 100'000}) {
        CAPTURE(count);
        const auto keys = random_keys(count, random);
        const KeyTable table({keys, {}});
        REQUIRE(table.size() == count);
        std::size_t wrong = 0;
        for (const ValidGatewayKey& key : keys) {
            const ValidGatewayKey* const found = table.find(key.digest);
            wrong += found == nullptr || found->digest != key.digest ||
                     found->expires_at != key.expires_at;
            Vault::Digest other = key.digest;
            other.back() ^= 1;  // of the same home
            wrong += table.find(other) != nullptr;
        }
        for (const ValidGatewayKey& stranger : random_keys(100, random)) {
            wrong += table.find(stranger.digest) != nullptr;
        }
        CHECK(wrong == 0);
    }
}

TEST_CASE("key table: digests that share their beginning are told apart, past the last slot") {
    std::vector<ValidGatewayKey> keys(20);
    for (std::size_t i = 0; i < keys.size(); i++) {
        keys[i].digest.fill(0xFF);
        keys[i].digest[31] = static_cast<std::uint8_t>(i);
        keys[i].expires_at = static_cast<std::int64_t>(i);
    }
    const KeyTable table({keys, {}});
    for (std::size_t i = 0; i < keys.size(); i++) {
        REQUIRE(table.find(keys[i].digest) != nullptr);
        CHECK(table.find(keys[i].digest)->expires_at == static_cast<std::int64_t>(i));
    }
    Vault::Digest stranger = keys[0].digest;
    stranger[31] = 20;
    CHECK(table.find(stranger) == nullptr);
}

TEST_CASE("key table: a key knows its route") {
    ValidGatewayKeys valid;
    valid.keys.resize(2);
    valid.keys[1].digest.fill(1);
    valid.keys[1].route = 2;
    valid.routes = {"other", "prod"};
    const Vault::Digest digest = valid.keys[1].digest;
    const KeyTable table(std::move(valid));
    CHECK(table.route_of(*table.find(digest)) == "prod");
    CHECK(table.route_of(*table.find(Vault::Digest{})).empty());
}

TEST_CASE("key table: an empty one has no keys") {
    CHECK(KeyTable().find(Vault::Digest{}) == nullptr);
}
