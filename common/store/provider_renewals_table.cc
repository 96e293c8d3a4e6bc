// SPDX-License-Identifier: Apache-2.0
#include "common/store/store_impl.h"

namespace llmgw {

Result<void> Store::renew_provider_key(std::string_view label, std::int64_t now) {
    auto change = impl_->database->prepare(
        "INSERT INTO provider_renewals (label, renewed_at) VALUES (:label, :now) "
        "ON CONFLICT (label) DO UPDATE SET renewed_at = excluded.renewed_at");
    if (!change) {
        return tl::unexpected(change.error());
    }
    return change->text(":label", label).integer(":now", now).run();
}

Result<std::vector<ProviderRenewal>> Store::provider_renewals() {
    auto query = impl_->database->prepare("SELECT label, renewed_at FROM provider_renewals");
    if (!query) {
        return tl::unexpected(query.error());
    }
    std::vector<ProviderRenewal> renewals;
    while (true) {
        const auto row = query->step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return renewals;
        }
        renewals.push_back({.label = query->text_at(0), .renewed_at = query->integer_at(1)});
    }
}

}  // namespace llmgw
