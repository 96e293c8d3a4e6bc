// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/task.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace llmgw;

namespace {

Task<int> twice(int number) {
    co_return 2 * number;
}

// Something to wait for that the test resumes by hand.
struct Gate {
    std::coroutine_handle<> waiting;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
    void await_resume() const noexcept {}
    void open() { std::exchange(waiting, nullptr).resume(); }
};

Task<std::string> wait_at(Gate& gate, std::string text) {
    co_await gate;
    co_return text;
}

Task<void> sum_many(int count, long& sum) {
    for (int i = 0; i < count; i++) {
        sum += co_await twice(i);
    }
}

Task<void> wait_twice(Gate& gate, std::vector<std::string>& log) {
    log.push_back(co_await wait_at(gate, "first"));
    log.push_back(co_await wait_at(gate, "second"));
}

Task<std::unique_ptr<int>> make_owned() {
    co_return std::make_unique<int>(7);
}

Task<void> take_owned(int& out) {
    const std::unique_ptr<int> owned = co_await make_owned();
    out = *owned;
}

}  // namespace

TEST_CASE("a task's value reaches its awaiter") {
    int out = 0;
    spawn(take_owned(out));
    CHECK(out == 7);
}

TEST_CASE("a long loop of tasks that end at once needs no more stack") {
    long sum = 0;
    spawn(sum_many(3'000'000, sum));
    CHECK(sum == 2L * 3'000'000 * 2'999'999 / 2);
}

TEST_CASE("a suspended task resumes its awaiter when it ends") {
    Gate gate;
    std::vector<std::string> log;
    spawn(wait_twice(gate, log));
    CHECK(log.empty());
    gate.open();
    CHECK(log == std::vector<std::string>{"first"});
    gate.open();
    CHECK(log == std::vector<std::string>{"first", "second"});
}

TEST_CASE("a task that is never awaited never runs") {
    long sum = 0;
    { const auto task = sum_many(1, sum); }
    CHECK(sum == 0);
}
