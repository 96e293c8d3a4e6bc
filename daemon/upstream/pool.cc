// SPDX-License-Identifier: Apache-2.0
#include "daemon/upstream/pool.h"

#include <algorithm>
#include <utility>

namespace llmgw {

namespace {
// Providers close idle connections after a minute or more; ours go first.
constexpr std::chrono::seconds kMaxIdle{50};
constexpr std::chrono::milliseconds kSurelyOpen{500};
constexpr std::chrono::milliseconds kSweepInterval{10'000};
constexpr std::size_t kMaxIdlePerOrigin = 512;
constexpr std::chrono::seconds kAddressLife{30};
}  // namespace

UpstreamPool::UpstreamPool(Loop& loop) : loop_(loop), sweep_(loop, [this] { close_old(); }) {}

std::unique_ptr<Socket> UpstreamPool::take(const std::string& origin) {
    const auto found = idle_.find(origin);
    if (found == idle_.end()) {
        return nullptr;
    }
    auto& list = found->second;
    while (!list.empty()) {
        std::unique_ptr<Socket> socket = std::move(list.back().socket);
        // Whoever just answered is not looked at again; if it has closed all the same, the call
        // opens another.
        const bool recent = Deadline::now() - list.back().since < kSurelyOpen;
        list.pop_back();
        if (socket->seems_quiet() && (recent || socket->is_quiet())) {
            return socket;
        }
    }
    return nullptr;
}

void UpstreamPool::give_back(const std::string& origin, std::unique_ptr<Socket> socket) {
    auto& list = idle_[origin];
    if (list.size() < kMaxIdlePerOrigin) {
        list.push_back({std::move(socket), Deadline::now()});
        if (list.size() == 1) {
            sweep_.set(kSweepInterval);
        }
    }
}

UpstreamPool::Endpoints UpstreamPool::known_addresses(const std::string& origin) const {
    const auto found = addresses_.find(origin);
    if (found == addresses_.end() || Deadline::now() - found->second.since > kAddressLife) {
        return {};
    }
    return found->second.endpoints;
}

void UpstreamPool::remember_addresses(const std::string& origin, Endpoints endpoints) {
    addresses_[origin] = {std::move(endpoints), Deadline::now()};
}

void UpstreamPool::close_old() {
    const auto now = Deadline::now();
    for (auto entry = idle_.begin(); entry != idle_.end();) {
        // The oldest are in front: connections are taken from and given back to the end.
        auto& list = entry->second;
        list.erase(list.begin(), std::find_if(list.begin(), list.end(), [&](const Idle& idle) {
                       return now - idle.since < kMaxIdle;
                   }));
        entry = list.empty() ? idle_.erase(entry) : std::next(entry);
    }
    if (!idle_.empty()) {
        sweep_.set(kSweepInterval);
    }
}

}  // namespace llmgw
