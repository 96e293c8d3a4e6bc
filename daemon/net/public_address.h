// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <asio/ip/address.hpp>

namespace llmgw {

/// Whether an address is one of the public Internet's: not of this machine, a private or shared
/// network, a link, a group, documentation, or a cloud's metadata service, neither as it is nor
/// inside an IPv6 address (mapped, NAT64, 6to4). What a client's URL leads to is checked by it.
[[nodiscard]] bool is_public_address(const asio::ip::address& address);

}  // namespace llmgw
