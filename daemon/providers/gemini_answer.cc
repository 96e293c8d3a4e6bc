// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/json_writer.h"
#include "common/base/text.h"
#include "daemon/http/sse.h"
#include "daemon/providers/gemini.h"
#include "daemon/providers/gemini_parts.h"
#include "daemon/providers/gemini_request.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxEvent = 16 * 1024 * 1024;
constexpr std::size_t kMaxDocument = 256 * 1024 * 1024;
constexpr std::uint64_t kMaxChoices = 128;

using Fields = std::vector<JsonField>;
using Kind = ChatEvent::Kind;

// One of the answers that were asked for, so far.
struct GeminiChoice {
    bool begun = false;
    std::string finish;     // Gemini's word
    std::string grounding;  // the last groundingMetadata
    std::string text;       // what it said, when citations may point into it
    unsigned calls = 0;
};

tl::unexpected<Error> malformed(std::string what) {
    return fail(Errc::upstream, "its answer is not well-formed: " + std::move(what));
}

// Gemini's finish reasons in OpenAI's words. Some models end with STOP in a chunk of its own behind
// the one with the calls, so it is the calls of the whole answer that count.
const char* finish_reason(std::string_view word, bool calls) {
    if (word == "MAX_TOKENS") {
        return "length";
    }
    constexpr std::string_view kFiltered[] = {"SAFETY",
                                              "RECITATION",
                                              "BLOCKLIST",
                                              "PROHIBITED_CONTENT",
                                              "SPII",
                                              "IMAGE_SAFETY",
                                              "IMAGE_PROHIBITED_CONTENT",
                                              "IMAGE_RECITATION"};
    if (std::find(std::begin(kFiltered), std::end(kFiltered), word) != std::end(kFiltered)) {
        return "content_filter";
    }
    return calls && word == "STOP" ? "tool_calls" : "stop";
}

class GeminiDecoder final : public AnswerDecoder {
  public:
    GeminiDecoder(const ChatRequest& request, const WireTarget& target);

    Result<void> feed(std::string_view bytes, std::vector<ChatEvent>& out) override;
    Result<void> finish(std::vector<ChatEvent>& out) override;

  private:
    Result<void> take_events(std::vector<ChatEvent>& out);
    Result<void> document(std::string_view json, std::vector<ChatEvent>& out);
    Result<void> response(std::string_view json, std::vector<ChatEvent>& out);
    Result<void> candidate(std::string_view json, std::vector<ChatEvent>& out);
    Result<void> parts(std::string_view json, unsigned index, std::vector<ChatEvent>& out);
    Result<void> part(const Fields& fields, unsigned index, std::vector<ChatEvent>& out);
    void said(const Fields& part, unsigned index, std::vector<ChatEvent>& out);
    Result<void> function_call(const Fields& part, std::string_view json, unsigned index,
                               std::vector<ChatEvent>& out);
    void begin(const Fields& response, std::vector<ChatEvent>& out);
    void failed(std::string_view json, std::vector<ChatEvent>& out);
    void note_grounding(GeminiChoice& choice, std::string_view metadata);
    [[nodiscard]] std::string new_call_id();

    bool cites_;             // the answer may hold citations
    bool pays_each_search_;  // since generation 3 each search costs; before, each grounded prompt
    std::size_t calls_;      // of the conversation, so that invented ids differ from earlier ones

    std::string buffer_;  // what has not been understood yet
    std::size_t looked_ = 0;
    enum class Framing { unknown, events, document } framing_ = Framing::unknown;
    bool begun_ = false;
    bool failed_ = false;
    std::string response_id_;
    std::string block_reason_;
    std::uint64_t searches_ = 0;
    std::vector<GeminiChoice> choices_;
};

GeminiDecoder::GeminiDecoder(const ChatRequest& request, const WireTarget& target)
    : cites_(request.web_search),
      pays_each_search_(gemini_model(target.model).generation >= 30),
      calls_(0) {
    for (const ChatMessage& message : request.messages) {
        calls_ += message.tool_calls.size();
    }
}

// Server-sent events begin with a field's name; errors may come as a plain document even where
// events were asked for.
Result<void> GeminiDecoder::feed(std::string_view bytes, std::vector<ChatEvent>& out) {
    if (failed_) {
        return {};
    }
    buffer_.append(bytes);
    if (framing_ == Framing::unknown) {
        const std::string_view seen = trim(buffer_);
        if (seen.empty()) {
            return {};
        }
        framing_ = seen[0] == '{' || seen[0] == '[' ? Framing::document : Framing::events;
    }
    if (framing_ == Framing::events) {
        return take_events(out);
    }
    if (buffer_.size() > kMaxDocument) {
        return fail(Errc::upstream, "the answer is too large to be taken in");
    }
    return {};
}

Result<void> GeminiDecoder::take_events(std::vector<ChatEvent>& out) {
    std::size_t begin = 0;
    std::string joined;
    for (;;) {
        const std::string_view rest = std::string_view(buffer_).substr(begin);
        const std::size_t end = find_event_end(rest, looked_);
        if (end == std::string_view::npos) {
            looked_ = rest.size();
            break;
        }
        looked_ = 0;
        auto taken = document(event_data(rest.substr(0, end), joined), out);
        if (!taken) {
            return taken;
        }
        begin += end;
    }
    buffer_.erase(0, begin);
    if (buffer_.size() > kMaxEvent) {
        return fail(Errc::upstream, "an event of the stream is too large");
    }
    return {};
}

// One response, or an array of them.
Result<void> GeminiDecoder::document(std::string_view json, std::vector<ChatEvent>& out) {
    json = trim(json);
    if (json.empty() || failed_) {
        return {};
    }
    if (json[0] != '[') {
        return response(json, out);
    }
    const auto elements = scan_array(json);
    if (!elements) {
        return malformed("not JSON");
    }
    for (const std::string_view element : *elements) {
        auto taken = response(element, out);
        if (!taken || failed_) {
            return taken;
        }
    }
    return {};
}

void GeminiDecoder::failed(std::string_view json, std::vector<ChatEvent>& out) {
    const ProviderError error = read_gemini_error(0, {}, json);
    ChatEvent event;
    event.kind = Kind::error;
    event.text = error.message;
    event.name = error.type;
    event.status = error.status == 0 ? 500 : error.status;
    out.push_back(std::move(event));
    failed_ = true;
}

void GeminiDecoder::begin(const Fields& response, std::vector<ChatEvent>& out) {
    if (begun_) {
        return;
    }
    begun_ = true;
    response_id_ = gemini_text(response, "responseId");
    ChatEvent event;
    event.kind = Kind::begin;
    event.text = response_id_;
    event.name = gemini_text(response, "modelVersion");
    out.push_back(std::move(event));
}

Result<void> GeminiDecoder::response(std::string_view json, std::vector<ChatEvent>& out) {
    const auto fields = scan_object(json);
    if (!fields) {
        return malformed("not a JSON object");
    }
    if (gemini_member(*fields, "error") != nullptr) {
        failed(json, out);
        return {};
    }
    begin(*fields, out);
    if (const JsonField* const feedback = gemini_member(*fields, "promptFeedback")) {
        const auto inner = scan_object(feedback->value);
        block_reason_ = inner ? gemini_text(*inner, "blockReason") : block_reason_;
    }
    for (const std::string_view one : gemini_elements(*fields, "candidates")) {
        auto taken = candidate(one, out);
        if (!taken) {
            return taken;
        }
    }
    if (const JsonField* const usage = gemini_member(*fields, "usageMetadata")) {
        ChatEvent event;
        event.kind = Kind::usage;
        event.usage = read_gemini_usage(usage->value);
        event.usage.web_searches = searches_;
        out.push_back(std::move(event));
    }
    return {};
}

Result<void> GeminiDecoder::candidate(std::string_view json, std::vector<ChatEvent>& out) {
    const auto fields = scan_object(json);
    if (!fields) {
        return malformed("a candidate is not an object");
    }
    const JsonField* const number = gemini_member(*fields, "index");
    const std::uint64_t at = number != nullptr ? json_uint(number->value).value_or(kMaxChoices) : 0;
    if (at >= kMaxChoices) {
        return malformed("a candidate's index is out of range");
    }
    const auto index = static_cast<unsigned>(at);
    if (choices_.size() <= index) {
        choices_.resize(index + 1);
    }
    choices_[index].begun = true;
    if (const JsonField* const content = gemini_member(*fields, "content")) {
        auto taken = parts(content->value, index, out);
        if (!taken) {
            return taken;
        }
    }
    if (const JsonField* const logprobs = gemini_member(*fields, "logprobsResult")) {
        ChatEvent event;
        event.kind = Kind::logprobs;
        event.choice = index;
        event.text = gemini_logprobs(logprobs->value);
        if (!event.text.empty()) {
            out.push_back(std::move(event));
        }
    }
    if (const JsonField* const grounding = gemini_member(*fields, "groundingMetadata")) {
        note_grounding(choices_[index], grounding->value);
    }
    // Some models repeat it in every chunk: it is told once the answer is complete.
    std::string finish = gemini_text(*fields, "finishReason");
    if (!finish.empty() && finish != "FINISH_REASON_UNSPECIFIED") {
        choices_[index].finish = std::move(finish);
    }
    return {};
}

void GeminiDecoder::note_grounding(GeminiChoice& choice, std::string_view metadata) {
    choice.grounding = metadata;
    const auto fields = scan_object(metadata);
    const std::uint64_t queries = fields ? gemini_elements(*fields, "webSearchQueries").size() : 0;
    searches_ =
        std::max(searches_, pays_each_search_ ? queries : std::min<std::uint64_t>(1, queries));
}

Result<void> GeminiDecoder::parts(std::string_view json, unsigned index,
                                  std::vector<ChatEvent>& out) {
    const auto content = scan_object(json);
    if (!content) {
        return malformed("a content is not an object");
    }
    for (const std::string_view one : gemini_elements(*content, "parts")) {
        const auto fields = scan_object(one);
        if (!fields) {
            return malformed("a part is not an object");
        }
        auto taken = part(*fields, index, out);
        if (!taken) {
            return taken;
        }
    }
    return {};
}

// A signature in the form of a reasoning detail, for clients that send those back.
ChatEvent signature_event(unsigned choice, std::string signature, std::string call_id) {
    ChatEvent event;
    event.kind = Kind::reasoning_detail;
    event.choice = choice;
    event.detail.kind = ReasoningDetail::Kind::encrypted;
    event.detail.data = std::move(signature);
    event.detail.id = std::move(call_id);
    event.detail.format = "google-gemini-v1";
    return event;
}

// Text, thoughts, a picture, or code that Google has run.
void GeminiDecoder::said(const Fields& part, unsigned index, std::vector<ChatEvent>& out) {
    const JsonField* const thought = gemini_member(part, "thought");
    const bool aloud = thought == nullptr || thought->value != "true";
    ChatEvent event;
    event.kind = aloud ? Kind::text : Kind::reasoning;
    event.choice = index;
    event.text = gemini_text(part, "text");
    if (cites_ && aloud) {
        choices_[index].text += event.text;
    }
    if (event.text.empty()) {
        event.text = gemini_code(part);
    }
    if (event.text.empty() && aloud) {  // drafts of pictures are thoughts, too
        event.kind = Kind::image;
        event.text = gemini_image(part);
    }
    if (!event.text.empty()) {
        out.push_back(std::move(event));
    }
}

Result<void> GeminiDecoder::part(const Fields& fields, unsigned index,
                                 std::vector<ChatEvent>& out) {
    if (const JsonField* const call = gemini_member(fields, "functionCall")) {
        return function_call(fields, call->value, index, out);
    }
    said(fields, index, out);
    std::string signature = gemini_text(fields, "thoughtSignature");
    if (!signature.empty()) {
        out.push_back(signature_event(index, std::move(signature), {}));
    }
    return {};
}

// Unique within the conversation, and the same each time these bytes are read.
std::string GeminiDecoder::new_call_id() {
    return "call_" + (response_id_.empty() ? "" : response_id_ + "_") + std::to_string(calls_);
}

Result<void> GeminiDecoder::function_call(const Fields& part, std::string_view json, unsigned index,
                                          std::vector<ChatEvent>& out) {
    const auto call = scan_object(json);
    std::string name = call ? gemini_text(*call, "name") : std::string();
    if (name.empty()) {
        return malformed("a function call without a name");
    }
    ChatEvent event;
    event.kind = Kind::tool_call;
    event.choice = index;
    event.tool = choices_[index].calls++;
    event.id = gemini_text(*call, "id");
    if (event.id.empty()) {
        event.id = new_call_id();
    }
    calls_++;
    event.name = std::move(name);
    event.signature = gemini_text(part, "thoughtSignature");
    ChatEvent arguments;
    arguments.kind = Kind::tool_arguments;
    arguments.choice = index;
    arguments.tool = event.tool;
    const JsonField* const args = gemini_member(*call, "args");
    arguments.text = args != nullptr ? gemini_compact(args->value) : "{}";
    const std::string id = event.id;
    const std::string signature = event.signature;
    out.push_back(std::move(event));
    out.push_back(std::move(arguments));
    if (!signature.empty()) {
        out.push_back(signature_event(index, signature, id));
    }
    return {};
}

Result<void> GeminiDecoder::finish(std::vector<ChatEvent>& out) {
    if (!failed_) {
        // The last event may lack its empty line.
        std::string joined;
        const std::string rest = std::exchange(buffer_, {});
        auto taken = document(framing_ == Framing::events ? event_data(rest, joined) : rest, out);
        if (!taken) {
            return taken;
        }
    }
    if (failed_) {
        return {};
    }
    if (choices_.empty() && !block_reason_.empty()) {
        choices_.resize(1);
        choices_[0].begun = true;
        choices_[0].finish = "SAFETY";
    }
    bool finished = !choices_.empty();
    for (const GeminiChoice& choice : choices_) {
        finished = finished && (!choice.begun || !choice.finish.empty() || !block_reason_.empty());
    }
    if (!finished) {
        return fail(Errc::upstream, "its answer ended in the middle");
    }
    for (std::size_t i = 0; i < choices_.size(); i++) {
        const GeminiChoice& choice = choices_[i];
        if (!choice.begun) {
            continue;
        }
        ChatEvent event;
        event.choice = static_cast<unsigned>(i);
        event.text = gemini_annotations(choice.grounding, choice.text);
        if (!event.text.empty()) {
            event.kind = Kind::annotations;
            out.push_back(event);
        }
        const bool blocked = !block_reason_.empty();
        event.kind = Kind::finish;
        event.text = blocked ? "content_filter" : finish_reason(choice.finish, choice.calls > 0);
        event.name = blocked ? block_reason_ : choice.finish;
        out.push_back(std::move(event));
    }
    return {};
}

}  // namespace

std::unique_ptr<AnswerDecoder> gemini_decoder(const ChatRequest& request,
                                              const WireTarget& target) {
    return std::make_unique<GeminiDecoder>(request, target);
}

}  // namespace llmgw
