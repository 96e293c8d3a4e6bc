// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <memory>
#include <utility>

#include "common/base/clock.h"
#include "common/base/json_scan.h"
#include "common/store/database.h"
#include "common/store/log_store.h"
#include "daemon/gateway/explain_way.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/resolve.h"
#include "daemon/gateway/route_questions.h"
#include "daemon/gateway/router.h"
#include "daemon/gateway/serve_route.h"
#include "daemon/gateway/session_key.h"
#include "daemon/gateway/setup.h"

namespace llmgw {

namespace {

// The health that the last gateway saved; none without a log, which is not made for this.
Result<SavedHealth> read_health(const Home& home) {
    if (::access(home.log_database().c_str(), F_OK) != 0) {
        return SavedHealth{};
    }
    const auto log = LogStore::open(home.log_database(), kLockWaitMs);
    if (!log) {
        return tl::unexpected(log.error());
    }
    return (*log)->health();
}

tl::unexpected<Error> unreadable(Error error) {
    error.kind = Errc::invalid_file;
    error.message = "the request cannot be read: " + error.message;
    return tl::unexpected<Error>(std::move(error));
}

// The endpoint that takes such a body.
Endpoint endpoint_for(const std::vector<JsonField>& fields) {
    if (find_field(fields, "messages") == nullptr) {
        if (find_field(fields, "input") != nullptr) {
            return Endpoint::embeddings;
        }
        if (find_field(fields, "prompt") != nullptr) {
            return Endpoint::completions;
        }
    }
    return Endpoint::chat_completions;
}

// The request, with the model that was asked about if it names none.
Result<std::unique_ptr<InferenceCall>> read_request(const RouteQuestion& question) {
    std::string body = question.request;
    const auto fields = scan_object(body);
    if (!fields) {
        return unreadable(fields.error());
    }
    const Endpoint endpoint = endpoint_for(*fields);
    if (!question.model.empty() && find_field(*fields, "model") == nullptr) {
        const std::string member = "\"model\":" + json_quote(question.model);
        body.insert(body.find('{') + 1, member + (fields->empty() ? "" : ","));
    }
    auto call = InferenceCall::parse(endpoint, std::move(body));
    if (!call) {
        return unreadable(call.error());
    }
    return call;
}

std::vector<std::string_view> names_of(const RequestNeeds& needs) {
    const std::pair<bool, std::string_view> kinds[] = {
        {needs.vision, "images"},           {needs.audio, "audio"},
        {needs.documents, "documents"},     {needs.tools, "tools"},
        {needs.json_schema, "json_schema"}, {needs.reasoning, "reasoning"}};
    std::vector<std::string_view> names;
    for (const auto& [needed, name] : kinds) {
        if (needed) {
            names.push_back(name);
        }
    }
    return names;
}

// The set-up without its chance: the same question gets the same answer.
std::shared_ptr<const Snapshot> without_exploration(const Snapshot& snapshot) {
    auto calm = std::make_shared<Snapshot>(snapshot);
    calm->settings.routing.exploration_rate = 0;
    return calm;
}

}  // namespace

Result<RouteExplanation> explain_route(const Home& home, const RouteQuestion& question) {
    RouteQuery query;
    query.model = question.model;
    std::unique_ptr<InferenceCall> call;
    if (!question.request.empty()) {
        auto read = read_request(question);
        if (!read) {
            return tl::unexpected(read.error());
        }
        call = std::move(*read);
        query.model = question.model.empty() ? call->model : question.model;
        query.session = session_key({}, *call);
        query.strategy = call->strategy;
        query.needs = needs_of(*call);
    }
    const auto setup = open_setup(home);
    if (!setup) {
        return tl::unexpected(setup.error());
    }
    const auto snapshot = without_exploration(*setup->snapshot);
    RouteExplanation explanation;
    Router router(snapshot);
    const std::int64_t now = unix_ms();
    if (const auto health = read_health(home)) {
        router.restore(*health, now, RefusedKeys::rest);
    } else {
        explanation.health_problem = health.error().message;
    }
    const auto route = find_route(*snapshot, "", query.model);
    if (!route) {
        return tl::unexpected(route.error());
    }
    Offers offers;
    if (*route) {
        auto way = explain_way(*snapshot, **route, {query, call.get(), question.metadata, now});
        if (!way) {
            return tl::unexpected(std::move(way.error()));
        }
        explanation.stops = std::move(way->stops);
        explanation.decision.route = (*route)->name;
        explanation.decision.choices = std::move(way->choices);
        offers = std::move(way->offers);
    } else {
        auto named = resolve_model(*snapshot, query.model, query.needs);
        if (!named) {
            return tl::unexpected(named.error());
        }
        offers = std::move(*named);
        add_providers_without_key(*snapshot, offers);
    }
    if (!offers.candidates.empty()) {
        Decision decision = *router.decide(snapshot, offers, query, now);
        decision.route = std::move(explanation.decision.route);
        decision.choices = std::move(explanation.decision.choices);
        explanation.decision = std::move(decision);
    }
    explanation.decision.model = query.model;
    explanation.weights = score_weights(explanation.decision.request, snapshot->settings.routing);
    explanation.needs = names_of(query.needs);
    explanation.rests = router.health().rests(now);
    explanation.exploration_rate = setup->snapshot->settings.routing.exploration_rate;
    return explanation;
}

}  // namespace llmgw
