// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/attempt.h"

#include <algorithm>
#include <tl/expected.hpp>
#include <utility>

#include "common/base/clock.h"
#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/gateway/authorization.h"
#include "daemon/gateway/rehearsal.h"
#include "daemon/gateway/retry_delay.h"
#include "daemon/gateway/stream_beginning.h"
#include "daemon/gateway/upstream_head.h"
#include "daemon/net/public_address.h"
#include "daemon/providers/mended_answer.h"
#include "daemon/providers/mock.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

namespace {

using Verdict = CallReport::Verdict;

constexpr std::size_t kMaxPlainBody = 256 * 1024 * 1024;
constexpr std::size_t kMaxErrorBody = 1024 * 1024;
constexpr std::size_t kMaxBeginning = 1024 * 1024;
constexpr std::size_t kMaxWords = 500;

// Ends a call whose answer has not begun in the time that its terms give it.
class AnswerLimit {
  public:
    AnswerLimit(Exchange& exchange, Attempt& out)
        : deadline_(exchange.core.loop, [&exchange, &out] {
              out.timed_out = true;
              if (exchange.active != nullptr) {
                  exchange.active->cancel();
              }
          }) {
        deadline_.set(std::chrono::milliseconds(exchange.terms->timeout_ms));
    }
    void end() { deadline_.clear(); }

  private:
    Deadline deadline_;
};

// One provider that is being asked.
struct Asking {
    Exchange& exchange;
    const InferenceCall& call;
    const Candidate& candidate;
    Attempt& out;
    std::optional<AnswerLimit> limit{};
    ProviderCall made{};

    [[nodiscard]] AttemptRecord& record() const { return exchange.attempts.back(); }
    // The answer has begun.
    void end_limit() {
        if (limit) {
            limit->end();
        }
    }
};

Error upstream_error(const Candidate& candidate, std::string what) {
    Error error;
    error.kind = Errc::upstream;
    error.message = std::string(candidate.provider_name()) + ": " + std::move(what);
    return error;
}

// A provider's own words in an error, for a person.
std::string words_of(const ToldError& told) {
    return printable(std::string_view(told.message).substr(0, kMaxWords));
}

// Takes down that there is no answer, or none that can be used.
void note_failure(Asking& asking, Error error, std::string_view name) {
    Attempt& out = asking.out;
    const bool cancelled = error.kind == Errc::interrupted;
    if (error.kind == Errc::timeout || out.timed_out) {
        name = "upstream_timeout";
    } else if (cancelled) {
        name = "request_cancelled";
    }
    if (!asking.candidate.mock) {
        asking.candidate.access->scrub(error.message, asking.made.token);
    }
    out.report.verdict = cancelled ? Verdict::not_counted : Verdict::failed;
    out.report.detail = error.message;
    out.next = cancelled && !out.timed_out ? NextAttempt::none : NextAttempt::anybody;
    out.error = std::move(error);
    out.answer.reset();
    out.body.clear();
    asking.record().error = name;
}

// Takes down how the provider has refused: `body` is in OpenAI's format. Its headers are those of
// the answer, which is still there.
void note_refusal(Asking& asking, int status, std::string body) {
    Attempt& out = asking.out;
    const ProviderAccess& access = *asking.candidate.access;
    access.scrub(body, asking.made.token);
    const ToldError told = read_told_error(body);
    const Refusal refusal =
        judge_refusal(status, told, asking.exchange.snapshot->settings.routing.fallback_statuses);
    const std::string words = words_of(told);
    out.next = refusal.next;
    out.report.verdict = refusal.verdict;
    out.report.status = refusal.status;
    out.report.detail = words;
    if (refusal.status >= 500 && out.report.wait_ms) {
        out.report.verdict = Verdict::rate_limited;
    }
    asking.record().error = refusal.error_type;
    out.answer.reset();
    out.body.clear();
    // These would look like a refusal of the client's own key. A 403 can be about the request, too
    // (moderation, region), and is passed on.
    const std::string code = std::to_string(refusal.status);
    out.told_status = status;
    if (status >= 400 && !words.empty()) {
        out.body = std::move(body);
    }
    if (refusal.status == 401 || refusal.status == 402) {
        out.error =
            upstream_error(asking.candidate, "the key \"" + access.label + "\" was refused (" +
                                                 code + ")" + (words.empty() ? "" : ": " + words));
        out.error.hint = "llmgw providers test " + access.label;
        return;
    }
    out.error = upstream_error(
        asking.candidate, "it answered with status " + code + (words.empty() ? "" : ": " + words));
    if (!out.body.empty()) {
        out.refused_status = status;
    }
}

// An error that a provider tells in the middle of a success. What it says of a status counts; most
// say nothing, and have failed.
void note_told_error(Asking& asking, std::string_view document) {
    ToldError told = read_told_error(document);
    if (told.status < 500 && !asking.candidate.mock) {
        note_refusal(asking, told.status, std::string(document));
        return;
    }
    Error error = upstream_error(asking.candidate, "it reported an error: " + words_of(told));
    note_failure(asking, std::move(error), "upstream_error");
}

// How long the provider wants to be left alone, for the router and for the client.
void note_wait(Attempt& out, const ResponseHead& head, int status, std::string_view body) {
    out.report.wait_ms = retry_delay_ms(head, body, status == 429, unix_ms());
    out.retry_fields = passed_on_fields(head);
    if (out.report.wait_ms && head.header("retry-after").empty()) {
        const std::int64_t wait = *out.report.wait_ms;
        out.retry_fields += "retry-after: " + std::to_string((wait + 999) / 1000) + "\r\n";
        if (head.header("retry-after-ms").empty()) {
            out.retry_fields += "retry-after-ms: " + std::to_string(wait) + "\r\n";
        }
    }
}

// Reads a body to its end, up to `limit` bytes. The error says why there is none.
Task<Result<std::string>> read_all(UpstreamAnswer& answer, std::size_t limit) {
    std::string body;
    if (const auto whole = answer.take_whole()) {
        body = *whole;
        co_return body;
    }
    for (;;) {
        const BodyPart part = co_await answer.next();
        if (part.state == BodyPart::State::failed) {
            co_return tl::unexpected(*part.error);
        }
        if (part.state == BodyPart::State::end) {
            co_return body;
        }
        if (body.size() + part.bytes.size() > limit) {
            co_return fail(Errc::upstream, "the answer is too large to be taken in");
        }
        body.append(part.bytes);
    }
}

bool is_json_type(std::string_view type) {
    return type.find("json") != std::string_view::npos;
}

// What is wrong with the head of an answer that claims success; empty: nothing.
std::string unusable_head(const ResponseHead& head) {
    const std::string_view encoding = head.header("content-encoding");
    if (!encoding.empty() && !equals_ignoring_case(encoding, "identity")) {
        return "it sent a compressed answer (" + printable(encoding) +
               ") although none was asked for";
    }
    const std::string_view type = head.header("content-type").substr(0, 9);
    if (equals_ignoring_case(type, "text/html")) {
        return "it sent a web page instead of an API's answer; is the base URL right?";
    }
    return {};
}

CallTimeouts timeouts_of(const Asking& asking) {
    using std::chrono::milliseconds;
    const ProviderAccess& access = *asking.candidate.access;
    const Timeouts own = timeouts_for(asking.exchange.snapshot->settings, access.label, access.name,
                                      asking.candidate.model_name());
    CallTimeouts timeouts;
    timeouts.connect = milliseconds(own.connect);
    timeouts.first_byte = milliseconds(own.first_byte);
    timeouts.idle = milliseconds(own.idle);
    timeouts.total =
        std::max(std::min(asking.exchange.time_left(), milliseconds(own.total)), milliseconds(1));
    return timeouts;
}

void note_not_answered(Asking& asking, const Error& why) {
    Error error = upstream_error(asking.candidate, why.message);
    // A token endpoint's refusal would look like one of the client's own key.
    error.kind = why.kind == Errc::auth ? Errc::upstream : why.kind;
    error.hint = why.hint;
    note_failure(asking, std::move(error), "network_error");
    if (why.kind == Errc::auth) {
        asking.out.report.verdict = Verdict::refused;
        asking.out.report.status = 401;
        asking.record().error = "key_refused";
    }
}

// A call to the provider; to an address from a request, one that only connects to the public
// Internet.
std::unique_ptr<HttpCall> new_call(const Asking& asking) {
    Core& core = asking.exchange.core;
    if (asking.candidate.access->public_only) {
        return std::make_unique<HttpCall>(core.public_pool, timeouts_of(asking), is_public_address);
    }
    return std::make_unique<HttpCall>(core.pool, timeouts_of(asking));
}

// Has a rehearsal answer in the provider's place. What is silent runs into the first limit there
// is.
void rehearse(Asking& asking) {
    const Exchange& exchange = asking.exchange;
    auto answer = exchange.core.rehearsal->ask(exchange.route_progress.path, asking.candidate);
    if (answer) {
        asking.out.answer = std::move(*answer);
        return;
    }
    if (answer.error().kind == Errc::timeout && asking.limit) {
        const CallTimeouts own = timeouts_of(asking);
        const std::chrono::milliseconds limit(exchange.terms->timeout_ms);
        asking.out.timed_out = limit < std::min(own.first_byte, own.total);
    }
    note_not_answered(asking, answer.error());
}

// Sends the request, and waits for the head of the answer.
Task<void> send(Asking& asking) {
    Exchange& exchange = asking.exchange;
    const ProviderAccess& access = *asking.candidate.access;
    const AdaptedRequest& request = asking.made.request;
    for (;;) {
        if (access.tokens) {
            auto token = co_await exchange.core.tokens.token(*access.tokens);
            if (!token) {
                note_not_answered(asking, token.error());
                co_return;
            }
            asking.made.token = std::move(*token);
        }
        const std::string authorization = authorization_fields(
            asking.candidate, request, access.tokens ? asking.made.token : access.secret);
        std::string head =
            upstream_head(asking.candidate, request, asking.call, exchange.head, authorization);
        if (exchange.terms != nullptr && !exchange.terms->headers.empty()) {
            set_headers(head, exchange.terms->headers);
        }
        if (asking.out.timed_out) {
            Error late;
            late.kind = Errc::timeout;
            late.message = "it was not asked in time";
            note_not_answered(asking, late);
            co_return;
        }
        if (exchange.core.rehearsal != nullptr) {
            rehearse(asking);
            co_return;
        }
        const bool joined = request.body_size() <= kSmallBody;
        for (std::size_t i = 0; joined && i < request.body.size(); i++) {
            head += request.body[i];
        }
        auto http = new_call(asking);
        exchange.active = http.get();
        const std::vector<std::string_view> nothing;
        auto started = co_await http->start(access.url, head, joined ? nothing : request.body);
        if (!started) {
            exchange.active = nullptr;
            note_not_answered(asking, started.error());
            co_return;
        }
        // A token may be withdrawn before its time, which is no trouble of the request's.
        const bool again = http->head().status == 401 && access.tokens &&
                           exchange.core.tokens.rejected(*access.tokens, asking.made.token);
        if (!again) {
            asking.out.answer = std::move(http);
            co_return;
        }
        exchange.active = nullptr;
    }
}

// An answer as its client's format has it.
std::unique_ptr<UpstreamAnswer> in_clients_format(Asking& asking) {
    Attempt& out = asking.out;
    if (asking.made.translation) {
        return translate_answer(std::move(out.answer), std::move(asking.made.translation),
                                asking.exchange.request_id, unix_ms() / 1000);
    }
    const Quirks* const quirks = asking.candidate.mock ? nullptr : asking.candidate.access->quirks;
    if (quirks != nullptr && quirks->of_answers()) {
        return std::make_unique<MendedAnswer>(std::move(out.answer), *quirks, out.streaming);
    }
    return std::move(out.answer);
}

// Reads a stream up to its first content. Until then another provider can still take over.
Task<void> read_beginning(Asking& asking) {
    Attempt& out = asking.out;
    const Candidate& candidate = asking.candidate;
    const bool azure = !candidate.mock && candidate.access->wire == Wire::azure;
    StreamBeginning beginning(azure && (asking.exchange.shared || !asking.exchange.plain));
    for (;;) {
        const BodyPart part = co_await out.answer->next();
        if (part.state == BodyPart::State::failed) {
            Error error = upstream_error(candidate, part.error->message);
            error.kind = part.error->kind;
            note_failure(asking, std::move(error), "upstream_error");
            co_return;
        }
        const bool ended = part.state == BodyPart::State::end;
        const auto state = ended ? beginning.finish() : beginning.feed(part.bytes);
        if (state == StreamBeginning::State::fails) {
            note_told_error(asking, beginning.error());
            co_return;
        }
        if (state == StreamBeginning::State::answers || beginning.size() > kMaxBeginning) {
            out.body = std::move(beginning.bytes());
            co_return;
        }
        if (ended) {
            Error error = upstream_error(candidate, "its stream ended before it began");
            note_failure(asking, std::move(error), "upstream_error");
            co_return;
        }
    }
}

// What is wrong with a whole answer; empty: nothing, or that it tells an error itself.
std::string unusable_body(const Asking& asking) {
    const Attempt& out = asking.out;
    if (trim(out.body).empty()) {
        return "it sent an empty answer";
    }
    if (out.fields.empty()) {
        return "it sent an answer that is not JSON";
    }
    // A stream that has begun cannot become one document.
    return asking.exchange.begun() ? "it sent one document instead of a stream" : "";
}

// Reads a plain answer as a whole.
Task<void> read_whole(Asking& asking) {
    Attempt& out = asking.out;
    auto body = co_await read_all(*out.answer, kMaxPlainBody);
    if (!body) {
        Error error = upstream_error(asking.candidate, body.error().message);
        error.kind = body.error().kind;
        note_failure(asking, std::move(error), "upstream_error");
        co_return;
    }
    out.body = std::move(*body);
    if (auto fields = scan_object(out.body)) {
        out.fields = std::move(*fields);
    }
    std::string wrong = unusable_body(asking);
    if (!wrong.empty()) {
        Error error = upstream_error(asking.candidate, std::move(wrong));
        note_failure(asking, std::move(error), "upstream_error");
        co_return;
    }
    const JsonField* const error = find_field(out.fields, "error");
    if (error != nullptr && json_kind(error->value) != JsonKind::null &&
        find_field(out.fields, "choices") == nullptr && find_field(out.fields, "data") == nullptr) {
        const std::string document = out.body;
        note_told_error(asking, document);
    }
}

// Reads what has to be seen of an answer before the client gets anything of it.
Task<void> read_answer(Asking& asking) {
    Attempt& out = asking.out;
    const ResponseHead& head = out.answer->head();
    const int status = head.status;
    asking.record().status = out.report.status = status;
    if (status < 200 || status >= 300) {
        asking.end_limit();
        auto told = co_await read_all(*out.answer, kMaxErrorBody);
        std::string body = told ? std::move(*told) : std::string();
        note_wait(out, head, status, body);
        if (asking.made.translation) {
            TranslatedRefusal refusal =
                translate_refusal(*asking.made.translation, head, std::move(body));
            note_refusal(asking, refusal.status, std::move(refusal.body));
        } else {
            note_refusal(asking, status, std::move(body));
        }
        co_return;
    }
    std::string wrong = unusable_head(head);
    if (!wrong.empty()) {
        Error error = upstream_error(asking.candidate, std::move(wrong));
        note_failure(asking, std::move(error), "upstream_error");
        co_return;
    }
    out.streaming = asking.call.stream &&
                    (asking.made.translation || !is_json_type(head.header("content-type")));
    out.answer = in_clients_format(asking);
    if (out.streaming) {
        co_await read_beginning(asking);
    } else {
        asking.end_limit();
        co_await read_whole(asking);
    }
}

AttemptRecord record_of(const Candidate& candidate) {
    AttemptRecord record;
    record.provider = candidate.provider_name();
    record.model = candidate.model_name();
    if (!candidate.mock) {
        record.key = candidate.access->label;
        record.region = candidate.access->region;
    }
    return record;
}

}  // namespace

Task<Result<ProviderCall>> make_provider_call(Exchange& exchange, const InferenceCall& call,
                                              const Candidate& candidate) {
    auto made = adapt_call(call, candidate, exchange.images);
    if (lacks_images(made)) {
        co_await fetch_images(exchange, call);
        made = adapt_call(call, candidate, exchange.images);
    }
    co_return made;
}

Task<void> attempt(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                   Attempt& out) {
    const auto sent = Exchange::Clock::now();
    exchange.core.stats.attempts++;
    exchange.attempts.push_back(record_of(candidate));
    Asking asking{exchange, call, candidate, out};
    if (exchange.terms != nullptr && exchange.terms->timeout_ms > 0) {
        asking.limit.emplace(exchange, out);
    }
    if (candidate.mock) {
        out.answer = mock_answer(call, exchange.request_id, unix_ms() / 1000);
    } else {
        auto made = co_await make_provider_call(exchange, call, candidate);
        if (made) {
            asking.made = std::move(*made);
            out.changes = asking.made.request.changes();
            co_await send(asking);
        } else {
            const bool cannot = made.error().code.starts_with("unsupported");
            out.next = cannot ? NextAttempt::anybody : NextAttempt::none;
            out.error = std::move(made.error());
            asking.record().error = "unsupported_request";
        }
    }
    if (out.answer) {
        co_await read_answer(asking);
    }
    asking.end_limit();
    out.began = Exchange::Clock::now();
    const auto took = std::chrono::duration<double, std::milli>(out.began - sent);
    asking.record().wait_ms = out.report.wait_ms;
    asking.record().duration_us = static_cast<std::int64_t>(took.count() * 1000);
    if (out.answer && out.streaming) {
        out.report.first_content_ms = took.count();
    }
    exchange.active = out.answer.get();
}

}  // namespace llmgw
