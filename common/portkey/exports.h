// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/finding.h"
#include "common/portkey/loose_document.h"
#include "common/portkey/providers.h"

namespace llmgw {

/// Where something was read.
struct ExportPlace {
    std::string file;
    int line = 0;         ///< 0: not known
    std::string pointer;  ///< a JSON pointer into the file
    /// Of a Terraform resource: "portkey_config.prod".
    std::string address;
    bool is_state = false;  ///< from Terraform's state, which knows more than its source
};

/// A config that is saved at Portkey, or in a file of its own.
struct ExportedConfig {
    ExportPlace place;
    std::string slug;  ///< "pc-…"; empty: a file that has none
    std::string id;
    std::string name;
    std::string changed_at;             ///< orders versions of one config
    std::optional<LooseDocument> body;  ///< not set: a list, which has no bodies
};

/// What kind of thing holds a provider's key at Portkey.
enum class ExportedKeyKind {
    virtual_key,  // a slug with its provider and its key
    provider,     // a slug for an integration's key
    integration,  // the provider, its key and its settings
};

struct ExportedKey {
    ExportedKeyKind kind = ExportedKeyKind::virtual_key;
    ExportPlace place;
    std::string slug;
    std::string id;
    std::string name;
    std::string provider;     ///< Portkey's id; empty: the integration has it
    std::string integration;  ///< slug or id of the integration it belongs to
    std::string secret;       ///< as it is there: the key, nothing, a masked one or a placeholder
    PortkeyDetails details;   ///< the other settings, by the names that configs have for them
    std::vector<std::pair<std::string, std::string>> headers;  ///< go upstream with its calls
    std::string secret_store;  ///< the reference to the place that Portkey fetches the key from
    bool has_placeholders = false;  ///< settings were left out that are variables
    /// Names of Azure's deployments by the names that clients use.
    std::vector<std::pair<std::string, std::string>> deployments;
    std::vector<std::string> limits;  ///< "500 USD a month": one line each
    std::string status;               ///< "active", "exhausted", "expired"
    std::string expires_at;
};

/// A key of Portkey's that clients send; the key itself is masked in every export.
struct ExportedApiKey {
    ExportPlace place;
    std::string id;
    std::string name;
    std::string config;           ///< slug or id of the config that its requests use; may be empty
    bool allows_override = true;  ///< whether a request may name another one
    bool can_ask = true;          ///< false: it is for the admin API only
    std::string metadata;         ///< a JSON object that its requests get; may be empty
    std::vector<std::string> limits;
    std::string status;
    std::string expires_at;  ///< "2026-05-02T00:00:00.000Z"
};

/// All that some files hold of a Portkey set-up, in the order it was read.
struct PortkeyExports {
    std::vector<ExportedConfig> configs;
    std::vector<ExportedKey> keys;
    std::vector<ExportedApiKey> api_keys;
    std::vector<Finding> findings;  ///< what is in the files but has no place in the lists
};

/// How sure a text must be of being Portkey's.
enum class Sniffing {
    named,  // the user named the file: anything that can be a config is one
    found,  // it was found in a folder, among files of all kinds
};

/// Reads a text of any shape that Portkey's admin API, its user interface, its open-source gateway
/// or Terraform gives. Whether it was one; what it is not it leaves alone. Fails with
/// Errc::invalid_file, line and column, for one that begins like one and is malformed.
[[nodiscard]] Result<bool> read_export(std::string_view text, const std::string& file,
                                       Sniffing sniffing, PortkeyExports& exports);

/// Brings together what several files say of the same thing: Terraform's references become slugs,
/// its state replaces its source, keys get their integration's provider and settings, a list's
/// entries their bodies, and of several versions the latest stays.
void join_exports(PortkeyExports& exports);

}  // namespace llmgw
