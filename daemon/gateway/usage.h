// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/money.h"
#include "common/catalog/catalog.h"

namespace llmgw {

/// The tokens of one request in disjoint buckets. OpenAI counts cached and audio tokens within the
/// prompt's; they are taken apart here, where its answers are read, so that none is paid twice.
struct Usage {
    std::uint64_t input = 0;  ///< text read afresh
    std::uint64_t cached_input = 0;
    std::uint64_t cache_write = 0;     ///< written to a cache that lives for minutes
    std::uint64_t cache_write_1h = 0;  ///< and to one that lives for an hour
    std::uint64_t audio_input = 0;
    std::uint64_t image_input = 0;
    std::uint64_t output = 0;     ///< text
    std::uint64_t reasoning = 0;  ///< thoughts; priced like text
    std::uint64_t audio_output = 0;
    std::uint64_t image_output = 0;
    std::uint64_t web_searches = 0;  ///< not tokens
    std::uint64_t images = 0;        ///< made, where they are paid by the piece
    bool estimated = false;          ///< the provider told nothing: worked out from the texts
    /// What the provider itself says it charges (OpenRouter's `cost`).
    bool has_own_cost = false;
    /// The service tier that the provider says it used; empty: its usual one.
    std::string service_tier;

    [[nodiscard]] std::uint64_t prompt() const {
        return sum({input, cached_input, cache_write, cache_write_1h, audio_input, image_input});
    }
    [[nodiscard]] std::uint64_t completion() const {
        return sum({output, reasoning, audio_output, image_output});
    }

  private:
    // Stops at the largest number: no count that a provider sends turns around to a small one.
    static std::uint64_t sum(std::initializer_list<std::uint64_t> buckets) {
        std::uint64_t total = 0;
        for (const std::uint64_t tokens : buckets) {
            total = tokens > UINT64_MAX - total ? UINT64_MAX : total + tokens;
        }
        return total;
    }
};

/// Reads OpenAI's `usage` object, in its dialects; nullopt when it is not one or counts no tokens.
[[nodiscard]] std::optional<Usage> read_usage(std::string_view object);

/// What a request costs, part by part. The parts add up to the total exactly: each is what the
/// total, rounded to nano-dollars, grows by.
struct Cost {
    Money input;  ///< text, audio and images read afresh
    Money cached_input;
    Money cache_write;
    Money output;   ///< text, thoughts, audio and images that are paid by tokens
    Money request;  ///< for the request as such
    Money web_search;
    Money image;  ///< images that are paid by the piece
    Money total;
};

/// nullopt when a price that would be needed is not known, or the prices are not.
[[nodiscard]] std::optional<Cost> cost_of(const Usage& usage, const Mapping* mapping);

/// The members that llmgw adds to a `usage` object, without braces:
/// "\"cost\":0.0041,\"cost_details\":{…}", or "\"cost\":null".
[[nodiscard]] std::string cost_members(const std::optional<Cost>& cost);

}  // namespace llmgw
