// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/config_keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/base/url.h"
#include "common/catalog/catalog.h"
#include "common/portkey/secret_text_kind.h"
#include "common/routes/header_names.h"

namespace llmgw {

namespace {

// An address that is not the provider's own is another server with the same kind of API. What it
// costs, and what it knows, is not what the catalog says.
bool is_other_server(const PortkeyKey& key) {
    const Provider* const provider = catalog::find_provider(key.provider);
    if (provider == nullptr || provider->wire != Wire::openai || key.base_url.empty()) {
        return false;
    }
    const auto given = parse_base_url(key.base_url);
    const auto own = parse_base_url(provider->base_url);
    return !provider->base_url.empty() && given && own && given->host != own->host;
}

bool is_reserved(std::string_view label, std::string_view provider) {
    constexpr std::array<std::string_view, 5> kReserved = {"auto", "custom", "llmgw", "mock",
                                                           "route"};
    return std::find(kReserved.begin(), kReserved.end(), label) != kReserved.end() ||
           (label != provider && catalog::find_provider(label) != nullptr);
}

bool agree(const PortkeyKey& a, const PortkeyKey& b) {
    const bool open = a.provider.empty() || b.provider.empty() || a.guessed || b.guessed;
    return a.provider == b.provider || (open && !a.slug.empty());
}

}  // namespace

std::string variable_in(std::string_view expression) {
    expression = trim(expression);
    std::string variable = secret_variable(expression);
    if (variable.empty() && expression.starts_with("${") && expression.ends_with('}')) {
        variable = secret_variable(expression.substr(2, expression.size() - 3));
    }
    return variable;
}

void ConfigKeys::choose_provider(const KeyWanted& wanted, Entry& entry) const {
    PortkeyKey& key = entry.key;
    const auto known = context_.reading.providers.find(wanted.slug);
    if (!wanted.slug.empty() && known != context_.reading.providers.end()) {
        key.provider = known->second;
        if (wanted.provider != nullptr && wanted.provider->provider == key.provider) {
            key.base_url = wanted.provider->base_url;
        }
    } else {
        const PortkeyProvider* provider = wanted.provider;
        if (provider == nullptr) {
            key.guessed = true;
            provider = guess_portkey_provider(wanted.slug);
        }
        if (provider == nullptr) {
            provider = guess_portkey_provider(wanted.model);
        }
        key.guessed = key.guessed && provider != nullptr;
        if (provider != nullptr) {
            key.provider = provider->provider;
            key.base_url = provider->base_url;
            entry.none = key.provider.empty() ? provider : nullptr;
        }
    }
    // Vertex AI has Claude behind an API of its own.
    if (key.provider == "google-vertex" && wanted.model.starts_with("anthropic.")) {
        key.provider = "vertex-anthropic";
    }
    if (!wanted.base_url.empty()) {
        key.base_url = wanted.base_url;
    }
    if (is_other_server(key)) {
        key.provider = "custom";
    }
}

void ConfigKeys::take_secret(const KeyWanted& wanted, Entry& entry) {
    if (!wanted.secret || !wanted.secret.is(JsonKind::string)) {
        return;
    }
    const std::string text = wanted.secret.text();
    entry.secret_pointer = wanted.secret.pointer;
    entry.written = text;
    const bool expression = context_.document.is_placeholder(wanted.secret.pointer);
    const bool secret = !expression && secret_text_kind(text) == SecretTextKind::secret;
    entry.key.env = secret ? "" : variable_in(text);
    if (!secret) {
        return;
    }
    const bool google =
        entry.key.provider == "google-vertex" || entry.key.provider == "vertex-anthropic";
    if (google && !text.starts_with('{')) {
        context_.note(Severity::warning, "A-AUTH", wanted.secret.pointer,
                      {"sent this access token, which holds for an hour",
                       "fetches tokens itself and leaves this one out",
                       "give it a service account's file: llmgw providers add " +
                           entry.key.provider + " --key-file FILE"});
        entry.is_token = true;
        return;
    }
    entry.key.secret = text;
}

void ConfigKeys::report_details(const KeyWanted& wanted,
                                const std::vector<PortkeyDetailNote>& notes) {
    for (const PortkeyDetailNote& note : notes) {
        std::string pointer = wanted.pointer;
        for (std::size_t i = 0; i < wanted.details.size(); i++) {
            if (wanted.details[i].first == note.field) {
                pointer = wanted.detail_pointers[i];
            }
        }
        context_.note(
            note.credential || !note.action.empty() ? Severity::warning : Severity::info,
            note.credential ? "A-AUTH" : "A-OPTION", pointer,
            {"used " + printable(note.field) + " for its calls", note.llmgw, note.action});
    }
}

ConfigKeys::Entry* ConfigKeys::find_same(const Entry& wanted) {
    const auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        const PortkeyKey& a = entry.key;
        const PortkeyKey& b = wanted.key;
        return a.slug == b.slug && entry.written == wanted.written && entry.name == wanted.name &&
               a.secret == b.secret && a.region == b.region && a.options == b.options &&
               entry.host == wanted.host && agree(a, b);
    });
    return same == entries_.end() ? nullptr : &*same;
}

std::string ConfigKeys::free_label(const Entry& entry) const {
    std::string label = portkey_label(entry.name);
    if (is_reserved(label, entry.key.provider)) {
        label += entry.key.provider == "custom" ? "-custom" : "-key";
    }
    const auto is_taken = [&](const std::string& name) {
        const bool used = std::any_of(entries_.begin(), entries_.end(),
                                      [&](const Entry& other) { return other.key.label == name; });
        return used || (entry.key.slug.empty() && slugs_.count(name) > 0);
    };
    std::string free = label;
    for (int number = 2; is_taken(free); number++) {
        free = label + "-" + std::to_string(number);
    }
    return free;
}

const PortkeyKey& ConfigKeys::add(const KeyWanted& wanted,
                                  std::vector<std::pair<std::string, std::string>>& headers) {
    Entry entry;
    entry.pointer = wanted.name_pointer.empty() ? wanted.pointer : wanted.name_pointer;
    entry.key.slug = wanted.from_expression ? "" : wanted.slug;
    choose_provider(wanted, entry);
    take_secret(wanted, entry);
    const std::string usual = wanted.base_url.empty() ? entry.key.base_url : "";
    report_details(wanted, add_portkey_details(entry.key, wanted.details));
    entry.host = entry.key.base_url == usual ? "" : entry.key.base_url;
    for (auto& header : std::exchange(entry.key.headers, {})) {
        if (is_header_value(header.second)) {
            headers.push_back(std::move(header));
        }
    }
    entry.name = wanted.slug;
    if (wanted.from_expression && !variable_in(wanted.slug).empty()) {
        entry.name = variable_in(wanted.slug);
    } else if (wanted.slug.empty()) {
        entry.name = entry.key.provider == "custom" && wanted.provider != nullptr
                         ? std::string(wanted.provider->id)
                         : entry.key.provider;
    }
    if (Entry* const same = find_same(entry)) {
        // What a later target says of the same key may be more than the first knew.
        if (same->key.provider.empty() || (same->key.guessed && !entry.key.guessed)) {
            same->key.provider = entry.key.provider;
            same->key.base_url = entry.key.base_url;
            same->key.guessed = entry.key.guessed;
        }
        return same->key;
    }
    entry.key.label = free_label(entry);
    entries_.push_back(std::move(entry));
    return entries_.back().key;
}

void ConfigKeys::report_provider(const Entry& entry) {
    const PortkeyKey& key = entry.key;
    const std::string name = printable(key.slug.empty() ? entry.name : key.slug);
    const std::string map = "--map " + name + "=PROVIDER";
    if (entry.none != nullptr) {
        context_.note(Severity::error, "K-NOPROV", entry.pointer,
                      {"knew the provider of '" + name + "'",
                       "takes it for " + std::string(entry.none->id) +
                           ", by the name, and cannot ask that: " + std::string(entry.none->remark),
                       "say " + map + " if it is another one"});
    } else if (key.provider.empty()) {
        context_.note(
            Severity::error, "K-UNKNOWN", entry.pointer,
            {"knew the provider of '" + name + "'",
             "cannot tell it from the config, and asks nobody for this target",
             "import the list of virtual keys or providers along with it, or say it: " + map});
    } else if (key.guessed) {
        context_.note(
            Severity::warning, "K-GUESS", entry.pointer,
            {"knew the provider of '" + name + "'",
             "takes it for " + key.provider + ", by the name", "say " + map + " if that is wrong"});
    }
    if (key.slug.empty() && key.provider == "custom" && key.base_url.empty()) {
        context_.note(Severity::warning, "H-HOST", entry.pointer,
                      {"knew the address of '" + name + "'",
                       "needs it: it depends on the account, and the config has none",
                       "llmgw providers add custom --name " + key.label + " --base-url URL"});
    }
}

void ConfigKeys::report_secret(const Entry& entry) {
    const PortkeyKey& key = entry.key;
    if (!key.secret.empty()) {
        context_.note(Severity::warning, "K-INLINE",
                      entry.secret_pointer.empty() ? entry.pointer : entry.secret_pointer,
                      {"got the provider's key inside of the config",
                       "keeps it sealed as the provider key '" + key.label + "'",
                       "take it out of the config; replace it if others could read that"});
    } else if (!key.env.empty()) {
        context_.note(Severity::info, "K-SECRET", entry.secret_pointer,
                      {"got the key from the program's variable " + key.env,
                       "can read that variable, or keep the key sealed",
                       "llmgw providers add " + key.provider + " --name " + key.label +
                           " --key-env " + key.env});
    } else if (!entry.written.empty() && !entry.is_token) {
        context_.note(
            Severity::warning, "K-SECRET", entry.secret_pointer,
            {"needs the key where the config has a mask or a placeholder",
             "asks for it once and keeps it sealed", "give the key when it is asked for"});
    }
}

void ConfigKeys::finish() {
    for (Entry& entry : entries_) {
        report_provider(entry);
        report_secret(entry);
        context_.out.keys.push_back(std::move(entry.key));
    }
}

}  // namespace llmgw
