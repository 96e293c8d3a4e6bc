// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace llmgw {

/// What llmgw does with a request header of Portkey's.
enum class PortkeyUse : std::uint8_t {
    honoured,  // it means what it means at Portkey
    details,   // of a provider's account that the request brings: with `portkey.inline_config`
    ignored,   // it changes nothing
    lost,      // it changes nothing, although it should: llmgw has no guardrails
    unknown,   // not one of Portkey's that are known; changes nothing either
};

/// What the headers that are honoured say; those of other uses have none of these.
enum class PortkeyField : std::uint8_t {
    none,
    api_key,
    cache,
    cache_namespace,
    config,
    custom_host,
    debug,
    force_refresh,
    forward_headers,
    metadata,
    provider,
    provider_header,  // goes upstream under its own name, without the prefix
    retry_count,
    request_timeout,
    trace_id,
    virtual_key,
};

struct PortkeyHeader {
    std::string_view name;  ///< behind the prefix
    PortkeyUse use;
    PortkeyField field = PortkeyField::none;
};

inline constexpr std::string_view kPortkeyPrefix = "x-portkey-";

/// All headers of Portkey's that are known, by name.
[[nodiscard]] std::span<const PortkeyHeader> portkey_headers();
/// By the name behind the prefix, in any case; nullptr: unknown.
[[nodiscard]] const PortkeyHeader* find_portkey_header(std::string_view name);
/// "honoured", "details", "ignored", "lost", "unknown".
[[nodiscard]] std::string_view portkey_use_name(PortkeyUse use);

}  // namespace llmgw
