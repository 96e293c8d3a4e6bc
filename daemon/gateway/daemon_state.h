// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/base/error.h"
#include "common/base/fd.h"
#include "common/base/home.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

/// The right to be the daemon of a home: a lock that the kernel releases when the process ends,
/// however it ends. Held for as long as the object lives.
class DaemonLock {
  public:
    /// Errc::conflict when another daemon has it; the message says its pid.
    [[nodiscard]] static Result<DaemonLock> take(const Home& home);

    /// Writes down what others need to find this daemon; removed again by the destructor.
    [[nodiscard]] Result<void> publish(const DaemonState& state);

    DaemonLock(DaemonLock&&) = default;
    DaemonLock& operator=(DaemonLock&&) = delete;
    ~DaemonLock();

  private:
    DaemonLock(Fd fd, std::string state_path)
        : fd_(std::move(fd)), state_path_(std::move(state_path)) {}
    Fd fd_;
    std::string state_path_;
};

}  // namespace llmgw
