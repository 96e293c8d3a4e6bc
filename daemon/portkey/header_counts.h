// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/store/log_store.h"

namespace llmgw {

/// Sums of what clients send of Portkey's headers, between two times that they are written.
class PortkeyHeaderCounts {
  public:
    void add(const PortkeyHeaderUse& use);
    void add(const PortkeyHeaderCounts& more);
    [[nodiscard]] bool empty() const { return counts_.empty(); }
    void clear() { counts_.clear(); }
    [[nodiscard]] std::vector<PortkeyHeaderUse> all() const;

  private:
    using Sender = std::tuple<std::string, std::string, std::string>;  // key, client, header
    struct Count {
        std::int64_t requests = 0;
        std::int64_t last_seen = 0;
    };
    std::map<Sender, Count> counts_;
};

}  // namespace llmgw
