// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/http/client.h"
#include "daemon/http/head.h"
#include "daemon/net/task.h"

namespace llmgw {

/// An answer made without waiting for anything.
struct LocalAnswer {
    int status = 200;
    std::string body;
    std::string fields;  ///< header lines
    std::string_view content_type = "application/json";
};

/// What a server does with requests. Called on the loop's thread.
class Service {
  public:
    virtual ~Service() = default;
    /// Looks at a request before its body is read, so that who may not send it cannot make the
    /// daemon take it in. Returns the refusal, if any.
    virtual std::optional<LocalAnswer> screen(const RequestHead& head) = 0;
    /// Answers a whole request. `head` and `body` stay until the task ends.
    virtual Task<void> handle(const RequestHead& head, std::string body, Client& client) = 0;
    /// The answer to a request that HTTP itself forbids.
    virtual LocalAnswer refuse(const HttpRefusal& refusal) = 0;
    /// Bytes that a request's body may have.
    [[nodiscard]] virtual std::uint64_t max_body() const = 0;
    [[nodiscard]] virtual std::size_t max_connections() const = 0;
};

}  // namespace llmgw
