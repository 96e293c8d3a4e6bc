// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_scan.h"
#include "common/portkey/config.h"

namespace llmgw {

/// What a finding says: Portkey's part, llmgw's, and the user's.
struct FindingTexts {
    std::string portkey;
    std::string llmgw;
    std::string action;
};

/// What all parts of a conversion share.
struct ConfigContext {
    const LooseDocument& document;
    const PortkeyReading& reading;
    PortkeyConfig& out;

    void note(Severity severity, std::string_view code, const std::string& pointer,
              FindingTexts texts);
    /// An error without which there would be no route.
    void refuse(std::string_view code, const std::string& pointer, FindingTexts texts);
    /// The same as `note`, but once for a config however often it holds.
    void note_once(Severity severity, std::string_view code, const std::string& pointer,
                   FindingTexts texts);
};

struct ConfigMember;

/// A value of a config and where it stands. The bytes are the document's.
struct ConfigValue {
    std::string_view json;  ///< empty: there is none
    std::string pointer;

    [[nodiscard]] explicit operator bool() const { return !json.empty(); }
    [[nodiscard]] bool is(JsonKind kind) const { return !json.empty() && json_kind(json) == kind; }
    [[nodiscard]] bool is_true() const { return json == "true"; }
    /// Empty and 0 for another kind of value.
    [[nodiscard]] std::string text() const {
        return is(JsonKind::string) ? json_text(json).value_or("") : "";
    }
    [[nodiscard]] double number() const {
        return is(JsonKind::number) ? json_double(json).value_or(0) : 0;
    }
    /// Of an object and an array; none for another kind.
    [[nodiscard]] std::vector<ConfigMember> members() const;
    [[nodiscard]] std::vector<ConfigValue> elements() const;
    /// False for one that is not there or null.
    [[nodiscard]] ConfigValue member(std::string_view name) const;
};

struct ConfigMember {
    std::string name;
    ConfigValue value;
};

/// What an object is, for the members that it should not have.
struct ConfigNames {
    std::string_view what;                    ///< "a target"
    std::span<const std::string_view> names;  ///< the members that it can have
};

/// An object of a config, whose members may be spelled in snake case or camel case. Every one has
/// to be taken: finish() reports those that were not.
class ConfigObject {
  public:
    ConfigObject(ConfigContext& context, const ConfigValue& object);

    /// The value of a member, by its name in snake case; false for one that is not there or null.
    [[nodiscard]] ConfigValue take(std::string_view name);
    [[nodiscard]] bool has(std::string_view name) const;
    /// The names, in snake case, of the members that were not taken.
    [[nodiscard]] std::vector<std::string> left() const;
    void finish(const ConfigNames& names);

    [[nodiscard]] const std::string& pointer() const { return pointer_; }
    [[nodiscard]] bool empty() const { return members_.empty(); }

  private:
    struct Member {
        std::string name;
        std::string written;
        ConfigValue value;
        bool taken = false;
    };
    void report(const Member& member, const ConfigNames& names);

    ConfigContext& context_;
    std::string pointer_;
    std::vector<Member> members_;
};

/// "overrideParams" as "override_params".
[[nodiscard]] std::string snake_case(std::string_view name);

// Values as what they should be. What is not, is a finding: taken as what it plainly means, or left
// out. An expression has no value.
[[nodiscard]] std::optional<std::string> read_text(ConfigContext& context,
                                                   const ConfigValue& value);
[[nodiscard]] std::optional<double> read_number(ConfigContext& context, const ConfigValue& value);
[[nodiscard]] std::optional<std::int64_t> read_integer(ConfigContext& context,
                                                       const ConfigValue& value);
[[nodiscard]] std::optional<bool> read_flag(ConfigContext& context, const ConfigValue& value);
/// The texts of an array, or of a text with commas.
[[nodiscard]] std::vector<ConfigValue> read_texts(ConfigContext& context, const ConfigValue& value);
[[nodiscard]] std::optional<std::vector<int>> read_status_codes(ConfigContext& context,
                                                                const ConfigValue& value);

/// Whether it is an expression, whose value only the program knows; reports it then.
[[nodiscard]] bool is_expression(ConfigContext& context, const ConfigValue& value,
                                 Severity severity = Severity::warning);
/// That it is of another type than Portkey takes, and what llmgw makes of it.
void note_type(ConfigContext& context, const ConfigValue& value, std::string_view expected,
               std::string llmgw, std::string action);
/// A value for a person: shortened, and without anything that could be a secret.
[[nodiscard]] std::string shown(const ConfigValue& value);

}  // namespace llmgw
