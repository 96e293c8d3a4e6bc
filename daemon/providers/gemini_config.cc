// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "daemon/providers/gemini_request.h"
#include "daemon/providers/gemini_schema.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxStops = 5;
constexpr std::int64_t kMaxTemperatureMilli = 2000;
constexpr std::uint64_t kMaxSeed = std::numeric_limits<std::int32_t>::max();

std::int64_t max_temperature_milli(const WireTarget& target) {
    if (target.mapping != nullptr && target.mapping->max_temperature_milli > 0) {
        return target.mapping->max_temperature_milli;
    }
    if (target.provider != nullptr && target.provider->max_temperature_milli > 0) {
        return target.provider->max_temperature_milli;
    }
    return kMaxTemperatureMilli;
}

void write_max_tokens(GeminiEncoding& to, JsonWriter& config) {
    if (!to.request.max_tokens) {
        return;
    }
    std::uint64_t tokens = *to.request.max_tokens;
    const Mapping* const mapping = to.target.mapping;
    if (mapping != nullptr && mapping->max_output > 0 && tokens > mapping->max_output) {
        tokens = mapping->max_output;  // more is refused
        to.clamp("max_tokens");
    }
    config.key("maxOutputTokens").number(tokens);
}

void write_temperature(GeminiEncoding& to, JsonWriter& config) {
    if (!to.request.temperature || !to.takes("temperature")) {
        return;
    }
    const double limit = static_cast<double>(max_temperature_milli(to.target)) / 1000;
    if (*to.request.temperature > limit) {
        to.clamp("temperature");
    }
    config.key("temperature").number(std::min(*to.request.temperature, limit));
}

void write_stop(GeminiEncoding& to, JsonWriter& config) {
    const auto& stop = to.request.stop;
    if (stop.empty() || !to.takes("stop")) {
        return;
    }
    config.key("stopSequences").begin_array();
    for (std::size_t i = 0; i < std::min(stop.size(), kMaxStops); i++) {
        config.string(stop[i]);
    }
    config.end_array();
    if (stop.size() > kMaxStops) {
        to.clamp("stop");
    }
}

// Gemini's seed has 32 bits. What is cut off is cut off the same way each time, so that equal
// seeds stay equal.
void write_seed(GeminiEncoding& to, JsonWriter& config) {
    if (!to.request.seed || !to.takes("seed")) {
        return;
    }
    const std::int64_t seed = *to.request.seed;
    const bool fits = seed >= std::numeric_limits<std::int32_t>::min() &&
                      seed <= std::numeric_limits<std::int32_t>::max();
    if (!fits) {
        to.clamp("seed");
    }
    config.key("seed").number(
        fits ? seed : static_cast<std::int64_t>(static_cast<std::uint64_t>(seed) & kMaxSeed));
}

void write_sampling(GeminiEncoding& to, JsonWriter& config) {
    const ChatRequest& request = to.request;
    write_temperature(to, config);
    if (request.top_p && to.takes("top_p")) {
        config.key("topP").number(*request.top_p);
    }
    if (request.top_k && to.takes("top_k")) {
        config.key("topK").number(*request.top_k);
    }
    write_stop(to, config);
    write_seed(to, config);
    if (request.n > 1) {
        config.key("candidateCount").number(request.n);
    }
    if (request.presence_penalty && to.takes("presence_penalty")) {
        config.key("presencePenalty").number(*request.presence_penalty);
    }
    if (request.frequency_penalty && to.takes("frequency_penalty")) {
        config.key("frequencyPenalty").number(*request.frequency_penalty);
    }
    if (request.logprobs && to.takes("logprobs")) {
        config.key("responseLogprobs").boolean(true);
        if (request.top_logprobs.value_or(0) > 0) {
            config.key("logprobs").number(*request.top_logprobs);
        }
    }
}

Result<void> write_response_format(GeminiEncoding& to, JsonWriter& config) {
    const ChatRequest& request = to.request;
    if (request.response_format.kind == ResponseFormat::Kind::text) {
        return {};
    }
    const bool tools = !request.tools.empty() && request.tool_choice.kind != ToolChoice::Kind::none;
    if (to.model.json_excludes_tools() && (tools || request.web_search)) {
        to.drop("response_format");
        return {};
    }
    config.key("responseMimeType").string("application/json");
    const std::string& schema = request.response_format.schema;
    if (request.response_format.kind != ResponseFormat::Kind::json_schema || schema.empty()) {
        return {};
    }
    if (to.model.takes_json_schema()) {
        config.key("responseJsonSchema").raw(schema);
        return {};
    }
    auto cleaned = gemini_schema(schema);
    if (!cleaned) {
        cleaned.error().param = "response_format";
        return tl::unexpected(std::move(cleaned.error()));
    }
    config.key("responseSchema").raw(*cleaned);
    return {};
}

// OpenAI asks for a resolution picture by picture. Gemini's v1beta has one switch for all of them:
// the finest that was asked for decides.
void write_media_resolution(const ChatRequest& request, JsonWriter& config) {
    bool low = false;
    bool high = false;
    bool other = false;
    for (const ChatMessage& message : request.messages) {
        for (const ContentPart& part : message.content) {
            if (part.kind == ContentPart::Kind::image) {
                low = low || part.detail == "low";
                high = high || part.detail == "high";
                other = other || (part.detail != "low" && part.detail != "high");
            }
        }
    }
    if (high) {
        config.key("mediaResolution").string("MEDIA_RESOLUTION_HIGH");
    } else if (low && !other) {
        config.key("mediaResolution").string("MEDIA_RESOLUTION_LOW");
    }
}

}  // namespace

Result<void> write_gemini_config(GeminiEncoding& to) {
    JsonWriter config;
    config.begin_object();
    write_max_tokens(to, config);
    write_sampling(to, config);
    auto written = write_response_format(to, config);
    if (!written) {
        return written;
    }
    write_gemini_thinking(to, config);
    write_media_resolution(to.request, config);
    config.end_object();
    if (config.text() != "{}") {
        to.out.key("generationConfig").raw(config.text());
    }
    return {};
}

}  // namespace llmgw
