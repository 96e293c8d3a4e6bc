// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <unordered_set>

#include "daemon/gateway/core.h"
#include "daemon/http/local_endpoints.h"
#include "daemon/http/service.h"

namespace llmgw {

/// What the admin endpoints may do to the daemon.
struct DaemonControl {
    std::function<std::string()> status;  ///< a JSON document
    std::function<void(bool now)> stop;
    std::function<void()> reload;
    std::function<bool()> draining;
    std::string admin_token;
    std::int64_t drain_ms = 0;  ///< how long a stop may take
};

/// The HTTP interface: who may ask, and who answers.
class ApiService : public Service {
  public:
    struct Options {
        bool no_auth = false;
        std::string host;  ///< what the daemon is bound to
        bool loopback = true;
    };
    /// Calls `vault.digest` for requests; `core` and `vault` outlive the service.
    ApiService(Core& core, const Vault& vault, Options options, DaemonControl control);

    std::optional<LocalAnswer> screen(const RequestHead& head) override;
    Task<void> handle(const RequestHead& head, std::string body, Client& client) override;
    LocalAnswer refuse(const HttpRefusal& refusal) override;
    [[nodiscard]] std::uint64_t max_body() const override;
    [[nodiscard]] std::size_t max_connections() const override;

  private:
    [[nodiscard]] std::optional<LocalAnswer> refusal_of(const RequestHead& head);
    [[nodiscard]] std::optional<Error> check_origin(const RequestHead& head) const;
    [[nodiscard]] std::optional<Error> check_key(const RequestHead& head);
    const Vault::Digest& digest_of(std::string_view key);
    [[nodiscard]] bool speaks_portkey(const RequestHead& head) const;
    std::string_view gateway_key(const RequestHead& head);
    std::string_view provider_key(const RequestHead& head);
    [[nodiscard]] std::string_view route_of_key(const RequestHead& head);
    [[nodiscard]] bool is_admin(const RequestHead& head) const;
    LocalAnswer answer_locally(const LocalRequest& request);

    Core& core_;
    const Vault& vault_;
    Options options_;
    DaemonControl control_;
    LocalEndpoints local_;
    // Most requests come from the client that sent the last one.
    std::string last_key_;
    Vault::Digest last_digest_{};
};

}  // namespace llmgw
