// SPDX-License-Identifier: Apache-2.0
#include "common/base/shell_word.h"

#include <doctest/doctest.h>

using namespace llmgw;

TEST_CASE("words of commands are quoted where a shell would change them") {
    CHECK(shell_word("openai-prod") == "openai-prod");
    CHECK(shell_word("https://host/v1") == "https://host/v1");
    CHECK(shell_word("") == "''");
    CHECK(shell_word("a b") == "'a b'");
    CHECK(shell_word("$HOME") == "'$HOME'");
    CHECK(shell_word("it's") == "'it'\\''s'");
    CHECK(shell_word("a\nb").find('\n') == std::string::npos);
}
