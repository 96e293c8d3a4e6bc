// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/cache/cached_answer.h"

namespace llmgw {

/// Whether an answer is worth storing: without an error, complete (all choices have ended by
/// themselves, a stream with [DONE]), and with something in it. One that was cut off at a limit of
/// tokens or by a content filter is not.
[[nodiscard]] bool is_storable(const CachedAnswer& answer);

/// Sets id, created and model to what is in the bytes.
void read_identity(CachedAnswer& answer);

/// The same answer as one JSON object. Of a stream, the deltas are joined: texts one after another,
/// tool calls by their index, lists by their elements; members that nobody knows are kept. nullopt
/// when that is not possible. Pure.
[[nodiscard]] std::optional<std::string> plain_form(const CachedAnswer& answer);

/// The same answer as server-sent events, with a usage chunk and [DONE]; nullopt when that is not
/// possible, as for embeddings. Pure.
[[nodiscard]] std::optional<std::string> stream_form(const CachedAnswer& answer);

}  // namespace llmgw
