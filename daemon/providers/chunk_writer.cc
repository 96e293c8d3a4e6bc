// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "daemon/providers/chat_json.h"
#include "daemon/providers/chat_writer.h"
#include "daemon/providers/usage_object.h"

namespace llmgw {

namespace {

// Every chunk repeats the answer's id and its model: a provider's own must not blow them up.
constexpr std::size_t kLongestName = 256;

void adopt(std::string& name, const std::string& own) {
    if (!own.empty() && own.size() <= kLongestName) {
        name = own;
    }
}

constexpr std::string_view kGoesOn = ",\"finish_reason\":null";

std::string text_member(std::string_view name, std::string_view text) {
    std::string out = "\"" + std::string(name) + "\":";
    append_json_quoted(out, text);
    return out;
}

}  // namespace

void ChunkWriter::begin(const ChatEvent& event) {
    if (!head_.empty()) {
        return;
    }
    adopt(identity_.id, event.text);
    adopt(identity_.model, event.name);
}

void ChunkWriter::chunk(unsigned choice, std::string_view delta, std::string_view rest,
                        std::string& out) {
    if (head_.empty()) {
        head_ = "data: {" + text_member("id", identity_.id) +
                ",\"object\":\"chat.completion.chunk\",\"created\":" +
                std::to_string(identity_.created) + "," + text_member("model", identity_.model) +
                ",\"choices\":[";
    }
    if (!std::exchange(choices_[choice].begun, true)) {
        chunk(choice, R"("role":"assistant","content":"")", kGoesOn, out);
    }
    out += head_;
    out += "{\"index\":";
    out += std::to_string(choice);
    out += ",\"delta\":{";
    out += delta;
    out += '}';
    out += rest;
    out += "}]}\n\n";
}

void ChunkWriter::write_text(const ChatEvent& event, std::string_view member, std::string& out) {
    if (!event.text.empty()) {
        chunk(event.choice, text_member(member, event.text), kGoesOn, out);
    }
}

void ChunkWriter::write_detail(const ChatEvent& event, std::string& out) {
    JsonWriter json;
    json.begin_object().key("reasoning_details").begin_array();
    write_reasoning_detail(json, event.detail, choices_[event.choice].details++);
    json.end_array();
    chunk(event.choice, std::string_view(json.text()).substr(1), kGoesOn, out);
}

void ChunkWriter::write_call(const ChatEvent& event, std::string& out) {
    std::vector<bool>& calls = choices_[event.choice].calls_with_arguments;
    if (calls.size() <= event.tool) {
        calls.resize(event.tool + 1U, false);
    }
    JsonWriter json;
    json.begin_object().key("index").number(static_cast<std::uint64_t>(event.tool));
    write_tool_call(json, {event.id, event.name, "", event.signature});
    json.end_object();
    chunk(event.choice, "\"tool_calls\":[" + json.text() + "]", kGoesOn, out);
}

void ChunkWriter::write_arguments(unsigned choice, unsigned tool, std::string_view text,
                                  std::string& out) {
    std::vector<bool>& calls = choices_[choice].calls_with_arguments;
    if (text.empty() || tool >= calls.size()) {
        return;
    }
    calls[tool] = true;
    chunk(choice,
          "\"tool_calls\":[{\"index\":" + std::to_string(tool) + ",\"function\":{" +
              text_member("arguments", text) + "}}]",
          kGoesOn, out);
}

void ChunkWriter::write_finish(const ChatEvent& event, std::string& out) {
    Choice& choice = choices_[event.choice];
    if (std::exchange(choice.finished, true)) {
        return;
    }
    for (unsigned tool = 0; tool < choice.calls_with_arguments.size(); tool++) {
        if (!choice.calls_with_arguments[tool]) {
            write_arguments(event.choice, tool, "{}", out);
        }
    }
    const bool has_calls = !choice.calls_with_arguments.empty();
    std::string rest =
        "," + text_member("finish_reason", told_finish_reason(event.text, has_calls));
    if (!event.name.empty()) {
        rest += "," + text_member("native_finish_reason", event.name);
    }
    chunk(event.choice, "", rest, out);
}

void ChunkWriter::write(const ChatEvent& event, std::string& out) {
    if (failed_) {
        return;
    }
    switch (event.kind) {
        case ChatEvent::Kind::begin:
            begin(event);
            break;
        case ChatEvent::Kind::text:
            write_text(event, "content", out);
            break;
        case ChatEvent::Kind::refusal:
            write_text(event, "refusal", out);
            break;
        case ChatEvent::Kind::reasoning:
            write_text(event, "reasoning_content", out);
            break;
        case ChatEvent::Kind::reasoning_detail:
            write_detail(event, out);
            break;
        case ChatEvent::Kind::tool_call:
            write_call(event, out);
            break;
        case ChatEvent::Kind::tool_arguments:
            write_arguments(event.choice, event.tool, event.text, out);
            break;
        case ChatEvent::Kind::annotations:
            chunk(event.choice, "\"annotations\":[" + event.text + "]", kGoesOn, out);
            break;
        case ChatEvent::Kind::image:
            chunk(event.choice, "\"images\":[" + image_element(event.text) + "]", kGoesOn, out);
            break;
        case ChatEvent::Kind::logprobs:
            chunk(event.choice, "",
                  ",\"logprobs\":{\"content\":[" + event.text + "],\"refusal\":null}" +
                      std::string(kGoesOn),
                  out);
            break;
        case ChatEvent::Kind::finish:
            write_finish(event, out);
            break;
        case ChatEvent::Kind::usage:
            usage_ = event.usage;
            break;
        case ChatEvent::Kind::error:
            failed_ = true;
            out += "data: " + error_json(event) + "\n\n";
            break;
    }
}

void ChunkWriter::finish(std::string& out) {
    if (failed_) {
        return;
    }
    if (usage_ && !head_.empty()) {
        out += head_ + "],\"usage\":" + usage_object(*usage_) + "}\n\n";
    }
    out += "data: [DONE]\n\n";
}

}  // namespace llmgw
