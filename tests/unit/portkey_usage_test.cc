// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/store/log_store.h"
#include "daemon/gateway/request_log.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::Scratch;

TEST_CASE("portkey usage: uses of a header add up in the log") {
    const Scratch scratch;
    const auto store = LogStore::open(scratch / "log.db", 1000).value();
    CHECK(store->portkey_headers(0).value().empty());
    const std::vector<PortkeyHeaderUse> first = {{"k1", "app/1", "trace-id", 3, 1000},
                                                 {"", "curl", "config", 1, 500}};
    REQUIRE(store->add_portkey_headers(first));
    // The clock may have been set back.
    REQUIRE(store->add_portkey_headers(
        std::vector<PortkeyHeaderUse>{{"k1", "app/1", "trace-id", 2, 900}}));
    const auto all = store->portkey_headers(0).value();
    REQUIRE(all.size() == 2);
    CHECK(all[0].header == "config");
    CHECK(all[0].key.empty());
    CHECK(all[1].key == "k1");
    CHECK(all[1].client == "app/1");
    CHECK(all[1].requests == 5);
    CHECK(all[1].last_seen == 1000);
    CHECK(store->portkey_headers(501).value().size() == 1);
}

TEST_CASE("portkey usage: senders that were seen longest ago make room") {
    const Scratch scratch;
    const auto store = LogStore::open(scratch / "log.db", 1000).value();
    std::vector<PortkeyHeaderUse> uses;
    for (int i = 0; i < 10'050; i++) {
        uses.push_back({"k", "app " + std::to_string(i), "config", 1, i});
    }
    REQUIRE(store->add_portkey_headers(uses));
    const auto left = store->portkey_headers(0).value();
    CHECK(left.size() == 10'000);
    CHECK(store->portkey_headers(50).value().size() == 10'000);
}

TEST_CASE("portkey usage: the log's writer counts them, unless there is to be no log") {
    const Scratch scratch;
    const std::string path = scratch / "log.db";
    LogSettings settings{.enabled = true, .keep_ms = 60'000, .max_size = 1 << 30};
    {
        RequestLog log(path, settings);
        for (int i = 0; i < 100; i++) {
            log.count_portkey({{"k", "app", "config", 1, i}, {"k", "app", "trace-id", 1, i}});
        }
        settings.enabled = false;
        log.configure(settings);
        log.count_portkey({{"k", "app", "config", 1, 1000}});
    }
    const auto all = LogStore::open(path, 1000).value()->portkey_headers(0).value();
    REQUIRE(all.size() == 2);
    CHECK(all[0].requests == 100);
    CHECK(all[0].last_seen == 99);
}
