// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "common/base/error.h"
#include "common/store/database.h"

namespace llmgw {

/// One step of a schema; its SQL is never edited once released, because a database out there has
/// run it.
struct Migration {
    int version;  ///< counted from 1
    const char* name;
    const char* sql;
};

/// What one of our database files looks like, and how it came to.
struct Schema {
    std::int64_t application_id;  ///< in the file: tells it from other files (file(1) shows it)
    std::span<const Migration> migrations;

    /// The version that this llmgw makes and understands.
    [[nodiscard]] int newest() const { return migrations.back().version; }
};

[[nodiscard]] const Schema& store_schema();  ///< of llmgw.db
[[nodiscard]] const Schema& log_schema();    ///< of log.db
[[nodiscard]] const Schema& cache_schema();  ///< of cache.db

/// Brings a database to its schema's newest version, one transaction a step; processes that start
/// at the same time wait for each other. Fails with Errc::invalid_file, having changed nothing, for
/// one of a newer llmgw or of another program.
[[nodiscard]] Result<void> migrate(Database& database, const Schema& schema);

}  // namespace llmgw
