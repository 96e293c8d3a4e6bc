// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/gemini.h"
#include "tests/fuzz/answer_trial.h"
#include "tests/fuzz/trial.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace llmgw;
    fuzz::try_answers(kGeminiAdapter, "google-ai-studio", "gemini-2.5-flash",
                      fuzz::text_of(data, size));
    return 0;
}
