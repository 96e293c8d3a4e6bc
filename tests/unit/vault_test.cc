// SPDX-License-Identifier: Apache-2.0
#include "common/secrets/vault.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "common/base/text.h"
#include "tests/unit/processes.h"
#include "tests/unit/scratch.h"

using namespace llmgw;
using llmgw::test::file_content;
using llmgw::test::mode_of;
using llmgw::test::put_file;
using llmgw::test::Scratch;

namespace {

constexpr std::string_view kContext = "label\nopenai\nhttps://x/v1";

std::string counting_key() {
    std::string key;
    for (int i = 0; i < 32; i++) {
        key += static_cast<char>(i);
    }
    return key;
}

// A vault whose master key is the bytes 0 to 31.
std::unique_ptr<Vault> known_vault(const Scratch& scratch) {
    put_file(scratch / "master.key", counting_key(), 0600);
    auto vault = Vault::open(scratch / "master.key", false);
    REQUIRE(vault);
    return std::move(*vault);
}

std::string hmac(std::string_view key, std::string_view text) {
    std::string out(32, '\0');
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(out.data()), nullptr);
    return out;
}

std::string text_of(const Vault::Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return bytes;
}

std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int i = 0; i < 8; i++) {
            crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0xEDB88320U : crc >> 1;
        }
    }
    return crc ^ 0xFFFFFFFFU;
}

}  // namespace

TEST_CASE("vault: a new master key is private and stays") {
    const Scratch scratch;
    const std::string path = scratch / "master.key";
    CHECK(Vault::open(path, false).error().kind == Errc::not_found);
    CHECK_FALSE(std::filesystem::exists(path));
    const mode_t before = ::umask(0);
    const auto made = Vault::open(path, true);
    ::umask(before);
    REQUIRE(made);
    CHECK(mode_of(path) == 0600);
    CHECK(file_content(path).size() == 32);
    const auto again = Vault::open(path, true);
    REQUIRE(again);
    CHECK((*again)->digest("x") == (*made)->digest("x"));
    const Scratch other;
    CHECK(Vault::open(other / "master.key", true).value()->digest("x") != (*made)->digest("x"));
}

TEST_CASE("vault: an unsafe master key is refused and told about") {
    const Scratch scratch;
    const std::string path = scratch / "master.key";
    const auto refused = [&](const char* told) {
        const auto vault = Vault::open(path, true);
        REQUIRE_FALSE(vault);
        CHECK(vault.error().kind == Errc::invalid_file);
        CHECK(vault.error().message.find(told) != std::string::npos);
        CHECK(vault.error().message.find(path) != std::string::npos);
        return vault.error().hint;
    };
    SUBCASE("readable by others") {
        for (const unsigned mode : {0640U, 0604U, 0660U, 0644U, 0601U}) {
            put_file(path, counting_key(), mode);
            CHECK(refused(("mode 0" + std::to_string((mode >> 6) & 7U) +
                           std::to_string((mode >> 3) & 7U) + std::to_string(mode & 7U))
                              .c_str()) == "chmod 600 " + path);
        }
    }
    SUBCASE("wrong size") {
        for (const std::size_t size : {0U, 31U, 33U}) {
            put_file(path, std::string(size, 'x'), 0600);
            refused("exactly 32 bytes");
        }
    }
    SUBCASE("symbolic link") {
        put_file(scratch / "elsewhere", counting_key(), 0600);
        std::filesystem::create_symlink(scratch / "elsewhere", path);
        refused("symbolic link");
    }
    SUBCASE("link to nowhere") {
        std::filesystem::create_symlink(scratch / "nowhere", path);
        refused("symbolic link");
        CHECK_FALSE(std::filesystem::exists(scratch / "nowhere"));
    }
    SUBCASE("pipe") {
        REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
        refused("not a regular file");
    }
    SUBCASE("another owner") {
        if (::geteuid() == 0) {
            put_file(path, counting_key(), 0600);
            REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
            refused("another user");
        }
    }
}

TEST_CASE("vault: processes that make the master key at once agree on it") {
    for (int round = 0; round < 10; round++) {
        const Scratch scratch;
        const auto said = test::run_processes(8, [&](int, int out) {
            const auto vault = Vault::open(scratch / "master.key", true);
            test::say(out, vault ? to_hex(text_of((*vault)->digest("x"))) : "failed");
        });
        REQUIRE(said.size() == 8);
        CHECK(said[0].size() == 64);
        CHECK(std::count(said.begin(), said.end(), said[0]) == 8);
    }
}

TEST_CASE("vault: a sealed secret comes back") {
    const Scratch scratch;
    const auto vault = known_vault(scratch);
    for (const std::size_t size : {0U, 1U, 16U, 51U, 10'000U}) {
        const std::string secret(size, 's');
        const std::string sealed = vault->seal(secret, kContext).value();
        CHECK(vault->unseal(sealed, kContext).value() == secret);
        CHECK(vault->seal(secret, kContext).value() != sealed);  // the nonce is random
    }
    CHECK(vault->unseal(vault->seal("s", "").value(), "").value() == "s");
    CHECK_FALSE(vault->seal(std::string(2'000'000, 's'), kContext));
}

TEST_CASE("vault: secrets sealed by the first version open") {
    // Made with Python's cryptography package: HKDF and AES-GCM written down independently.
    const Scratch scratch;
    const auto vault = known_vault(scratch);
    const auto secret = vault->unseal(
        from_hex("01000102030405060708090a0b04bf886d27f7c242e57b78f011ae95b89f86e175a6a3321ef7"),
        kContext);
    REQUIRE(secret);
    CHECK(*secret == "sk-secret");
}

TEST_CASE("vault: any change to a sealed secret is noticed") {
    const Scratch scratch;
    const auto vault = known_vault(scratch);
    const std::string sealed = vault->seal("sk-very-secret", kContext).value();
    for (std::size_t i = 0; i < sealed.size(); i++) {
        for (const int bit : {0x01, 0x80}) {
            std::string changed = sealed;
            changed[i] = static_cast<char>(static_cast<unsigned char>(changed[i]) ^ bit);
            CAPTURE(i);
            CHECK_FALSE(vault->unseal(changed, kContext));
        }
    }
    for (std::size_t length = 0; length < sealed.size(); length++) {
        CHECK_FALSE(vault->unseal(sealed.substr(0, length), kContext));
    }
    CHECK_FALSE(vault->unseal(sealed + "x", kContext));
}

TEST_CASE("vault: a secret belongs to its context and its master key") {
    const Scratch scratch;
    const auto vault = known_vault(scratch);
    const std::string sealed = vault->seal("sk-very-secret", kContext).value();
    for (const auto* other :
         {"", "label\nopenai\nhttps://evil/v1", "label2\nopenai\nhttps://x/v1"}) {
        const auto opened = vault->unseal(sealed, other);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().kind == Errc::invalid_file);
        CHECK(opened.error().message.find("sk-very") == std::string::npos);
    }
    const Scratch elsewhere;
    const auto stranger = Vault::open(elsewhere / "master.key", true);
    REQUIRE(stranger);
    CHECK_FALSE((*stranger)->unseal(sealed, kContext));
}

TEST_CASE("vault: the digest is HMAC-SHA-256 under the derived key") {
    const Scratch scratch;
    const auto vault = known_vault(scratch);
    // HKDF (RFC 5869) by hand: extract with no salt, expand to one block.
    const std::string extracted = hmac(std::string(32, '\0'), counting_key());
    const std::string key = hmac(extracted, std::string("llmgw gateway key digests v1") + '\1');
    for (const std::size_t size : {0U, 1U, 52U, 55U, 56U, 63U, 64U, 65U, 1000U}) {
        const std::string text(size, 'k');
        CHECK(text_of(vault->digest(text)) == hmac(key, text));
    }
    // And as Python's hmac module computes it.
    CHECK(to_hex(text_of(vault->digest("llmgw_test"))) ==
          "793dfcb31b7c3376c45f54d1022932a4fe9137a040522e690ed81b4941dce94e");
}

TEST_CASE("vault: threads share it") {
    const Scratch scratch;
    const auto vault = known_vault(scratch);
    const auto expected = vault->digest("llmgw_test");
    std::vector<int> wrong(4, 0);
    std::vector<std::thread> threads;
    for (auto& count : wrong) {
        threads.emplace_back([&] {
            for (int i = 0; i < 2000; i++) {
                count += vault->digest("llmgw_test") == expected ? 0 : 1;
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("vault: gateway keys have their form, their checksum, and differ") {
    CHECK(crc32("123456789") == 0xCBF43926U);  // the check value of the CRC catalogue
    constexpr std::string_view kDigits =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::set<std::string> keys;
    std::set<char> seen;
    for (int i = 0; i < 500; i++) {
        const std::string key = Vault::new_gateway_key();
        CAPTURE(key);
        REQUIRE(key.size() == 52);
        REQUIRE(key.starts_with("llmgw_"));
        CHECK(key.find_first_not_of(kDigits, 6) == std::string::npos);
        std::uint64_t checksum = 0;
        for (const char c : key.substr(46)) {
            checksum = checksum * 62 + kDigits.find(c);
        }
        CHECK(checksum == crc32(std::string_view(key).substr(6, 40)));
        keys.insert(key);
        seen.insert(key.begin() + 6, key.begin() + 46);
    }
    CHECK(keys.size() == 500);
    CHECK(seen.size() == 62);
}

TEST_CASE("vault: random hex and comparison") {
    CHECK(random_hex(16).size() == 32);
    CHECK(random_hex(1000).size() == 2000);  // more than the system gives at once
    CHECK(random_hex(16) != random_hex(16));
    CHECK(random_hex(64).find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(equal_constant_time("", ""));
    CHECK(equal_constant_time("abc", "abc"));
    CHECK_FALSE(equal_constant_time("abc", "abd"));
    CHECK_FALSE(equal_constant_time("abc", "abcd"));
}
