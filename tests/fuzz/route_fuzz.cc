// SPDX-License-Identifier: Apache-2.0
#include "common/base/text.h"
#include "common/routes/route.h"
#include "tests/fuzz/trial.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    const auto root = parse_route(text);
    if (!root) {
        fuzz::require(root.error().kind == Errc::invalid_file, "a bad route is a bad file");
        fuzz::require(root.error().message.starts_with("line "), "a mistake has its place");
        fuzz::require(is_utf8(root.error().message), "a message is UTF-8");
        return 0;
    }
    const std::string printed = print_route(*root);
    fuzz::require_object(printed);
    for (const std::string& document : {printed, print_route(*root, 2)}) {
        const auto again = parse_route(document);
        fuzz::require(again.has_value(), "a printed route can be read");
        fuzz::require(print_route(*again) == printed, "a printed route is the same route");
        fuzz::require(!is_dynamic_route(document), "a printed route is llmgw's own");
    }
    return 0;
}
