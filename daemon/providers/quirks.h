// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace llmgw {

/// A request field that the provider knows by another name.
struct FieldRename {
    std::string_view from;
    std::string_view to;
};

/// What is peculiar about a provider that speaks OpenAI's format otherwise. Only what its
/// documentation says; what a catalog field can say (Provider::rejects, Mapping::rejects, limits)
/// is said there.
struct Quirks {
    std::string_view provider;                       ///< the catalog's id, or "custom"
    std::span<const FieldRename> renames = {};       ///< of top-level request fields
    std::span<const std::string_view> rejects = {};  ///< beside those of the catalog
    std::string_view required_tool_choice = {};      ///< its word for `tool_choice: "required"`
    std::string_view thinking_switch = {};           ///< boolean to go with `reasoning_effort`
    /// Models that think in streams only: others of their answers want the switch to be off.
    std::span<const std::string_view> think_in_streams = {};
    bool short_tool_ids = false;      ///< ids of tool calls must be nine letters and digits
    bool wants_reasoning = false;     ///< the assistant's messages must have `reasoning_content`
    bool tools_exclude_json = false;  ///< no `response_format` of JSON beside `tools`
    bool rejects_nulls = false;       ///< fields that are null must be absent
    bool says_reasoning = false;      ///< answers have `reasoning` instead of `reasoning_content`
    bool thinks_in_content = false;   ///< answers may have thoughts among the parts of `content`
    bool thinks_in_tags = false;      ///< `content` may begin with <think>…</think>
    bool lists_sources = false;       ///< answers have `search_results` instead of `annotations`

    [[nodiscard]] constexpr bool of_answers() const {
        return says_reasoning || thinks_in_content || thinks_in_tags || lists_sources;
    }
    [[nodiscard]] constexpr bool of_messages() const {
        return short_tool_ids || wants_reasoning || rejects_nulls;
    }
};

/// nullptr for providers without any, which is most of them.
[[nodiscard]] const Quirks* quirks_of(std::string_view provider);

}  // namespace llmgw
