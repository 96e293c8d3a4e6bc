// SPDX-License-Identifier: Apache-2.0
#include "cli/route_table.h"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/output.h"
#include "cli/rests.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr int kDigits = 4;  // of scores

// In the order of the enumeration.
constexpr std::array<std::string_view, 9> kReasonTexts = {
    "nobody else may be asked",
    "it has the best score",
    "it is the cheapest: nothing else counts, or is known",
    "the model keeps to it, and no other is clearly better",
    "the session keeps to it",
    "chance chose it, to learn how it does",
    "the model's name says so",
    "the named provider fails too often",
    "all rest, and it is asked all the same"};

// Dollars for a million tokens, as short as they are.
std::string price_text(const std::optional<double>& nano_dollars) {
    constexpr double kNano = 1e9;
    std::string text =
        show_decimal(nano_dollars ? std::optional(*nano_dollars / kNano) : nano_dollars, 4);
    if (text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        text.erase(text.find_last_not_of('.') + 1);
    }
    return text;
}

Cell right(std::string text) {
    return {.text = std::move(text), .style = Style::plain, .right = true};
}

Cell name(std::string_view text) {
    return {text.empty() ? "-" : printable(text)};
}

std::string who(const CandidateFacts& facts) {
    std::string text(printable(facts.provider));
    if (!facts.key.empty() && facts.key != facts.provider) {
        text += ", key " + printable(facts.key);
    }
    return text;
}

std::string headline(const Decision& decision) {
    if (decision.ranking.order.empty()) {
        return printable(decision.model) + ": nobody may be asked\n";
    }
    const auto& first = decision.candidates[decision.ranking.order.front().index];
    return printable(decision.model) + ": " + who(first) +
           " is asked first: " + std::string(reason_text(decision.ranking.reason)) + "\n";
}

// Why a node of a route took this target.
std::string why_chosen(const RouteChoice& choice) {
    switch (choice.mode) {
        case RouteMode::single:
            return "the only one";
        case RouteMode::fallback:
            return choice.after_status ? "after " + std::to_string(*choice.after_status)
                                       : "the first one";
        case RouteMode::loadbalance:
            return (choice.sticky ? "which the request keeps to, weight " : "by weight, ") +
                   show_decimal(choice.weight, 4) + " of " + show_decimal(choice.weights, 4);
        case RouteMode::conditional:
            return choice.condition ? "by condition " + std::to_string(*choice.condition + 1)
                                    : "as no condition holds";
    }
    return "";
}

std::string request_line(const RouteRequest& request) {
    std::string text = "routing " + std::string(strategy_name(request.strategy));
    text += request.streaming ? ", streamed" : ", not streamed";
    text += request.pinned ? ", provider named" : "";
    text += request.no_fallback ? ", no other provider" : "";
    text += request.in_session ? ", in a session" : "";
    return text + ", about " + std::to_string(request.prompt_tokens) + " prompt tokens\n";
}

Table figures_table(const Decision& decision) {
    Table table({"#", "PROVIDER", "KEY", "REGION", "$/M", "UPTIME %", "MS", "TOK/S", "CALLS"});
    std::size_t rank = 0;
    for (const ScoredCandidate& scored : decision.ranking.order) {
        const CandidateFacts& facts = decision.candidates[scored.index];
        table.add({right(std::to_string(++rank)), name(facts.provider), name(facts.key),
                   name(facts.region), right(price_text(facts.price)),
                   right(show_decimal(facts.health.uptime, 1)),
                   right(show_decimal(facts.health.latency_ms, 0)),
                   right(show_decimal(facts.health.throughput, 1)),
                   right(std::to_string(facts.health.calls))});
    }
    return table;
}

std::vector<Cell> term_cells(const ScoreTerms& terms) {
    std::vector<Cell> cells;
    for (const double term : {terms.price, terms.uptime, terms.throughput, terms.latency,
                              terms.cache, terms.priority, terms.penalty}) {
        cells.push_back(right(show_decimal(term, kDigits)));
    }
    return cells;
}

Table terms_table(const DecisionView& view) {
    Table table({"#", "PROVIDER", "PRICE", "UPTIME", "TOK/S", "LATENCY", "CACHE", "PRIORITY",
                 "PENALTY", "SCORE"});
    const auto add = [&table](std::string rank, Cell who, std::vector<Cell> terms, Cell score) {
        std::vector<Cell> row = {right(std::move(rank)), std::move(who)};
        row.insert(row.end(), terms.begin(), terms.end());
        row.push_back(std::move(score));
        table.add(std::move(row));
    };
    const ScoreWeights weights = view.weights.value_or(ScoreWeights{1, 1, 1, 1, 1});
    if (view.weights) {
        std::vector<Cell> cells;
        for (const double weight :
             {weights.price, weights.uptime, weights.throughput, weights.latency, weights.cache}) {
            cells.push_back(right(show_decimal(weight, kDigits)));
        }
        cells.push_back(right("1"));
        cells.push_back(right("1"));
        add("", {"(weight)", Style::dim}, std::move(cells), right(""));
    }
    std::size_t rank = 0;
    for (const ScoredCandidate& scored : view.decision.ranking.order) {
        const CandidateFacts& facts = view.decision.candidates[scored.index];
        add(std::to_string(++rank), name(facts.provider),
            term_cells(score_terms(scored, facts, weights)),
            right(show_decimal(scored.score, kDigits)));
    }
    return table;
}

// Those without a key are many, and only named.
std::string excluded_text(const DecisionView& view, bool color) {
    Table table({"NOT ASKED", "KEY", "WHY"});
    std::string without_key;
    std::vector<bool> ranked(view.decision.candidates.size());
    for (const ScoredCandidate& scored : view.decision.ranking.order) {
        ranked[scored.index] = true;
    }
    for (std::size_t i = 0; i < ranked.size(); i++) {
        const CandidateFacts& facts = view.decision.candidates[i];
        if (ranked[i]) {
            continue;
        }
        if (facts.excluded == Exclusion::no_key) {
            without_key += (without_key.empty() ? "" : ", ") + printable(facts.provider);
        } else {
            table.add({name(facts.provider),
                       name(facts.key),
                       {exclusion_text(facts, view.rests), Style::yellow}});
        }
    }
    std::string text;
    if (!table.empty()) {
        text += "\n" + table.render(true, color);
    }
    return without_key.empty() ? text : text + "\nno key for: " + without_key + "\n";
}

}  // namespace

std::string_view reason_text(RouteReason reason) {
    return kReasonTexts.at(static_cast<std::size_t>(reason));
}

std::string exclusion_text(const CandidateFacts& facts, std::span<const RestRow> rests) {
    if (facts.excluded == Exclusion::none) {
        return facts.named ? "is not asked" : "is asked only when the named provider fails";
    }
    std::string text(describe(facts.excluded));
    if (!is_rest(facts.excluded)) {
        return text;
    }
    const RestRow* longest = nullptr;
    for (const RestRow& rest : rests) {
        const bool is_its =
            rest.key == facts.key && (rest.model.empty() || rest.model == facts.model);
        if (is_its && (longest == nullptr || rest.until > longest->until)) {
            longest = &rest;
        }
    }
    if (longest != nullptr) {
        const std::string cause = rest_cause(*longest);
        text += cause.empty() ? "" : " (" + cause + ")";
    }
    return text + ", for another " + show_time_left(facts.rests_for_ms);
}

std::string choices_text(const Decision& decision) {
    std::string text;
    for (const RouteChoice& choice : decision.choices) {
        text += (decision.route.empty() ? "route" : "route/" + printable(decision.route)) + ": " +
                choice.path;
        text += choice.name.empty() ? "" : " \"" + printable(choice.name) + "\"";
        text += ", " + why_chosen(choice) + "\n";
    }
    return text;
}

std::string decision_text(const DecisionView& view, bool color) {
    const Decision& decision = view.decision;
    const auto& order = decision.ranking.order;
    std::string text = headline(decision) + request_line(decision.request);
    if (!order.empty()) {
        text += "\n" + figures_table(decision).render(true, color);
        text += std::string("\nScore, the lowest is asked first: each term ") +
                (view.weights ? "times its weight\n" : "before it is weighted\n");
        text += terms_table(view).render(true, color);
    }
    if (std::any_of(order.begin(), order.end(), [](const auto& one) { return one.further_key; })) {
        text += "Keys of one provider share its requests by their weights.\n";
    }
    return text + excluded_text(view, color);
}

}  // namespace llmgw
