// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the tables' files share: Store's connection. Each *_table.cc holds the methods of Store for
// one table, with their SQL.
#include <memory>
#include <utility>

#include "common/store/database.h"
#include "common/store/store.h"

namespace llmgw {

class Store::Impl {
  public:
    explicit Impl(std::unique_ptr<Database> opened) : database(std::move(opened)) {}

    std::unique_ptr<Database> database;

    // What data_version() saw last, and how often that changed.
    std::int64_t others_version = 0;
    std::int64_t own_changes = 0;
    std::int64_t version = 0;
};

/// Adds a key and its options; for callers with a transaction of their own. Fails with
/// Errc::conflict when the label is taken.
[[nodiscard]] Result<void> insert_provider_key(Database& database, const ProviderKey& key);

}  // namespace llmgw
