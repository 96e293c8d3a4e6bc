// SPDX-License-Identifier: Apache-2.0
#include "common/secrets/sha256.h"

#include <array>

#include "common/base/error.h"
#include "common/base/text.h"
#include "common/secrets/crypto.h"

namespace llmgw {

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, 32> digest{};
    unsigned int length = 0;
    // Fails only when OpenSSL has no SHA-256 or no memory.
    LLMGW_ASSERT(
        EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) == 1);
    return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace llmgw
