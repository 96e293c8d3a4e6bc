// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_interactive.h"

#include <chrono>
#include <optional>
#include <string>

#include "cli/chat_commands.h"
#include "cli/chat_editor.h"
#include "cli/chat_history.h"
#include "cli/output.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kSecondInterrupt{2};
constexpr const char* kPrompt = "> ";
constexpr const char* kMorePrompt = ". ";
constexpr std::string_view kQuotes = "\"\"\"";

class Interactive {
  public:
    Interactive(const GlobalOptions& global, ChatSession& session, ChatSignals& signals,
                Cancel& cancel)
        : global_(global),
          session_(session),
          signals_(signals),
          cancel_(cancel),
          editor_(cancel),
          history_(session.home()) {}

    Result<int> run() {
        load_history();
        note(global_,
             printable(session_.conversation().model) + " · /help shows the commands, ^D leaves");
        signals_.hold_second(true);
        while (true) {
            const EditedLine message = read_message();
            if (message.kind == EditedLine::Kind::end) {
                write_err("\n");
                return 0;
            }
            if (message.kind == EditedLine::Kind::interrupted) {
                if (const auto code = take_interrupt(message.text.empty())) {
                    return *code;
                }
                continue;
            }
            interrupts_until_.reset();
            if (trim(message.text).empty()) {
                continue;
            }
            if (is_command(message.text)) {
                const auto outcome = run_command(message.text, session_.conversation(), totals_);
                if (outcome.quit) {
                    return 0;
                }
                write_err(outcome.text + '\n');
            } else if (const auto code = ask(message.text)) {
                return *code;
            }
        }
    }

  private:
    void load_history() {
        const auto lines = history_.load();
        if (!lines) {
            warn(global_, lines.error().message);
            return;
        }
        for (const std::string& line : *lines) {
            editor_.remember(line);
        }
    }

    EditedLine read_line(const char* prompt) {
        EditedLine line = editor_.read(prompt);
        if (line.kind == EditedLine::Kind::line && !trim(line.text).empty()) {
            editor_.remember(line.text);
            if (auto added = history_.add(line.text); !added && !history_warned_) {
                history_warned_ = true;
                warn(global_, added.error().message);
            }
        }
        return line;
    }

    // One message: a line, lines joined by a backslash at their ends, or lines between quotes.
    EditedLine read_message() {
        EditedLine message = read_line(kPrompt);
        if (message.kind != EditedLine::Kind::line) {
            return message;
        }
        bool quoted = false;
        if (message.text.starts_with(kQuotes)) {
            message.text.erase(0, kQuotes.size());
            quoted = true;
        }
        while (true) {
            if (quoted && message.text.ends_with(kQuotes)) {
                message.text.resize(message.text.size() - kQuotes.size());
                return message;
            }
            if (!quoted && !message.text.ends_with('\\')) {
                return message;
            }
            if (!quoted) {
                message.text.pop_back();
            }
            EditedLine more = read_line(kMorePrompt);
            if (more.kind == EditedLine::Kind::interrupted) {
                more.text = "…";  // not an empty prompt: what was typed before is dropped
                return more;
            }
            if (more.kind == EditedLine::Kind::end) {
                return message;
            }
            message.text += '\n' + more.text;
        }
    }

    // ^C or a termination while typing; the exit code if it is time to go.
    std::optional<int> take_interrupt(bool prompt_was_empty) {
        const int signal_number = signals_.received();
        signals_.clear();
        write_err("\n");
        if (signal_number == SIGTERM) {
            return signal_exit_code(SIGTERM);
        }
        if (!prompt_was_empty) {
            interrupts_until_.reset();
            return std::nullopt;
        }
        if (interrupts_until_ && Clock::now() <= *interrupts_until_) {
            return signal_exit_code(SIGINT);
        }
        interrupts_until_ = Clock::time_point::max();
        note(global_, "^C again or ^D leaves");
        return std::nullopt;
    }

    // The exit code if the answer's end is also the program's.
    std::optional<int> ask(const std::string& text) {
        signals_.hold_second(false);
        const ChatOutcome outcome = session_.ask(print_json(Json(text)), cancel_);
        signals_.hold_second(true);
        const int signal_number = signals_.received();
        signals_.clear();
        if (signal_number == SIGTERM) {
            return signal_exit_code(SIGTERM);
        }
        if (signal_number != 0) {
            interrupts_until_ = Clock::now() + kSecondInterrupt;
        } else if (outcome.error) {
            static_cast<void>(print_error(global_, *outcome.error));
            return std::nullopt;
        }
        totals_.add(outcome.answer);
        return std::nullopt;
    }

    const GlobalOptions& global_;
    ChatSession& session_;
    ChatSignals& signals_;
    Cancel& cancel_;
    LineEditor editor_;
    ChatHistory history_;
    ChatTotals totals_;
    bool history_warned_ = false;
    // Until then, ^C at an empty prompt leaves; empty: it does not.
    std::optional<Clock::time_point> interrupts_until_;
};

}  // namespace

Result<int> run_interactive(const GlobalOptions& global, ChatSession& session, ChatSignals& signals,
                            Cancel& cancel) {
    return Interactive(global, session, signals, cancel).run();
}

}  // namespace llmgw
