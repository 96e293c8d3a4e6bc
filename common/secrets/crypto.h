// SPDX-License-Identifier: Apache-2.0
#pragma once

// OpenSSL's handles as owning pointers; for .cc files only.
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <memory>

namespace llmgw {

template <auto Free>
struct OpensslDeleter {
    template <typename T>
    void operator()(T* handle) const {
        Free(handle);
    }
};

using EvpCipherContext = std::unique_ptr<EVP_CIPHER_CTX, OpensslDeleter<EVP_CIPHER_CTX_free>>;
using EvpDigestContext = std::unique_ptr<EVP_MD_CTX, OpensslDeleter<EVP_MD_CTX_free>>;
using EvpDigest = std::unique_ptr<EVP_MD, OpensslDeleter<EVP_MD_free>>;
using EvpKdf = std::unique_ptr<EVP_KDF, OpensslDeleter<EVP_KDF_free>>;
using EvpKdfContext = std::unique_ptr<EVP_KDF_CTX, OpensslDeleter<EVP_KDF_CTX_free>>;

}  // namespace llmgw
