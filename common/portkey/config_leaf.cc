// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "common/base/text.h"
#include "common/base/url.h"
#include "common/portkey/config_node.h"

namespace llmgw {

namespace {

/// "@slug/model", split at the first slash.
struct SlugAndModel {
    std::string slug;
    std::string model;
};
SlugAndModel split_slug(std::string_view text) {
    text.remove_prefix(text.starts_with('@') ? 1 : 0);
    const std::size_t slash = text.find('/');
    SlugAndModel out;
    out.slug = text.substr(0, slash);
    out.model = slash == std::string_view::npos ? "" : text.substr(slash + 1);
    return out;
}

/// Reads one leaf: whom it asks, with what key and for which model.
class LeafReader {
  public:
    LeafReader(ConfigContext& context, ConfigKeys& keys, NodePlace place, RouteNode& node)
        : context_(context), keys_(keys), place_(place), node_(node) {}

    void read(ConfigObject& object, const ConfigInherited& inherited) {
        wanted_.pointer = object.pointer();
        const ConfigValue virtual_key = object.take("virtual_key");
        const ConfigValue provider = object.take("provider");
        wanted_.secret = object.take("api_key");
        read_details(object);
        read_model(inherited.model);
        read_slug(virtual_key);
        read_provider(provider);
        take_model_slug(inherited.model);
        read_prompt(object.take("prompt_id"));
        read_host(inherited.custom_host);
        finish(provider);
    }

  private:
    void read_details(ConfigObject& object) {
        for (const std::string& name : object.left()) {
            if (!is_portkey_detail(name)) {
                continue;
            }
            const ConfigValue value = object.take(name);
            if (!value) {
                continue;
            }
            std::string text = value.is(JsonKind::string) ? value.text() : std::string(value.json);
            if (context_.document.is_placeholder(value.pointer)) {
                context_.note(Severity::warning, "I-EXPR", value.pointer,
                              {"got the value that the program has for " + shown(value),
                               "cannot know it and leaves it out",
                               "give it with the key: llmgw providers add"});
                continue;
            }
            wanted_.details.emplace_back(name, std::move(text));
            wanted_.detail_pointers.push_back(value.pointer);
        }
    }

    void read_model(const ConfigValue& model) {
        if (!model) {
            return;
        }
        if (is_expression(context_, model, Severity::error)) {
            return;
        }
        if (const auto text = read_text(context_, model)) {
            node_.model = *text;
        }
    }

    void read_slug(const ConfigValue& virtual_key) {
        if (!virtual_key) {
            return;
        }
        if (context_.document.is_placeholder(virtual_key.pointer) &&
            virtual_key.is(JsonKind::string)) {
            take_slug_expression(virtual_key);
            return;
        }
        if (const auto text = read_text(context_, virtual_key); text && !text->empty()) {
            wanted_.name_pointer = virtual_key.pointer;
            SlugAndModel both = split_slug(*text);
            wanted_.slug = std::move(both.slug);
            node_.model = node_.model.empty() ? std::move(both.model) : node_.model;
        }
    }

    void take_slug_expression(const ConfigValue& value) {
        wanted_.slug = value.text();
        wanted_.name_pointer = value.pointer;
        wanted_.from_expression = true;
        const std::string variable = variable_in(wanted_.slug);
        const std::string label = portkey_label(variable.empty() ? wanted_.slug : variable);
        context_.note(Severity::warning, "I-EXPR", value.pointer,
                      {"got the name of the key that the program has for " + shown(value),
                       "cannot know it and calls the key '" + label + "'",
                       "write the name here, or import what the program sends"});
    }

    void read_provider(const ConfigValue& provider) {
        if (!provider) {
            return;
        }
        if (context_.document.is_placeholder(provider.pointer) && provider.is(JsonKind::string)) {
            if (wanted_.slug.empty()) {
                take_slug_expression(provider);
            }
            return;
        }
        const auto text = read_text(context_, provider);
        if (!text || text->empty()) {
            return;
        }
        if (text->starts_with('@')) {
            if (wanted_.slug.empty()) {
                wanted_.name_pointer = provider.pointer;
                SlugAndModel both = split_slug(*text);
                wanted_.slug = std::move(both.slug);
                node_.model = node_.model.empty() ? std::move(both.model) : node_.model;
            }
            return;
        }
        wanted_.provider = find_portkey_provider(*text);
        if (wanted_.provider == nullptr) {
            refuse_unknown(provider, *text);
        } else if (wanted_.provider->id != *text) {
            context_.note(Severity::warning, "K-GUESS", provider.pointer,
                          {"knows no provider '" + printable(*text) + "' and refused the config",
                           "takes it for " + std::string(wanted_.provider->id),
                           "write " + std::string(wanted_.provider->id)});
        }
    }

    void refuse_unknown(const ConfigValue& provider, const std::string& text) {
        std::vector<std::string_view> ids;
        for (const PortkeyProvider& each : portkey_providers()) {
            ids.push_back(each.id);
        }
        const auto near = nearest(text, ids, 1);
        failed_ = true;
        context_.refuse("K-NOPROV", provider.pointer,
                        {"knows no provider '" + printable(text) + "' and refused the config",
                         "knows none either",
                         near.empty() ? "a key's slug is written @" + printable(text) +
                                            "; any other server is custom_host with provider openai"
                                      : "is " + near.front() + " meant?"});
    }

    // A model "@slug/model" names the key when nothing else does.
    void take_model_slug(const ConfigValue& model) {
        if (!node_.model.starts_with('@')) {
            return;
        }
        SlugAndModel both = split_slug(node_.model);
        if (!wanted_.slug.empty() && wanted_.slug != both.slug) {
            context_.note(Severity::warning, "K-GUESS", model ? model.pointer : wanted_.pointer,
                          {"has two keys named here, '" + printable(wanted_.slug) + "' and '" +
                               printable(both.slug) + "'",
                           "asks '" + printable(wanted_.slug) + "'", "keep one of them"});
        } else {
            wanted_.slug = std::move(both.slug);
            wanted_.from_expression = false;
            wanted_.name_pointer = model ? model.pointer : wanted_.name_pointer;
        }
        node_.model = std::move(both.model);
    }

    void read_prompt(const ConfigValue& prompt) {
        if (!prompt) {
            return;
        }
        failed_ = wanted_.slug.empty() && wanted_.provider == nullptr;  // the prompt knows
        context_.refuse("P-PROMPT", prompt.pointer,
                        {"filled the request from a prompt that is saved there",
                         "has no saved prompts, so that this target cannot be asked",
                         "put the prompt's messages into the program, and its model and "
                         "parameters into override_params"});
    }

    void read_host(const ConfigValue& host) {
        if (!host || is_expression(context_, host, Severity::error)) {
            return;
        }
        const auto text = read_text(context_, host);
        if (!text) {
            return;
        }
        const PortkeyProvider* provider = wanted_.provider;
        if (provider == nullptr) {
            provider = guess_portkey_provider(wanted_.slug);
        }
        static constexpr PortkeyProvider kOpenAi = {"openai", "openai", "", "", ""};
        auto url = portkey_base_url(provider == nullptr ? kOpenAi : *provider, *text);
        if (!url) {
            failed_ = true;
            context_.refuse("H-HOST", host.pointer,
                            {"refused the config: Invalid custom host",
                             "does not take it either: " + url.error().message,
                             "write the address with http:// or https://"});
            return;
        }
        wanted_.base_url = std::move(*url);
        if (provider != nullptr && !provider->path.empty()) {
            context_.note(Severity::info, "H-HOST", host.pointer,
                          {"appended " + std::string(provider->path) + " to the address",
                           "has it in the key's base URL: " + printable(wanted_.base_url), ""});
        }
    }

    void finish(const ConfigValue& provider) {
        if (node_.model.empty()) {
            context_.note_once(Severity::info, "R-MODEL-PASS", wanted_.pointer,
                               {"asked for the model that the request names",
                                "does the same: requests name it behind the route, as in "
                                "route/NAME/MODEL",
                                ""});
        }
        if (failed_) {
            return;
        }
        const bool nobody = wanted_.slug.empty() && wanted_.provider == nullptr;
        if (nobody) {
            report_nobody();
            return;
        }
        if (wanted_.provider != nullptr && wanted_.provider->provider.empty()) {
            context_.refuse("K-NOPROV", provider.pointer,
                            {"asked " + std::string(wanted_.provider->id),
                             "cannot: " + std::string(wanted_.provider->remark),
                             "leave the target out, or ask another provider in its place"});
            return;
        }
        if (!wanted_.slug.empty() && wanted_.secret) {
            context_.note(Severity::warning, "I-DEAD", wanted_.secret.pointer,
                          {"has two keys here, one by its slug and this one",
                           "asks with the one of the slug", "take api_key out"});
            wanted_.secret = {};
        }
        if (needs_no_key_of_its_own()) {
            report_no_key(provider);
            node_.provider = wanted_.provider->provider;
            return;
        }
        wanted_.model = node_.model;
        const PortkeyKey& key = keys_.add(wanted_, node_.headers);
        node_.provider = "@" + key.label;
        finish_model(key);
    }

    // Without a key, an address or a detail there is nothing to keep: any key of the provider is
    // as good.
    [[nodiscard]] bool needs_no_key_of_its_own() const {
        return wanted_.slug.empty() && !wanted_.secret && wanted_.details.empty() &&
               wanted_.base_url.empty() && wanted_.provider->provider != "custom";
    }

    void report_no_key(const ConfigValue& provider) {
        context_.note(
            Severity::warning, "K-NOKEY", provider.pointer,
            {"had no key for " + std::string(wanted_.provider->id) +
                 " here and sent \"Bearer undefined\"",
             "asks with whatever keys of " + std::string(wanted_.provider->provider) + " it has",
             "name one key in the route (\"provider\": \"@LABEL\") if it has to be one"});
    }

    void report_nobody() {
        if (place_ == NodePlace::root && !wanted_.secret && wanted_.details.empty() &&
            wanted_.base_url.empty()) {
            context_.note(Severity::info, "R-PROVIDER", wanted_.pointer,
                          {"took the provider from x-portkey-provider, x-portkey-virtual-key or "
                           "the model",
                           "does the same for requests with those headers, and chooses one for "
                           "others",
                           ""});
            return;
        }
        context_.refuse(
            "I-NOPROV", wanted_.pointer,
            {place_ == NodePlace::root
                 ? "took the provider from x-portkey-provider, and all else from here"
                 : "answered 500 \"Provider not found\": a target has no provider from the "
                   "config around it",
             "cannot tell whom to ask",
             "say it in the target: \"provider\": \"@slug\", or override_params.model "
             "\"@slug/model\""});
    }

    // Vertex AI's models of other publishers are called PUBLISHER.MODEL at Portkey.
    void finish_model(const PortkeyKey& key) {
        constexpr std::string_view kAnthropic = "anthropic.";
        if (key.provider == "vertex-anthropic" && node_.model.starts_with(kAnthropic)) {
            node_.model.erase(0, kAnthropic.size());
        }
        for (const std::string_view publisher : {"meta.", "mistralai.", "deepseek-ai."}) {
            if (key.provider == "google-vertex" && node_.model.starts_with(publisher)) {
                context_.note(Severity::warning, "R-PUBLISHER", wanted_.pointer,
                              {"asked Vertex AI for a model that is not Google's own",
                               "knows Google's models and Claude there, and no others",
                               "ask this model at another provider"});
            }
        }
    }

    ConfigContext& context_;
    ConfigKeys& keys_;
    NodePlace place_;
    RouteNode& node_;
    KeyWanted wanted_;
    bool failed_ = false;
};

}  // namespace

void read_leaf(ConfigContext& context, ConfigKeys& keys, ConfigObject& object, NodePlace place,
               const ConfigInherited& inherited, RouteNode& node) {
    LeafReader(context, keys, place, node).read(object, inherited);
}

void report_group_provider(ConfigContext& context, ConfigObject& object) {
    for (const std::string& name : object.left()) {
        if (name != "provider" && name != "virtual_key" && name != "api_key" &&
            name != "prompt_id" && !is_portkey_detail(name)) {
            continue;
        }
        if (const ConfigValue value = object.take(name)) {
            context.note(
                Severity::warning, "I-DEAD", value.pointer,
                {"did not use it: targets have no " + name + " from the config around them",
                 "leaves it out", "write it into the targets that need it"});
        }
    }
}

}  // namespace llmgw
