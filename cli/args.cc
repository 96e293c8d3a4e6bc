// SPDX-License-Identifier: Apache-2.0
#include "cli/args.h"

#include <cstdlib>
#include <memory>
#include <utility>

#include "cli/args_tree.h"
#include "cli/cache.h"
#include "cli/chat.h"
#include "cli/completion.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/keys.h"
#include "cli/logs.h"
#include "cli/models.h"
#include "cli/providers.h"
#include "cli/routes.h"
#include "cli/serve.h"
#include "cli/usage.h"
#include "cli/value_checks.h"
#include "cli/version.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

/// What an error message needs to know before the words are parsed.
void scan_global_flags(const std::vector<std::string>& words, GlobalOptions& global) {
    for (const auto& word : words) {
        if (word == "--") {
            break;
        }
        global.json = global.json || word == "--json";
        global.quiet = global.quiet || word == "--quiet" || word == "-q";
    }
}

}  // namespace

CommandTree::CommandTree(GlobalOptions& global) : global_(global) {
    app_.name("llmgw");
    app_.set_help_flag("-h,--help", "Show help for this command");
    app_.fallthrough();
    // One command at most: later words that look like one are its arguments.
    app_.require_subcommand(0, 1);
    add_global_flags();
    add_chat();
    add_serve();
    add_providers();
    add_keys();
    add_models();
    add_cache();
    add_usage();
    add_logs();
    add_routes();
    add_import_portkey();
    add_config();
    add_others();
}

void CommandTree::add_global_flags() {
    app_.add_flag("--json", global_.json, "Print one JSON document; errors as JSON too");
    app_.add_flag("-q,--quiet", global_.quiet, "Print nothing on stderr but errors");
    app_.add_flag("-v,--verbose", global_.verbose, "Say more on stderr; twice for details");
    value(&app_, "--color", global_.color_name, "auto|always|never", "When to use colour");
    app_.add_flag("--no-input", global_.no_input, "Never ask anything [LLMGW_NO_INPUT]");
    app_.add_flag("--version", show_version_, "Print the version and the linked libraries");
}

void CommandTree::add_chat() {
    const auto o = std::make_shared<ChatOptions>();
    const auto run = [this, o]() -> Result<int> {
        // A conversation goes on with its own model, whatever the environment prefers.
        o->model = o->model.empty() && !o->continue_last ? variable("LLMGW_MODEL") : o->model;
        o->url = o->url.empty() ? variable("LLMGW_URL") : o->url;
        if (o->jsonl && global_.json) {
            return fail(Errc::usage, "--json and --jsonl exclude each other",
                        "--jsonl prints events as they happen, --json one document at the end");
        }
        return run_chat(global_, *o);
    };
    CLI::App* chat = command(&app_, "chat", "Send a prompt, or hold a conversation", run);
    argument(chat, "PROMPT", o->prompt, "The prompt; stdin comes before it, or where - stands",
             false);
    value(chat, "-m,--model", o->model, "MODEL", "The model, as in `models list` [LLMGW_MODEL]");
    value(chat, "-s,--system", o->system, "TEXT", "Instructions for the model");
    values(chat, "-f,--file", o->files, "FILE", "Attach a text, image or PDF file; - is stdin");
    values(chat, "--image", o->images, "FILE", "Attach an image");
    chat->add_flag("-c,--continue", o->continue_last, "Continue the last conversation");
    value(chat, "-t,--temperature", o->temperature, "NUMBER", "How freely to choose words, 0 to 2")
        ->check(check_temperature);
    value(chat, "--max-tokens", o->max_tokens, "N", "Answer with at most so many tokens")
        ->check(check_integer(1, 100'000'000));
    value(chat, "--schema", o->schema_file, "FILE", "Answer with JSON of this JSON Schema");
    pairs(chat, "-o,--option", o->options, "Set another field of the request, as in top_p=0.9");
    chat->add_flag("--no-stream", o->no_stream, "Print the answer when it is complete");
    chat->add_flag("-x,--extract", o->extract, "Print only the first code block of the answer");
    chat->add_flag("-u,--usage", o->usage, "Show tokens, cost and time on stderr");
    chat->add_flag("--jsonl", o->jsonl, "Print each event as a line of JSON");
    chat->add_flag("--dry-run", o->dry_run, "Print the request that would be sent; send nothing");
    value(chat, "--url", o->url, "URL", "Send it to a running gateway [LLMGW_URL]");
}

void CommandTree::add_serve() {
    struct Flags {
        ServeOptions serve;
        std::string drain = "30s", format = "text";
    };
    const auto o = std::make_shared<Flags>();
    const auto run = [this, o]() -> Result<int> {
        o->serve.drain_ms = parse_duration_ms(o->drain).value_or(o->serve.drain_ms);
        o->serve.log_json = o->format == "json";
        return run_serve(global_, o->serve);
    };
    CLI::App* serve = command(&app_, "serve", "Run the gateway in the foreground", run);
    value(serve, "--host", o->serve.host, "ADDRESS", "Listen on this address (127.0.0.1)");
    value(serve, "--port", o->serve.port, "PORT", "Listen on this port (4114); 0: any free one")
        ->check(check_integer(0, 65535));
    serve->add_flag("--no-auth", o->serve.no_auth, "Ask clients for no key; loopback only");
    value(serve, "--drain", o->drain, "DURATION", "How long live requests may take to end (30s)")
        ->check(check_duration);
    value(serve, "--log-level", o->serve.log_level, "debug|info|warn|error", "What to log (info)");
    value(serve, "--log-format", o->format, "text|json", "How to log (text)");

    command(serve, "status", "Show what the running gateway is doing",
            [this] { return run_serve_status(global_); });
    const auto stop = std::make_shared<ServeStopOptions>();
    CLI::App* app = verb(serve, "stop", "Stop the running gateway", run_serve_stop, stop);
    app->add_flag("--now", stop->now, "Cut live requests off");
}

void CommandTree::add_providers() {
    CLI::App* noun = command(&app_, "providers", "Provider keys and the addresses they are for");
    command(noun, "list", "List the providers with a key",
            [this] { return run_providers_list(global_); });

    const auto add = std::make_shared<ProvidersAddOptions>();
    CLI::App* app =
        verb(noun, "add", "Store a provider's key, or where to find it", run_providers_add, add);
    argument(app, "PROVIDER", add->provider, "From `providers catalog`, or custom, or ollama");
    value(app, "--name", add->name, "NAME", "Its label, for a second key or a custom provider");
    value(app, "--base-url", add->base_url, "URL", "Its address with the version path, …/v1");
    value(app, "--weight", add->weight, "N", "Its share among keys of the same provider (1)")
        ->check(check_integer(0, 1'000'000));
    value(app, "--region", add->region, "REGION", "The region that serves it");
    pairs(app, "--option", add->options, "An option of the provider");
    key_flags(app, add->key);
    add_label_verbs(noun);

    const auto catalog = std::make_shared<ProvidersCatalogOptions>();
    app = verb(noun, "catalog", "List the providers llmgw knows", run_providers_catalog, catalog);
    argument(app, "TEXT", catalog->words, "Only those whose id or name has these words", false);
}

void CommandTree::add_label_verbs(CLI::App* providers) {
    const struct {
        const char *name, *help;
        Result<int> (*function)(const GlobalOptions&, const ProviderLabel&);
    } verbs[] = {
        {"show", "Show one provider", run_providers_show},
        {"test", "Ask providers for their models, and time it", run_providers_test},
        {"enable", "Use a provider again", run_providers_enable},
        {"disable", "Keep a provider, but do not use it", run_providers_disable},
        {"remove", "Forget a provider and its key", run_providers_remove},
    };
    for (const auto& entry : verbs) {
        const auto o = std::make_shared<ProviderLabel>();
        CLI::App* app = verb(providers, entry.name, entry.help, entry.function, o);
        const bool required = entry.function != run_providers_test;
        argument(app, "LABEL", o->label, "Its label, as in `providers list`", required);
        if (entry.function == run_providers_remove) {
            app->add_flag("--yes", o->yes, "Do not ask");
        }
    }
}

void CommandTree::add_keys() {
    CLI::App* noun = command(&app_, "keys", "Keys for clients of the gateway");
    command(noun, "list", "List the keys", [this] { return run_keys_list(global_); });
    const auto create = std::make_shared<KeysCreateOptions>();
    CLI::App* app = verb(noun, "create", "Make a key and print it, once", run_keys_create, create);
    argument(app, "NAME", create->name, "A name for it");
    value(app, "--expires", create->expires, "DURATION", "It ends after this long, as in 30d")
        ->check(check_duration);
    value(app, "--route", create->route, "ROUTE", "All its requests take this route");
    const auto show = std::make_shared<KeyName>();
    app = verb(noun, "show", "Show one key, without the secret", run_keys_show, show);
    argument(app, "KEY", show->name, "Its name or id");
    const auto update = std::make_shared<KeysUpdateOptions>();
    app = verb(noun, "update", "Change what a key is for", run_keys_update, update);
    argument(app, "KEY", update->name, "Its name or id");
    value(app, "--route", update->route, "ROUTE", "All its requests take this route");
    app->add_flag("--no-route", update->no_route, "Its requests go where they ask to go");
    const auto revoke = std::make_shared<KeyName>();
    app = verb(noun, "revoke", "End a key at once", run_keys_revoke, revoke);
    argument(app, "KEY", revoke->name, "Its name or id");
    app->add_flag("--yes", revoke->yes, "Do not ask");
}

void CommandTree::add_models() {
    CLI::App* noun = command(&app_, "models", "The models, what they can do and what they cost");
    const auto list = std::make_shared<ModelsListOptions>();
    CLI::App* app = verb(noun, "list", "List the models", run_models_list, list);
    argument(app, "TEXT", list->words, "Only those whose id or name has these words", false);
    value(app, "-p,--provider", list->provider, "PROVIDER", "Only this provider's");
    std::string names;
    for (const auto& name : capability_names()) {
        names += (names.empty() ? "" : "|") + name;
    }
    values(app, "--capability", list->capabilities, names, "Only those that can do this")
        ->check(check_choice(names));
    value(app, "--output", list->output, "KIND", "Only those that make text, image, embedding …");
    value(app, "--sort", list->sort, "name|price|context|released", "The order (name)");
    app->add_flag("--all", list->all, "Also those no longer offered");
    app->add_flag("--available", list->available, "Only those that a key of yours can use");
    app->add_flag("--aliases", list->aliases, "Your aliases instead");

    const auto show = std::make_shared<ModelName>();
    app = verb(noun, "show", "Show one model at all its providers", run_models_show, show);
    argument(app, "MODEL", show->name, "Its id, or an alias");
    const auto alias = std::make_shared<ModelsAliasOptions>();
    app = verb(noun, "alias", "Give a model another name", run_models_alias, alias);
    argument(app, "NAME", alias->name, "The new name");
    argument(app, "MODEL", alias->target, "The model it stands for");
    const auto unalias = std::make_shared<ModelName>();
    app = verb(noun, "unalias", "Forget an alias", run_models_unalias, unalias);
    argument(app, "ALIAS", unalias->name, "The alias");
}

void CommandTree::add_cache() {
    CLI::App* noun = command(&app_, "cache", "The response cache");
    const auto on = std::make_shared<CacheOnOptions>();
    CLI::App* app =
        verb(noun, "on", "Answer repeated requests from stored answers", run_cache_on, on);
    value(app, "--ttl", on->ttl, "DURATION", "How long answers are stored (cache.ttl)")
        ->check(check_duration);
    command(noun, "off", "Ask a provider each time", [this] { return run_cache_off(global_); });
    command(noun, "status", "Show what is stored, and what it has saved",
            [this] { return run_cache_status(global_); });
    const auto clear = std::make_shared<CacheClearOptions>();
    app = verb(noun, "clear", "Remove stored answers", run_cache_clear, clear);
    value(app, "-m,--model", clear->model, "MODEL", "Only this model's, or these: gpt-4*");
    value(app, "--older-than", clear->older_than, "DURATION", "Only those older than this")
        ->check(check_duration);
    value(app, "--key", clear->key, "KEY", "Only those made for this gateway key");
    app->add_flag("--yes", clear->yes, "Do not ask");
}

void CommandTree::add_usage() {
    const auto o = std::make_shared<UsageOptions>();
    CLI::App* app = verb(&app_, "usage", "Requests, tokens, cost and times", run_usage, o);
    value(app, "--by", o->by, "model|provider|key|day|route|portkey-header",
          "What to sum up by (model)");
    value(app, "--since", o->since, "DURATION", "Only the last so long, to the hour (30d)")
        ->check(check_duration);
}

void CommandTree::add_logs() {
    CLI::App* noun = command(&app_, "logs", "The log of requests");
    const auto list = std::make_shared<LogsListOptions>();
    CLI::App* app = verb(noun, "list", "List the latest requests", run_logs_list, list);
    value(app, "--limit", list->limit, "N", "At most so many (20)")
        ->check(check_integer(1, 1'000'000));
    value(app, "--since", list->since, "DURATION", "Only those that ended in the last so long")
        ->check(check_duration);
    value(app, "-m,--model", list->model, "MODEL", "Only this model's, or these: gpt-4*");
    value(app, "-p,--provider", list->provider, "PROVIDER", "Only those of this provider");
    value(app, "--key", list->key, "LABEL", "Only those with this provider key");
    app->add_flag("--errors", list->errors, "Only those that failed");
    app->add_flag("--follow", list->follow, "Go on with each new request, until interrupted");

    const auto show = std::make_shared<LogId>();
    app = verb(noun, "show", "Show one request, its attempts and its routing", run_logs_show, show);
    argument(app, "REQUEST", show->id, "Its id, as in x-request-id and `logs list`");
    const auto exported = std::make_shared<LogsExportOptions>();
    app = verb(noun, "export", "Print the log, a JSON object a line", run_logs_export, exported);
    value(app, "--since", exported->since, "DURATION", "Only what ended in the last so long")
        ->check(check_duration);
    const auto prune = std::make_shared<LogsPruneOptions>();
    app = verb(noun, "prune", "Remove old requests from the log", run_logs_prune, prune);
    value(app, "--older-than", prune->older_than, "DURATION", "Those older than this (logs.keep)")
        ->check(check_duration);
    app->add_flag("--yes", prune->yes, "Do not ask");
}

void CommandTree::add_routes() {
    CLI::App* noun = command(&app_, "routes", "Named routes, whom requests go to, and why");
    add_named_routes(noun);
    const auto explain = std::make_shared<RoutesExplainOptions>();
    CLI::App* app = verb(noun, "explain", "Show whom a request would go to, and why",
                         run_routes_explain, explain);
    argument(app, "MODEL", explain->model, "The model; without it that of the request", false);
    value(app, "--request", explain->request_file, "FILE",
          "For this request, the body of a chat completion; - is stdin");
    value(app, "--metadata", explain->metadata, "JSON",
          "What x-llmgw-metadata would say, for the conditions of routes");
    const auto simulate = std::make_shared<RoutesSimulateOptions>();
    app = verb(noun, "simulate", "Route the logged requests again under other settings",
               run_routes_simulate, simulate);
    value(app, "--since", simulate->since, "DURATION", "Those of the last so long (7d)")
        ->check(check_duration);
    value(app, "-m,--model", simulate->model, "MODEL", "Only this model's, or these: gpt-4*");
    pairs(app, "--set", simulate->settings, "Try another value of a setting, as in `config set`")
        ->type_name("SETTING=VALUE");
    value(app, "--limit", simulate->limit, "N", "Only the newest so many (100000)")
        ->check(check_integer(1, 1'000'000'000));
}

void CommandTree::add_named_routes(CLI::App* routes) {
    command(routes, "list", "List the named routes", [this] { return run_routes_list(global_); });
    const auto show = std::make_shared<RouteName>();
    CLI::App* app = verb(routes, "show", "Print a route's document", run_routes_show, show);
    argument(app, "ROUTE", show->name, "Its name");
    const auto set = std::make_shared<RouteFile>();
    app = verb(routes, "set", "Make or change a route", run_routes_set, set);
    argument(app, "ROUTE", set->name, "Its name: requests ask for route/NAME");
    argument(app, "FILE", set->file, "Its document; - is stdin");
    const auto validate = std::make_shared<RouteFile>();
    app = verb(routes, "validate", "Check a route's document", run_routes_validate, validate);
    argument(app, "FILE", validate->file, "The document; - is stdin");
    const auto remove = std::make_shared<RouteName>();
    app = verb(routes, "remove", "Forget a route", run_routes_remove, remove);
    argument(app, "ROUTE", remove->name, "Its name");
    app->add_flag("--yes", remove->yes, "Do not ask");
}

void CommandTree::add_config() {
    CLI::App* noun = command(&app_, "config", "Settings");
    const auto list = std::make_shared<ConfigListOptions>();
    CLI::App* app = verb(noun, "list", "List the settings in force", run_config_list, list);
    app->add_flag("--origin", list->origin, "Also show where each value comes from");
    const auto get = std::make_shared<SettingOptions>();
    app = verb(noun, "get", "Print one setting's value", run_config_get, get);
    argument(app, "SETTING", get->name, "Its name, as in `config list`");
    const auto set = std::make_shared<SettingOptions>();
    app = verb(noun, "set", "Change a setting", run_config_set, set);
    argument(app, "SETTING", set->name, "Its name, as in `config list`");
    argument(app, "VALUE", set->value, "The new value");
    const auto unset = std::make_shared<SettingOptions>();
    app = verb(noun, "unset", "Go back to a setting's default", run_config_unset, unset);
    argument(app, "SETTING", unset->name, "Its name, as in `config list`");
}

void CommandTree::add_others() {
    const auto shell = std::make_shared<CompletionOptions>();
    CLI::App* app =
        verb(&app_, "completion", "Print the completion file of a shell", run_completion, shell);
    argument(app, "SHELL", shell->shell, "bash, zsh or fish");
    const auto path = std::make_shared<std::vector<std::string>>();
    app = command(&app_, "help", "Show help for a command", [path] { return run_help(*path); });
    argument(app, "COMMAND", *path, "The command, and its verb", false);
    command(&app_, "version", "Print the version", [this] {
        return run_version(global_);
    })->group("");
    command(&app_, "__options", "Print the command tree as JSON", run_options_dump)->group("");
}

Result<Action> parse_args(const std::vector<std::string>& words, GlobalOptions& global) {
    if (!words.empty() && words[0] == "__complete") {
        // Before CLI11 sees it: the words may be half a flag.
        return Action([rest = std::vector(words.begin() + 1, words.end())]() -> Result<int> {
            return run_complete(rest);
        });
    }
    const auto tree = std::make_shared<CommandTree>(global);
    auto action = tree->parse(words);
    if (!action) {
        scan_global_flags(words, global);
        return tl::unexpected(std::move(action.error()));
    }
    global.no_input = global.no_input || !variable("LLMGW_NO_INPUT").empty();
    // The options live in the tree's closures, which use the tree.
    return Action([tree, run = *std::move(action)] { return run(); });
}

std::vector<CommandInfo> command_tree() {
    GlobalOptions global;
    return CommandTree(global).describe();
}

}  // namespace llmgw
