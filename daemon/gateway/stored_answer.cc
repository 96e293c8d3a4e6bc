// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/stored_answer.h"

#include <algorithm>
#include <utility>

#include "common/base/clock.h"
#include "daemon/cache/answer_form.h"
#include "daemon/gateway/chat_stream.h"

namespace llmgw {

namespace {

constexpr std::size_t kStep = 64 * 1024;  // of a stream, so that a slow client takes no more memory
constexpr std::uint32_t kMaxGap = 1'000;  // milliseconds between two events

Task<bool> send_plain(Exchange& exchange, const InferenceCall& call, const CachedAnswer& answer,
                      const AnswerExtras& extras) {
    std::optional<std::string> joined;
    if (answer.streamed) {
        joined = plain_form(answer);
        if (!joined) {
            co_return false;
        }
    }
    const std::string_view body = joined ? *joined : answer.bytes;
    const auto fields = scan_object(body);
    if (!fields) {
        co_return false;
    }
    Spliced spliced = add_to_object(body, *fields, extras.additions, &call);
    AnswerHead head;
    head.fields = extras.fields;
    if (spliced.cost) {
        head.fields += "x-llmgw-cost: " + to_decimal(spliced.cost->total) + "\r\n";
    }
    exchange.outcome.usage = std::move(spliced.usage);
    exchange.outcome.cost = spliced.cost;
    exchange.outcome.complete = co_await exchange.answer(head, std::move(spliced.pieces));
    co_return true;
}

// A stream's bytes, in the parts that are sent at once.
class Replay {
  public:
    Replay(std::string_view bytes, const std::vector<EventEnd>& events, bool timed)
        : bytes_(bytes), events_(events), timed_(timed && !events.empty()) {}

    [[nodiscard]] bool done() const { return at_ >= bytes_.size(); }
    // How long to wait before the next part.
    [[nodiscard]] std::chrono::milliseconds gap() const {
        if (!timed_ || next_ == 0 || next_ >= events_.size()) {
            return std::chrono::milliseconds(0);
        }
        const std::uint32_t before = events_[next_ - 1].milliseconds;
        const std::uint32_t now = std::max(events_[next_].milliseconds, before);
        return std::chrono::milliseconds(std::min(now - before, kMaxGap));
    }
    std::string_view next() {
        std::size_t end = std::min(at_ + kStep, bytes_.size());
        if (timed_ && next_ < events_.size()) {
            end = std::clamp<std::size_t>(events_[next_++].offset, at_, bytes_.size());
        }
        return bytes_.substr(std::exchange(at_, end), end - at_);
    }

  private:
    std::string_view bytes_;
    const std::vector<EventEnd>& events_;
    bool timed_;
    std::size_t next_ = 0;
    std::size_t at_ = 0;
};

Task<void> replay(Exchange& exchange, Replay& parts, ChatStream& stream, const AnswerHead& head) {
    bool open = true;
    bool begun = false;
    std::string out;
    while (open && !parts.done() && !stream.ended()) {
        const auto gap = parts.gap();
        if (gap.count() > 0) {
            co_await exchange.core.loop.sleep(gap);
        }
        out.clear();
        open = stream.feed(parts.next(), out);
        if (open && !out.empty()) {
            if (begun) {
                open = co_await exchange.stream->send(out);
            } else {
                open = co_await exchange.stream->begin(head, out);
            }
            begun = true;
        }
        open = open && !exchange.client.gone();
    }
    const bool ended = co_await exchange.stream->end(open);
    exchange.outcome.complete = ended && stream.ended() && !stream.failed();
}

Task<bool> send_stream(Exchange& exchange, const InferenceCall& call, const CachedAnswer& answer,
                       const AnswerExtras& extras) {
    std::optional<std::string> made;
    if (!answer.streamed) {
        made = stream_form(answer);
        if (!made) {
            co_return false;
        }
    }
    const bool timed = exchange.snapshot->settings.cache.replay == CacheReplay::timed;
    Replay parts(made ? *made : answer.bytes, answer.events, timed && !made);
    ChatStream stream(call.include_usage, extras.additions, &call);
    AnswerHead head;
    head.content_type = kStreamType;
    head.fields = extras.fields;
    head.fields += kStreamFields;
    exchange.outcome.status = 200;
    exchange.core.stats.streams++;
    co_await replay(exchange, parts, stream, head);
    exchange.core.stats.streams--;
    exchange.outcome.usage = stream.usage();
    exchange.outcome.cost = stream.cost();
    co_return true;
}

}  // namespace

Task<bool> send_stored(Exchange& exchange, const InferenceCall& call, const CachedAnswer& answer,
                       const AnswerExtras& extras) {
    bool sent = false;
    if (call.stream) {
        sent = co_await send_stream(exchange, call, answer, extras);
    }
    // What has no form as a stream goes as it is, as a provider does that knows of no streams.
    if (!sent && !exchange.begun()) {
        sent = co_await send_plain(exchange, call, answer, extras);
    }
    if (sent && !exchange.outcome.complete && exchange.outcome.error == "none") {
        exchange.core.stats.errors++;
        exchange.outcome.error = "request_cancelled";
    }
    co_return sent;
}

AnswerExtras hit_extras(const Exchange& exchange, const InferenceCall& call) {
    AnswerExtras extras;
    extras.fields = exchange.hit_fields();
    extras.additions.plain = exchange.plain;
    extras.additions.free = true;
    if (!exchange.plain) {
        extras.additions.metadata = exchange.metadata(call.model, nullptr);
    }
    return extras;
}

Task<bool> send_hit(Exchange& exchange, const InferenceCall& call, const CachedAnswer& answer,
                    std::optional<double> similarity) {
    const std::string_view before = exchange.cache_use;
    CacheHit hit;
    hit.provider = answer.provider;
    hit.model = answer.model;
    hit.age_ms = unix_ms() - answer.stored_at;
    hit.similarity = similarity;
    exchange.hit = std::move(hit);
    exchange.cache_use = "hit";
    const AnswerExtras extras = hit_extras(exchange, call);
    const bool sent = co_await send_stored(exchange, call, answer, extras);
    if (sent) {
        exchange.core.stats.cached++;
    } else {
        exchange.hit.reset();
        exchange.cache_use = before;
    }
    co_return sent;
}

}  // namespace llmgw
