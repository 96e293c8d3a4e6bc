// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/args.h"
#include "cli/globals.h"
#include "cli/secret_input.h"
#include "cli/usage_error.h"
#include "cli/value_checks.h"
#include "cli/words.h"
#include "common/base/error.h"

namespace llmgw {

/// The command tree. Its functions add one noun each; what a command runs hangs beside it.
class CommandTree {
  public:
    explicit CommandTree(GlobalOptions& global);

    Result<Action> parse(std::vector<std::string> words);
    [[nodiscard]] std::vector<CommandInfo> describe() const;

  private:
    struct Node {
        Action run;
        std::vector<const CLI::Option*> required;
    };

    // Building blocks.
    CLI::App* command(CLI::App* parent, const std::string& name, const std::string& help,
                      Action run = nullptr);
    template <typename T>
    CLI::Option* value(CLI::App* app, const std::string& names, T& target,
                       const std::string& placeholder, const std::string& help);
    CLI::Option* values(CLI::App* app, const std::string& names, std::vector<std::string>& target,
                        const std::string& placeholder, const std::string& help);
    template <typename T>
    CLI::Option* argument(CLI::App* app, const std::string& name, T& target,
                          const std::string& help, bool required = true);
    CLI::Option* pairs(CLI::App* app, const std::string& names,
                       std::vector<std::pair<std::string, std::string>>& target,
                       const std::string& help);
    void key_flags(CLI::App* app, KeyFlags& flags);
    template <typename Options>
    CLI::App* verb(CLI::App* noun, const std::string& name, const std::string& help,
                   Result<int> (*function)(const GlobalOptions&, const Options&),
                   std::shared_ptr<Options> options);

    void add_global_flags();
    void add_chat();
    void add_serve();
    void add_providers();
    void add_label_verbs(CLI::App* providers);
    void add_keys();
    void add_models();
    void add_cache();
    void add_usage();
    void add_logs();
    void add_routes();
    void add_import_portkey();
    void add_named_routes(CLI::App* routes);
    void add_config();
    void add_others();

    // Reading the words.
    [[nodiscard]] const CLI::App* deepest() const;
    [[nodiscard]] UsageContext context() const;
    Result<Action> chosen();
    [[nodiscard]] static std::vector<std::string> path_of(const CLI::App* app);
    [[nodiscard]] static CommandInfo describe_one(const CLI::App* app,
                                                  const std::vector<const CLI::Option*>& required);
    void describe_below(const CLI::App* app, std::vector<CommandInfo>& out) const;

    CLI::App app_{"llmgw"};
    GlobalOptions& global_;
    std::map<const CLI::App*, Node> nodes_;
    bool show_version_ = false;
};

template <typename T>
CLI::Option* CommandTree::value(CLI::App* app, const std::string& names, T& target,
                                const std::string& placeholder, const std::string& help) {
    CLI::Option* option = app->add_option(names, target, help)->type_name(placeholder);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    if (placeholder.find('|') != std::string::npos) {
        option->check(check_choice(placeholder));
    }
    return option;
}

template <typename T>
CLI::Option* CommandTree::argument(CLI::App* app, const std::string& name, T& target,
                                   const std::string& help, bool required) {
    CLI::Option* option = app->add_option(name, target, help);
    option->transform([](std::string word) { return unprotected(std::move(word)); });
    if (required) {
        nodes_[app].required.push_back(option);
    }
    return option;
}

template <typename Options>
CLI::App* CommandTree::verb(CLI::App* noun, const std::string& name, const std::string& help,
                            Result<int> (*function)(const GlobalOptions&, const Options&),
                            std::shared_ptr<Options> options) {
    return command(noun, name, help,
                   [this, function, options] { return function(global_, *options); });
}

}  // namespace llmgw
