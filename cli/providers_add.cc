// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "cli/output.h"
#include "cli/provider_rows.h"
#include "cli/providers.h"
#include "cli/session.h"
#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {
namespace {

/// Model servers that are added by name and looked for on this machine.
struct LocalKind {
    std::string_view id;
    std::string_view name;
    std::string_view start;  ///< how it is started
    std::string_view example_url;
};
constexpr std::array<LocalKind, 4> kLocalKinds = {{
    {"ollama", "Ollama", "ollama serve", "http://127.0.0.1:11434/v1"},
    {"llama.cpp", "llama.cpp", "llama-server -m MODEL.gguf", "http://127.0.0.1:8080/v1"},
    {"vllm", "vLLM", "vllm serve MODEL", "http://127.0.0.1:8000/v1"},
    {"lm-studio", "LM Studio", "lms server start", "http://127.0.0.1:1234/v1"},
}};

const LocalKind* local_kind(std::string_view id) {
    const auto* found = std::find_if(kLocalKinds.begin(), kLocalKinds.end(),
                                     [&](const LocalKind& kind) { return kind.id == id; });
    return found == kLocalKinds.end() ? nullptr : found;
}

bool any_key_flag(const KeyFlags& flags) {
    return flags.from_stdin || flags.none || !flags.file.empty() || !flags.command.empty() ||
           !flags.env.empty();
}

Error unknown_provider(const std::string& word) {
    std::vector<std::string> names = {"custom"};
    for (const auto& kind : kLocalKinds) {
        names.emplace_back(kind.id);
    }
    for (const auto& provider : catalog::providers()) {
        names.emplace_back(provider.id);
    }
    const bool show = !looks_like_secret(word);
    return fail(Errc::not_found,
                "there is no provider" + (show ? " '" + printable(word) + "'" : std::string()),
                suggest(word, names,
                        "llmgw providers catalog lists them; any other OpenAI-compatible server "
                        "is added with: llmgw providers add custom --name NAME --base-url URL"))
        .value();
}

/// A label that reads like another provider would make model ids ambiguous.
Result<void> check_label(const std::string& label, const std::string& provider) {
    if (auto checked = check_name("a label", label); !checked) {
        return checked;
    }
    constexpr std::array<std::string_view, 5> kReserved = {"route", "auto", "mock", "custom",
                                                           "llmgw"};
    const bool reserved = std::find(kReserved.begin(), kReserved.end(), label) != kReserved.end();
    if (reserved || (label != provider && catalog::find_provider(label) != nullptr)) {
        return fail(Errc::usage, "the label '" + label + "' has a meaning of its own",
                    "choose another with --name");
    }
    return {};
}

/// What is added, before its key is known.
struct Plan {
    ProviderKey key;
    std::string subject;                 ///< whose key: "OpenAI"
    std::vector<std::string> variables;  ///< of the catalog
    bool keyless = false;                ///< a local server
};

Result<Plan> plan_local(const LocalKind& kind, const ProvidersAddOptions& options) {
    Plan plan;
    plan.key.provider = "custom";
    plan.key.label = options.name.empty() ? std::string(kind.id) : options.name;
    plan.key.base_url = options.base_url;
    plan.subject = std::string(kind.name);
    plan.keyless = true;
    if (!options.base_url.empty()) {
        return plan;
    }
    for (const auto& server : find_local_servers()) {
        if (server.provider == kind.id) {
            plan.key.base_url = server.base_url;
            return plan;
        }
    }
    return fail(Errc::not_found,
                std::string(kind.name) + " does not answer on its usual port of this machine",
                "start it (" + std::string(kind.start) + "), or give its address: --base-url " +
                    std::string(kind.example_url));
}

Result<Plan> plan_custom(const ProvidersAddOptions& options) {
    if (options.name.empty() || options.base_url.empty()) {
        return fail(Errc::usage, "a custom provider needs a name and an address",
                    "llmgw providers add custom --name lab --base-url http://127.0.0.1:8000/v1");
    }
    Plan plan;
    plan.key.provider = "custom";
    plan.key.label = options.name;
    plan.key.base_url = options.base_url;
    plan.subject = options.name;
    return plan;
}

Result<Plan> plan_catalog(const Provider& provider, const ProvidersAddOptions& options) {
    if (provider.wire == Wire::mock) {
        return fail(Errc::usage, "the provider 'mock' is built in: it needs no key",
                    "llmgw chat -m mock/echo hello");
    }
    Plan plan;
    plan.key.provider = std::string(provider.id);
    plan.key.label = options.name.empty() ? plan.key.provider : options.name;
    plan.subject = std::string(provider.name);
    for (const auto variable : provider.env) {
        plan.variables.emplace_back(variable);
    }
    auto address = provider_address(provider, options.base_url, options.region);
    if (!address) {
        return tl::unexpected(std::move(address.error()));
    }
    plan.key.base_url = std::move(address->base_url);
    plan.key.options = std::move(address->options);
    return plan;
}

Result<Plan> make_plan(const ProvidersAddOptions& options) {
    Result<Plan> plan = tl::unexpected(Error{});
    if (options.provider == "custom") {
        plan = plan_custom(options);
    } else if (const auto* kind = local_kind(options.provider)) {
        plan = plan_local(*kind, options);
    } else if (const auto* provider = catalog::find_provider(options.provider)) {
        plan = plan_catalog(*provider, options);
    } else {
        return tl::unexpected(unknown_provider(options.provider));
    }
    if (!plan) {
        return plan;
    }
    if (auto checked = check_label(plan->key.label, plan->key.provider); !checked) {
        return tl::unexpected(std::move(checked.error()));
    }
    auto url = parse_base_url(plan->key.base_url);
    if (!url) {
        url.error().kind = Errc::usage;
        return tl::unexpected(std::move(url.error()));
    }
    plan->key.base_url = url->text();
    plan->key.weight = options.weight;
    plan->key.region = options.region;
    // What was said in so many words comes first, and so holds.
    plan->key.options.insert(plan->key.options.begin(), options.options.begin(),
                             options.options.end());
    return plan;
}

Result<void> check_free(Store& store, const ProviderKey& key) {
    auto existing = store.provider_key(key.label);
    if (!existing) {
        return tl::unexpected(std::move(existing.error()));
    }
    if (*existing) {
        return fail(Errc::conflict, "there is a provider labelled '" + key.label + "' already",
                    "add this one with --name, or first: llmgw providers remove " + key.label);
    }
    return {};
}

/// Puts the key into the plan, sealed if it is to be stored.
Result<void> attach_key(const Home& home, ProviderKey& key, KeyInput input) {
    key.source = input.source;
    key.source_ref = std::move(input.ref);
    if (input.source != SecretSource::stored) {
        return {};
    }
    const auto vault = Vault::open(home.master_key(), true);
    if (!vault) {
        return tl::unexpected(vault.error());
    }
    auto sealed = (*vault)->seal(input.secret, secret_context(key));
    if (!sealed) {
        return tl::unexpected(std::move(sealed.error()));
    }
    key.sealed = *std::move(sealed);
    key.fingerprint = mask_secret(input.secret);
    return {};
}

void warn_about(const GlobalOptions& global, const ProviderKey& key) {
    const auto url = parse_base_url(key.base_url);
    if (url && !url->tls && !url->is_loopback() && key.source != SecretSource::none) {
        warn(global, "the key will travel unencrypted to " + url->origin());
    }
    const auto* provider = catalog::find_provider(key.provider);
    if (provider != nullptr && !catalog::can_send(provider->wire)) {
        warn(global, "this version cannot send requests to " + std::string(provider->name) +
                         " yet; the key is kept for one that can");
    }
}

}  // namespace

Result<int> run_providers_add(const GlobalOptions& global, const ProvidersAddOptions& options) {
    auto plan = make_plan(options);
    if (!plan) {
        return tl::unexpected(std::move(plan.error()));
    }
    auto session = open_session();
    if (!session) {
        return tl::unexpected(std::move(session.error()));
    }
    // Before the key is asked for: nobody likes to type one for nothing.
    if (auto free = check_free(*session->store, plan->key); !free) {
        return tl::unexpected(std::move(free.error()));
    }
    Result<KeyInput> input = KeyInput{};
    if (!plan->keyless || any_key_flag(options.key)) {
        input = read_key(global, options.key, {plan->subject, plan->variables});
    }
    if (!input) {
        return tl::unexpected(std::move(input.error()));
    }
    if (auto attached = attach_key(session->home, plan->key, *std::move(input)); !attached) {
        return tl::unexpected(std::move(attached.error()));
    }
    plan->key.created_at = unix_ms();
    if (auto added = session->store->add_provider_key(plan->key); !added) {
        return tl::unexpected(std::move(added.error()));
    }
    warn_about(global, plan->key);
    if (global.json) {
        write_out(provider_json_text({.key = plan->key, .stored = true}));
        return 0;
    }
    note(global, "added " + plan->key.label + " (" + plan->key.base_url +
                     "); next: llmgw providers test " + plan->key.label);
    return 0;
}

}  // namespace llmgw
