// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/router_trial.h"

namespace llmgw::test {

/// What a simulated key does with a call that begins at a moment.
struct Behaviour {
    CallReport::Verdict verdict = CallReport::Verdict::succeeded;
    int status = 200;
    std::int64_t takes_ms = 500;        ///< until the first content, or the failure
    std::int64_t generates_ms = 1'000;  ///< from then to the end
    std::optional<std::int64_t> wait_ms;
};

/// A call of a simulated request.
struct SimulatedCall {
    std::int64_t request;  ///< its number
    std::int64_t began;
    std::string key;
    CallReport::Verdict verdict;

    bool operator==(const SimulatedCall&) const = default;
};

/// Runs requests against simulated providers with the real router, on a clock of its own: the same
/// script gives the same calls. Checks of every call that no key is asked while it was told to
/// leave it alone, and after that by one call at a time until one has succeeded.
class RoutingSimulation {
  public:
    using Script = std::function<Behaviour(std::int64_t now)>;

    explicit RoutingSimulation(RoutingSettings settings = routing_settings())
        : trial_(std::move(settings)), begin_(trial_.now) {
        trial_.query.model = "m";
        trial_.query.needs.streaming = true;
    }

    void add_provider(const std::string& name, std::int64_t dollars, Script script) {
        add_key(name, name, dollars, std::move(script));
    }
    void add_key(const std::string& provider, const std::string& label, std::int64_t dollars,
                 Script script) {
        trial_.add_key(provider, label, dollars);
        scripts_[label] = std::move(script);
    }

    /// A request that arrives so many milliseconds after the start.
    void request(std::int64_t at, std::string session = {}) {
        const std::int64_t number = static_cast<std::int64_t>(requests_.size());
        requests_.push_back(std::make_unique<Request>(number, std::move(session)));
        events_.push({at, order_++, [this, number] { arrive(*requests_[index(number)]); }});
    }
    /// Requests at a steady rate, from one moment to another.
    void requests(std::int64_t from, std::int64_t until, std::int64_t every_ms) {
        for (std::int64_t at = from; at < until; at += every_ms) {
            request(at);
        }
    }
    void run() {
        while (!events_.empty()) {
            const Event event = events_.top();
            events_.pop();
            now_ = event.at;
            event.happens();
        }
    }

    [[nodiscard]] const std::vector<SimulatedCall>& calls() const { return calls_; }
    [[nodiscard]] std::size_t answered() const { return answered_; }
    [[nodiscard]] std::size_t lost() const { return lost_; }
    [[nodiscard]] std::size_t explored() const { return explored_; }
    /// Calls to a key that began in a span of time.
    [[nodiscard]] std::size_t calls_to(std::string_view key, std::int64_t from,
                                       std::int64_t until) const {
        std::size_t number = 0;
        for (const SimulatedCall& call : calls_) {
            number += call.key == key && call.began >= from && call.began < until ? 1U : 0U;
        }
        return number;
    }
    /// The part of a span's calls that went to a key.
    [[nodiscard]] double share(std::string_view key, std::int64_t from, std::int64_t until) const {
        std::size_t all = 0;
        for (const auto& [label, script] : scripts_) {
            all += calls_to(label, from, until);
        }
        REQUIRE(all > 0);
        return static_cast<double>(calls_to(key, from, until)) / static_cast<double>(all);
    }

  private:
    struct Event {
        std::int64_t at;
        std::int64_t order;  // of those at the same moment
        std::function<void()> happens;

        bool operator<(const Event& other) const {
            return at != other.at ? at > other.at : order > other.order;
        }
    };
    struct Request {
        Request(std::int64_t n, std::string s) : number(n), session(std::move(s)) {}
        std::int64_t number;
        std::string session;
        Offers offers;
        Plan plan;
        std::size_t next = 0;
        std::size_t attempts = 0;
    };
    // What the simulation knows of a key that was rate-limited.
    struct Limited {
        std::int64_t until = 0;
        bool half_open = false;
        bool probed = false;
    };

    static std::size_t index(std::int64_t number) { return static_cast<std::size_t>(number); }
    [[nodiscard]] std::int64_t clock() const { return begin_ + now_; }

    void arrive(Request& request) {
        request.offers = trial_.offers();
        trial_.query.session = request.session;
        trial_.query.seed = seeds_();
        auto plan = trial_.router().plan(trial_.snapshot(), request.offers, trial_.query, clock());
        if (!plan) {
            lost_++;
            return;
        }
        request.plan = std::move(*plan);
        const Decision& decision = *request.plan.decision;
        explored_ += decision.ranking.reason == RouteReason::random_exploration ? 1U : 0U;
        if (request.number % 50 == 0) {
            const auto logged = read_decision(decision_json(decision));
            REQUIRE(logged);
            CHECK(rank(logged->candidates, logged->request, trial_.snapshot()->settings.routing) ==
                  decision.ranking);
        }
        ask_next(request);
    }

    void ask_next(Request& request) {
        while (request.next < request.plan.order.size() &&
               request.attempts < request.plan.max_attempts) {
            const Candidate& candidate = *request.plan.order[request.next++];
            const auto turn = trial_.router().begin(request.plan, candidate, clock());
            if (turn) {
                request.attempts++;
                call(request, *turn);
                return;
            }
        }
        lost_++;
    }

    void call(Request& request, const Turn& turn) {
        const std::string key = turn.candidate->access->label;
        const Behaviour behaviour = scripts_.at(key)(now_);
        const bool probe = check_rest(key);
        calls_.push_back({request.number, now_, key, behaviour.verdict});
        const bool succeeds = behaviour.verdict == CallReport::Verdict::succeeded;
        const std::int64_t length = behaviour.takes_ms + (succeeds ? behaviour.generates_ms : 0);
        events_.push({now_ + length, order_++,
                      [=, this, &request] { end(request, turn, behaviour, probe); }});
    }

    // Whether it is the probe of a key that has been rate-limited.
    bool check_rest(const std::string& key) {
        Limited& limited = limited_[key];
        if (!limited.half_open) {
            return false;
        }
        CAPTURE(key);
        CAPTURE(now_);
        CHECK(now_ >= limited.until);
        CHECK_FALSE(limited.probed);
        limited.probed = true;
        return true;
    }

    void end(Request& request, const Turn& turn, const Behaviour& behaviour, bool probe) {
        CallReport report;
        report.verdict = behaviour.verdict;
        report.status = behaviour.status;
        report.wait_ms = behaviour.wait_ms;
        if (behaviour.verdict == CallReport::Verdict::succeeded) {
            report.first_content_ms = static_cast<double>(behaviour.takes_ms);
            report.output_tokens = 100;
            report.generation_ms = static_cast<double>(behaviour.generates_ms);
        }
        trial_.router().report(turn, report, clock());
        Limited& limited = limited_[turn.candidate->access->label];
        limited.probed = limited.probed && !probe;
        if (behaviour.verdict == CallReport::Verdict::succeeded) {
            limited.half_open = limited.half_open && !probe;
            answered_++;
            return;
        }
        if (behaviour.verdict == CallReport::Verdict::rate_limited) {
            limited.until = std::max(limited.until, now_ + behaviour.wait_ms.value_or(0));
            limited.half_open = true;
        }
        ask_next(request);
    }

    RouterTrial trial_;
    std::int64_t begin_;
    std::int64_t now_ = 0;  // since the start
    std::map<std::string, Script> scripts_;
    std::map<std::string, Limited> limited_;
    std::vector<std::unique_ptr<Request>> requests_;
    std::priority_queue<Event> events_;
    std::int64_t order_ = 0;
    std::mt19937_64 seeds_{4114};
    std::vector<SimulatedCall> calls_;
    std::size_t answered_ = 0, lost_ = 0, explored_ = 0;
};

}  // namespace llmgw::test
