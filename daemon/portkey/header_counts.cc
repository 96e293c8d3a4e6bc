// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/header_counts.h"

#include <algorithm>

namespace llmgw {

namespace {
// What clients call themselves is up to them; those that come later are not counted.
constexpr std::size_t kMostSenders = 1000;
}  // namespace

void PortkeyHeaderCounts::add(const PortkeyHeaderUse& use) {
    Sender sender(use.key, use.client, use.header);
    if (counts_.size() >= kMostSenders && !counts_.contains(sender)) {
        return;
    }
    Count& count = counts_[std::move(sender)];
    count.requests += use.requests;
    count.last_seen = std::max(count.last_seen, use.last_seen);
}

void PortkeyHeaderCounts::add(const PortkeyHeaderCounts& more) {
    for (const PortkeyHeaderUse& use : more.all()) {
        add(use);
    }
}

std::vector<PortkeyHeaderUse> PortkeyHeaderCounts::all() const {
    std::vector<PortkeyHeaderUse> uses;
    uses.reserve(counts_.size());
    for (const auto& [sender, count] : counts_) {
        const auto& [key, client, header] = sender;
        uses.push_back({key, client, header, count.requests, count.last_seen});
    }
    return uses;
}

}  // namespace llmgw
