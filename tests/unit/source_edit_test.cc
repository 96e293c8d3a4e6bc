// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/source_edit.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "tests/unit/patch_trial.h"

using namespace llmgw;

namespace {

bool is_hidden(std::string_view line) {
    return line.find("SECRET") != std::string_view::npos;
}

std::string diff_of(std::string_view text, const std::vector<SourceEdit>& edits) {
    return unified_diff("f", text, edits, is_hidden).text;
}

}  // namespace

TEST_CASE("source edit: a unified diff") {
    CHECK(diff_of("a\nb\nc\nd\ne\nf\ng\nh\n", {{8, 9, "E"}}) ==
          "--- a/f\n+++ b/f\n@@ -2,7 +2,7 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n");
    CHECK(diff_of("a\nb\n", {{2, 4, ""}}) == "--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n a\n-b\n");
    CHECK(diff_of("a\n", {{0, 0, "x\n"}}) == "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n+x\n a\n");
    CHECK(diff_of("a", {{1, 1, "b"}}) ==
          "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+ab\n"
          "\\ No newline at end of file\n");
    CHECK(diff_of("a\r\nb\r\n", {{0, 1, "x"}}) ==
          "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\r\n+x\r\n b\r\n");
    CHECK(diff_of("a\nb\n", {{1, 2, " "}}) == "--- a/f\n+++ b/f\n@@ -1,2 +1 @@\n-a\n-b\n+a b\n");
    CHECK(diff_of("a\n", {}).empty());
}

TEST_CASE("source edit: names as git takes them") {
    const auto head = [](std::string_view name) {
        const std::string diff = unified_diff(name, "a\n", {{0, 1, "b"}}, is_hidden).text;
        return diff.substr(0, diff.find('\n'));
    };
    CHECK(head("a/b.py") == "--- a/a/b.py");
    CHECK(head("my file.py") == "--- a/my file.py\t");
    CHECK(head("a\"b\n") == "--- \"a/a\\\"b\\012\"");
}

TEST_CASE("source edit: hidden lines are not even context") {
    const auto far = unified_diff("f", "SECRET\na\nb\nc\nd\nSECRET\n", {{9, 10, "B"}}, is_hidden);
    CHECK(far.text == "--- a/f\n+++ b/f\n@@ -2,4 +2,4 @@\n a\n-b\n+B\n c\n d\n");
    CHECK(far.withheld.empty());
    // Without a line behind it, a change would have to be at the end of the file.
    const auto before = unified_diff("f", "a\nb\nSECRET\n", {{2, 3, "B"}}, is_hidden);
    CHECK(before.text.empty());
    CHECK(before.withheld == std::vector<std::size_t>{0});
    const auto itself = unified_diff("f", "a\nSECRET\nb\nc\nd\ne\nf\ng\nh\n",
                                     {{2, 3, "x"}, {19, 20, "G"}}, is_hidden);
    CHECK(itself.withheld == std::vector<std::size_t>{0});
    CHECK(itself.text.find("SECRET") == std::string::npos);
    CHECK(itself.text.find("+G\n") != std::string::npos);
}

TEST_CASE("source edit: what a diff says is what the edits do") {
    std::mt19937 random(7);
    const auto pick = [&random](std::size_t count) { return random() % count; };
    for (int round = 0; round < 3000; round++) {
        std::string text;
        for (std::size_t i = pick(40); i > 0; i--) {
            text += pick(3) == 0 ? "\n" : std::string(1, static_cast<char>('a' + pick(5)));
        }
        std::vector<SourceEdit> edits;
        for (std::size_t at = pick(8); at <= text.size(); at += 1 + pick(12)) {
            const std::size_t end = std::min(at + pick(6), text.size());
            edits.push_back({at, end, pick(2) == 0 ? "" : pick(2) == 0 ? "X\n" : "Y"});
            at = end;
        }
        const std::string diff = diff_of(text, edits);
        CAPTURE(text);
        CAPTURE(diff);
        CHECK(trial::apply_diff(text, diff) == apply_source_edits(text, edits));
    }
}
