// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"

namespace llmgw {

/// A step into a JSON value: a member's name, an element's number, or `[*]`.
struct DropStep {
    std::string name;                    ///< of a member; empty: elements
    std::optional<std::size_t> element;  ///< not set: all of them
};

/// What a path of a route's `drop` leads to: "metadata", "response_format.json_schema",
/// "messages[0].name", "tools[*].function.strict".
using DropPath = std::vector<DropStep>;

/// Errc::invalid_file, without a position: the path is malformed.
[[nodiscard]] Result<DropPath> parse_drop_path(std::string_view path);

/// A JSON value, which has passed scan_object(), without what the paths lead to. What stays keeps
/// its bytes. nullopt: the paths lead nowhere in it.
[[nodiscard]] std::optional<std::string> drop_from_json(std::string_view json,
                                                        const std::vector<DropPath>& paths);

}  // namespace llmgw
