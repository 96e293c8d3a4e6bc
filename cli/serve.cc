// SPDX-License-Identifier: Apache-2.0
#include "cli/serve.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "cli/output.h"
#include "common/base/clock.h"
#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {
namespace {

constexpr std::int64_t kAnswerTimeoutMs = 5'000;
constexpr std::int64_t kStopGraceMs = 5'000;  // beyond the daemon's own time to drain
constexpr int kPollMs = 20;

Error not_running() {
    return fail(Errc::daemon_unreachable, "the gateway is not running", "llmgw serve").value();
}

/// Collects an answer that is known to be small.
class Collector : public AnswerSink {
  public:
    void on_head(int status, const HeaderList&) override { status_ = status; }
    void on_data(std::string_view bytes) override { body_ += bytes; }
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] const std::string& body() const { return body_; }

  private:
    int status_ = 0;
    std::string body_;
};

Result<DaemonState> running_daemon(const Home& home) {
    auto daemon = find_daemon(home);
    if (!daemon) {
        return tl::unexpected(std::move(daemon.error()));
    }
    if (!*daemon) {
        return tl::unexpected(not_running());
    }
    return **std::move(daemon);
}

/// Calls the daemon's admin interface, whose answers are JSON objects.
Result<Json> call_admin(const DaemonState& daemon, const std::string& method,
                        const std::string& path, const std::string& body) {
    GatewayCall call;
    call.method = method;
    call.path = path;
    call.headers = {{"authorization", "Bearer " + daemon.admin_token}};
    if (!body.empty()) {
        call.headers.emplace_back("content-type", "application/json");
        call.body = body;
    }
    Collector answer;
    Cancel cancel;
    if (auto called = call_url(daemon.url, call, answer, cancel, kAnswerTimeoutMs); !called) {
        auto error = std::move(called.error());
        error.message = "the gateway (pid " + std::to_string(daemon.pid) +
                        ") does not answer: " + error.message;
        return tl::unexpected(std::move(error));
    }
    auto document = parse_json(answer.body());
    if (answer.status() != 200 || !document || !document->is_object()) {
        return fail(Errc::daemon_unreachable, "the gateway (pid " + std::to_string(daemon.pid) +
                                                  ") answered " + path + " with status " +
                                                  std::to_string(answer.status()));
    }
    return document;
}

/// A number of the status as text; "?" when this daemon does not say.
std::string count(const Json& status, const char* name) {
    const auto found = status.find(name);
    return found != status.end() && found->is_number_integer() ? found->dump() : "?";
}

std::string status_text(const DaemonState& daemon, const Json& status, bool terminal) {
    std::string text =
        "llmgw " + printable(daemon.version) + ", pid " + std::to_string(daemon.pid) + "\n";
    text += "listening  " + daemon.url + "\n";
    text += "started    " + show_time(daemon.started_at, terminal) + "\n";
    text += "requests   " + count(status, "requests") + ", " + count(status, "in_flight") +
            " in flight, " + count(status, "streams") + " of them streams\n";
    text += "log        " + count(status, "logged") + " rows, " + count(status, "log_dropped") +
            " dropped\n";
    text += "clients    " + count(status, "connections") + " connections\n";
    const auto providers = status.find("providers");
    if (providers != status.end() && providers->is_array()) {
        text += "providers  " + std::to_string(providers->size()) + "\n";
    } else {
        text += "providers  " + count(status, "providers") + "\n";
    }
    return text;
}

/// Waits until the daemon's lock is free. The lock cannot be waited for, so it is looked at.
bool wait_until_gone(const Home& home, std::int64_t pid, std::int64_t deadline) {
    while (true) {
        // An error here is a daemon that has taken its state file back and still holds the lock.
        const auto daemon = find_daemon(home);
        if (daemon && (!*daemon || (*daemon)->pid != pid)) {
            return true;
        }
        if (unix_ms() >= deadline) {
            return false;
        }
        static_cast<void>(::poll(nullptr, 0, kPollMs));
    }
}

}  // namespace

Result<int> run_serve(const GlobalOptions& global, const ServeOptions& options) {
    const auto home = find_home();
    if (!home) {
        return tl::unexpected(home.error());
    }
    if (auto made = make_home(*home); !made) {
        return tl::unexpected(std::move(made.error()));
    }
    ServeOptions effective = options;
    if (global.verbose > 0 && effective.log_level == "info") {
        effective.log_level = "debug";
    }
    return serve(*home, effective);
}

Result<int> run_serve_status(const GlobalOptions& global) {
    const auto home = find_home();
    if (!home) {
        return tl::unexpected(home.error());
    }
    const auto daemon = running_daemon(*home);
    if (!daemon) {
        return tl::unexpected(daemon.error());
    }
    const auto status = call_admin(*daemon, "GET", "/admin/status", "");
    if (!status) {
        return tl::unexpected(status.error());
    }
    if (global.json) {
        Json document = {{"running", true}};
        document.update(*status);
        write_out(print_json(document, 2) + "\n");
        return 0;
    }
    write_out(status_text(*daemon, *status, is_terminal(1)));
    return 0;
}

Result<int> run_serve_stop(const GlobalOptions& global, const ServeStopOptions& options) {
    const auto home = find_home();
    if (!home) {
        return tl::unexpected(home.error());
    }
    const auto daemon = running_daemon(*home);
    if (!daemon) {
        return tl::unexpected(daemon.error());
    }
    const auto answer =
        call_admin(*daemon, "POST", "/admin/stop", print_json({{"now", options.now}}));
    if (!answer) {
        return tl::unexpected(answer.error());
    }
    std::int64_t drain_ms = ServeOptions{}.drain_ms;
    if (const auto told = answer->find("drain_ms");
        told != answer->end() && told->is_number_integer()) {
        drain_ms = told->get<std::int64_t>();
    }
    const std::int64_t wait_ms = kStopGraceMs + (options.now ? 0 : drain_ms);
    if (!wait_until_gone(*home, daemon->pid, unix_ms() + wait_ms)) {
        return fail(Errc::timeout,
                    "the gateway (pid " + std::to_string(daemon->pid) + ") has not stopped after " +
                        format_duration_ms(wait_ms),
                    "llmgw serve stop --now");
    }
    if (global.json) {
        write_out(print_json({{"stopped", true}, {"pid", daemon->pid}}, 2) + "\n");
    } else {
        note(global, "stopped the gateway (pid " + std::to_string(daemon->pid) + ")");
    }
    return 0;
}

}  // namespace llmgw
