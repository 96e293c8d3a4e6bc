// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/proof.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/proof_table.h"

namespace llmgw {

namespace {

// In what two runs can differ.
constexpr unsigned kTarget = 1;
constexpr unsigned kModel = 2;
constexpr unsigned kTries = 4;
constexpr unsigned kStatus = 8;
constexpr unsigned kWay = kTarget | kTries | kStatus;
constexpr unsigned kAll = kWay | kModel;

struct Difference {
    unsigned aspect = 0;  // 0: none
    std::string text;
    std::vector<std::string> targets;  // that it is about
};

// The findings that can be the reason of a difference, and of which.
struct Reason {
    std::string_view code;
    unsigned aspects;
};
constexpr std::array kReasons = {
    Reason{"C-DEEP", kWay},      Reason{"C-FIELD", kWay},    Reason{"C-OP", kWay},
    Reason{"I-CONF1", kWay},     Reason{"I-DUPKEY", kAll},   Reason{"I-EXPR", kAll},
    Reason{"I-KEBAB", kAll},     Reason{"I-NOSTRAT", kWay},  Reason{"I-OSS", kAll},
    Reason{"I-TYPE", kAll},      Reason{"K-GUESS", kAll},    Reason{"P-PROMPT", kAll},
    Reason{"R-ATTEMPTS", kWay},  Reason{"R-PROVIDER", kWay}, Reason{"R-PUBLISHER", kModel},
    Reason{"S-STICKY", kTarget}, Reason{"A-OPTION", kModel},
};

std::string named(const std::string& target) {
    return target.empty() ? "the target" : target;
}

Difference about(unsigned aspect, std::string text, std::vector<std::string> targets) {
    return {aspect, std::move(text), std::move(targets)};
}

Difference compare_calls(const ProofCall& portkey, const ProofCall& llmgw) {
    if (portkey.target != llmgw.target) {
        return about(kTarget, "asks " + named(llmgw.target) + ", Portkey " + named(portkey.target),
                     {portkey.target, llmgw.target});
    }
    if (portkey.model != llmgw.model) {
        return about(kModel,
                     "asks " + named(llmgw.target) + " for " + printable(llmgw.model) +
                         ", Portkey for " + printable(portkey.model),
                     {llmgw.target});
    }
    if (portkey.tries != llmgw.tries) {
        return about(kTries,
                     "asks " + named(llmgw.target) + " " + std::to_string(llmgw.tries) +
                         " times, Portkey " + std::to_string(portkey.tries) + " times",
                     {llmgw.target});
    }
    return {};
}

// The first thing in which two runs differ.
Difference compare(const ProofRun& portkey, const ProofRun& llmgw) {
    const std::size_t both = std::min(portkey.calls.size(), llmgw.calls.size());
    for (std::size_t i = 0; i < both; i++) {
        Difference difference = compare_calls(portkey.calls[i], llmgw.calls[i]);
        if (difference.aspect != 0) {
            return difference;
        }
    }
    std::vector<std::string> targets;
    for (const ProofCall& call : portkey.calls) {
        targets.push_back(call.target);
    }
    if (llmgw.calls.size() > both) {
        const std::string& more = llmgw.calls[both].target;
        targets.push_back(more);
        return about(kTarget, "asks " + named(more) + ", Portkey nobody", std::move(targets));
    }
    if (portkey.calls.size() > both) {
        return about(kTarget, "asks nobody, Portkey " + named(portkey.calls[both].target),
                     std::move(targets));
    }
    if (portkey.status != llmgw.status) {
        return about(kStatus,
                     "answers " + std::to_string(llmgw.status) + ", Portkey " +
                         std::to_string(portkey.status),
                     std::move(targets));
    }
    return {};
}

// No connection is Portkey's own 500. In llmgw it is a 502, and counts as either where statuses are
// listed, so that it may lead on.
bool is_about_connection(const ProofRow& row, const Difference& difference) {
    if (row.portkey.calls.empty() || row.portkey.status != 500) {
        return false;
    }
    const auto fate = row.request.fates.find(row.portkey.calls.back().target);
    if (fate == row.request.fates.end() || fate->second.kind != ProofFate::Kind::no_connection) {
        return false;
    }
    switch (difference.aspect) {
        case kStatus:
            return row.llmgw.status == 502;
        case kTries:
            return row.llmgw.calls.back().tries > row.portkey.calls.back().tries;
        case kTarget:
            return row.llmgw.calls.size() > row.portkey.calls.size();
        default:
            return false;
    }
}

// "/targets/1/retry/attempts" is about "targets[1]".
std::string target_of(std::string_view pointer) {
    std::string path;
    for (;;) {
        const std::size_t name = pointer.starts_with("/targets/")   ? 9
                                 : pointer.starts_with("/options/") ? 9
                                                                    : 0;
        const std::size_t end = std::min(pointer.find('/', name), pointer.size());
        if (name == 0 || end == name) {
            return path;
        }
        path += (path.empty() ? "targets[" : ".targets[") +
                std::string(pointer.substr(name, end - name)) + "]";
        pointer.remove_prefix(end);
    }
}

bool is_within(std::string_view inner, std::string_view outer) {
    return inner.starts_with(outer) &&
           (outer.empty() || inner.size() == outer.size() || inner[outer.size()] == '.');
}

bool explains(const Finding& finding, const Difference& difference) {
    const auto reason = std::find_if(kReasons.begin(), kReasons.end(),
                                     [&](const Reason& one) { return one.code == finding.code; });
    if (reason == kReasons.end() || (reason->aspects & difference.aspect) == 0) {
        return false;
    }
    const std::string target = target_of(finding.pointer);
    return difference.targets.empty() ||
           std::any_of(difference.targets.begin(), difference.targets.end(),
                       [&](const std::string& one) {
                           return is_within(one, target) || is_within(target, one);
                       });
}

void judge(ProofRow& row, const std::vector<Finding>& findings) {
    Difference difference = compare(row.portkey, row.llmgw);
    if (difference.aspect == 0) {
        return;
    }
    if (is_about_connection(row, difference)) {
        row.code = "D-CONNECT";
    }
    for (const Finding& finding : findings) {
        if (row.code.empty() && explains(finding, difference)) {
            row.code = finding.code;
        }
    }
    row.difference = std::move(difference.text);
}

}  // namespace

std::size_t RouteProof::count_same() const {
    return static_cast<std::size_t>(std::count_if(
        rows.begin(), rows.end(), [](const ProofRow& row) { return row.difference.empty(); }));
}

std::size_t RouteProof::count_unexplained() const {
    return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const auto& row) {
        return !row.difference.empty() && row.code.empty();
    }));
}

std::size_t RouteProof::count_explained() const {
    return rows.size() - count_same() - count_unexplained();
}

Result<RouteProof> prove_route(const ProofSubject& subject, const ProofRunner& llmgw) {
    const auto model = read_portkey_model(subject.config, subject.oss);
    if (!model) {
        return tl::unexpected(model.error());
    }
    ProofTable table = make_proof_table(*model, subject.most_rows);
    RouteProof proof;
    proof.cut = table.cut;
    proof.unknown = table.unknown;
    proof.not_asked = std::move(table.not_asked);
    for (ProofTable::Row& known : table.rows) {
        ProofRow row;
        row.llmgw = llmgw(known.request, known.portkey.draws);
        row.request = std::move(known.request);
        row.portkey = std::move(known.portkey.run);
        judge(row, subject.findings);
        proof.rows.push_back(std::move(row));
    }
    return proof;
}

}  // namespace llmgw
