// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/token_source.h"

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <coroutine>
#include <deque>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/upstream/http_call.h"

namespace llmgw {

namespace {

constexpr std::int64_t kRetryPause = 5'000;  // so that a dead endpoint is not hammered
constexpr std::int64_t kMargin = 10'000;     // a token is not used in its last moments
constexpr std::int64_t kRejectPause = 60'000;
constexpr std::chrono::milliseconds kFetchTime{15'000};
constexpr std::size_t kMaxAnswer = 64 * 1024;

// A secret in an answer comes from the endpoint that it was sent to; still it goes no further.
void remove_secret(std::string& text, const std::string& secret) {
    for (auto at = text.find(secret); !secret.empty() && at != std::string::npos;
         at = text.find(secret, at)) {
        text.replace(at, secret.size(), "***");
    }
}

struct NameOf {
    std::string operator()(const ServiceAccount& account) const {
        return "the service account " + printable(account.client_email);
    }
    std::string operator()(const EntraClient& client) const {
        return "the Entra client " + printable(client.client_id);
    }
};

struct SecretOf {
    const std::string& operator()(const ServiceAccount& account) const {
        return account.private_key;
    }
    const std::string& operator()(const EntraClient& client) const { return client.client_secret; }
};

// Everything that makes one credential different from another.
struct IdentityOf {
    std::string operator()(const ServiceAccount& account) const {
        return "google\n" + account.client_email + "\n" + account.token_uri + "\n" +
               account.private_key_id + "\n" + account.private_key;
    }
    std::string operator()(const EntraClient& client) const {
        return "entra\n" + client.authority + "\n" + client.tenant + "\n" + client.client_id +
               "\n" + client.scope + "\n" + client.client_secret;
    }
};

}  // namespace

Result<TokenRequest> make_token_request(const TokenCredential& credential, std::int64_t now) {
    std::string uri;
    TokenRequest request;
    if (const auto* const account = std::get_if<ServiceAccount>(&credential)) {
        auto form = service_account_form(*account, now / 1000);
        if (!form) {
            return tl::unexpected(std::move(form.error()));
        }
        uri = account->token_uri;
        request.body = std::move(*form);
    } else {
        const auto& client = std::get<EntraClient>(credential);
        auto endpoint = entra_token_uri(client);
        if (!endpoint) {
            return tl::unexpected(std::move(endpoint.error()));
        }
        uri = std::move(*endpoint);
        request.body = entra_form(client);
    }
    auto url = parse_token_endpoint(uri);
    if (!url) {
        return tl::unexpected(std::move(url.error()));
    }
    request.url = std::move(*url);
    request.head = "POST " + (request.url.path.empty() ? "/" : request.url.path) +
                   " HTTP/1.1\r\nHost: " + std::string(request.url.host_header()) +
                   "\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                   std::to_string(request.body.size()) +
                   "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
                   "User-Agent: llmgw/" LLMGW_VERSION "\r\n\r\n";
    return request;
}

bool TokenLife::alive(std::int64_t now) const {
    if (!token_) {
        return false;
    }
    const std::int64_t age = now - fetched_at_;  // negative when the clock was put back
    const std::int64_t life = token_->lifetime_ms;
    return age >= 0 && age < life - std::min(kMargin, life / 10);
}

bool TokenLife::pausing(std::int64_t now) const {
    return error_ && now >= failed_at_ && now - failed_at_ < kRetryPause;
}

bool TokenLife::idle(std::int64_t now) const {
    return !fetching_ && !alive(now) && !pausing(now);
}

TokenLife::Step TokenLife::next(std::int64_t now) {
    if (alive(now)) {
        const bool old = now - fetched_at_ >= token_->lifetime_ms / 5 * 4;
        if (!old || fetching_ || pausing(now)) {
            return Step::use;
        }
        fetching_ = true;
        return Step::refresh;
    }
    if (fetching_) {
        return Step::wait;
    }
    if (pausing(now)) {
        return Step::refuse;
    }
    fetching_ = true;
    return Step::fetch;
}

void TokenLife::fetched(AccessToken token, std::int64_t now) {
    token_ = std::move(token);
    fetched_at_ = now;
    error_.reset();
    fetching_ = false;
}

void TokenLife::failed(Error error, std::int64_t now) {
    error_ = std::move(error);
    failed_at_ = now;
    fetching_ = false;
}

bool TokenLife::rejected(std::string_view token, std::int64_t now) {
    if (!token_ || token_->text != token) {
        return true;
    }
    const bool lately = rejected_at_ && now >= *rejected_at_ && now - *rejected_at_ < kRejectPause;
    if (!lately) {
        token_.reset();
        rejected_at_ = now;
    }
    return !lately;
}

Result<std::string> TokenLife::outcome(std::int64_t now) const {
    if (alive(now)) {
        return token_->text;
    }
    if (error_) {
        return tl::unexpected(*error_);
    }
    return fail(Errc::upstream, "the token expired as it came");
}

/// One credential, its token, and who waits for it.
struct TokenSource::Entry {
    /// Suspends until the fetch is over.
    struct Waiter {
        explicit Waiter(Entry& at) : entry(at) {}
        ~Waiter() { std::erase(entry.waiters, this); }
        Waiter(const Waiter&) = delete;
        Waiter& operator=(const Waiter&) = delete;

        [[nodiscard]] bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> handle) {
            waiting = handle;
            entry.waiters.push_back(this);
        }
        void await_resume() const noexcept {}

        Entry& entry;
        std::coroutine_handle<> waiting;
    };

    explicit Entry(TokenCredential what) : credential(std::move(what)) {}

    // Resumes those that wait now; one of them may begin to wait again.
    void wake() {
        for (std::size_t left = waiters.size(); left > 0 && !waiters.empty(); left--) {
            Waiter* const first = waiters.front();
            waiters.pop_front();
            first->waiting.resume();
        }
    }

    TokenCredential credential;
    TokenLife life;
    std::deque<Waiter*> waiters;
};

TokenSource::TokenSource(UpstreamPool& pool) : pool_(pool) {}

TokenSource::~TokenSource() = default;

std::shared_ptr<TokenSource::Entry> TokenSource::find(const TokenCredential& credential) {
    std::string identity = std::visit(IdentityOf(), credential);
    const auto found = entries_.find(identity);
    if (found != entries_.end()) {
        return found->second;
    }
    const std::int64_t now = unix_ms();
    std::erase_if(entries_, [&](const auto& other) { return other.second->life.idle(now); });
    auto entry = std::make_shared<Entry>(credential);
    entries_.emplace(std::move(identity), entry);
    return entry;
}

Task<Result<std::string>> TokenSource::token(const TokenCredential& credential) {
    const std::shared_ptr<Entry> entry = find(credential);
    const TokenLife::Step step = entry->life.next(unix_ms());
    Result<std::string> outcome = entry->life.outcome(unix_ms());
    if (step == TokenLife::Step::refresh || step == TokenLife::Step::fetch) {
        spawn(fetch(entry));
    }
    if (step != TokenLife::Step::fetch && step != TokenLife::Step::wait) {
        co_return outcome;
    }
    if (entry->life.fetching()) {
        Entry::Waiter over(*entry);
        co_await over;
    }
    co_return entry->life.outcome(unix_ms());
}

bool TokenSource::rejected(const TokenCredential& credential, std::string_view token) {
    const auto found = entries_.find(std::visit(IdentityOf(), credential));
    return found != entries_.end() && found->second->life.rejected(token, unix_ms());
}

Task<void> TokenSource::fetch(std::shared_ptr<Entry> entry) {
    auto answer = co_await exchange(entry->credential);
    if (answer) {
        entry->life.fetched(std::move(*answer), unix_ms());
    } else {
        Error& error = answer.error();
        remove_secret(error.message, std::visit(SecretOf(), entry->credential));
        error.message = "no token for " + std::visit(NameOf(), entry->credential) + ": " +
                        std::move(error.message);
        entry->life.failed(std::move(error), unix_ms());
    }
    asio::post(pool_.loop().io(), [entry] { entry->wake(); });
}

Task<Result<AccessToken>> TokenSource::exchange(const TokenCredential& credential) {
    const auto request = make_token_request(credential, unix_ms());
    if (!request) {
        co_return tl::unexpected(request.error());
    }
    const CallTimeouts timeouts{kFetchTime, kFetchTime, kFetchTime, kFetchTime};
    HttpCall http(pool_, timeouts);
    std::vector<std::string_view> body(1, request->body);
    auto started = co_await http.start(request->url, request->head, body);
    if (!started) {
        co_return tl::unexpected(std::move(started.error()));
    }
    std::string answer;
    for (;;) {
        const BodyPart part = co_await http.next();
        if (part.state == BodyPart::State::failed) {
            co_return tl::unexpected(*part.error);
        }
        if (part.state == BodyPart::State::end) {
            break;
        }
        if (answer.size() + part.bytes.size() > kMaxAnswer) {
            co_return fail(Errc::upstream, "the token endpoint's answer is too large");
        }
        answer.append(part.bytes);
    }
    co_return read_token_answer(http.head().status, answer);
}

}  // namespace llmgw
