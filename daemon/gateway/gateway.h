// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one door of the gateway for the command line: calls in this process, calls to a daemon,
// and the daemon itself.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/home.h"
#include "common/store/store.h"
#include "daemon/gateway/rehearse_route.h"
#include "daemon/gateway/route_questions.h"

namespace llmgw {

struct Provider;

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// One HTTP request to the gateway's own interface.
struct GatewayCall {
    std::string method = "POST";
    std::string path;  ///< "/v1/chat/completions"
    HeaderList headers;
    std::string body;
};

/// Receives the answer as it arrives, on the thread that made the call.
class AnswerSink {
  public:
    virtual ~AnswerSink() = default;
    virtual void on_head(int status, const HeaderList& headers) = 0;
    virtual void on_data(std::string_view bytes) = 0;
};

/// Stops a call from another thread or a signal handler.
class Cancel {
  public:
    Cancel();
    ~Cancel();
    Cancel(const Cancel&) = delete;
    Cancel& operator=(const Cancel&) = delete;
    /// Async-signal-safe.
    void fire() noexcept;
    [[nodiscard]] bool fired() const noexcept;
    /// Ready for another call.
    void reset() noexcept;
    /// Readable once fired.
    [[nodiscard]] int fd() const noexcept { return event_fd_; }

  private:
    int event_fd_;
};

/// Runs one call through a gateway inside this process: no daemon, no port, no gateway key. Returns
/// when the answer is complete. An answer with an error status is a success here; fails when there
/// is no answer, or it was cut off (Errc::upstream), or `cancel` fired (Errc::interrupted).
[[nodiscard]] Result<void> call_in_process(const Home& home, const GatewayCall& call,
                                           AnswerSink& sink, Cancel& cancel);

/// The same, sent to a daemon ("http://127.0.0.1:4114"); the key, if any, goes in `call.headers`.
/// Fails with Errc::daemon_unreachable when nothing answers. `timeout_ms` bounds the wait for the
/// answer's head; 0: no bound.
[[nodiscard]] Result<void> call_url(const std::string& url, const GatewayCall& call,
                                    AnswerSink& sink, Cancel& cancel, std::int64_t timeout_ms = 0);

/// The upstream request that a call would make, as a person reads it: the request line, headers
/// with secrets masked, a blank line, the body. Sends nothing.
[[nodiscard]] Result<std::string> dry_run(const Home& home, const GatewayCall& call);

struct ServeOptions {
    std::string host = "127.0.0.1";
    int port = 4114;  ///< 0: any
    bool no_auth = false;
    std::int64_t drain_ms = 30'000;
    std::string log_level = "info";
    bool log_json = false;
};

/// Runs the daemon until it is told to stop. Prints `llmgw listening on URL` on stdout when it
/// accepts requests, and the first gateway key, once, if it had to make one. Returns its exit code.
[[nodiscard]] Result<int> serve(const Home& home, const ServeOptions& options);

/// What a running daemon wrote down about itself.
struct DaemonState {
    std::int64_t pid = 0;
    std::string url;
    std::string version;
    std::string admin_token;
    std::int64_t started_at = 0;  ///< Unix milliseconds
};

/// The daemon that holds this home's lock, or nullopt when none does. The lock decides, never the
/// mere existence of a file.
[[nodiscard]] Result<std::optional<DaemonState>> find_daemon(const Home& home);

/// How one request to a provider went, phase by phase; a phase not reached is empty.
struct ProbeReport {
    std::string url;
    std::string address;  ///< the address connected to
    std::optional<std::int64_t> dns_us, connect_us, tls_us, first_byte_us;
    int status = 0;              ///< HTTP status; 0: none
    std::string verdict;         ///< "ok", "key refused", "dns failed"…: one phrase
    std::string detail;          ///< one sentence; the provider's own message, with secrets removed
    std::string hint;            ///< the next command
    std::optional<Error> error;  ///< set unless the provider is usable
};

/// Asks a provider for its list of models, or where it has none for a model that does not exist.
[[nodiscard]] Result<ProbeReport> probe_provider(const Home& home, const std::string& label,
                                                 Cancel& cancel);

/// A provider whose usual variables hold a key: nothing needs to be stored for it.
struct EnvironmentKey {
    ProviderKey key;  ///< labelled like the provider
    std::string secret;
};

[[nodiscard]] std::vector<EnvironmentKey> find_environment_keys();

/// Where a provider is asked, as it is kept with a key.
struct ProviderAddress {
    std::string base_url;
    /// What else was in an address that was copied from somewhere, such as Azure's deployment.
    std::vector<std::pair<std::string, std::string>> options;
};

/// The address from what the user gave, which may be empty: a URL, else a region, else the
/// provider's usual one. Errors are Errc::usage.
[[nodiscard]] Result<ProviderAddress> provider_address(const Provider& provider,
                                                       const std::string& base_url,
                                                       const std::string& region);

/// A model server found on this machine.
struct LocalServer {
    std::string provider;  ///< "ollama", "llama.cpp", "vllm", "lm-studio"
    std::string base_url;
};

/// Looks for model servers on their usual ports of 127.0.0.1; takes at most 300 ms.
[[nodiscard]] std::vector<LocalServer> find_local_servers();

/// "httplib 0.11.4, OpenSSL 3.0.19, …": what the binary is linked with, name and version.
[[nodiscard]] HeaderList linked_libraries();

}  // namespace llmgw
