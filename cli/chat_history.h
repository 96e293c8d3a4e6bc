// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/home.h"

namespace llmgw {

/// The lines typed into interactive chats, in `history` of the state folder, mode 0600. With
/// LLMGW_NO_HISTORY set nothing is read or written.
class ChatHistory {
  public:
    explicit ChatHistory(const Home& home);

    /// The newest lines, oldest first. A file that grew too long is cut back to these.
    [[nodiscard]] Result<std::vector<std::string>> load();
    /// Appends one line.
    [[nodiscard]] Result<void> add(std::string_view line);

  private:
    Home home_;
    std::string path_;
    bool enabled_;
};

}  // namespace llmgw
