// SPDX-License-Identifier: Apache-2.0
#include "daemon/net/public_address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace llmgw {

namespace {

using Bytes6 = asio::ip::address_v6::bytes_type;

struct Prefix4 {
    std::array<std::uint8_t, 4> network;
    unsigned bits;
};

// The IANA IPv4 Special-Purpose Address Registry (RFC 6890), without the two AS112 networks, which
// are reachable for everybody; then multicast (RFC 5771) and what clouds add of their own.
constexpr Prefix4 kClosed4[] = {
    {{0, 0, 0, 0}, 8},         // this network; 0.0.0.0 reaches this machine
    {{10, 0, 0, 0}, 8},        // private
    {{100, 64, 0, 0}, 10},     // shared by carriers; Alibaba's metadata service
    {{127, 0, 0, 0}, 8},       // loopback
    {{169, 254, 0, 0}, 16},    // link-local; the metadata service of most clouds
    {{172, 16, 0, 0}, 12},     // private
    {{192, 0, 0, 0}, 24},      // protocol assignments; Oracle's metadata service
    {{192, 0, 2, 0}, 24},      // documentation
    {{192, 88, 99, 0}, 24},    // relays of 6to4
    {{192, 168, 0, 0}, 16},    // private
    {{198, 18, 0, 0}, 15},     // benchmarks
    {{198, 51, 100, 0}, 24},   // documentation
    {{203, 0, 113, 0}, 24},    // documentation
    {{224, 0, 0, 0}, 4},       // multicast
    {{240, 0, 0, 0}, 4},       // reserved, broadcast
    {{168, 63, 129, 16}, 32},  // Azure's agent service, on an address that looks public
};

struct Prefix6 {
    std::array<std::uint16_t, 4> network;  // the first half of the address
    unsigned bits;
};

// What is not public of the only block that is global unicast, 2000::/3 (the IANA IPv6
// Special-Purpose Address Registry, RFC 6890). All else is closed without being listed.
constexpr Prefix6 kGlobal6 = {{0x2000, 0, 0, 0}, 3};
constexpr Prefix6 kClosed6[] = {
    {{0x2001, 0, 0, 0}, 23},      // protocol assignments, Teredo among them
    {{0x2001, 0xdb8, 0, 0}, 32},  // documentation
    {{0x3ffe, 0, 0, 0}, 16},      // the former 6bone
    {{0x3fff, 0, 0, 0}, 20},      // documentation
};

// Blocks whose addresses hold one of IPv4, and where it begins.
struct Embedding {
    Bytes6 network;
    unsigned bits;
    std::size_t offset;
};
constexpr Embedding kEmbeddings[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},  // IPv4-mapped (RFC 4291 §2.5.5.2)
    {{0, 0x64, 0xff, 0x9b}, 96, 12},                       // NAT64 (RFC 6052 §2.1)
    {{0x20, 0x02}, 16, 2},                                 // 6to4 (RFC 3056 §2)
};

template <typename Bytes>
bool begins_with(const Bytes& address, const Bytes& network, unsigned bits) {
    const std::size_t whole = bits / 8;
    if (!std::equal(network.begin(), network.begin() + static_cast<std::ptrdiff_t>(whole),
                    address.begin())) {
        return false;
    }
    const unsigned rest = bits % 8;
    return rest == 0 || (address[whole] ^ network[whole]) >> (8 - rest) == 0;
}

bool is_within(const Bytes6& address, const Prefix6& prefix) {
    Bytes6 network{};
    for (std::size_t i = 0; i < prefix.network.size(); i++) {
        network[2 * i] = static_cast<std::uint8_t>(prefix.network[i] >> 8);
        network[2 * i + 1] = static_cast<std::uint8_t>(prefix.network[i] & 0xff);
    }
    return begins_with(address, network, prefix.bits);
}

bool is_public(const std::array<std::uint8_t, 4>& address) {
    return std::none_of(std::begin(kClosed4), std::end(kClosed4), [&](const Prefix4& closed) {
        return begins_with(address, closed.network, closed.bits);
    });
}

bool is_public(const Bytes6& address) {
    for (const Embedding& embedding : kEmbeddings) {
        if (begins_with(address, embedding.network, embedding.bits)) {
            std::array<std::uint8_t, 4> inner{};
            std::memcpy(inner.data(), address.data() + embedding.offset, inner.size());
            return is_public(inner);
        }
    }
    return is_within(address, kGlobal6) &&
           std::none_of(std::begin(kClosed6), std::end(kClosed6),
                        [&](const Prefix6& closed) { return is_within(address, closed); });
}

}  // namespace

bool is_public_address(const asio::ip::address& address) {
    if (address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        return is_public(std::array<std::uint8_t, 4>{bytes[0], bytes[1], bytes[2], bytes[3]});
    }
    return is_public(address.to_v6().to_bytes());
}

}  // namespace llmgw
