// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace llmgw {

/// What the provider behind a target does when it is asked.
struct ProofFate {
    enum class Kind : std::uint8_t { answers, no_connection, silent };
    Kind kind = Kind::answers;
    int status = 200;
    int times = 0;          ///< of so many calls; those after them get a 200; 0: of all
    int retry_after_s = 0;  ///< in the answer's header; 0: none
};

/// A row of a config's decision table: one request, and what happens to it.
struct ProofCase {
    std::string what;  ///< for a person: "targets[0] answers 429"
    std::string path = "/v1/chat/completions";
    std::string body;                        ///< a JSON object
    std::string metadata;                    ///< a JSON object; empty: none is sent
    std::map<std::string, ProofFate> fates;  ///< by target: "targets[0]"; others answer 200
    std::map<std::string, double> chances;   ///< by group: what chance says there, from 0 to 1
};

/// The calls that one target got.
struct ProofCall {
    std::string target;  ///< "targets[1].targets[0]"; empty: the root
    std::string model;
    int tries = 0;
    bool operator==(const ProofCall&) const = default;
};

/// What somebody did with a request.
struct ProofRun {
    std::vector<ProofCall> calls;
    int status = 0;  ///< of the answer that the client got
};

}  // namespace llmgw
