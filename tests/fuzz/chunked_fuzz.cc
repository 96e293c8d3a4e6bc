// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "daemon/http/chunked.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

struct Unchunked {
    std::string content;
    std::size_t taken = 0;
    ChunkedDecoder::State state = ChunkedDecoder::State::more;

    bool operator==(const Unchunked&) const = default;
};

Unchunked unchunk(const std::vector<std::string_view>& pieces) {
    ChunkedDecoder decoder;
    Unchunked result;
    for (const std::string_view piece : pieces) {
        std::string_view in = piece;
        result.state = decoder.feed(in, result.content);
        result.taken += piece.size() - in.size();
        if (result.state != ChunkedDecoder::State::more) {
            break;
        }
        require(in.empty(), "all of a piece is taken while more is wanted");
    }
    return result;
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    const fuzz::Unchunked whole = fuzz::unchunk({text});
    fuzz::require(fuzz::unchunk(fuzz::cut(text)) == whole, "a body is the same however it is cut");
    fuzz::require(whole.content.size() <= size, "a body is no longer than its coding");

    ChunkedDecoder decoder;
    std::string content;
    std::string_view in = text;
    for (std::string_view piece = decoder.next(in); !piece.empty(); piece = decoder.next(in)) {
        content += piece;
    }
    fuzz::require(content == whole.content && decoder.state() == whole.state,
                  "views and copies are the same");
    return 0;
}
