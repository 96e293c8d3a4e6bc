// SPDX-License-Identifier: Apache-2.0
#include "common/routes/route_walk.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/text.h"

namespace llmgw {

namespace {

tl::unexpected<Error> unresolved(std::string message, std::string code, std::string param = {}) {
    Error error;
    error.kind = Errc::invalid_request;
    error.message = std::move(message);
    error.code = std::move(code);
    error.param = std::move(param);
    return tl::unexpected(std::move(error));
}

bool is_success(int status) {
    return status >= 200 && status < 300;
}

// FNV-1a and a last mix (splitmix64): the same bits in every process, so that a request keeps its
// target over restarts and between daemons.
std::uint64_t add_hash(std::uint64_t hash, std::string_view text) {
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return (hash ^ 0xffU) * 0x100000001b3U;  // between two texts
}

std::uint64_t mix(std::uint64_t bits) {
    bits = (bits ^ (bits >> 30U)) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ (bits >> 27U)) * 0x94d049bb133111ebU;
    return bits ^ (bits >> 31U);
}

// From 0 to just below 1.
double fraction(std::uint64_t bits) {
    constexpr double kUnit = 1.0 / static_cast<double>(std::uint64_t{1} << 53U);
    return static_cast<double>(bits >> 11U) * kUnit;
}

}  // namespace

Result<const RouteStep*> RouteWalk::first() {
    frames_.clear();
    choices_.clear();
    return descend(*tree_);
}

Result<const RouteStep*> RouteWalk::descend(const RouteStep& from) {
    const RouteStep* step = &from;
    while (!step->targets.empty()) {
        RouteChoice choice;
        choice.mode = step->mode;
        const auto target = choose(*step, choice);
        if (!target) {
            return tl::unexpected(target.error());
        }
        frames_.push_back({step, *target});
        step = &step->targets[*target];
        choice.path = step->path;
        choice.name = step->name;
        choices_.push_back(std::move(choice));
    }
    return step;
}

bool RouteWalk::has_next(const Frame& frame) {
    return frame.group->mode == RouteMode::fallback &&
           frame.target + 1 < frame.group->targets.size();
}

bool RouteWalk::leads_on(const Frame& frame, const LeafStatuses& statuses) {
    return has_next(frame) && std::any_of(statuses.begin(), statuses.end(), [&](int status) {
               if (!frame.group->on_status) {
                   return !is_success(status);
               }
               const auto& listed = *frame.group->on_status;
               return std::find(listed.begin(), listed.end(), status) != listed.end();
           });
}

std::vector<int> RouteWalk::unwanted_successes() const {
    std::vector<int> unwanted;
    for (const Frame& frame : frames_) {
        if (has_next(frame) && frame.group->on_status) {
            const auto& listed = *frame.group->on_status;
            std::copy_if(listed.begin(), listed.end(), std::back_inserter(unwanted), is_success);
        }
    }
    return unwanted;
}

Result<const RouteStep*> RouteWalk::next(const LeafStatuses& statuses) {
    // A target that refuses speaks for the whole route, as one that cannot be resolved does.
    if (!frames_.empty() && !frames_.back().chosen().leaf.refuse.empty()) {
        return nullptr;
    }
    while (!frames_.empty() && !leads_on(frames_.back(), statuses)) {
        frames_.pop_back();
    }
    if (frames_.empty()) {
        return nullptr;
    }
    Frame& frame = frames_.back();
    const RouteStep& target = frame.group->targets[++frame.target];
    RouteChoice choice;
    choice.path = target.path;
    choice.name = target.name;
    choice.mode = RouteMode::fallback;
    choice.after_status = statuses.front();
    choices_.push_back(std::move(choice));
    return descend(target);
}

Result<std::size_t> RouteWalk::choose(const RouteStep& group, RouteChoice& choice) {
    switch (group.mode) {
        case RouteMode::single:
        case RouteMode::fallback:
            return std::size_t{0};
        case RouteMode::loadbalance:
            return choose_by_weight(group, choice);
        case RouteMode::conditional:
            return choose_by_condition(group, choice);
    }
    return std::size_t{0};
}

Result<std::size_t> RouteWalk::choose_by_condition(const RouteStep& group,
                                                   RouteChoice& choice) const {
    std::string then = group.otherwise;
    for (std::size_t i = 0; i < group.branches.size(); i++) {
        const auto matches = group.branches[i].condition.matches(input_.condition);
        if (!matches) {
            return tl::unexpected(matches.error());
        }
        if (*matches) {
            choice.condition = i;
            then = group.branches[i].then;
            break;
        }
    }
    if (then.empty()) {
        return unresolved(
            "no condition of the route holds for this request, and it has no "
            "\"otherwise\"",
            "no_route_target");
    }
    const auto target = std::find_if(group.targets.begin(), group.targets.end(),
                                     [&](const RouteStep& one) { return one.name == then; });
    if (target == group.targets.end()) {
        return unresolved("the route leads to a target \"" + printable(then) + "\" that it lacks",
                          "unknown_route_target", then);
    }
    return static_cast<std::size_t>(target - group.targets.begin());
}

std::optional<std::uint64_t> RouteWalk::sticky_bits(const RouteStep& group) const {
    if (!group.sticky) {
        return std::nullopt;
    }
    std::uint64_t hash = add_hash(add_hash(0xcbf29ce484222325U, input_.route), group.path);
    bool any = false;
    const auto add = [&](const std::optional<std::string>& text) {
        any = any || text;
        hash = add_hash(hash, text.value_or("\xff"));
    };
    for (const std::string& field : group.sticky->fields) {
        add(condition_field(field, input_.condition));
    }
    if (group.sticky->fields.empty() && !input_.session.empty()) {
        add(input_.session);
    }
    if (!any) {
        return std::nullopt;
    }
    // Everybody is drawn anew each `ttl`, but not all at the same moment.
    const std::int64_t ttl = group.sticky->ttl_ms;
    if (ttl > 0) {
        const auto offset = static_cast<std::int64_t>(mix(hash) % static_cast<std::uint64_t>(ttl));
        hash = add_hash(hash, std::to_string((input_.now + offset) / ttl));
    }
    return mix(hash);
}

// p = weight / sum of the weights.
Result<std::size_t> RouteWalk::choose_by_weight(const RouteStep& group, RouteChoice& choice) const {
    for (const RouteStep& target : group.targets) {
        choice.weights += std::max(target.weight, 0.0);
    }
    const auto sticky = sticky_bits(group);
    choice.sticky = sticky.has_value();
    double point = fraction(sticky ? *sticky : input_.random()) * choice.weights;
    std::optional<std::size_t> last;
    for (std::size_t i = 0; i < group.targets.size(); i++) {
        const double weight = group.targets[i].weight;
        if (!(weight > 0)) {
            continue;
        }
        last = i;  // rounding may leave a rest behind the last one
        if (point < weight) {
            break;
        }
        point -= weight;
    }
    if (!last) {
        return unresolved("no target of the route has a weight", "no_route_target");
    }
    choice.weight = group.targets[*last].weight;
    return *last;
}

}  // namespace llmgw
