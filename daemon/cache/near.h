// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "daemon/cache/cached_answer.h"
#include "daemon/cache/request_key.h"

namespace llmgw {

/// What near-duplicates of a request are found by; nullopt for one that can have none: whose last
/// message is not one text of a user's, or is longer than 64 KiB. The guard is the request's key
/// with that text's meaning (near_text.h) in its place.
[[nodiscard]] std::optional<NearPrint> near_print(RequestHasher& hasher,
                                                  const KeyedRequest& request);

/// How alike two texts with one guard are, from 0 to 1: an estimate of the part of their words and
/// of their pairs of neighbouring words that they have in common, so of how much of the order is
/// the same (MinHash; A. Broder, "On the resemblance and containment of documents", 1997).
[[nodiscard]] double similarity(const NearPrint& a, const NearPrint& b);

}  // namespace llmgw
