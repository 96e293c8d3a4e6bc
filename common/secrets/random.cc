// SPDX-License-Identifier: Apache-2.0
#include "common/secrets/random.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "common/base/crc32.h"
#include "common/base/error.h"
#include "common/base/text.h"
#include "common/secrets/vault.h"

namespace llmgw {

namespace {

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandomCharacters = 40;
constexpr std::size_t kChecksumCharacters = 6;  // 62^6 > 2^32

std::string random_base62(std::size_t length) {
    std::string text;
    while (text.size() < length) {
        std::array<unsigned char, 64> bytes;
        fill_random(bytes);
        for (const unsigned char byte : bytes) {
            // Only a whole multiple of 62 values, or the first characters would come up more often.
            if (byte < 62 * 4 && text.size() < length) {
                text += kBase62[byte % 62];
            }
        }
        OPENSSL_cleanse(bytes.data(), bytes.size());
    }
    return text;
}

}  // namespace

void fill_random(std::span<unsigned char> bytes) {
    constexpr std::size_t kMost = 256;  // what getentropy() gives in one call
    while (!bytes.empty()) {
        const auto part = bytes.first(std::min(bytes.size(), kMost));
        LLMGW_ASSERT(::getentropy(part.data(), part.size()) == 0);
        bytes = bytes.subspan(part.size());
    }
}

std::string random_hex(std::size_t bytes) {
    std::string random(bytes, '\0');
    fill_random({reinterpret_cast<unsigned char*>(random.data()), random.size()});
    std::string hex = to_hex(random);
    OPENSSL_cleanse(random.data(), random.size());
    return hex;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string Vault::new_gateway_key() {
    const std::string random = random_base62(kRandomCharacters);
    std::string checksum(kChecksumCharacters, '0');
    std::uint32_t rest = crc32(random);
    for (auto digit = checksum.rbegin(); digit != checksum.rend(); ++digit) {
        *digit = kBase62[rest % 62];
        rest /= 62;
    }
    return "llmgw_" + random + checksum;
}

}  // namespace llmgw
