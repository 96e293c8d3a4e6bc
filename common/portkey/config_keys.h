// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/portkey/config_context.h"
#include "common/portkey/providers.h"

namespace llmgw {

/// What a target says about the provider key that it asks.
struct KeyWanted {
    std::string slug;                           ///< empty: the key is in the config
    const PortkeyProvider* provider = nullptr;  ///< that is named beside it; nullptr: none is
    std::string model;                          ///< may tell the provider
    ConfigValue secret;                         ///< `api_key`
    PortkeyDetails details;
    std::vector<std::string> detail_pointers;  ///< where each of them stands
    std::string base_url;                      ///< for a custom_host
    bool from_expression = false;              ///< the slug is what the program puts in
    std::string pointer;                       ///< of the target
    std::string name_pointer;                  ///< of what names the key or its provider
};

/// The variable that an expression reads; empty: none, or more than that.
[[nodiscard]] std::string variable_in(std::string_view expression);

/// The provider keys of a config: one for each slug and each inline secret, however many targets
/// name it.
class ConfigKeys {
  public:
    ConfigKeys(ConfigContext& context, std::set<std::string> slugs)
        : context_(context), slugs_(std::move(slugs)) {}

    /// The key, until the next one. The headers that go with it are added to `headers`.
    [[nodiscard]] const PortkeyKey& add(const KeyWanted& wanted,
                                        std::vector<std::pair<std::string, std::string>>& headers);
    /// Reports what is not known of them, and puts them into the result.
    void finish();

  private:
    struct Entry {
        PortkeyKey key;
        std::string written;  ///< an inline secret as it is there, which may be a mask
        std::string host;     ///< an address that the config gives
        std::string pointer;
        std::string secret_pointer;
        std::string name;                       ///< what the label is made from
        const PortkeyProvider* none = nullptr;  ///< one that llmgw cannot ask, by the name
        bool is_token = false;                  ///< what was there is of no use
    };
    void choose_provider(const KeyWanted& wanted, Entry& entry) const;
    void take_secret(const KeyWanted& wanted, Entry& entry);
    void report_details(const KeyWanted& wanted, const std::vector<PortkeyDetailNote>& notes);
    [[nodiscard]] Entry* find_same(const Entry& wanted);
    [[nodiscard]] std::string free_label(const Entry& entry) const;
    void report_provider(const Entry& entry);
    void report_secret(const Entry& entry);

    ConfigContext& context_;
    std::set<std::string> slugs_;  ///< all that the config names: their labels are not made up
    std::vector<Entry> entries_;
};

}  // namespace llmgw
