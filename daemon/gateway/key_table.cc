// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/key_table.h"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "common/base/error.h"

namespace llmgw {

// Open addressing with linear probing, at most four fifths full: one slot at least is empty, which
// is where a search ends.
KeyTable::KeyTable(ValidGatewayKeys valid)
    : keys_(std::move(valid.keys)),
      routes_(std::move(valid.routes)),
      slots_(std::bit_ceil(keys_.size() + keys_.size() / 4 + 1)) {
    LLMGW_ASSERT(keys_.size() < std::numeric_limits<std::uint32_t>::max());
    for (std::size_t i = 0; i < keys_.size(); i++) {
        std::size_t at = home_of(keys_[i].digest);
        while (slots_[at] != 0) {
            at = (at + 1) % slots_.size();
        }
        slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
}

const ValidGatewayKey* KeyTable::find(const Vault::Digest& digest) const {
    for (std::size_t at = home_of(digest); slots_[at] != 0; at = (at + 1) % slots_.size()) {
        const ValidGatewayKey& key = keys_[slots_[at] - 1];
        if (key.digest == digest) {
            return &key;
        }
    }
    return nullptr;
}

std::string_view KeyTable::route_of(const ValidGatewayKey& key) const {
    return key.route == 0 ? std::string_view() : routes_[key.route - 1];
}

// A digest is an HMAC: its bytes are as good as random, and nobody without the master key can
// choose them to collide.
std::size_t KeyTable::home_of(const Vault::Digest& digest) const {
    std::size_t bits = 0;
    std::memcpy(&bits, digest.data(), sizeof bits);
    return bits % slots_.size();
}

}  // namespace llmgw
