// SPDX-License-Identifier: Apache-2.0
#include "common/secrets/vault.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include <algorithm>
#include <span>

#include "common/base/text.h"
#include "common/secrets/crypto.h"
#include "common/secrets/master_key.h"
#include "common/secrets/random.h"

namespace llmgw {

namespace {

using Key = std::array<unsigned char, 32>;

// One master key, one derived key for each purpose. Changing a label makes stored data unreadable.
constexpr std::string_view kSealLabel = "llmgw provider secrets v1";
constexpr std::string_view kDigestLabel = "llmgw gateway key digests v1";

constexpr char kVersion = 1;
constexpr std::size_t kNonceSize = 12;
constexpr std::size_t kTagSize = 16;
constexpr std::size_t kHeadSize = 1 + kNonceSize;
constexpr std::size_t kMaxSecret = 1024 * 1024;  // far from the int lengths of OpenSSL's calls

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

void wipe(std::span<unsigned char> bytes) {
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

// HKDF-SHA-256 (RFC 5869) without salt, as the master key is uniformly random.
bool derive(MasterKey& master, std::string_view label, Key& out) {
    const EvpKdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
    const EvpKdfContext context(EVP_KDF_CTX_new(kdf.get()));
    std::string digest = "SHA256";
    std::string info(label);
    const std::array<OSSL_PARAM, 4> params = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, master.data(), master.size()),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
        OSSL_PARAM_construct_end()};
    return context && EVP_KDF_derive(context.get(), out.data(), out.size(), params.data()) == 1;
}

tl::unexpected<Error> openssl_failed(const char* what) {
    return fail(Errc::failed, std::string("OpenSSL could not ") + what,
                "llmgw --version shows the OpenSSL in use; it must offer AES-256-GCM and HKDF");
}

tl::unexpected<Error> cannot_unseal() {
    return fail(Errc::invalid_file,
                "a stored secret cannot be opened: it was sealed with another master key or for "
                "another label or address, or it is damaged",
                "remove the provider key and add it again: llmgw providers remove, then add");
}

}  // namespace

// HMAC (RFC 2104) with both hashes advanced past their key blocks once, so that a digest costs two
// copies of a context instead of a key set-up. Const calls only copy: any thread may make them.
class Vault::Hmac {
  public:
    // Leaves ok() false on failure.
    explicit Hmac(const Key& key) : sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)) {
        ok_ = sha256_ && start(inner_, key, 0x36) && start(outer_, key, 0x5c);
    }
    [[nodiscard]] bool ok() const { return ok_; }

    [[nodiscard]] Digest digest(std::string_view text) const {
        Digest out{};
        const EvpDigestContext context(EVP_MD_CTX_new());
        // Fails only for want of memory.
        LLMGW_ASSERT(context && EVP_MD_CTX_copy_ex(context.get(), inner_.get()) == 1 &&
                     EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1 &&
                     EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1 &&
                     EVP_MD_CTX_copy_ex(context.get(), outer_.get()) == 1 &&
                     EVP_DigestUpdate(context.get(), out.data(), out.size()) == 1 &&
                     EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
        return out;
    }

  private:
    bool start(EvpDigestContext& context, const Key& key, unsigned char pad) {
        std::array<unsigned char, 64> block;
        block.fill(pad);
        for (std::size_t i = 0; i < key.size(); i++) {
            block[i] = static_cast<unsigned char>(key[i] ^ pad);
        }
        context.reset(EVP_MD_CTX_new());
        const bool started = context &&
                             EVP_DigestInit_ex2(context.get(), sha256_.get(), nullptr) == 1 &&
                             EVP_DigestUpdate(context.get(), block.data(), block.size()) == 1;
        wipe(block);
        return started;
    }

    EvpDigest sha256_;
    EvpDigestContext inner_;  // freed contexts are wiped by OpenSSL
    EvpDigestContext outer_;
    bool ok_ = false;
};

Vault::Vault() = default;

Vault::~Vault() {
    wipe(seal_key_);
}

Result<std::unique_ptr<Vault>> Vault::open(const std::string& master_key_path, bool create) {
    std::unique_ptr<Vault> vault(new Vault);
    MasterKey master{};
    if (auto read = read_master_key(master_key_path, create, master); !read) {
        return tl::unexpected(read.error());
    }
    Key digest_key{};
    const bool derived =
        derive(master, kSealLabel, vault->seal_key_) && derive(master, kDigestLabel, digest_key);
    if (derived) {
        vault->hmac_ = std::make_unique<Hmac>(digest_key);
    }
    wipe(master);
    wipe(digest_key);
    if (!derived || !vault->hmac_->ok()) {
        return openssl_failed("derive keys from the master key");
    }
    return vault;
}

Result<std::string> Vault::seal(std::string_view secret, std::string_view context) const {
    if (secret.size() > kMaxSecret || context.size() > kMaxSecret) {
        return fail(Errc::invalid_file, "a secret of more than 1 MB cannot be stored");
    }
    std::string sealed(kHeadSize + secret.size() + kTagSize, '\0');
    unsigned char* out = bytes_of(sealed);
    sealed[0] = kVersion;
    fill_random({out + 1, kNonceSize});
    const EvpCipherContext gcm(EVP_CIPHER_CTX_new());
    int length = 0;
    const bool done =
        gcm &&
        EVP_EncryptInit_ex2(gcm.get(), EVP_aes_256_gcm(), seal_key_.data(), out + 1, nullptr) ==
            1 &&
        EVP_EncryptUpdate(gcm.get(), nullptr, &length, bytes_of(context),
                          static_cast<int>(context.size())) == 1 &&
        EVP_EncryptUpdate(gcm.get(), out + kHeadSize, &length, bytes_of(secret),
                          static_cast<int>(secret.size())) == 1 &&
        EVP_EncryptFinal_ex(gcm.get(), out + kHeadSize + secret.size(), &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(gcm.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagSize),
                            out + kHeadSize + secret.size()) == 1;
    if (!done) {
        return openssl_failed("encrypt a secret");
    }
    return sealed;
}

Result<std::string> Vault::unseal(std::string_view sealed, std::string_view context) const {
    if (sealed.size() < kHeadSize + kTagSize || sealed[0] != kVersion ||
        sealed.size() > kHeadSize + kMaxSecret + kTagSize || context.size() > kMaxSecret) {
        return cannot_unseal();
    }
    const std::size_t size = sealed.size() - kHeadSize - kTagSize;
    const unsigned char* in = bytes_of(sealed);
    std::array<unsigned char, kTagSize> tag;
    std::copy_n(in + kHeadSize + size, kTagSize, tag.begin());
    std::string secret(size, '\0');
    const EvpCipherContext gcm(EVP_CIPHER_CTX_new());
    int length = 0;
    const bool done =
        gcm &&
        EVP_DecryptInit_ex2(gcm.get(), EVP_aes_256_gcm(), seal_key_.data(), in + 1, nullptr) == 1 &&
        EVP_DecryptUpdate(gcm.get(), nullptr, &length, bytes_of(context),
                          static_cast<int>(context.size())) == 1 &&
        EVP_DecryptUpdate(gcm.get(), bytes_of(secret), &length, in + kHeadSize,
                          static_cast<int>(size)) == 1 &&
        EVP_CIPHER_CTX_ctrl(gcm.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagSize),
                            tag.data()) == 1 &&
        EVP_DecryptFinal_ex(gcm.get(), bytes_of(secret) + size, &length) == 1;
    if (!done) {
        OPENSSL_cleanse(secret.data(), secret.size());
        return cannot_unseal();
    }
    return secret;
}

Vault::Digest Vault::digest(std::string_view gateway_key) const {
    return hmac_->digest(gateway_key);
}

std::string Vault::short_id(const Digest& digest) {
    constexpr std::size_t kBytes = 12;
    return to_hex({reinterpret_cast<const char*>(digest.data()), kBytes});
}

}  // namespace llmgw
