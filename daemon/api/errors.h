// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/http/service.h"

namespace llmgw {

/// The HTTP status that stands for a failure.
[[nodiscard]] int http_status(const Error& error);

/// OpenAI's error document. The hint follows the message. With `metadata`, the members of a
/// `metadata` object beside the error.
[[nodiscard]] std::string error_document(const Error& error, std::string_view metadata = {});

/// Its `Retry-After` as a header line; empty when it has none.
[[nodiscard]] std::string retry_after_field(const Error& error);

[[nodiscard]] LocalAnswer error_answer(const Error& error);

}  // namespace llmgw
