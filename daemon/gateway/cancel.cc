// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "daemon/gateway/gateway.h"

namespace llmgw {

Cancel::Cancel() : event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    LLMGW_ASSERT(event_fd_ >= 0);
}

Cancel::~Cancel() {
    ::close(event_fd_);
}

void Cancel::fire() noexcept {
    const std::uint64_t one = 1;
    // The counter cannot overflow; there is nothing a signal handler could do about a failure.
    [[maybe_unused]] const ssize_t written = ::write(event_fd_, &one, sizeof one);
}

bool Cancel::fired() const noexcept {
    pollfd state{event_fd_, POLLIN, 0};
    return ::poll(&state, 1, 0) == 1;
}

void Cancel::reset() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(event_fd_, &count, sizeof count);
}

}  // namespace llmgw
