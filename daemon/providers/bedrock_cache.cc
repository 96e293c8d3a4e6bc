// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/bedrock_cache.h"

#include <algorithm>

#include "common/base/json_scan.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxPoints = 4;

std::size_t count(const std::string& cache_control) {
    return cache_control.empty() ? 0 : 1;
}

// At most: what turns out to be blank is not written, and caches nothing.
std::size_t count(const ChatMessage& message) {
    std::size_t points = count(message.cache_control);
    for (const ContentPart& part : message.content) {
        points += count(part.cache_control);
    }
    // Those of a tool's result are one, behind it.
    return message.role == ChatMessage::Role::tool ? std::min<std::size_t>(points, 1) : points;
}

bool wants_hour(const std::string& cache_control) {
    const auto fields = scan_object(cache_control);
    const JsonField* const ttl = fields ? find_field(*fields, "ttl") : nullptr;
    return ttl != nullptr && json_text(ttl->value) == "1h";
}

}  // namespace

BedrockCachePoints::BedrockCachePoints(const ChatRequest& request, const BedrockModel& model)
    : model_(model) {
    std::array<std::size_t, 3> asked{};
    for (const ChatTool& tool : request.tools) {
        asked[tools] += model.is_claude() ? count(tool.cache_control) : 0;
    }
    for (const ChatMessage& message : request.messages) {
        const bool instructs = message.role == ChatMessage::Role::system ||
                               message.role == ChatMessage::Role::developer;
        asked[instructs ? system : messages] += count(message);
    }
    const std::size_t all = asked[tools] + asked[system] + asked[messages];
    std::size_t surplus = all - std::min(all, kMaxPoints);
    for (std::size_t section = 0; section < asked.size(); section++) {
        skip_[section] = std::min(surplus, asked[section]);
        surplus -= skip_[section];
    }
}

void BedrockCachePoints::write(JsonWriter& out, Section section, const std::string& cache_control) {
    if (cache_control.empty()) {
        return;
    }
    const bool possible = section == tools ? model_.is_claude() : model_.caches();
    if (!possible || skip_[section] > 0) {
        skip_[section] -= std::min<std::size_t>(skip_[section], 1);
        left_out_ = true;
        return;
    }
    out.begin_object().key("cachePoint").begin_object().key("type").string("default");
    if (model_.is_claude() && wants_hour(cache_control)) {
        out.key("ttl").string("1h");
    }
    out.end_object().end_object();
}

}  // namespace llmgw
