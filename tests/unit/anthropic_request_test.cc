// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/providers/anthropic.h"
#include "replay.h"

using namespace llmgw;

namespace {

using Plain = nlohmann::json;  // compares objects whatever the order of their members

struct Encoded {
    Result<ChatRequest> request;
    WireTarget target;

    Encoded(const Plain& body, const std::string& model) : request(read(body)) {
        const auto at = catalog::find_at_provider("anthropic", model);
        REQUIRE((model.empty() || at.mapping != nullptr));
        target.mapping = at.mapping;
        target.model = "upstream-name";
        REQUIRE(request);
    }
    static Result<ChatRequest> read(Plain body) {
        body["model"] = "m";
        const auto call = InferenceCall::parse(Endpoint::chat_completions, body.dump());
        REQUIRE(call);
        return read_chat_request(**call);
    }
    [[nodiscard]] Result<AdaptedRequest> encode() const {
        return kAnthropicAdapter.encode(*request, target);
    }
};

std::string body_of(const AdaptedRequest& request) {
    std::string body;
    for (const std::string_view piece : request.body) {
        body += piece;
    }
    return body;
}

Plain with_content(const std::string& part) {
    return Plain::parse(R"({"messages":[{"role":"system","content":"s"},{"role":"user","content":[)"
                        R"({"type":"text","text":"a"},)" +
                        part + "]}]}");
}

// The field that a request is refused for, and its code.
std::string refusal(const Plain& body) {
    const auto encoded = Encoded(body, "claude-sonnet-4-5").encode();
    REQUIRE_FALSE(encoded);
    CHECK(encoded.error().kind == Errc::invalid_request);
    return encoded.error().param + " " + encoded.error().code;
}

}  // namespace

TEST_CASE("anthropic: golden requests") {
    for (const Plain& one : Plain::parse(test_data("anthropic/requests.json"))) {
        CAPTURE(one.at("name").get<std::string>());
        const Encoded encoded(one.at("request"), one.value("model", "claude-sonnet-4-5"));
        const auto request = encoded.encode();
        REQUIRE(request);
        Plain expected = one.at("body");
        expected["model"] = "upstream-name";
        CHECK(Plain::parse(body_of(*request)).dump() == expected.dump());
        CHECK(request->changes() == one.value("changes", ""));
        CHECK(request->path == "/messages");
        CHECK(request->fields == "anthropic-version: 2023-06-01\r\n");
    }
}

TEST_CASE("anthropic: numbers and order of what was JSON already stay as they were") {
    const Encoded encoded(
        Plain::parse(R"({"messages":[{"role":"user","content":"q"},{"role":"assistant",)"
                     R"("tool_calls":[{"id":"1","type":"function","function":{"name":"f",)"
                     R"("arguments":"{\"z\": 1.10, \"a\": 12345678901234567890123}"}}]},)"
                     R"({"role":"tool","tool_call_id":"1","content":"r"}]})"),
        "claude-sonnet-4-5");
    const auto request = encoded.encode();
    REQUIRE(request);
    CHECK(body_of(*request).find(R"("input":{"z": 1.10, "a": 12345678901234567890123})") !=
          std::string::npos);
}

TEST_CASE("anthropic: other hosts have the version in the body and the model in the path") {
    const Encoded encoded(Plain::parse(R"({"messages":[{"role":"user","content":"q"}],)"
                                       R"("stream":true,"max_tokens":5})"),
                          "");
    const auto body = [&](AnthropicHost host) {
        AdaptedRequest changes;
        return *anthropic_body(*encoded.request, encoded.target, host, changes);
    };
    const std::string rest =
        R"("max_tokens":5,"messages":[{"role":"user","content":[{"type":"text","text":"q"}]}]})";
    CHECK(body(AnthropicHost::vertex) ==
          R"({"anthropic_version":"vertex-2023-10-16","stream":true,)" + rest);
    CHECK(body(AnthropicHost::bedrock) == R"({"anthropic_version":"bedrock-2023-05-31",)" + rest);
    CHECK(body(AnthropicHost::anthropic) == R"({"model":"upstream-name","stream":true,)" + rest);
}

TEST_CASE("anthropic: what cannot be asked is refused with its place") {
    CHECK(refusal(with_content(R"({"type":"input_audio","input_audio":{"data":"QQ==",)"
                               R"("format":"wav"}})")) ==
          "messages[1].content[1] unsupported_parameter");
    CHECK(refusal(with_content(R"({"type":"image_url","image_url":{"url":)"
                               R"("data:image/tiff;base64,SUkq"}})")) ==
          "messages[1].content[1] unsupported_parameter");
    CHECK(refusal(with_content(R"({"type":"file","file":{"file_id":"file-1"}})")) ==
          "messages[1].content[1] unsupported_parameter");
    CHECK(refusal(
              with_content(R"({"type":"file","file":{"filename":"a.zip","file_data":"UEsD"}})")) ==
          "messages[1].content[1] unsupported_parameter");
    CHECK(refusal(
              with_content(R"({"type":"file","file":{"filename":"a.txt","file_data":"/w=="}})")) ==
          "messages[1].content[1] unsupported_parameter");
    CHECK(refusal(Plain::parse(R"({"messages":[{"role":"user","content":"q"}],"n":2})")) ==
          "n unsupported_parameter");
}
