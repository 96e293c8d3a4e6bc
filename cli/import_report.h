// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/globals.h"
#include "cli/import_proof.h"
#include "common/portkey/apply.h"
#include "common/portkey/plan.h"

namespace llmgw {

/// What `llmgw import-portkey` has to tell.
struct ImportReport {
    ImportPlan plan;
    std::vector<MadeKey> made;  ///< with their secrets, which are shown this once
    std::size_t files = 0;      ///< read
    bool applied = false;       ///< the plan is written, or there was nothing to write
    std::string again;          ///< the command that writes the plan
    std::optional<ImportProof> proof;
};

/// For people: groups of lines, and the next command at the end.
[[nodiscard]] std::string import_report_text(const ImportReport& report, bool color);

/// The same as a JSON document, with a final newline.
[[nodiscard]] std::string import_report_json(const ImportReport& report);

}  // namespace llmgw
