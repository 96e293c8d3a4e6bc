// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/error.h"
#include "daemon/gateway/provider_access.h"

namespace llmgw {

/// How a provider is asked whether a key and its address are good, at no cost.
struct ProbeRequest {
    std::string path;  ///< behind the base URL
    std::string head;
    std::string body;
    /// It asks for an answer to nothing: to be refused for that is what a good key gets.
    bool is_empty_call = false;
};

/// The list of models where the format has one at the same address, else an empty call. `token` is
/// the access token, for keys that are exchanged for one; `today` as for catalog::is_active().
[[nodiscard]] Result<ProbeRequest> probe_request(const ProviderAccess& access,
                                                 std::string_view token, std::string_view today);

/// Whether an empty call was refused as one, so that the key and the address are good.
[[nodiscard]] bool is_good_refusal(const ProviderAccess& access, int status, std::string_view body);

}  // namespace llmgw
