// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/portkey/plan.h"

namespace llmgw {

/// A provider key that something of Portkey's names or carries, before it has its label.
struct KeyDraft {
    PortkeyKey key;
    ExportPlace place;
    bool enabled = true;
    std::vector<std::pair<std::string, std::string>> deployments;
    std::string label;                ///< once labels are given
    std::string provider_of_portkey;  ///< Portkey's id; empty: not known
};

/// Collects the provider keys of exports and configs, and makes one plan of them.
class KeyPlanner {
  public:
    KeyPlanner(const ImportTarget& target, std::vector<Finding>& findings)
        : target_(target), findings_(findings) {}

    /// A key of the exports. `provider` is llmgw's id when the user has said it, else empty.
    void add_exported(const ExportedKey& exported, const std::string& provider);

    /// A key that a config names; returns which draft it is, for label().
    std::size_t add_named(const PortkeyKey& key, const ExportPlace& place);

    /// llmgw's provider ids of the exported keys, by slug.
    [[nodiscard]] std::map<std::string, std::string> known_providers() const;

    /// Gives every draft its label and makes the plan.
    [[nodiscard]] std::vector<PlannedProvider> plan();

    /// After plan().
    [[nodiscard]] const KeyDraft& draft(std::size_t index) const { return drafts_[index]; }

  private:
    void add_headers(const ExportedKey& exported, PortkeyKey& key);
    void tell_about(const ExportedKey& exported, const KeyDraft& draft);
    PlannedProvider plan_one(KeyDraft& draft);
    void take_label(KeyDraft& draft, PlannedProvider& planned);
    void find_secret(const KeyDraft& draft, PlannedProvider& planned);
    [[nodiscard]] std::string usual_variable(const KeyDraft& draft) const;
    [[nodiscard]] bool is_planned(const std::string& label) const;
    Finding& tell(const ExportPlace& place, Severity severity, const char* code);

    const ImportTarget& target_;
    std::vector<Finding>& findings_;
    std::vector<KeyDraft> drafts_;
};

}  // namespace llmgw
