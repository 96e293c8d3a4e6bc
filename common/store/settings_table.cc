// SPDX-License-Identifier: Apache-2.0
#include "common/store/store_impl.h"

namespace llmgw {

Result<std::vector<std::pair<std::string, std::string>>> Store::settings() {
    auto query = impl_->database->prepare("SELECT name, value FROM settings ORDER BY name");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<std::pair<std::string, std::string>> settings;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return settings;
        }
        settings.emplace_back(query->text_at(0), query->text_at(1));
    }
}

Result<std::optional<std::string>> Store::setting(std::string_view name) {
    auto query = impl_->database->prepare("SELECT value FROM settings WHERE name = :name");
    if (!query) {
        return tl::unexpected(query.error());
    }
    const auto row = query->text(":name", name).step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? std::optional(query->text_at(0)) : std::nullopt;
}

Result<void> Store::set_setting(std::string_view name, std::string_view value) {
    auto change = impl_->database->prepare(
        "INSERT INTO settings (name, value) VALUES (:name, :value) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":name", name).text(":value", value).run();
}

Result<bool> Store::unset_setting(std::string_view name) {
    auto change = impl_->database->prepare("DELETE FROM settings WHERE name = :name");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":name", name).run_changes();
}

}  // namespace llmgw
