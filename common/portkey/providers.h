// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/portkey/key.h"

namespace llmgw {

/// One of Portkey's providers, and how llmgw asks it.
struct PortkeyProvider {
    std::string_view id;        ///< Portkey's
    std::string_view provider;  ///< llmgw's id; "custom"; empty: llmgw cannot ask it
    std::string_view base_url;  ///< where Portkey asks it, if that is not the catalog's address;
                                ///< custom: empty where it depends on the account
    std::string_view path;    ///< what Portkey puts between a custom_host and llmgw's paths: "/v1"
    std::string_view remark;  ///< why llmgw cannot ask it, or what is different
};

/// All of them, by id.
[[nodiscard]] std::span<const PortkeyProvider> portkey_providers();
/// By Portkey's id or by another spelling that people use ("azure", "together"); nullptr: none.
[[nodiscard]] const PortkeyProvider* find_portkey_provider(std::string_view id_or_spelling);
/// Concluded from a slug ("openai-prod-1a2b3c"), a variable's name or a model's; nullptr: not.
[[nodiscard]] const PortkeyProvider* guess_portkey_provider(std::string_view name);

/// The base URL that stands for a `custom_host`, with the path that Portkey would have appended.
/// Fails with Errc::invalid_file for what is no address.
[[nodiscard]] Result<std::string> portkey_base_url(const PortkeyProvider& provider,
                                                   std::string_view custom_host);

/// A provider's details by Portkey's names, as in configs, integrations and, with other dashes, in
/// headers ("azure_resource_name"). What is no text is JSON.
using PortkeyDetails = std::vector<std::pair<std::string, std::string>>;

/// A detail that a key cannot have in llmgw, or not as it is.
struct PortkeyDetailNote {
    std::string field;
    bool credential = false;  ///< it is about how the provider is logged in to
    std::string llmgw;        ///< what llmgw does instead
    std::string action;       ///< what to do about it; empty: nothing
};

/// Whether that is the name of a provider's detail ("aws_region").
[[nodiscard]] bool is_portkey_detail(std::string_view name);

/// Puts details into a key whose provider is known: its address, secret, region, options, headers.
[[nodiscard]] std::vector<PortkeyDetailNote> add_portkey_details(PortkeyKey& key,
                                                                 const PortkeyDetails& details);

}  // namespace llmgw
