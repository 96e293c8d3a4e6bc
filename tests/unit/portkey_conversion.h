// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/portkey/config.h"

// What the tests of Portkey's configs share.
namespace llmgw::portkey_conversion {

inline PortkeyConfig converted(const std::string& text, const PortkeyReading& reading = {}) {
    const auto document = read_loose(text);
    CAPTURE(text);
    if (!document) {
        FAIL(document.error().message);
    }
    auto config = convert_portkey_config(*document, reading);
    if (!config) {
        FAIL(config.error().message);
    }
    return *std::move(config);
}

/// The route's document.
inline std::string route_of(const std::string& text, const PortkeyReading& reading = {}) {
    const PortkeyConfig config = converted(text, reading);
    CHECK(config.usable);
    return print_route(config.route);
}

inline const Finding* find_code(const PortkeyConfig& config, const std::string& code) {
    const auto at = std::find_if(config.findings.begin(), config.findings.end(),
                                 [&](const Finding& finding) { return finding.code == code; });
    return at == config.findings.end() ? nullptr : &*at;
}

inline std::vector<std::string> codes_of(const PortkeyConfig& config) {
    std::vector<std::string> codes;
    for (const Finding& finding : config.findings) {
        codes.push_back(finding.code);
    }
    return codes;
}

}  // namespace llmgw::portkey_conversion
