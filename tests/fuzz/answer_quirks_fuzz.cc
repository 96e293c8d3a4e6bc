// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "common/base/json_scan.h"
#include "daemon/providers/answer_quirks.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

std::string parts_of(const std::vector<std::string_view>& pieces) {
    ThinkTags tags;
    ThinkTags::Parts all;
    const auto add = [&](const ThinkTags::Parts& parts) {
        all.thoughts += parts.thoughts;
        all.text += parts.text;
    };
    for (const std::string_view piece : pieces) {
        add(tags.feed(piece));
    }
    add(tags.finish());
    return all.thoughts + '\0' + all.text;
}

void mend(const Quirks& quirks, bool streamed, std::string_view answer) {
    AnswerMender mender(quirks, streamed);
    // The second time it knows what was said before.
    for (int time = 0; time < 2; time++) {
        if (const auto mended = mender.mend(answer)) {
            require_object(*mended);
            require_bounded(mended->size(), answer.size());
        }
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::require(fuzz::parts_of({text}) == fuzz::parts_of(fuzz::cut(text)),
                  "thoughts are the same however they are cut");
    for (const char* provider : {"custom", "fireworks", "mistral", "perplexity", "together-ai"}) {
        fuzz::mend(*quirks_of(provider), false, text);
        fuzz::mend(*quirks_of(provider), true, text);
    }
    return 0;
}
