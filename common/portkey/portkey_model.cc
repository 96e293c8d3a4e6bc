// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/portkey_model.h"

#include <algorithm>
#include <utility>

#include "common/base/json_io.h"
#include "common/portkey/model_condition.h"

namespace llmgw {

namespace {

constexpr int kHostedAttempts = 5;
constexpr int kOssAttempts = 1000;  // it has no bound; this one only ends the model
constexpr int kLongestRetryAfterS = 60;

// What a target has from the groups around it.
struct Inherited {
    std::string model;
    int attempts = 0;
    std::vector<int> retry_on;
    bool retry_after = false;
    std::int64_t timeout_ms = 0;
};

// "on_status_codes" is also "onStatusCodes".
std::string camel_case(const std::string& name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); i++) {
        if (name[i] == '_' && i + 1 < name.size()) {
            i++;
            out += static_cast<char>(name[i] - 'a' + 'A');
        } else {
            out += name[i];
        }
    }
    return out;
}

const Json& member(const Json& object, const std::string& name) {
    static const Json kNone;
    if (!object.is_object()) {
        return kNone;
    }
    auto found = object.find(name);
    if (found == object.end()) {
        found = object.find(camel_case(name));
    }
    return found == object.end() ? kNone : *found;
}

std::string text_member(const Json& object, const std::string& name) {
    const Json& value = member(object, name);
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<std::vector<int>> codes_of(const Json& list) {
    if (!list.is_array()) {
        return std::nullopt;
    }
    std::vector<int> codes;
    for (const Json& code : list) {
        if (code.is_number_integer()) {
            codes.push_back(code.get<int>());
        }
    }
    return codes;
}

bool holds(const std::vector<int>& codes, int status) {
    return std::find(codes.begin(), codes.end(), status) != codes.end();
}

class ModelReader {
  public:
    explicit ModelReader(bool oss) : oss_(oss) {}

    [[nodiscard]] ModelNode read(const Json& config, const std::string& path,
                                 const std::string& pointer, Inherited inherited) const {
        ModelNode node;
        node.path = path;
        node.pointer = pointer;
        node.name = text_member(config, "name");
        const Json& weight = member(config, "weight");
        node.weight = weight.is_number() ? weight.get<double>() : 1;
        inherit(config, inherited);
        // Version 1 is what Portkey has made into version 2 by itself.
        const bool old = member(config, "options").is_array() && !config.contains("targets");
        const Json& targets = member(config, old ? "options" : "targets");
        if (targets.is_array() && !targets.empty()) {
            read_group(config, old, inherited, node);
        } else if (!member(config, "strategy").is_null()) {
            node.kind = ModelNode::Kind::refused;
            node.refusal = 500;
        } else {
            read_leaf(config, inherited, node);
        }
        return node;
    }

  private:
    void inherit(const Json& config, Inherited& inherited) const {
        const Json& parameters = member(config, "override_params");
        if (const std::string model = text_member(parameters, "model"); !model.empty()) {
            inherited.model = model;
        }
        if (const Json& retry = member(config, "retry"); retry.is_object()) {
            const Json& attempts = member(retry, "attempts");
            const int most = oss_ ? kOssAttempts : kHostedAttempts;
            inherited.attempts = attempts.is_number_integer()
                                     ? static_cast<int>(std::clamp<std::int64_t>(
                                           attempts.get<std::int64_t>(), 0, most))
                                     : 0;
            const auto codes = codes_of(member(retry, "on_status_codes"));
            inherited.retry_on = codes ? *codes : usual_codes();
            inherited.retry_after = member(retry, "use_retry_after_header") == true ||
                                    member(retry, "use_retry_after_headers") == true;
        }
        // 0 is as if it were not there.
        if (const Json& timeout = member(config, "request_timeout");
            timeout.is_number() && timeout.get<double>() >= 1) {
            inherited.timeout_ms = static_cast<std::int64_t>(std::min(timeout.get<double>(), 1e12));
        }
    }

    [[nodiscard]] std::vector<int> usual_codes() const {
        std::vector<int> codes{429, 500, 502, 503, 504};
        if (!oss_) {
            codes.push_back(529);
        }
        return codes;
    }

    void read_group(const Json& config, bool old, const Inherited& inherited,
                    ModelNode& node) const {
        static constexpr std::pair<std::string_view, ModelNode::Kind> kModes[] = {
            {"single", ModelNode::Kind::single},
            {"fallback", ModelNode::Kind::fallback},
            {"loadbalance", ModelNode::Kind::loadbalance},
            {"conditional", ModelNode::Kind::conditional}};
        const Json& strategy = old ? config : member(config, "strategy");
        const std::string mode = text_member(strategy, "mode");
        node.kind = ModelNode::Kind::refused;
        for (const auto& [name, kind] : kModes) {
            node.kind = mode == name ? kind : node.kind;
        }
        node.on_status = codes_of(member(strategy, "on_status_codes"));
        node.otherwise = text_member(strategy, "default");
        for (const Json& condition : member(strategy, "conditions")) {
            node.branches.push_back(
                {member(condition, "query").dump(), text_member(condition, "then")});
        }
        const Json& targets = member(config, old ? "options" : "targets");
        for (std::size_t i = 0; i < targets.size(); i++) {
            const std::string number = std::to_string(i);
            const std::string step = "targets[" + number + "]";
            node.targets.push_back(
                read(targets[i], node.path.empty() ? step : node.path + "." + step,
                     node.pointer + (old ? "/options/" : "/targets/") + number, inherited));
        }
    }

    static void read_leaf(const Json& config, const Inherited& inherited, ModelNode& node) {
        node.kind = ModelNode::Kind::leaf;
        node.model = inherited.model;
        node.attempts = inherited.attempts;
        node.retry_on = inherited.retry_on;
        node.retry_after = inherited.retry_after;
        node.timeout_ms = inherited.timeout_ms;
        const std::string provider = text_member(config, "provider");
        // The root's provider may come with the request.
        node.has_provider =
            node.path.empty() || !provider.empty() || !text_member(config, "virtual_key").empty() ||
            !text_member(config, "prompt_id").empty() || node.model.starts_with('@');
        if (node.model.starts_with('@')) {
            node.model = behind_slash(node.model);
        } else if (node.model.empty() && provider.starts_with('@')) {
            node.model = behind_slash(provider);
        }
    }

    static std::string behind_slash(const std::string& text) {
        const std::size_t slash = text.find('/');
        return slash == std::string::npos ? "" : text.substr(slash + 1);
    }

    bool oss_;
};

// A request on its way through the model.
class ModelWalk {
  public:
    explicit ModelWalk(const ProofCase& row) : row_(row) {
        const auto body = parse_json(row.body);
        requested_ = body ? text_member(*body, "model") : "";
    }

    // The status that a node comes to.
    int run(const ModelNode& node) {
        out.chosen.push_back(node.path);
        switch (node.kind) {
            case ModelNode::Kind::leaf:
                return ask(node);
            case ModelNode::Kind::single:
                return run(node.targets.front());
            case ModelNode::Kind::fallback:
                return fall_back(node);
            case ModelNode::Kind::loadbalance:
                return draw(node);
            case ModelNode::Kind::conditional:
                return choose(node);
            case ModelNode::Kind::refused:
                break;
        }
        return give_up(node.refusal);
    }

    ModelRun out;
    bool unknown = false;

  private:
    // The answer is Portkey's own: nothing comes after it.
    int give_up(int status) {
        over_ = true;
        return status;
    }

    int ask(const ModelNode& leaf) {
        if (!leaf.has_provider) {
            return give_up(500);
        }
        const auto found = row_.fates.find(leaf.path);
        const ProofFate fate = found == row_.fates.end() ? ProofFate() : found->second;
        ProofCall call{leaf.path, leaf.model.empty() ? requested_ : leaf.model, 0};
        int status = 0;
        for (int retry = 0; retry <= leaf.attempts; retry++) {
            call.tries++;
            status = status_of(leaf, fate, call.tries);
            const bool too_long =
                leaf.retry_after && status == 429 && fate.retry_after_s > kLongestRetryAfterS;
            if (!holds(leaf.retry_on, status) || too_long) {
                break;
            }
        }
        out.run.calls.push_back(std::move(call));
        return status;
    }

    static int status_of(const ModelNode& leaf, const ProofFate& fate, int call) {
        if (fate.times > 0 && call > fate.times) {
            return 200;
        }
        switch (fate.kind) {
            case ProofFate::Kind::no_connection:
                return 500;
            case ProofFate::Kind::silent:
                return leaf.timeout_ms > 0 ? 408 : 200;
            case ProofFate::Kind::answers:
                break;
        }
        return fate.status;
    }

    int fall_back(const ModelNode& group) {
        int status = 0;
        for (const ModelNode& target : group.targets) {
            status = run(target);
            const bool leads_on =
                group.on_status ? holds(*group.on_status, status) : status < 200 || status > 299;
            if (over_ || unknown || !leads_on) {
                break;
            }
        }
        return status;
    }

    int draw(const ModelNode& group) {
        double sum = 0;
        for (const ModelNode& target : group.targets) {
            sum += target.weight;
        }
        const auto found = row_.chances.find(group.path);
        const double chance = found == row_.chances.end() ? 0 : found->second;
        out.draws.push_back(chance);
        double point = chance * sum;
        for (const ModelNode& target : group.targets) {
            if (point < target.weight) {
                return run(target);
            }
            point -= target.weight;
        }
        return give_up(500);
    }

    int choose(const ModelNode& group) {
        std::string name = group.otherwise;
        for (const ModelBranch& branch : group.branches) {
            const ModelMatch match = evaluate_portkey_query(branch.query, row_);
            unknown = unknown || match == ModelMatch::unknown;
            if (match == ModelMatch::fails) {
                return give_up(400);
            }
            if (match == ModelMatch::yes) {
                name = branch.then;
                break;
            }
        }
        const auto target =
            std::find_if(group.targets.begin(), group.targets.end(),
                         [&](const ModelNode& one) { return !name.empty() && one.name == name; });
        return target == group.targets.end() ? give_up(400) : run(*target);
    }

    const ProofCase& row_;
    std::string requested_;
    bool over_ = false;
};

}  // namespace

Result<ModelNode> read_portkey_model(std::string_view config, bool oss) {
    const auto parsed = parse_json(config);
    if (!parsed) {
        return tl::unexpected(parsed.error());
    }
    if (!parsed->is_object()) {
        return fail(Errc::invalid_file, "a Portkey config is an object");
    }
    return ModelReader(oss).read(*parsed, "", "", {});
}

std::optional<ModelRun> run_portkey_model(const ModelNode& root, const ProofCase& row) {
    ModelWalk walk(row);
    walk.out.run.status = walk.run(root);
    return walk.unknown ? std::nullopt : std::optional(std::move(walk.out));
}

}  // namespace llmgw
