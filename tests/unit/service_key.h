// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keys made on the spot: none is kept in the source tree.
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>
#include <string_view>

#include "common/secrets/crypto.h"

namespace llmgw::test {

/// An RSA key such as a service account has.
class ServiceKey {
  public:
    ServiceKey() : key_(EVP_RSA_gen(kBits)) {}

    [[nodiscard]] std::string pem() const { return pem_of(key_.get()); }
    [[nodiscard]] bool verifies(std::string_view text, std::string_view signature) const {
        const EvpDigestContext context(EVP_MD_CTX_new());
        return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) ==
                   1 &&
               EVP_DigestVerify(
                   context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                   signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                   text.size()) == 1;
    }
    /// A private key that is not RSA's.
    [[nodiscard]] static std::string elliptic_pem() {
        return pem_of(Key(EVP_EC_gen("P-256")).get());
    }

  private:
    static constexpr unsigned kBits =
        1024;  // made in milliseconds; nothing depends on its strength
    using Key = std::unique_ptr<EVP_PKEY, OpensslDeleter<EVP_PKEY_free>>;

    static std::string pem_of(EVP_PKEY* key) {
        const std::unique_ptr<BIO, OpensslDeleter<BIO_free>> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &data);
        return {data, static_cast<std::size_t>(size)};
    }

    Key key_;
};

}  // namespace llmgw::test
