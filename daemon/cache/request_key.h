// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "common/base/cache_key.h"
#include "daemon/gateway/inference_call.h"

namespace llmgw {

/// What an answer depends on: the request, and what the gateway makes of it.
struct KeyedRequest {
    const InferenceCall& call;
    std::string_view target;  ///< the model or route that is asked, aliases resolved
    std::string_view scope =
        {};  ///< whom the answer is for: empty for all, else a gateway key's id
};

/// Part of a request that is looked at in another form than it has; see `near.h`.
struct ReplacedText {
    std::string_view message;  ///< the text as it is written in the body, quotes included
    std::string_view by;
};

/// Makes the keys of the response cache: SHA-256 over a canonical form of the request, so that
/// requests have the same key when they ask for the same, and never else.
///
/// * Members of objects are sorted; a name that occurs twice counts with both of its values.
/// * Numbers count by their exact value (1.0 is 1), strings by their characters.
/// * Left out is what cannot change the answer (kWithoutEffect in the .cc file), and the line that
///   Claude Code puts in front of its system text, which differs from call to call.
/// * `stream` is left out: answers are stored so that either kind can be made of them.
///
/// Kept and used again, it allocates nothing. For one thread.
class RequestHasher {
  public:
    RequestHasher();
    ~RequestHasher();
    RequestHasher(const RequestHasher&) = delete;
    RequestHasher& operator=(const RequestHasher&) = delete;

    /// nullopt for a request of more than a million values, which is not worth the time.
    [[nodiscard]] std::optional<CacheKey> key(const KeyedRequest& request);

    /// The same over the request with another text in place of one of its own; never equal to a
    /// key.
    [[nodiscard]] std::optional<CacheKey> key_with(const KeyedRequest& request,
                                                   const ReplacedText& replaced);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace llmgw
