// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "daemon/http/client.h"
#include "daemon/net/loop.h"

namespace llmgw {

struct Exchange;

/// The answer to a client that wants a stream. While nothing is said for as long as
/// `timeouts.heartbeat` it sends a comment, which clients skip, so that nobody in between takes a
/// model that thinks for a dead connection. The first comment begins the answer, when it is not
/// known yet who will give it: from then on its status is 200, and a failure is an event in it.
/// Comments never wait: a client that reads slowly gets none.
class ClientStream {
  public:
    /// A `silence` of zero: no comments. `exchange` owns it.
    ClientStream(Exchange& exchange, std::chrono::milliseconds silence);

    [[nodiscard]] bool begun() const { return begun_; }
    /// Begins the answer, unless a comment has done so.
    Task<bool> begin(const AnswerHead& head, std::string_view first);
    Task<bool> send(std::string_view bytes);
    Task<bool> end(bool clean);
    /// No more comments: it will not be a stream after all.
    void stop() { deadline_.clear(); }

  private:
    void break_silence();
    void wait();

    Exchange& exchange_;
    std::chrono::milliseconds silence_;
    Deadline deadline_;
    bool begun_ = false;
};

}  // namespace llmgw
