// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/finding.h"
#include "common/portkey/proof_case.h"

namespace llmgw {

/// Takes a request through the imported route; `draws` is what chance says, in that order.
using ProofRunner = std::function<ProofRun(const ProofCase& row, const std::vector<double>& draws)>;

struct ProofRow {
    ProofCase request;
    ProofRun portkey, llmgw;
    std::string difference;  ///< "asks targets[1] after it, Portkey nobody"; empty: it is the same
    std::string code;        ///< of the finding that explains it; empty: nothing does
};

/// What came of comparing a config with the route that it was imported as.
struct RouteProof {
    std::vector<ProofRow> rows;
    bool cut = false;                    ///< there are more rows
    std::size_t unknown = 0;             ///< rows with conditions that cannot be modelled
    std::vector<std::string> not_asked;  ///< targets that no request comes to, as far as is known

    [[nodiscard]] std::size_t count_same() const;
    [[nodiscard]] std::size_t count_explained() const;
    /// Rows that are different for no known reason.
    [[nodiscard]] std::size_t count_unexplained() const;
};

struct ProofSubject {
    std::string_view config;        ///< the original, as strict JSON
    bool oss = false;               ///< for the open-source gateway
    std::vector<Finding> findings;  ///< of its import; pointers are into the config
    std::size_t most_rows = 250;
};

/// Replays the config's decision table. Errc::invalid_file for what is no config.
[[nodiscard]] Result<RouteProof> prove_route(const ProofSubject& subject, const ProofRunner& llmgw);

}  // namespace llmgw
