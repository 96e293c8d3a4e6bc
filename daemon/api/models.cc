// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/models.h"

#include <ctime>
#include <map>
#include <string>

#include "common/base/json_scan.h"
#include "daemon/gateway/resolve.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

namespace {

// Seconds since 1970 of a date such as "2025-04-14"; 0 for none.
std::int64_t date_seconds(std::string_view date) {
    std::tm parts{};
    const std::string text(date);
    if (text.empty() || ::strptime(text.c_str(), "%Y-%m-%d", &parts) == nullptr) {
        return 0;
    }
    return ::timegm(&parts);
}

std::string entry(std::string_view id, std::string_view owner, std::int64_t created) {
    return "{\"id\":" + json_quote(id) +
           ",\"object\":\"model\",\"created\":" + std::to_string(created) +
           ",\"owned_by\":" + json_quote(owner) + "}";
}

bool can_serve(const Snapshot& snapshot, const Model& model) {
    const auto offers = resolve_model(snapshot, model.id, {});
    return offers && !offers->candidates.front().mock;
}

}  // namespace

std::string models_document(const Snapshot& snapshot) {
    // Sorted, so that the list is the same on every run.
    std::map<std::string, std::string> entries;
    for (const Model& model : catalog::models()) {
        if (can_serve(snapshot, model)) {
            entries.emplace(model.id, entry(model.id, model.family, date_seconds(model.released)));
        }
    }
    if (!snapshot.auto_choices.empty()) {
        entries.emplace(kAutoModel, entry(kAutoModel, "llmgw", 0));
    }
    for (const auto& [alias, target] : snapshot.aliases) {
        if (resolve_model(snapshot, alias, {})) {
            entries.insert_or_assign(alias, entry(alias, "alias", 0));
        }
    }
    entries.emplace("mock/echo", entry("mock/echo", "llmgw", 0));
    std::string document = "{\"object\":\"list\",\"data\":[";
    bool first = true;
    for (const auto& [id, text] : entries) {
        document += first ? "" : ",";
        document += text;
        first = false;
    }
    return document + "]}";
}

std::optional<std::string> model_document(const Snapshot& snapshot, std::string_view id) {
    const auto offers = resolve_model(snapshot, id, {});
    if (!offers) {
        return std::nullopt;
    }
    if (id == kAutoModel) {
        return entry(id, "llmgw", 0);
    }
    const Candidate& first = offers->candidates.front();
    const bool in_catalog = first.model != nullptr;
    return entry(id,
                 in_catalog && !first.mock ? first.model->family
                                           : (first.mock ? "llmgw" : first.provider_name()),
                 in_catalog ? date_seconds(first.model->released) : 0);
}

}  // namespace llmgw
