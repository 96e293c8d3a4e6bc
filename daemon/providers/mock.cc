// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/mock.h"

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::size_t kDefaultDimensions = 8;

// An answer whose pieces are all there from the start.
class MockAnswer : public UpstreamAnswer {
  public:
    MockAnswer(std::string_view content_type, std::vector<std::string> pieces)
        : pieces_(std::move(pieces)) {
        head_.status = 200;
        head_.headers.push_back({"content-type", content_type});
    }
    [[nodiscard]] const ResponseHead& head() const override { return head_; }
    Task<BodyPart> next() override {
        if (cancelled_) {
            co_return BodyPart::failed({.kind = Errc::interrupted});
        }
        if (at_ == pieces_.size()) {
            co_return BodyPart{};
        }
        co_return BodyPart{BodyPart::State::data, pieces_[at_++]};
    }
    void cancel() override { cancelled_ = true; }

  private:
    ResponseHead head_;
    std::vector<std::string> pieces_;
    std::size_t at_ = 0;
    bool cancelled_ = false;
};

// The text of a message's content: a string, or its text parts.
std::string content_text(const Json& content) {
    if (content.is_string()) {
        return content.get<std::string>();
    }
    std::string text;
    if (content.is_array()) {
        for (const Json& part : content) {
            if (part.is_object() && part.value("type", Json("")) == "text" &&
                part.contains("text") && part["text"].is_string()) {
                text += (text.empty() ? "" : "\n") + part["text"].get<std::string>();
            }
        }
    }
    return text;
}

// Words with the white space in front of them, so that they join to the text again.
std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    std::size_t begin = 0;
    while (begin < text.size()) {
        std::size_t end = text.find_first_not_of(" \n\t", begin);
        end = end == std::string_view::npos ? end : text.find_first_of(" \n\t", end);
        end = std::min(end, text.size());
        words.push_back(text.substr(begin, end - begin));
        begin = end;
    }
    return words;
}

struct Echo {
    std::string text;
    std::uint64_t prompt_tokens = 0;
};

Echo echo_of(const Json& request) {
    Echo echo;
    if (request.contains("prompt")) {
        echo.text = content_text(request["prompt"]);
        echo.prompt_tokens = words_of(echo.text).size();
        return echo;
    }
    for (const Json& message : request.value("messages", Json::array())) {
        if (!message.is_object() || !message.contains("content")) {
            continue;
        }
        const std::string text = content_text(message["content"]);
        echo.prompt_tokens += words_of(text).size();
        if (message.value("role", Json("")) == "user") {
            echo.text = text;
        }
    }
    return echo;
}

Json usage_of(std::uint64_t prompt, std::uint64_t completion) {
    return Json{{"prompt_tokens", prompt},
                {"completion_tokens", completion},
                {"total_tokens", prompt + completion}};
}

std::vector<std::string> plain_chat(const Echo& echo, const Json& base, bool chat) {
    Json document = base;
    document["object"] = chat ? "chat.completion" : "text_completion";
    Json choice{{"index", 0}};
    if (chat) {
        choice["message"] = {{"role", "assistant"}, {"content", echo.text}, {"refusal", nullptr}};
    } else {
        choice["text"] = echo.text;
    }
    choice["logprobs"] = nullptr;
    choice["finish_reason"] = "stop";
    document["choices"] = Json::array({choice});
    document["usage"] = usage_of(echo.prompt_tokens, words_of(echo.text).size());
    return {print_json(document)};
}

std::vector<std::string> streamed_chat(const Echo& echo, const Json& base, bool chat) {
    std::vector<std::string> events;
    const auto chunk = [&](const Json& choices, const Json& usage) {
        Json document = base;
        document["object"] = chat ? "chat.completion.chunk" : "text_completion";
        document["choices"] = choices;
        document["usage"] = usage;
        events.push_back("data: " + print_json(document) + "\n\n");
    };
    const auto choice = [&](const Json& delta, std::string_view text, const Json& finish) {
        Json one{{"index", 0}};
        if (chat) {
            one["delta"] = delta;
        } else {
            one["text"] = text;
        }
        one["logprobs"] = nullptr;
        one["finish_reason"] = finish;
        return Json::array({one});
    };
    const auto words = words_of(echo.text);
    if (chat) {
        chunk(choice({{"role", "assistant"}, {"content", ""}}, "", nullptr), nullptr);
    }
    for (const std::string_view word : words) {
        chunk(choice({{"content", word}}, word, nullptr), nullptr);
    }
    chunk(choice(Json::object(), "", "stop"), nullptr);
    chunk(Json::array(), usage_of(echo.prompt_tokens, words.size()));
    events.emplace_back("data: [DONE]\n\n");
    return events;
}

// A unit vector that follows from the text: FNV-1a, spread by a linear congruential generator.
std::vector<float> vector_of(std::string_view text, std::size_t dimensions) {
    std::uint64_t state = 14695981039346656037U;
    for (const char c : text) {
        state = (state ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    std::vector<float> vector(dimensions);
    double square = 0;
    for (float& value : vector) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        value = static_cast<float>(static_cast<double>(state >> 40) / (1 << 23) - 1.0);
        square += static_cast<double>(value) * static_cast<double>(value);
    }
    for (float& value : vector) {
        value = static_cast<float>(static_cast<double>(value) / std::sqrt(square + 1e-12));
    }
    return vector;
}

std::vector<std::string> embeddings(const Json& request) {
    std::vector<std::string> texts;
    const Json& input = request["input"];
    if (input.is_string()) {
        texts.push_back(input.get<std::string>());
    } else if (!input.empty() && input[0].is_number()) {
        texts.push_back(print_json(input));
    } else {
        for (const Json& one : input) {
            texts.push_back(one.is_string() ? one.get<std::string>() : print_json(one));
        }
    }
    std::size_t dimensions = kDefaultDimensions;
    if (request.contains("dimensions") && request["dimensions"].is_number_unsigned()) {
        dimensions = std::min<std::size_t>(request["dimensions"].get<std::size_t>(), 4096);
    }
    const bool base64 = request.value("encoding_format", Json("float")) == "base64";
    Json data = Json::array();
    std::uint64_t tokens = 0;
    for (std::size_t i = 0; i < texts.size(); i++) {
        tokens += words_of(texts[i]).size();
        const std::vector<float> vector = vector_of(texts[i], dimensions);
        Json embedding = vector;
        if (base64) {
            embedding = to_base64(
                {reinterpret_cast<const char*>(vector.data()), vector.size() * sizeof(float)});
        }
        data.push_back({{"object", "embedding"}, {"index", i}, {"embedding", embedding}});
    }
    const Json document{{"object", "list"},
                        {"data", data},
                        {"model", "echo"},
                        {"usage", {{"prompt_tokens", tokens}, {"total_tokens", tokens}}}};
    return {print_json(document)};
}

}  // namespace

std::unique_ptr<UpstreamAnswer> mock_answer(const InferenceCall& call, std::string_view request_id,
                                            std::int64_t unix_seconds) {
    const auto parsed = parse_json(call.body);
    const Json request = parsed ? *parsed : Json::object();
    if (call.endpoint == Endpoint::embeddings) {
        return std::make_unique<MockAnswer>("application/json", embeddings(request));
    }
    const bool chat = call.endpoint == Endpoint::chat_completions;
    const Echo echo = echo_of(request);
    const Json base{{"id", (chat ? "chatcmpl-" : "cmpl-") + std::string(request_id)},
                    {"object", ""},
                    {"created", unix_seconds},
                    {"model", "echo"}};
    if (call.stream) {
        return std::make_unique<MockAnswer>("text/event-stream", streamed_chat(echo, base, chat));
    }
    return std::make_unique<MockAnswer>("application/json", plain_chat(echo, base, chat));
}

}  // namespace llmgw
