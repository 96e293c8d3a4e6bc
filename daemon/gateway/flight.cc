// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/flight.h"

#include <algorithm>
#include <asio/post.hpp>
#include <utility>

#include "daemon/cache/answer_form.h"
#include "daemon/http/sse.h"

namespace llmgw {

namespace {

// The headers of a request that outlive its connection's buffer.
RequestHead copy_head(const RequestHead& head, std::string& bytes) {
    std::size_t size = head.method.size() + head.target.size();
    for (const HeaderView& header : head.headers) {
        size += header.name.size() + header.value.size();
    }
    bytes.reserve(size);  // so that views into it stay right
    const auto keep = [&bytes](std::string_view text) {
        const std::size_t at = bytes.size();
        bytes += text;
        return std::string_view(bytes).substr(at);
    };
    RequestHead copy = head;
    copy.method = keep(head.method);
    copy.target = keep(head.target);
    copy.path = copy.target.substr(0, head.path.size());
    copy.query = {};
    for (HeaderView& header : copy.headers) {
        header = {keep(header.name), keep(header.value)};
    }
    return copy;
}

}  // namespace

Flight::Pause::~Pause() {
    if (waiting) {
        std::erase(flight.pauses_, this);
    }
}

void Flight::Pause::await_suspend(std::coroutine_handle<> handle) {
    waiting = handle;
    flight.pauses_.push_back(this);
}

Flight::Flight(Exchange& first, FlightPlan plan)
    : core_(first.core),
      plan_(std::move(plan)),
      head_(copy_head(first.head, head_bytes_)),
      request_id_(first.request_id),
      plain_(first.plain),
      limit_(static_cast<std::size_t>(first.core.cache.settings().max_entry)),
      started_(first.started()),
      snapshot_(first.snapshot),
      kept_(first.kept),
      attempts_(first.attempts) {
    failure_.status = 0;
}

Flight::~Flight() = default;

std::shared_ptr<Flight> Flight::start(Exchange& first, FlightPlan plan) {
    auto flight = std::make_shared<Flight>(first, std::move(plan));
    flight->core_.flights.add(flight->plan_.key, flight);
    // Later, when its first reader is there.
    asio::post(first.core.loop.io(), [flight] { spawn(fly(flight)); });
    return flight;
}

Task<void> Flight::fly(std::shared_ptr<Flight> self) {
    Flight& flight = *self;
    Exchange exchange(flight.core_, flight, flight.head_);
    exchange.snapshot = flight.snapshot_;
    exchange.request_id = flight.request_id_;
    exchange.plain = flight.plain_;
    exchange.shared = true;
    exchange.begin_at(flight.started_);
    exchange.attempts = flight.attempts_;  // of the route's targets that were asked before
    const InferenceCall& call = *flight.plan_.call;
    if (call.stream) {
        exchange.stream.emplace(exchange, std::chrono::milliseconds(0));
    }
    flight.exchange_ = &exchange;
    co_await flight.plan_.ask(exchange, call);
    flight.exchange_ = nullptr;
    flight.attempts_ = std::move(exchange.attempts);
    flight.decision_ = std::move(exchange.decision);
    flight.route_progress_ = std::move(exchange.route_progress);
    flight.outcome_ = std::move(exchange.outcome);
    flight.over_ = true;
    flight.finish();
}

void Flight::join(FlightReader& reader) {
    readers_.push_back(&reader);
}

void Flight::leave(FlightReader& reader) {
    std::erase(readers_, &reader);
    if (readers_.empty() && !finished_) {
        core_.flights.remove(plan_.key, *this);
        if (on_gone_) {
            std::exchange(on_gone_, nullptr)();
        }
    }
    wake();
}

void Flight::wake() {
    if (waking_) {
        return;
    }
    waking_ = true;
    asio::post(core_.loop.io(), [self = shared_from_this()] { self->resume_all(); });
}

void Flight::resume_all() {
    waking_ = false;
    for (std::size_t left = pauses_.size(); left > 0 && !pauses_.empty(); left--) {
        Pause* const pause = pauses_.front();
        pauses_.pop_front();
        std::exchange(pause->waiting, nullptr).resume();
    }
}

std::string_view Flight::part(const FlightReader& reader, std::size_t limit) const {
    return std::string_view(text()).substr(static_cast<std::size_t>(reader.offset - begin_), limit);
}

void Flight::took(FlightReader& reader, std::size_t bytes) {
    reader.offset += bytes;
    if (outgrown_) {
        wake();
    }
}

std::uint64_t Flight::fastest() const {
    std::uint64_t offset = 0;
    for (const FlightReader* const reader : readers_) {
        offset = std::max(offset, reader->offset);
    }
    return offset;
}

void Flight::note_answer(const AnswerHead& head) {
    LLMGW_ASSERT(exchange_ != nullptr && exchange_->answering != nullptr);
    candidate_ = *exchange_->answering;
    attempts_ = exchange_->attempts;
    decision_ = exchange_->decision;
    route_progress_ = exchange_->route_progress;
    fields_ = head.fields;
    const std::size_t stream_fields = fields_.find(kStreamFields);
    if (stream_fields != std::string::npos) {
        fields_.erase(stream_fields,
                      kStreamFields.size());  // a reader's own kind of answer decides
    }
}

// Takes down whole events, which is all that a ChatStream gives.
void Flight::append(std::string_view bytes) {
    if (!outgrown_) {
        const auto now = Exchange::Clock::now();
        if (events_.empty()) {
            first_event_ = now;
        }
        const auto after =
            std::chrono::duration_cast<std::chrono::milliseconds>(now - first_event_).count();
        std::size_t at = 0;
        while (at < bytes.size()) {
            const std::size_t size = find_event_end(bytes.substr(at));
            at = size == std::string_view::npos ? bytes.size() : at + size;
            events_.push_back({static_cast<std::uint32_t>(bytes_.size() + at),
                               static_cast<std::uint32_t>(after)});
        }
    }
    bytes_ += bytes;
    if (bytes_.size() > limit_) {
        outgrow();
    }
    wake();
}

void Flight::outgrow() {
    outgrown_ = true;
    events_ = {};
    core_.flights.remove(plan_.key, *this);
    const std::uint64_t front = fastest();
    std::uint64_t needed = written();
    for (FlightReader* const reader : readers_) {
        const bool far = reader->offset < front && written() - reader->offset > limit_;
        reader->dropped = reader->dropped || far || !reader->takes_parts;
        if (!reader->dropped) {
            needed = std::min(needed, reader->offset);
        }
    }
    const std::uint64_t spare = needed - begin_;
    if (spare > limit_ / 2) {  // not for every bit, since the rest has to be moved
        bytes_.erase(0, static_cast<std::size_t>(spare));
        begin_ = needed;
    }
}

void Flight::finish() {
    if (finished_) {
        wake();
        return;
    }
    finished_ = true;
    core_.flights.remove(plan_.key, *this);
    wake();
}

// A complete answer is kept for who has still to read it, and stored when it is worth it.
void Flight::keep(bool streamed) {
    auto answer = std::make_shared<CachedAnswer>();
    answer->endpoint = plan_.call->endpoint;
    answer->streamed = streamed;
    answer->bytes = std::move(bytes_);
    answer->events = std::move(events_);
    read_identity(*answer);
    answer->model = candidate_.model_name();
    answer->provider = candidate_.provider_name();
    const Outcome& outcome = exchange_->outcome;
    if (outcome.usage) {
        answer->input_tokens = outcome.usage->prompt();
        answer->output_tokens = outcome.usage->completion();
    }
    if (outcome.cost) {
        answer->cost = outcome.cost->total;
    }
    answer->gateway_key = plan_.gateway_key;
    answer->near = plan_.near;
    if (plan_.ttl_ms != 0 && is_storable(*answer)) {
        core_.cache.put(plan_.key, answer, plan_.ttl_ms);
    }
    answer_ = std::move(answer);
}

Task<bool> Flight::answer(const AnswerHead& head, std::vector<std::string_view> body) {
    for (const std::string_view piece : body) {
        bytes_ += piece;
    }
    if (exchange_->answering != nullptr) {
        note_answer(head);
        keep(false);
    } else {
        failure_.status = head.status;
        failure_.fields = head.fields;
    }
    finish();
    co_return !gone();
}

Task<bool> Flight::begin(const AnswerHead& head, std::string_view first) {
    note_answer(head);
    streams_ = true;
    return send(first);
}

Task<bool> Flight::send(std::string_view bytes) {
    append(bytes);
    while (outgrown_ && !gone() && written() - fastest() > limit_) {
        Pause waiting = pause();
        co_await waiting;
    }
    co_return !gone();
}

Task<bool> Flight::end(bool clean) {
    if (clean && !outgrown_) {
        keep(true);
    }
    finish();
    co_return clean && !gone();
}

void Flight::on_gone(std::function<void()> callback) {
    on_gone_ = std::move(callback);
    if (on_gone_ && gone()) {
        std::exchange(on_gone_, nullptr)();
    }
}

}  // namespace llmgw
