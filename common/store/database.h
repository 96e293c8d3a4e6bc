// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "common/base/error.h"
#include "common/store/statement.h"

struct sqlite3;

namespace llmgw {

/// How long a lock of another connection is waited for, where nothing else is said.
inline constexpr int kLockWaitMs = 5000;

/// One SQLite connection, with its prepared statements. Used by one thread at a time: SQLite is
/// opened without a mutex of its own.
class Database {
  public:
    /// Opens the file, making an empty one (0600) when there is none. Fails with Errc::invalid_file
    /// when others may read it. Reads nothing of its content yet.
    [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                                int lock_wait_ms = kLockWaitMs);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Whether the file was deleted or replaced since it was opened.
    [[nodiscard]] bool is_gone() const;
    void set_lock_wait(int milliseconds);
    /// Leaves the write-ahead log to the next one who opens the file: what it holds is as good as
    /// in the file, and merging it costs a wait for the disk.
    void close_quickly();

    /// Runs statements that need no parameters and whose rows do not matter.
    [[nodiscard]] Result<void> execute(const char* sql);
    /// The first column of the first row, 0 without one; for pragmas.
    [[nodiscard]] Result<std::int64_t> integer(const char* sql);
    /// Switches to write-ahead logging. Waits for a lock as everything else does.
    [[nodiscard]] Result<void> use_wal();

    /// A statement ready for its parameters; prepared at its first use. `sql` is a literal: the
    /// cache keeps the view.
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);

    /// The row number of the last insert.
    [[nodiscard]] std::int64_t last_inserted() const;
    /// Rows changed by this connection since it was opened.
    [[nodiscard]] std::int64_t total_changes() const;

    /// What a result code of SQLite's means for a person.
    [[nodiscard]] tl::unexpected<Error> failure(int code);
    /// Whether the file has turned out to be damaged, or no database.
    [[nodiscard]] bool is_damaged() const { return damaged_; }

  private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    Database(std::string path, sqlite3* connection, int lock_wait_ms);

    std::string path_;
    int lock_wait_ms_;
    bool damaged_ = false;
    ::dev_t device_ = 0;  // of the file that was opened
    ::ino_t inode_ = 0;
    std::unique_ptr<sqlite3, Close> connection_;
    // After connection_: statements must be gone before it is closed.
    std::unordered_map<std::string_view, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
};

/// A transaction; rolled back unless commit() succeeds.
class Transaction {
  public:
    /// Takes the write lock at once, so that nothing read in it can be outdated.
    [[nodiscard]] static Result<Transaction> begin(Database& database);
    /// Everything read in it is of one moment.
    [[nodiscard]] static Result<Transaction> begin_reading(Database& database);
    ~Transaction();
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;

    [[nodiscard]] Result<void> commit();

  private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;  // null when nothing is open
};

}  // namespace llmgw
