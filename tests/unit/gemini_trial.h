// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "common/base/json_scan.h"
#include "daemon/providers/gemini.h"

namespace llmgw::trial {

/// What is asked for: OpenAI's members beside the model, and the model at Gemini.
struct GeminiSent {
    std::string path;
    std::string body;
    std::string changes;
};

inline Result<GeminiSent> translate(const std::string& members, const WireTarget& target) {
    const auto call =
        InferenceCall::parse(Endpoint::chat_completions, "{\"model\":\"m\"," + members + "}");
    REQUIRE_MESSAGE(call, members);
    const auto request = read_chat_request(**call);
    if (!request) {
        return tl::unexpected(request.error());
    }
    const auto adapted = encode_gemini(*request, target);
    if (!adapted) {
        return tl::unexpected(adapted.error());
    }
    GeminiSent sent{adapted->path, {}, adapted->changes()};
    for (const std::string_view piece : adapted->body) {
        sent.body += piece;
    }
    CHECK(sent.body.size() == adapted->body_size());
    CHECK_MESSAGE(scan_object(sent.body), sent.body);
    return sent;
}

inline GeminiSent send(const std::string& members,
                       std::string_view model = "gemini-3-flash-preview") {
    WireTarget target;
    target.model = model;
    auto sent = translate(members, target);
    REQUIRE_MESSAGE(sent, (sent ? "" : sent.error().message + " " + sent.error().param));
    return *sent;
}

inline const std::string kHello = R"("messages":[{"role":"user","content":"Hi"}])";
inline const std::string kContents = R"("contents":[{"role":"user","parts":[{"text":"Hi"}]}])";

/// The body of a request that differs from the plainest by some members.
inline std::string body_with(const std::string& members) {
    return "{" + kContents + (members.empty() ? "" : "," + members) + "}";
}

}  // namespace llmgw::trial
