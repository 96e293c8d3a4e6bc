// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "cli/args.h"
#include "cli/completion.h"
#include "cli/words.h"

using namespace llmgw;
using Words = std::vector<std::string>;

TEST_CASE("a noun alone or with flags means its list") {
    const auto tree = command_tree();
    CHECK(with_default_verb(tree, {"keys"}) == Words{"keys", "list"});
    CHECK(with_default_verb(tree, {"--color", "never", "keys", "--json"}) ==
          Words{"--color", "never", "keys", "list", "--json"});
    CHECK(with_default_verb(tree, {"models", "-p", "groq", "llama"}) ==
          Words{"models", "list", "-p", "groq", "llama"});
    for (const Words& words : {Words{"keys", "--json", "list"}, Words{"keys", "show", "a"},
                               Words{"keys", "--help"}, Words{"chat"}, Words{"serve"}, Words{}}) {
        CHECK(with_default_verb(tree, words) == words);
    }
}

TEST_CASE("words that CLI11 would misread arrive as they were typed") {
    const auto tree = command_tree();
    const auto words = protect(tree, {"chat", "-s", "++", "++", "[a,b]", "--", "--json", "--"});
    REQUIRE(words.size() == 7);
    CHECK(words[2] == "++");  // a flag's value is safe already
    const Words typed = {"chat", "-s", "++", "++", "[a,b]", "--json", "--"};
    for (std::size_t i = 0; i < typed.size(); ++i) {
        CHECK(unprotected(words[i]) == typed[i]);
    }
    for (std::size_t i = 3; i < words.size(); ++i) {
        CHECK(words[i] != typed[i]);
    }
}

TEST_CASE("spellings with a surprising meaning are refused") {
    const auto tree = command_tree();
    CHECK(!check_spelling(tree, {"chat", "-m=x"}).has_value());
    CHECK(!check_spelling(tree, {"chat", "--model=", "x"}).has_value());
    CHECK(check_spelling(tree, {"chat", "-s", "-m=x"}).has_value());
    CHECK(check_spelling(tree, {"chat", "--", "-m=x"}).has_value());
    CHECK(check_spelling(tree, {"chat", "--model=x=", "a="}).has_value());
}

TEST_CASE("the tree has every command once, with help for each flag") {
    const auto tree = command_tree();
    std::set<Words> paths;
    for (const auto& command : tree) {
        CHECK(paths.insert(command.path).second);
        CHECK(!command.help.empty());
        for (const auto& option : command.options) {
            CHECK(option.long_name.starts_with("--"));
            CHECK(!option.help.empty());
        }
    }
    CHECK(paths.contains({"providers", "add"}));
    CHECK(subcommands(tree, {"serve"}) == Words{"status", "stop"});
    const auto* chat = find_command(tree, {"chat"});
    REQUIRE(chat != nullptr);
    const auto model = std::find_if(chat->options.begin(), chat->options.end(),
                                    [](const auto& each) { return each.long_name == "--model"; });
    REQUIRE(model != chat->options.end());
    CHECK(model->short_name == "-m");
    CHECK(model->value == "MODEL");
    CHECK(!model->repeatable);
}

TEST_CASE("a command line that is wrong does nothing and says why") {
    for (const Words& words : {Words{"bogus"}, Words{"keys", "create"}, Words{"chat", "--nope"},
                               Words{"serve", "--port", "1", "stop"}}) {
        GlobalOptions global;
        const auto action = parse_args(words, global);
        REQUIRE(!action.has_value());
        CHECK(action.error().kind == Errc::usage);
        CHECK(!action.error().hint.empty());
    }
    GlobalOptions global;
    CHECK(!parse_args({"bogus", "--json"}, global).has_value());
    CHECK(global.json);
}

TEST_CASE("completion offers values in the same word as their flag") {
    const auto found = complete({"models", "list", "--sort=p"});
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == "--sort=price");
    CHECK(complete({}).empty());
    CHECK(complete({"completion", "fish", ""}).empty());
}
