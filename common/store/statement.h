// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/error.h"

struct sqlite3_stmt;

namespace llmgw {

class Database;

/// Bytes that are no text, for Statement::bind().
struct Blob {
    std::string_view bytes;
};

/// One use of a prepared statement, lent by Database::prepare(): parameters are bound by name
/// (":label"), then step() or run(). The statement is free for the next use when this ends. Same
/// thread as its Database.
class Statement {
  public:
    Statement(Database& database, sqlite3_stmt* statement);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;

    // A failure to bind is reported by the next step().
    Statement& text(const char* name, std::string_view value);
    Statement& blob(const char* name, std::string_view value);
    Statement& integer(const char* name, std::int64_t value);
    Statement& integer(const char* name, std::optional<std::int64_t> value);  ///< empty: NULL

    /// Binds all parameters in their order, for statements that run for thousands of rows: finding
    /// one by name costs as much as a column. Texts and blobs must live until the statement has
    /// run.
    template <typename... Values>
    Statement& bind(const Values&... values) {
        int index = 0;
        (at(++index, values), ...);
        return *this;
    }
    /// Makes it ready to run again, with the same parameters until others are bound.
    Statement& rewind();

    /// Whether there is a row.
    [[nodiscard]] Result<bool> step();
    /// To the end, for statements whose rows do not matter.
    [[nodiscard]] Result<void> run();
    /// The same, and whether any row was changed.
    [[nodiscard]] Result<bool> run_changes();

    /// For inserts: false when a row with the same unique values exists already.
    [[nodiscard]] Result<bool> insert();

    // The current row's columns, counted from 0.
    [[nodiscard]] std::string text_at(int column) const;       ///< texts and blobs; NULL is empty
    [[nodiscard]] std::string_view view_at(int column) const;  ///< the same, until the next step()
    [[nodiscard]] std::int64_t integer_at(int column) const;
    [[nodiscard]] double real_at(int column) const;
    [[nodiscard]] std::optional<std::int64_t> optional_at(int column) const;

  private:
    void at(int index, std::string_view value);
    void at(int index, Blob value);
    void at(int index, double value);
    void at(int index, std::optional<std::int64_t> value);
    template <std::integral Integer>
    void at(int index, Integer value) {
        // SQLite's integers have a sign; what is counted stops at their end.
        if constexpr (std::unsigned_integral<Integer>) {
            value = static_cast<Integer>(std::min<std::uint64_t>(value, INT64_MAX));
        }
        at(index, std::optional(static_cast<std::int64_t>(value)));
    }
    int index_of(const char* name);
    void note(int code);

    Database& database_;
    sqlite3_stmt* statement_;  // owned by database_
    int bind_error_ = 0;
};

}  // namespace llmgw
