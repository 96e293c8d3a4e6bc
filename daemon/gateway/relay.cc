// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/relay.h"

#include <utility>

#include "daemon/api/errors.h"
#include "daemon/gateway/chat_stream.h"

namespace llmgw {

namespace {

constexpr std::string_view kStreamFields = "cache-control: no-cache\r\nx-accel-buffering: no\r\n";

Additions additions_for(const Exchange& exchange, const InferenceCall& call,
                        const Candidate& candidate) {
    Additions additions;
    additions.plain = exchange.plain;
    additions.mapping = candidate.mapping;
    if (!exchange.plain) {
        additions.metadata = exchange.metadata(call.model, candidate);
    }
    return additions;
}

// Reads what is left of an answer behind its `[DONE]`, usually the end of its framing, so that the
// connection can be used again. Whoever does not end there loses the connection.
Task<void> read_rest(Loop& loop, UpstreamAnswer& answer) {
    constexpr std::chrono::milliseconds kRestTime{200};
    Deadline deadline(loop, [&answer] { answer.cancel(); });
    deadline.set(kRestTime);
    for (;;) {
        const BodyPart part = co_await answer.next();
        if (part.state != BodyPart::State::data) {
            co_return;
        }
    }
}

std::string error_event(const Candidate& candidate, Error error) {
    error.message = std::string(candidate.provider_name()) + ": " + error.message;
    return "data: " + error_document(error) + "\n\n";
}

}  // namespace

Task<Outcome> relay_plain(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                          const Attempt& attempt) {
    const Additions additions = additions_for(exchange, call, candidate);
    Spliced spliced = add_to_object(attempt.body, attempt.fields, additions, &call);
    AnswerHead head;
    head.fields = exchange.answer_fields(candidate, attempt.changes);
    if (spliced.cost) {
        head.fields += "x-llmgw-cost: " + to_decimal(spliced.cost->total) + "\r\n";
    }
    head.fields += passed_on_fields(attempt.answer->head());
    Outcome outcome;
    outcome.usage = spliced.usage;
    outcome.cost = spliced.cost;
    outcome.complete = co_await exchange.client.answer(head, std::move(spliced.pieces));
    co_return outcome;
}

Task<Outcome> relay_stream(Exchange& exchange, const InferenceCall& call,
                           const Candidate& candidate, Attempt& attempt) {
    const Additions additions = additions_for(exchange, call, candidate);
    ChatStream stream(call.include_usage, additions, &call);
    AnswerHead head;
    head.content_type = "text/event-stream; charset=utf-8";
    head.fields = exchange.answer_fields(candidate, attempt.changes);
    head.fields += kStreamFields;
    head.fields += passed_on_fields(attempt.answer->head());
    std::string out;
    Error broken;  // of a stream that fails with an event too large, until there is another reason
    broken.kind = Errc::upstream;
    broken.message = "an event of its stream is too large";
    bool failed = !stream.feed(attempt.body, out);
    attempt.body = {};
    bool open = co_await exchange.client.begin(head, out);
    while (open && !failed && !stream.ended()) {
        const BodyPart part = co_await attempt.answer->next();
        if (part.state == BodyPart::State::end) {
            break;
        }
        out.clear();
        if (part.state == BodyPart::State::failed) {
            failed = true;
            broken = *part.error;
            open = !exchange.client.gone();
        } else if (!stream.feed(part.bytes, out)) {
            failed = true;
        }
        if (!out.empty()) {
            open = co_await exchange.client.send(out);
        }
    }
    Outcome outcome;
    if (open && !stream.ended()) {
        out.clear();
        if (!failed && !stream.finish(out)) {
            failed = true;
            broken.message = "its stream ended in the middle of the answer";
        }
        if (failed) {
            out += error_event(candidate, std::move(broken));
        }
        if (!out.empty()) {
            open = co_await exchange.client.send(out);
        }
    }
    outcome.usage = stream.usage();
    outcome.cost = stream.cost();
    outcome.complete = open && !stream.failed() && (!failed || stream.ended());
    if (open) {
        co_await exchange.client.end(true);
    } else {
        co_await exchange.client.end(false);
    }
    if (stream.ended() && !stream.failed()) {
        co_await read_rest(exchange.core.loop, *attempt.answer);
    }
    co_return outcome;
}

}  // namespace llmgw
