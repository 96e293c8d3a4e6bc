// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/target.h"

#include <utility>

#include "daemon/api/errors.h"
#include "daemon/portkey/answer_fields.h"
#include "daemon/portkey/selection.h"

namespace llmgw {

namespace {

// Portkey's own kind of error, which OpenAI's SDKs can read as well.
Task<void> answer_config_error(Exchange& exchange, const Error& error) {
    exchange.core.stats.errors++;
    exchange.outcome.error = error.code.empty() ? "invalid_config" : error.code;
    const std::string document = portkey_error_document(error);
    AnswerHead head;
    head.status = http_status(error);
    head.fields = exchange.common_fields();
    std::vector<std::string_view> body(1, document);
    co_await exchange.answer(head, std::move(body));
}

}  // namespace

Task<bool> take_portkey_target(Exchange& exchange, const InferenceCall& call,
                               std::string_view key_route) {
    const PortkeyRequest& request = *exchange.portkey;
    exchange.core.portkey_notices.look_at(exchange.head);
    auto route = select_by_portkey(*exchange.snapshot, exchange.core.inline_configs, request,
                                   {call.model, key_route});
    if (!route) {
        co_await answer_config_error(exchange, route.error());
        co_return false;
    }
    exchange.route = std::move(*route);
    exchange.no_cache = exchange.no_cache || request.unstored;
    co_return true;
}

}  // namespace llmgw
