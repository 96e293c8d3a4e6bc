// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/refusal.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

using namespace llmgw;
using Verdict = CallReport::Verdict;

Refusal judge(int status, const std::string& body, const std::vector<int>& fallback = {}) {
    return judge_refusal(status, read_told_error(body), fallback);
}

std::string error(const std::string& message, const std::string& code = "",
                  const std::string& type = "x") {
    return R"({"error":{"message":")" + message + R"(","type":")" + type + R"(","code":")" + code +
           R"("}})";
}

}  // namespace

TEST_CASE("refusal: what its status says") {
    struct Row {
        int status;
        Verdict verdict;
        NextAttempt next;
        std::string_view name;
    };
    const auto row = [](int status, Verdict verdict, std::string_view name,
                        NextAttempt next = NextAttempt::anybody) {
        return Row{status, verdict, next, name};
    };
    for (const Row& one :
         {row(401, Verdict::refused, "key_refused"), row(402, Verdict::refused, "key_refused"),
          row(403, Verdict::refused, "key_refused"), row(404, Verdict::failed, "upstream_error"),
          row(405, Verdict::failed, "upstream_error"),
          row(408, Verdict::failed, "upstream_timeout"),
          row(429, Verdict::rate_limited, "rate_limited"),
          row(500, Verdict::failed, "server_error"), row(529, Verdict::failed, "server_error"),
          row(302, Verdict::failed, "upstream_error"),
          row(400, Verdict::not_counted, "invalid_request", NextAttempt::none),
          row(409, Verdict::not_counted, "invalid_request", NextAttempt::none),
          row(413, Verdict::not_counted, "invalid_request", NextAttempt::none),
          row(422, Verdict::not_counted, "invalid_request", NextAttempt::none)}) {
        CAPTURE(one.status);
        for (const std::string& body : {std::string(), error("no"), std::string("<html>")}) {
            const Refusal refusal = judge(one.status, body);
            CHECK(refusal.verdict == one.verdict);
            CHECK(refusal.next == one.next);
            CHECK(refusal.status == one.status);
            CHECK(refusal.error_type == one.name);
        }
    }
}

TEST_CASE("refusal: a bad request that is the provider's trouble") {
    const auto meant = [](int status, const std::string& body) {
        const Refusal refusal = judge(status, body);
        CHECK(refusal.next == NextAttempt::anybody);
        return refusal.status;
    };
    CHECK(meant(400, error("API key not valid. Please pass a valid API key.")) == 401);
    CHECK(meant(400, R"({"code":"bad","error":"Incorrect API key provided: xa***"})") == 401);
    CHECK(meant(400, error("Your credit balance is too low to access the API")) == 402);
    CHECK(meant(400, error("Access denied", "Arrearage")) == 402);
    CHECK(meant(429, error("You exceeded your current quota", "insufficient_quota")) == 402);
    CHECK(meant(403, error("Insufficient credits")) == 402);
    CHECK(meant(400, error("Invalid model: m", "", "invalid_model")) == 404);
    CHECK(meant(400, error("The provided model identifier is invalid.")) == 404);
    CHECK(meant(429, error("You exceeded your current quota")) == 429);  // Gemini's usual words
    CHECK(meant(413, error("Request too large", "rate_limit_exceeded")) == 413);
    CHECK(judge(413, error("Request too large", "rate_limit_exceeded")).verdict ==
          Verdict::not_counted);
}

TEST_CASE("refusal: a verdict on the content ends the search, whatever is set") {
    const std::vector<int> all{400, 403, 422};
    for (const auto& one : std::vector<std::pair<int, std::string>>{
             {400, error("filtered", "content_filter")},
             {400, error("due to Azure OpenAI's content management policy")},
             {400, error("no", "data_inspection_failed")},
             {400, error("no", "DataInspectionFailed")},
             {422, error("no", "content_policy_violation")},
             {403,
              R"({"error":{"message":"flagged","code":403,"metadata":{"flagged_input":"x"}}})"},
             {403, R"({"error":"Content violates usage guidelines."})"}}) {
        CAPTURE(one.second);
        const Refusal refusal = judge(one.first, one.second, all);
        CHECK(refusal.verdict == Verdict::not_counted);
        CHECK(refusal.next == NextAttempt::none);
        CHECK(refusal.error_type == "content_filter");
    }
    CHECK(judge(500, error("content_filter", "content_filter")).next == NextAttempt::anybody);
}

TEST_CASE("refusal: a request that is too long goes where there is more room") {
    for (const std::string& body :
         {error("x", "context_length_exceeded"), error("This model's maximum context length is 8"),
          error("prompt is too long: 9 tokens > 8 maximum"),
          error("Input is too long for requested model."),
          error("The input token count (9) exceeds the maximum number of tokens allowed (8)."),
          error("This model's maximum prompt length is 8"), error("too many tokens: 9")}) {
        CAPTURE(body);
        CHECK(judge(400, body).next == NextAttempt::larger_context);
        CHECK(judge(400, body).verdict == Verdict::not_counted);
    }
}

TEST_CASE("refusal: further statuses") {
    CHECK(judge(422, error("no"), {418, 422}).next == NextAttempt::anybody);
    CHECK(judge(422, error("no"), {418, 422}).verdict == Verdict::not_counted);
    CHECK(judge(400, error("no"), {418, 422}).next == NextAttempt::none);
}

TEST_CASE("refusal: an error within a good answer") {
    const auto status = [](const std::string& body) { return read_told_error(body).status; };
    CHECK(status(R"({"error":{"code":429,"message":"m"}})") == 429);
    CHECK(status(R"([{"error":{"code":503,"message":"m"}}])") == 503);
    CHECK(status(error("m", "", "overloaded_error")) == 529);
    CHECK(status(error("m", "invalid_api_key")) == 401);
    CHECK(status(error("m", "upstream_error", "rate_limit_error")) == 429);
    CHECK(status(error("m", "context_length_exceeded")) == 400);
    CHECK(status(R"({"error":{"code":200}})") == 502);
    CHECK(status(R"({"error":{"code":99999999999}})") == 502);
    CHECK(status(R"({"error":"m"})") == 502);
    CHECK(status("") == 502);
    CHECK(read_told_error(R"({"error":"m"})").message == "m");
    CHECK(read_told_error(R"({"message":"m","code":"c"})").code == "c");
    CHECK(read_told_error("[1]").message.empty());
    CHECK(read_told_error(R"({"error":[1]})").message.empty());
}
