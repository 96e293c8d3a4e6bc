// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/sigv4.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "common/base/json_scan.h"
#include "common/base/text.h"

using namespace llmgw;

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    REQUIRE_MESSAGE(file, path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A case's request, as HTTP/1.1 with folded headers and without the final CR of its lines.
struct SigV4Case {
    std::string method, path, query, body;
    std::vector<std::pair<std::string, std::string>> headers;

    explicit SigV4Case(const std::string& text) {
        const std::size_t head_end = std::min(text.find("\n\n"), text.size());
        auto lines = split(std::string_view(text).substr(0, head_end), '\n');
        // The target of one case holds a space.
        const std::string_view first = lines.front();
        const std::size_t target_begin = first.find(' ') + 1;
        const std::string_view target = first.substr(target_begin, first.rfind(' ') - target_begin);
        method = first.substr(0, target_begin - 1);
        path = target.substr(0, target.find('?'));
        query = target.substr(std::min(path.size() + 1, target.size()));
        for (std::size_t i = 1; i < lines.size(); i++) {
            if (lines[i].starts_with(' ')) {
                headers.back().second += lines[i];
            } else if (!lines[i].empty()) {
                const std::size_t colon = lines[i].find(':');
                headers.emplace_back(lines[i].substr(0, colon), lines[i].substr(colon + 1));
            }
        }
        body = head_end + 2 < text.size() ? text.substr(head_end + 2) : "";
    }

    [[nodiscard]] SigV4Request request() const {
        SigV4Request out;
        out.method = method;
        out.path = path;
        out.query = query;
        out.headers.assign(headers.begin(), headers.end());
        // In two pieces, since a body may come so.
        out.body = {std::string_view(body).substr(0, body.size() / 2),
                    std::string_view(body).substr(body.size() / 2)};
        return out;
    }
};

std::string text_in(std::string_view json, std::initializer_list<std::string_view> path) {
    std::string value(json);
    for (const std::string_view name : path) {
        const auto fields = scan_object(value);
        REQUIRE(fields);
        const JsonField* const field = find_field(*fields, name);
        value = field != nullptr ? std::string(field->value) : "\"\"";
    }
    return json_kind(value) == JsonKind::string ? *json_text(value) : value;
}

std::vector<std::string> sorted_lines(std::string_view text) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
        const std::size_t colon = line.find(':');
        if (!trim(line).empty()) {
            lines.push_back(to_lower(line.substr(0, colon)) + ":" +
                            std::string(trim(line.substr(std::min(colon + 1, line.size())))));
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

SigV4Signature sign_bedrock(std::string_view path, const AwsAccessKey& key,
                            std::vector<std::string_view> body = {"{}"},
                            std::int64_t unix_seconds = 1440938160) {
    SigV4Request request;
    request.method = "POST";
    request.path = path;
    request.headers = {{"Host", "bedrock-runtime.us-east-1.amazonaws.com"}};
    request.body = std::move(body);
    SigV4Scope scope;
    scope.region = "us-east-1";
    scope.service = "bedrock";
    scope.unix_seconds = unix_seconds;
    return sign_sigv4(request, key, scope);
}

const AwsAccessKey kKey{"AKIDEXAMPLEAKIDEXAMP", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};

}  // namespace

TEST_CASE("sigv4: every case of AWS's test suite") {
    std::size_t cases = 0;
    for (const auto& entry : fs::directory_iterator(LLMGW_TEST_DATA "/aws-sigv4")) {
        if (!entry.is_directory()) {
            continue;
        }
        const fs::path folder = entry.path();
        CAPTURE(folder);
        const SigV4Case given(read_file(folder / "request.txt"));
        const std::string context = read_file(folder / "context.json");
        const AwsAccessKey key{text_in(context, {"credentials", "access_key_id"}),
                               text_in(context, {"credentials", "secret_access_key"}),
                               text_in(context, {"credentials", "token"})};
        REQUIRE(text_in(context, {"timestamp"}) == "2015-08-30T12:36:00Z");
        SigV4Scope scope;
        scope.region = "us-east-1";
        scope.service = "service";
        scope.unix_seconds = 1440938160;
        scope.normalize_path = text_in(context, {"normalize"}) == "true";
        scope.content_hash_header = text_in(context, {"sign_body"}) == "true";
        scope.sign_session_token = text_in(context, {"omit_session_token"}) != "true";
        const SigV4Signature got = sign_sigv4(given.request(), key, scope);
        CHECK(got.canonical_request == read_file(folder / "header-canonical-request.txt"));
        CHECK(got.string_to_sign == read_file(folder / "header-string-to-sign.txt"));
        CHECK(got.signature == read_file(folder / "header-signature.txt"));
        // The suite adds our lines to the end of its head.
        const std::string request = read_file(folder / "request.txt");
        const std::string expected = read_file(folder / "header-signed-request.txt");
        CHECK(sorted_lines(request + "\n" + got.fields) == sorted_lines(expected));
        cases++;
    }
    CHECK(cases == 38);
}

TEST_CASE("sigv4: a path that is encoded on the wire is encoded again to be signed") {
    const auto got = sign_bedrock("/model/anthropic.claude-v1%3A0/converse", kKey);
    CHECK(got.canonical_request.starts_with("POST\n/model/anthropic.claude-v1%253A0/converse\n\n"));
    const auto arn = sign_bedrock("/model/arn%3Aaws%3Abedrock%3A%3A1%3Ax%2Fabc/converse", kKey);
    CHECK(arn.canonical_request.starts_with(
        "POST\n/model/arn%253Aaws%253Abedrock%253A%253A1%253Ax%252Fabc/converse\n"));
    SigV4Scope s3;
    s3.encode_path = s3.normalize_path = false;
    SigV4Request request;
    request.method = "GET";
    request.path = "/a%3Ab//c";
    CHECK(sign_sigv4(request, kKey, s3).canonical_request.starts_with("GET\n/a%3Ab//c\n"));
}

TEST_CASE("sigv4: a signature is of one key, body, path and second") {
    const std::string first = sign_bedrock("/a", kKey).signature;
    CHECK(first.size() == 64);
    CHECK(sign_bedrock("/a", kKey).signature == first);
    CHECK(sign_bedrock("/a", kKey, {"{", "}"}).signature == first);
    CHECK(sign_bedrock("/a", kKey, {"{ }"}).signature != first);
    CHECK(sign_bedrock("/b", kKey).signature != first);
    CHECK(sign_bedrock("/a", kKey, {"{}"}, 1440938161).signature != first);
    AwsAccessKey other = kKey;
    other.secret.back() = 'Z';
    CHECK(sign_bedrock("/a", other).signature != first);
}

TEST_CASE("sigv4: the lines to send do not hold the secret") {
    AwsAccessKey key = kKey;
    key.session_token = "token/+=";
    const auto got = sign_bedrock("/a", key);
    CHECK(
        got.fields.starts_with("x-amz-date: 20150830T123600Z\r\nx-amz-security-token: token/+=\r\n"
                               "authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEAKIDEXAMP/"
                               "20150830/us-east-1/bedrock/aws4_request, SignedHeaders="
                               "host;x-amz-date;x-amz-security-token, Signature="));
    CHECK(got.fields.ends_with(got.signature + "\r\n"));
    CHECK(got.fields.find(key.secret) == std::string::npos);
}
