// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/flight_reader.h"

#include <utility>

#include "daemon/api/errors.h"
#include "daemon/gateway/chat_stream.h"
#include "daemon/gateway/stored_answer.h"
#include "daemon/http/sse.h"

namespace llmgw {

namespace {

constexpr std::size_t kStep = 64 * 1024;

// One request's part in a flight.
class Reading {
  public:
    Reading(Exchange& exchange, const InferenceCall& call, Flight& flight, bool own)
        : exchange_(exchange), call_(call), flight_(flight), own_(own) {
        place_.takes_parts = call.stream;
        flight_.join(place_);
    }
    ~Reading() { flight_.leave(place_); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    // Waits for the answer and sends it. False when nothing was sent.
    Task<bool> run() {
        const GoneWatch watch(exchange_.client, [this] { flight_.wake(); });
        while (!has_answer()) {
            Flight::Pause waiting = flight_.pause();
            co_await waiting;
        }
        if (exchange_.client.gone()) {
            leave_early();
            co_return true;
        }
        bool sent = false;
        if (!place_.dropped && flight_.streams() && call_.stream) {
            co_await send_parts();
            sent = true;
        } else if (flight_.answer()) {
            const AnswerExtras extras = extras_of_answer();
            sent = co_await send_stored(exchange_, call_, *flight_.answer(), extras);
        }
        if (!sent) {
            exchange_.hit.reset();
            exchange_.cache_use = "miss";
        }
        if (sent && !exchange_.outcome.complete) {
            leave_early();
        }
        co_return sent;
    }

    // Whoever is the last one sees the call out, and pays for it if nobody else did.
    Task<void> close() {
        flight_.leave(place_);
        if (!flight_.has_readers()) {
            while (!flight_.over()) {
                Flight::Pause waiting = flight_.pause();
                co_await waiting;
            }
        }
        if (flight_.unpaid && flight_.over()) {
            flight_.unpaid = false;
            exchange_.outcome.usage = flight_.outcome().usage;
            exchange_.outcome.cost = flight_.outcome().cost;
        }
    }

  private:
    [[nodiscard]] bool has_answer() const {
        if (exchange_.client.gone() || place_.dropped || flight_.finished()) {
            return true;
        }
        return call_.stream && flight_.streams();
    }

    void leave_early() {
        if (exchange_.outcome.error == "none") {
            exchange_.core.stats.errors++;
            exchange_.outcome.error = "request_cancelled";
        }
        if (own_) {
            flight_.unpaid = true;
        }
    }

    // The head and the additions: of the call itself for the request that it is made for.
    AnswerExtras extras_of_answer() {
        if (own_) {
            exchange_.attempts = flight_.attempts();
            exchange_.decision = flight_.decision();
            exchange_.route_progress = flight_.route_progress();
            AnswerExtras extras;
            extras.fields = exchange_.common_fields() + flight_.fields();
            extras.additions.plain = exchange_.plain;
            extras.additions.mapping = flight_.candidate().mapping;
            if (!exchange_.plain) {
                extras.additions.metadata = exchange_.metadata(call_.model, &flight_.candidate());
            }
            return extras;
        }
        CacheHit hit;
        hit.provider = flight_.candidate().provider_name();
        hit.model = flight_.candidate().model_name();
        exchange_.hit = std::move(hit);
        exchange_.cache_use = "hit";
        return hit_extras(exchange_, call_);
    }

    Task<void> send_parts() {
        const AnswerExtras extras = extras_of_answer();
        ChatStream stream(call_.include_usage, extras.additions, &call_);
        AnswerHead head;
        head.content_type = kStreamType;
        head.fields = extras.fields;
        head.fields += kStreamFields;
        Outcome& outcome = exchange_.outcome;
        outcome.status = 200;
        outcome.first_content_us = exchange_.micros(Exchange::Clock::now());
        const bool open = co_await pass_parts(stream, head);
        co_await end_stream(stream, open);
        if (!outcome.complete) {
            stream.give_up();
        }
        outcome.usage = stream.usage();
        outcome.cost = stream.cost();
    }

    // Until the stream ends, on whichever side; false when the client has gone.
    Task<bool> pass_parts(ChatStream& stream, const AnswerHead& head) {
        bool begun = false;
        std::string out;
        while (!stream.ended() && !place_.dropped && !exchange_.client.gone()) {
            const std::string_view part = flight_.part(place_, kStep);
            if (part.empty()) {
                if (flight_.finished()) {
                    break;
                }
                Flight::Pause waiting = flight_.pause();
                co_await waiting;
                continue;
            }
            const std::size_t taken = part.size();
            out.clear();
            if (!stream.feed(part, out)) {
                break;
            }
            bool open = true;
            if (!begun) {
                open = co_await exchange_.stream->begin(head, out);
                begun = true;
            } else if (!out.empty()) {
                open = co_await exchange_.stream->send(out);
            }
            flight_.took(place_, taken);
            if (!open) {
                co_return false;
            }
        }
        co_return !exchange_.client.gone();
    }

    Task<void> end_stream(ChatStream& stream, bool open) {
        Outcome& outcome = exchange_.outcome;
        if (open && !stream.ended()) {
            Error error;
            error.kind = Errc::upstream;
            error.message = place_.dropped
                                ? "this client reads too slowly for an answer of this size"
                                : "the answer was cut off";
            outcome.error = "upstream_error";
            const std::string event = sse_event(error_document(error));
            open = co_await exchange_.stream->send(event);
        }
        const bool ended = co_await exchange_.stream->end(open);
        outcome.complete = ended && stream.ended() && !stream.failed();
        if (!outcome.complete && outcome.error == "none" && open) {
            outcome.error = "upstream_error";
        }
    }

    Exchange& exchange_;
    const InferenceCall& call_;
    Flight& flight_;
    bool own_;
    FlightReader place_;
};

}  // namespace

Task<bool> read_own_flight(Exchange& exchange, const InferenceCall& call,
                           std::shared_ptr<Flight> flight) {
    Reading reading(exchange, call, *flight, true);
    const bool sent = co_await reading.run();
    co_await reading.close();
    if (sent) {
        co_return true;
    }
    while (!flight->over()) {
        Flight::Pause waiting = flight->pause();
        co_await waiting;
    }
    exchange.attempts = flight->attempts();
    exchange.decision = flight->decision();
    exchange.route_progress = flight->route_progress();
    exchange.outcome.error = flight->outcome().error;
    co_return false;
}

Task<void> answer_flight_failure(Exchange& exchange, const Flight& flight) {
    AnswerHead head = flight.failure();
    if (head.status == 0) {
        Error error;
        error.kind = Errc::upstream;
        error.message = "the answer was cut off";
        co_await answer_error(exchange, error);
        co_return;
    }
    head.fields.insert(0, exchange.common_fields());
    std::vector<std::string_view> body(1, flight.failure_body());
    co_await exchange.answer(head, std::move(body));
}

Task<bool> join_flight(Exchange& exchange, const InferenceCall& call,
                       std::shared_ptr<Flight> flight) {
    Reading reading(exchange, call, *flight, false);
    const bool sent = co_await reading.run();
    co_await reading.close();
    if (sent && flight->answer()) {
        exchange.core.stats.cached++;
        exchange.core.cache.coalesced(*flight->answer());
    }
    co_return sent;
}

}  // namespace llmgw
