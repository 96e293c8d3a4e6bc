// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/routes/route_tree.h"
#include "daemon/gateway/snapshot.h"
#include "daemon/portkey/request_headers.h"

namespace llmgw {

/// A config that came with a request, ready to be walked.
struct InlineConfig {
    RouteTree tree;
    std::vector<ProviderAccess> keys;  ///< those that it brings
};

/// Whether `x-portkey-config` holds a config and not a config's slug: JSON, or that in base64.
[[nodiscard]] bool is_config_document(std::string_view config);

/// The one config that a request's headers amount to: that of `x-portkey-config`, if it is a
/// document, with the provider, the key, the details and the address of other headers, as Portkey
/// puts them together.
[[nodiscard]] Result<std::string> whole_config(const PortkeyRequest& request);

/// Makes it ready. Fails with what is wrong with it; a stored key is never combined with an address
/// from a request, and an address must be one that `portkey.trusted_hosts` allows, or public.
[[nodiscard]] Result<InlineConfig> read_inline_config(const Snapshot& snapshot,
                                                      std::string_view config);

/// The configs that were used last, by their text: most clients send the same one every time.
class InlineConfigs {
  public:
    [[nodiscard]] Result<std::shared_ptr<const InlineConfig>> get(const Snapshot& snapshot,
                                                                  const std::string& config);
    /// For another set-up, under which they may mean something else.
    void clear();

  private:
    static constexpr std::size_t kMost = 64;
    using Entry = std::pair<std::string, std::shared_ptr<const InlineConfig>>;

    std::list<Entry> entries_;  // the one that was used last is the first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> places_;
};

}  // namespace llmgw
