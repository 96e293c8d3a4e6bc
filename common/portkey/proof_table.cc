// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/proof_table.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>
#include <utility>

#include "common/portkey/model_condition.h"
#include "common/portkey/proof_request.h"

namespace llmgw {

namespace {

constexpr std::size_t kMostTrials = 512;  // requests that are tried for one condition
constexpr double kEdge = 1e-6;            // how near to its ends a share of chance is tried
constexpr int kTooLongRetryAfterS = 61;

// How a node is reached.
struct Way {
    ProofFields fields;
    std::map<std::string, ProofFate> fates;
    std::map<std::string, double> chances;
    std::set<int> statuses;  // that the groups around it tell from others
};

std::string named(const ModelNode& node) {
    return node.path.empty() ? "the target" : node.path;
}

std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.4g %%", share * 100);
    return text;
}

std::string shown(const std::string& value) {
    constexpr std::size_t kMost = 40;
    return value.size() <= kMost ? value : value.substr(0, kMost) + "…";
}

bool is_status(int status) {
    return status >= 200 && status < 600;
}

// All combinations of values, one after the other; each field may also be left out.
class Trials {
  public:
    explicit Trials(TrialValues values) : values_(std::move(values)), at_(values_.size(), 0) {}

    // Writes the current combination over `fields`, and goes on. False: there was none left.
    bool next(ProofFields& fields) {
        if (over_ || tried_++ >= kMostTrials) {
            return false;
        }
        for (std::size_t i = 0; i < values_.size(); i++) {
            const auto& [field, values] = values_[i];
            if (at_[i] < values.size()) {
                fields[field] = values[at_[i]];
            } else {
                fields.erase(field);
            }
        }
        over_ = !advance();
        return true;
    }

  private:
    bool advance() {
        for (std::size_t i = 0; i < values_.size(); i++) {
            if (++at_[i] <= values_[i].second.size()) {
                return true;
            }
            at_[i] = 0;
        }
        return false;
    }

    TrialValues values_;
    std::vector<std::size_t> at_;
    std::size_t tried_ = 0;
    bool over_ = false;
};

// Which condition of a group is the first to hold; nullopt: none, or that cannot be told.
std::optional<std::size_t> first_match(const ModelNode& group, const ProofFields& fields) {
    const ProofCase request = proof_request(fields);
    for (std::size_t i = 0; i < group.branches.size(); i++) {
        if (evaluate_portkey_query(group.branches[i].query, request) != ModelMatch::no) {
            return i;
        }
    }
    return std::nullopt;
}

class TableMaker {
  public:
    TableMaker(const ModelNode& root, std::size_t most) : root_(root), most_(most) {}

    void make() {
        visit(root_, {});
        note_others(root_);
    }

    ProofTable table;

  private:
    void visit(const ModelNode& node, const Way& way) {
        if (table.cut) {
            return;
        }
        switch (node.kind) {
            case ModelNode::Kind::leaf:
                return add_failures(node, way);
            case ModelNode::Kind::single:
                return visit(node.targets.front(), way);
            case ModelNode::Kind::fallback:
                return visit_fallback(node, way);
            case ModelNode::Kind::loadbalance:
                return visit_draw(node, way);
            case ModelNode::Kind::conditional:
                return visit_conditional(node, way);
            case ModelNode::Kind::refused:
                add("any request", node, way);
        }
    }

    // The targets that were not come to.
    void note_others(const ModelNode& node) {
        if (node.kind == ModelNode::Kind::refused) {
            return;
        }
        if (node.targets.empty() && !reached_.contains(node.path) && !table.cut) {
            table.not_asked.push_back(node.path);
        }
        for (const ModelNode& target : node.targets) {
            note_others(target);
        }
    }

    // Keeps a row, unless the request does not come to what it is about.
    void add(const std::string& what, const ModelNode& about, const Way& way) {
        if (table.rows.size() >= most_) {
            table.cut = true;
            return;
        }
        ProofCase request = proof_request(way.fields);
        request.what = what;
        request.fates = way.fates;
        request.chances = way.chances;
        auto run = run_portkey_model(root_, request);
        if (!run) {
            table.unknown++;
            return;
        }
        if (std::find(run->chosen.begin(), run->chosen.end(), about.path) == run->chosen.end()) {
            return;
        }
        for (const std::string& path : run->chosen) {
            reached_.insert(path);
        }
        table.rows.push_back({std::move(request), *std::move(run)});
    }

    void add_fate(const std::string& what, const ModelNode& leaf, Way way, const ProofFate& fate) {
        way.fates[leaf.path] = fate;
        add(named(leaf) + " " + what, leaf, way);
    }

    void add_failures(const ModelNode& leaf, const Way& way) {
        using Kind = ProofFate::Kind;
        if (!leaf.has_provider) {
            return add(named(leaf) + " is asked", leaf, way);
        }
        std::set<int> statuses = {200, 400, 401, 429, 500, 503};
        statuses.insert(way.statuses.begin(), way.statuses.end());
        statuses.insert(leaf.retry_on.begin(), leaf.retry_on.end());
        for (const int status : statuses) {
            if (is_status(status)) {
                add_fate("answers " + std::to_string(status), leaf, way, {Kind::answers, status});
            }
        }
        add_fate("cannot be connected to", leaf, way, {Kind::no_connection});
        if (leaf.timeout_ms > 0) {
            add_fate("is silent for " + std::to_string(leaf.timeout_ms) + " ms", leaf, way,
                     {Kind::silent});
        }
        add_retries(leaf, way);
    }

    void add_retries(const ModelNode& leaf, const Way& way) {
        const auto code = std::find_if(leaf.retry_on.begin(), leaf.retry_on.end(), is_status);
        if (leaf.attempts > 0 && code != leaf.retry_on.end()) {
            add_fate("answers " + std::to_string(*code) + " once", leaf, way,
                     {ProofFate::Kind::answers, *code, 1});
        }
        if (leaf.attempts > 0 && leaf.retry_after) {
            add_fate("answers 429 with Retry-After: " + std::to_string(kTooLongRetryAfterS), leaf,
                     way, {ProofFate::Kind::answers, 429, 0, kTooLongRetryAfterS});
        }
    }

    void visit_fallback(const ModelNode& group, Way way) {
        int status = 500;  // leads on where no statuses are listed
        if (group.on_status) {
            way.statuses.insert(group.on_status->begin(), group.on_status->end());
            const auto code =
                std::find_if(group.on_status->begin(), group.on_status->end(), is_status);
            status = code == group.on_status->end() ? 0 : *code;
        }
        for (const ModelNode& target : group.targets) {
            visit(target, way);
            if (status == 0) {
                return;  // nothing leads on
            }
            fail_all(target, status, way);
        }
    }

    static void fail_all(const ModelNode& node, int status, Way& way) {
        if (node.targets.empty()) {
            way.fates[node.path] = {ProofFate::Kind::answers, status};
        }
        for (const ModelNode& target : node.targets) {
            fail_all(target, status, way);
        }
    }

    void visit_draw(const ModelNode& group, const Way& way) {
        double sum = 0;
        for (const ModelNode& target : group.targets) {
            sum += target.weight;
        }
        double begin = 0;
        for (const ModelNode& target : group.targets) {
            const double share = sum > 0 ? target.weight / sum : 0;
            if (share > 4 * kEdge) {
                add_draw(target, group, way, {begin, share});
                Way drawn = way;
                drawn.chances[group.path] = begin + share / 2;
                visit(target, drawn);
            }
            begin += share;
        }
    }

    struct Share {
        double begin, size;
    };
    void add_draw(const ModelNode& target, const ModelNode& group, Way way, Share share) {
        for (const double point : {share.begin + kEdge, share.begin + share.size - kEdge}) {
            way.chances[group.path] = point;
            add(target.path + " has " + percent(share.size) + ", chance says " + percent(point),
                target, way);
        }
    }

    void visit_conditional(const ModelNode& group, const Way& way) {
        std::set<std::string> visited;
        for (std::size_t i = 0; i < group.branches.size() && !table.cut; i++) {
            const auto fields = fields_for(group, i, way);
            if (!fields) {
                continue;
            }
            Way holding = way;
            holding.fields = *fields;
            add_condition(group, i, holding);
            visit_named(group, group.branches[i].then, holding, visited);
        }
        Way other = way;
        if (const auto fields = fields_for(group, std::nullopt, way)) {
            other.fields = *fields;
            add(in(group) + "no condition holds" + said(*fields), group, other);
            visit_named(group, group.otherwise, other, visited);
        }
    }

    void visit_named(const ModelNode& group, const std::string& name, const Way& way,
                     std::set<std::string>& visited) {
        const auto target = std::find_if(group.targets.begin(), group.targets.end(),
                                         [&](const ModelNode& one) { return one.name == name; });
        if (target != group.targets.end() && visited.insert(target->path).second) {
            visit(*target, way);
        }
    }

    static std::string in(const ModelNode& group) {
        return group.path.empty() ? "" : group.path + ": ";
    }

    static std::string said(const ProofFields& fields) {
        std::string text;
        for (const auto& [field, value] : fields) {
            text += (text.empty() ? ": " : ", ") + field + " = " + shown(value);
        }
        return text;
    }

    // Fields by which a condition of a group is the first to hold, or none does.
    static std::optional<ProofFields> fields_for(const ModelNode& group,
                                                 std::optional<std::size_t> branch,
                                                 const Way& way) {
        if (!branch && first_match(group, way.fields) == branch) {
            return way.fields;
        }
        TrialValues all;
        // The condition's own fields first: often no others are needed.
        for (std::size_t i = branch ? *branch + 1 : group.branches.size(); i > 0; i--) {
            add_values(trial_values(group.branches[i - 1].query), all);
            Trials trials(all);
            for (ProofFields fields = way.fields; trials.next(fields);) {
                if (first_match(group, fields) == branch) {
                    return fields;
                }
            }
        }
        return std::nullopt;
    }

    static void add_values(TrialValues more, TrialValues& all) {
        for (auto& values : more) {
            const bool known = std::any_of(
                all.begin(), all.end(), [&](const auto& one) { return one.first == values.first; });
            if (!known) {
                all.push_back(std::move(values));
            }
        }
    }

    // A condition that holds, one that does not, and one whose fields are not there.
    void add_condition(const ModelNode& group, std::size_t branch, const Way& holding) {
        const std::string name = in(group) + "conditions[" + std::to_string(branch) + "]";
        add(name + " holds" + said(holding.fields), group, holding);
        const std::string& query = group.branches[branch].query;
        const TrialValues values = trial_values(query);
        Trials trials(values);
        Way other = holding;
        while (trials.next(other.fields)) {
            const auto match = evaluate_portkey_query(query, proof_request(other.fields));
            if (match == ModelMatch::no && other.fields.size() == holding.fields.size()) {
                add(name + " does not hold" + said(other.fields), group, other);
                break;
            }
        }
        for (const auto& [field, unused] : values) {
            Way missing = holding;
            const bool fixed = field == "params.model" || field == "url.pathname";
            if (!fixed && missing.fields.erase(field) > 0) {
                std::string what = name;
                what.append(" without ").append(field).append(said(missing.fields));
                add(what, group, missing);
            }
        }
    }

    const ModelNode& root_;
    std::size_t most_;
    std::set<std::string> reached_;
};

}  // namespace

ProofTable make_proof_table(const ModelNode& root, std::size_t most_rows) {
    TableMaker maker(root, most_rows);
    maker.make();
    return std::move(maker.table);
}

}  // namespace llmgw
