// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace llmgw {

/// A JavaScript regular expression without flags (ECMA-262, with its annex B) as PCRE2 has to be
/// given it to match the same texts. nullopt for one that `new RegExp` would not take, in
/// particular for what only Perl knows: inline flags, possessive quantifiers, verbs, recursion.
/// PCRE2 has to be told DOLLAR_ENDONLY, MATCH_UNSET_BACKREF and ALLOW_EMPTY_CLASS besides.
[[nodiscard]] std::optional<std::string> perl_pattern(std::string_view pattern);

}  // namespace llmgw
