// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/additions.h"

namespace llmgw {

/// Looks over a stream of server-sent events in OpenAI's format on its way to the client: passes
/// whole events on as the bytes they are, adds to the usage chunk or, when the client did not ask
/// for usage, takes it out, and knows how the stream ended. Pure: bytes in, bytes out.
class ChatStream {
  public:
    /// `call` is what the usage is estimated from when the provider tells none by the end of a
    /// complete stream; nullptr: it is not estimated.
    ChatStream(bool client_wants_usage, const Additions& additions,
               const InferenceCall* call = nullptr)
        : client_wants_usage_(client_wants_usage), additions_(additions), call_(call) {}

    /// Takes what has arrived and appends to `out` what the client gets of it. False when an event
    /// grows over kMaxEvent.
    [[nodiscard]] bool feed(std::string_view bytes, std::string& out);
    static constexpr std::size_t kMaxEvent = 16 * 1024 * 1024;

    /// The upstream's answer is complete: appends what is missing for a proper end. False when the
    /// stream stopped in the middle, without any finish reason and without `[DONE]`.
    [[nodiscard]] bool finish(std::string& out);

    /// The answer was cut off: what was delivered of it costs, too, and is estimated unless the
    /// provider has told it.
    void give_up();

    /// `[DONE]` or an error has been passed on: nothing more may follow.
    [[nodiscard]] bool ended() const { return done_ || failed_; }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] const std::optional<Usage>& usage() const { return usage_; }
    [[nodiscard]] const std::optional<Cost>& cost() const { return cost_; }

  private:
    [[nodiscard]] bool passes(std::string_view bytes) const;
    [[nodiscard]] bool mentions_usage(std::string_view bytes) const;
    void event(std::string_view bytes, std::string& out);
    bool usage_event(std::string_view data, std::string& out);
    void note(std::string_view events);
    void estimate(std::string& out);

    bool client_wants_usage_;
    const Additions& additions_;
    const InferenceCall* call_;
    std::uint64_t characters_ = 0;  // of the completion, while its usage is not known
    std::string last_;              // the events in which a choice has ended, likewise
    std::string carry_;             // an event that has not all arrived
    std::size_t looked_ = 0;        // how far carry_ has been searched for its end
    bool finish_seen_ = false;      // some choice has a finish reason
    bool done_ = false;
    bool failed_ = false;
    std::optional<Usage> usage_;
    std::optional<Cost> cost_;
};

}  // namespace llmgw
