// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/config.h"

#include <utility>

#include "common/base/text.h"
#include "common/portkey/config_node.h"

namespace llmgw {

namespace {

// Every slug that a config names: the labels of other keys are made so that they differ.
void collect_slugs(const ConfigValue& value, std::set<std::string>& slugs) {
    if (const std::string text = value.text(); text.starts_with('@')) {
        slugs.insert(portkey_label(std::string_view(text).substr(1, text.find('/') - 1)));
    }
    for (const ConfigValue& element : value.elements()) {
        collect_slugs(element, slugs);
    }
    for (const auto& [name, member] : value.members()) {
        if (snake_case(name) == "virtual_key" && member.is(JsonKind::string)) {
            slugs.insert(portkey_label(member.text()));
        } else {
            collect_slugs(member, slugs);
        }
    }
}

// A config in a text: as JSON in quotes, or as base64.
Result<LooseDocument> unwrap(const std::string& text, int line) {
    auto document = read_loose(text, line > 0 ? line : 1);
    if (document && document->json.starts_with('{')) {
        return document;
    }
    if (const auto decoded = from_base64(trim(text)); decoded && !decoded->empty()) {
        auto inside = read_loose(*decoded);
        if (inside && inside->json.starts_with('{')) {
            return inside;
        }
    }
    return fail(Errc::invalid_file, document
                                        ? "there is no config in the text"
                                        : "the config in the text: " + document.error().message);
}

void report_repeated(ConfigContext& context) {
    for (const std::string& pointer : context.document.repeated) {
        context.note(Severity::warning, "I-DUPKEY", pointer,
                     {"took the last of the members of this name, like all readers of JSON",
                      "does the same", "take the others out"});
    }
}

// What a route cannot hold although each of its parts is sound, such as too many targets.
void check_route(ConfigContext& context) {
    if (!context.out.usable) {
        return;
    }
    const auto parsed = parse_route(print_route(context.out.route));
    if (!parsed) {
        context.refuse(
            "R-LIMIT", "",
            {"took this config, or may have", "refuses such a route: " + parsed.error().message,
             "make the config smaller, or several of it"});
    }
}

Result<PortkeyConfig> convert(const LooseDocument& document, const PortkeyReading& reading) {
    const ConfigValue root = {document.json, ""};
    if (!root.is(JsonKind::object)) {
        return fail(Errc::invalid_file, "a Portkey config is an object");
    }
    PortkeyConfig out;
    ConfigContext context{document, reading, out};
    report_repeated(context);
    std::set<std::string> slugs;
    collect_slugs(root, slugs);
    ConfigKeys keys(context, std::move(slugs));
    if (root.members().empty()) {
        context.refuse("I-EMPTY", "",
                       {"refused an empty config", "has nothing to make a route of", ""});
    } else {
        out.route = read_config_node(context, keys, root, NodePlace::root, {});
    }
    keys.finish();
    check_route(context);
    return out;
}

}  // namespace

Result<PortkeyConfig> convert_portkey_config(const LooseDocument& document,
                                             const PortkeyReading& reading) {
    const auto text = json_text(document.json);
    if (!text) {
        return convert(document, reading);
    }
    const auto inside = unwrap(*text, document.line_of(""));
    return inside ? convert(*inside, reading) : tl::unexpected(inside.error());
}

}  // namespace llmgw
