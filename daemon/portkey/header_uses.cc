// SPDX-License-Identifier: Apache-2.0
#include "daemon/portkey/header_uses.h"

#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/portkey/header_table.h"
#include "daemon/log.h"

namespace llmgw {

namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxClient = 120;
constexpr std::size_t kMostNotices = 100;

// The name behind the prefix. What is no header of Portkey's may be of any length.
std::string short_name(std::string_view name) {
    return to_lower(name.substr(kPortkeyPrefix.size(), kMaxName));
}

}  // namespace

std::vector<PortkeyHeaderUse> portkey_header_uses(const RequestHead& head, std::string_view key) {
    std::vector<PortkeyHeaderUse> uses;
    const std::string client = printable(head.header("user-agent").substr(0, kMaxClient));
    const std::int64_t now = unix_ms();
    for (const HeaderView& header : head.headers) {
        if (is_portkey_header(header.name)) {
            uses.push_back({std::string(key), client, short_name(header.name), 1, now});
        }
    }
    return uses;
}

void PortkeyHeaderNotices::look_at(const RequestHead& head) {
    for (const HeaderView& header : head.headers) {
        if (!is_portkey_header(header.name)) {
            continue;
        }
        const PortkeyHeader* const known =
            find_portkey_header(header.name.substr(kPortkeyPrefix.size()));
        const PortkeyUse use = known == nullptr ? PortkeyUse::unknown : known->use;
        if (use != PortkeyUse::unknown && use != PortkeyUse::lost) {
            continue;
        }
        std::string name = short_name(header.name);
        if (told_.size() < kMostNotices && told_.insert(name).second) {
            log(LogLevel::warn,
                use == PortkeyUse::lost
                    ? "a header of Portkey's is not honoured: llmgw has no guardrails"
                    : "a header of Portkey's is not known, and does nothing",
                {{"header", std::string(kPortkeyPrefix) + std::move(name)}});
        }
    }
}

}  // namespace llmgw
