// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "common/base/json_scan.h"

namespace llmgw {

/// A JSON value as JavaScript sees it: what conditions compare. `json` points into the document.
struct ScriptValue {
    enum class Kind { undefined, null, boolean, number, string, array, object };

    Kind kind = Kind::undefined;
    bool truth = false;     ///< of a boolean
    double number = 0;      ///< of a number
    std::string text;       ///< of a string, decoded
    std::string_view json;  ///< as it is written

    [[nodiscard]] bool is_defined() const { return kind != Kind::undefined; }
    /// An array or an object: `typeof value === "object"`, and not null.
    [[nodiscard]] bool is_structured() const { return kind == Kind::array || kind == Kind::object; }
};

/// Reads a value that is part of a document that has passed scan_object().
[[nodiscard]] ScriptValue script_value(std::string_view json);
/// A text that is no part of a document.
[[nodiscard]] ScriptValue script_string(std::string_view text);

/// `a === b`. Objects and arrays of different documents never are.
[[nodiscard]] bool strictly_equal(const ScriptValue& a, const ScriptValue& b);
/// `String(value)`.
[[nodiscard]] std::string script_text(const ScriptValue& value);
/// `parseFloat(value)`: the number that its text begins with; NaN when it does not.
[[nodiscard]] double parse_float(const ScriptValue& value);

}  // namespace llmgw
