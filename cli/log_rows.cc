// SPDX-License-Identifier: Apache-2.0
#include "cli/log_rows.h"

#include <array>
#include <cstdio>

#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr std::int64_t kMilli = 1000;

}  // namespace

std::string show_cost(const std::optional<Money>& cost) {
    return cost ? to_decimal(*cost) : "?";
}

std::string show_micros(std::int64_t microseconds, bool terminal) {
    const std::int64_t milliseconds = (microseconds + kMilli / 2) / kMilli;
    if (!terminal) {
        return std::to_string(milliseconds);
    }
    if (milliseconds < kMilli) {
        return std::to_string(milliseconds) + " ms";
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s",
                  static_cast<double>(milliseconds) / static_cast<double>(kMilli));
    return text.data();
}

std::vector<std::string> call_header() {
    return {"TIME",   "STATUS", "MODEL",    "PROVIDER", "INPUT",
            "OUTPUT", "COST",   "DURATION", "ERROR",    "REQUEST"};
}

std::vector<Cell> call_cells(const LoggedCall& call, bool terminal) {
    const auto count = [](std::uint64_t number) {
        return Cell{.text = std::to_string(number), .style = Style::plain, .right = true};
    };
    // A model that nobody serves is at least named.
    const std::string& model = call.model.empty() ? call.requested_model : call.model;
    const bool none = call.error.empty() || call.error == "none";
    return {{show_time(call.time, terminal)},
            {call.status == 0 ? "-" : std::to_string(call.status),
             call.failed() ? Style::red : Style::green},
            {printable(model)},
            {call.provider.empty() ? "-" : printable(call.provider)},
            count(call.input + call.cached_input + call.cache_write),
            count(call.output + call.reasoning),
            {show_cost(call.cost), Style::plain, true},
            {show_micros(call.duration_us, terminal), Style::plain, true},
            {none ? "-" : printable(call.error), Style::yellow},
            {printable(call.request_id)}};
}

}  // namespace llmgw
