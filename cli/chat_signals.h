// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <signal.h>

#include <cstdint>

#include "daemon/gateway/gateway.h"

namespace llmgw {

/// While one exists, SIGINT and SIGTERM fire its Cancel instead of ending the process, so that the
/// upstream is closed and the text so far kept. A second signal before clear() ends the process at
/// once, unless hold_second() says that somebody will look. At most one at a time.
class ChatSignals {
  public:
    /// `cancel` must outlive it. A signal that was ignored (nohup) stays so.
    explicit ChatSignals(Cancel& cancel);
    ~ChatSignals();
    ChatSignals(const ChatSignals&) = delete;
    ChatSignals& operator=(const ChatSignals&) = delete;

    /// The last signal since clear(); 0: none.
    [[nodiscard]] int received() const;
    /// Ready for the next one, as is the Cancel.
    void clear();
    /// Whether further signals are only noted.
    void hold_second(bool hold);

  private:
    Cancel& cancel_;
    struct sigaction old_interrupt_ {};
    struct sigaction old_terminate_ {};
};

/// The exit code of a process that stopped for a signal: 130, 143.
[[nodiscard]] constexpr int signal_exit_code(int signal_number) {
    return 128 + signal_number;
}

}  // namespace llmgw
