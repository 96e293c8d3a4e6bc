// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace llmgw {

enum class ColorChoice { automatic, always, never };

/// The flags that every command takes.
struct GlobalOptions {
    bool json = false;      ///< one JSON document on stdout, errors as one JSON line on stderr
    bool quiet = false;     ///< nothing on stderr but errors
    int verbose = 0;        ///< how often -v was given
    bool no_input = false;  ///< never prompt; also LLMGW_NO_INPUT
    ColorChoice color = ColorChoice::automatic;
    std::string color_name;  ///< --color as typed
};

}  // namespace llmgw
