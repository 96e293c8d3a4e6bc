// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "common/base/error.h"
#include "common/base/url.h"
#include "daemon/net/task.h"
#include "daemon/providers/access_token.h"
#include "daemon/providers/entra_client.h"
#include "daemon/providers/service_account.h"
#include "daemon/upstream/pool.h"

namespace llmgw {

/// What is exchanged for short-lived tokens. It holds the address that it may be sent to.
using TokenCredential = std::variant<ServiceAccount, EntraClient>;

/// The HTTP request that exchanges a credential; `now` is Unix milliseconds. Pure.
struct TokenRequest {
    BaseUrl url;
    std::string head;
    std::string body;
};
[[nodiscard]] Result<TokenRequest> make_token_request(const TokenCredential& credential,
                                                      std::int64_t now);

/// When a credential's token is used, and when another one is fetched. Pure: the time, in Unix
/// milliseconds, is an argument. The wall clock, because a token grows old while a laptop sleeps.
class TokenLife {
  public:
    enum class Step {
        use,      // the token
        refresh,  // the token, and fetch another one
        fetch,    // and wait for it
        wait,     // for the fetch that goes on
        refuse,   // a fetch has failed a moment ago
    };
    /// `refresh` and `fetch` are told to one caller, until fetched() or failed() is called.
    [[nodiscard]] Step next(std::int64_t now);
    void fetched(AccessToken token, std::int64_t now);
    void failed(Error error, std::int64_t now);
    /// The provider has refused this token although it should be alive. Returns whether another one
    /// is worth a try: it is there already, or is fetched because the refusal is believed. That is
    /// done once a minute, for the trouble may be the account's.
    [[nodiscard]] bool rejected(std::string_view token, std::int64_t now);

    [[nodiscard]] bool fetching() const { return fetching_; }
    /// Neither a token nor a failure is worth keeping.
    [[nodiscard]] bool idle(std::int64_t now) const;
    [[nodiscard]] Result<std::string> outcome(std::int64_t now) const;

  private:
    [[nodiscard]] bool alive(std::int64_t now) const;
    [[nodiscard]] bool pausing(std::int64_t now) const;

    std::optional<AccessToken> token_;
    std::int64_t fetched_at_ = 0;
    std::optional<Error> error_;  // of the last fetch
    std::int64_t failed_at_ = 0;
    std::optional<std::int64_t> rejected_at_;
    bool fetching_ = false;
};

/// The tokens of all credentials in use. However many requests want one, it is fetched once.
/// Owned by the gateway; only for the loop's thread.
class TokenSource {
  public:
    explicit TokenSource(UpstreamPool& pool);
    ~TokenSource();
    TokenSource(const TokenSource&) = delete;
    TokenSource& operator=(const TokenSource&) = delete;

    /// A token that is alive for some seconds at least. `credential` must stay until the end.
    /// Errors: Errc::auth when the credential is refused, Errc::upstream, Errc::timeout.
    Task<Result<std::string>> token(const TokenCredential& credential);

    /// To be called when a provider answers 401 to a token; as TokenLife's.
    [[nodiscard]] bool rejected(const TokenCredential& credential, std::string_view token);

  private:
    struct Entry;

    std::shared_ptr<Entry> find(const TokenCredential& credential);
    Task<void> fetch(std::shared_ptr<Entry> entry);
    Task<Result<AccessToken>> exchange(const TokenCredential& credential);

    UpstreamPool& pool_;
    // A fetch outlives the entry's place here when its credential is taken away.
    std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;
};

}  // namespace llmgw
