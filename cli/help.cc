// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <algorithm>
#include <iterator>

#include "cli/output.h"
#include "cli/usage_error.h"
#include "common/base/json_io.h"

namespace llmgw {
namespace {

constexpr std::string_view kTopHelp =
    R"(llmgw: one local OpenAI-compatible endpoint in front of every LLM provider

  llmgw chat -m mock/echo hello                 try it: no key, no network
  llmgw providers add openai                    store a provider's key (it asks)
  git diff | llmgw chat -m gpt-4o "review this"
  llmgw serve                                   then: http://127.0.0.1:4114/v1

Talk     chat        send a prompt, or hold a conversation
Run      serve       run the gateway; serve status, serve stop
Set up   providers   provider keys: add, list, show, test, enable, disable, remove, catalog
         keys        keys for clients of the gateway: create, list, show, revoke
         cache       the response cache: on, off, status, clear
         config      settings: list, get, set, unset
         completion  completions for bash, zsh and fish
         import-portkey  move a Portkey set-up here
Look     models      models, abilities, prices: list, show, alias, unalias
         logs        the log of requests: list, show, export, prune
         usage       requests, tokens, cost and times
         routes      whom requests go to, and why: explain, simulate

Every command takes --json, -q/--quiet, -v/--verbose, --color WHEN, --no-input and
-h/--help. `llmgw help COMMAND` and `man llmgw` say more; --version what this is.
)";

struct Example {
    std::string_view path;
    std::string_view lines;
};

constexpr Example kExamples[] = {
    {"chat",
     "llmgw chat -m mock/echo hello\n"
     "git diff | llmgw chat -m gpt-4o-mini 'write a commit message'\n"
     "llmgw chat -c 'shorter, please' -u"},
    {"serve",
     "llmgw serve\n"
     "llmgw serve --port 0 --log-format json\n"
     "llmgw serve status --json"},
    {"serve status", "llmgw serve status\nllmgw serve status --json | jq .in_flight"},
    {"serve stop", "llmgw serve stop\nllmgw serve stop --now"},
    {"providers",
     "llmgw providers add openai\n"
     "llmgw providers\n"
     "llmgw providers test openai"},
    {"providers add",
     "llmgw providers add openai\n"
     "pass show groq | llmgw providers add groq --key-stdin\n"
     "llmgw providers add openai --name work --key-env WORK_OPENAI_KEY\n"
     "llmgw providers add ollama\n"
     "llmgw providers add custom --name lab --base-url http://10.0.0.5:8000/v1 --no-key"},
    {"providers list", "llmgw providers\nllmgw providers --json | jq -r '.[].label'"},
    {"providers show", "llmgw providers show openai"},
    {"providers test", "llmgw providers test openai\nllmgw providers test --json"},
    {"providers enable", "llmgw providers enable openai"},
    {"providers disable", "llmgw providers disable openai"},
    {"providers remove", "llmgw providers remove openai\nllmgw providers remove openai --yes"},
    {"providers catalog", "llmgw providers catalog\nllmgw providers catalog ai"},
    {"keys", "llmgw keys create laptop\nllmgw keys\nllmgw keys revoke laptop"},
    {"keys create",
     "export OPENAI_API_KEY=$(llmgw keys create laptop)\n"
     "llmgw keys create ci --expires 30d --json\n"
     "llmgw keys create app --route prod"},
    {"keys update", "llmgw keys update app --route prod"},
    {"keys list", "llmgw keys"},
    {"keys show", "llmgw keys show laptop"},
    {"keys revoke", "llmgw keys revoke laptop --yes"},
    {"models",
     "llmgw models list gpt mini\n"
     "llmgw models show gpt-4o\n"
     "llmgw models alias fast gpt-4o-mini"},
    {"models list",
     "llmgw models list claude\n"
     "llmgw models --capability vision --capability tools --sort price\n"
     "llmgw models -p groq --json | jq -r '.[].id'"},
    {"models show", "llmgw models show gpt-4o"},
    {"models alias", "llmgw models alias fast gpt-4o-mini\nllmgw models alias big openai/gpt-4o"},
    {"models unalias", "llmgw models unalias fast"},
    {"cache", "llmgw cache on --ttl 10m\nllmgw cache status\nllmgw cache clear --yes"},
    {"cache on", "llmgw cache on\nllmgw cache on --ttl 1d"},
    {"cache off", "llmgw cache off"},
    {"cache status", "llmgw cache status\nllmgw cache status --json | jq .hits"},
    {"cache clear", "llmgw cache clear --model 'gpt-4*' --yes\nllmgw cache clear --older-than 1d"},
    {"usage", "llmgw usage\nllmgw usage --by day --since 7d\nllmgw usage --by key --json"},
    {"logs",
     "llmgw logs --errors --since 1h\n"
     "llmgw logs --follow\n"
     "llmgw logs show req_018f2a4b6c8d0e1f2a3b4c5d"},
    {"logs list", "llmgw logs list --model 'gpt-4*' --limit 100\nllmgw logs --follow --json"},
    {"logs show", "llmgw logs show req_018f2a4b6c8d0e1f2a3b4c5d"},
    {"logs export", "llmgw logs export --since 7d | gzip > log.jsonl.gz"},
    {"logs prune", "llmgw logs prune --older-than 7d --yes"},
    {"routes",
     "llmgw routes set prod prod.json\n"
     "llmgw routes show prod\n"
     "llmgw routes explain gpt-oss-120b\n"
     "llmgw routes explain --request body.json\n"
     "llmgw routes simulate --set routing.weights.price=1"},
    {"routes list", "llmgw routes"},
    {"routes show", "llmgw routes show prod > prod.json"},
    {"routes set",
     "llmgw routes set prod prod.json\n"
     "llmgw routes set cheap - <<< '{\"strategy\": \"fallback\", \"targets\": "
     "[{\"provider\": \"groq\"}, {\"provider\": \"openai\"}]}'"},
    {"routes validate", "llmgw routes validate prod.json && echo fine"},
    {"routes remove", "llmgw routes remove prod --yes"},
    {"routes explain",
     "llmgw routes explain gpt-oss-120b\n"
     "llmgw routes explain --request body.json --json | jq .winner"},
    {"routes simulate",
     "llmgw routes simulate --set routing.weights.price=1\n"
     "llmgw routes simulate --since 1d --model 'gpt-*' --set routing.priority.groq=2"},
    {"import-portkey",
     "llmgw import-portkey exports/ terraform.tfstate\n"
     "llmgw import-portkey config.json --name prod --apply\n"
     "llmgw import-portkey src/ package.json --patch | git apply\n"
     "llmgw import-portkey . --map main-1a2b3c=openai --json"},
    {"config",
     "llmgw config --origin\n"
     "llmgw config set timeouts.first_byte 30s\n"
     "llmgw config unset timeouts.first_byte"},
    {"config list", "llmgw config\nllmgw config list --origin"},
    {"config get", "llmgw config get timeouts.first_byte"},
    {"config set", "llmgw config set limits.body 20m"},
    {"config unset", "llmgw config unset limits.body"},
    {"completion",
     "llmgw completion bash > ~/.local/share/bash-completion/completions/llmgw\n"
     "llmgw completion fish | source"},
    {"help", "llmgw help providers add"},
};

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string usage_line(const CommandInfo& info, bool has_verbs) {
    std::string line = command_line(info.path);
    if (has_verbs && info.positionals.empty() && info.options.size() <= 1) {
        return line + " VERB";
    }
    line += " [FLAGS]";
    for (const auto& argument : info.positionals) {
        const std::string name = argument.name + (argument.repeatable ? "…" : "");
        line += argument.required ? " " + name : " [" + name + "]";
    }
    return line;
}

std::string option_line(const OptionInfo& option) {
    std::string flags = option.short_name.empty() ? "    " : option.short_name + ", ";
    flags += option.long_name;
    // A long list of choices goes behind the help text, where it may take its own line.
    const bool is_long = option.value.size() > 24;
    if (!option.value.empty()) {
        flags += " " + (is_long ? "NAME" : option.value);
    }
    constexpr std::size_t kColumn = 32;
    const std::size_t width = display_width(flags);
    const std::string gap(width < kColumn ? kColumn - width : 1, ' ');
    std::string line = "  " + flags + gap + option.help;
    if (option.repeatable) {
        line += "; repeatable";
    }
    if (is_long) {
        std::string choices = option.value;
        std::replace(choices.begin(), choices.end(), '|', ' ');
        line += "\n" + std::string(kColumn + 2, ' ') + choices;
    }
    return line + "\n";
}

std::string two_columns(const std::string& name, const std::string& help) {
    constexpr std::size_t kColumn = 32;
    const std::size_t width = display_width(name);
    return "  " + name + std::string(width < kColumn ? kColumn - width : 1, ' ') + help + "\n";
}

std::string examples(const std::string& path) {
    const auto* example = std::find_if(std::begin(kExamples), std::end(kExamples),
                                       [&](const Example& each) { return each.path == path; });
    if (example == std::end(kExamples)) {
        return "";
    }
    std::string text = "\nExamples:\n  ";
    for (const char c : example->lines) {
        text += c;
        if (c == '\n') {
            text += "  ";
        }
    }
    return text + "\n";
}

constexpr std::string_view kExitCodes =
    "\nExit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 key refused, 5 no daemon, 6 provider\n"
    "failed, 7 limit, 8 bad file or setting. ";

Json option_json(const OptionInfo& option) {
    return {{"long", option.long_name},
            {"short", option.short_name},
            {"value", option.value},
            {"help", option.help},
            {"repeatable", option.repeatable}};
}

}  // namespace

std::string top_help() {
    return std::string(kTopHelp);
}

std::string command_help(const std::vector<CommandInfo>& tree,
                         const std::vector<std::string>& path) {
    const CommandInfo* info = find_command(tree, path);
    if (path.empty() || info == nullptr) {
        return top_help();
    }
    const auto verbs = subcommands(tree, path);
    std::string text = info->help + "\n\nUsage: " + usage_line(*info, !verbs.empty()) + "\n";
    text += examples(joined(path));
    if (!verbs.empty()) {
        text += "\nVerbs:\n";
        for (const auto& verb : verbs) {
            auto full = path;
            full.push_back(verb);
            text += two_columns(verb, find_command(tree, full)->help);
        }
    }
    if (!info->positionals.empty()) {
        text += "\nArguments:\n";
        for (const auto& argument : info->positionals) {
            text += two_columns(argument.name, argument.help);
        }
    }
    std::string flags;
    for (const auto& option : info->options) {
        flags += option.long_name == "--help" ? "" : option_line(option);
    }
    if (!flags.empty()) {
        text += "\nFlags:\n" + flags;
    }
    text += "\nFlags of every command:\n";
    for (const auto& option : tree.front().options) {
        text += option.long_name == "--version" ? "" : option_line(option);
    }
    return text + std::string(kExitCodes) + "More: man llmgw-" + path[0] + "\n";
}

Result<int> run_help(const std::vector<std::string>& path) {
    const auto tree = command_tree();
    std::vector<std::string> known;
    for (const auto& word : path) {
        auto next = known;
        next.push_back(word);
        if (find_command(tree, next) == nullptr) {
            return tl::unexpected(
                unexpected_words({.tree = tree, .path = known, .leftover = {word}}));
        }
        known = std::move(next);
    }
    write_out(command_help(tree, path));
    return 0;
}

Result<int> run_options_dump() {
    Json commands = Json::array();
    for (const auto& info : command_tree()) {
        if (info.hidden) {
            continue;
        }
        Json options = Json::array();
        for (const auto& option : info.options) {
            options.push_back(option_json(option));
        }
        Json positionals = Json::array();
        for (const auto& argument : info.positionals) {
            positionals.push_back({{"name", argument.name},
                                   {"help", argument.help},
                                   {"required", argument.required},
                                   {"repeatable", argument.repeatable}});
        }
        commands.push_back({{"path", info.path},
                            {"help", info.help},
                            {"options", std::move(options)},
                            {"positionals", std::move(positionals)}});
    }
    write_out(print_json({{"commands", std::move(commands)}}, 2) + "\n");
    return 0;
}

}  // namespace llmgw
