// SPDX-License-Identifier: Apache-2.0
#include "common/routes/parameters.h"

#include <algorithm>
#include <utility>

namespace llmgw {

namespace {

constexpr std::string_view kModel = "model";

const std::string* find_parameter(const RouteParameters& parameters, const JsonField& field) {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& one) { return key_is(field, one.first); });
    return found == parameters.end() ? nullptr : &found->second;
}

class Body {
  public:
    void add(std::string_view quoted_name, std::string_view value) {
        text_ += text_.size() > 1 ? "," : "";
        text_ += quoted_name;
        text_ += ':';
        text_ += value;
    }
    void add_new(const std::vector<JsonField>& fields, std::string_view name,
                 std::string_view value) {
        if (find_field(fields, name) == nullptr) {
            add(json_quote(name), value);
        }
    }
    [[nodiscard]] std::string close() && {
        text_ += '}';
        return std::move(text_);
    }
    void reserve(std::size_t size) { text_.reserve(size); }

  private:
    std::string text_ = "{";
};

// `drop` may lead into what is set as well, but not to the model: no request goes without one.
std::string without_dropped(std::string body, const RouteLeaf& leaf) {
    std::vector<DropPath> paths;
    for (const DropPath& path : leaf.drop) {
        if (path.size() > 1 || path.front().name != kModel) {
            paths.push_back(path);
        }
    }
    if (paths.empty()) {
        return body;
    }
    auto changed = drop_from_json(body, paths);
    return changed ? std::move(*changed) : std::move(body);
}

}  // namespace

bool changes_parameters(const RouteLeaf& leaf) {
    return !leaf.set.empty() || !leaf.defaults.empty() || !leaf.drop.empty();
}

std::string apply_parameters(const std::vector<JsonField>& fields, const RouteLeaf& leaf,
                             std::string_view model) {
    const std::string quoted_model = json_quote(model);
    Body body;
    std::size_t size = 256;
    for (const JsonField& field : fields) {
        size += field.key.size() + field.value.size() + 4;
    }
    body.reserve(size);
    for (const JsonField& field : fields) {
        const std::string_view quoted_name(field.key.data() - 1, field.key.size() + 2);
        if (key_is(field, kModel)) {
            body.add(quoted_name, quoted_model);
            continue;
        }
        const std::string* const set = find_parameter(leaf.set, field);
        body.add(quoted_name, set != nullptr ? std::string_view(*set) : field.value);
    }
    body.add_new(fields, kModel, quoted_model);
    for (const auto& [name, value] : leaf.set) {
        body.add_new(fields, name, value);
    }
    for (const auto& [name, value] : leaf.defaults) {
        const bool is_set = std::any_of(leaf.set.begin(), leaf.set.end(),
                                        [&](const auto& one) { return one.first == name; });
        if (!is_set) {
            body.add_new(fields, name, value);
        }
    }
    return without_dropped(std::move(body).close(), leaf);
}

}  // namespace llmgw
