// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/refusal.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "daemon/providers/json_members.h"

namespace llmgw {

namespace {

using Verdict = CallReport::Verdict;

// The HTTP statuses that names of errors stand for.
struct NamedStatus {
    std::string_view name;
    int status;
};
constexpr std::array<NamedStatus, 17> kStatuses = {{{"invalid_request_error", 400},
                                                    {"invalid_prompt", 400},
                                                    {"context_length_exceeded", 400},
                                                    {"content_filter", 400},
                                                    {"authentication_error", 401},
                                                    {"invalid_api_key", 401},
                                                    {"billing_error", 402},
                                                    {"insufficient_quota", 402},
                                                    {"permission_error", 403},
                                                    {"not_found_error", 404},
                                                    {"model_not_found", 404},
                                                    {"request_too_large", 413},
                                                    {"rate_limit_error", 429},
                                                    {"rate_limit_exceeded", 429},
                                                    {"server_error", 500},
                                                    {"timeout_error", 504},
                                                    {"overloaded_error", 529}}};

int status_of_name(std::string_view name) {
    const auto* const at = std::find_if(kStatuses.begin(), kStatuses.end(),
                                        [&](const NamedStatus& one) { return one.name == name; });
    return at == kStatuses.end() ? 0 : at->status;
}

// What identifies a kind of refusal: its code or type is one of the names, or its message has one
// of the phrases. Compared in lower case.
struct Signs {
    std::span<const std::string_view> names;
    std::span<const std::string_view> phrases;
};

// OpenAI and Azure, images of OpenAI, Alibaba, xAI, OpenRouter.
constexpr std::string_view kFilterNames[] = {
    "content_filter",     "content_policy_violation", "responsibleaipolicyviolation",
    "moderation_blocked", "data_inspection_failed",   "datainspectionfailed"};
constexpr std::string_view kFilterPhrases[] = {"content management policy",
                                               "violates usage guidelines", "safety_check_type"};
constexpr Signs kContentFilter{kFilterNames, kFilterPhrases};

// OpenAI (429), Alibaba (400), Anthropic (400), DeepSeek.
constexpr std::string_view kFundsNames[] = {"insufficient_quota", "billing_hard_limit_reached",
                                            "billing_not_active", "billing_error", "arrearage"};
constexpr std::string_view kFundsPhrases[] = {"credit balance is too low", "insufficient balance",
                                              "insufficient credits"};
constexpr Signs kNoFunds{kFundsNames, kFundsPhrases};

// Gemini and xAI (400).
constexpr std::string_view kKeyNames[] = {"invalid_api_key", "api_key_invalid"};
constexpr std::string_view kKeyPhrases[] = {"api key not valid", "incorrect api key",
                                            "invalid api key", "api key expired"};
constexpr Signs kBadKey{kKeyNames, kKeyPhrases};

// Mistral, Groq, OpenRouter, DeepSeek, Bedrock (400).
constexpr std::string_view kModelNames[] = {"model_not_found", "invalid_model",
                                            "model_decommissioned", "model_not_available"};
constexpr std::string_view kModelPhrases[] = {"is not a valid model id", "model not exist",
                                              "model identifier is invalid"};
constexpr Signs kNoSuchModel{kModelNames, kModelPhrases};

// OpenAI and all who run vLLM, Anthropic, Gemini, Bedrock, xAI, Cohere, Mistral.
constexpr std::string_view kContextNames[] = {"context_length_exceeded",
                                              "model_context_window_exceeded"};
constexpr std::string_view kContextPhrases[] = {
    "maximum context length", "prompt is too long", "input is too long", "input token count",
    "maximum prompt length",  "context window",     "too many tokens"};
constexpr Signs kContextLength{kContextNames, kContextPhrases};

bool shows(const ToldError& told, const Signs& signs) {
    const auto is_named = [&](const std::string& name) {
        const std::string lower = to_lower(name);
        return std::find(signs.names.begin(), signs.names.end(), lower) != signs.names.end();
    };
    const std::string message = to_lower(told.message);
    return is_named(told.code) || is_named(told.type) ||
           std::any_of(signs.phrases.begin(), signs.phrases.end(), [&](std::string_view phrase) {
               return message.find(phrase) != std::string::npos;
           });
}

// What a status would be if it were said as everybody else says it.
int meant_status(int status, const ToldError& told) {
    const bool bad_request = status == 400 || status == 422;
    if ((bad_request || status == 403 || status == 429) && shows(told, kNoFunds)) {
        return 402;
    }
    if ((bad_request || status == 403) && shows(told, kBadKey)) {
        return 401;
    }
    return bad_request && shows(told, kNoSuchModel) ? 404 : status;
}

}  // namespace

ToldError read_told_error(std::string_view body) {
    // Google puts the document into an array.
    const auto documents = scan_array(body);
    const JsonMembers document(documents && !documents->empty() ? documents->front() : body);
    const JsonMembers inner = document.object("error");
    const JsonMembers& error = inner.valid() ? inner : document;
    ToldError told;
    told.message = error.text("message");
    if (told.message.empty()) {
        told.message = document.text("error");  // xAI, Ollama
    }
    told.code = error.text("code");
    told.type = error.text("type");
    told.flagged = error.object("metadata").has("flagged_input");
    const auto number = error.count("code");  // OpenRouter's and Google's are HTTP statuses
    if (number && *number >= 400 && *number < 600) {
        told.status = static_cast<int>(*number);
    } else if (const int named = status_of_name(told.code)) {
        told.status = named;
    } else if (const int typed = status_of_name(told.type)) {
        told.status = typed;
    }
    return told;
}

Refusal judge_refusal(int status, const ToldError& told, std::span<const int> fallback_statuses) {
    const bool about_content = status == 400 || status == 403 || status == 422;
    if (about_content && (told.flagged || shows(told, kContentFilter))) {
        return {Verdict::not_counted, NextAttempt::none, status, "content_filter"};
    }
    const int meant = meant_status(status, told);
    switch (meant) {
        case 401:
        case 402:
        case 403:
            return {Verdict::refused, NextAttempt::anybody, meant, "key_refused"};
        case 404:
        case 405:
            return {Verdict::failed, NextAttempt::anybody, meant, "upstream_error"};
        case 408:
            return {Verdict::failed, NextAttempt::anybody, meant, "upstream_timeout"};
        case 429:
            return {Verdict::rate_limited, NextAttempt::anybody, meant, "rate_limited"};
        default:
            break;
    }
    if (meant >= 500 || meant < 400) {
        return {Verdict::failed, NextAttempt::anybody, meant,
                meant >= 500 ? "server_error" : "upstream_error"};
    }
    if (shows(told, kContextLength)) {
        return {Verdict::not_counted, NextAttempt::larger_context, meant,
                "context_length_exceeded"};
    }
    // Groq refuses a request that is larger than the account's tokens a minute with 413.
    const bool own_limit = meant == 413 && told.code == "rate_limit_exceeded";
    const bool wanted = std::find(fallback_statuses.begin(), fallback_statuses.end(), status) !=
                        fallback_statuses.end();
    return {Verdict::not_counted, own_limit || wanted ? NextAttempt::anybody : NextAttempt::none,
            meant, "invalid_request"};
}

}  // namespace llmgw
