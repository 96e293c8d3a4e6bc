// SPDX-License-Identifier: Apache-2.0
#include "common/store/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "common/base/home.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// The file is looked at by name only: closing any descriptor of it would drop the locks that other
// connections of this process hold on it (POSIX locks belong to the process).
Result<void> check_or_create(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 && errno == ENOENT) {
        // An empty file is an empty database. SQLite gives its -wal and -shm files the same mode.
        if (auto created = create_private_file(path, ""); !created) {
            return tl::unexpected(created.error());
        }
    }
    if (::stat(path.c_str(), &info) != 0) {
        return fail(Errc::failed, "cannot look at the database " + path + ": " +
                                      std::generic_category().message(errno));
    }
    return check_private(info, "the database", path);
}

// The primary result code, without the details that SQLite keeps in the upper bits.
int primary(int code) {
    return code & 0xFF;
}

}  // namespace

void Database::Close::operator()(sqlite3* connection) const {
    sqlite3_close_v2(connection);
}

void Database::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

Database::Database(std::string path, sqlite3* connection, int lock_wait_ms)
    : path_(std::move(path)), lock_wait_ms_(lock_wait_ms), connection_(connection) {}

Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::string& path, int lock_wait_ms) {
    // A SQLite built without any mutexes could not even be used by two threads in turn.
    LLMGW_ASSERT(sqlite3_threadsafe() != 0);
    if (auto ready = check_or_create(path); !ready) {
        return tl::unexpected(ready.error());
    }
    sqlite3* connection = nullptr;
    constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path.c_str(), &connection, kFlags, nullptr);
    std::unique_ptr<Database> database(new Database(path, connection, lock_wait_ms));
    if (code != SQLITE_OK) {
        return database->failure(code);
    }
    sqlite3_busy_timeout(connection, lock_wait_ms);
    struct stat file {};
    if (::stat(path.c_str(), &file) == 0) {
        database->device_ = file.st_dev;
        database->inode_ = file.st_ino;
    }
    return database;
}

bool Database::is_gone() const {
    struct stat file {};
    return ::stat(path_.c_str(), &file) != 0 || file.st_dev != device_ || file.st_ino != inode_;
}

void Database::set_lock_wait(int milliseconds) {
    lock_wait_ms_ = milliseconds;
    sqlite3_busy_timeout(connection_.get(), milliseconds);
}

void Database::close_quickly() {
    sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<void> Database::execute(const char* sql) {
    const int code = sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
        return failure(code);
    }
    return {};
}

Result<std::int64_t> Database::integer(const char* sql) {
    auto statement = prepare(sql);
    if (!statement) {
        return tl::unexpected(statement.error());
    }
    const auto row = statement->step();
    if (!row) {
        return tl::unexpected(row.error());
    }
    return *row ? statement->integer_at(0) : 0;
}

Result<void> Database::use_wal() {
    // SQLite does not wait by itself here: it answers "busy" at once while another process switches
    // or opens the same new file.
    const auto deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(lock_wait_ms_);
    while (true) {
        const int code =
            sqlite3_exec(connection_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
        if (code == SQLITE_OK) {
            return {};
        }
        if (primary(code) != SQLITE_BUSY || std::chrono::steady_clock::now() > deadline) {
            return failure(code);
        }
        sqlite3_sleep(2);
    }
}

Result<Statement> Database::prepare(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        sqlite3_stmt* statement = nullptr;
        const int code =
            sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                               SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
        if (code != SQLITE_OK) {
            return failure(code);
        }
        found = statements_.emplace(sql, statement).first;
    }
    return Statement(*this, found->second.get());
}

std::int64_t Database::last_inserted() const {
    return sqlite3_last_insert_rowid(connection_.get());
}

std::int64_t Database::total_changes() const {
    return sqlite3_total_changes64(connection_.get());
}

tl::unexpected<Error> Database::failure(int code) {
    damaged_ = damaged_ || primary(code) == SQLITE_CORRUPT || primary(code) == SQLITE_NOTADB;
    const std::string name = "the database " + path_;
    const std::string quoted = shell_quoted(path_);
    switch (primary(code)) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return fail(
                Errc::conflict,
                name + " is locked by another process; waited " + format_duration_ms(lock_wait_ms_),
                "fuser -v " + quoted + " shows who has it open");
        case SQLITE_FULL:
            return fail(Errc::failed, "the disk is full: " + name + " cannot grow",
                        "df -h " + quoted);
        case SQLITE_READONLY:
            return fail(Errc::failed, name + " cannot be written", "ls -l " + quoted);
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
            return fail(Errc::failed, name + " cannot be opened", "ls -l " + quoted);
        case SQLITE_CORRUPT:
            return fail(Errc::invalid_file, name + " is damaged",
                        "restore a backup, or start anew: mv " + quoted + " " +
                            shell_quoted(path_ + ".damaged"));
        case SQLITE_NOTADB:
            return fail(Errc::invalid_file, path_ + " is not an SQLite database",
                        "move it away: mv " + quoted + " " + shell_quoted(path_ + ".other"));
        case SQLITE_IOERR:
            return fail(Errc::failed, name + " cannot be read or written: the disk failed",
                        "dmesg shows failures of disks; df -h " + quoted);
        case SQLITE_CONSTRAINT:
            return fail(Errc::conflict,
                        name + " refused the change: " + sqlite3_errmsg(connection_.get()));
        case SQLITE_TOOBIG:
            return fail(Errc::too_large, "a value is too large for " + name);
        default:
            return fail(Errc::failed, name + " failed: " + sqlite3_errstr(code));
    }
}

Result<Transaction> Transaction::begin(Database& database) {
    if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) {
        return tl::unexpected(begun.error());
    }
    return Transaction(database);
}

Result<Transaction> Transaction::begin_reading(Database& database) {
    if (auto begun = database.execute("BEGIN"); !begun) {
        return tl::unexpected(begun.error());
    }
    return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
    if (database_ != nullptr) {
        // Fails only where SQLite has rolled back by itself, which is what was wanted.
        static_cast<void>(database_->execute("ROLLBACK"));
    }
}

Result<void> Transaction::commit() {
    if (auto committed = database_->execute("COMMIT"); !committed) {
        return committed;
    }
    database_ = nullptr;
    return {};
}

}  // namespace llmgw
