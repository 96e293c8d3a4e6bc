// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/relay.h"

#include <utility>

#include "daemon/api/errors.h"
#include "daemon/gateway/chat_stream.h"
#include "daemon/gateway/upstream_head.h"

namespace llmgw {

namespace {

Additions additions_for(const Exchange& exchange, const InferenceCall& call,
                        const Candidate& candidate) {
    Additions additions;
    additions.plain = exchange.plain || exchange.shared;
    additions.mapping = candidate.mapping;
    if (!additions.plain) {
        additions.metadata = exchange.metadata(call.model, &candidate);
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

// What the router learns from an answer that is over. A client that has left says nothing about
// the provider.
void complete_report(Attempt& attempt, const Exchange& exchange, const Outcome& outcome) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    CallReport& report = attempt.report;
    if (outcome.complete) {
        report.verdict = CallReport::Verdict::succeeded;
    } else if (exchange.client.gone()) {
        report.verdict = CallReport::Verdict::not_counted;
    } else {
        report.verdict = CallReport::Verdict::failed;
    }
    report.output_tokens = outcome.usage ? outcome.usage->completion() : 0;
    report.generation_ms = Milliseconds(Exchange::Clock::now() - attempt.began).count();
}

Task<void> relay_plain(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                       Attempt& attempt) {
    const Additions additions = additions_for(exchange, call, candidate);
    Spliced spliced = add_to_object(attempt.body, attempt.fields, additions, &call);
    AnswerHead head;
    head.status = attempt.report.status;
    head.fields = exchange.answer_fields(candidate, attempt.changes);
    if (spliced.cost && !exchange.shared) {
        head.fields += "x-llmgw-cost: " + to_decimal(spliced.cost->total) + "\r\n";
    }
    head.fields += passed_on_fields(attempt.answer->head());
    Outcome& outcome = exchange.outcome;
    outcome.usage = std::move(spliced.usage);
    outcome.cost = spliced.cost;
    outcome.complete = co_await exchange.answer(head, std::move(spliced.pieces));
    attempt.report.verdict = CallReport::Verdict::succeeded;
}

// Passes events on until the stream ends, on whichever side. Returns why the provider broke it off.
Task<std::optional<Error>> pass_events(Exchange& exchange, Attempt& attempt, ChatStream& stream,
                                       const AnswerHead& head) {
    Error too_large;
    too_large.kind = Errc::upstream;
    too_large.message = "an event of its stream is too large";
    std::string out;
    bool fits = stream.feed(attempt.body, out);
    attempt.body = {};
    bool open = co_await exchange.stream->begin(head, out);
    while (open && fits && !stream.ended()) {
        const BodyPart part = co_await attempt.answer->next();
        if (part.state == BodyPart::State::failed) {
            co_return *part.error;
        }
        if (part.state == BodyPart::State::end) {
            break;
        }
        out.clear();
        fits = stream.feed(part.bytes, out);
        if (!out.empty()) {
            open = co_await exchange.stream->send(out);
        }
    }
    if (!fits) {
        co_return too_large;
    }
    co_return std::nullopt;
}

// Sends what is missing at the end of a stream: its proper end, or the error. Returns whether the
// provider has answered to the end.
Task<bool> end_events(Exchange& exchange, const Candidate& candidate, ChatStream& stream,
                      std::optional<Error> broken) {
    std::string out;
    if (!stream.ended()) {
        if (!broken && !stream.finish(out)) {
            broken.emplace();
            broken->kind = Errc::upstream;
            broken->message = "its stream ended in the middle of the answer";
        }
        if (broken) {
            const bool late = broken->kind == Errc::timeout;
            exchange.outcome.error = late ? "upstream_timeout" : "upstream_error";
            out += error_event(candidate, std::move(*broken));
        }
    }
    bool open = true;
    if (!out.empty()) {
        open = co_await exchange.stream->send(out);
    }
    const bool complete = stream.ended() && !stream.failed();
    exchange.outcome.usage = stream.usage();  // whoever shares the answer stores them with it
    exchange.outcome.cost = stream.cost();
    const bool ended = co_await exchange.stream->end(open);
    co_return ended&& complete;
}

Task<void> relay_stream(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                        Attempt& attempt) {
    const Additions additions = additions_for(exchange, call, candidate);
    ChatStream stream(call.include_usage || exchange.shared, additions, &call);
    AnswerHead head;
    head.content_type = kStreamType;
    head.fields = exchange.answer_fields(candidate, attempt.changes);
    head.fields += kStreamFields;
    head.fields += passed_on_fields(attempt.answer->head());
    Outcome& outcome = exchange.outcome;
    outcome.status = 200;
    outcome.first_content_us = exchange.micros(attempt.began);
    auto broken = co_await pass_events(exchange, attempt, stream, head);
    if (exchange.client.gone()) {
        co_await exchange.stream->end(false);
    } else {
        outcome.complete = co_await end_events(exchange, candidate, stream, std::move(broken));
    }
    if (!outcome.complete) {
        stream.give_up();
    }
    outcome.usage = stream.usage();
    outcome.cost = stream.cost();
    complete_report(attempt, exchange, outcome);
    if (stream.ended() && !stream.failed()) {
        co_await read_rest(exchange.core.loop, *attempt.answer);
    }
}

}  // namespace

Task<void> relay(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                 Attempt& attempt) {
    if (attempt.streaming) {
        exchange.core.stats.streams++;
        co_await relay_stream(exchange, call, candidate, attempt);
        exchange.core.stats.streams--;
    } else {
        co_await relay_plain(exchange, call, candidate, attempt);
    }
    if (!exchange.outcome.complete && exchange.outcome.error == "none") {
        exchange.outcome.error = exchange.client.gone() ? "request_cancelled" : "upstream_error";
    }
}

}  // namespace llmgw
