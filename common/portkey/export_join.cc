// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/base/shell_word.h"
#include "common/base/text.h"
#include "common/portkey/exports.h"
#include "common/portkey/secret_text_kind.h"

namespace llmgw {
namespace {

/// A resource's address without the index that its state has: "portkey_config.prod[0]".
std::string base_address(const std::string& address) {
    return address.substr(0, address.find('['));
}

template <typename Item>
void collect_state(const std::vector<Item>& items, std::set<std::string>& addresses) {
    for (const auto& item : items) {
        if (item.place.is_state) {
            addresses.insert(base_address(item.place.address));
        }
    }
}

/// The source of a resource says less than its state.
template <typename Item>
void drop_sources(std::vector<Item>& items, const std::set<std::string>& in_state) {
    std::erase_if(items, [&](const Item& item) {
        return !item.place.is_state && in_state.contains(item.place.address);
    });
}

/// What Terraform's provider makes of a name when there is no slug.
std::string slug_from(std::string_view name) {
    std::string out;
    for (const char c : to_lower(name)) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (letter || (!out.empty() && out.back() != '-')) {
            out += letter ? c : '-';
        }
    }
    while (out.ends_with('-')) {
        out.pop_back();
    }
    return out;
}

void guess_slugs(PortkeyExports& exports) {
    for (auto& key : exports.keys) {
        if (!key.slug.empty()) {
            continue;
        }
        key.slug = slug_from(key.name);
        if (key.place.address.empty() || key.kind == ExportedKeyKind::integration) {
            continue;
        }
        Finding finding;
        finding.code = "X-SLUG";
        finding.file = key.place.file;
        finding.line = key.place.line;
        finding.portkey = "gave " + key.place.address + " its slug when Terraform made it";
        finding.llmgw = "takes it to be " + key.slug;
        finding.action = "import terraform.tfstate as well, which has the slug";
        exports.findings.push_back(std::move(finding));
    }
}

/// What Terraform's references stand for, by the resource's address.
using References = std::map<std::string, std::string>;

References references_of(const PortkeyExports& exports) {
    References out;
    for (const auto& config : exports.configs) {
        const std::string address = base_address(config.place.address);
        out[address] = config.slug.empty() ? address : config.slug;
    }
    for (const auto& key : exports.keys) {
        out[base_address(key.place.address)] = key.slug;
    }
    out.erase("");
    return out;
}

/// Puts slugs where "${portkey_provider.openai.slug}" or the bare reference stands.
void resolve(std::string& text, const References& references) {
    constexpr std::string_view kPrefix = "portkey_";
    const auto is_word = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    for (std::size_t at = text.find(kPrefix); at != std::string::npos;
         at = text.find(kPrefix, at + 1)) {
        std::size_t end = at;
        while (end < text.size() && is_word(text[end])) {
            end++;
        }
        const std::string path = text.substr(at, end - at);
        const auto found = references.find(path.substr(0, path.rfind('.')));
        if (found == references.end()) {
            continue;
        }
        const bool braced =
            at >= 2 && text.compare(at - 2, 2, "${") == 0 && end < text.size() && text[end] == '}';
        const std::size_t from = braced ? at - 2 : at;
        text.replace(from, end + (braced ? 1 : 0) - from, found->second);
        at = from;
    }
}

void resolve_references(PortkeyExports& exports) {
    const References references = references_of(exports);
    if (references.empty()) {
        return;
    }
    for (auto& config : exports.configs) {
        if (config.body) {
            resolve(config.body->json, references);
        }
    }
    for (auto& key : exports.keys) {
        resolve(key.integration, references);
    }
    for (auto& key : exports.api_keys) {
        resolve(key.config, references);
    }
}

void fill(std::string& into, const std::string& from) {
    into = into.empty() ? from : into;
}

/// Azure's details have two names each, with and without the provider's.
bool is_same_detail(const std::string& a, const std::string& b) {
    return a == b || a == "azure_" + b || b == "azure_" + a;
}

/// What `from` says and `into` does not.
void fill_key(ExportedKey& into, const ExportedKey& from) {
    fill(into.provider, from.provider);
    fill(into.secret_store, from.secret_store);
    const bool better = secret_text_kind(into.secret) != SecretTextKind::secret &&
                        secret_text_kind(from.secret) == SecretTextKind::secret;
    if (better || into.secret.empty()) {
        into.secret = from.secret;
        into.place = better ? from.place : into.place;
    }
    for (const auto& detail : from.details) {
        const bool known =
            std::any_of(into.details.begin(), into.details.end(),
                        [&](const auto& own) { return is_same_detail(own.first, detail.first); });
        if (!known) {
            into.details.push_back(detail);
        }
    }
    if (into.deployments.empty()) {
        into.deployments = from.deployments;
    }
    if (into.headers.empty()) {
        into.headers = from.headers;
    }
    into.has_placeholders = into.has_placeholders || from.has_placeholders;
}

/// Several answers about one key: a list's entry and the key itself.
void merge_same_keys(PortkeyExports& exports) {
    std::vector<ExportedKey> merged;
    for (auto& key : exports.keys) {
        const bool integration = key.kind == ExportedKeyKind::integration;
        const auto same = std::find_if(merged.begin(), merged.end(), [&](const ExportedKey& other) {
            return other.slug == key.slug &&
                   (other.kind == ExportedKeyKind::integration) == integration;
        });
        if (same == merged.end() || key.slug.empty()) {
            merged.push_back(std::move(key));
            continue;
        }
        fill_key(*same, key);
        fill(same->id, key.id);
        fill(same->name, key.name);
        fill(same->integration, key.integration);
        fill(same->status, key.status);
        fill(same->expires_at, key.expires_at);
        same->limits = same->limits.empty() ? key.limits : same->limits;
    }
    exports.keys = std::move(merged);
}

void use_integrations(PortkeyExports& exports) {
    std::set<std::string> used;
    for (auto& key : exports.keys) {
        if (key.kind == ExportedKeyKind::integration || key.integration.empty()) {
            continue;
        }
        for (const auto& integration : exports.keys) {
            if (integration.kind == ExportedKeyKind::integration &&
                (integration.slug == key.integration || integration.id == key.integration)) {
                fill_key(key, integration);
                key.limits.insert(key.limits.end(), integration.limits.begin(),
                                  integration.limits.end());
                used.insert(integration.slug);
            }
        }
        used.insert(key.slug);
    }
    // One that no key belongs to is used by its own slug; so is one that a config names.
    const auto is_named = [&](const std::string& slug) {
        return std::any_of(exports.configs.begin(), exports.configs.end(), [&](const auto& config) {
            return config.body &&
                   (config.body->json.find("@" + slug + "\"") != std::string::npos ||
                    config.body->json.find("@" + slug + "/") != std::string::npos ||
                    config.body->json.find("@" + slug + "\\\"") != std::string::npos);
        });
    };
    const std::set<std::string> slugs = [&] {
        std::set<std::string> out;
        for (const auto& key : exports.keys) {
            if (key.kind != ExportedKeyKind::integration) {
                out.insert(key.slug);
            }
        }
        return out;
    }();
    std::erase_if(exports.keys, [&](const ExportedKey& key) {
        return key.kind == ExportedKeyKind::integration &&
               (slugs.contains(key.slug) || (used.contains(key.slug) && !is_named(key.slug)));
    });
}

/// One config for each slug: the latest version, or the entry that has a body.
void merge_same_configs(PortkeyExports& exports) {
    std::vector<ExportedConfig> merged;
    for (auto& config : exports.configs) {
        const auto same =
            std::find_if(merged.begin(), merged.end(), [&](const ExportedConfig& other) {
                return !config.slug.empty() && other.slug == config.slug;
            });
        if (same == merged.end()) {
            merged.push_back(std::move(config));
            continue;
        }
        const bool replaces = config.body && (!same->body || config.changed_at > same->changed_at);
        ExportedConfig& kept = *same;
        ExportedConfig older = replaces ? std::exchange(kept, std::move(config)) : config;
        // A file's name is no name as long as anything else says one.
        if (kept.name == kept.slug || kept.name.empty()) {
            kept.name = older.name.empty() ? kept.name : older.name;
        }
        fill(kept.id, older.id);
    }
    exports.configs = std::move(merged);
}

/// Lists name configs without their content: one finding for each such file.
void tell_missing_bodies(PortkeyExports& exports) {
    std::map<std::string, std::vector<const ExportedConfig*>> files;
    for (const auto& config : exports.configs) {
        if (!config.body) {
            files[config.place.file].push_back(&config);
        }
    }
    for (const auto& [file, configs] : files) {
        std::string slugs;
        for (const auto* config : configs) {
            slugs += " " + shell_word(config->slug);
        }
        Finding finding;
        finding.severity = Severity::warning;
        finding.code = "X-NOBODY";
        finding.file = file;
        finding.line = configs.front()->place.line;
        finding.pointer = configs.front()->place.pointer;
        finding.portkey = "lists configs without their content:" + slugs;
        finding.llmgw = "cannot import them";
        finding.action = "for s in" + slugs +
                         "; do curl -s https://api.portkey.ai/v1/configs/$s -H "
                         "\"x-portkey-api-key: $PORTKEY_API_KEY\" -o $s.json; done, and import "
                         "these files as well";
        exports.findings.push_back(std::move(finding));
    }
    std::erase_if(exports.configs, [](const ExportedConfig& config) { return !config.body; });
}

}  // namespace

void join_exports(PortkeyExports& exports) {
    std::set<std::string> in_state;
    collect_state(exports.configs, in_state);
    collect_state(exports.keys, in_state);
    collect_state(exports.api_keys, in_state);
    drop_sources(exports.configs, in_state);
    drop_sources(exports.keys, in_state);
    drop_sources(exports.api_keys, in_state);
    guess_slugs(exports);
    resolve_references(exports);
    merge_same_keys(exports);
    use_integrations(exports);
    merge_same_configs(exports);
    tell_missing_bodies(exports);
}

}  // namespace llmgw
