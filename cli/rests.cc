// SPDX-License-Identifier: Apache-2.0
#include "cli/rests.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "cli/logs.h"
#include "common/base/clock.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

Result<std::vector<RestRow>> saved_rests() {
    const auto log = open_existing_log();
    if (!log) {
        return tl::unexpected(log.error());
    }
    if (*log == nullptr) {
        return std::vector<RestRow>();
    }
    auto health = (*log)->health();
    if (!health) {
        return tl::unexpected(health.error());
    }
    return health->rests.value_or(std::vector<RestRow>());
}

// When each label was renewed last.
Result<std::vector<ProviderRenewal>> all_renewals(Store& store) {
    auto renewals = store.provider_renewals();
    if (!renewals) {
        return renewals;
    }
    const auto keys = store.provider_keys();
    if (!keys) {
        return tl::unexpected(keys.error());
    }
    for (const auto& key : *keys) {
        renewals->push_back({key.label, key.created_at});
    }
    return renewals;
}

}  // namespace

Result<std::vector<RestRow>> resting_keys(Store& store) {
    auto rests = saved_rests();
    if (!rests) {
        return rests;
    }
    const auto renewals = all_renewals(store);
    if (!renewals) {
        return tl::unexpected(renewals.error());
    }
    const std::int64_t now = unix_ms();
    std::erase_if(*rests, [&](const RestRow& rest) {
        return rest.until <= now ||
               std::any_of(renewals->begin(), renewals->end(), [&](const ProviderRenewal& renewal) {
                   return renewal.label == rest.key && rest.since < renewal.renewed_at;
               });
    });
    std::sort(rests->begin(), rests->end(), [](const RestRow& a, const RestRow& b) {
        return std::tie(a.key, a.model) < std::tie(b.key, b.model);
    });
    return rests;
}

std::vector<RestRow> rests_of(const std::vector<RestRow>& rests, std::string_view label) {
    std::vector<RestRow> found;
    std::copy_if(rests.begin(), rests.end(), std::back_inserter(found),
                 [&](const RestRow& rest) { return rest.key == label; });
    return found;
}

std::string rest_cause(const RestRow& rest) {
    std::string cause = rest.status == 0 ? "" : std::to_string(rest.status);
    if (!rest.detail.empty()) {
        cause += (cause.empty() ? "" : ": ") + printable(rest.detail);
    }
    return cause;
}

std::string rest_text(const RestRow& rest) {
    const std::string cause = rest_cause(rest);
    return (rest.model.empty() ? "" : printable(rest.model) + " ") + "rests for " +
           show_time_left(rest.until - unix_ms()) +
           (cause.empty() ? " (" + printable(rest.reason) + ")" : " (" + cause + ")");
}

std::string show_time_left(std::int64_t milliseconds) {
    constexpr std::int64_t kMost = 100;  // of a unit, before the next larger one is used
    const std::int64_t seconds = std::max<std::int64_t>((milliseconds + 999) / 1000, 1);
    if (seconds < kMost) {
        return std::to_string(seconds) + "s";
    }
    const std::int64_t minutes = (seconds + 59) / 60;
    return minutes < kMost ? std::to_string(minutes) + "m"
                           : std::to_string((minutes + 59) / 60) + "h";
}

}  // namespace llmgw
