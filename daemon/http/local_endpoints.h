// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/http/head.h"
#include "daemon/http/service.h"

namespace llmgw {

/// A request to an endpoint that llmgw answers itself.
struct LocalRequest {
    std::string method;
    std::string path;   ///< percent-decoded
    std::string query;  ///< as sent
    std::string body;
    bool admin = false;  ///< it carries the admin token
};

/// Answers local endpoints through cpp-httplib, which parses the request and writes the answer.
/// Only requests that parse_request_head() has accepted come here, and only as much of them as is
/// needed: httplib 0.11 decodes, trusts and keeps too much. Only for the loop's thread.
class LocalEndpoints {
  public:
    using Handler = std::function<LocalAnswer(const LocalRequest&)>;

    explicit LocalEndpoints(Handler handler);
    ~LocalEndpoints();
    LocalEndpoints(const LocalEndpoints&) = delete;
    LocalEndpoints& operator=(const LocalEndpoints&) = delete;

    [[nodiscard]] LocalAnswer answer(const RequestHead& head, std::string body, bool admin);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// The version of cpp-httplib.
[[nodiscard]] std::string httplib_version();

}  // namespace llmgw
