// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/core.h"

#include "common/base/clock.h"

namespace llmgw {

std::string Core::new_request_id() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string id = "req_000000000000000000000000";
    auto time = static_cast<std::uint64_t>(unix_ms());
    std::uint64_t bits = random();
    for (std::size_t i = 15; i >= 4; i--) {
        id[i] = kHex[time & 15];
        id[i + 12] = kHex[bits & 15];
        time >>= 4;
        bits >>= 4;
    }
    return id;
}

}  // namespace llmgw
