// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/pins.h"

namespace llmgw {

std::optional<std::uint64_t> Pins::find(std::uint64_t who, std::int64_t now) {
    const auto at = index_.find(who);
    if (at == index_.end()) {
        return std::nullopt;
    }
    Pin& pin = *at->second;
    if (now < pin.since) {  // the clock was set back
        pin.until -= pin.since - now;
        pin.since = now;
    }
    if (now >= pin.until) {
        pins_.erase(at->second);
        index_.erase(at);
        return std::nullopt;
    }
    return pin.target;
}

void Pins::set(std::uint64_t who, std::uint64_t target, std::int64_t now, std::int64_t ttl_ms) {
    const Pin pin{who, target, now, now + ttl_ms};
    const auto at = index_.find(who);
    if (at != index_.end()) {
        *at->second = pin;
        pins_.splice(pins_.begin(), pins_, at->second);
        return;
    }
    if (pins_.size() >= capacity_) {
        index_.erase(pins_.back().who);
        pins_.pop_back();
    }
    pins_.push_front(pin);
    index_.emplace(who, pins_.begin());
}

}  // namespace llmgw
