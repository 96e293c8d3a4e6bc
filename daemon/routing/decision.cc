// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/decision.h"

#include <cmath>
#include <utility>

#include "common/base/json_io.h"
#include "common/base/json_writer.h"

namespace llmgw {

namespace {

// Members are left out where they say nothing: a decision is kept for every request.
void write_flag(JsonWriter& out, std::string_view name, bool value) {
    if (value) {
        out.key(name).boolean(true);
    }
}

void write_text(JsonWriter& out, std::string_view name, std::string_view value) {
    if (!value.empty()) {
        out.key(name).string(value);
    }
}

template <typename Number>
void write_number(JsonWriter& out, std::string_view name, Number value, Number usual = 0) {
    if (value != usual) {
        out.key(name).number(value);
    }
}

template <typename Number>
void write_optional(JsonWriter& out, std::string_view name, const std::optional<Number>& value) {
    if (value) {
        out.key(name).number(*value);
    }
}

void write_request(JsonWriter& out, const RouteRequest& request) {
    out.key("strategy").string(strategy_name(request.strategy));
    write_flag(out, "streaming", request.streaming);
    write_flag(out, "makes_images", request.makes_images);
    write_flag(out, "pinned", request.pinned);
    write_flag(out, "no_fallback", request.no_fallback);
    write_flag(out, "in_session", request.in_session);
    out.key("prompt_tokens").number(request.prompt_tokens);
    out.key("seed").number(request.seed);
    write_optional(out, "session", request.session);
    write_optional(out, "preferred", request.preferred);
}

void write_facts(JsonWriter& out, const CandidateFacts& facts) {
    out.begin_object().key("provider").string(facts.provider).key("model").string(facts.model);
    write_text(out, "key", facts.key);
    write_text(out, "region", facts.region);
    write_optional(out, "price", facts.price);
    write_flag(out, "unnamed", !facts.named);
    write_flag(out, "caches_prompts", facts.caches_prompts);
    write_flag(out, "binds_sessions", facts.binds_sessions);
    write_number(out, "priority", facts.priority, 1.0);
    write_number(out, "weight", facts.weight, std::int64_t{1});
    write_optional(out, "uptime", facts.health.uptime);
    write_optional(out, "latency_ms", facts.health.latency_ms);
    write_optional(out, "throughput", facts.health.throughput);
    write_number(out, "calls", facts.health.calls);
    if (facts.excluded != Exclusion::none) {
        out.key("excluded").string(exclusion_name(facts.excluded));
    }
    write_number(out, "rests_for_ms", facts.rests_for_ms);
    out.end_object();
}

void write_scored(JsonWriter& out, const ScoredCandidate& scored) {
    out.begin_object();
    out.key("candidate").number(std::uint64_t{scored.index}).key("score").number(scored.score);
    write_number(out, "price", scored.price);
    write_number(out, "uptime", scored.uptime);
    write_number(out, "throughput", scored.throughput);
    write_number(out, "latency", scored.latency);
    write_number(out, "cache", scored.cache);
    write_number(out, "penalty", scored.penalty);
    write_flag(out, "further_key", scored.further_key);
    out.end_object();
}

void write_route(JsonWriter& out, const Decision& decision) {
    out.key("route").begin_object();
    write_text(out, "name", decision.route);
    out.key("choices").begin_array();
    for (const RouteChoice& choice : decision.choices) {
        out.begin_object().key("target").string(choice.path);
        write_text(out, "name", choice.name);
        out.key("by").string(route_mode_name(choice.mode));
        if (choice.condition) {
            out.key("condition").number(std::uint64_t{*choice.condition});
        }
        write_number(out, "weight", choice.weight);
        write_number(out, "of", choice.weights);
        write_flag(out, "sticky", choice.sticky);
        if (choice.after_status) {
            out.key("after").number(std::int64_t{*choice.after_status});
        }
        out.end_object();
    }
    out.end_array().end_object();
}

/// Reads members of an object; the first one that is wrong is remembered.
class Reader {
  public:
    Reader(const Json& object, std::string& wrong) : object_(object), wrong_(wrong) {}

    bool flag(const char* name) const {
        const Json* const value = find(name);
        if (value == nullptr) {
            return false;
        }
        return check(value->is_boolean(), name) && value->get<bool>();
    }
    std::string text(const char* name) const {
        const Json* const value = find(name);
        if (value == nullptr || !check(value->is_string(), name)) {
            return {};
        }
        return value->get<std::string>();
    }
    std::optional<double> decimal(const char* name) const {
        const Json* const value = find(name);
        if (value == nullptr || !check(value->is_number(), name)) {
            return std::nullopt;
        }
        const auto number = value->get<double>();
        return check(std::isfinite(number), name) ? std::optional(number) : std::nullopt;
    }
    std::optional<std::uint64_t> natural(const char* name) const {
        const Json* const value = find(name);
        if (value == nullptr || !check(value->is_number_unsigned(), name)) {
            return std::nullopt;
        }
        return value->get<std::uint64_t>();
    }
    std::int64_t integer(const char* name, std::int64_t otherwise) const {
        const Json* const value = find(name);
        const bool fits =
            value != nullptr &&
            check(value->is_number_integer() &&
                      (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX),
                  name);
        return fits ? value->get<std::int64_t>() : otherwise;
    }
    const Json& object(const char* name) const {
        static const Json kNone = Json::object();
        const Json* const value = find(name);
        return value != nullptr && check(value->is_object(), name) ? *value : kNone;
    }
    const Json& list(const char* name) const {
        static const Json kNone = Json::array();
        const Json* const value = find(name);
        return value != nullptr && check(value->is_array(), name) ? *value : kNone;
    }
    // A name that `read` knows.
    template <typename Read>
    auto named(const char* name, Read read) const {
        const auto value = read(text(name));
        check(value.has_value(), name);
        return value;
    }
    bool check(bool right, const char* name) const {
        if (!right && wrong_.empty()) {
            wrong_ = name;
        }
        return right;
    }

  private:
    const Json* find(const char* name) const {
        if (!object_.is_object()) {
            check(false, name);
            return nullptr;
        }
        const auto at = object_.find(name);
        return at == object_.end() ? nullptr : &*at;
    }

    const Json& object_;
    std::string& wrong_;
};

/// Owner of the texts that a decision's views point into.
class Texts {
  public:
    explicit Texts(std::size_t most) { texts_.reserve(most); }
    // `most` bounds the number: texts must not move.
    std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  private:
    std::vector<std::string> texts_;
};
constexpr std::size_t kTextsPerCandidate = 4;

RouteRequest read_request(const Reader& in) {
    RouteRequest request;
    request.strategy = in.named("strategy", find_strategy).value_or(RoutingStrategy::automatic);
    request.streaming = in.flag("streaming");
    request.makes_images = in.flag("makes_images");
    request.pinned = in.flag("pinned");
    request.no_fallback = in.flag("no_fallback");
    request.in_session = in.flag("in_session");
    request.prompt_tokens = in.natural("prompt_tokens").value_or(0);
    request.seed = in.natural("seed").value_or(0);
    request.session = in.natural("session");
    request.preferred = in.natural("preferred");
    return request;
}

CandidateFacts read_facts(const Reader& in, Texts& texts) {
    CandidateFacts facts;
    facts.provider = texts.keep(in.text("provider"));
    facts.model = texts.keep(in.text("model"));
    facts.key = texts.keep(in.text("key"));
    facts.region = texts.keep(in.text("region"));
    facts.price = in.decimal("price");
    facts.named = !in.flag("unnamed");
    facts.caches_prompts = in.flag("caches_prompts");
    facts.binds_sessions = in.flag("binds_sessions");
    facts.priority = in.decimal("priority").value_or(1);
    facts.weight = in.integer("weight", 1);
    facts.health.uptime = in.decimal("uptime");
    facts.health.latency_ms = in.decimal("latency_ms");
    facts.health.throughput = in.decimal("throughput");
    facts.health.calls = in.natural("calls").value_or(0);
    const std::string excluded = in.text("excluded");
    if (!excluded.empty()) {
        facts.excluded = in.named("excluded", read_exclusion).value_or(Exclusion::none);
    }
    facts.rests_for_ms = in.integer("rests_for_ms", 0);
    return facts;
}

ScoredCandidate read_scored(const Reader& in, std::size_t candidates) {
    ScoredCandidate scored;
    scored.index = in.natural("candidate").value_or(candidates);
    in.check(scored.index < candidates, "candidate");
    scored.score = in.decimal("score").value_or(0);
    scored.price = in.decimal("price").value_or(0);
    scored.uptime = in.decimal("uptime").value_or(0);
    scored.throughput = in.decimal("throughput").value_or(0);
    scored.latency = in.decimal("latency").value_or(0);
    scored.cache = in.decimal("cache").value_or(0);
    scored.penalty = in.decimal("penalty").value_or(0);
    scored.further_key = in.flag("further_key");
    return scored;
}

RouteChoice read_choice(const Reader& in) {
    RouteChoice choice;
    choice.path = in.text("target");
    choice.name = in.text("name");
    choice.mode = in.named("by", find_route_mode).value_or(RouteMode::single);
    choice.condition = in.natural("condition");
    choice.weight = in.decimal("weight").value_or(0);
    choice.weights = in.decimal("of").value_or(0);
    choice.sticky = in.flag("sticky");
    if (const std::int64_t after = in.integer("after", 0); after > 0 && after < 1000) {
        choice.after_status = static_cast<int>(after);
    }
    return choice;
}

}  // namespace

std::string decision_json(const Decision& decision) {
    JsonWriter out;
    out.begin_object().key("model").string(decision.model);
    write_request(out, decision.request);
    out.key("reason").string(reason_name(decision.ranking.reason));
    out.key("candidates").begin_array();
    for (const CandidateFacts& facts : decision.candidates) {
        write_facts(out, facts);
    }
    out.end_array().key("order").begin_array();
    for (const ScoredCandidate& scored : decision.ranking.order) {
        write_scored(out, scored);
    }
    out.end_array();
    if (!decision.route.empty() || !decision.choices.empty()) {
        write_route(out, decision);
    }
    out.end_object();
    return out.take();
}

Result<Decision> read_decision(std::string_view json) {
    const auto document = parse_json(json);
    if (!document) {
        return tl::unexpected(document.error());
    }
    std::string wrong;
    const Reader in(*document, wrong);
    Decision decision;
    decision.model = in.text("model");
    decision.request = read_request(in);
    decision.ranking.reason = in.named("reason", read_reason).value_or(RouteReason::only_candidate);
    const Json& candidates = in.list("candidates");
    const auto texts = std::make_shared<Texts>(candidates.size() * kTextsPerCandidate);
    for (const Json& candidate : candidates) {
        decision.candidates.push_back(read_facts(Reader(candidate, wrong), *texts));
    }
    for (const Json& scored : in.list("order")) {
        decision.ranking.order.push_back(
            read_scored(Reader(scored, wrong), decision.candidates.size()));
    }
    const Reader route(in.object("route"), wrong);
    decision.route = route.text("name");
    for (const Json& choice : route.list("choices")) {
        decision.choices.push_back(read_choice(Reader(choice, wrong)));
    }
    if (!wrong.empty()) {
        return fail(Errc::invalid_file, "the routing decision's \"" + wrong + "\" is not valid");
    }
    decision.owner = texts;
    return decision;
}

}  // namespace llmgw
