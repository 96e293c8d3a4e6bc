// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/exports.h"
#include "common/portkey/plan.h"
#include "common/portkey/proof.h"

namespace llmgw {

/// What `llmgw import-portkey --prove` has to tell.
struct ImportProof {
    struct Proved {
        std::string name;
        ExportPlace place;
        RouteProof proof;
    };
    std::vector<Proved> routes;
    std::vector<ExportPlace> without_route;  ///< configs that become none: findings say why
    // Rows of all routes.
    std::size_t same = 0;
    std::size_t explained = 0;    ///< different, and a finding or the manual says why
    std::size_t unexplained = 0;  ///< different
};

/// Takes the planned routes through the decision tables of the configs that they are made from.
[[nodiscard]] Result<ImportProof> prove_import(const std::vector<ExportedConfig>& configs,
                                               const ImportPlan& plan, bool oss);

/// The tables and a summary for people.
[[nodiscard]] std::string import_proof_text(const ImportProof& proof, bool color);

}  // namespace llmgw
