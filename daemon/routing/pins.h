// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>

namespace llmgw {

/// What a model or a session keeps to, for a while. Both sides are hashes: whatever a client calls
/// its sessions, it takes no memory here. Bounded: the one that was not used for the longest time
/// has to go.
class Pins {
  public:
    explicit Pins(std::size_t capacity) : capacity_(capacity) {}

    [[nodiscard]] std::optional<std::uint64_t> find(std::uint64_t who, std::int64_t now);
    void set(std::uint64_t who, std::uint64_t target, std::int64_t now, std::int64_t ttl_ms);

    [[nodiscard]] std::size_t size() const { return pins_.size(); }

  private:
    struct Pin {
        std::uint64_t who, target;
        std::int64_t since, until;
    };

    std::size_t capacity_;
    std::list<Pin> pins_;  // the latest used first
    std::unordered_map<std::uint64_t, std::list<Pin>::iterator> index_;
};

}  // namespace llmgw
