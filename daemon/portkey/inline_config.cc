// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/inline_config.h"

#include <algorithm>
#include <optional>

#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/portkey/config.h"
#include "common/portkey/providers.h"
#include "daemon/portkey/inline_key.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxConfig = 32 * 1024;

tl::unexpected<Error> invalid(std::string message, std::string hint = {},
                              std::string code = "invalid_config") {
    Error error;
    error.kind = Errc::invalid_request;
    error.message = std::move(message);
    error.hint = std::move(hint);
    error.param = "x-portkey-config";
    error.code = std::move(code);
    return tl::unexpected(std::move(error));
}

// "{" begins with an "e" in base64; so may the name of a route.
std::optional<std::string> from_base64_document(std::string_view config) {
    auto decoded = config.starts_with('e') ? from_base64(config) : std::nullopt;
    const bool object =
        decoded && decoded->starts_with('{') && trim(*decoded).ends_with('}') && is_utf8(*decoded);
    return object ? std::move(decoded) : std::nullopt;
}

Result<Json> read_document(std::string_view config) {
    const auto decoded = from_base64_document(config);
    const auto loose = read_loose(decoded ? *decoded : config);
    if (!loose) {
        return invalid("Invalid config passed. You need to pass a valid json: " +
                       loose.error().message);
    }
    // What would be filled in by a program is nothing to send to a provider.
    if (!loose->placeholders.empty()) {
        return invalid("Invalid config passed: the value at " + loose->placeholders.front() +
                       " is an expression");
    }
    auto document = parse_json(loose->json);
    if (!document || !document->is_object()) {
        return invalid("Invalid config passed: it is no object");
    }
    return document;
}

bool has_any(const Json& config, std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const char* name) { return config.contains(name); });
}

// A header's address holds for all targets, whatever they say.
void use_host(Json& node, const std::string& host) {
    if (!node.is_object()) {
        return;
    }
    node.erase("customHost");
    node.erase("custom_host");
    const auto targets = node.find("targets");
    if (targets != node.end() && targets->is_array() && !targets->empty()) {
        for (Json& target : *targets) {
            use_host(target, host);
        }
        return;
    }
    node["custom_host"] = host;
}

// A detail may be an object, as a service account is.
Json detail_value(const std::string& text) {
    if (text.starts_with('{')) {
        if (auto object = parse_json(text)) {
            return *std::move(object);
        }
    }
    return text;
}

// What a provider that is named in headers adds to a config that names none.
void add_provider(Json& config, const PortkeyRequest& request) {
    if (!request.virtual_key.empty()) {
        config["virtual_key"] = request.virtual_key;
        return;
    }
    if (!request.provider.empty()) {
        config["provider"] = request.provider;
    }
    const bool stored = request.provider.starts_with('@') || request.provider.empty();
    if (!stored && !request.provider_key.empty()) {
        config["api_key"] = request.provider_key;
    }
    for (const auto& [name, value] : request.details) {
        config[name] = detail_value(value);
    }
}

// The findings that keep a config from being used, for its client.
std::string problems_of(const PortkeyConfig& config) {
    std::string text;
    for (const Finding& finding : config.findings) {
        if (finding.severity == Severity::error) {
            text += text.empty() ? "" : "; ";
            text += finding.pointer.empty() ? "" : finding.pointer + ": ";
            text += "Portkey " + finding.portkey + ", and llmgw " + finding.llmgw;
        }
    }
    return text;
}

void rename_key(RouteNode& node, const std::string& from, const std::string& to) {
    node.provider = node.provider == from ? to : node.provider;
    for (RouteNode& target : node.targets) {
        rename_key(target, from, to);
    }
}

// Whether it is where Portkey asks some provider, and so not the client's choice.
bool is_portkeys(std::string_view base_url) {
    const auto all = portkey_providers();
    return std::any_of(all.begin(), all.end(),
                       [&](const PortkeyProvider& one) { return one.base_url == base_url; });
}

// Has the route ask the stored key that a slug means, which is never sent to another address.
Result<void> use_stored_key(const Snapshot& snapshot, const PortkeyKey& key, RouteNode& route) {
    const std::string label = stored_label(snapshot, key.slug);
    const ProviderAccess* const access = snapshot.find_access(label);
    if (access == nullptr) {
        return invalid(
            "Invalid config passed: there is no provider key \"" + printable(key.slug) + "\"",
            "llmgw providers add PROVIDER --name " + key.label);
    }
    const auto address = parse_base_url(key.base_url);
    if (address && address->origin() != access->url.origin() && !is_portkeys(key.base_url)) {
        return invalid("the stored key \"" + label + "\" is not sent to an address from a request",
                       "llmgw providers add --base-url stores a key with its address",
                       "inline_custom_host_blocked");
    }
    rename_key(route, "@" + key.label, "@" + label);
    return {};
}

PortkeyReading reading_of(const Snapshot& snapshot) {
    PortkeyReading reading;
    for (const ProviderAccess& access : snapshot.accesses) {
        reading.providers.emplace(access.label, access.provider != nullptr
                                                    ? std::string(access.provider->id)
                                                    : std::string("custom"));
    }
    return reading;
}

}  // namespace

bool is_config_document(std::string_view config) {
    return config.starts_with('{') || config.starts_with('[') ||
           from_base64_document(config).has_value();
}

Result<std::string> whole_config(const PortkeyRequest& request) {
    Json config = Json::object();
    if (!request.config.empty()) {
        if (request.config.size() > kMaxConfig) {
            return invalid("Invalid config passed: it is larger than 32 KiB");
        }
        auto document = read_document(request.config);
        if (!document) {
            return tl::unexpected(std::move(document.error()));
        }
        config = *std::move(document);
    }
    if (!has_any(config, {"provider", "virtual_key", "virtualKey", "targets", "options"})) {
        add_provider(config, request);
    }
    if (!request.custom_host.empty()) {
        use_host(config, std::string(request.custom_host));
    }
    return print_json(config);
}

Result<InlineConfig> read_inline_config(const Snapshot& snapshot, std::string_view config) {
    const auto document = read_loose(config);
    if (!document) {
        return invalid("Invalid config passed: " + document.error().message);
    }
    auto converted = convert_portkey_config(*document, reading_of(snapshot));
    if (!converted) {
        return invalid("Invalid config passed: " + converted.error().message);
    }
    if (!converted->usable) {
        return invalid("Invalid config passed: " + problems_of(*converted));
    }
    InlineConfig out;
    for (const PortkeyKey& key : converted->keys) {
        if (!key.slug.empty()) {
            auto stored = use_stored_key(snapshot, key, converted->route);
            if (!stored) {
                return tl::unexpected(std::move(stored.error()));
            }
            continue;
        }
        auto access = inline_access(snapshot, key);
        if (!access) {
            return tl::unexpected(std::move(access.error()));
        }
        out.keys.push_back(*std::move(access));
    }
    auto tree = compile_route(converted->route);
    if (!tree) {
        return invalid("Invalid config passed: " + tree.error().message);
    }
    out.tree = std::move(*tree);
    return out;
}

Result<std::shared_ptr<const InlineConfig>> InlineConfigs::get(const Snapshot& snapshot,
                                                               const std::string& config) {
    if (const auto place = places_.find(config); place != places_.end()) {
        entries_.splice(entries_.begin(), entries_, place->second);
        return entries_.front().second;
    }
    auto read = read_inline_config(snapshot, config);
    if (!read) {
        return tl::unexpected(std::move(read.error()));
    }
    if (entries_.size() >= kMost) {
        places_.erase(entries_.back().first);
        entries_.pop_back();
    }
    entries_.emplace_front(config, std::make_shared<const InlineConfig>(*std::move(read)));
    places_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second;
}

void InlineConfigs::clear() {
    places_.clear();
    entries_.clear();
}

}  // namespace llmgw
