// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace llmgw {

/// Takes the thoughts out of a text that begins with them, as in "<think>Hm.</think>Yes.". The text
/// comes in pieces that may be cut anywhere. Tags further on are part of what is said. White space
/// behind a tag belongs to neither. Pure.
class ThinkTags {
  public:
    struct Parts {
        std::string thoughts;
        std::string text;
    };

    /// The next piece of the text. What may yet turn out to be a tag is held back.
    [[nodiscard]] Parts feed(std::string_view piece);
    /// The text is complete: what was held back of it.
    [[nodiscard]] Parts finish();

  private:
    [[nodiscard]] bool take_opening_tag();
    [[nodiscard]] bool take_thoughts(std::string& thoughts);
    void skip_space();

    enum class State { beginning, thinking, saying };
    State state_ = State::beginning;
    bool behind_tag_ = false;
    std::string held_;  // what has not been understood yet
};

}  // namespace llmgw
