// SPDX-License-Identifier: Apache-2.0
#include "common/store/call_batch.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

using namespace llmgw;

namespace {

CallView some_call(std::mt19937& random, const std::vector<std::string>& texts) {
    const auto text = [&]() -> std::string_view { return texts[random() % texts.size()]; };
    CallView call;
    call.time = 1'764'000'000'000 + random() % 1000 - 500;
    call.request_id = text();
    call.attempt = static_cast<int>(random() % 3);
    call.final = random() % 2 == 0;
    call.endpoint = text();
    call.requested_model = text();
    call.model = text();
    call.provider = text();
    call.key = text();
    call.region = text();
    call.route = text();
    call.streamed = random() % 2 == 0;
    call.status = static_cast<int>(random() % 600);
    call.error = text();
    call.usage_source = text();
    call.input = random() % 2 == 0 ? random() % 300 : UINT64_MAX - random() % 300;
    call.cached_input = random() % 128;
    call.cache_write = random() % 3;
    call.output = random();
    call.reasoning = 1;
    if (random() % 2 == 0) {
        call.cost = Money{static_cast<std::int64_t>(random()) - INT32_MAX};
    }
    if (random() % 2 == 0) {
        call.first_byte_us = static_cast<std::int64_t>(random() % 1'000'000) - 100;
    }
    call.duration_us = random() % 1'000'000;
    call.cached = random() % 2 == 0;
    return call;
}

bool same(const CallView& a, const CallView& b) {
    return a.id == b.id && a.time == b.time && a.request_id == b.request_id &&
           a.attempt == b.attempt && a.final == b.final && a.endpoint == b.endpoint &&
           a.requested_model == b.requested_model && a.model == b.model &&
           a.provider == b.provider && a.key == b.key && a.region == b.region &&
           a.route == b.route && a.streamed == b.streamed && a.status == b.status &&
           a.error == b.error && a.usage_source == b.usage_source && a.input == b.input &&
           a.cached_input == b.cached_input && a.cache_write == b.cache_write &&
           a.output == b.output && a.reasoning == b.reasoning && a.cost == b.cost &&
           a.first_byte_us == b.first_byte_us && a.duration_us == b.duration_us &&
           a.cached == b.cached;
}

}  // namespace

TEST_CASE("call batch: calls come back from their blocks") {
    std::mt19937 random(7);
    const std::vector<std::string> texts{"", "gpt-4o", "gpt-4o-mini", std::string(200, 'x'),
                                         std::string("nul\0 and \xff", 10)};
    CallBatch batch;
    std::vector<CallView> expected;
    for (std::size_t round = 0; round < 2; round++) {
        for (int i = 0; i < 1000; i++) {
            CallView call = some_call(random, texts);
            batch.add(call);
            call.id = 41 + i;
            expected.push_back(call);
        }
        CHECK(batch.size() == 1000);
        const auto blocks = batch.blocks();
        CHECK(blocks.size() == 4);
        std::vector<CallView> read;
        for (const auto& block : blocks) {
            const std::size_t before = read.size();
            REQUIRE(read_block(block.bytes, 41 + static_cast<std::int64_t>(before), read));
            CHECK(read.size() - before == block.size);
            CHECK(read.back().end() == block.last_end);
        }
        REQUIRE(read.size() == expected.size());
        for (std::size_t i = 0; i < read.size(); i++) {
            CAPTURE(i);
            CHECK(same(read[i], expected[i]));
        }
        batch.clear();
        expected.clear();
        CHECK(batch.empty());
        CHECK(batch.blocks().empty());
    }
}

TEST_CASE("call batch: a call like the one before it takes few bytes") {
    CallBatch batch;
    CallView call;
    call.time = 1'764'000'000'000;
    call.request_id = "0123456789abcdef";
    call.model = std::string_view("a model with quite a long name");
    call.status = 200;
    for (int i = 0; i < 200; i++) {
        batch.add(call);
    }
    CHECK(batch.blocks().at(0).bytes.size() < std::size_t{200} * 32 + 64);
}

TEST_CASE("call batch: a damaged block is an error and no more") {
    std::mt19937 random(11);
    const std::vector<std::string> texts{"a", "some text"};
    CallBatch batch;
    for (int i = 0; i < 5; i++) {
        batch.add(some_call(random, texts));
    }
    const std::string block(batch.blocks().at(0).bytes);
    std::vector<CallView> calls;
    std::size_t whole = 0;
    for (std::size_t size = 0; size < block.size(); size++) {
        calls.clear();
        // It may be cut between two calls.
        whole += read_block(std::string(block, 0, size), 1, calls) ? 1 : 0;
        CHECK(calls.size() < 5);
    }
    CHECK(whole == 5);
    for (int i = 0; i < 20'000; i++) {
        std::string damaged = block;
        damaged[random() % damaged.size()] = static_cast<char>(random());
        calls.clear();
        static_cast<void>(read_block(damaged, 1, calls));
        CHECK(calls.size() <= damaged.size());
    }
    CHECK_FALSE(read_block(std::string(40, '\xff'), 1, calls));
}
