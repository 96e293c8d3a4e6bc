// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/routes/condition.h"
#include "common/routes/script_value.h"

namespace llmgw {

/// What a member of a query names: "metadata.user", "params.model", "url.pathname",
/// "headers.x-team" or "body.response_format.type". Only the last two go further than Portkey's two
/// segments.
struct ConditionField {
    enum class Root { none, metadata, params, url, headers, body };

    Root root = Root::none;
    std::vector<std::string> names;  ///< one, but of a body

    [[nodiscard]] static ConditionField parse(std::string_view path);
    [[nodiscard]] ScriptValue value(const ConditionInput& input) const;
};

}  // namespace llmgw
