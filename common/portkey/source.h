// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/portkey/finding.h"

namespace llmgw {

/// A text file that may have to do with Portkey.
struct SourceFile {
    std::string name;  ///< as it is shown, and as a diff names it
    std::string text;
};

enum class SourceLanguage { other, python, script, shell, env, json, yaml, toml, document };

/// How code or a set-up uses Portkey.
enum class UseKind {
    import,      ///< of portkey_ai, portkey-ai, @portkey-ai/…
    client,      ///< Portkey(…), AsyncPortkey(…), new Portkey({…})
    headers,     ///< createHeaders(…)
    options,     ///< with_options(…)
    base_url,    ///< api.portkey.ai, localhost:8787, PORTKEY_GATEWAY_URL
    header,      ///< x-portkey-…
    variable,    ///< PORTKEY_… of the environment
    setting,     ///< of a client: promptfoo's portkeyVirtualKey
    dependency,  ///< package.json, requirements.txt, pyproject.toml
};

struct SourceUse {
    UseKind kind = UseKind::import;
    std::string file;
    int line = 0;    ///< from 1
    int column = 0;  ///< from 1, in bytes
    std::size_t offset = 0;
    std::string word;  ///< what says so: "x-portkey-config", "PORTKEY_API_KEY"
    std::string text;  ///< the line, without blanks around it and with secrets masked
};

/// A config object inside a file: a literal of its language, for read_loose().
struct SourceConfig {
    std::string file;
    int line = 0;  ///< of its first byte
    std::string text;
};

struct SourceScan {
    std::vector<SourceUse> uses;
    std::vector<SourceConfig> configs;
};

[[nodiscard]] SourceLanguage source_language(std::string_view file);

/// Whether a text may have to do with Portkey at all; cheap, for large trees.
[[nodiscard]] bool may_use_portkey(std::string_view text);

/// Every use of Portkey in a file, in its order, and the configs that are in it.
[[nodiscard]] SourceScan scan_source(const SourceFile& file);

/// The uses as findings of severity info, with codes "U-…".
[[nodiscard]] std::vector<Finding> source_findings(const std::vector<SourceUse>& uses);

}  // namespace llmgw
