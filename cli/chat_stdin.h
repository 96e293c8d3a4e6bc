// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "cli/globals.h"
#include "common/base/error.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

/// The standard input, which only one part of a command line can have.
class Stdin {
  public:
    /// Both must outlive it.
    Stdin(const GlobalOptions& global, const Cancel& cancel) : global_(global), cancel_(cancel) {}

    [[nodiscard]] bool is_terminal() const;
    /// Reads to the end. `reader` is who asks ("the prompt"). Says
    /// on stderr what it waits for when that takes long or a person has to type. Fails with
    /// Errc::usage the second time, with Errc::interrupted when `cancel` fires.
    [[nodiscard]] Result<std::string> read_all(std::string_view reader);

  private:
    [[nodiscard]] Result<std::string> read_to_end(std::string_view reader) const;

    const GlobalOptions& global_;
    const Cancel& cancel_;
    std::string reader_;
};

}  // namespace llmgw
