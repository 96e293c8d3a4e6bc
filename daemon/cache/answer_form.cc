// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/answer_form.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "common/base/json_io.h"
#include "daemon/http/sse.h"

namespace llmgw {

namespace {

// In these a later fragment says the same again; all other texts of a delta go on where the last
// one ended.
constexpr std::array<std::string_view, 8> kRepeated = {"id",    "type",   "role",   "name",
                                                       "model", "object", "format", "signature"};

constexpr std::array<std::string_view, 3> kThoughts = {"reasoning", "reasoning_content",
                                                       "reasoning_details"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void join(Json& into, const Json& more, std::string_view name);

// Elements that carry an index go on with the one of that index; others are further ones.
void join_arrays(Json& into, const Json& more) {
    for (const Json& element : more) {
        const Json index = element.is_object() ? element.value("index", Json()) : Json();
        const auto same = std::find_if(into.begin(), into.end(), [&](const Json& other) {
            return !index.is_null() && other.is_object() && other.value("index", Json()) == index;
        });
        if (same == into.end()) {
            into.push_back(element);
        } else {
            join(*same, element, "");
        }
    }
}

void join(Json& into, const Json& more, std::string_view name) {
    if (more.is_null()) {
        return;
    }
    if (into.is_object() && more.is_object()) {
        for (const auto& [key, value] : more.items()) {
            if (into.contains(key)) {
                join(into[key], value, key);
            } else {
                into[key] = value;
            }
        }
    } else if (into.is_array() && more.is_array()) {
        join_arrays(into, more);
    } else if (into.is_string() && more.is_string() && !is_one_of(kRepeated, name)) {
        into.get_ref<std::string&>() += more.get_ref<const std::string&>();
    } else if (!more.is_string() || !more.get_ref<const std::string&>().empty()) {
        into = more;
    }
}

// Of a chunk or a choice: what is told later counts, but for what is told piece by piece.
void replace_members(Json& into, const Json& more, std::string_view joined,
                     std::string_view joined_too) {
    for (const auto& [key, value] : more.items()) {
        if (into.contains(key) && (key == joined || key == joined_too)) {
            Json& target = into[key];
            join(target, value, key);
        } else if (!into.contains(key) || !value.is_null()) {
            into[key] = value;
        }
    }
}

class StreamJoiner {
  public:
    explicit StreamJoiner(bool chat) : chat_(chat) {}

    bool add(const Json& chunk) {
        if (!chunk.is_object() || chunk.contains("error")) {
            return false;
        }
        for (const auto& [key, value] : chunk.items()) {
            if (key != "choices") {
                if (!answer_.contains(key) || !value.is_null()) {
                    answer_[key] = value;
                }
                continue;
            }
            answer_.emplace("choices", Json::array());
            for (const Json& choice : value) {
                if (!choice.is_object()) {
                    return false;
                }
                replace_members(choices_[choice.value("index", Json(0)).dump()], choice, "delta",
                                chat_ ? "logprobs" : "text");
            }
        }
        return true;
    }

    std::optional<std::string> finish() {
        if (choices_.empty()) {
            return std::nullopt;
        }
        answer_["object"] = chat_ ? "chat.completion" : "text_completion";
        std::vector<Json> choices;
        for (auto& [index, choice] : choices_) {
            choices.push_back(chat_ ? with_message(choice) : choice);
        }
        std::stable_sort(choices.begin(), choices.end(), [](const Json& a, const Json& b) {
            return a.value("index", Json(0)) < b.value("index", Json(0));
        });
        answer_["choices"] = choices;
        return print_json(answer_);
    }

  private:
    // The joined deltas are the message; indexes were of use for joining only.
    static Json with_message(const Json& choice) {
        Json whole = Json::object();
        for (const auto& [key, value] : choice.items()) {
            whole[key == "delta" ? "message" : key] = value;
        }
        Json& message = whole["message"];
        if (!message.is_object()) {
            message = Json::object();
        }
        Json ordered = {{"role", message.value("role", Json("assistant"))},
                        {"content", message.value("content", Json())}};
        ordered.update(message);
        if (ordered["role"].is_null()) {
            ordered["role"] = "assistant";
        }
        if (ordered.contains("tool_calls") && ordered["tool_calls"].is_array()) {
            for (Json& call : ordered["tool_calls"]) {
                if (call.is_object()) {
                    call.erase("index");
                }
            }
        }
        message = std::move(ordered);
        return whole;
    }

    bool chat_;
    Json answer_ = Json::object();
    std::map<std::string, Json> choices_;  // by their index as text
};

class StreamMaker {
  public:
    StreamMaker(const Json& answer, bool chat) : head_(Json::object()) {
        for (const auto& [key, value] : answer.items()) {
            if (key != "choices" && key != "usage") {
                head_[key] = value;
            }
        }
        head_["object"] = chat ? "chat.completion.chunk" : "text_completion";
    }

    void chunk(Json choices, const Json& usage = nullptr) {
        Json whole = head_;
        whole["choices"] = std::move(choices);
        if (!usage.is_null()) {
            whole["usage"] = usage;
        }
        out_ += "data: " + print_json(whole) + "\n\n";
    }

    void message(const Json& choice) {
        const Json& message = choice["message"];
        Json thoughts = Json::object();
        Json content = Json::object();
        Json calls = Json::object();
        for (const auto& [key, value] : message.items()) {
            const bool empty_list = value.is_array() && value.empty();
            if (key == "role" || value.is_null() || empty_list) {
                continue;  // a chunk does not tell what there is none of
            }
            (is_one_of(kThoughts, key) ? thoughts
             : key == "tool_calls"     ? calls
                                       : content)[key] = value;
        }
        delta(choice, {{"role", message.value("role", Json("assistant"))}, {"content", ""}});
        if (!thoughts.empty()) {
            delta(choice, thoughts);
        }
        const Json logprobs = choice.value("logprobs", Json());
        if (!content.empty() || !logprobs.is_null()) {
            delta(choice, content, logprobs);
        }
        if (!calls.empty() && calls["tool_calls"].is_array()) {
            int index = 0;
            for (Json& call : calls["tool_calls"]) {
                Json numbered = {{"index", index++}};
                numbered.update(call.is_object() ? call : Json::object());
                call = std::move(numbered);
            }
            delta(choice, calls);
        }
        Json end = Json::object();
        for (const auto& [key, value] : choice.items()) {
            if (key == "message") {
                end["delta"] = Json::object();
            } else if (key != "logprobs") {
                end[key] = value;
            }
        }
        chunk(Json::array({end}));
    }

    void text(const Json& choice) {
        Json begin = choice;
        begin["finish_reason"] = nullptr;
        chunk(Json::array({begin}));
        Json end = choice;
        end["text"] = "";
        end["logprobs"] = nullptr;
        chunk(Json::array({end}));
    }

    std::string finish(const Json& usage) {
        if (!usage.is_null()) {
            chunk(Json::array(), usage);
        }
        return std::move(out_) + "data: [DONE]\n\n";
    }

  private:
    void delta(const Json& choice, const Json& content, const Json& logprobs = nullptr) {
        chunk(Json::array({{{"index", choice.value("index", Json(0))},
                            {"delta", content},
                            {"logprobs", logprobs},
                            {"finish_reason", nullptr}}}));
    }

    Json head_;
    std::string out_;
};

}  // namespace

std::optional<std::string> plain_form(const CachedAnswer& answer) {
    if (!answer.streamed) {
        return answer.bytes;
    }
    StreamJoiner joiner(answer.endpoint == Endpoint::chat_completions);
    std::string_view rest = answer.bytes;
    std::string joined;
    while (!rest.empty()) {
        const std::size_t end = std::min(find_event_end(rest), rest.size());
        const std::string_view data = event_data(rest.substr(0, end), joined);
        rest.remove_prefix(end);
        if (data.empty() || data == "[DONE]") {
            continue;
        }
        const auto chunk = parse_json(data);
        if (!chunk || !joiner.add(*chunk)) {
            return std::nullopt;
        }
    }
    return joiner.finish();
}

std::optional<std::string> stream_form(const CachedAnswer& answer) {
    if (answer.streamed) {
        return answer.bytes;
    }
    const auto whole = parse_json(answer.bytes);
    if (answer.endpoint == Endpoint::embeddings || !whole || !whole->is_object() ||
        !whole->value("choices", Json()).is_array()) {
        return std::nullopt;
    }
    const bool chat = answer.endpoint == Endpoint::chat_completions;
    StreamMaker maker(*whole, chat);
    for (const Json& choice : (*whole)["choices"]) {
        if (!choice.is_object() || (chat && !choice.value("message", Json()).is_object())) {
            return std::nullopt;
        }
        if (chat) {
            maker.message(choice);
        } else {
            maker.text(choice);
        }
    }
    return maker.finish(whole->value("usage", Json()));
}

}  // namespace llmgw
