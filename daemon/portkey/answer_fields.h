// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"

namespace llmgw {

/// What Portkey tells of a request in its answer's head.
struct PortkeyAnswer {
    std::string_view trace_id;  ///< never empty: Portkey's SDK repeats failed requests without one
    int retries = 0;            ///< of the last target; -1: all of them failed
    std::string_view cache = "DISABLED";
    std::string_view option = "config";  ///< where in the config the last target is
    std::string_view provider;           ///< as llmgw calls it; empty: nobody was asked
};

/// The header lines.
[[nodiscard]] std::string portkey_answer_fields(const PortkeyAnswer& answer);

/// The document with which Portkey refuses a config, together with OpenAI's, which SDKs read.
[[nodiscard]] std::string portkey_error_document(const Error& error);

}  // namespace llmgw
