// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/portkey/portkey_model.h"
#include "common/portkey/proof_case.h"

namespace llmgw {

/// A config's decision table, with what Portkey does in each row.
struct ProofTable {
    struct Row {
        ProofCase request;
        ModelRun portkey;
    };
    std::vector<Row> rows;
    bool cut = false;                    ///< there are more rows than were asked for
    std::size_t unknown = 0;             ///< rows with a condition that is beyond the model
    std::vector<std::string> not_asked;  ///< targets that no request was found for, by path
};

/// Makes the table: each target failing in each way that matters, each condition both ways and
/// without what it looks at, each draw at both of its ends.
[[nodiscard]] ProofTable make_proof_table(const ModelNode& root, std::size_t most_rows);

}  // namespace llmgw
