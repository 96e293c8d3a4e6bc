// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/routing/health.h"

namespace llmgw {

/// Who is asked after a provider has not answered a request.
enum class NextAttempt : std::uint8_t {
    none,            ///< the request itself is at fault: others would say the same
    anybody,         ///< it was this provider's trouble
    larger_context,  ///< whoever takes longer requests
};

/// What an error document says, in OpenAI's format or nearly so.
struct ToldError {
    std::string message;
    std::string code;
    std::string type;
    /// The HTTP status that it stands for where it comes within a good answer.
    int status = 502;
    bool flagged = false;  ///< it says what in the input a moderation has objected to (OpenRouter)
};
[[nodiscard]] ToldError read_told_error(std::string_view body);

/// What a refusal means.
struct Refusal {
    CallReport::Verdict verdict = CallReport::Verdict::failed;
    NextAttempt next = NextAttempt::anybody;
    /// The status that it stands for: providers call a wrong key or an empty account a bad request.
    int status = 0;
    std::string_view error_type;  ///< for `metadata.routing`
};

/// Judges a refusal by its status and words. After `fallback_statuses` others are asked, too, but
/// never after a verdict on the content: whoever forwards what one provider's filter has refused
/// to the next one works around it. Pure.
[[nodiscard]] Refusal judge_refusal(int status, const ToldError& told,
                                    std::span<const int> fallback_statuses);

}  // namespace llmgw
