// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_edit.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <utility>

namespace llmgw {

namespace {

constexpr std::size_t kContext = 3;  // lines, as git and diff show

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

/// Whole lines that become others.
struct LineChange {
    std::size_t first = 0;  // of the old lines, from 0
    std::size_t last = 0;   // without it
    std::string text;
    std::vector<std::size_t> edits;
};

/// A part of the diff: changes with the lines around them.
struct Hunk {
    std::size_t first = 0;
    std::size_t last = 0;
    std::vector<LineChange> changes;
};

class DiffWriter {
  public:
    DiffWriter(std::string_view old_text, const std::vector<SourceEdit>& edits,
               const std::function<bool(std::string_view)>& hidden)
        : old_text_(old_text), edits_(edits), lines_(lines_of(old_text)) {
        std::size_t at = 0;
        for (const std::string_view line : lines_) {
            starts_.push_back(at);
            hidden_.push_back(hidden(line));
            at += line.size();
        }
        starts_.push_back(at);
    }

    FileDiff run(std::string_view name) {
        find_changes();
        std::vector<Hunk> hunks;
        for (LineChange& change : changes_) {
            add_to_hunks(hunks, std::move(change));
        }
        std::ptrdiff_t growth = 0;
        std::string body;
        for (Hunk& hunk : hunks) {
            write(hunk, growth, body);
        }
        if (!body.empty()) {
            diff_.text =
                "--- " + file_name("a/", name) + "\n+++ " + file_name("b/", name) + "\n" + body;
        }
        return std::move(diff_);
    }

  private:
    // The number of the line that a byte is in.
    [[nodiscard]] std::size_t line_at(std::size_t offset) const {
        const auto after = std::upper_bound(starts_.begin(), starts_.end() - 1, offset);
        return static_cast<std::size_t>(after - starts_.begin()) -
               (after == starts_.begin() ? 0 : 1);
    }

    // The old text from one line to another with the edits of a change made.
    [[nodiscard]] std::string edited(const LineChange& change) const {
        const std::size_t begin = starts_[change.first];
        std::vector<SourceEdit> moved;
        for (const std::size_t index : change.edits) {
            SourceEdit edit = edits_[index];
            edit.begin -= begin;
            edit.end -= begin;
            moved.push_back(std::move(edit));
        }
        return apply_source_edits(old_text_.substr(begin, starts_[change.last] - begin),
                                  std::move(moved));
    }

    void find_changes() {
        std::vector<std::size_t> order(edits_.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
            return edits_[a].begin < edits_[b].begin;
        });
        for (const std::size_t index : order) {
            const SourceEdit& edit = edits_[index];
            LineChange change{line_at(edit.begin), 0, {}, {index}};
            const bool whole_lines = edit.end == starts_[line_at(edit.end)] &&
                                     (edit.end > edit.begin || edit.text.ends_with('\n'));
            change.last = std::min(line_at(edit.end) + (whole_lines ? 0 : 1), lines_.size());
            change.last = std::max(change.last, change.first);
            if (!changes_.empty() && change.first <= changes_.back().last) {
                LineChange& before = changes_.back();
                before.last = std::max(before.last, change.last);
                before.edits.push_back(index);
            } else {
                changes_.push_back(std::move(change));
            }
        }
        for (LineChange& change : changes_) {
            change.text = edited(change);
            while (change.last < lines_.size() && !change.text.empty() &&
                   !change.text.ends_with('\n')) {
                change.last++;
                change.text = edited(change);
            }
        }
    }

    void withhold(const LineChange& change) {
        diff_.withheld.insert(diff_.withheld.end(), change.edits.begin(), change.edits.end());
    }

    [[nodiscard]] bool any_hidden(std::size_t first, std::size_t last) const {
        return std::find(hidden_.begin() + static_cast<std::ptrdiff_t>(first),
                         hidden_.begin() + static_cast<std::ptrdiff_t>(last),
                         true) != hidden_.begin() + static_cast<std::ptrdiff_t>(last);
    }

    void add_to_hunks(std::vector<Hunk>& hunks, LineChange change) {
        if (any_hidden(change.first, change.last)) {
            withhold(change);
            return;
        }
        if (!hunks.empty() && change.first <= hunks.back().last + 2 * kContext &&
            !any_hidden(hunks.back().last, std::max(change.first, hunks.back().last))) {
            hunks.back().last = change.last;
            hunks.back().changes.push_back(std::move(change));
            return;
        }
        Hunk hunk{change.first, change.last, {}};
        hunk.changes.push_back(std::move(change));
        hunks.push_back(std::move(hunk));
    }

    // git takes a hunk without lines behind its change for one of the end of the file, and patch(1)
    // one with fewer behind than before it.
    void write(Hunk& hunk, std::ptrdiff_t& growth, std::string& body) {
        std::size_t after = 0;
        while (after < kContext && hunk.last + after < lines_.size() &&
               !hidden_[hunk.last + after]) {
            after++;
        }
        const bool to_end = hunk.last + after == lines_.size();
        const std::size_t wanted = to_end ? kContext : after;
        std::size_t before = 0;
        while (before < wanted && before < hunk.first && !hidden_[hunk.first - before - 1]) {
            before++;
        }
        if ((after == 0 && !to_end) || (before + after == 0 && lines_.size() > hunk.last)) {
            for (const LineChange& change : hunk.changes) {
                withhold(change);
            }
            return;
        }
        const std::size_t first = hunk.first - before;
        std::string text;
        std::size_t at = first;
        std::size_t added = 0;
        std::size_t removed = 0;
        for (const LineChange& change : hunk.changes) {
            put(text, ' ', at, change.first);
            put(text, '-', change.first, change.last);
            for (const std::string_view line : lines_of(change.text)) {
                put_line(text, '+', line);
                added++;
            }
            removed += change.last - change.first;
            at = change.last;
        }
        put(text, ' ', at, hunk.last + after);
        const std::size_t old_count = hunk.last + after - first;
        const std::size_t new_count = old_count + added - removed;
        const std::ptrdiff_t new_first = static_cast<std::ptrdiff_t>(first) + growth;
        body += "@@ -" + range(static_cast<std::ptrdiff_t>(first), old_count) + " +" +
                range(new_first, new_count) + " @@\n" + text;
        growth += static_cast<std::ptrdiff_t>(added) - static_cast<std::ptrdiff_t>(removed);
    }

    static std::string range(std::ptrdiff_t first, std::size_t count) {
        return std::to_string(count == 0 ? first : first + 1) +
               (count == 1 ? "" : "," + std::to_string(count));
    }

    void put(std::string& out, char mark, std::size_t first, std::size_t last) const {
        for (std::size_t i = first; i < last; i++) {
            put_line(out, mark, lines_[i]);
        }
    }

    static void put_line(std::string& out, char mark, std::string_view line) {
        out += mark;
        out += line;
        if (!line.ends_with('\n')) {
            out += "\n\\ No newline at end of file\n";
        }
    }

    // As git writes it: quoted where it must be, and with a tab behind a name with blanks.
    static std::string file_name(std::string_view prefix, std::string_view name) {
        std::string quoted;
        bool needs_quotes = false;
        for (const char c : name) {
            if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
                needs_quotes = true;
                std::array<char, 8> escape{};
                std::snprintf(escape.data(), escape.size(),
                              static_cast<unsigned char>(c) < 0x20 ? "\\%03o" : "\\%c", c);
                quoted += escape.data();
            } else {
                quoted += c;
            }
        }
        std::string out(prefix);
        out += quoted;
        if (needs_quotes) {
            return "\"" + out + "\"";
        }
        return out + (name.find(' ') == std::string_view::npos ? "" : "\t");
    }

    std::string_view old_text_;
    const std::vector<SourceEdit>& edits_;
    std::vector<std::string_view> lines_;
    std::vector<std::size_t> starts_;
    std::vector<bool> hidden_;
    std::vector<LineChange> changes_;
    FileDiff diff_;
};

}  // namespace

std::string apply_source_edits(std::string_view text, std::vector<SourceEdit> edits) {
    std::stable_sort(edits.begin(), edits.end(),
                     [](const SourceEdit& a, const SourceEdit& b) { return a.begin < b.begin; });
    std::string result;
    std::size_t at = 0;
    for (const SourceEdit& edit : edits) {
        result += text.substr(at, edit.begin - at);
        result += edit.text;
        at = edit.end;
    }
    result += text.substr(std::min(at, text.size()));
    return result;
}

FileDiff unified_diff(std::string_view name, std::string_view old_text,
                      const std::vector<SourceEdit>& edits,
                      const std::function<bool(std::string_view)>& hidden) {
    return DiffWriter(old_text, edits, hidden).run(name);
}

}  // namespace llmgw
