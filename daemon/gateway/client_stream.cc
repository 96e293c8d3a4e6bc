// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/client_stream.h"

#include "daemon/gateway/exchange.h"

namespace llmgw {

namespace {
constexpr std::string_view kComment = ": llmgw\n\n";
}

ClientStream::ClientStream(Exchange& exchange, std::chrono::milliseconds silence)
    : exchange_(exchange),
      silence_(silence),
      deadline_(exchange.core.loop, [this] { break_silence(); }) {
    wait();
}

void ClientStream::wait() {
    if (silence_.count() > 0) {
        deadline_.set(silence_);
    }
}

// The loop calls it between two steps of coroutines; what is sent to the client ends with whole
// events, so a comment fits in.
void ClientStream::break_silence() {
    Client& client = exchange_.client;
    if (begun_) {
        client.send_now(kComment);
    } else {
        const AnswerHead head = exchange_.stream_head();
        begun_ = client.begin_now(head, kComment);
    }
    wait();
}

Task<bool> ClientStream::begin(const AnswerHead& head, std::string_view first) {
    if (begun_) {
        return send(first);
    }
    begun_ = true;
    wait();
    return exchange_.client.begin(head, first);
}

Task<bool> ClientStream::send(std::string_view bytes) {
    wait();
    return exchange_.client.send(bytes);
}

Task<bool> ClientStream::end(bool clean) {
    stop();
    return exchange_.client.end(clean);
}

}  // namespace llmgw
