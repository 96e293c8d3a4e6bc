// SPDX-License-Identifier: Apache-2.0
#include "cli/provider_rows.h"

#include <utility>

#include "cli/rests.h"
#include "cli/secret_input.h"
#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

const char* source_name(SecretSource source) {
    switch (source) {
        case SecretSource::none:
            return "none";
        case SecretSource::stored:
            return "stored";
        case SecretSource::env:
            return "env";
        case SecretSource::file:
            return "file";
        case SecretSource::command:
            return "command";
    }
    return "none";
}

/// What of the secret may be shown; empty when it is not at hand.
std::string fingerprint(const ProviderKey& key) {
    if (key.source == SecretSource::stored) {
        return key.fingerprint;
    }
    if (key.source == SecretSource::env) {
        const auto value = environment_value(key.source_ref);
        return value ? mask_secret(*value) : "";
    }
    return "";
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json rests_json(const std::vector<RestRow>& rests) {
    Json list = Json::array();
    for (const auto& rest : rests) {
        list.push_back({{"model", text_or_null(rest.model)},
                        {"reason", rest.reason},
                        {"since", rfc3339(rest.since)},
                        {"until", rfc3339(rest.until)},
                        {"status", rest.status == 0 ? Json(nullptr) : Json(rest.status)},
                        {"detail", text_or_null(printable(rest.detail))}});
    }
    return list;
}

Json row_json(const ProviderRow& row) {
    Json options = Json::object();
    for (const auto& [name, value] : row.key.options) {
        options[name] = value;
    }
    return {{"label", row.key.label},
            {"provider", row.key.provider},
            {"base_url", text_or_null(row.key.base_url)},
            {"key",
             {{"source", source_name(row.key.source)},
              {"ref", text_or_null(row.key.source_ref)},
              {"fingerprint", text_or_null(fingerprint(row.key))}}},
            {"stored", row.stored},
            {"enabled", row.key.enabled},
            {"weight", row.key.weight},
            {"region", text_or_null(row.key.region)},
            {"options", std::move(options)},
            {"created_at", row.stored ? Json(rfc3339(row.key.created_at)) : Json(nullptr)},
            {"resting", rests_json(row.rests)}};
}

}  // namespace

Result<std::vector<ProviderRow>> provider_rows(Store& store) {
    auto keys = store.provider_keys();
    if (!keys) {
        return tl::unexpected(std::move(keys.error()));
    }
    std::vector<ProviderRow> rows;
    for (const auto& key : *keys) {
        rows.push_back({.key = key, .stored = true});
    }
    for (auto& key : environment_keys(*keys)) {
        rows.push_back({.key = std::move(key), .stored = false});
    }
    // A log that cannot be read takes nothing but the rests away.
    const auto rests = resting_keys(store).value_or(std::vector<RestRow>{});
    for (auto& row : rows) {
        row.rests = rests_of(rests, row.key.label);
    }
    return rows;
}

Result<ProviderRow> find_provider_row(Store& store, const std::string& label) {
    auto rows = provider_rows(store);
    if (!rows) {
        return tl::unexpected(std::move(rows.error()));
    }
    std::vector<std::string> labels;
    for (auto& row : *rows) {
        if (row.key.label == label) {
            return std::move(row);
        }
        labels.push_back(row.key.label);
    }
    const std::string shown = looks_like_secret(label) ? "" : " '" + printable(label) + "'";
    return fail(Errc::not_found, "no provider is labelled" + shown,
                suggest(label, labels, "llmgw providers list shows the labels"));
}

Result<void> renew_key(Store& store, ProviderRow& row) {
    row.rests.clear();
    return store.renew_provider_key(row.key.label, unix_ms());
}

std::string key_description(const ProviderKey& key) {
    std::string text = source_name(key.source);
    if (!key.source_ref.empty()) {
        text += " " + printable(key.source_ref);
    }
    const std::string shown = fingerprint(key);
    if (!shown.empty()) {
        text += " " + shown;
    } else if (key.source == SecretSource::env) {
        text += " (not set)";
    }
    return text;
}

std::string provider_state(const ProviderRow& row) {
    const std::string state = !row.stored       ? "environment"
                              : row.key.enabled ? "enabled"
                                                : "disabled";
    if (row.rests.empty() || !row.key.enabled) {
        return state;
    }
    const RestRow& first = row.rests.front();
    if (first.model.empty()) {
        return rest_text(first);
    }
    return state + "; " +
           (row.rests.size() == 1 ? rest_text(first)
                                  : std::to_string(row.rests.size()) + " models rest");
}

std::string provider_json_text(const ProviderRow& row) {
    return print_json(row_json(row), 2) + "\n";
}

std::string provider_list_json_text(const std::vector<ProviderRow>& rows) {
    Json list = Json::array();
    for (const auto& row : rows) {
        list.push_back(row_json(row));
    }
    return print_json(list, 2) + "\n";
}

}  // namespace llmgw
