// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_print.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>

#include "cli/chat_spinner.h"
#include "cli/output.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// "310 ms", "1.9 s"
std::string duration(std::int64_t milliseconds) {
    constexpr std::int64_t kSecond = 1000;
    if (milliseconds < kSecond) {
        return std::to_string(milliseconds) + " ms";
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s",
                  static_cast<double>(milliseconds) / static_cast<double>(kSecond));
    return text.data();
}

Json count_json(std::optional<std::int64_t> count) {
    return count ? Json(*count) : Json();
}

Json cost_json(std::optional<Money> cost) {
    constexpr double kNano = 1e9;
    return cost ? Json(static_cast<double>(cost->nano) / kNano) : Json();
}

Json tool_call_json(const AnsweredToolCall& call) {
    return {{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}};
}

// The members that --json and the last event of --jsonl share.
void add_totals(Json& document, const Answer& answer) {
    document["finish_reason"] = answer.finish_reason.empty() ? Json() : Json(answer.finish_reason);
    document["usage"] = {{"input_tokens", count_json(answer.input_tokens)},
                         {"output_tokens", count_json(answer.output_tokens)},
                         {"cached_tokens", count_json(answer.cached_tokens)}};
    document["cost_usd"] = cost_json(answer.cost);
    document["latency_ms"] = answer.latency_ms;
    document["first_token_ms"] = count_json(answer.first_token_ms);
    document["cache"] = answer.cache;
    document["attempts"] = parse_json(answer.attempts).value_or(Json::array());
}

// Plain text, as it arrives.
class TextPrinter final : public ChatPrinter {
  public:
    TextPrinter(const GlobalOptions& global, bool usage)
        : global_(global),
          usage_(usage),
          terminal_(is_terminal(STDOUT_FILENO)),
          spinner_(terminal_ && is_terminal(STDERR_FILENO) && !global.quiet) {}

    void on_start(const Answer&) override {}
    void on_reasoning(std::string_view) override {}
    void on_tool_call(const AnsweredToolCall& call) override {
        spinner_.stop();
        note(global_, "llmgw: the model wants to call " + printable(call.name) +
                          "; --json shows the arguments");
    }
    void on_text(std::string_view text) override {
        spinner_.stop();
        // A model must not steer the terminal.
        write_out(terminal_ ? printable(text, true) : std::string(text));
        any_text_ = true;
        ends_line_ = text.ends_with('\n');
    }
    Result<void> finish(const Answer& answer, const Error* error) override {
        spinner_.stop();
        if (any_text_ && !ends_line_) {
            write_out("\n");
        } else if (error != nullptr && error->kind == Errc::interrupted &&
                   is_terminal(STDERR_FILENO)) {
            write_err("\n");  // after the terminal's ^C
        }
        if (error == nullptr && answer.finish_reason == "length") {
            warn(global_, "the answer was cut off at the limit of tokens");
        }
        if (usage_ && error == nullptr) {
            note(global_, usage_line(answer));
        }
        return {};
    }

  private:
    const GlobalOptions& global_;
    const bool usage_;
    const bool terminal_;
    Spinner spinner_;
    bool any_text_ = false;
    bool ends_line_ = false;
};

// What is shown only when the whole answer is there: --json, --extract.
class WholePrinter final : public ChatPrinter {
  public:
    WholePrinter(const GlobalOptions& global, bool usage)
        : global_(global),
          usage_(usage),
          spinner_(is_terminal(STDOUT_FILENO) && is_terminal(STDERR_FILENO) && !global.quiet) {}

    void on_start(const Answer&) override {}
    void on_reasoning(std::string_view) override {}
    void on_tool_call(const AnsweredToolCall&) override {}
    void on_text(std::string_view) override {}
    Result<void> finish(const Answer& answer, const Error* error) override {
        spinner_.stop();
        if (error != nullptr) {
            return {};
        }
        if (global_.json) {
            write_out(answer_document(answer) + '\n');
        } else {
            const auto block = first_code_block(answer.content);
            if (!block) {
                return tl::unexpected<Error>(block.error());
            }
            write_out(*block);
        }
        if (usage_) {
            note(global_, usage_line(answer));
        }
        return {};
    }

  private:
    const GlobalOptions& global_;
    const bool usage_;
    Spinner spinner_;
};

// One JSON event a line.
class EventPrinter final : public ChatPrinter {
  public:
    EventPrinter(const GlobalOptions& global, bool usage) : global_(global), usage_(usage) {}

    void on_start(const Answer& answer) override {
        write({{"type", "start"},
               {"id", answer.id},
               {"model", answer.model},
               {"provider", answer.provider.empty() ? Json() : Json(answer.provider)}});
    }
    void on_text(std::string_view text) override { write({{"type", "text"}, {"text", text}}); }
    void on_reasoning(std::string_view text) override {
        write({{"type", "reasoning"}, {"text", text}});
    }
    void on_tool_call(const AnsweredToolCall& call) override {
        Json event = {{"type", "tool_call"}};
        event.update(tool_call_json(call));
        write(event);
    }
    Result<void> finish(const Answer& answer, const Error* error) override {
        if (error != nullptr) {
            write({{"type", "error"},
                   {"code", error->code.empty() ? errc_name(error->kind) : error->code},
                   {"message", error->message},
                   {"hint", error->hint.empty() ? Json() : Json(error->hint)}});
            return {};
        }
        Json event = {{"type", "end"}};
        add_totals(event, answer);
        write(event);
        if (usage_) {
            note(global_, usage_line(answer));
        }
        return {};
    }

  private:
    static void write(const Json& event) { write_out(print_json(event) + '\n'); }

    const GlobalOptions& global_;
    const bool usage_;
};

// The next line of `text`, without its newline; `text` keeps the rest.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

}  // namespace

std::unique_ptr<ChatPrinter> make_printer(const GlobalOptions& global, const ChatOptions& options) {
    if (options.jsonl) {
        return std::make_unique<EventPrinter>(global, options.usage);
    }
    if (global.json || options.extract) {
        return std::make_unique<WholePrinter>(global, options.usage);
    }
    return std::make_unique<TextPrinter>(global, options.usage);
}

std::string usage_line(const Answer& answer) {
    std::string line = printable(answer.model);
    if (!answer.provider.empty()) {
        line += " via " + printable(answer.provider);
    }
    if (answer.input_tokens || answer.output_tokens) {
        const auto count = [](std::optional<std::int64_t> tokens) {
            return tokens ? std::to_string(*tokens) : std::string("?");
        };
        line += " · " + count(answer.input_tokens) + "→" + count(answer.output_tokens) + " tok";
        if (answer.cached_tokens.value_or(0) > 0) {
            line += " (" + std::to_string(*answer.cached_tokens) + " cached)";
        }
    } else {
        line += " · tokens unknown";
    }
    line += answer.cost ? " · $" + to_decimal(*answer.cost) : " · cost unknown";
    line += " · " + duration(answer.latency_ms);
    if (answer.first_token_ms) {
        line += " (first " + duration(*answer.first_token_ms) + ")";
    }
    if (answer.cache == "hit" || answer.cache == "miss") {
        line += " · cache " + answer.cache;
    }
    return line;
}

std::string answer_document(const Answer& answer) {
    Json document = {{"id", answer.id},
                     {"model", answer.model},
                     {"provider", answer.provider.empty() ? Json() : Json(answer.provider)},
                     {"content", answer.content},
                     {"reasoning", answer.reasoning.empty() ? Json() : Json(answer.reasoning)},
                     {"tool_calls", Json::array()}};
    for (const AnsweredToolCall& call : answer.tool_calls) {
        document["tool_calls"].push_back(tool_call_json(call));
    }
    add_totals(document, answer);
    return print_json(document);
}

Result<std::string> first_code_block(std::string_view text) {
    std::string block;
    std::string fence;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::string_view mark = trim(line);
        if (fence.empty()) {
            const char c = mark.empty() ? ' ' : mark.front();
            const std::size_t length = mark.find_first_not_of(c);
            const std::size_t run = length == std::string_view::npos ? mark.size() : length;
            if ((c == '`' || c == '~') && run >= 3) {
                fence.assign(run, c);
            }
            continue;
        }
        if (mark.size() >= fence.size() && mark.starts_with(fence) &&
            mark.find_first_not_of(fence.front()) == std::string_view::npos) {
            return block;
        }
        block.append(line).append("\n");
    }
    // An unclosed block is the rest of the answer, as Markdown has it.
    if (!fence.empty()) {
        return block;
    }
    return fail(Errc::failed, "the answer has no fenced code block",
                "leave out -x to see the answer");
}

}  // namespace llmgw
