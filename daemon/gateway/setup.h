// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "common/base/home.h"
#include "common/secrets/vault.h"
#include "common/store/store.h"
#include "daemon/gateway/snapshot.h"

namespace llmgw {

/// An opened home: what the daemon and calls in the process begin with.
struct Setup {
    std::unique_ptr<Store> store;
    std::unique_ptr<Vault> vault;
    std::shared_ptr<const Snapshot> snapshot;
};

/// Makes what is missing of the home, opens it and reads it.
[[nodiscard]] Result<Setup> open_setup(const Home& home);

}  // namespace llmgw
