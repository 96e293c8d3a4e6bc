// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "common/base/error.h"
#include "common/base/percent_encode.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::string_view kTerminator = "aws4_request";

using HashBytes = std::array<unsigned char, 32>;

std::string_view view_of(const HashBytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct FreeDigestContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::string sha256_hex(const std::vector<std::string_view>& pieces) {
    const std::unique_ptr<EVP_MD_CTX, FreeDigestContext> context(EVP_MD_CTX_new());
    HashBytes out{};
    // Fails only for want of memory.
    LLMGW_ASSERT(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
    for (const std::string_view piece : pieces) {
        LLMGW_ASSERT(EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1);
    }
    LLMGW_ASSERT(EVP_DigestFinal_ex(context.get(), out.data(), nullptr) == 1);
    return to_hex(view_of(out));
}

HashBytes hmac_sha256(std::string_view key, std::string_view text) {
    HashBytes out{};
    LLMGW_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                      reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(),
                      nullptr) != nullptr);
    return out;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
            hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

// Removes "." and ".." and empty segments (RFC 3986 §5.2.4, and repeated slashes).
std::string normalized(std::string_view path) {
    std::vector<std::string_view> kept;
    const auto segments = split(path, '/');
    for (const std::string_view segment : segments) {
        if (segment == "..") {
            if (!kept.empty()) {
                kept.pop_back();
            }
        } else if (!segment.empty() && segment != ".") {
            kept.push_back(segment);
        }
    }
    std::string out;
    for (const std::string_view segment : kept) {
        out += '/';
        out += segment;
    }
    const std::string_view last = segments.back();
    const bool folder = last.empty() || last == "." || last == "..";
    return out.empty() || folder ? out + "/" : out;
}

std::string canonical_path(std::string_view path, const SigV4Scope& scope) {
    std::string out(path.empty() ? "/" : path);
    if (scope.normalize_path) {
        out = normalized(out);
    }
    return scope.encode_path ? percent_encode(out, "/") : out;
}

std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    for (const std::string_view parameter : split(query, '&')) {
        if (!parameter.empty()) {
            const std::size_t equals = std::min(parameter.find('='), parameter.size());
            const std::string_view value = parameter.substr(equals);
            parameters.emplace_back(
                percent_encode(percent_decode(parameter.substr(0, equals))),
                percent_encode(percent_decode(value.substr(value.empty() ? 0 : 1))));
        }
    }
    std::sort(parameters.begin(), parameters.end());
    std::string out;
    for (const auto& [name, value] : parameters) {
        out.append(out.empty() ? "" : "&").append(name).append("=").append(value);
    }
    return out;
}

// Without the space around it, and with one space for each run inside.
std::string collapsed(std::string_view value) {
    std::string out;
    for (const char c : trim(value)) {
        const bool space = c == ' ' || (c >= '\t' && c <= '\r');
        if (!space || out.back() != ' ') {
            out += space ? ' ' : c;
        }
    }
    return out;
}

// Lower-case names to values; those of one name are joined in the order they came.
std::map<std::string, std::string> canonical_headers(const SigV4Request& request) {
    std::map<std::string, std::string> out;
    for (const auto& [name, value] : request.headers) {
        const auto [at, fresh] = out.try_emplace(to_lower(name), collapsed(value));
        if (!fresh) {
            at->second += "," + collapsed(value);
        }
    }
    return out;
}

// "20150830T123600Z" from "2015-08-30T12:36:00Z".
std::string compact_time(std::int64_t unix_seconds) {
    std::string text = rfc3339(unix_seconds * 1000);
    text.erase(
        std::remove_if(text.begin(), text.end(), [](char c) { return c == '-' || c == ':'; }),
        text.end());
    return text;
}

std::string signature_of(const std::string& text, const AwsAccessKey& key, std::string_view date,
                         const SigV4Scope& scope) {
    const HashBytes of_date = hmac_sha256("AWS4" + key.secret, date);
    const HashBytes of_region = hmac_sha256(view_of(of_date), scope.region);
    const HashBytes of_service = hmac_sha256(view_of(of_region), scope.service);
    const HashBytes signing_key = hmac_sha256(view_of(of_service), kTerminator);
    return to_hex(view_of(hmac_sha256(view_of(signing_key), text)));
}

void add_field(std::string& fields, std::string_view name, std::string_view value) {
    fields.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

SigV4Signature sign_sigv4(const SigV4Request& request, const AwsAccessKey& key,
                          const SigV4Scope& scope) {
    SigV4Signature out;
    const std::string time = compact_time(scope.unix_seconds);
    const std::string_view date = std::string_view(time).substr(0, 8);
    const std::string body_hash = sha256_hex(request.body);

    std::map<std::string, std::string> headers = canonical_headers(request);
    headers["x-amz-date"] = time;
    add_field(out.fields, "x-amz-date", time);
    if (scope.content_hash_header) {
        headers["x-amz-content-sha256"] = body_hash;
        add_field(out.fields, "x-amz-content-sha256", body_hash);
    }
    if (!key.session_token.empty()) {
        if (scope.sign_session_token) {
            headers["x-amz-security-token"] = key.session_token;
        }
        add_field(out.fields, "x-amz-security-token", key.session_token);
    }

    std::string signed_names;
    std::string lines;
    for (const auto& [name, value] : headers) {
        signed_names += (signed_names.empty() ? "" : ";") + name;
        lines.append(name).append(":").append(value).append("\n");
    }
    out.canonical_request =
        std::string(request.method) + "\n" + canonical_path(request.path, scope) + "\n" +
        canonical_query(request.query) + "\n" + lines + "\n" + signed_names + "\n" + body_hash;

    const std::string scope_text = std::string(date) + "/" + std::string(scope.region) + "/" +
                                   std::string(scope.service) + "/" + std::string(kTerminator);
    out.string_to_sign = std::string(kAlgorithm) + "\n" + time + "\n" + scope_text + "\n" +
                         sha256_hex({out.canonical_request});
    out.signature = signature_of(out.string_to_sign, key, date, scope);
    add_field(out.fields, "authorization",
              std::string(kAlgorithm) + " Credential=" + key.id + "/" + scope_text +
                  ", SignedHeaders=" + signed_names + ", Signature=" + out.signature);
    return out;
}

}  // namespace llmgw
