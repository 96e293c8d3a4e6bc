// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/serve_route.h"

#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/gateway/cache_step.h"
#include "daemon/gateway/route_leaf.h"
#include "daemon/gateway/session_key.h"

namespace llmgw {

namespace {

Result<std::shared_ptr<const RouteCall>> take_route(const Snapshot& snapshot, std::string_view name,
                                                    std::string_view model) {
    auto call = std::make_shared<RouteCall>();
    call->tree = snapshot.routes.find(name);
    if (!call->tree) {
        return tl::unexpected(snapshot.routes.missing(name));
    }
    call->name = name;
    call->model = model;
    return std::shared_ptr<const RouteCall>(std::move(call));
}

// NAME and MODEL of "route/NAME/MODEL".
std::pair<std::string_view, std::string_view> split_route(std::string_view name) {
    name.remove_prefix(kRoutePrefix.size());
    const std::size_t slash = name.find('/');
    return slash == std::string_view::npos
               ? std::pair(name, std::string_view())
               : std::pair(name.substr(0, slash), name.substr(slash + 1));
}

// What a request's conditions look at.
struct Looked {
    std::string metadata;
    std::string model;  // as a JSON string
    WalkInput input;
};

void look_at(Looked& looked, Exchange& exchange, const InferenceCall& call) {
    const RouteCall& route = *exchange.route;
    WalkInput& input = looked.input;
    ConditionInput& condition = input.condition;
    looked.metadata =
        route.metadata.empty() ? exchange.head.header("x-llmgw-metadata") : route.metadata;
    if (auto metadata = scan_object(looked.metadata)) {
        condition.metadata = std::move(*metadata);
    }
    condition.params = call.fields;
    if (!route.model.empty()) {
        looked.model = json_quote(route.model);
        for (JsonField& field : condition.params) {
            field.value = key_is(field, "model") ? std::string_view(looked.model) : field.value;
        }
    }
    for (const HeaderView& header : exchange.head.headers) {
        condition.headers.emplace_back(header.name, header.value);
    }
    condition.pathname = exchange.head.path;
    input.route = route.name;
    input.session = session_key(exchange.head, call);
    input.random = [&random = exchange.core.random] { return random(); };
    input.now = unix_ms();
}

// A target of a route as this request asks it.
std::shared_ptr<LeafCall> make_leaf(Exchange& exchange,
                                    const std::shared_ptr<const InferenceCall>& call,
                                    const RouteStep& step) {
    const RouteCall& route = *exchange.route;
    const RouteLeaf& own = step.leaf;
    auto leaf = std::make_shared<LeafCall>();
    leaf->route = exchange.route;
    leaf->snapshot = exchange.snapshot;
    leaf->step = &step;
    leaf->call = call;
    leaf->model = model_of(own, requested_model(route, call->model));
    leaf->terms.timeout_ms = route.timeout_ms.value_or(own.timeout_ms);
    leaf->terms.headers = extra_headers(
        own.headers, route.forward_headers ? *route.forward_headers : own.forward_headers,
        exchange.head);
    auto made = call_for_target(call, own, leaf->model);
    if (!made) {
        leaf->refuse(std::move(made.error()));
        return leaf;
    }
    leaf->call = std::move(*made);
    auto target = find_target(*exchange.snapshot, route, own, leaf->model, needs_of(*leaf->call));
    if (target) {
        leaf->target = std::move(*target);
    } else {
        leaf->refuse(std::move(target.error()));
    }
    return leaf;
}

// What an answer of the cache depends on, besides the request that the target gets.
std::string cache_target(const LeafCall& leaf) {
    std::string target;
    const auto add = [&target](std::string_view text) {
        target += text;
        target += '\n';
    };
    if (leaf.target.routed && leaf.terms.headers.empty()) {
        return std::string(behind_aliases(*leaf.snapshot, leaf.model));  // as without a route
    }
    add(leaf.target.routed ? "" : leaf.step->leaf.provider);
    add(leaf.model);
    if (leaf.target.own_keys) {
        const ProviderAccess& access = *leaf.target.offers.candidates.front().access;
        add(access.url.text());
        add(access.secret);  // only ever hashed
    }
    for (const auto& [name, value] : leaf.terms.headers) {
        add(name);
        add(value);
    }
    return target;
}

bool may_be_cached(const Exchange& exchange, const LeafCall& leaf) {
    const auto& own = leaf.step->leaf.cache;
    const bool wanted = own ? own->enabled : exchange.snapshot->settings.cache.enabled;
    return wanted && exchange.core.cache.enabled() && leaf.passed_over.empty();
}

// Asks one target, or has the cache answer for it.
Task<void> try_leaf(Exchange& exchange, std::shared_ptr<LeafCall> leaf) {
    const auto& cache = leaf->step->leaf.cache;
    if (may_be_cached(exchange, *leaf)) {
        CacheableCall cacheable;
        cacheable.call = leaf->call;
        cacheable.target = cache_target(*leaf);
        cacheable.ttl_ms = cache ? cache->ttl_ms : std::nullopt;
        cacheable.ask = [leaf](Exchange& shared, const InferenceCall&) {
            return ask_leaf(shared, leaf);
        };
        const CacheStep step = co_await serve_from_cache(exchange, std::move(cacheable));
        if (step != CacheStep::to_ask) {
            leaf->answered = step == CacheStep::answered;
            co_return;
        }
    }
    co_await ask_leaf(exchange, leaf);
}

// A target can make a stream of a plain request, and the other way round.
void prepare_stream(Exchange& exchange, const InferenceCall& call) {
    if (call.stream && !exchange.stream) {
        const auto silence = std::chrono::milliseconds(exchange.snapshot->settings.heartbeat_ms);
        exchange.stream.emplace(exchange, silence);
    } else if (!call.stream && exchange.stream && !exchange.begun()) {
        exchange.stream.reset();
    }
}

// Keeps the way through the route with the decision, for the log.
void record_walk(Exchange& exchange, const InferenceCall& call, const RouteWalk& walk) {
    auto decision = exchange.decision ? std::make_shared<Decision>(*exchange.decision)
                                      : std::make_shared<Decision>();
    decision->model = call.model;
    decision->route = exchange.route->name;
    decision->choices = walk.choices();
    exchange.decision = std::move(decision);
}

// Asks one target after the other. Returns the last one, nullptr when nobody was asked.
Task<std::shared_ptr<LeafCall>> walk_targets(Exchange& exchange,
                                             const std::shared_ptr<const InferenceCall>& call,
                                             RouteWalk& walk, std::optional<Error>& lost) {
    std::shared_ptr<LeafCall> leaf;
    auto step = walk.first();
    while (step && *step != nullptr) {
        leaf = make_leaf(exchange, call, **step);
        leaf->passed_over = walk.unwanted_successes();
        exchange.kept.push_back(leaf);
        exchange.route_progress = {(*step)->path, 0};
        if (!leaf->asked.refusal) {
            prepare_stream(exchange, *leaf->call);
            co_await try_leaf(exchange, leaf);
        }
        if (leaf->answered || exchange.client.gone() || exchange.time_left().count() <= 0) {
            co_return leaf;
        }
        step = walk.next(leaf->statuses);
    }
    if (!step) {
        lost = step.error();
    }
    co_return leaf;
}

}  // namespace

Result<std::shared_ptr<const RouteCall>> find_route(const Snapshot& snapshot,
                                                    std::string_view key_route,
                                                    std::string_view model) {
    const std::string_view meant = behind_aliases(snapshot, model);
    const bool named = is_route_name(meant);
    const auto [name, of_route] = named ? split_route(meant) : std::pair(key_route, meant);
    if (!named) {
        return key_route.empty() ? std::shared_ptr<const RouteCall>()
                                 : take_route(snapshot, key_route, "");
    }
    if (!key_route.empty() && name != key_route) {
        Error error;
        error.kind = Errc::permission;
        error.param = "model";
        error.message =
            "this gateway key takes the route " + std::string(key_route) + ", and no other";
        return tl::unexpected(std::move(error));
    }
    return take_route(snapshot, name, of_route);
}

Task<void> serve_route(Exchange& exchange, std::shared_ptr<const InferenceCall> call) {
    Looked looked;
    look_at(looked, exchange, *call);
    RouteWalk walk(*exchange.route->tree, std::move(looked.input));
    std::optional<Error> lost;
    const auto leaf = co_await walk_targets(exchange, call, walk, lost);
    if (lost) {
        co_await answer_error(exchange, *lost);
    } else if (leaf && !leaf->answered) {
        if (exchange.client.gone()) {
            exchange.core.stats.errors++;
            exchange.outcome.error = "request_cancelled";
        } else {
            co_await answer_leaf_failure(exchange, *leaf);
        }
    }
    record_walk(exchange, *call, walk);
}

}  // namespace llmgw
