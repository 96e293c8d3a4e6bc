// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/anthropic_thinking.h"

#include <algorithm>

#include "daemon/providers/anthropic.h"
#include "daemon/providers/anthropic_turns.h"

namespace llmgw {

namespace {

// Anthropic's lower limit; the upper is where its documentation advises batches instead.
constexpr std::uint64_t kMinBudget = 1024;
constexpr std::uint64_t kMaxBudget = 32'000;

// Shares of the answer that OpenRouter gives to thoughts, in percent.
struct EffortShare {
    std::string_view effort;
    std::uint64_t percent;
};
constexpr EffortShare kShares[] = {
    {"minimal", 10}, {"low", 20}, {"medium", 50}, {"high", 80}, {"xhigh", 95}, {"max", 95},
};

bool lists(std::span<const std::string_view> list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

// The models that take an effort but no temperature are those that know adaptive thinking only.
bool thinks_adaptively(const WireTarget& target) {
    return target.mapping != nullptr && lists(target.mapping->supported_parameters, "effort") &&
           !lists(target.mapping->supported_parameters, "temperature");
}

const char* wish(const ChatRequest& request) {
    return request.reasoning_budget ? "reasoning.max_tokens" : "reasoning_effort";
}

bool forces_a_tool(const ChatRequest& request, const WireTarget& target) {
    return request.tool_choice.kind == ToolChoice::Kind::required ||
           request.tool_choice.kind == ToolChoice::Kind::named ||
           answers_by_anthropic_tool(request, target);
}

// With a budget, the turn that called the tools whose results come last must begin with its
// thoughts. Many clients do not send them back; then Claude can only go on without thinking.
bool lacks_thoughts_of_its_calls(const ChatRequest& request) {
    for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
        if (message->role == ChatMessage::Role::user) {
            return false;
        }
        if (!message->tool_calls.empty()) {
            return std::none_of(message->reasoning.begin(), message->reasoning.end(),
                                is_anthropic_thought);
        }
    }
    return false;
}

std::string effort_of_budget(std::uint64_t budget) {
    if (budget <= 4096) {
        return "low";
    }
    return budget <= 16'384 ? "medium" : "high";
}

AnthropicThinking adaptive(const ChatRequest& request, const WireTarget& target,
                           AdaptedRequest& changes) {
    AnthropicThinking plan{AnthropicThinking::Kind::adaptive, 0, request.reasoning_effort};
    if (request.reasoning_budget) {
        plan.effort = effort_of_budget(*request.reasoning_budget);
        changes.renamed.emplace_back("reasoning.max_tokens");
        return plan;
    }
    const auto known = target.mapping->reasoning_efforts;
    if (!known.empty() && !lists(known, plan.effort)) {
        plan.effort = plan.effort == "minimal" ? "low" : "high";
        changes.clamped.emplace_back("reasoning_effort");
    }
    return plan;
}

std::uint64_t budget_of_effort(std::string_view effort, std::uint64_t max_tokens) {
    for (const EffortShare& share : kShares) {
        if (share.effort == effort) {
            return max_tokens / 100 * share.percent;
        }
    }
    return max_tokens / 2;
}

}  // namespace

AnthropicThinking plan_anthropic_thinking(const ChatRequest& request, const WireTarget& target,
                                          std::uint64_t max_tokens, AdaptedRequest& changes) {
    const bool only_adaptive = thinks_adaptively(target);
    if (request.reasoning_effort == "none") {
        // The others do not think unless they are asked to.
        return {only_adaptive ? AnthropicThinking::Kind::disabled : AnthropicThinking::Kind::unset,
                0,
                {}};
    }
    if (request.reasoning_effort.empty() && !request.reasoning_budget) {
        return {};
    }
    const bool cannot = target.mapping != nullptr && target.mapping->reasoning == Can::no;
    const bool too_short = max_tokens <= kMinBudget || lacks_thoughts_of_its_calls(request);
    if (cannot || forces_a_tool(request, target) || (!only_adaptive && too_short)) {
        changes.dropped.emplace_back(wish(request));
        return {};
    }
    if (only_adaptive) {
        return adaptive(request, target, changes);
    }
    const std::uint64_t asked =
        request.reasoning_budget
            ? *request.reasoning_budget
            : std::min(budget_of_effort(request.reasoning_effort, max_tokens), kMaxBudget);
    // At most so many that one token is left for the answer.
    const std::uint64_t budget = std::clamp(asked, kMinBudget, max_tokens - 1);
    if (request.reasoning_budget && budget != asked) {
        changes.clamped.emplace_back("reasoning.max_tokens");
    }
    return {AnthropicThinking::Kind::budget, budget, {}};
}

}  // namespace llmgw
