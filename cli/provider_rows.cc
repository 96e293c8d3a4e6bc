// SPDX-License-Identifier: Apache-2.0
#include "cli/provider_rows.h"

#include <utility>

#include "cli/secret_input.h"
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
            {"created_at", row.stored ? Json(rfc3339(row.key.created_at)) : Json(nullptr)}};
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
    if (!row.stored) {
        return "environment";
    }
    return row.key.enabled ? "enabled" : "disabled";
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
