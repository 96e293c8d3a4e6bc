// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "daemon/http/head.h"
#include "tests/fuzz/trial.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t end = find_head_end(text, 0);
    std::size_t arrived = 0;
    std::size_t found = std::string_view::npos;
    for (const std::string_view piece : fuzz::cut(text)) {
        found = find_head_end(text.substr(0, arrived + piece.size()), arrived);
        arrived += piece.size();
        if (found != std::string_view::npos) {
            break;
        }
    }
    fuzz::require(found == end, "a head ends at the same place however it is cut");
    RequestHead head;
    const auto refusal = parse_request_head(text.substr(0, end), head);
    if (refusal) {
        fuzz::require(refusal->status >= 400 && refusal->status < 600, "a refusal has a status");
        return 0;
    }
    constexpr std::string_view kBreaks("\r\n\0", 3);
    fuzz::require(head.target.find_first_of(kBreaks) == std::string_view::npos &&
                      head.target.find(' ') == std::string_view::npos,
                  "a target is one word");
    for (const HeaderView& header : head.headers) {
        fuzz::require(header.value.find_first_of(kBreaks) == std::string_view::npos,
                      "a value is one line");
        fuzz::require(head.header(header.name).data() != nullptr, "a header is found by its name");
    }
    fuzz::require(head.framing.kind != BodyFraming::Kind::until_close,
                  "a request's body has an end");
    fuzz::require(head.header("transfer-encoding").empty() || head.header("content-length").empty(),
                  "a body has one kind of length");
    return 0;
}
