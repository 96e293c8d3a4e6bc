// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "daemon/providers/anthropic.h"
#include "daemon/providers/bedrock.h"
#include "daemon/providers/chat_request.h"
#include "daemon/providers/cohere.h"
#include "daemon/providers/gemini.h"
#include "daemon/providers/responses.h"
#include "daemon/providers/vertex.h"
#include "tests/fuzz/answer_trial.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

struct EncodeTarget {
    const WireAdapter& adapter;
    std::string_view provider;
    std::string_view model;
};

const EncodeTarget kTargets[] = {
    {kAnthropicAdapter, "anthropic", "claude-sonnet-4-6"},
    {kAnthropicAdapter, "anthropic", "claude-3-haiku-20240307"},
    {kGeminiAdapter, "google-ai-studio", "gemini-2.5-flash"},
    {kGeminiAdapter, "google-ai-studio", "gemini-2.0-flash"},
    {kGeminiAdapter, "google-ai-studio", "gemini-3-pro-preview"},
    {kVertexAdapter, "google-vertex", "gemini-2.5-flash"},
    {kVertexAnthropicAdapter, "vertex-anthropic", "claude-sonnet-4-5"},
    {kBedrockAdapter, "aws-bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"},
    {kBedrockAdapter, "aws-bedrock", "amazon.nova-pro-v1:0"},
    {kCohereAdapter, "cohere", "command-a-03-2025"},
    {kResponsesAdapter, "openai", "gpt-5"},
};

void require_request(const AdaptedRequest& request, std::size_t read) {
    std::string body;
    for (const std::string_view piece : request.body) {
        body += piece;
    }
    require_object(body);
    require_bounded(body.size() + request.path.size() + request.fields.size(), read);
    for (const char c : request.path) {
        require(c > ' ' && c < 0x7f, "a path has no spaces and control characters");
    }
    std::string_view fields = request.fields;
    while (!fields.empty()) {
        const std::size_t end = fields.find("\r\n");
        require(end != std::string_view::npos, "a header line has an end");
        const std::string_view line = fields.substr(0, end);
        require(line.find(": ") != std::string_view::npos, "a header line has a name");
        require(line.find_first_of("\r\n") == std::string_view::npos, "a header line is one");
        fields.remove_prefix(end + 2);
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::vector<std::pair<std::string, std::string>> options = {{"project", "p-1"}};
    const auto call =
        InferenceCall::parse(Endpoint::chat_completions, std::string(fuzz::text_of(data, size)));
    if (!call) {
        return 0;
    }
    const auto request = read_chat_request(**call);
    if (!request) {
        fuzz::require(request.error().kind == Errc::invalid_request, "a mistake is the client's");
        return 0;
    }
    for (const fuzz::EncodeTarget& to : fuzz::kTargets) {
        WireTarget target = fuzz::target_at(to.provider, to.model);
        target.options = &options;
        if (const auto encoded = to.adapter.encode(*request, target)) {
            fuzz::require_request(*encoded, size);
        }
    }
    return 0;
}
