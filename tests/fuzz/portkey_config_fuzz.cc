// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>

#include "common/base/text.h"
#include "common/portkey/config.h"
#include "tests/fuzz/trial.h"

namespace llmgw::fuzz {

namespace {

void require_known_keys(const RouteNode& node, const std::set<std::string>& labels) {
    if (node.provider.starts_with('@')) {
        require(labels.count(node.provider.substr(1)) == 1, "a target's key is in the list");
    }
    for (const RouteNode& target : node.targets) {
        require_known_keys(target, labels);
    }
}

void require_sound(const PortkeyConfig& config) {
    std::set<std::string> labels;
    for (const PortkeyKey& key : config.keys) {
        require(labels.insert(key.label).second, "labels are unique");
        require(!key.label.empty(), "every key has a label");
    }
    require_known_keys(config.route, labels);
    bool refused = false;
    for (const Finding& finding : config.findings) {
        refused = refused || finding.severity == Severity::error;
        require(!finding.code.empty() && !finding.portkey.empty() && !finding.llmgw.empty(),
                "a finding says something");
        require(printable(finding.portkey) == finding.portkey, "a finding steers no terminal");
        require(printable(finding.action) == finding.action, "nor does what to do");
        require(finding.line >= 1, "a finding has a line");
    }
    require(config.usable || refused, "what gives no route has an error");
    if (config.usable) {
        const auto parsed = parse_route(print_route(config.route));
        require(parsed.has_value(), "a usable route can be stored");
        require(print_route(*parsed) == print_route(config.route), "and is the same then");
    }
}

void try_convert(std::string_view text) {
    const auto document = read_loose(text);
    if (!document) {
        return;
    }
    PortkeyReading reading;
    for (const bool oss : {false, true}) {
        reading.oss = oss;
        reading.accept_guardrail_loss = oss;
        const auto config = convert_portkey_config(*document, reading);
        if (config) {
            require_sound(*config);
        } else {
            require(config.error().kind == Errc::invalid_file, "a mistake is one of the text");
        }
    }
}

}  // namespace

}  // namespace llmgw::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    llmgw::fuzz::try_convert(llmgw::fuzz::text_of(data, size));
    return 0;
}
