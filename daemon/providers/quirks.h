// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace llmgw {

/// Where a provider's usage object departs from OpenAI's.
struct UsageQuirks {
    bool reasoning_outside_completion = false;  ///< not counted within `completion_tokens`
    std::string_view cached_tokens = {};  ///< the usage's own member for them, beside the details
    std::string_view envelope = {};       ///< the chunk's member in which another `usage` may be
};

/// A request field that the provider knows by another name.
struct FieldRename {
    std::string_view from;
    std::string_view to;
};

/// What is peculiar about a provider that speaks OpenAI's format otherwise. Only what its
/// documentation says; what a catalog field can say (Provider::rejects, Mapping::rejects, limits)
/// is said there.
struct Quirks {
    std::string_view provider;                       ///< the catalog's id
    std::span<const FieldRename> renames = {};       ///< of top-level request fields
    std::span<const std::string_view> rejects = {};  ///< beside those of the catalog
    std::string_view required_tool_choice = {};      ///< its word for `tool_choice: "required"`
    std::string_view thinking_switch = {};           ///< boolean to go with `reasoning_effort`
    bool short_tool_ids = false;     ///< ids of tool calls must be nine letters and digits
    bool wants_reasoning = false;    ///< the assistant's messages must have `reasoning_content`
    bool says_reasoning = false;     ///< answers have `reasoning` instead of `reasoning_content`
    bool thinks_in_content = false;  ///< answers may have thoughts among the parts of `content`
    UsageQuirks usage = {};
};

/// nullptr for providers without any, which is most of them.
[[nodiscard]] const Quirks* quirks_of(std::string_view provider);

}  // namespace llmgw
