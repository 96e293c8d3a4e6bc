// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/net/task.h"

namespace llmgw {

/// The head of an answer to a client. The connection adds what belongs to it: framing, date,
/// keep-alive.
struct AnswerHead {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string fields;  ///< further header lines, each "name: value\r\n"
};

/// Who made a request and waits for its answer: a connection, or the command line in this process.
/// Every function that sends returns false once the client has gone.
class Client {
  public:
    virtual ~Client() = default;

    /// Sends a whole answer; the pieces need to stay only until it returns.
    virtual Task<bool> answer(const AnswerHead& head, std::vector<std::string_view> body) = 0;

    /// Begins an answer whose length is not known, with its first bytes. Waits while the client
    /// reads slower than it is sent to.
    virtual Task<bool> begin(const AnswerHead& head, std::string_view first) = 0;
    virtual Task<bool> send(std::string_view bytes) = 0;
    /// The same without ever waiting, for what only shows that somebody is still there. False when
    /// nothing went out: the client has gone, is being sent to, or has no room.
    virtual bool begin_now(const AnswerHead& head, std::string_view first) = 0;
    virtual bool send_now(std::string_view bytes) = 0;
    /// Ends it; not `clean`: so that the client can tell that it was cut off.
    virtual Task<bool> end(bool clean) = 0;

    /// Calls `callback` once if the client goes away while nothing is being sent to it. An empty
    /// one is never called.
    virtual void on_gone(std::function<void()> callback) = 0;
    [[nodiscard]] virtual bool gone() const = 0;
};

/// Runs `callback` when the client goes away, for as long as this object lives.
class GoneWatch {
  public:
    GoneWatch(Client& client, std::function<void()> callback) : client_(client) {
        client_.on_gone(std::move(callback));
    }
    ~GoneWatch() { client_.on_gone({}); }
    GoneWatch(const GoneWatch&) = delete;
    GoneWatch& operator=(const GoneWatch&) = delete;

  private:
    Client& client_;
};

}  // namespace llmgw
