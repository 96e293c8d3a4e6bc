// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the files of LogStore share.
#include <cstdint>
#include <memory>
#include <utility>

#include "common/store/database.h"
#include "common/store/log_store.h"

namespace llmgw {

class LogStore::Impl {
  public:
    explicit Impl(std::unique_ptr<Database> opened) : database(std::move(opened)) {}

    std::unique_ptr<Database> database;
};

inline constexpr std::int64_t kHourMs = 3'600'000;

/// The hour, counted from 1970, in which a moment lies.
[[nodiscard]] constexpr std::int64_t hour_of(std::int64_t unix_ms) {
    return unix_ms / kHourMs;
}

}  // namespace llmgw
