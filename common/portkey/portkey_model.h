// SPDX-License-Identifier: Apache-2.0
#pragma once

// How Portkey routes a request, written down from what its documentation says and its open-source
// gateway (1.15) does: the other side of `llmgw import-portkey --prove`. Shares nothing with the
// import or with llmgw's routes, so that a mistake in one of them is not in the other.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/proof_case.h"

namespace llmgw {

struct ModelBranch {
    std::string query;
    std::string then;
};

/// A config, or a target of one, with what it inherits.
struct ModelNode {
    enum class Kind : std::uint8_t {
        leaf,
        single,
        fallback,
        loadbalance,
        conditional,
        refused,  ///< Portkey answers `refusal` to such a config
    };
    Kind kind = Kind::leaf;
    std::string path;     ///< "targets[1].targets[0]"; empty: the root
    std::string pointer;  ///< the same in the config: "/targets/1/targets/0"
    std::string name;
    double weight = 1;
    int refusal = 400;
    std::vector<ModelNode> targets;
    std::optional<std::vector<int>> on_status;  ///< fallback
    std::vector<ModelBranch> branches;          ///< conditional
    std::string otherwise;

    // Of a leaf.
    bool has_provider = false;  ///< else Portkey knows nobody to ask
    std::string model;          ///< empty: the request's
    int attempts = 0;
    std::vector<int> retry_on;
    bool retry_after = false;
    std::int64_t timeout_ms = 0;  ///< 0: none
};

/// Reads a config; `oss`: as the open-source gateway does. Errc::invalid_file for what is no
/// object.
[[nodiscard]] Result<ModelNode> read_portkey_model(std::string_view config, bool oss);

/// What Portkey did with a request, and what chance was asked on the way, in that order.
struct ModelRun {
    ProofRun run;
    std::vector<double> draws;
    std::vector<std::string> chosen;  ///< every target and group that was entered, by its path
};

/// nullopt: a condition is beyond this model (a pattern that std::regex does not take).
[[nodiscard]] std::optional<ModelRun> run_portkey_model(const ModelNode& root,
                                                        const ProofCase& row);

}  // namespace llmgw
