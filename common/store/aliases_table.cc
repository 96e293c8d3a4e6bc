// SPDX-License-Identifier: Apache-2.0
#include "common/store/store_impl.h"

namespace llmgw {

Result<std::vector<ModelAlias>> Store::aliases() {
    auto query = impl_->database->prepare("SELECT name, target FROM aliases ORDER BY name");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<ModelAlias> aliases;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return aliases;
        }
        aliases.push_back({.name = query->text_at(0), .target = query->text_at(1)});
    }
}

Result<void> Store::set_alias(const ModelAlias& alias) {
    auto change = impl_->database->prepare(
        "INSERT INTO aliases (name, target) VALUES (:name, :target) "
        "ON CONFLICT (name) DO UPDATE SET target = excluded.target");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":name", alias.name).text(":target", alias.target).run();
}

Result<bool> Store::remove_alias(std::string_view name) {
    auto change = impl_->database->prepare("DELETE FROM aliases WHERE name = :name");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":name", name).run_changes();
}

}  // namespace llmgw
