// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/store/logged_call.h"

namespace llmgw {

/// Calls on their way into the log, in the form in which it keeps them: blocks of bytes, in which a
/// call costs some 60 and has only those texts that the call before it does not have. Adding one
/// takes a fraction of a microsecond and, in the long run, no memory that is not there yet.
class CallBatch {
  public:
    /// Finding one call means reading its block.
    static constexpr std::size_t kBlockCalls = 256;

    struct Block {
        std::string_view bytes;     ///< into the batch
        std::size_t size = 0;       ///< calls
        std::int64_t last_end = 0;  ///< when the last of them ended
    };

    void add(const CallView& call);
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    /// In the order of the calls.
    [[nodiscard]] std::vector<Block> blocks() const;
    /// Keeps a moderate amount of memory for the next calls.
    void clear();

  private:
    // The texts that calls have in common, in the order of the bits that tell which are new.
    static constexpr std::size_t kTexts = 9;
    struct Place {
        std::size_t begin = 0, size = 0;
    };
    struct End {
        std::size_t bytes = 0, calls = 0;  // counted from the beginning of the batch
        std::int64_t last_end = 0;
    };

    [[nodiscard]] unsigned find_changes(const std::array<std::string_view, kTexts>& texts) const;
    void add_number(std::uint64_t number);
    void add_text(std::string_view text);

    std::string bytes_;
    std::size_t size_ = 0;
    std::vector<End> ends_;  // of the blocks; the last of them grows
    // Of the call that was added last.
    std::array<Place, kTexts> texts_;
    std::int64_t time_ = 0;
};

/// Adds the calls of a block to `calls`; they point into it. Fails with Errc::invalid_file when
/// it is damaged.
[[nodiscard]] Result<void> read_block(std::string_view block, std::int64_t first_id,
                                      std::vector<CallView>& calls);

}  // namespace llmgw
