// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "daemon/gateway/retry_delay.h"
#include "tests/fuzz/trial.h"

// The first line is what the headers say, the rest the body.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    constexpr std::int64_t kNow = 1'795'563'062'000;
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t line = std::min(text.find('\n'), text.size());
    const std::string_view value = text.substr(0, line);
    const std::string_view body = text.substr(std::min(line + 1, text.size()));
    for (const std::string_view name :
         {"retry-after", "retry-after-ms", "x-ratelimit-reset-tokens", "server"}) {
        ResponseHead head;
        head.headers = {{name, value}, {"x-ratelimit-remaining-tokens", "0"}};
        for (const bool rate_limited : {false, true}) {
            const auto wait = retry_delay_ms(head, body, rate_limited, kNow);
            fuzz::require(!wait || (*wait >= 0 && *wait <= kLongestRetryDelayMs),
                          "a wait is between nothing and a day");
        }
    }
    return 0;
}
