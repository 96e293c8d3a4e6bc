// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/attempt.h"

#include <algorithm>
#include <tl/expected.hpp>
#include <utility>

#include "common/base/clock.h"
#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/gateway/authorization.h"
#include "daemon/gateway/provider_call.h"
#include "daemon/http/sse.h"
#include "daemon/providers/azure.h"
#include "daemon/providers/mended_answer.h"
#include "daemon/providers/mock.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxPlainBody = 256 * 1024 * 1024;
// A string with room for this much keeps its bytes where they are when it is moved, so that an
// Attempt's fields keep pointing to them.
constexpr std::size_t kOnHeap = 1024;
constexpr std::size_t kMaxErrorBody = 1024 * 1024;
constexpr std::size_t kSmallBody = 8 * 1024;

// Client headers that mean something to a provider of a format. Everything else stays here.
struct ForwardedField {
    std::string_view name;
    Wire wire;
};
constexpr ForwardedField kForwarded[] = {{"openai-beta", Wire::openai},
                                         {"idempotency-key", Wire::openai},
                                         {"anthropic-beta", Wire::anthropic}};

// Upstream headers that mean something to a client.
bool is_passed_on(std::string_view name) {
    if (name.size() < std::string_view("retry-after").size()) {
        return false;  // none of them is as short
    }
    const std::string lower = to_lower(name);
    return lower == "retry-after" || lower == "retry-after-ms" || lower == "openai-version" ||
           lower == "openai-processing-ms" || lower.starts_with("x-ratelimit-") ||
           lower.starts_with("anthropic-ratelimit-");
}

// Statuses by which a provider says that it, not the request, is the trouble.
bool is_provider_fault(int status) {
    return status >= 500 || (status >= 300 && status < 400) || status == 401 || status == 402 ||
           status == 403 || status == 404 || status == 405 || status == 408 || status == 429;
}

std::string error_name(const Error& error) {
    switch (error.kind) {
        case Errc::timeout:
            return "upstream_timeout";
        case Errc::interrupted:
            return "request_cancelled";
        default:
            return "network_error";
    }
}

std::string status_error_name(int status) {
    if (status == 429) {
        return "rate_limited";
    }
    return status >= 500 ? "server_error" : "upstream_error";
}

// The provider's own words in an error document: {"error":{"message":…}} and its kin.
std::string provider_message(std::string_view body) {
    const auto fields = scan_object(body);
    if (!fields) {
        return {};
    }
    const JsonField* field = find_field(*fields, "error");
    std::optional<std::string> text;
    if (field != nullptr && json_kind(field->value) == JsonKind::object) {
        const auto inner = scan_object(field->value);
        const JsonField* const message = inner ? find_field(*inner, "message") : nullptr;
        text = message != nullptr ? json_text(message->value) : std::nullopt;
    } else {
        field = field == nullptr ? find_field(*fields, "message") : field;
        text = field != nullptr ? json_text(field->value) : std::nullopt;
    }
    return printable(text.value_or("").substr(0, 500));
}

Error upstream_error(const Candidate& candidate, std::string what) {
    Error error;
    error.kind = Errc::upstream;
    error.message = std::string(candidate.provider_name()) + ": " + std::move(what);
    return error;
}

// Reads a body to its end, up to `limit` bytes. The error says why there is none.
Task<Result<std::string>> read_all(UpstreamAnswer& answer, std::size_t limit) {
    std::string body;
    body.reserve(kOnHeap);
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

// What is wrong with a whole plain answer; empty: nothing, and `fields` are its members.
std::string unusable_body(std::string_view body, std::vector<JsonField>& fields) {
    if (trim(body).empty()) {
        return "it sent an empty answer";
    }
    auto scanned = scan_object(body);
    if (!scanned) {
        return "it sent an answer that is not JSON";
    }
    fields = std::move(*scanned);
    const JsonField* const error = find_field(fields, "error");
    if (error != nullptr && json_kind(error->value) != JsonKind::null &&
        find_field(fields, "choices") == nullptr && find_field(fields, "data") == nullptr) {
        return "it reported an error: " + provider_message(body);
    }
    return {};
}

// Azure's verdict on the prompt. Clients of OpenAI's expect a choice in each chunk, and have no use
// for it.
bool is_prelude(const Candidate& candidate, std::string_view data) {
    return !candidate.mock && candidate.access->wire == Wire::azure && is_azure_prelude(data);
}

// What is wrong with the beginning of a stream; nullopt while its first event has not all arrived.
// Takes a prelude out of `bytes`, behind which an error may still come, unless it is to be kept.
std::optional<std::string> judge_beginning(std::string& bytes, const Candidate& candidate,
                                           bool keeps_prelude) {
    std::size_t at = 0;
    for (;;) {
        const std::string_view rest = std::string_view(bytes).substr(at);
        const std::size_t end = find_event_end(rest);
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        std::string joined;
        const std::string_view data = event_data(rest.substr(0, end), joined);
        const bool prelude = is_prelude(candidate, data);
        if (prelude && !keeps_prelude) {
            bytes.erase(at, end);
            continue;
        }
        if (data.empty() || prelude) {  // without data, it is a comment
            at += end;
            continue;
        }
        const auto fields = scan_object(data);
        const JsonField* const error = fields ? find_field(*fields, "error") : nullptr;
        if (error == nullptr || json_kind(error->value) == JsonKind::null) {
            return std::string();
        }
        return "it reported an error: " + provider_message(data);
    }
}

// Reads a stream up to its first event. Until then another provider can still take over.
Task<Result<std::string>> read_beginning(UpstreamAnswer& answer, const Candidate& candidate,
                                         bool keeps_prelude) {
    std::string bytes;
    for (;;) {
        const BodyPart part = co_await answer.next();
        if (part.state == BodyPart::State::failed) {
            co_return tl::unexpected(*part.error);
        }
        if (part.state == BodyPart::State::end) {
            bytes += "\n\n";
        } else {
            bytes.append(part.bytes);
        }
        auto verdict = judge_beginning(bytes, candidate, keeps_prelude);
        if (verdict && !verdict->empty()) {
            co_return fail(Errc::upstream, std::move(*verdict));
        }
        if (verdict || bytes.size() > kMaxErrorBody) {
            co_return bytes;
        }
        if (part.state == BodyPart::State::end) {
            co_return fail(Errc::upstream, "its stream ended before it began");
        }
    }
}

CallTimeouts timeouts_of(const Exchange& exchange, const Candidate& candidate) {
    using std::chrono::milliseconds;
    const ProviderAccess& access = *candidate.access;
    const Timeouts own = timeouts_for(exchange.snapshot->settings, access.label, access.name,
                                      candidate.model_name());
    CallTimeouts timeouts;
    timeouts.connect = milliseconds(own.connect);
    timeouts.first_byte = milliseconds(own.first_byte);
    timeouts.idle = milliseconds(own.idle);
    timeouts.total =
        std::max(std::min(exchange.time_left(), milliseconds(own.total)), milliseconds(1));
    return timeouts;
}

// Fills in how the provider refused, from its status and body.
void note_refusal(Attempt& out, const Candidate& candidate, const ProviderCall& made,
                  const ResponseHead& head, std::string body) {
    int code = head.status;
    out.retry_fields = passed_on_fields(head);
    if (made.translation) {
        TranslatedRefusal told = translate_refusal(*made.translation, head, std::move(body));
        code = told.status;
        body = std::move(told.body);
        out.retry_fields += told.retry_fields;
    }
    candidate.access->scrub(body, made.token);
    const std::string words = provider_message(body);
    const std::string status = std::to_string(code);
    out.final = !is_provider_fault(code);
    // These would look like a refusal of the client's own key. A 403 can be about the request, too
    // (moderation, region), and is passed on.
    if (code == 401 || code == 402) {
        out.error =
            upstream_error(candidate, "the key \"" + candidate.access->label + "\" was refused (" +
                                          status + ")" + (words.empty() ? "" : ": " + words));
        out.error.hint = "llmgw providers test " + candidate.access->label;
        return;
    }
    out.error = upstream_error(
        candidate, "it answered with status " + status + (words.empty() ? "" : ": " + words));
    if (code >= 400 && !words.empty()) {
        out.refused_status = code;
        out.body = std::move(body);
    }
}

}  // namespace

std::string passed_on_fields(const ResponseHead& head) {
    std::string fields;
    for (const HeaderView& header : head.headers) {
        if (is_passed_on(header.name)) {
            fields += to_lower(header.name) + ": " + std::string(header.value) + "\r\n";
        }
    }
    return fields;
}

std::string upstream_head(const Candidate& candidate, const AdaptedRequest& request,
                          const InferenceCall& call, const RequestHead& client_head,
                          std::string_view authorization) {
    const BaseUrl& url = candidate.access->url;
    std::string head;
    head.reserve(512 + std::min(request.body_size(), kSmallBody));
    head += "POST ";
    head += url.path;
    head += request.path;
    head += " HTTP/1.1\r\nHost: ";
    head += url.host_header();
    head += "\r\n";
    const Wire wire = candidate.access->wire;
    head += authorization;
    head += request.fields;
    head += "Content-Type: application/json\r\nAccept: ";
    head += call.stream ? "text/event-stream" : "application/json";
    head += "\r\nAccept-Encoding: identity\r\nUser-Agent: llmgw/" LLMGW_VERSION "\r\n";
    for (const HeaderView& header : client_head.headers) {
        for (const ForwardedField& field : kForwarded) {
            if (field.wire == wire && equals_ignoring_case(header.name, field.name)) {
                head += std::string(field.name) + ": " + std::string(header.value) + "\r\n";
            }
        }
    }
    head += "Content-Length: ";
    head += std::to_string(request.body_size());
    head += "\r\n\r\n";
    return head;
}

namespace {

// How a call failed before its provider answered.
struct SendFailure {
    Error error;
    std::string name;  // for the record
    bool final = false;
};
using Sent = tl::expected<std::unique_ptr<UpstreamAnswer>, SendFailure>;

tl::unexpected<SendFailure> not_sent(Error error, std::string name, bool final) {
    return tl::unexpected(SendFailure{std::move(error), std::move(name), final});
}

tl::unexpected<SendFailure> not_answered(const Candidate& candidate, const Error& why) {
    Error error = upstream_error(candidate, why.message);
    // A token endpoint's refusal would look like one of the client's own key.
    error.kind = why.kind == Errc::auth ? Errc::upstream : why.kind;
    error.hint = why.hint;
    return not_sent(std::move(error), error_name(why), why.kind == Errc::interrupted);
}

// Makes the request, sends it, and waits for the head of the answer.
Task<Sent> send(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                ProviderCall& made) {
    const ProviderAccess& access = *candidate.access;
    auto adapted = adapt_call(call, candidate, exchange.images);
    if (lacks_images(adapted)) {
        co_await fetch_images(exchange, call);
        adapted = adapt_call(call, candidate, exchange.images);
    }
    if (!adapted) {
        const bool final = !adapted.error().code.starts_with("unsupported");
        co_return not_sent(std::move(adapted.error()), "unsupported_request", final);
    }
    made = std::move(*adapted);
    for (;;) {
        if (access.tokens) {
            auto token = co_await exchange.core.tokens.token(*access.tokens);
            if (!token) {
                co_return not_answered(candidate, token.error());
            }
            made.token = std::move(*token);
        }
        const std::string authorization = authorization_fields(
            candidate, made.request, access.tokens ? made.token : access.secret);
        std::string head =
            upstream_head(candidate, made.request, call, exchange.head, authorization);
        // The kernel takes one piece with less work than several; copying a small body is nothing.
        const bool joined = made.request.body_size() <= kSmallBody;
        for (std::size_t i = 0; joined && i < made.request.body.size(); i++) {
            head += made.request.body[i];
        }
        auto http =
            std::make_unique<HttpCall>(exchange.core.pool, timeouts_of(exchange, candidate));
        exchange.active = http.get();
        const std::vector<std::string_view> nothing;
        auto started = co_await http->start(access.url, head, joined ? nothing : made.request.body);
        if (!started) {
            co_return not_answered(candidate, started.error());
        }
        // A token may be withdrawn before its time, which is no trouble of the request's.
        const bool again = http->head().status == 401 && access.tokens &&
                           exchange.core.tokens.rejected(*access.tokens, made.token);
        if (!again) {
            co_return http;
        }
        exchange.active = nullptr;
    }
}

// An answer as its client's format has it.
std::unique_ptr<UpstreamAnswer> in_clients_format(const Exchange& exchange,
                                                  const Candidate& candidate, ProviderCall& made,
                                                  Attempt& out) {
    if (made.translation) {
        return translate_answer(std::move(out.answer), std::move(made.translation),
                                exchange.request_id, unix_ms() / 1000);
    }
    const Quirks* const quirks = candidate.mock ? nullptr : candidate.access->quirks;
    if (quirks != nullptr && (quirks->says_reasoning || quirks->thinks_in_content)) {
        return std::make_unique<MendedAnswer>(std::move(out.answer), *quirks, out.streaming);
    }
    return std::move(out.answer);
}

// Reads what has to be seen of a good answer before the client gets anything of it. Returns what is
// wrong with it; empty: nothing.
Task<std::string> read_answer(const Exchange& exchange, const Candidate& candidate, Attempt& out) {
    Result<std::string> body;
    if (out.streaming) {
        body = co_await read_beginning(*out.answer, candidate, exchange.plain);
    } else {
        body = co_await read_all(*out.answer, kMaxPlainBody);
    }
    if (!body) {
        out.error.kind = body.error().kind;
        co_return std::move(body.error().message);
    }
    out.body = std::move(*body);
    co_return out.streaming ? std::string() : unusable_body(out.body, out.fields);
}

}  // namespace

Task<void> attempt(Exchange& exchange, const InferenceCall& call, const Candidate& candidate,
                   Attempt& out) {
    AttemptRecord record{std::string(candidate.provider_name()),
                         std::string(candidate.model_name()),
                         candidate.mock ? "" : candidate.access->label, 0, "none"};
    exchange.core.stats.attempts++;
    const auto finished = [&](std::string error) {
        record.error = std::move(error);
        exchange.attempts.push_back(std::move(record));
        exchange.active = nullptr;
    };
    ProviderCall made;
    if (candidate.mock) {
        out.answer = mock_answer(call, exchange.request_id, unix_ms() / 1000);
    } else {
        Sent sent = co_await send(exchange, call, candidate, made);
        out.changes = made.request.changes();
        if (!sent) {
            out.error = std::move(sent.error().error);
            out.final = sent.error().final;
            finished(std::move(sent.error().name));
            co_return;
        }
        out.answer = std::move(*sent);
    }
    const ResponseHead& head = out.answer->head();
    record.status = head.status;
    if (head.status < 200 || head.status >= 300) {
        auto body = co_await read_all(*out.answer, kMaxErrorBody);
        note_refusal(out, candidate, made, head, body ? std::move(*body) : std::string());
        out.answer.reset();
        finished(status_error_name(record.status));
        co_return;
    }
    std::string wrong = unusable_head(head);
    if (wrong.empty()) {
        out.streaming =
            call.stream && (made.translation || !is_json_type(head.header("content-type")));
        out.answer = in_clients_format(exchange, candidate, made, out);
        wrong = co_await read_answer(exchange, candidate, out);
    }
    if (!wrong.empty()) {
        const Errc kind = out.error.kind == Errc::failed ? Errc::upstream : out.error.kind;
        out.error = upstream_error(candidate, std::move(wrong));
        out.error.kind = kind;
        out.final = kind == Errc::interrupted;
        if (!candidate.mock) {
            candidate.access->scrub(out.error.message, made.token);
        }
        out.answer.reset();
        out.body.clear();
        finished(kind == Errc::timeout ? "upstream_timeout" : "upstream_error");
        co_return;
    }
    UpstreamAnswer* const answer = out.answer.get();
    finished("none");
    exchange.active = answer;
}

}  // namespace llmgw
