// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/portkey/patch_options.h"

namespace llmgw {

/// What is changed about the calls of a client.
struct CallPatch {
    std::vector<SourceEdit> edits;
    std::string problem;  ///< why a call cannot be moved
    bool json = false;    ///< Python's json is needed
};

/// Changes what is done with a client: `.chat.completions.create(…)` and the like behind the token
/// `use`. `ask` is what the client asks for by itself, `portkey` whether it is Portkey's own.
void patch_use(const CodeTokens& code, std::size_t use, const PortkeyAsk& ask, bool portkey,
               const PatchTask& task, CallPatch& patch);

/// Has the value of `model` begin with the ask's target.
void patch_model(const CodeTokens& code, const CodeItem& model, const PortkeyAsk& ask,
                 CallPatch& patch);

}  // namespace llmgw
