// SPDX-License-Identifier: Apache-2.0
#include "common/routes/route_warnings.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"

namespace llmgw {

namespace {

constexpr std::array<std::string_view, 4> kRoots = {"metadata.", "params.", "headers.", "body."};

// Goes through a route's nodes.
class Inspection {
  public:
    Inspection(std::span<const ProviderKey> keys, std::span<const ModelAlias> aliases)
        : keys_(keys), aliases_(aliases) {}

    void look_at(const RouteNode& node, const std::string& pointer) {
        if (node.targets.empty()) {
            look_at_provider(node, pointer);
            look_at_model(node, pointer);
            return;
        }
        if (node.mode == RouteMode::single && node.targets.size() > 1) {
            add(pointer + "/targets", "the strategy single asks the first of them only");
        }
        if (node.mode == RouteMode::conditional) {
            look_at_conditions(node, pointer);
        }
        std::set<std::string_view> names;
        for (std::size_t i = 0; i < node.targets.size(); i++) {
            const RouteNode& target = node.targets[i];
            const std::string at = pointer + "/targets/" + std::to_string(i);
            const bool again = !target.name.empty() && !names.insert(target.name).second;
            if (again && node.mode == RouteMode::conditional) {
                add(at, "an earlier target has the same name and is the one that is meant");
            }
            if (target.weight != 1 && node.mode != RouteMode::loadbalance) {
                add(at + "/weight", "a weight has a meaning below the strategy loadbalance only");
            }
            look_at(target, at);
        }
    }

    std::vector<std::string> take() { return std::move(warnings_); }

  private:
    void add(const std::string& pointer, const std::string& what) {
        warnings_.push_back((pointer.empty() ? "" : printable(pointer) + ": ") + what);
    }

    bool has_key_of(std::string_view provider) const {
        return std::any_of(keys_.begin(), keys_.end(),
                           [&](const ProviderKey& key) { return key.provider == provider; });
    }

    bool has_label(std::string_view label) const {
        return std::any_of(keys_.begin(), keys_.end(),
                           [&](const ProviderKey& key) { return key.label == label; });
    }

    void look_at_provider(const RouteNode& leaf, const std::string& pointer) {
        const std::string at = pointer + "/provider";
        if (leaf.provider.empty() || leaf.provider == "mock") {
            return;
        }
        if (leaf.provider.front() == '@') {
            const std::string label = leaf.provider.substr(1);
            if (!has_label(label)) {
                std::vector<std::string_view> labels;
                for (const ProviderKey& key : keys_) {
                    labels.push_back(key.label);
                }
                add(at, "there is no provider key \"" + printable(label) + "\"" +
                            near_one(label, labels, "@"));
            }
            return;
        }
        if (catalog::find_provider(leaf.provider) == nullptr) {
            std::vector<std::string_view> ids;
            for (const Provider& provider : catalog::providers()) {
                ids.push_back(provider.id);
            }
            add(at, "there is no provider \"" + printable(leaf.provider) + "\"" +
                        (has_label(leaf.provider) ? "; the key of that label is @" + leaf.provider
                                                  : near_one(leaf.provider, ids, "")));
        } else if (!has_key_of(leaf.provider)) {
            add(at,
                "there is no key for " + leaf.provider + "; llmgw providers add " + leaf.provider);
        }
    }

    static std::string near_one(std::string_view word, std::span<const std::string_view> words,
                                const char* before) {
        const auto near = nearest(word, words, 1);
        return near.empty() ? "" : std::string("; did you mean ") + before + near[0] + "?";
    }

    // A model at a provider is for the provider to know.
    void look_at_model(const RouteNode& leaf, const std::string& pointer) {
        const bool alias =
            std::any_of(aliases_.begin(), aliases_.end(),
                        [&](const ModelAlias& each) { return each.name == leaf.model; });
        if (!leaf.provider.empty() || leaf.model.empty() || leaf.model == "auto" || alias ||
            leaf.model.find('/') != std::string::npos ||
            catalog::find_model(leaf.model) != nullptr) {
            return;
        }
        std::vector<std::string_view> ids;
        for (const Model& model : catalog::models()) {
            ids.push_back(model.id);
        }
        add(pointer + "/model",
            "there is no model \"" + printable(leaf.model) + "\"" + near_one(leaf.model, ids, ""));
    }

    void look_at_conditions(const RouteNode& node, const std::string& pointer) {
        for (std::size_t i = 0; i < node.conditions.size(); i++) {
            look_at_query(node.conditions[i].query,
                          pointer + "/conditions/" + std::to_string(i) + "/when");
        }
        if (node.otherwise.empty()) {
            add(pointer, "without \"otherwise\" a request that no condition matches gets a 400");
        }
    }

    void look_at_query(std::string_view query, const std::string& pointer) {
        for (const JsonField& field : nested_fields(query)) {
            const std::string_view name = field.key;
            if (name == "$and" || name == "$or") {
                const auto parts = scan_array(field.value);
                for (std::size_t i = 0; parts && i < parts->size(); i++) {
                    look_at_query((*parts)[i],
                                  pointer + "/" + std::string(name) + "/" + std::to_string(i));
                }
                continue;
            }
            const bool known =
                name == "url.pathname" ||
                std::any_of(kRoots.begin(), kRoots.end(),
                            [&](std::string_view root) { return name.starts_with(root); });
            const bool two_deep = name.starts_with("metadata.") || name.starts_with("params.");
            if (!known) {
                add(pointer + "/" + std::string(name),
                    "there is no such field: there are metadata.NAME, params.NAME, headers.NAME, "
                    "body.NAME and url.pathname");
            } else if (two_deep && name.find('.', name.find('.') + 1) != std::string_view::npos) {
                add(pointer + "/" + std::string(name),
                    "only the first two parts of its name count; body.NAME.NAME goes deeper");
            }
        }
    }

    std::span<const ProviderKey> keys_;
    std::span<const ModelAlias> aliases_;
    std::vector<std::string> warnings_;
};

}  // namespace

std::vector<std::string> route_warnings(const RouteNode& root, std::span<const ProviderKey> keys,
                                        std::span<const ModelAlias> aliases) {
    Inspection inspection(keys, aliases);
    inspection.look_at(root, "");
    return inspection.take();
}

}  // namespace llmgw
