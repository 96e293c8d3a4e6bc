// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace llmgw {

enum class Severity { info, warning, error };

/// One thing that does not move from Portkey to llmgw as it is. Secrets are in none of its texts.
struct Finding {
    Severity severity = Severity::info;
    std::string code;  ///< "P-PROMPT": what kind of finding; listed in llmgw-import-portkey(1)
    std::string file;
    int line = 0;         ///< counted from 1; 0: not known
    std::string pointer;  ///< a JSON pointer into the document; empty: none
    std::string portkey;  ///< what Portkey did
    std::string llmgw;    ///< what llmgw does
    std::string action;   ///< what to do about it; empty: nothing
};

}  // namespace llmgw
