// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "daemon/http/head.h"
#include "tests/fuzz/trial.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    ResponseHead head;
    if (!parse_response_head(text.substr(0, find_head_end(text, 0)), head)) {
        return 0;
    }
    fuzz::require(head.status >= 100 && head.status <= 999, "a status has three digits");
    for (const HeaderView& header : head.headers) {
        fuzz::require(header.value.find_first_of("\r\n") == std::string_view::npos,
                      "a value is one line");
        fuzz::require(!header.name.empty(), "a header has a name");
    }
    fuzz::require(head.framing.kind != BodyFraming::Kind::until_close || !head.keep_alive,
                  "a connection does not outlive a body that ends with it");
    return 0;
}
