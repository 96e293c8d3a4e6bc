// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/globals.h"
#include "common/base/error.h"

namespace llmgw {

/// Whether a stream (0, 1, 2) is a terminal. LLMGW_FORCE_TTY=1 makes stdout and stderr count as
/// one; a number above 1 is also the width. Decides decoration only, never what is printed.
[[nodiscard]] bool is_terminal(int fd);

/// Columns of the terminal behind stdout; 80 when it does not say.
[[nodiscard]] int terminal_width();

/// Whether to colour a stream: --color, NO_COLOR, CLICOLOR_FORCE, TERM=dumb, then is_terminal().
[[nodiscard]] bool use_color(const GlobalOptions& global, int fd);

/// Whether prompting is allowed: stdin and stderr are terminals, and neither --no-input nor
/// LLMGW_NO_INPUT is set.
[[nodiscard]] bool may_prompt(const GlobalOptions& global);

/// Writes all of `text` to stdout at once, unbuffered. When nobody reads any more, the process ends
/// quietly with exit code 141; on another failure (a full disk) with a message and 1.
void write_out(std::string_view text);

/// Writes to stderr, whatever happens to it.
void write_err(std::string_view text);

/// A message for the person, one line on stderr; nothing with --quiet.
void note(const GlobalOptions& global, std::string_view line);

/// `llmgw: warning: …` on stderr; nothing with --quiet.
void warn(const GlobalOptions& global, std::string_view line);

/// `llmgw: error: …` and `  hint: …` on stderr; with --json one line
/// {"error":{"code","message","hint"}}. Returns the exit code that goes with the error.
[[nodiscard]] int print_error(const GlobalOptions& global, const Error& error);

/// Asks a yes-or-no question on stderr. Without a person to ask: Errc::usage that names `flag`.
[[nodiscard]] Result<bool> confirm(const GlobalOptions& global, const std::string& question,
                                   const std::string& flag);

/// Text with a colour code around it when `enabled`.
enum class Style { plain, red, green, yellow, dim, bold };
[[nodiscard]] std::string styled(std::string_view text, Style style, bool enabled);

/// A cell of a table; `style` shows on a coloured terminal only, and never carries meaning alone.
struct Cell {
    std::string text;
    Style style = Style::plain;
    bool right = false;  ///< aligned to the right on a terminal
};

/// Rows under a header. On a terminal: aligned, with the header. Otherwise tab-separated without
/// one, for `awk -F'\t'`.
class Table {
  public:
    explicit Table(std::vector<std::string> header);
    void add(std::vector<Cell> row);
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    /// The whole table as text.
    [[nodiscard]] std::string render(bool terminal, bool color) const;
    /// Renders for stdout and writes it.
    void print(const GlobalOptions& global) const;

  private:
    std::vector<std::string> header_;
    std::vector<std::vector<Cell>> rows_;
};

/// A point in time for a table: "3m ago" on a terminal, RFC 3339 otherwise.
[[nodiscard]] std::string show_time(std::int64_t unix_ms, bool terminal);

/// A number with so many digits behind the point; "?" when it is not known.
[[nodiscard]] std::string show_decimal(const std::optional<double>& number, int digits);
/// A share of one: "12.5%", "100%".
[[nodiscard]] std::string show_percent(double share);

/// Columns that a UTF-8 text takes on a terminal, one for each code point.
[[nodiscard]] std::size_t display_width(std::string_view text);

}  // namespace llmgw
