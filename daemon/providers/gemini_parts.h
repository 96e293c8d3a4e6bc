// SPDX-License-Identifier: Apache-2.0
#pragma once

// Parts of Gemini's answers in OpenAI's terms; what gemini_answer.cc is made with.
#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_scan.h"
#include "daemon/gateway/usage.h"

namespace llmgw {

/// A member that is there and not null; else nullptr.
[[nodiscard]] const JsonField* gemini_member(const std::vector<JsonField>& fields,
                                             std::string_view name);
/// A member's text; empty when it is absent or no string.
[[nodiscard]] std::string gemini_text(const std::vector<JsonField>& fields, std::string_view name);
/// A member's elements; none when it is absent or no array.
[[nodiscard]] std::vector<std::string_view> gemini_elements(const std::vector<JsonField>& fields,
                                                            std::string_view name);

/// JSON without the white space between its tokens: Gemini indents plain answers.
[[nodiscard]] std::string gemini_compact(std::string_view json);

/// `usageMetadata`. Its counts are those of the whole answer so far.
[[nodiscard]] Usage read_gemini_usage(std::string_view json);

/// `logprobsResult` as elements of OpenAI's `logprobs.content`.
[[nodiscard]] std::string gemini_logprobs(std::string_view json);

/// A part with code that Google has run for the model, or with what came of it, as Markdown; empty
/// for any other part.
[[nodiscard]] std::string gemini_code(const std::vector<JsonField>& part);

/// A part with a picture as a data URL; empty for any other part.
[[nodiscard]] std::string gemini_image(const std::vector<JsonField>& part);

/// `groundingMetadata` as elements of OpenAI's `annotations`. Gemini counts bytes, OpenAI
/// characters, so the text that the citations point into is needed.
[[nodiscard]] std::string gemini_annotations(std::string_view json, std::string_view text);

}  // namespace llmgw
