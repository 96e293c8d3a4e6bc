// SPDX-License-Identifier: Apache-2.0
#include "cli/usage_error.h"

#include <algorithm>
#include <array>
#include <optional>

#include "cli/secret_input.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

Error usage(std::string message, std::string hint) {
    return fail(Errc::usage, std::move(message), std::move(hint)).value();
}

std::string flag_name(const std::string& word) {
    return word.substr(0, word.find('='));
}

/// A flag that would take the key itself. It does not exist, on purpose.
bool is_key_flag(const std::string& word) {
    constexpr std::array<std::string_view, 7> kNames = {
        "--key", "--api-key", "--apikey", "--api_key", "--secret", "--token", "--password"};
    return std::find(kNames.begin(), kNames.end(), to_lower(flag_name(word))) != kNames.end();
}

Error refused_key(const UsageContext& context) {
    const bool gateway_key = !context.path.empty() && context.path[0] == "keys";
    if (gateway_key) {
        return usage("a key is not taken from the command line, where other users can see it",
                     "llmgw keys create NAME makes one");
    }
    return usage(
        "a key is not taken from the command line, where other users and the shell's "
        "history can see it",
        "use --key-stdin, --key-file FILE, --key-command COMMAND or --key-env VARIABLE, or "
        "let `llmgw providers add` ask for it");
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names,
                         const std::string& prefix) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    auto near = nearest(word, views);
    if (near.empty()) {
        // Two edits are much in a word of four letters, but "chta" is one slip of the fingers.
        for (const auto& name : names) {
            const bool close = word.size() > 2 && edit_distance(word, name) <= 2;
            if (close && word[0] == name[0]) {
                near.push_back(name);
            }
        }
    }
    if (near.empty()) {
        return "";
    }
    std::string text = "did you mean ";
    for (std::size_t i = 0; i < near.size(); ++i) {
        text += (i == 0 ? "" : " or ") + prefix + near[i];
    }
    return text + "?";
}

Error unknown_command(const UsageContext& context, const std::string& word) {
    const auto names = subcommands(context.tree, context.path);
    const std::string before = command_line(context.path) + " ";
    std::string hint = did_you_mean(word, names, before);
    const std::string shown = looks_like_secret(word) ? "" : " '" + printable(word) + "'";
    if (context.path.empty()) {
        return usage("there is no command" + shown, hint.empty() ? "llmgw help" : hint);
    }
    if (hint.empty()) {
        std::string list;
        for (const auto& name : names) {
            list += (list.empty() ? "" : ", ") + name;
        }
        hint = "its verbs are " + list;
    }
    return usage("`" + command_line(context.path) + "` has no verb" + shown, hint);
}

Error unknown_flag(const UsageContext& context, const std::string& word) {
    std::vector<std::string> names;
    for (const auto& command : context.tree) {
        const bool applies =
            command.path.size() <= context.path.size() &&
            std::equal(command.path.begin(), command.path.end(), context.path.begin());
        for (const auto& option : command.options) {
            if (applies) {
                names.push_back(option.long_name);
            }
        }
    }
    const std::string flag = flag_name(word);
    std::string hint = did_you_mean(flag, names, "");
    const std::string shown = looks_like_secret(flag) ? "that flag" : printable(flag);
    const std::string where = command_line(context.path);
    if (hint.empty() && where == "llmgw chat") {
        hint = "words of a prompt that start with a dash go behind --, or in quotes with others";
    }
    return usage("`" + where + "` has no flag " + shown,
                 hint.empty() ? help_hint(context.path) : hint);
}

}  // namespace

std::string command_line(const std::vector<std::string>& path) {
    std::string line = "llmgw";
    for (const auto& word : path) {
        line += " " + word;
    }
    return line;
}

std::string help_hint(const std::vector<std::string>& path) {
    return command_line(path) + " --help";
}

bool takes_value(const std::vector<CommandInfo>& tree, std::string_view flag) {
    if (flag.size() < 2 || flag[0] != '-') {
        return false;
    }
    for (const auto& command : tree) {
        for (const auto& option : command.options) {
            if ((option.long_name == flag || option.short_name == flag) && !option.value.empty()) {
                return true;
            }
        }
    }
    return false;
}

Error unexpected_words(const UsageContext& context) {
    const auto& words = context.leftover;
    const auto is_flag = [](const std::string& word) { return word.size() > 1 && word[0] == '-'; };
    if (std::any_of(words.begin(), words.end(), is_key_flag)) {
        return refused_key(context);
    }
    const auto word = std::find_if_not(words.begin(), words.end(), is_flag);
    if (word != words.end() && !subcommands(context.tree, context.path).empty()) {
        return unknown_command(context, *word);
    }
    const auto flag = std::find_if(words.begin(), words.end(), is_flag);
    if (flag != words.end()) {
        return unknown_flag(context, *flag);
    }
    if (command_line(context.path) == "llmgw providers add") {
        return usage("`llmgw providers add` takes one provider, and no key on the command line",
                     "use --key-stdin, --key-file FILE, --key-command COMMAND or --key-env "
                     "VARIABLE, or let it ask for the key");
    }
    const bool show = word != words.end() && !looks_like_secret(*word);
    return usage("`" + command_line(context.path) + "` has no use for " +
                     (show ? "'" + printable(*word) + "'" : "one of its arguments"),
                 help_hint(context.path));
}

Error missing_argument(const std::vector<std::string>& path, const std::string& name) {
    return usage("`" + command_line(path) + "` needs " + name, help_hint(path));
}

Error missing_value(const std::vector<std::string>& path, std::string_view message) {
    const auto end = message.find_first_of(": ");
    return usage(std::string(message.substr(0, end)) + " needs a value", help_hint(path));
}

Error misplaced_flag(const std::vector<std::string>& path, const std::string& flag) {
    return usage("`" + command_line(path) + "` has no flag " + flag, help_hint(path));
}

const CommandInfo* find_command(const std::vector<CommandInfo>& tree,
                                const std::vector<std::string>& path) {
    const auto found = std::find_if(tree.begin(), tree.end(),
                                    [&](const CommandInfo& info) { return info.path == path; });
    return found == tree.end() ? nullptr : &*found;
}

std::vector<std::string> subcommands(const std::vector<CommandInfo>& tree,
                                     const std::vector<std::string>& path) {
    std::vector<std::string> names;
    for (const auto& info : tree) {
        if (info.path.size() == path.size() + 1 && !info.hidden &&
            std::equal(path.begin(), path.end(), info.path.begin())) {
            names.push_back(info.path.back());
        }
    }
    return names;
}

}  // namespace llmgw
