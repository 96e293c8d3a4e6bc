// SPDX-License-Identifier: Apache-2.0
#include "cli/chat_schema.h"

// Without this valijson ends the process when a schema is malformed.
#define VALIJSON_USE_EXCEPTIONS 1

#include <exception>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "common/base/json_io.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

// valijson's adapter takes nlohmann's unordered type.
using PlainJson = nlohmann::json;

Result<PlainJson> parse_plain(std::string_view text) {
    if (auto document = parse_json(text); !document) {
        return tl::unexpected<Error>(document.error());
    }
    return PlainJson::parse(text, nullptr, false);
}

// valijson names a place as {"<root>", "[\"people\"]", "[0]"}; people know JSON pointers.
std::string pointer(const std::vector<std::string>& context) {
    std::string path;
    for (std::size_t i = 1; i < context.size(); i++) {
        std::string_view step = context[i];
        if (step.starts_with('[') && step.ends_with(']') && step.size() >= 2) {
            step = step.substr(1, step.size() - 2);
        }
        if (step.starts_with('"') && step.ends_with('"') && step.size() >= 2) {
            step = step.substr(1, step.size() - 2);
        }
        path += '/';
        for (const char c : step) {
            if (c == '~') {
                path += "~0";
            } else if (c == '/') {
                path += "~1";
            } else {
                path += c;
            }
        }
    }
    return path.empty() ? "its root" : path;
}

Result<void> compile(const PlainJson& document, valijson::Schema& schema) {
    try {
        valijson::SchemaParser parser;
        parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(document), schema);
        return {};
    } catch (const std::exception& error) {
        return fail(Errc::invalid_file, printable(error.what()));
    }
}

}  // namespace

Result<void> check_schema(std::string_view schema, std::string_view name) {
    const auto wrong = [&](const std::string& why) {
        return fail(Errc::invalid_file, std::string(name) + " is not a JSON Schema: " + why,
                    "it looks like {\"type\":\"object\",\"properties\":{…}}");
    };
    const auto document = parse_plain(schema);
    if (!document) {
        return wrong(document.error().message);
    }
    if (!document->is_object()) {
        return wrong("not a JSON object");
    }
    valijson::Schema compiled;
    if (auto done = compile(*document, compiled); !done) {
        return wrong(done.error().message);
    }
    return {};
}

Result<void> check_against_schema(std::string_view schema, std::string_view answer) {
    const auto document = parse_plain(schema);
    valijson::Schema compiled;
    if (!document) {
        return tl::unexpected<Error>(document.error());
    }
    if (auto done = compile(*document, compiled); !done) {
        return done;
    }
    const auto value = parse_plain(answer);
    if (!value) {
        return fail(Errc::failed,
                    "the answer does not match the schema: it is " + value.error().message);
    }
    try {
        valijson::Validator validator(valijson::Validator::kStrongTypes);
        valijson::ValidationResults results;
        if (validator.validate(compiled, valijson::adapters::NlohmannJsonAdapter(*value),
                               &results)) {
            return {};
        }
        valijson::ValidationResults::Error violation;
        if (!results.popError(violation)) {
            return fail(Errc::failed, "the answer does not match the schema");
        }
        return fail(Errc::failed, "the answer does not match the schema at " +
                                      printable(pointer(violation.context)) + ": " +
                                      printable(violation.description));
    } catch (const std::exception& error) {
        return fail(Errc::failed,
                    std::string("the answer cannot be checked: ") + printable(error.what()));
    }
}

}  // namespace llmgw
