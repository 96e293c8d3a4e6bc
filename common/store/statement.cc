// SPDX-License-Identifier: Apache-2.0
#include "common/store/statement.h"

#include <sqlite3.h>

#include <utility>

#include "common/store/database.h"

namespace llmgw {

Statement::Statement(Database& database, sqlite3_stmt* statement)
    : database_(database), statement_(statement) {}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      bind_error_(other.bind_error_) {}

Statement::~Statement() {
    if (statement_ != nullptr) {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }
}

int Statement::index_of(const char* name) {
    const int index = sqlite3_bind_parameter_index(statement_, name);
    LLMGW_ASSERT(index > 0);
    return index;
}

void Statement::note(int code) {
    if (code != SQLITE_OK && bind_error_ == SQLITE_OK) {
        bind_error_ = code;
    }
}

Statement& Statement::text(const char* name, std::string_view value) {
    note(sqlite3_bind_text64(statement_, index_of(name), value.empty() ? "" : value.data(),
                             value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}

Statement& Statement::blob(const char* name, std::string_view value) {
    // A null pointer would be stored as NULL.
    note(sqlite3_bind_blob64(statement_, index_of(name), value.empty() ? "" : value.data(),
                             value.size(), SQLITE_TRANSIENT));
    return *this;
}

Statement& Statement::integer(const char* name, std::int64_t value) {
    note(sqlite3_bind_int64(statement_, index_of(name), value));
    return *this;
}

Statement& Statement::integer(const char* name, std::optional<std::int64_t> value) {
    if (value) {
        return integer(name, *value);
    }
    note(sqlite3_bind_null(statement_, index_of(name)));
    return *this;
}

void Statement::at(int index, std::string_view value) {
    note(sqlite3_bind_text64(statement_, index, value.empty() ? "" : value.data(), value.size(),
                             SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::at(int index, Blob value) {
    note(sqlite3_bind_blob64(statement_, index, value.bytes.empty() ? "" : value.bytes.data(),
                             value.bytes.size(), SQLITE_STATIC));
}

void Statement::at(int index, double value) {
    note(sqlite3_bind_double(statement_, index, value));
}

void Statement::at(int index, std::optional<std::int64_t> value) {
    note(value ? sqlite3_bind_int64(statement_, index, *value)
               : sqlite3_bind_null(statement_, index));
}

Statement& Statement::rewind() {
    sqlite3_reset(statement_);
    return *this;
}

Result<bool> Statement::step() {
    if (bind_error_ != SQLITE_OK) {
        return database_.failure(bind_error_);
    }
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        return code == SQLITE_ROW;
    }
    return database_.failure(code);
}

Result<void> Statement::run() {
    while (true) {
        const auto row = step();
        if (!row) {
            return tl::unexpected(row.error());
        }
        if (!*row) {
            return {};
        }
    }
}

Result<bool> Statement::run_changes() {
    if (auto ran = run(); !ran) {
        return tl::unexpected(ran.error());
    }
    return sqlite3_changes64(sqlite3_db_handle(statement_)) > 0;
}

Result<bool> Statement::insert() {
    auto ran = run();
    if (ran) {
        return true;
    }
    const int code = sqlite3_extended_errcode(sqlite3_db_handle(statement_));
    if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
        return false;
    }
    return tl::unexpected(ran.error());
}

std::string Statement::text_at(int column) const {
    return std::string(view_at(column));
}

std::string_view Statement::view_at(int column) const {
    // The pointer first: asking for the size may convert the value, and the pointer with it.
    const void* data = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (data == nullptr || size <= 0) {
        return {};
    }
    return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::int64_t Statement::integer_at(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double Statement::real_at(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::optional<std::int64_t> Statement::optional_at(int column) const {
    if (sqlite3_column_type(statement_, column) == SQLITE_NULL) {
        return std::nullopt;
    }
    return integer_at(column);
}

}  // namespace llmgw
