// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace llmgw {

/// Takes the chunked transfer coding (RFC 9112 §7.1) off a body, whatever way its bytes are split.
/// Chunk extensions and trailers are skipped; both are bounded.
class ChunkedDecoder {
  public:
    enum class State { more, done, malformed };

    /// Decodes from the front of `in` and removes what it took: stops behind the last chunk's
    /// trailers. Appends the content to `out`.
    State feed(std::string_view& in, std::string& out);

    /// The same without a copy: returns the next piece of content, a view into `in`; empty when
    /// `in` is used up or the state is no longer `more`.
    std::string_view next(std::string_view& in);
    [[nodiscard]] State state() const { return state_; }

  private:
    enum class Place { size, extension, size_end, data, data_cr, data_lf, trailer };
    void fail() { state_ = State::malformed; }
    void step(char c);

    State state_ = State::more;
    Place place_ = Place::size;
    std::uint64_t left_ = 0;       // of the open chunk
    int digits_ = 0;               // of the size read so far
    std::size_t overhead_ = 0;     // bytes of the extension or the trailers
    std::size_t line_length_ = 0;  // of the trailer line, without its end
    bool saw_cr_ = false;          // in the trailers
};

/// Starts a chunk of `size` bytes: "1f\r\n", in `buffer`.
[[nodiscard]] std::string_view chunk_start(std::size_t size, char (&buffer)[20]);

}  // namespace llmgw
