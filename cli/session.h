// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/error.h"
#include "common/base/home.h"
#include "common/catalog/catalog.h"
#include "common/store/store.h"

namespace llmgw {

/// The set-up of this user, opened for one command.
struct Session {
    Home home;
    std::unique_ptr<Store> store;
};

/// Opens it, making the folders and the database that are missing.
[[nodiscard]] Result<Session> open_session();

/// Opens it only if there is a database; makes nothing.
[[nodiscard]] std::optional<Session> open_existing_session();

/// Providers whose key is in the environment only: nothing is stored for them. Labelled like the
/// provider.
[[nodiscard]] std::vector<ProviderKey> environment_keys(const std::vector<ProviderKey>& stored);

/// Today in UTC, "2026-11-23", for catalog::is_active().
[[nodiscard]] std::string today();

/// The value of a variable, if it is set and not empty.
[[nodiscard]] std::optional<std::string> environment_value(const std::string& name);

/// What names of keys, labels and aliases look like: [a-z0-9][a-z0-9._-]{0,63}. `what` is what the
/// message calls it.
[[nodiscard]] Result<void> check_name(const std::string& what, const std::string& name);

/// "did you mean a, b or c?", or `otherwise` when nothing is near.
[[nodiscard]] std::string suggest(const std::string& word, const std::vector<std::string>& names,
                                  const std::string& otherwise);

}  // namespace llmgw
