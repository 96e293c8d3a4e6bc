// SPDX-License-Identifier: Apache-2.0
#include "cli/setting_target.h"

#include <algorithm>

#include "cli/output.h"
#include "cli/session.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace llmgw {
namespace {

constexpr const char* kForms =
    "NAME is a provider, a key's label, a model, PROVIDER/MODEL or LABEL/MODEL";

std::vector<ProviderKey> all_keys(Store& store) {
    auto keys = store.provider_keys().value_or(std::vector<ProviderKey>{});
    const auto more = environment_keys(keys);
    keys.insert(keys.end(), more.begin(), more.end());
    return keys;
}

const ProviderKey* find_key(const std::vector<ProviderKey>& keys, std::string_view label) {
    const auto found = std::find_if(keys.begin(), keys.end(),
                                    [&](const ProviderKey& key) { return key.label == label; });
    return found == keys.end() ? nullptr : &*found;
}

// Providers and labels, those with keys first.
std::vector<std::string> owner_names(const std::vector<ProviderKey>& keys) {
    std::vector<std::string> names;
    names.reserve(keys.size() + catalog::providers().size());
    for (const auto& key : keys) {
        names.push_back(key.label);
    }
    for (const auto& provider : catalog::providers()) {
        names.emplace_back(provider.id);
    }
    return names;
}

std::vector<std::string> model_names(std::string_view provider) {
    std::vector<std::string> names;
    for (const auto& model : catalog::models()) {
        if (provider.empty() || catalog::find_mapping(model, provider) != nullptr) {
            names.emplace_back(model.id);
        }
    }
    return names;
}

tl::unexpected<Error> nobody(std::string_view what, std::string_view name,
                             const std::vector<std::string>& names) {
    return fail(Errc::not_found, "there is no " + std::string(what) + " '" + printable(name) + "'",
                suggest(std::string(name), names, kForms));
}

// Answers call a model by its id, and so do settings.
Result<void> check_id(const Model& model, std::string_view name, const std::string& owner) {
    if (model.id == name) {
        return {};
    }
    return fail(Errc::not_found, "settings call the model '" + printable(name) + "' by its id",
                "use " + owner + std::string(model.id));
}

Result<void> check_model_of(const GlobalOptions& global, std::string_view owner,
                            std::string_view name, const std::vector<ProviderKey>& keys) {
    const ProviderKey* const key = find_key(keys, owner);
    const auto* const provider =
        catalog::find_provider(key != nullptr ? std::string_view(key->provider) : owner);
    if (key == nullptr && provider == nullptr) {
        return nobody("provider or key", owner, owner_names(keys));
    }
    if (provider == nullptr) {
        return {};  // a custom server: its models are its own
    }
    const auto known = catalog::find_at_provider(provider->id, name);
    if (known.model != nullptr) {
        return check_id(*known.model, name, std::string(owner) + "/");
    }
    const std::string what = "model of " + std::string(provider->id);
    if (key == nullptr) {
        return nobody(what, name, model_names(provider->id));
    }
    warn(global, "the catalog knows no " + what + " called " + printable(name));
    return {};
}

}  // namespace

Result<void> check_setting_target(const GlobalOptions& global, const SettingInfo& info,
                                  std::string_view target, Store& store) {
    const auto keys = all_keys(store);
    const auto slash = target.find('/');
    if (slash != std::string_view::npos) {
        return check_model_of(global, target.substr(0, slash), target.substr(slash + 1), keys);
    }
    if (find_key(keys, target) != nullptr || catalog::find_provider(target) != nullptr) {
        return {};
    }
    auto names = owner_names(keys);
    if (info.target == SettingTarget::provider) {
        return nobody("provider or key", target, names);
    }
    if (const auto* const model = catalog::find_model(target)) {
        return check_id(*model, target, "");
    }
    const auto models = model_names({});
    names.insert(names.end(), models.begin(), models.end());
    return nobody("provider, key or model", target, names);
}

std::vector<std::string> setting_targets(const SettingInfo& info, std::string_view typed,
                                         Store& store) {
    const auto keys = all_keys(store);
    const auto slash = typed.find('/');
    std::vector<std::string> out;
    if (slash == std::string_view::npos) {
        out = owner_names(keys);
        if (info.target == SettingTarget::call) {
            const auto models = model_names({});
            out.insert(out.end(), models.begin(), models.end());
        }
    } else if (info.target == SettingTarget::call) {
        const std::string owner(typed.substr(0, slash));
        const ProviderKey* const key = find_key(keys, owner);
        for (const auto& model : model_names(key != nullptr ? key->provider : owner)) {
            out.push_back(std::string(owner).append("/").append(model));
        }
    }
    return out;
}

}  // namespace llmgw
