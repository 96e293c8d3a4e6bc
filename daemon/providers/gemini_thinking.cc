// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "daemon/providers/gemini_request.h"

namespace llmgw {

namespace {

constexpr std::string_view kEffort = "reasoning_effort";
constexpr std::string_view kBudget = "reasoning.max_tokens";

// From least to most; the words behind "high" mean the most that there is.
constexpr std::array<std::string_view, 4> kLevels = {"minimal", "low", "medium", "high"};
constexpr std::string_view kLevelNames[] = {"MINIMAL", "LOW", "MEDIUM", "HIGH"};
// The budgets by which Google's own OpenAI-compatible endpoint reads the words
// (ai.google.dev/gemini-api/docs/openai), and the most that a budget may be per word.
constexpr std::array<std::uint64_t, 4> kBudgets = {1024, 1024, 8192, 24576};

// What generation 3 takes where the catalog does not say (ai.google.dev/gemini-api/docs/thinking).
constexpr std::array<std::string_view, 2> kLevelsOfPro3 = {"low", "high"};
constexpr std::array<std::string_view, 3> kLevelsOfPro = {"low", "medium", "high"};

std::size_t level_of(std::string_view word) {
    const auto found = std::find(kLevels.begin(), kLevels.end(), word);
    return static_cast<std::size_t>(found - kLevels.begin());
}

bool is_more_than_high(std::string_view effort) {
    return effort == "xhigh" || effort == "max";
}

bool is_known(std::string_view effort) {
    return effort == "none" || is_more_than_high(effort) || level_of(effort) < kLevels.size();
}

bool thinks(const GeminiEncoding& to) {
    const Mapping* const mapping = to.target.mapping;
    if (mapping != nullptr && mapping->reasoning != Can::unknown) {
        return mapping->reasoning == Can::yes;
    }
    return to.model.generation >= 25;
}

std::span<const std::string_view> levels_taken(const GeminiEncoding& to) {
    const Mapping* const mapping = to.target.mapping;
    if (mapping != nullptr && !mapping->reasoning_efforts.empty()) {
        return mapping->reasoning_efforts;
    }
    if (to.model.pro) {
        return to.model.generation == 30 ? std::span<const std::string_view>(kLevelsOfPro3)
                                         : std::span<const std::string_view>(kLevelsOfPro);
    }
    return kLevels;
}

// The level that was asked for, the next one up that the model takes, or else its highest.
std::size_t nearest_level(std::span<const std::string_view> taken, std::size_t wanted) {
    const auto takes = [&](std::size_t level) {
        return std::find(taken.begin(), taken.end(), kLevels[level]) != taken.end();
    };
    for (std::size_t level = wanted; level < kLevels.size(); level++) {
        if (takes(level)) {
            return level;
        }
    }
    for (std::size_t level = std::min(wanted, kLevels.size()); level-- > 0;) {
        if (takes(level)) {
            return level;
        }
    }
    return std::min(wanted, kLevels.size() - 1);
}

// The lowest level whose budget, as generation 2.5 had it, covers what the client asked for.
std::size_t level_for(std::uint64_t budget) {
    if (budget == 0) {
        return 0;
    }
    std::size_t level = 1;
    while (level < kLevels.size() - 1 && budget > kBudgets[level]) {
        level++;
    }
    return level;
}

void include_thoughts(JsonWriter& config) {
    config.key("includeThoughts").boolean(true);
}

// Generation 3 thinks at a level and cannot be stopped from thinking.
void write_level(GeminiEncoding& to, JsonWriter& config) {
    const ChatRequest& request = to.request;
    const std::string_view effort = request.reasoning_effort;
    const auto taken = levels_taken(to);
    const bool off = request.reasoning_budget ? *request.reasoning_budget == 0 : effort == "none";
    if (off && std::find(taken.begin(), taken.end(), "none") != taken.end()) {
        return;
    }
    config.key("thinkingConfig").begin_object();
    if (request.reasoning_budget) {
        to.clamp(kBudget);
        const std::size_t level = nearest_level(taken, level_for(*request.reasoning_budget));
        config.key("thinkingLevel").string(kLevelNames[level]);
    } else {
        const std::size_t wanted = off ? 0 : level_of(effort);
        const std::size_t level = nearest_level(taken, wanted);
        if (off || level != wanted) {
            to.clamp(kEffort);
        }
        config.key("thinkingLevel").string(kLevelNames[level]);
    }
    if (!off) {
        include_thoughts(config);
    }
    config.end_object();
}

// Generation 2.5 thinks with a budget, of which 0 is off; Pro cannot be stopped. The model decides
// (-1) unless the client does (ai.google.dev/gemini-api/docs/thinking#set-budget).
void write_budget(GeminiEncoding& to, JsonWriter& config) {
    const ChatRequest& request = to.request;
    const std::string_view effort = request.reasoning_effort;
    const std::int64_t least = to.model.pro ? 128 : to.model.lite ? 512 : 1;
    const std::int64_t most = to.model.pro ? 32768 : 24576;
    std::int64_t wanted = 0;
    if (request.reasoning_budget) {
        constexpr std::uint64_t kLarge = 1'000'000;
        wanted = static_cast<std::int64_t>(std::min(*request.reasoning_budget, kLarge));
    } else if (is_more_than_high(effort)) {
        wanted = most;
    } else if (effort != "none") {
        wanted = static_cast<std::int64_t>(kBudgets[level_of(effort)]);
    }
    std::int64_t budget = wanted;
    if (wanted > 0 || (wanted == 0 && to.model.pro)) {
        budget = std::clamp(wanted, least, most);
    }
    if (budget != wanted) {
        to.clamp(request.reasoning_budget ? kBudget : kEffort);
    }
    config.key("thinkingConfig").begin_object().key("thinkingBudget").number(budget);
    if (wanted != 0) {
        include_thoughts(config);
    }
    config.end_object();
}

}  // namespace

void write_gemini_thinking(GeminiEncoding& to, JsonWriter& config) {
    const ChatRequest& request = to.request;
    const bool off = request.reasoning_budget ? *request.reasoning_budget == 0
                                              : request.reasoning_effort == "none";
    if (!request.reasoning_budget && request.reasoning_effort.empty()) {
        return;
    }
    if (!thinks(to)) {
        if (!off) {  // not to think is what such a model does anyway
            to.drop(request.reasoning_budget ? kBudget : kEffort);
        }
        return;
    }
    if (!request.reasoning_budget && !is_known(request.reasoning_effort)) {
        to.drop(kEffort);
        return;
    }
    if (to.model.generation == 25) {
        write_budget(to, config);
    } else {
        write_level(to, config);
    }
}

}  // namespace llmgw
