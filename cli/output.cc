// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr int kBrokenPipe = 141;  // as a shell reports a program that SIGPIPE ended

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

/// Returns errno, 0 when all of it was written.
int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return errno;
        }
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
    const std::size_t have = display_width(text);
    const std::string blanks(have < width ? width - have : 0, ' ');
    return right ? blanks + text : text + blanks;
}

/// A cell of a tab-separated line holds neither tabs nor newlines.
std::string one_field(const std::string& text) {
    std::string field = text;
    std::replace_if(
        field.begin(), field.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; },
        ' ');
    return field;
}

}  // namespace

bool is_terminal(int fd) {
    const auto forced = variable("LLMGW_FORCE_TTY");
    if (fd != STDIN_FILENO && !forced.empty() && forced != "0") {
        return true;
    }
    return ::isatty(fd) == 1;
}

int terminal_width() {
    const std::string forced(variable("LLMGW_FORCE_TTY"));
    if (const int width = std::atoi(forced.c_str()); width > 1) {
        return width;
    }
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    return 80;
}

bool use_color(const GlobalOptions& global, int fd) {
    if (global.color != ColorChoice::automatic) {
        return global.color == ColorChoice::always;
    }
    if (!variable("NO_COLOR").empty()) {
        return false;
    }
    const auto forced = variable("CLICOLOR_FORCE");
    if (!forced.empty() && forced != "0") {
        return true;
    }
    return variable("TERM") != "dumb" && is_terminal(fd);
}

bool may_prompt(const GlobalOptions& global) {
    // LLMGW_FORCE_TTY does not count here: nobody would be there to answer.
    return !global.no_input && ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

void write_out(std::string_view text) {
    const int error = write_all(STDOUT_FILENO, text);
    if (error == EPIPE) {
        ::_exit(kBrokenPipe);
    }
    if (error != 0) {
        write_err(std::string("llmgw: error: cannot write the output: ") + std::strerror(error) +
                  "\n");
        ::_exit(1);
    }
}

void write_err(std::string_view text) {
    static_cast<void>(write_all(STDERR_FILENO, text));
}

void note(const GlobalOptions& global, std::string_view line) {
    if (!global.quiet) {
        write_err(std::string(line) + "\n");
    }
}

void warn(const GlobalOptions& global, std::string_view line) {
    if (!global.quiet) {
        write_err("llmgw: " + styled("warning:", Style::yellow, use_color(global, STDERR_FILENO)) +
                  " " + std::string(line) + "\n");
    }
}

int print_error(const GlobalOptions& global, const Error& error) {
    if (global.json) {
        const Json document = {{"error",
                                {{"code", error.code.empty() ? errc_name(error.kind) : error.code},
                                 {"message", error.message},
                                 {"hint", error.hint.empty() ? Json(nullptr) : Json(error.hint)}}}};
        write_err(print_json(document) + "\n");
        return exit_code(error.kind);
    }
    const bool color = use_color(global, STDERR_FILENO);
    std::string text = "llmgw: " + styled("error:", Style::red, color) + " " + error.message + "\n";
    if (!error.hint.empty()) {
        text += "  " + styled("hint:", Style::dim, color) + " " + error.hint + "\n";
    }
    write_err(text);
    return exit_code(error.kind);
}

Result<bool> confirm(const GlobalOptions& global, const std::string& question,
                     const std::string& flag) {
    if (!may_prompt(global)) {
        return fail(Errc::usage, "nobody can be asked: " + question, "give " + flag);
    }
    write_err(question + " [y/N] ");
    std::string answer;
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
        answer += byte;
    }
    const std::string word = to_lower(trim(answer));
    return word == "y" || word == "yes";
}

std::string styled(std::string_view text, Style style, bool enabled) {
    const char* code = nullptr;
    switch (style) {
        case Style::plain:
            break;
        case Style::red:
            code = "31";
            break;
        case Style::green:
            code = "32";
            break;
        case Style::yellow:
            code = "33";
            break;
        case Style::dim:
            code = "2";
            break;
        case Style::bold:
            code = "1";
            break;
    }
    if (!enabled || code == nullptr) {
        return std::string(text);
    }
    return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

Table::Table(std::vector<std::string> header) : header_(std::move(header)) {}

void Table::add(std::vector<Cell> row) {
    LLMGW_ASSERT(row.size() == header_.size());
    rows_.push_back(std::move(row));
}

std::string Table::render(bool terminal, bool color) const {
    std::string text;
    if (!terminal) {
        for (const auto& row : rows_) {
            for (std::size_t i = 0; i < row.size(); ++i) {
                text += (i == 0 ? "" : "\t") + one_field(row[i].text);
            }
            text += '\n';
        }
        return text;
    }
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < header_.size(); ++i) {
        widths.push_back(display_width(header_[i]));
        for (const auto& row : rows_) {
            widths[i] = std::max(widths[i], display_width(row[i].text));
        }
    }
    const auto last = header_.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
        const bool right = !rows_.empty() && rows_[0][i].right;
        text += styled(i == last && !right ? header_[i] : padded(header_[i], widths[i], right),
                       Style::dim, color) +
                (i == last ? "\n" : "  ");
    }
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i <= last; ++i) {
            const auto& cell = row[i];
            const std::string shown =
                i == last && !cell.right ? cell.text : padded(cell.text, widths[i], cell.right);
            text += styled(shown, cell.style, color) + (i == last ? "\n" : "  ");
        }
    }
    return text;
}

void Table::print(const GlobalOptions& global) const {
    const bool terminal = is_terminal(STDOUT_FILENO);
    write_out(render(terminal, use_color(global, STDOUT_FILENO)));
}

std::string show_time(std::int64_t time_ms, bool terminal) {
    if (!terminal) {
        return rfc3339(time_ms);
    }
    const std::int64_t difference = unix_ms() - time_ms;
    const std::int64_t seconds = std::abs(difference) / 1000;
    std::string amount;
    if (seconds < 60) {
        amount = std::to_string(seconds) + "s";
    } else if (seconds < 3600) {
        amount = std::to_string(seconds / 60) + "m";
    } else if (seconds < 86'400) {
        amount = std::to_string(seconds / 3600) + "h";
    } else {
        amount = std::to_string(seconds / 86'400) + "d";
    }
    return difference >= 0 ? amount + " ago" : "in " + amount;
}

std::string show_decimal(const std::optional<double>& number, int digits) {
    if (!number) {
        return "?";
    }
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, *number);
    return text.data();
}

std::string show_percent(double share) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.3g%%", share * 100);
    return text.data();
}

std::size_t display_width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

}  // namespace llmgw
