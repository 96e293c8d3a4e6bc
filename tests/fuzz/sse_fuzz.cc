// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "daemon/http/sse.h"
#include "daemon/providers/event_buffer.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

std::string events_of(const std::vector<std::string_view>& pieces) {
    EventBuffer buffer;
    std::string found;
    const auto take = [&] {
        std::string_view data;
        while (buffer.next(data)) {
            require(!data.empty(), "an event that is handed out has data");
            found.append(data).append(1, '\0');
        }
    };
    for (const std::string_view piece : pieces) {
        buffer.add(piece);
        take();
    }
    buffer.end();
    take();
    return found;
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::require(fuzz::events_of({text}) == fuzz::events_of(fuzz::cut(text)),
                  "events are the same however they are cut");
    return 0;
}
