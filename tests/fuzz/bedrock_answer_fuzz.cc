// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "common/base/text.h"
#include "daemon/providers/bedrock.h"
#include "tests/fuzz/answer_trial.h"
#include "tests/fuzz/trial.h"
#include "tests/unit/event_stream_writer.h"

namespace llmgw::fuzz {

namespace {

// The lines ["TYPE", PAYLOAD] as messages of a stream, with an exception's type behind "!", as in
// tests/data/bedrock: no mutation would ever hit the checksums of real ones.
std::string framed(std::string_view text) {
    std::string stream;
    for (std::string_view line : split(text, '\n')) {
        line = trim(line);
        if (!line.starts_with("[\"")) {
            continue;
        }
        line.remove_prefix(2);
        const std::string_view type = line.substr(0, std::min<std::size_t>(line.find('"'), 100));
        const std::size_t begin = std::min(line.find(','), line.size() - 1) + 1;
        const std::string_view payload = line.substr(begin, line.rfind(']') - begin);
        stream += type.starts_with('!') ? exception_message(type.substr(1), payload)
                                        : event_message(type, payload);
    }
    return stream;
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    const std::string stream = fuzz::framed(text);
    for (const std::string_view model :
         {"anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0"}) {
        const WireTarget target = fuzz::target_at("aws-bedrock", model);
        for (const bool json : {false, true}) {
            fuzz::try_answer(kBedrockAdapter, fuzz::request_for(true, json), target, stream);
            fuzz::try_answer(kBedrockAdapter, fuzz::request_for(false, json), target, text);
        }
    }
    return 0;
}
