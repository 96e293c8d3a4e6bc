// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

/// A prompt, without what makes no difference to what it asks.
///
/// Folded are: white space between words; a capital letter of common words, which name nothing; the
/// dots that end a sentence; the mark of a question that is one without it; a phrase such as "in
/// Python" at the beginning of a question instead of its end; "… is what?".
///
/// All else is taken to matter, for a wrong answer is worse than one that is asked for twice: every
/// other word as it is written (names, units, negations, numbers, addresses, identifiers), commas
/// and all other punctuation, quoted text to the last byte, and the order of the words: "dog bites
/// man". A text with lines of its own (code, lists, tables) is only trimmed.
struct NearText {
    std::string meaning;             ///< equal for texts that ask the same
    std::vector<std::string> words;  ///< in the order they are written
};
[[nodiscard]] NearText near_text(std::string_view text);

}  // namespace llmgw
