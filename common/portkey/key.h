// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmgw {

/// A provider key as something of Portkey's names it (by slug) or carries it.
struct PortkeyKey {
    std::string label;     ///< what the route calls it ("@LABEL" there): the slug, or made up
    std::string slug;      ///< a virtual key's or provider's; empty: the config has it inline
    std::string provider;  ///< llmgw's id or "custom"; empty: not known, or none that llmgw can ask
    std::string base_url;  ///< empty: the provider's own
    std::string secret;    ///< inline; never printed; empty: it has to be asked for
    std::string env;       ///< the variable that the secret is read from; may be empty
    std::string region;
    std::vector<std::pair<std::string, std::string>> options;  ///< as ProviderKey::options
    /// Go upstream with its calls (OpenAI-Organization): into the routes' leaves that ask it.
    std::vector<std::pair<std::string, std::string>> headers;
    bool guessed = false;  ///< the provider was concluded from a name
};

/// A slug as llmgw can call a provider key: up to 64 of a-z 0-9 . _ -, beginning with a letter or
/// digit. It need not be free: "openai" is a provider's own.
[[nodiscard]] std::string portkey_label(std::string_view slug);

}  // namespace llmgw
