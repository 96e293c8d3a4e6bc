// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "common/base/text.h"
#include "common/portkey/config_node.h"
#include "common/routes/condition.h"

namespace llmgw {

namespace {

/// Looks through a query for what is not what it seems.
class QueryReview {
  public:
    explicit QueryReview(ConfigContext& context) : context_(context) {}

    void review(const ConfigValue& query) {
        if (!query.is(JsonKind::object)) {
            return;
        }
        bool logical = false;
        const auto members = query.members();
        for (const auto& [name, member] : members) {
            if (is_expression(context_, member, Severity::error)) {
                continue;
            }
            if ((name == "$and" || name == "$or") && member.is(JsonKind::array)) {
                logical = true;
                for (const ConfigValue& part : member.elements()) {
                    review(part);
                }
                continue;
            }
            review_field(name, member);
            review_operators(member);
        }
        if (logical && members.size() > 1) {
            context_.note(Severity::warning, "C-ORDER", query.pointer,
                          {"ended with the first $and or $or: what stands behind it in the same "
                           "object did not count",
                           "does the same", "put all of it into one $and"});
        }
    }

  private:
    void review_field(const std::string& name, const ConfigValue& member) {
        const auto parts = split(name, '.');
        const std::string_view root = parts.front();
        if (root != "metadata" && root != "params" && root != "url") {
            context_.note(Severity::warning, "C-FIELD", member.pointer,
                          {"knew metadata, params and url.pathname: '" + printable(name) +
                               "' was always missing",
                           root == "headers" || root == "body"
                               ? "does have such a field, so that the condition may match"
                               : "has no such field either",
                           "take the condition out, or write what is meant"});
            return;
        }
        if (parts.size() > 2) {
            context_.note(Severity::warning, "C-DEEP", member.pointer,
                          {"looked two names deep only, and compared all of " +
                               printable(std::string(parts[0]) + "." + std::string(parts[1])),
                           "does the same",
                           "in llmgw's route write body." + printable(name.substr(7)) +
                               " to look deeper into the request"});
        }
        if (root == "metadata") {
            context_.note_once(Severity::info, "C-META", member.pointer,
                               {"took metadata from x-portkey-metadata",
                                "takes it from x-llmgw-metadata and, as long as portkey.compat is "
                                "on, from x-portkey-metadata",
                                ""});
        } else if (root == "url") {
            context_.note_once(
                Severity::info, "C-PATH", member.pointer,
                {"compared the whole path of the request", "compares it, too: /v1/chat/completions",
                 "a pattern for another path than llmgw's never matches"});
        }
    }

    void review_operators(const ConfigValue& member) {
        if (!member.is(JsonKind::object)) {
            return;
        }
        for (const auto& [name, value] : member.members()) {
            if (is_expression(context_, value, Severity::error)) {
                continue;
            }
            for (const ConfigValue& element : value.elements()) {
                static_cast<void>(is_expression(context_, element, Severity::error));
            }
            if (name == "$ne" || name == "$nin" || name == "$regex") {
                context_.note_once(
                    Severity::info, "C-MISSING", value.pointer,
                    {"took $ne and $nin as fulfilled where the field is missing, and let $regex "
                     "look at the text \"undefined\"",
                     "does the same", ""});
            }
        }
    }

    ConfigContext& context_;
};

// Whether the engine can evaluate a query whatever a request holds.
bool is_sound(ConfigContext& context, const ConfigValue& query) {
    const auto checked = check_condition(std::string(query.json));
    if (checked) {
        return true;
    }
    const std::string& where = checked.error().param;
    const std::string pointer = query.pointer + where;
    const std::string refusal = "refuses such a route: " + checked.error().message;
    if (where.ends_with("/$regex")) {
        context.refuse("C-REGEX", pointer,
                       {"took a pattern that it could not read as one that never matches", refusal,
                        "write a pattern of JavaScript, or take the condition out"});
        return false;
    }
    constexpr std::array<std::string_view, 8> kOperators = {"$eq", "$ne",  "$gt", "$gte",
                                                            "$lt", "$lte", "$in", "$nin"};
    const bool known = std::any_of(
        kOperators.begin(), kOperators.end(),
        [&](std::string_view name) { return where.ends_with("/" + std::string(name)); });
    context.refuse(
        "C-OP", pointer,
        {known ? "compared with something that nothing is equal to"
               : "answered 400 to every request that came to this condition",
         refusal,
         "use $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin or $regex, and $and and $or around them"});
    return false;
}

bool has_target(const RouteNode& node, std::string_view name) {
    return std::any_of(node.targets.begin(), node.targets.end(),
                       [&](const RouteNode& target) { return target.name == name; });
}

// The name of a target. For one that is none, a target comes into being that answers like Portkey.
std::string read_target_name(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    const auto text = read_text(context, value);
    if (!text || text->empty()) {
        return {};
    }
    if (!has_target(node, *text)) {
        std::vector<std::string_view> names;
        for (const RouteNode& target : node.targets) {
            names.push_back(target.name);
        }
        const auto near = nearest(*text, names, 1);
        const std::string name = printable(*text);
        context.note(
            Severity::error, "C-THEN", value.pointer,
            {"answered 400 \"Invalid target name found in the query router: " + name + "\"",
             "answers 400, too, when it comes to this",
             near.empty() ? "name a target like that" : "is " + near[0] + " meant?"});
        RouteNode nobody;
        nobody.name = *text;
        nobody.refuse = "Invalid target name found in the query router: " + name;
        node.targets.push_back(std::move(nobody));
    }
    return *text;
}

void read_condition(ConfigContext& context, const ConfigValue& value, RouteNode& node) {
    static constexpr std::array<std::string_view, 2> kNames = {"query", "then"};
    if (is_expression(context, value, Severity::error)) {
        return;
    }
    if (!value.is(JsonKind::object)) {
        context.refuse("I-TYPE", value.pointer,
                       {"wants a condition here and refused the config",
                        "cannot tell what is meant", "write {\"query\": {…}, \"then\": \"NAME\"}"});
        return;
    }
    ConfigObject object(context, value);
    const ConfigValue query = object.take("query");
    const ConfigValue then = object.take("then");
    object.finish({"a condition", kNames});
    if (!query || !query.is(JsonKind::object) || !then) {
        context.refuse("I-TYPE", value.pointer,
                       {"wants a query and a then in each condition and refused the config",
                        "cannot tell what is meant", "write {\"query\": {…}, \"then\": \"NAME\"}"});
        return;
    }
    QueryReview(context).review(query);
    std::string target = read_target_name(context, then, node);
    if (is_sound(context, query) && !target.empty()) {
        node.conditions.push_back({.query = std::string(query.json), .then = std::move(target)});
    }
}

void report_twins(ConfigContext& context, const std::string& pointer, const RouteNode& node) {
    std::set<std::string_view> names;
    for (const RouteNode& target : node.targets) {
        if (!target.name.empty() && !names.insert(target.name).second) {
            context.note(Severity::warning, "I-DUPNAME", pointer,
                         {"took the first of the targets called '" + printable(target.name) + "'",
                          "does the same", "give the other one another name"});
        }
    }
}

}  // namespace

void read_conditions(ConfigContext& context, ConfigObject& strategy, RouteNode& node) {
    report_twins(context, strategy.pointer(), node);
    const ConfigValue conditions = strategy.take("conditions");
    const auto elements = conditions.elements();
    if (elements.empty()) {
        context.refuse("I-EMPTY", conditions ? conditions.pointer : strategy.pointer(),
                       {"answered 400 \"No conditions passed in the query router\"",
                        "refuses such a route", "add conditions, or use another strategy"});
    }
    for (const ConfigValue& condition : elements) {
        read_condition(context, condition, node);
    }
    const ConfigValue otherwise = strategy.take("default");
    if (otherwise) {
        node.otherwise = read_target_name(context, otherwise, node);
    } else {
        context.note(Severity::info, "C-DEFAULT", strategy.pointer(),
                     {"answered 400 where no condition matched", "does the same",
                      "name a default if every request is to be answered"});
    }
}

}  // namespace llmgw
