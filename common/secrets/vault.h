// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// Seals provider keys and fingerprints gateway keys with keys derived (HKDF-SHA-256) from the 32
/// random bytes of `master.key`. Immutable after open(): any thread may call it.
class Vault {
  public:
    /// Opens the master key, making a new one (mode 0600, O_NOFOLLOW) when there is none and
    /// `create` is set. Refuses one that group or others may read, that belongs to somebody else,
    /// or that has another size.
    [[nodiscard]] static Result<std::unique_ptr<Vault>> open(const std::string& master_key_path,
                                                             bool create);
    ~Vault();
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;

    /// AES-256-GCM with a random nonce: version byte, nonce, ciphertext, tag. `context` is bound in
    /// as additional data: a secret sealed for one label and base URL cannot be opened for another.
    [[nodiscard]] Result<std::string> seal(std::string_view secret, std::string_view context) const;
    [[nodiscard]] Result<std::string> unseal(std::string_view sealed,
                                             std::string_view context) const;

    using Digest = std::array<std::uint8_t, 32>;
    /// HMAC-SHA-256 of a gateway key: what is stored and looked up instead of the key.
    [[nodiscard]] Digest digest(std::string_view gateway_key) const;
    /// What a gateway key is called where its name does not matter: a part of its digest.
    [[nodiscard]] static std::string short_id(const Digest& digest);

    /// A new gateway key: "llmgw_", 40 random base-62 characters, and their CRC-32 as 6 base-62
    /// digits (most significant first), by which secret scanners tell a real one.
    [[nodiscard]] static std::string new_gateway_key();

  private:
    class Hmac;
    Vault();
    std::array<unsigned char, 32> seal_key_{};
    std::unique_ptr<Hmac> hmac_;
};

/// Equal or not, in a time that does not depend on where they differ.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

/// Random bytes from the operating system, in lower-case hex; `bytes` of entropy.
[[nodiscard]] std::string random_hex(std::size_t bytes);

}  // namespace llmgw
