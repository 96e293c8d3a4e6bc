// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "common/portkey/source.h"

namespace llmgw {

/// The configs that are written down in a file of this language: what is passed as `config`, what
/// is in an x-portkey-config header, and literals that have a strategy and targets.
[[nodiscard]] std::vector<SourceConfig> find_configs(const SourceFile& file,
                                                     SourceLanguage language);

}  // namespace llmgw
