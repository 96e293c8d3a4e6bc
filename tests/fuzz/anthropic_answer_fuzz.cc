// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/anthropic.h"
#include "tests/fuzz/answer_trial.h"
#include "tests/fuzz/trial.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    fuzz::try_answers(kAnthropicAdapter, "anthropic", "claude-3-haiku-20240307",
                      fuzz::text_of(data, size));
    return 0;
}
