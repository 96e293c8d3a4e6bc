// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "common/base/json_io.h"
#include "common/base/text.h"
#include "common/portkey/loose_document.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

// What JSON has and a document of people's has not: so many members.
bool has_many_members(std::string_view text) {
    return text.size() > 4096;
}

void try_read(std::string_view text) {
    const auto document = read_loose(text);
    const auto strict = parse_json(text);
    const bool structured = strict && strict->is_structured();
    if (!document) {
        require(document.error().kind == Errc::invalid_file, "a mistake is one of the text");
        require(!structured || has_many_members(text), "JSON is read");
        return;
    }
    require(document->length <= text.size(), "it takes no more than there is");
    require(is_utf8(document->json), "what comes out is UTF-8");
    const auto parsed = parse_json(document->json);
    require(parsed.has_value(), "what comes out is JSON");
    require(!structured || print_json(*strict) == print_json(*parsed), "JSON stays what it is");
    for (const auto& [pointer, line] : document->lines) {
        require(line >= 1, "lines are counted from 1");
    }
    require(document->line_of("") >= 1, "the root has a line");
    for (const std::string& pointer : document->placeholders) {
        require(document->lines.count(pointer) == 1, "a placeholder has a line");
    }
    if (parsed->is_structured()) {
        const auto again = read_loose(document->json);
        require(again && again->json == document->json, "what comes out is read as it is");
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    llmgw::fuzz::try_read(llmgw::fuzz::text_of(data, size));
    return 0;
}
