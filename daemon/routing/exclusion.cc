// SPDX-License-Identifier: Apache-2.0
#include "daemon/routing/exclusion.h"

#include <array>

namespace llmgw {

namespace {

struct Text {
    std::string_view name;
    std::string_view sentence;
};

// In the order of the enumeration.
constexpr std::array kTexts = {
    Text{"none", "can be asked"},
    Text{"disabled", "is disabled"},
    Text{"unusable", "has a secret or an address that cannot be used"},
    Text{"unsupported_wire", "speaks a format that this version cannot send"},
    Text{"no_key", "has no key here"},
    Text{"deactivated", "no longer offers the model"},
    Text{"unstable", "offers the model as unstable only"},
    Text{"priority_zero", "has priority 0"},
    Text{"no_vision", "does not take images"},
    Text{"no_tools", "does not take tools"},
    Text{"no_json_schema", "does not take a JSON schema"},
    Text{"no_reasoning", "does not reason"},
    Text{"no_audio", "does not take audio"},
    Text{"no_documents", "does not take documents"},
    Text{"no_streaming", "does not stream"},
    Text{"context_too_small", "has too small a context"},
    Text{"other_region", "is in another region"},
    Text{"rate_limited", "rests: it has limited the rate of requests"},
    Text{"refused", "rests: it refused the key"},
    Text{"failing", "rests: it failed too often"},
};
static_assert(kTexts.size() == static_cast<std::size_t>(Exclusion::failing) + 1);

}  // namespace

std::string_view describe(Exclusion exclusion) {
    return kTexts.at(static_cast<std::size_t>(exclusion)).sentence;
}

std::string_view exclusion_name(Exclusion exclusion) {
    return kTexts.at(static_cast<std::size_t>(exclusion)).name;
}

std::optional<Exclusion> read_exclusion(std::string_view name) {
    for (std::size_t i = 0; i < kTexts.size(); i++) {
        if (kTexts.at(i).name == name) {
            return static_cast<Exclusion>(i);
        }
    }
    return std::nullopt;
}

}  // namespace llmgw
