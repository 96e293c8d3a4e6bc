// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/cache_key.h"
#include "common/base/money.h"
#include "daemon/gateway/inference_call.h"

namespace llmgw {

/// What tells near-duplicates: requests with another `guard` never share an answer; of those with
/// the same one, similarity() of the signatures says how alike their last texts are. See near.h.
struct NearPrint {
    CacheKey guard;
    std::array<std::uint16_t, 64> signature{};
};

/// Where an event of a stream ends in the bytes, and when it was sent.
struct EventEnd {
    std::uint32_t offset = 0;
    std::uint32_t milliseconds = 0;  ///< since the first one

    bool operator==(const EventEnd&) const = default;
};

/// A complete answer in OpenAI's format, as it came from the provider: without llmgw's additions
/// (`cost`, `metadata`), which belong to one request. Immutable once it is stored, and shared by
/// whoever sends it.
struct CachedAnswer {
    Endpoint endpoint = Endpoint::chat_completions;
    bool streamed = false;
    std::string bytes;             ///< a JSON object, or whole server-sent events up to [DONE]
    std::vector<EventEnd> events;  ///< of a stream, every event

    std::string id;
    std::int64_t created = 0;  ///< Unix seconds, as the provider tells it
    std::string model, provider;
    std::string gateway_key;  ///< id of the key it was made for; empty without keys
    std::uint64_t input_tokens = 0, output_tokens = 0;
    std::optional<Money> cost;      ///< what it cost, and a hit saves
    std::int64_t stored_at = 0;     ///< Unix milliseconds
    std::int64_t expires_at = 0;    ///< likewise
    std::optional<NearPrint> near;  ///< where near-duplicates may find it

    /// All memory it takes, with what the allocator adds.
    [[nodiscard]] std::size_t memory() const;
};

using SharedAnswer = std::shared_ptr<const CachedAnswer>;

/// An answer as cache.db holds it.
[[nodiscard]] std::string encode_answer(const CachedAnswer& answer);
/// nullptr when the bytes are not what encode_answer() makes.
[[nodiscard]] SharedAnswer decode_answer(std::string_view bytes);

}  // namespace llmgw
