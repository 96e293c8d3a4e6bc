// SPDX-License-Identifier: Apache-2.0
#include "cli/args_tree.h"

#include <algorithm>

#include "cli/help.h"
#include "cli/version.h"

namespace llmgw {

CLI::App* CommandTree::command(CLI::App* parent, const std::string& name, const std::string& help,
                               Action run) {
    CLI::App* app = parent->add_subcommand(name, help);
    app->fallthrough();
    app->require_subcommand(0, 1);
    nodes_[app].run = std::move(run);
    return app;
}

CLI::Option* CommandTree::values(CLI::App* app, const std::string& names,
                                 std::vector<std::string>& target, const std::string& placeholder,
                                 const std::string& help) {
    // One value for each time the flag is given: the next word is not a second one.
    return app->add_option(names, target, help)->type_name(placeholder)->allow_extra_args(false);
}

CLI::Option* CommandTree::pairs(CLI::App* app, const std::string& names,
                                std::vector<std::pair<std::string, std::string>>& target,
                                const std::string& help) {
    const auto add = [&target](const std::vector<std::string>& texts) {
        for (const auto& text : texts) {
            target.push_back(split_pair(text));
        }
    };
    return app->add_option_function<std::vector<std::string>>(names, add, help)
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false)
        ->check(check_pair);
}

void CommandTree::key_flags(CLI::App* app, KeyFlags& flags) {
    app->add_flag("--key-stdin", flags.from_stdin, "Read the key from the first line of stdin");
    value(app, "--key-file", flags.file, "FILE", "Use the key in FILE, read when it is needed");
    value(app, "--key-command", flags.command, "COMMAND",
          "Use the first line that COMMAND prints; it runs without a shell");
    value(app, "--key-env", flags.env, "VARIABLE", "Use the key in an environment variable");
    app->add_flag("--no-key", flags.none, "The provider needs no key");
}

// ---- reading the words

const CLI::App* CommandTree::deepest() const {
    const CLI::App* app = &app_;
    while (!app->get_subcommands().empty()) {
        app = app->get_subcommands().front();
    }
    return app;
}

std::vector<std::string> CommandTree::path_of(const CLI::App* app) {
    std::vector<std::string> path;
    for (; app->get_parent() != nullptr; app = app->get_parent()) {
        path.insert(path.begin(), app->get_name());
    }
    return path;
}

UsageContext CommandTree::context() const {
    UsageContext context{.tree = describe(), .path = path_of(deepest()), .leftover = {}};
    for (auto& word : app_.remaining(true)) {
        if (word != "--") {
            context.leftover.push_back(unprotected(word));
        }
    }
    return context;
}

/// The command that was parsed, once its arguments are complete.
Result<Action> CommandTree::chosen() {
    const CLI::App* app = deepest();
    if (app == &app_) {
        if (show_version_) {
            return Action([this] { return run_version(global_); });
        }
        return Action([] { return run_help({}); });
    }
    const Node& node = nodes_.at(app);
    for (const auto* option : node.required) {
        if (option->count() == 0) {
            return tl::unexpected(missing_argument(path_of(app), option->get_name()));
        }
    }
    // `serve --port 1 stop`: flags of `serve` itself mean nothing to its verbs.
    if (app->get_parent() != &app_) {
        for (const auto* option : app->get_parent()->get_options()) {
            if (option->count() != 0) {
                return tl::unexpected(misplaced_flag(path_of(app), option->get_name()));
            }
        }
    }
    // A noun without a list of its own.
    return node.run ? node.run : Action([path = path_of(app)] { return run_help(path); });
}

Result<Action> CommandTree::parse(std::vector<std::string> words) {
    const auto tree = describe();
    if (auto checked = check_spelling(tree, words); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    words = with_default_verb(tree, std::move(words));
    words = protect(tree, std::move(words));
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
    try {
        app_.parse(words);
    } catch (const CLI::CallForHelp&) {
        return Action([path = path_of(deepest())] { return run_help(path); });
    } catch (const CLI::ExtrasError&) {
        return tl::unexpected(unexpected_words(context()));
    } catch (const CLI::ArgumentMismatch& error) {
        return tl::unexpected(missing_value(path_of(deepest()), error.what()));
    } catch (const CLI::ParseError& error) {
        return fail(Errc::usage, error.what(), help_hint(path_of(deepest())));
    }
    global_.color = global_.color_name == "always"  ? ColorChoice::always
                    : global_.color_name == "never" ? ColorChoice::never
                                                    : ColorChoice::automatic;
    return chosen();
}

// ---- the tree as data

CommandInfo CommandTree::describe_one(const CLI::App* app,
                                      const std::vector<const CLI::Option*>& required) {
    CommandInfo info;
    info.path = path_of(app);
    info.help = app->get_description();
    info.hidden = app->get_parent() != nullptr && app->get_group().empty();
    for (const auto* option : app->get_options()) {
        const bool many = option->get_expected_max() > 1;
        if (option->get_positional()) {
            const bool needed =
                std::find(required.begin(), required.end(), option) != required.end();
            info.positionals.push_back(
                {option->get_name(), option->get_description(), needed, many});
            continue;
        }
        OptionInfo entry;
        entry.long_name = option->get_lnames().empty() ? "" : "--" + option->get_lnames()[0];
        entry.short_name = option->get_snames().empty() ? "" : "-" + option->get_snames()[0];
        entry.help = option->get_description();
        if (option->get_items_expected_max() > 0) {
            entry.value = option->get_type_name();
            entry.repeatable = many;
        }
        info.options.push_back(std::move(entry));
    }
    return info;
}

void CommandTree::describe_below(const CLI::App* app, std::vector<CommandInfo>& out) const {
    const auto node = nodes_.find(app);
    out.push_back(describe_one(
        app, node == nodes_.end() ? std::vector<const CLI::Option*>{} : node->second.required));
    for (const auto* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
        describe_below(sub, out);
    }
}

std::vector<CommandInfo> CommandTree::describe() const {
    std::vector<CommandInfo> out;
    describe_below(&app_, out);
    return out;
}

}  // namespace llmgw
