// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/answer_trial.h"

#include <memory>
#include <string>
#include <vector>

#include "daemon/providers/chat_writer.h"
#include "tests/fuzz/trial.h"
#include "tests/unit/decoded.h"

namespace llmgw::fuzz {

namespace {

struct DecodedAnswer {
    std::vector<ChatEvent> events;
    bool complete = false;
};

DecodedAnswer decode(AnswerDecoder& decoder, const std::vector<std::string_view>& pieces) {
    DecodedAnswer answer;
    for (const std::string_view piece : pieces) {
        if (!decoder.feed(piece, answer.events)) {
            return answer;
        }
    }
    answer.complete = decoder.finish(answer.events).has_value();
    return answer;
}

// As TranslatedAnswer does it.
std::string write(ChatWriter& writer, const DecodedAnswer& answer) {
    std::string out;
    for (const ChatEvent& event : answer.events) {
        writer.write(event, out);
    }
    if (answer.complete) {
        writer.finish(out);
    }
    return out;
}

bool has_end(const DecodedAnswer& answer) {
    for (const ChatEvent& event : answer.events) {
        if (event.kind == ChatEvent::Kind::finish || event.kind == ChatEvent::Kind::error) {
            return true;
        }
    }
    return !answer.complete;
}

}  // namespace

void try_answer(const WireAdapter& adapter, const ChatRequest& request, const WireTarget& target,
                std::string_view body) {
    const std::string whole = decoded(*adapter.decoder(request, target), {body});
    require(decoded(*adapter.decoder(request, target), cut(body)) == whole,
            "an answer is the same however it is cut");

    const DecodedAnswer answer = decode(*adapter.decoder(request, target), {body});
    require(has_end(answer), "a complete answer has a finish or an error");
    ChatAnswerIdentity identity{"chatcmpl-1", 1, "model"};
    std::string out;
    if (request.stream) {
        ChunkWriter writer(identity);
        out = write(writer, answer);
        require_events(out);
    } else {
        CompletionWriter writer(identity);
        out = write(writer, answer);
        if (!out.empty()) {
            require_object(out);
        }
    }
    require_bounded(out.size(), body.size());
}

ChatRequest request_for(bool stream, bool json) {
    ChatRequest request;
    request.stream = stream;
    if (json) {
        request.response_format.kind = ResponseFormat::Kind::json_schema;
        request.response_format.name = "answer";
        request.response_format.schema = R"({"type":"object"})";
    }
    return request;
}

WireTarget target_at(std::string_view provider, std::string_view model) {
    WireTarget target;
    target.provider = catalog::find_provider(provider);
    target.mapping = catalog::find_at_provider(provider, model).mapping;
    target.model = model;
    require(target.provider != nullptr, "the target is of a provider that the catalog has");
    return target;
}

void try_answers(const WireAdapter& adapter, std::string_view provider, std::string_view model,
                 std::string_view body) {
    const WireTarget target = target_at(provider, model);
    for (const bool stream : {true, false}) {
        for (const bool json : {false, true}) {
            try_answer(adapter, request_for(stream, json), target, body);
        }
    }
}

}  // namespace llmgw::fuzz
