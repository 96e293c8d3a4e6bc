// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "cli/args.h"
#include "cli/embedded.h"
#include "cli/logs.h"
#include "cli/output.h"
#include "cli/session.h"
#include "cli/setting_target.h"
#include "cli/usage_error.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "common/store/settings.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

using Candidates = std::vector<CompletionItem>;

std::string_view file_of(const std::string& shell) {
    if (shell == "bash") {
        return "completions/llmgw.bash";
    }
    if (shell == "zsh") {
        return "completions/_llmgw";
    }
    return shell == "fish" ? "completions/llmgw.fish" : "";
}

Candidates shells() {
    return {{"bash", ""}, {"zsh", ""}, {"fish", ""}};
}

Candidates provider_labels() {
    Candidates out;
    std::vector<ProviderKey> keys;
    if (const auto session = open_existing_session()) {
        keys = session->store->provider_keys().value_or(std::vector<ProviderKey>{});
    }
    for (const auto& key : environment_keys(keys)) {
        out.push_back({key.label, "$" + key.source_ref});
    }
    for (const auto& key : keys) {
        out.push_back({key.label, key.base_url});
    }
    return out;
}

Candidates catalog_providers() {
    Candidates out;
    for (const auto& provider : catalog::providers()) {
        out.push_back({std::string(provider.id), std::string(provider.name)});
    }
    return out;
}

Candidates addable_providers() {
    Candidates out = catalog_providers();
    out.push_back({"custom", "any OpenAI-compatible server"});
    for (const char* name : {"ollama", "llama.cpp", "vllm", "lm-studio"}) {
        out.push_back({name, "found on this machine"});
    }
    return out;
}

Candidates aliases() {
    Candidates out;
    if (const auto session = open_existing_session()) {
        for (const auto& alias : session->store->aliases().value_or(std::vector<ModelAlias>{})) {
            out.push_back({alias.name, "alias of " + alias.target});
        }
    }
    return out;
}

/// `before` each name: "route/" where a model stands.
Candidates named_routes(const std::string& before) {
    Candidates out;
    if (const auto session = open_existing_session()) {
        for (const auto& route : session->store->routes().value_or(std::vector<StoredRoute>{})) {
            out.push_back({before + route.name, "route"});
        }
    }
    return out;
}

Candidates routes() {
    return named_routes("");
}

Candidates models() {
    Candidates out = aliases();
    for (auto& route : named_routes("route/")) {
        out.push_back(std::move(route));
    }
    out.push_back({"auto", "the cheapest model that can do what is asked"});
    out.push_back({"mock/echo", "answers with the prompt"});
    for (const auto& model : catalog::models()) {
        out.push_back({std::string(model.id), std::string(model.name)});
    }
    return out;
}

/// "openai/…": that provider's models.
Candidates models_at(std::string_view provider) {
    Candidates out;
    for (const auto& model : catalog::models()) {
        if (catalog::find_mapping(model, provider) != nullptr) {
            out.push_back(
                {std::string(provider) + "/" + std::string(model.id), std::string(model.name)});
        }
    }
    return out;
}

Candidates gateway_keys() {
    Candidates out;
    if (const auto session = open_existing_session()) {
        for (const auto& key : session->store->gateway_keys().value_or(std::vector<GatewayKey>{})) {
            if (!key.revoked_at) {
                out.push_back({key.name, key.id});
            }
        }
    }
    return out;
}

/// The newest requests: the ones that somebody wants to look at.
Candidates requests() {
    Candidates out;
    const auto log = open_existing_log();
    if (!log || *log == nullptr) {
        return out;
    }
    for (const auto& call : (*log)->calls({}).value_or(std::vector<LoggedCall>{})) {
        out.push_back({call.request_id, call.model});
    }
    return out;
}

Candidates settings(const std::string& typed) {
    Candidates out;
    for (const auto& info : setting_infos()) {
        const std::string prefix(info.prefix());
        const std::string help(info.help);
        if (info.target == SettingTarget::none || !typed.starts_with(prefix)) {
            out.push_back({prefix, help});
            continue;
        }
        const auto session = open_existing_session();
        const auto named = typed.substr(prefix.size());
        for (const auto& target :
             session ? setting_targets(info, named, *session->store) : std::vector<std::string>{}) {
            out.push_back({std::string(prefix).append(target), help});
        }
    }
    return out;
}

/// "routing.weights.price=", for `routes simulate --set`.
Candidates simulated_settings(const std::string& typed) {
    Candidates out;
    for (auto& setting : settings(typed)) {
        if (can_simulate(setting.value)) {
            setting.value += setting.value.ends_with('.') ? "" : "=";
            out.push_back(std::move(setting));
        }
    }
    return out;
}

/// "main-1a2b3c=openai", for `import-portkey --map`, once the slug is typed.
Candidates mapped_providers(const std::string& typed) {
    Candidates out;
    const auto equals = typed.find('=');
    if (equals == std::string::npos) {
        return out;
    }
    for (auto& provider : catalog_providers()) {
        out.push_back({typed.substr(0, equals + 1) + provider.value, provider.description});
    }
    return out;
}

/// Values of a setting that has only a few.
Candidates setting_values(const std::string& name) {
    Candidates out;
    const auto* const info = find_setting(name);
    if (info != nullptr && info->type == SettingType::boolean) {
        return {{"true", ""}, {"false", ""}};
    }
    for (const auto choice :
         info != nullptr ? info->choices : std::span<const std::string_view>()) {
        out.push_back({std::string(choice), ""});
    }
    return out;
}

/// What a placeholder of the command tree stands for: "MODEL", "LABEL", "text|json".
Candidates values_for(const std::string& placeholder, const std::vector<std::string>& path,
                      const std::string& typed) {
    if (placeholder.find('|') != std::string::npos) {
        Candidates out;
        for (const auto choice : split(placeholder, '|')) {
            out.push_back({std::string(choice), ""});
        }
        return out;
    }
    if (placeholder == "MODEL") {
        const auto slash = typed.find('/');
        if (slash != std::string::npos && catalog::find_provider(typed.substr(0, slash))) {
            return models_at(typed.substr(0, slash));
        }
        return models();
    }
    if (placeholder == "PROVIDER") {
        return path.back() == "add" ? addable_providers() : catalog_providers();
    }
    if (placeholder == "SLUG=PROVIDER") {
        return mapped_providers(typed);
    }
    if (placeholder == "SETTING=VALUE") {
        return simulated_settings(typed);
    }
    if (placeholder == "SETTING") {
        return settings(typed);
    }
    if (placeholder == "TEXT" && path == std::vector<std::string>{"models", "list"}) {
        return models();
    }
    if (placeholder == "COMMAND" && path == std::vector<std::string>{"help"}) {
        Candidates out;
        const auto tree = command_tree();
        for (const auto& name : subcommands(tree, {})) {
            out.push_back({name, find_command(tree, {name})->help});
        }
        return out;
    }
    const struct {
        std::string_view placeholder;
        Candidates (*list)();
    } kLists[] = {{"LABEL", provider_labels}, {"KEY", gateway_keys}, {"REQUEST", requests},
                  {"ROUTE", routes},          {"ALIAS", aliases},    {"SHELL", shells}};
    for (const auto& entry : kLists) {
        if (entry.placeholder == placeholder) {
            return entry.list();
        }
    }
    return {};
}

/// The words before the cursor, understood as far as completion needs it.
struct Line {
    std::vector<std::string> path;
    std::vector<std::string> arguments;
    std::string pending_flag;  ///< a flag whose value stands at the cursor
    bool only_arguments = false;
};

Line read_line(const std::vector<CommandInfo>& tree, const std::vector<std::string>& words) {
    Line line;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        const auto& word = words[i];
        if (!line.pending_flag.empty()) {
            line.pending_flag.clear();
        } else if (line.only_arguments) {
            line.arguments.push_back(word);
        } else if (word == "--") {
            line.only_arguments = true;
        } else if (word.starts_with("-") && word.size() > 1) {
            const bool joined = word.find('=') != std::string::npos;
            line.pending_flag = !joined && takes_value(tree, word) ? word : "";
        } else {
            auto next = line.path;
            next.push_back(word);
            if (line.arguments.empty() && find_command(tree, next) != nullptr) {
                line.path = std::move(next);
            } else {
                line.arguments.push_back(word);
            }
        }
    }
    // A bare noun stands for its list, whose flags it therefore takes.
    if (line.path.size() == 1 && words.back().starts_with("-") &&
        find_command(tree, {line.path[0], "list"}) != nullptr) {
        line.path.push_back("list");
    }
    return line;
}

const OptionInfo* find_option(const std::vector<CommandInfo>& tree,
                              const std::vector<std::string>& path, const std::string& flag) {
    for (const CommandInfo* command : {find_command(tree, path), find_command(tree, {})}) {
        for (const auto& option : command->options) {
            if (option.long_name == flag || option.short_name == flag) {
                return &option;
            }
        }
    }
    return nullptr;
}

Candidates flags_of(const std::vector<CommandInfo>& tree, const std::vector<std::string>& path) {
    Candidates out;
    const auto add = [&](const CommandInfo& command) {
        for (const auto& option : command.options) {
            const bool known = std::any_of(out.begin(), out.end(), [&](const CompletionItem& each) {
                return each.value == option.long_name;
            });
            if (!known && (option.long_name != "--version" || path.empty())) {
                out.push_back({option.long_name, option.help});
            }
        }
    };
    add(*find_command(tree, path));
    add(*find_command(tree, {}));
    return out;
}

Candidates below(const std::vector<CommandInfo>& tree, const Line& line, const std::string& typed) {
    Candidates out;
    if (line.arguments.empty() && !line.only_arguments) {
        for (const auto& name : subcommands(tree, line.path)) {
            auto path = line.path;
            path.push_back(name);
            out.push_back({name, find_command(tree, path)->help});
        }
    }
    const auto& positionals = find_command(tree, line.path)->positionals;
    if (positionals.empty()) {
        return out;
    }
    std::size_t at = line.arguments.size();
    if (at >= positionals.size()) {
        if (!positionals.back().repeatable) {
            return out;
        }
        at = positionals.size() - 1;
    }
    auto values = positionals[at].name == "VALUE" && at > 0
                      ? setting_values(line.arguments[at - 1])
                      : values_for(positionals[at].name, line.path, typed);
    out.insert(out.end(), values.begin(), values.end());
    return out;
}

}  // namespace

std::vector<CompletionItem> complete(const std::vector<std::string>& words) {
    if (words.empty()) {
        return {};
    }
    const auto tree = command_tree();
    const Line line = read_line(tree, words);
    std::string typed = words.back();
    std::string before;  // of a value in the same word: "--model="
    std::string flag = line.pending_flag;
    if (flag.empty() && !line.only_arguments && typed.starts_with("--") &&
        typed.find('=') != std::string::npos) {
        flag = typed.substr(0, typed.find('='));
        before = flag + "=";
        typed.erase(0, before.size());
    }
    Candidates found;
    if (!flag.empty()) {
        const OptionInfo* option = find_option(tree, line.path, flag);
        found = option == nullptr ? Candidates{} : values_for(option->value, line.path, typed);
    } else if (typed.starts_with("-") && !line.only_arguments) {
        found = flags_of(tree, line.path);
    } else {
        found = below(tree, line, typed);
    }
    Candidates out;
    for (auto& candidate : found) {
        if (candidate.value.starts_with(typed)) {
            out.push_back({before + candidate.value, std::move(candidate.description)});
        }
    }
    return out;
}

int run_complete(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& candidate : complete(words)) {
        text += printable(candidate.value);
        text += candidate.description.empty() ? "" : "\t" + printable(candidate.description);
        text += '\n';
    }
    write_out(text);
    return 0;
}

Result<int> run_completion(const GlobalOptions& global, const CompletionOptions& options) {
    const auto name = file_of(options.shell);
    const auto files = embedded_files();
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&](const EmbeddedFile& each) { return each.name == name; });
    if (file == files.end()) {
        return fail(Errc::usage, "there are completions for bash, zsh and fish",
                    "llmgw completion bash");
    }
    if (global.json) {
        write_out(print_json({{"shell", options.shell}, {"script", std::string(file->content)}}) +
                  "\n");
        return 0;
    }
    write_out(file->content);
    return 0;
}

}  // namespace llmgw
