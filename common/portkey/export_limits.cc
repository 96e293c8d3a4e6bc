// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/export_limits.h"

#include <array>
#include <utility>

#include "common/base/json_io.h"

namespace llmgw {
namespace {

using Words = std::pair<std::string_view, std::string_view>;

constexpr std::array<Words, 7> kPeriods = {{{"monthly", " a month"},
                                            {"weekly", " a week"},
                                            {"rps", " a second"},
                                            {"rpm", " a minute"},
                                            {"rph", " an hour"},
                                            {"rpd", " a day"},
                                            {"rpw", " a week"}}};

std::string period_text(const Json& limit, const char* member) {
    if (!limit.contains(member) || !limit[member].is_string()) {
        return " in all";
    }
    const std::string period = limit[member];
    for (const auto& [name, text] : kPeriods) {
        if (name == period) {
            return std::string(text);
        }
    }
    return " " + period;
}

/// A number as people write it: 1000.0 is 1000.
std::string number_text(const Json& number) {
    std::string text = number.is_string() ? number.get<std::string>() : print_json(number);
    return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

std::string kind_of(const Json& limit, const std::string& otherwise) {
    if (!limit.contains("type") || !limit["type"].is_string()) {
        return otherwise;
    }
    const std::string kind = limit["type"];
    return kind == "cost" ? "USD" : kind;
}

void add_limit(const Json& limit, std::vector<std::string>& out) {
    if (!limit.is_object()) {
        return;
    }
    if (limit.contains("credit_limit") && !limit["credit_limit"].is_null()) {
        out.push_back(number_text(limit["credit_limit"]) + " " + kind_of(limit, "USD") +
                      period_text(limit, "periodic_reset"));
    } else if (limit.contains("value") && !limit["value"].is_null()) {
        out.push_back(number_text(limit["value"]) + " " + kind_of(limit, "requests") +
                      period_text(limit, "unit"));
    }
}

void add_limits(std::string_view json, std::vector<std::string>& out) {
    const auto limits = parse_json(json);
    if (!limits) {
        return;
    }
    if (!limits->is_array()) {
        add_limit(*limits, out);
        return;
    }
    for (const auto& limit : *limits) {
        add_limit(limit, out);
    }
}

}  // namespace

std::vector<std::string> limit_texts(std::string_view usage_limits, std::string_view rate_limits) {
    std::vector<std::string> out;
    add_limits(usage_limits, out);
    add_limits(rate_limits, out);
    return out;
}

}  // namespace llmgw
