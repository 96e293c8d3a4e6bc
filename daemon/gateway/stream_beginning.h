// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmgw {

/// The beginning of a stream of chunks in OpenAI's format, held back until the provider has really
/// begun to answer: until then an error, or its end, still lets another provider take over, and
/// the client must not have seen anything of this one. Chunks that only open the answer (a role,
/// empty texts, no choices) say nothing yet. Pure: bytes in, a verdict out.
class StreamBeginning {
  public:
    /// Azure's verdict on the prompt comes as a chunk before the answer, which is to be dropped:
    /// clients of OpenAI's expect a choice in each chunk, and have no use for it.
    explicit StreamBeginning(bool drops_prelude) : drops_prelude_(drops_prelude) {}

    enum class State {
        waiting,
        answers,  ///< a text, thoughts, a tool call, a finish reason… or what nobody knows
        fails,    ///< an error event came first
    };
    [[nodiscard]] State feed(std::string_view bytes);
    /// The stream has ended: its last event may lack its empty line.
    [[nodiscard]] State finish() { return feed("\n\n"); }

    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    /// What has come, as it came, but for a prelude that is dropped.
    [[nodiscard]] std::string& bytes() { return bytes_; }
    /// The data of the error event.
    [[nodiscard]] const std::string& error() const { return error_; }

  private:
    [[nodiscard]] State judge(std::string_view data);

    bool drops_prelude_;
    std::string bytes_;
    std::size_t judged_ = 0;  // where the first event begins that is not judged yet
    std::size_t looked_ = 0;  // how far its end has been looked for
    std::string error_;
};

}  // namespace llmgw
