// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/models.h"
#include "common/base/money.h"
#include "common/catalog/catalog.h"

namespace llmgw {

/// A model with the providers that a list shows it for.
struct ModelRow {
    const Model* model = nullptr;
    std::vector<const Mapping*> mappings;  ///< never empty
};

/// What `models list` and `models show` can say of a mapping: the name of --capability, and how
/// to find it.
struct Capability {
    std::string_view name;
    Can Mapping::*field;
};
[[nodiscard]] std::span<const Capability> capabilities();

/// The models that pass all filters of a list, in its order. `usable` are the providers there is a
/// key for, `date` is the day ("2026-11-23") on which they must be offered.
[[nodiscard]] std::vector<ModelRow> select_models(const ModelsListOptions& options,
                                                  const std::vector<std::string>& usable,
                                                  const std::string& date);

/// The cheapest of a row's providers, by what a model list is sorted by; one without a known
/// price only when there is no other.
[[nodiscard]] const Mapping& cheapest(const ModelRow& row);

/// The largest context of a row's providers; 0: unknown.
[[nodiscard]] std::uint64_t largest_context(const ModelRow& row);

/// The names of what at least one of a row's providers can do.
[[nodiscard]] std::vector<std::string_view> abilities(const ModelRow& row);

/// US dollars for a million tokens, exactly: "0.15"; "?" when it is not known.
[[nodiscard]] std::string show_rate(const std::optional<Rate>& rate);

/// "128000" as "128k" for a terminal; "?" when it is not known.
[[nodiscard]] std::string show_tokens(std::uint64_t tokens, bool terminal);

}  // namespace llmgw
