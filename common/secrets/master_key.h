// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "common/base/error.h"

namespace llmgw {

using MasterKey = std::array<unsigned char, 32>;

/// Reads the master key, making it first when it is missing and `create` is set. Of processes that
/// make it at the same time one wins, and the others read the winner's. The caller wipes `key`.
[[nodiscard]] Result<void> read_master_key(const std::string& path, bool create, MasterKey& key);

}  // namespace llmgw
