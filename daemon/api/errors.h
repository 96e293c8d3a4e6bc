// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/http/service.h"

namespace llmgw {

/// The HTTP status that stands for a failure.
[[nodiscard]] int http_status(const Error& error);

/// OpenAI's error document. The hint follows the message; `more` are further members of the error
/// object, such as ",\"attempts\":[…]".
[[nodiscard]] std::string error_document(const Error& error, std::string_view more = {});

[[nodiscard]] LocalAnswer error_answer(const Error& error, std::string_view more = {});

}  // namespace llmgw
