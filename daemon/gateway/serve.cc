// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/post.hpp>
#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "common/base/clock.h"
#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "daemon/api/service.h"
#include "daemon/gateway/daemon_state.h"
#include "daemon/gateway/gateway.h"
#include "daemon/gateway/request_log.h"
#include "daemon/gateway/saved_health.h"
#include "daemon/gateway/setup.h"
#include "daemon/gateway/snapshot_watcher.h"
#include "daemon/http/server.h"
#include "daemon/log.h"

namespace llmgw {

namespace {

constexpr int kExitTerminated = 143;
constexpr std::chrono::seconds kHealthInterval{3};

bool is_loopback_host(const std::string& host) {
    return host == "127.0.0.1" || host == "::1" || host == "localhost";
}

std::string url_of(const std::string& host, std::uint16_t port) {
    const std::string name = host.find(':') != std::string::npos ? "[" + host + "]" : host;
    return "http://" + name + ":" + std::to_string(port);
}

// Every stream needs two descriptors; the usual soft limit is 1,024. Keys never go into a core
// file. A limit of file sizes is an error of whoever writes, not the end of the process.
void set_process_limits() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a full disk must not end the process: writes report EFBIG
}

// Tells a service manager about a state (sd_notify(3)).
void notify_manager(std::string_view state) {
    const char* const path = std::getenv("NOTIFY_SOCKET");
    sockaddr_un address{};
    const std::string_view name = path != nullptr ? path : "";
    if (name.empty() || name.size() >= sizeof address.sun_path) {
        return;
    }
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, name.size());
    if (address.sun_path[0] == '@') {
        address.sun_path[0] = '\0';
    }
    const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (fd.valid()) {
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), size);
    }
}

// The first daemon of a home makes the first key, so that a newcomer has one. Returns the secret.
Result<std::string> make_first_key(Setup& setup) {
    const auto has_keys = setup.store->has_gateway_keys();
    if (!has_keys || *has_keys) {
        return has_keys ? Result<std::string>(std::string()) : tl::unexpected(has_keys.error());
    }
    const std::string secret = Vault::new_gateway_key();
    GatewayKey key;
    key.id = "k_" + random_hex(6);
    key.name = "default";
    key.digest = setup.vault->digest(secret);
    key.fingerprint = mask_secret(secret);
    key.created_at = unix_ms();
    if (auto added = setup.store->add_gateway_key(key); !added) {
        return tl::unexpected(added.error());
    }
    auto snapshot = load_snapshot(*setup.store, *setup.vault);
    if (!snapshot) {
        return tl::unexpected(snapshot.error());
    }
    setup.snapshot = std::move(*snapshot);
    return secret;
}

std::string provider_states(const Snapshot& snapshot) {
    std::string text = "[";
    for (const ProviderAccess& access : snapshot.accesses) {
        const char* state = "ready";
        if (!access.enabled) {
            state = "disabled";
        } else if (access.problem) {
            state = "unusable";
        } else if (!access.usable()) {
            state = "unsupported";
        }
        text += text.size() > 1 ? "," : "";
        text += "{\"name\":" + json_quote(access.label) + ",\"provider\":" +
                json_quote(access.provider != nullptr ? access.provider->id
                                                      : std::string_view("custom")) +
                ",\"state\":\"" + state + "\"}";
    }
    return text + "]";
}

/// Everything of a running daemon, in the order it is taken apart again.
class Daemon {
  public:
    Daemon(Setup setup, const Home& home, const ServeOptions& options, DaemonState state)
        : options_(options),
          state_(std::move(state)),
          vault_(std::move(setup.vault)),
          request_log_(home.log_database(), setup.snapshot->settings.logs),
          core_(loop_, setup.snapshot, home.cache_database()),
          service_(core_, *vault_, {options.no_auth, options.host, is_loopback_host(options.host)},
                   control()),
          server_(loop_, service_),
          signals_(loop_.io(), SIGTERM, SIGINT, SIGHUP),
          health_timer_(loop_.io()),
          store_(std::move(setup.store)) {
        use_request_log(core_, request_log_);
    }

    Result<std::uint16_t> listen() { return server_.listen(options_.host, options_.port); }
    void set_url(std::string url) { state_.url = std::move(url); }
    [[nodiscard]] const DaemonState& state() const { return state_; }

    int run() {
        watcher_ = std::make_unique<SnapshotWatcher>(
            std::move(store_), *vault_, *core_.snapshot,
            [this](std::shared_ptr<const Snapshot> snapshot) {
                asio::post(loop_.io(), [this, taken = std::move(snapshot)]() mutable {
                    core_.use(std::move(taken));
                    request_log_.configure(core_.snapshot->settings.logs);
                    log(LogLevel::info, "the set-up changed and is in force");
                });
            });
        server_.start();
        wait_for_signal();
        save_health_later();
        loop_.run();
        watcher_.reset();
        save_health(core_);
        core_.pool.clear();
        core_.public_pool.clear();
        return exit_code_;
    }

  private:
    DaemonControl control() {
        DaemonControl control;
        control.status = [this] { return status(); };
        control.stop = [this](bool now) {
            // Later, so that the answer to the request that asked for it goes out first.
            asio::post(loop_.io(), [this, now] { stop(now, "it was asked to"); });
        };
        control.reload = [this] { watcher_->reload(); };
        control.draining = [this] { return server_.draining(); };
        control.admin_token = state_.admin_token;
        control.drain_ms = options_.drain_ms;
        return control;
    }

    void wait_for_signal() {
        signals_.async_wait([this](const std::error_code& error, int signal) {
            if (error) {
                return;
            }
            if (signal == SIGHUP) {
                watcher_->reload();
            } else if (server_.draining()) {
                exit_code_ = signal == SIGINT ? 130 : kExitTerminated;
                server_.cut();
            } else {
                stop(false, signal == SIGINT ? "SIGINT" : "SIGTERM");
            }
            wait_for_signal();
        });
    }

    void save_health_later() {
        health_timer_.expires_after(kHealthInterval);
        health_timer_.async_wait([this](const std::error_code& error) {
            if (!error) {
                save_health(core_);
                save_health_later();
            }
        });
    }

    void stop(bool now, std::string_view why) {
        if (server_.draining()) {
            if (now) {
                server_.cut();
            }
            return;
        }
        notify_manager("STOPPING=1");
        log(LogLevel::info, "stopping",
            {{"why", std::string(why)}, {"in_flight", std::to_string(server_.in_flight())}});
        server_.drain(std::chrono::milliseconds(now ? 0 : options_.drain_ms), [this](bool cut) {
            log(cut ? LogLevel::warn : LogLevel::info,
                cut ? "stopped; requests in flight were cut off" : "stopped");
            loop_.stop();
        });
        if (now) {
            server_.cut();
        }
    }

    [[nodiscard]] std::string status() const {
        const Stats& stats = core_.stats;
        const auto number = [](auto value) { return std::to_string(value); };
        return "{\"pid\":" + number(state_.pid) + ",\"version\":" + json_quote(state_.version) +
               ",\"url\":" + json_quote(state_.url) +
               ",\"started_at\":" + json_quote(rfc3339(state_.started_at)) +
               ",\"uptime_ms\":" + number(unix_ms() - state_.started_at) +
               ",\"connections\":" + number(server_.connections()) +
               ",\"in_flight\":" + number(server_.in_flight()) +
               ",\"streams\":" + number(stats.streams) + ",\"requests\":" + number(stats.requests) +
               ",\"errors\":" + number(stats.errors) + ",\"attempts\":" + number(stats.attempts) +
               ",\"cached\":" + number(stats.cached) +
               ",\"prompt_tokens\":" + number(stats.prompt_tokens) +
               ",\"completion_tokens\":" + number(stats.completion_tokens) +
               ",\"cost_usd\":" + to_decimal(stats.cost) +
               ",\"logged\":" + number(request_log_.logged()) +
               ",\"log_dropped\":" + number(request_log_.dropped()) +
               ",\"auth\":" + (options_.no_auth ? "false" : "true") +
               ",\"draining\":" + (server_.draining() ? "true" : "false") +
               ",\"providers\":" + provider_states(*core_.snapshot) + "}";
    }

    ServeOptions options_;
    DaemonState state_;
    std::unique_ptr<Vault> vault_;
    Loop loop_;
    RequestLog request_log_;
    Core core_;
    ApiService service_;
    Server server_;
    asio::signal_set signals_;
    asio::steady_timer health_timer_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<SnapshotWatcher> watcher_;
    int exit_code_ = 0;
};

}  // namespace

Result<int> serve(const Home& home, const ServeOptions& options) {
    const auto level = parse_log_level(options.log_level);
    if (!level) {
        return tl::unexpected(level.error());
    }
    if (options.no_auth && !is_loopback_host(options.host)) {
        return fail(Errc::usage,
                    "--no-auth is refused when listening on " + options.host +
                        ": anybody who reaches it could spend your money",
                    "llmgw serve --host " + options.host);
    }
    if (auto made = make_home(home); !made) {
        return tl::unexpected(made.error());
    }
    auto lock = DaemonLock::take(home);
    if (!lock) {
        return tl::unexpected(lock.error());
    }
    auto setup = open_setup(home);
    if (!setup) {
        return tl::unexpected(setup.error());
    }
    std::string first_key;
    if (!options.no_auth) {
        auto made = make_first_key(*setup);
        if (!made) {
            return tl::unexpected(made.error());
        }
        first_key = std::move(*made);
    }
    set_process_limits();
    start_log(*level, options.log_json);
    DaemonState state;
    state.pid = ::getpid();
    state.version = LLMGW_VERSION;
    state.admin_token = random_hex(32);
    state.started_at = unix_ms();
    Daemon daemon(std::move(*setup), home, options, state);
    const auto port = daemon.listen();
    if (!port) {
        return tl::unexpected(port.error());
    }
    daemon.set_url(url_of(options.host, *port));
    if (auto published = lock->publish(daemon.state()); !published) {
        return tl::unexpected(published.error());
    }
    if (!is_loopback_host(options.host)) {
        log(LogLevel::warn, "listening beyond this machine; put TLS in front of it",
            {{"host", options.host}});
    }
    std::printf("llmgw listening on %s\n", daemon.state().url.c_str());
    if (!first_key.empty()) {
        std::printf("the first gateway key, shown only once: %s\n", first_key.c_str());
    }
    std::fflush(stdout);
    notify_manager("READY=1");
    return daemon.run();
}

}  // namespace llmgw
