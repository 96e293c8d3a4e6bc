// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_session.h"

#include <cstdlib>
#include <utility>

#include "cli/chat_request.h"
#include "cli/chat_schema.h"
#include "cli/output.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::string_view kPath = "/v1/chat/completions";

// People also give the address as OpenAI clients want it, with the version path.
std::string daemon_url(std::string url) {
    while (url.ends_with('/')) {
        url.pop_back();
    }
    if (url.ends_with("/v1")) {
        url.resize(url.size() - 3);
    }
    return url;
}

std::string daemon_key() {
    const char* key = std::getenv("LLMGW_API_KEY");
    return key == nullptr ? std::string() : std::string(trim(key));
}

// Says what a person can do about a refused key, which depends on whose key it was.
Error with_hint(Error error, const ChatOptions& options) {
    if (error.hint.empty() && error.kind == Errc::auth) {
        error.hint = options.url.empty() ? "llmgw providers list, then llmgw providers test NAME"
                                         : "export LLMGW_API_KEY=$(llmgw keys create NAME)";
    } else if (error.hint.empty() && error.kind == Errc::daemon_unreachable) {
        error.hint = "llmgw serve starts one; without --url and LLMGW_URL none is needed";
    }
    return error;
}

}  // namespace

ChatSession::ChatSession(const GlobalOptions& global, const ChatOptions& options, Setup setup)
    : global_(global), options_(options), setup_(std::move(setup)) {}

Result<GatewayCall> ChatSession::make_call(const std::string& content) const {
    Conversation next = setup_.conversation;
    next.messages.push_back({"user", content});
    auto body = request_body(options_, next, setup_.schema);
    if (!body) {
        return tl::unexpected<Error>(body.error());
    }
    GatewayCall call;
    call.path = kPath;
    call.headers = {{"content-type", "application/json"}};
    call.body = std::move(*body);
    return call;
}

ChatOutcome ChatSession::ask(const std::string& content, Cancel& cancel) {
    auto call = make_call(content);
    if (!call) {
        return {{}, call.error()};
    }
    auto printer = make_printer(global_, options_);
    AnswerReader reader(*printer);
    Result<void> called;
    if (options_.url.empty()) {
        called = call_in_process(setup_.home, *call, reader, cancel);
    } else {
        if (auto key = daemon_key(); !key.empty()) {
            call->headers.emplace_back("authorization", "Bearer " + key);
        }
        called = call_url(daemon_url(options_.url), *call, reader, cancel);
    }
    if (cancel.fired()) {
        called = fail(Errc::interrupted, "interrupted");
    }
    ChatOutcome outcome;
    if (auto finished = reader.finish(called); !finished) {
        outcome.error = with_hint(finished.error(), options_);
    }
    outcome.answer = reader.answer();
    auto shown = printer->finish(outcome.answer, outcome.error ? &*outcome.error : nullptr);
    if (!shown) {
        outcome.error = shown.error();
    }
    keep_turns(content, outcome.answer);
    if (!outcome.error && !setup_.schema.empty()) {
        if (auto checked = check_against_schema(setup_.schema, outcome.answer.content); !checked) {
            outcome.error = checked.error();
        }
    }
    return outcome;
}

void ChatSession::keep_turns(const std::string& content, const Answer& answer) {
    if (answer.content.empty()) {
        return;
    }
    setup_.conversation.messages.push_back({"user", content});
    setup_.conversation.messages.push_back({"assistant", print_json(Json(answer.content))});
    if (auto saved = save_conversation(setup_.home, setup_.conversation); !saved) {
        warn(global_, "-c will not find this conversation: " + saved.error().message);
    }
}

Result<std::string> ChatSession::describe(const std::string& content) {
    const auto call = make_call(content);
    if (!call) {
        return tl::unexpected<Error>(call.error());
    }
    if (options_.url.empty()) {
        return dry_run(setup_.home, *call);
    }
    std::string text = "POST " + daemon_url(options_.url) + call->path + '\n';
    for (const auto& [name, value] : call->headers) {
        text.append(name).append(": ").append(value).append("\n");
    }
    if (!daemon_key().empty()) {
        text += "authorization: Bearer ***\n";
    }
    return text + '\n' + call->body;
}

}  // namespace llmgw
