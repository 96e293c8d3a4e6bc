// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/store/database.h"
#include "common/store/log_store.h"

namespace llmgw {

/// How many calls share a row of the table `request_ids`, which has a hash of the request id of
/// each: four bytes a call, written at the end only. Clients may choose random ids; an ordinary
/// index of them writes a page of 4 KB for every call. A search reads 40 MB for 10 million calls.
inline constexpr std::int64_t kRequestIdBlock = 512;

/// Adds the ids of calls, the first of which is call `first`. In a transaction.
[[nodiscard]] Result<void> add_request_ids(Database& database, std::int64_t first,
                                           std::span<const CallView> calls);

/// Finds the calls that may have a request id, newest first.
class RequestIdSearch {
  public:
    /// Among the calls up to `last`.
    RequestIdSearch(Database& database, std::string_view request_id, std::int64_t last);

    /// The next call whose request id has the same hash; 0: there is none.
    [[nodiscard]] Result<std::int64_t> next();

  private:
    Database& database_;
    std::string wanted_;  // the hash, as it is stored
    std::int64_t block_;
    std::size_t end_;  // of what is left to search in the block
    std::string hashes_;
    bool loaded_ = false;
};

}  // namespace llmgw
