// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_scan.h"
#include "daemon/providers/gemini_schema.h"
#include "tests/fuzz/trial.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    if (!scan_object(text)) {
        return 0;  // requests are checked before
    }
    const auto schema = gemini_schema(text);
    if (schema) {
        fuzz::require_object(*schema);
    } else {
        fuzz::require(schema.error().kind == Errc::invalid_request, "a mistake is the client's");
    }
    return 0;
}
