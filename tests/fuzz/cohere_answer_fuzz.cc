// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/cohere.h"
#include "tests/fuzz/answer_trial.h"
#include "tests/fuzz/trial.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    fuzz::try_answers(kCohereAdapter, "cohere", "command-a-03-2025", fuzz::text_of(data, size));
    return 0;
}
