// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/usage_object.h"

#include "common/base/json_writer.h"

namespace llmgw {

namespace {

void count_if_any(JsonWriter& json, std::string_view name, std::uint64_t tokens) {
    if (tokens > 0) {
        json.key(name).number(tokens);
    }
}

void write_prompt_details(JsonWriter& json, const Usage& usage) {
    json.key("prompt_tokens_details").begin_object();
    json.key("cached_tokens").number(usage.cached_input);
    count_if_any(json, "cache_write_tokens", usage.cache_write + usage.cache_write_1h);
    if (usage.cache_write_1h > 0) {
        json.key("cache_creation").begin_object();
        json.key("ephemeral_5m_input_tokens").number(usage.cache_write);
        json.key("ephemeral_1h_input_tokens").number(usage.cache_write_1h);
        json.end_object();
    }
    count_if_any(json, "audio_tokens", usage.audio_input);
    count_if_any(json, "image_tokens", usage.image_input);
    json.end_object();
}

void write_completion_details(JsonWriter& json, const Usage& usage) {
    json.key("completion_tokens_details").begin_object();
    json.key("reasoning_tokens").number(usage.reasoning);
    count_if_any(json, "audio_tokens", usage.audio_output);
    count_if_any(json, "image_tokens", usage.image_output);
    json.end_object();
}

}  // namespace

std::string usage_object(const Usage& usage) {
    JsonWriter json;
    json.begin_object();
    json.key("prompt_tokens").number(usage.prompt());
    json.key("completion_tokens").number(usage.completion());
    json.key("total_tokens").number(usage.prompt() + usage.completion());
    write_prompt_details(json, usage);
    write_completion_details(json, usage);
    if (usage.web_searches > 0) {
        json.key("server_tool_use").begin_object();
        json.key("web_search_requests").number(usage.web_searches).end_object();
    }
    if (usage.estimated) {
        json.key("estimated").boolean(true);
    }
    json.end_object();
    return json.take();
}

}  // namespace llmgw
