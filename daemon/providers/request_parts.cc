// SPDX-License-Identifier: Apache-2.0
#include "daemon/providers/request_parts.h"

#include <utility>

namespace llmgw {

std::string part_url(const ContentPart& part) {
    return part.data.empty() ? part.url : "data:" + part.media_type + ";base64," + part.data;
}

bool is_text(const ContentPart& part) {
    return part.kind == ContentPart::Kind::text || part.kind == ContentPart::Kind::refusal;
}

std::string joined_text(const ChatMessage& message) {
    std::string text;
    for (const ContentPart& part : message.content) {
        text += part.text;
    }
    return text;
}

tl::unexpected<Error> cannot_express(std::string message, std::string param) {
    Error error;
    error.kind = Errc::invalid_request;
    error.message = std::move(message);
    error.param = std::move(param);
    error.code = "unsupported_parameter";
    return tl::unexpected<Error>(std::move(error));
}

std::string part_path(std::size_t message, std::size_t part) {
    return "messages[" + std::to_string(message) + "].content[" + std::to_string(part) + "]";
}

}  // namespace llmgw
