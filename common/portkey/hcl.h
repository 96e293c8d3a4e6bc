// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/loose_document.h"

namespace llmgw {

/// A `resource` block of Terraform's language.
struct HclResource {
    std::string type;  ///< "portkey_config"
    std::string name;
    int line = 0;
    LooseDocument attributes;  ///< an object; nested blocks are objects in it
};

/// The resources whose type begins with `prefix`. Everything else in the text is skipped; values
/// that are expressions become placeholders, as in read_loose(). Fails with Errc::invalid_file and
/// the line for a block that does not end.
[[nodiscard]] Result<std::vector<HclResource>> read_hcl(std::string_view text,
                                                        std::string_view prefix);

}  // namespace llmgw
