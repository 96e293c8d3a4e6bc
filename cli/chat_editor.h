// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/gateway/gateway.h"

namespace llmgw {

/// What came of asking for a line.
struct EditedLine {
    enum class Kind { line, end, interrupted };
    Kind kind = Kind::end;
    std::string text;  ///< the line, or what was typed before the interruption
};

/// Reads lines from the terminal with editing and history. One at a time, used by one thread.
class LineEditor {
  public:
    /// Gives up a line when `cancel`, which must outlive it, fires.
    explicit LineEditor(const Cancel& cancel);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    void remember(const std::string& line);
    /// Shows the prompt and returns a line without its newline.
    [[nodiscard]] EditedLine read(const std::string& prompt);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace llmgw
