// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// A JavaScript regular expression without flags, compiled. Any thread may use it. Copies share it.
class ScriptRegex {
  public:
    /// Errors are Errc::invalid_file: the pattern is none, or one that cannot be matched here
    /// (look-behind of unbounded length).
    [[nodiscard]] static Result<ScriptRegex> compile(std::string_view pattern);

    /// `RegExp.test`: whether it matches anywhere in the text. One that takes more steps than a
    /// text of this size is worth does not match.
    [[nodiscard]] bool test(std::string_view text) const;

  private:
    struct Code;
    explicit ScriptRegex(std::shared_ptr<const Code> code) : code_(std::move(code)) {}
    std::shared_ptr<const Code> code_;
};

/// Of the PCRE2 that is linked: "10.42".
[[nodiscard]] std::string pcre2_version();

}  // namespace llmgw
