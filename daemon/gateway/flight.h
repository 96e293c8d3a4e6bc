// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/cache/cached_answer.h"
#include "daemon/gateway/exchange.h"

namespace llmgw {

/// How a request is answered by the providers: the pipeline behind the cache.
using AskProviders = std::function<Task<void>(Exchange& exchange, const InferenceCall& call)>;

/// What a call is made for.
struct FlightPlan {
    CacheKey key;
    std::shared_ptr<const InferenceCall> call;
    std::string gateway_key;  ///< of the request that it is made for
    std::optional<NearPrint> near;
    std::optional<std::int64_t> ttl_ms;  ///< 0: the answer is not stored
    AskProviders ask;
};

/// Who gets a flight's answer: how far it has come, from the answer's beginning.
struct FlightReader {
    bool takes_parts = false;  ///< of a stream; else it waits for the whole
    std::uint64_t offset = 0;
    bool dropped = false;  ///< it was too far behind
};

/// One call to the providers whose answer several clients get: a task of its own with a client that
/// takes the answer down, in OpenAI's format and without additions. A reader takes it from there at
/// its own pace. The call ends with its last reader. A complete answer is stored in the cache.
///
/// The beginning of an answer stays until the end, so that whoever joins late gets all of it, up to
/// cache.max_entry. Behind that nobody joins, what the slowest reader has got goes, the provider is
/// read no faster than the fastest reader, and a reader that falls cache.max_entry behind is
/// dropped: the others do not wait for it.
class Flight : public std::enable_shared_from_this<Flight>, private Client {
  public:
    /// Starts the call of `first`, which reads it as everybody else.
    static std::shared_ptr<Flight> start(Exchange& first, FlightPlan plan);

    Flight(Exchange& first, FlightPlan plan);
    ~Flight() override;
    Flight(const Flight&) = delete;
    Flight& operator=(const Flight&) = delete;

    void join(FlightReader& reader);
    void leave(FlightReader& reader);
    [[nodiscard]] bool has_readers() const { return !readers_.empty(); }

    /// There is something to send, or the call is over.
    [[nodiscard]] bool has_news(const FlightReader& reader) const {
        return reader.dropped || finished_ || reader.offset < written();
    }
    /// Suspends until something may have changed.
    struct Pause;
    [[nodiscard]] Pause pause();
    /// Has everybody who pauses look again, a little later.
    void wake();

    [[nodiscard]] bool streams() const { return streams_; }    ///< it answers, with a stream
    [[nodiscard]] bool finished() const { return finished_; }  ///< nothing more comes
    [[nodiscard]] bool over() const { return over_; }          ///< the call has ended
    /// The next part of a stream, at most `limit` bytes; valid until the next co_await.
    [[nodiscard]] std::string_view part(const FlightReader& reader, std::size_t limit) const;
    void took(FlightReader& reader, std::size_t bytes);

    /// A whole answer; nullptr: not finished, cut off, failed, or too large to be kept.
    [[nodiscard]] const SharedAnswer& answer() const { return answer_; }
    /// What was answered instead; status 0: nothing.
    [[nodiscard]] const AnswerHead& failure() const { return failure_; }
    [[nodiscard]] const std::string& failure_body() const { return bytes_; }

    /// Who answers, once there is an answer, and the header lines that go with it.
    [[nodiscard]] const Candidate& candidate() const { return candidate_; }
    [[nodiscard]] const std::string& fields() const { return fields_; }
    [[nodiscard]] const std::vector<AttemptRecord>& attempts() const { return attempts_; }
    [[nodiscard]] const std::shared_ptr<const Decision>& decision() const { return decision_; }
    [[nodiscard]] const RouteProgress& route_progress() const { return route_progress_; }
    /// How the call went, once it is over.
    [[nodiscard]] const Outcome& outcome() const { return outcome_; }

    /// The request that the call was made for has left without paying for it: another one that gets
    /// the answer does, or the last one that leaves.
    bool unpaid = false;

  private:
    static Task<void> fly(std::shared_ptr<Flight> self);

    // The client of the call.
    Task<bool> answer(const AnswerHead& head, std::vector<std::string_view> body) override;
    Task<bool> begin(const AnswerHead& head, std::string_view first) override;
    Task<bool> send(std::string_view bytes) override;
    bool begin_now(const AnswerHead& /*head*/, std::string_view /*first*/) override {
        return false;
    }
    bool send_now(std::string_view /*bytes*/) override { return false; }
    Task<bool> end(bool clean) override;
    void on_gone(std::function<void()> callback) override;
    [[nodiscard]] bool gone() const override { return readers_.empty(); }

    [[nodiscard]] const std::string& text() const { return answer_ ? answer_->bytes : bytes_; }
    [[nodiscard]] std::uint64_t written() const { return begin_ + text().size(); }
    [[nodiscard]] std::uint64_t fastest() const;
    void note_answer(const AnswerHead& head);
    void append(std::string_view bytes);
    void outgrow();
    void finish();
    void keep(bool streamed);
    void resume_all();

    Core& core_;
    FlightPlan plan_;
    std::string head_bytes_;
    RequestHead head_;  // its views are into head_bytes_
    std::string request_id_;
    bool plain_;
    std::size_t limit_;
    Exchange::Clock::time_point started_;
    std::shared_ptr<const Snapshot> snapshot_;       // candidate_ and attempts_ point into it
    std::vector<std::shared_ptr<const void>> kept_;  // and into these
    Exchange* exchange_ = nullptr;                   // while the call is under way

    std::vector<FlightReader*> readers_;
    std::deque<Pause*> pauses_;
    bool waking_ = false;
    std::function<void()> on_gone_;

    std::string bytes_;
    std::uint64_t begin_ = 0;  // where in the answer bytes_ begins
    std::vector<EventEnd> events_;
    Exchange::Clock::time_point first_event_{};
    bool streams_ = false, outgrown_ = false, finished_ = false, over_ = false;
    SharedAnswer answer_;
    AnswerHead failure_;

    Candidate candidate_;
    std::string fields_;
    std::vector<AttemptRecord> attempts_;
    std::shared_ptr<const Decision> decision_;
    RouteProgress route_progress_;
    Outcome outcome_;
};

struct Flight::Pause {
    explicit Pause(Flight& on) : flight(on) {}
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle);
    void await_resume() const noexcept {}

    Flight& flight;
    std::coroutine_handle<> waiting;
};

inline Flight::Pause Flight::pause() {
    return Pause(*this);
}

}  // namespace llmgw
