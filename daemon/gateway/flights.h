// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "common/base/cache_key.h"

namespace llmgw {

class Flight;

/// The calls under way that further requests of the same key may join. Only for the loop's thread.
class Flights {
  public:
    [[nodiscard]] std::shared_ptr<Flight> find(const CacheKey& key) const {
        const auto found = flights_.find(key);
        return found == flights_.end() ? nullptr : found->second;
    }
    void add(const CacheKey& key, std::shared_ptr<Flight> flight) {
        flights_[key] = std::move(flight);
    }
    /// Nobody joins it any more. `flight` is not another one of the same key.
    void remove(const CacheKey& key, const Flight& flight) {
        const auto found = flights_.find(key);
        if (found != flights_.end() && found->second.get() == &flight) {
            flights_.erase(found);
        }
    }

  private:
    struct HashOf {
        std::size_t operator()(const CacheKey& key) const {
            return static_cast<std::size_t>(key.hash());
        }
    };
    std::unordered_map<CacheKey, std::shared_ptr<Flight>, HashOf> flights_;
};

}  // namespace llmgw
