// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/proof_request.h"

#include <algorithm>
#include <cmath>

#include "common/base/json_io.h"
#include "common/portkey/pattern_sample.h"

namespace llmgw {

namespace {

constexpr const char* kPathname = "url.pathname";
constexpr std::size_t kMostValues = 12;  // of one field

// Of a field that a condition looks at, the two names that Portkey reads.
std::string field_of(const std::string& path) {
    const std::size_t first = path.find('.');
    const std::size_t second = first == std::string::npos ? first : path.find('.', first + 1);
    return path.substr(0, second);
}

bool is_metadata(const std::string& field) {
    return field.starts_with("metadata.");
}

// What the gateway takes for a parameter, so that a row is about the route and not about the body.
bool can_have(const std::string& field, const Json& value) {
    if (field == "params.model") {
        return value.is_string() && !value.get_ref<const std::string&>().empty();
    }
    if (field == "params.stream") {
        return value.is_boolean();
    }
    return field != "params.messages" && field != "params.input" && field != "params.prompt" &&
           field != "params.stream_options" && field != "params.routing";
}

Json other_than(const Json& value) {
    if (value.is_boolean()) {
        return !value.get<bool>();
    }
    if (value.is_number()) {
        return value.get<double>() + 1;
    }
    return "other";
}

class TrialCollector {
  public:
    void collect(const Json& query) {
        if (!query.is_object()) {
            return;
        }
        for (const auto& [name, wanted] : query.items()) {
            if ((name == "$or" || name == "$and") && wanted.is_array()) {
                for (const Json& one : wanted) {
                    collect(one);
                }
                continue;
            }
            const std::string field = field_of(name);
            if (field == kPathname) {
                add_paths();
            } else if (is_metadata(field) || field.starts_with("params.")) {
                add_field(field, wanted);
            }
        }
    }

    TrialValues values;

  private:
    std::vector<std::string>& of(const std::string& field) {
        const auto known = std::find_if(values.begin(), values.end(),
                                        [&](const auto& one) { return one.first == field; });
        return known == values.end() ? values.emplace_back(field, std::vector<std::string>()).second
                                     : known->second;
    }

    void add(const std::string& field, const Json& value) {
        std::vector<std::string>& list = of(field);
        const std::string text = print_json(value);
        if (list.size() < kMostValues && can_have(field, value) &&
            std::find(list.begin(), list.end(), text) == list.end()) {
            list.push_back(text);
        }
    }

    void add_paths() {
        for (const char* const path :
             {"/v1/chat/completions", "/v1/completions", "/v1/embeddings"}) {
            add(kPathname, path);
        }
    }

    void add_field(const std::string& field, const Json& wanted) {
        if (!wanted.is_structured()) {
            add(field, wanted);
            add(field, other_than(wanted));
            return;
        }
        for (const auto& [op, operand] : wanted.items()) {
            add_operator(field, op, operand);
        }
        if (field == "params.stream") {
            add(field, true);
            add(field, false);
        }
        const auto& list = of(field);
        const auto first = list.empty() ? Result<Json>(Json("")) : parse_json(list.front());
        add(field, first ? other_than(*first) : Json("other"));
    }

    void add_operator(const std::string& field, const std::string& op, const Json& operand) {
        if (op == "$regex" && operand.is_string()) {
            add(field, pattern_sample(operand.get<std::string>()));
        } else if ((op == "$in" || op == "$nin") && operand.is_array()) {
            for (const Json& one : operand) {
                add(field, one);
            }
        } else if (op == "$eq" || op == "$ne") {
            add(field, operand);
            add(field, other_than(operand));
        } else if (operand.is_number()) {
            add_around(field, operand.get<double>());
        } else {
            add(field, operand);
        }
    }

    // Metadata is text.
    void add_around(const std::string& field, double bound) {
        for (const double number : {bound, bound + 1, bound - 1}) {
            Json value = number;
            if (std::abs(number) < 1e15 && number == std::floor(number)) {
                value = static_cast<std::int64_t>(number);
            }
            add(field, is_metadata(field) ? Json(value.dump()) : value);
        }
    }
};

}  // namespace

ProofCase proof_request(const ProofFields& fields) {
    ProofCase row;
    Json metadata = Json::object();
    Json body = {{"model", "gpt-4o-mini"}};
    if (const auto path = fields.find(kPathname); path != fields.end()) {
        row.path = parse_json("[" + path->second + "]")->at(0).get<std::string>();
    }
    if (row.path == "/v1/embeddings") {
        body["input"] = "hello";
    } else if (row.path == "/v1/completions") {
        body["prompt"] = "hello";
    } else {
        body["messages"] = Json::array({{{"role", "user"}, {"content", "hello"}}});
    }
    for (const auto& [field, value] : fields) {
        const std::string name = field.substr(field.find('.') + 1);
        const auto parsed = parse_json("[" + value + "]");
        if (parsed && field != kPathname) {
            (is_metadata(field) ? metadata : body)[name] = parsed->at(0);
        }
    }
    row.body = print_json(body);
    row.metadata = metadata.empty() ? "" : print_json(metadata);
    return row;
}

TrialValues trial_values(std::string_view query) {
    TrialCollector collector;
    if (const auto parsed = parse_json(query)) {
        collector.collect(*parsed);
    }
    std::erase_if(collector.values, [](const auto& one) { return one.second.empty(); });
    return std::move(collector.values);
}

}  // namespace llmgw
