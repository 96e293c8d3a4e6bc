// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/store/log_store.h"
#include "daemon/http/head.h"

namespace llmgw {

/// The headers of Portkey's that a request has, for the counts. `key` is its gateway key's id.
[[nodiscard]] std::vector<PortkeyHeaderUse> portkey_header_uses(const RequestHead& head,
                                                                std::string_view key);

/// Tells the log of headers that do nothing although somebody may count on them: unknown ones and
/// guardrails. Of each once, since the start.
class PortkeyHeaderNotices {
  public:
    void look_at(const RequestHead& head);

  private:
    std::set<std::string> told_;
};

}  // namespace llmgw
