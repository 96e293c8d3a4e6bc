// SPDX-License-Identifier: Apache-2.0
#include "cli/session.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "cli/secret_input.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "daemon/gateway/gateway.h"

namespace llmgw {

Result<Session> open_session() {
    auto home = find_home();
    if (!home) {
        return tl::unexpected(std::move(home.error()));
    }
    if (auto made = make_home(*home); !made) {
        return tl::unexpected(std::move(made.error()));
    }
    auto store = Store::open(home->database());
    if (!store) {
        return tl::unexpected(std::move(store.error()));
    }
    return Session{.home = *std::move(home), .store = *std::move(store)};
}

std::optional<Session> open_existing_session() {
    auto home = find_home();
    if (!home || ::access(home->database().c_str(), R_OK) != 0) {
        return std::nullopt;
    }
    auto store = Store::open(home->database());
    if (!store) {
        return std::nullopt;
    }
    return Session{.home = *std::move(home), .store = *std::move(store)};
}

std::string today() {
    constexpr std::size_t kDateLength = 10;  // of "2026-11-23T09:12:31Z"
    return rfc3339(unix_ms()).substr(0, kDateLength);
}

std::optional<std::string> environment_value(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') {
        return std::nullopt;
    }
    return value;
}

std::vector<ProviderKey> environment_keys(const std::vector<ProviderKey>& stored) {
    std::vector<ProviderKey> keys;
    for (auto& found : find_environment_keys()) {
        const bool known = std::any_of(stored.begin(), stored.end(), [&](const ProviderKey& key) {
            return key.provider == found.key.provider;
        });
        if (!known) {
            keys.push_back(std::move(found.key));
        }
    }
    return keys;
}

Result<void> check_name(const std::string& what, const std::string& name) {
    constexpr std::size_t kMaxName = 64;
    const auto is_first = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool valid = !name.empty() && name.size() <= kMaxName && is_first(name[0]) &&
                       std::all_of(name.begin(), name.end(), [&](char c) {
                           return is_first(c) || c == '.' || c == '_' || c == '-';
                       });
    if (valid && !looks_like_secret(name)) {
        return {};
    }
    const bool show = !name.empty() && !looks_like_secret(name);
    return fail(Errc::usage,
                (show ? "'" + printable(name) + "'" : "that text") + " cannot be " + what,
                "use up to 64 of a-z 0-9 . _ - and start with a letter or digit");
}

std::string suggest(const std::string& word, const std::vector<std::string>& names,
                    const std::string& otherwise) {
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto near = nearest(word, views);
    if (near.empty()) {
        return otherwise;
    }
    std::string text = "did you mean " + near[0];
    for (std::size_t i = 1; i < near.size(); ++i) {
        text += (i + 1 == near.size() ? " or " : ", ") + near[i];
    }
    return text + "?";
}

}  // namespace llmgw
