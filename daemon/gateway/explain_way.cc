// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/explain_way.h"

#include <utility>

#include "common/routes/route_walk.h"
#include "daemon/gateway/route_target.h"

namespace llmgw {

namespace {

// Whatever a fallback lists, it is among these.
LeafStatuses any_failure() {
    LeafStatuses statuses;
    for (int status = 100; status < 600; status++) {
        statuses.push_back(status);
    }
    return statuses;
}

RouteStop describe_stop(const RouteStep& step, std::string_view model) {
    RouteStop stop;
    stop.target = step.path;
    stop.name = step.name;
    stop.asks = step.leaf.provider;
    stop.model = model;
    return stop;
}

}  // namespace

Result<Way> explain_way(const Snapshot& snapshot, const RouteCall& route,
                        const WayQuestion& question) {
    const std::string body = "{\"model\":" + json_quote(question.query.model) + "}";
    WalkInput input;
    const std::string_view said =
        question.metadata.empty() ? "{}" : std::string_view(question.metadata);
    if (auto metadata = scan_object(said)) {
        input.condition.metadata = std::move(*metadata);
    } else {
        return fail(Errc::invalid_file,
                    "the metadata is no JSON object: " + metadata.error().message);
    }
    input.condition.params =
        question.call != nullptr ? question.call->fields : scan_object(body).value();
    const std::string model = json_quote(route.model);
    for (JsonField& field : input.condition.params) {
        field.value = !route.model.empty() && key_is(field, "model") ? model : field.value;
    }
    input.condition.pathname = "/v1/chat/completions";
    input.route = route.name;
    input.session = question.query.session;
    input.random = [] { return std::uint64_t{0}; };
    input.now = question.now;
    RouteWalk walk(*route.tree, std::move(input));
    const std::string_view named = question.call != nullptr && question.query.model.empty()
                                       ? question.call->model
                                       : question.query.model;
    Way way;
    const LeafStatuses failure = any_failure();
    auto step = walk.first();
    way.choices = walk.choices();
    while (step && *step != nullptr) {
        const std::string_view asked = model_of((*step)->leaf, requested_model(route, named));
        RouteStop stop = describe_stop(**step, asked);
        auto target = find_target(snapshot, route, (*step)->leaf, asked, question.query.needs);
        if (!target) {
            stop.problem = target.error().message;
        } else if (target->routed && way.stops.empty()) {
            way.offers = std::move(target->offers);
        }
        way.stops.push_back(std::move(stop));
        step = walk.next(failure);
    }
    if (!step) {
        return tl::unexpected(step.error());
    }
    return way;
}

}  // namespace llmgw
