// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/money.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

/// A tool that the model wants called.
struct AnsweredToolCall {
    std::string id;
    std::string name;
    std::string arguments;  ///< JSON text, as the model wrote it
};

/// What came back for one prompt, as far as it came.
struct Answer {
    std::string id;
    std::string model;     ///< the model that answered
    std::string provider;  ///< empty: the server did not say
    std::string content;
    std::string reasoning;
    std::string finish_reason;  ///< "stop", "length", "tool_calls"…
    std::vector<AnsweredToolCall> tool_calls;
    std::optional<std::int64_t> input_tokens, output_tokens, cached_tokens;
    std::optional<Money> cost;
    std::string cache = "off";    ///< "hit", "miss", "bypass" or "off"
    std::string attempts = "[]";  ///< JSON text: the gateway's list of providers tried
    std::int64_t latency_ms = 0;
    std::optional<std::int64_t> first_token_ms;
};

/// Hears of an answer's pieces as they arrive, on the thread of the call.
class AnswerEvents {
  public:
    virtual ~AnswerEvents() = default;
    /// Id, model and provider are known.
    virtual void on_start(const Answer& answer) = 0;
    virtual void on_text(std::string_view text) = 0;
    virtual void on_reasoning(std::string_view text) = 0;
    /// A whole tool call, after the last piece of it.
    virtual void on_tool_call(const AnsweredToolCall& call) = 0;
};

/// Turns the bytes of an OpenAI chat completion, streamed or not, into an Answer. One call each.
class AnswerReader final : public AnswerSink {
  public:
    /// Starts the clock of the answer's latency. `events` must outlive the reader.
    explicit AnswerReader(AnswerEvents& events);
    ~AnswerReader() override;
    AnswerReader(const AnswerReader&) = delete;
    AnswerReader& operator=(const AnswerReader&) = delete;

    void on_head(int status, const HeaderList& headers) override;
    void on_data(std::string_view bytes) override;
    /// To be called once, with the result of the call. Fails for an error answer, an error inside
    /// the stream, and a stream that ends too early (Errc::upstream); answer() keeps what came.
    [[nodiscard]] Result<void> finish(const Result<void>& call);
    [[nodiscard]] const Answer& answer() const;

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The failure that an HTTP error answer stands for.
[[nodiscard]] Error error_from_answer(int status, std::string_view body);

}  // namespace llmgw
