// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/http/head.h"
#include "daemon/portkey/header_values.h"
#include "daemon/portkey/request_headers.h"
#include "tests/fuzz/trial.h"

// The first line is one header's value, the rest `baggage`.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t line = std::min(text.find('\n'), text.size());
    const std::string_view value = text.substr(0, line);
    const std::string_view baggage = text.substr(std::min(line + 1, text.size()));

    fuzz::require(is_utf8(header_text(value)), "a header's text is UTF-8");
    const std::string own = metadata_object(value);
    if (!own.empty()) {
        fuzz::require_object(own);
    }
    const std::string merged = with_baggage(own, baggage);
    if (!merged.empty()) {
        fuzz::require_object(merged);
    }
    for (const std::string& name : header_names(value)) {
        fuzz::require(!name.empty() && name.find(',') == std::string::npos, "a name is one name");
    }
    const std::size_t trace = trace_of(value).size();
    fuzz::require(trace == 0 || trace == 32, "a trace's id is whole");

    RequestHead head;
    head.headers = {{"baggage", baggage}};
    for (const std::string_view name :
         {"x-portkey-config", "x-portkey-metadata", "x-portkey-forward-headers",
          "x-portkey-retry-count", "x-portkey-request-timeout", "x-portkey-trace-id",
          "x-portkey-aws-region", "x-portkey-nobody-knows", "x-portkey-"}) {
        head.headers.push_back({name, value});
    }
    const PortkeyRequest request = read_portkey_headers(head);
    fuzz::require(request.trace_id.size() <= 256, "a trace's id is bounded");
    return 0;
}
