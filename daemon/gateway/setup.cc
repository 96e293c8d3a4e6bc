// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/setup.h"

#include <utility>

namespace llmgw {

Result<Setup> open_setup(const Home& home) {
    if (auto made = make_home(home); !made) {
        return tl::unexpected(made.error());
    }
    Setup setup;
    auto vault = Vault::open(home.master_key(), true);
    if (!vault) {
        return tl::unexpected(vault.error());
    }
    setup.vault = std::move(*vault);
    auto store = Store::open(home.database());
    if (!store) {
        return tl::unexpected(store.error());
    }
    setup.store = std::move(*store);
    auto snapshot = load_snapshot(*setup.store, *setup.vault);
    if (!snapshot) {
        return tl::unexpected(snapshot.error());
    }
    setup.snapshot = std::move(*snapshot);
    return setup;
}

}  // namespace llmgw
