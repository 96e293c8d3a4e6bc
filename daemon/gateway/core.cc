// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/core.h"

namespace llmgw {

std::string Core::new_request_id() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string id = "req_";
    std::uint64_t bits = 0;
    for (int i = 0; i < 24; i++) {
        if (i % 12 == 0) {
            bits = random();
        }
        id += kHex[bits & 15];
        bits >>= 4;
    }
    return id;
}

}  // namespace llmgw
