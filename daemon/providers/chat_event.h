// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "daemon/gateway/usage.h"
#include "daemon/providers/chat_request.h"

namespace llmgw {

/// One step of an answer, whatever format it came in. A plain answer is the same steps at once.
struct ChatEvent {
    enum class Kind {
        begin,             // `text`: the answer's id, `name`: the model; either may be empty
        text,              // `text` goes on
        refusal,           // `text` of the refusal goes on
        reasoning,         // `text` of the visible thoughts goes on
        reasoning_detail,  // `detail`: complete, to be sent back in the next turn
        tool_call,         // call number `tool` begins: `id`, `name`, `signature`
        tool_arguments,    // `text` of its arguments goes on
        annotations,       // `text`: elements of OpenAI's `annotations`, as JSON, comma-separated
        image,             // `text`: a data URL
        logprobs,          // `text`: elements of OpenAI's `logprobs.content`, as JSON
        finish,            // `text`: OpenAI's finish reason, `name`: the provider's own word
        usage,             // `usage` so far: replaces what was known
        error,             // the provider failed within the answer: `text`, `name`: its type
    };
    Kind kind = Kind::text;
    unsigned choice = 0;
    unsigned tool = 0;  ///< numbered from 0 within the choice, in the order they begin
    std::string text;
    std::string name;
    std::string id;
    std::string signature;
    ReasoningDetail detail{};
    Usage usage{};
    int status = 0;  ///< of error: the HTTP status it stands for, such as 529
};

}  // namespace llmgw
