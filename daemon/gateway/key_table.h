// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/secrets/vault.h"
#include "common/store/store.h"

namespace llmgw {

/// The gateway keys that requests are checked against, found by their digests. Two flat arrays: the
/// whole of 100,000 keys is made in a few milliseconds, takes 5 MB, and is freed at once, which
/// happens on the loop's thread. Never changed; any thread may read it.
class KeyTable {
  public:
    KeyTable() : KeyTable(ValidGatewayKeys()) {}
    /// The keys have different digests.
    explicit KeyTable(ValidGatewayKeys valid);

    /// nullptr when there is none.
    [[nodiscard]] const ValidGatewayKey* find(const Vault::Digest& digest) const;
    /// The name of the route that all requests of a key take; empty: none.
    [[nodiscard]] std::string_view route_of(const ValidGatewayKey& key) const;
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

  private:
    [[nodiscard]] std::size_t home_of(const Vault::Digest& digest) const;

    std::vector<ValidGatewayKey> keys_;
    std::vector<std::string> routes_;
    std::vector<std::uint32_t> slots_;  // 1 + an index of keys_, or 0; a power of two of them
};

}  // namespace llmgw
