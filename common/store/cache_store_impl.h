// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the files of CacheStore share.
#include <cstdint>
#include <memory>
#include <utility>

#include "common/base/compress.h"
#include "common/store/cache_store.h"
#include "common/store/database.h"

namespace llmgw {

class CacheStore::Impl {
  public:
    explicit Impl(std::unique_ptr<Database> opened) : database(std::move(opened)) {}

    /// Runs a statement whose one parameter is a number.
    [[nodiscard]] Result<void> run(std::string_view sql, std::int64_t value) const {
        auto statement = database->prepare(sql);
        if (!statement) {
            return tl::unexpected(statement.error());
        }
        return statement->bind(value).run();
    }
    /// Adds or replaces an entry, within a transaction.
    [[nodiscard]] Result<void> put(const CacheEntry& entry);
    /// What the file takes, and how much of it is not in use.
    struct Room {
        std::int64_t bytes = 0, unused = 0;
    };
    [[nodiscard]] Result<Room> room() const;
    /// Notes that so many entries have been added, or removed.
    [[nodiscard]] Result<void> count(std::int64_t more) const {
        return run("UPDATE counters SET entries = entries + ?", more);
    }

    std::unique_ptr<Database> database;
    std::unique_ptr<Compressor> compressor;  // made by whoever writes
};

}  // namespace llmgw
