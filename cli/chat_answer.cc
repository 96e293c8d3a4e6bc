// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_answer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "cli/chat_sse.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// A whole answer or an error body that is larger than this is not believed.
constexpr std::size_t kMaxBody = std::size_t{256} << 20;
constexpr std::size_t kShownBody = 300;

const Json kNothing;

// The member of an object; null when there is none, or `value` is no object.
const Json& member(const Json& value, const char* key) {
    if (value.is_object()) {
        if (const auto found = value.find(key); found != value.end()) {
            return *found;
        }
    }
    return kNothing;
}

std::string text_of(const Json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<std::int64_t> count_of(const Json& value) {
    if (!value.is_number_integer()) {
        return std::nullopt;
    }
    return value.get<std::int64_t>();
}

// A message's content is a string or, from some servers, a list of typed parts.
std::string content_of(const Json& value) {
    if (!value.is_array()) {
        return text_of(value);
    }
    std::string content;
    for (const Json& part : value) {
        content += text_of(member(part, "text"));
    }
    return content;
}

std::optional<Money> cost_of(const Json& value) {
    constexpr double kNano = 1e9;
    if (!value.is_number()) {
        return std::nullopt;
    }
    const double nano = std::round(value.get<double>() * kNano);
    // Both bounds are exact doubles; NaN fails the comparison.
    if (!(nano >= 0 && nano < 9.2e18)) {
        return std::nullopt;
    }
    return Money{static_cast<std::int64_t>(nano)};
}

Errc kind_of_status(int status) {
    switch (status) {
        case 401:
            return Errc::auth;
        case 402:
            return Errc::budget;
        case 403:
            return Errc::permission;
        case 404:
            return Errc::not_found;
        case 408:
        case 504:
            return Errc::timeout;
        case 413:
            return Errc::too_large;
        case 429:
            return Errc::limit;
        default:
            return status >= 500 ? Errc::upstream : Errc::invalid_request;
    }
}

// The gateway answers 502 when all providers refused; when each did so for a reason that the user
// can settle (a key, the funds, a limit), that reason is the error.
Errc kind_of_attempts(const Json& attempts) {
    std::optional<Errc> common;
    for (const Json& attempt : attempts) {
        const auto status = count_of(member(attempt, "status_code")).value_or(0);
        const bool settled = status == 401 || status == 402 || status == 403 || status == 429;
        const Errc kind = settled ? kind_of_status(static_cast<int>(status)) : Errc::upstream;
        if (common.value_or(kind) != kind) {
            return Errc::upstream;
        }
        common = kind;
    }
    return common.value_or(Errc::upstream);
}

// What the person can do next, where the answer itself does not say.
std::string hint_for(Errc kind) {
    switch (kind) {
        case Errc::not_found:
            return "llmgw models list";
        case Errc::limit:
            return "wait a little, then try again";
        default:
            return {};
    }
}

Error error_from_object(const Json& object, Errc kind, const std::string& fallback) {
    Error error;
    error.kind = kind;
    if (object.is_string()) {
        error.message = printable(object.get<std::string>());
    } else {
        error.message = printable(text_of(member(object, "message")));
        const Json& code = member(object, "code");
        error.code =
            code.is_number_integer() ? std::to_string(code.get<std::int64_t>()) : text_of(code);
        error.param = text_of(member(object, "param"));
        error.hint = printable(text_of(member(object, "hint")));
    }
    if (error.message.empty()) {
        error.message = fallback;
    }
    if (error.hint.empty()) {
        error.hint = hint_for(kind);
    }
    return error;
}

}  // namespace

Error error_from_answer(int status, std::string_view body) {
    const Errc kind = kind_of_status(status);
    const std::string http = "HTTP " + std::to_string(status);
    if (const auto document = parse_json(body)) {
        const Json& object = member(*document, "error");
        const Json& attempts = member(member(*document, "metadata"), "routing");
        const bool by_attempts = status == 502 && attempts.is_array();
        return error_from_object(object.is_null() ? *document : object,
                                 by_attempts ? kind_of_attempts(attempts) : kind,
                                 "the server answered " + http);
    }
    Error error;
    error.kind = kind;
    error.message = "the server answered " + http;
    if (const auto shown = trim(body.substr(0, kShownBody)); !shown.empty()) {
        error.message += ": " + printable(shown);
    }
    error.hint = hint_for(kind);
    return error;
}

class AnswerReader::Impl {
  public:
    explicit Impl(AnswerEvents& events)
        : events_(events), parser_([this](const SseEvent& event) { take_event(event); }) {}

    void take_head(int status, const HeaderList& headers) {
        status_ = status;
        for (const auto& [name, value] : headers) {
            if (equals_ignoring_case(name, "content-type")) {
                is_stream_ = to_lower(value).starts_with("text/event-stream");
            } else if (equals_ignoring_case(name, "x-llmgw-provider")) {
                answer_.provider = value;
            } else if (equals_ignoring_case(name, "x-llmgw-model")) {
                answer_.model = value;
            } else if (equals_ignoring_case(name, "x-llmgw-cache")) {
                answer_.cache = value;
            }
        }
    }

    void take_data(std::string_view bytes) {
        if (error_) {
            return;
        }
        if (status_ < 400 && is_stream_) {
            if (auto fed = parser_.feed(bytes); !fed && !error_) {
                error_ = fed.error();
            }
            return;
        }
        if (body_.size() + bytes.size() > kMaxBody) {
            set_error("the answer is too large");
            return;
        }
        body_ += bytes;
    }

    Result<void> finish(const Result<void>& call) {
        answer_.latency_ms = elapsed_ms();
        // The rest of an answer that the user stopped, such as an error event about that, is noise.
        if (!call && call.error().kind == Errc::interrupted) {
            return call;
        }
        if (status_ < 400 && is_stream_ && !error_) {
            // After a cut the last event is probably half of one.
            if (call) {
                parser_.finish();
            }
        } else if (call && status_ >= 400 && !error_) {
            error_ = error_from_answer(status_, body_);
        } else if (call && !error_) {
            take_body();
        }
        if (error_) {
            return tl::unexpected<Error>(*error_);
        }
        // What breaks after the end of the answer does not matter any more.
        if (!call && !(done_ && call.error().kind == Errc::upstream)) {
            return call;
        }
        if (!done_ && answer_.finish_reason.empty()) {
            return fail(Errc::upstream, "the answer broke off before its end",
                        "the text so far is incomplete; try again");
        }
        for (const AnsweredToolCall& tool_call : answer_.tool_calls) {
            events_.on_tool_call(tool_call);
        }
        return {};
    }

    [[nodiscard]] const Answer& answer() const { return answer_; }

  private:
    [[nodiscard]] std::int64_t elapsed_ms() const {
        using namespace std::chrono;
        return duration_cast<milliseconds>(steady_clock::now() - started_).count();
    }

    void set_error(std::string message) {
        Error error;
        error.kind = Errc::upstream;
        error.message = std::move(message);
        error_ = std::move(error);
    }

    void take_event(const SseEvent& event) {
        if (error_ || done_) {
            return;
        }
        if (event.data == "[DONE]") {
            done_ = true;
            return;
        }
        const auto chunk = parse_json(event.data);
        if (!chunk) {
            set_error("the stream has an event that is not valid JSON");
            return;
        }
        if (const Json& object = member(*chunk, "error"); !object.is_null()) {
            error_ = error_from_object(object, Errc::upstream, "the stream ended with an error");
            return;
        }
        take_document(*chunk, "delta");
    }

    void take_body() {
        const auto document = parse_json(body_);
        if (!document) {
            set_error(status_ == 0 ? "there was no answer" : "the answer is not valid JSON");
            return;
        }
        if (const Json& object = member(*document, "error"); !object.is_null()) {
            error_ = error_from_object(object, Errc::upstream, "the provider failed");
            return;
        }
        if (!member(*document, "choices").is_array()) {
            set_error("the answer is not a chat completion");
            return;
        }
        take_document(*document, "message");
        done_ = true;
    }

    // A chunk of a stream (`part` is "delta") or the whole completion ("message").
    void take_document(const Json& document, const char* part) {
        const Json& metadata = member(document, "metadata");
        if (answer_.id.empty()) {
            answer_.id = text_of(member(document, "id"));
        }
        if (answer_.model.empty()) {
            answer_.model = text_of(member(document, "model"));
        }
        if (auto model = text_of(member(metadata, "used_model")); !model.empty()) {
            answer_.model = std::move(model);
        }
        if (auto provider = text_of(member(metadata, "used_provider")); !provider.empty()) {
            answer_.provider = std::move(provider);
        }
        if (const Json& routing = member(metadata, "routing"); routing.is_array()) {
            answer_.attempts = print_json(routing);
        }
        take_usage(member(document, "usage"));
        if (!std::exchange(started_answer_, true)) {
            events_.on_start(answer_);
        }
        const Json& choices = member(document, "choices");
        if (choices.is_array() && !choices.empty() && choices[0].is_object()) {
            take_choice(choices[0], part);
        }
    }

    void take_usage(const Json& usage) {
        if (!usage.is_object()) {
            return;
        }
        // Some servers repeat growing totals on each chunk: the last one counts.
        answer_.input_tokens = count_of(member(usage, "prompt_tokens"));
        answer_.output_tokens = count_of(member(usage, "completion_tokens"));
        answer_.cached_tokens =
            count_of(member(member(usage, "prompt_tokens_details"), "cached_tokens"));
        answer_.cost = cost_of(member(usage, "cost"));
    }

    void take_choice(const Json& choice, const char* part) {
        // With n > 1 the answers come interleaved; the first is the one shown.
        if (const auto index = count_of(member(choice, "index")); index.value_or(0) != 0) {
            return;
        }
        const Json& piece = member(choice, part);
        auto reasoning = content_of(member(piece, "reasoning_content"));
        if (reasoning.empty()) {
            reasoning = content_of(member(piece, "reasoning"));
        }
        if (!reasoning.empty()) {
            note_first_token();
            answer_.reasoning += reasoning;
            events_.on_reasoning(reasoning);
        }
        const auto text = content_of(member(piece, "content")) + text_of(member(piece, "refusal"));
        if (!text.empty()) {
            note_first_token();
            answer_.content += text;
            events_.on_text(text);
        }
        take_tool_calls(member(piece, "tool_calls"));
        if (auto reason = text_of(member(choice, "finish_reason")); !reason.empty()) {
            answer_.finish_reason = std::move(reason);
        }
    }

    void take_tool_calls(const Json& calls) {
        if (!calls.is_array()) {
            return;
        }
        for (std::size_t i = 0; i < calls.size(); i++) {
            note_first_token();
            const auto index =
                count_of(member(calls[i], "index")).value_or(static_cast<std::int64_t>(i));
            AnsweredToolCall& call = tool_call_at(index);
            const Json& function = member(calls[i], "function");
            if (call.id.empty()) {
                call.id = text_of(member(calls[i], "id"));
            }
            if (call.name.empty()) {
                call.name = text_of(member(function, "name"));
            }
            call.arguments += text_of(member(function, "arguments"));
        }
    }

    // The call with the server's index, which may start anywhere.
    AnsweredToolCall& tool_call_at(std::int64_t index) {
        const auto known = std::find(tool_indexes_.begin(), tool_indexes_.end(), index);
        if (known != tool_indexes_.end()) {
            return answer_.tool_calls[static_cast<std::size_t>(known - tool_indexes_.begin())];
        }
        tool_indexes_.push_back(index);
        return answer_.tool_calls.emplace_back();
    }

    void note_first_token() {
        if (!answer_.first_token_ms) {
            answer_.first_token_ms = elapsed_ms();
        }
    }

    AnswerEvents& events_;
    SseParser parser_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    int status_ = 0;
    bool is_stream_ = false;
    bool started_answer_ = false;
    bool done_ = false;
    std::string body_;
    std::optional<Error> error_;
    Answer answer_;
    std::vector<std::int64_t> tool_indexes_;  // parallel to answer_.tool_calls
};

AnswerReader::AnswerReader(AnswerEvents& events) : impl_(std::make_unique<Impl>(events)) {}
AnswerReader::~AnswerReader() = default;

void AnswerReader::on_head(int status, const HeaderList& headers) {
    impl_->take_head(status, headers);
}

void AnswerReader::on_data(std::string_view bytes) {
    impl_->take_data(bytes);
}

Result<void> AnswerReader::finish(const Result<void>& call) {
    return impl_->finish(call);
}

const Answer& AnswerReader::answer() const {
    return impl_->answer();
}

}  // namespace llmgw
