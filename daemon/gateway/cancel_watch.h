// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <asio/posix/stream_descriptor.hpp>
#include <functional>
#include <utility>

#include "daemon/gateway/gateway.h"
#include "daemon/net/loop.h"

namespace llmgw {

/// Calls `callback` on the loop's thread once `cancel` has fired, for as long as it lives.
class CancelWatch {
  public:
    CancelWatch(Loop& loop, const Cancel& cancel, std::function<void()> callback)
        : descriptor_(loop.io(), ::dup(cancel.fd())) {
        descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                               [call = std::move(callback)](const std::error_code& error) {
                                   if (!error) {
                                       call();
                                   }
                               });
    }

  private:
    asio::posix::stream_descriptor descriptor_;
};

}  // namespace llmgw
