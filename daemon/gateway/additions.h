// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_scan.h"
#include "daemon/gateway/inference_call.h"
#include "daemon/gateway/usage.h"

namespace llmgw {

/// What llmgw writes into answers, unless the client asked for plain ones.
struct Additions {
    bool plain = false;
    const Mapping* mapping = nullptr;  ///< whose prices hold; nullptr: unknown
    bool free = false;                 ///< the answer was paid before: whatever it used costs 0
    std::string metadata;              ///< the `metadata` object's members, without braces

    [[nodiscard]] std::optional<Cost> cost(const Usage& usage) const {
        return free ? Cost{} : cost_of(usage, mapping);
    }
};

/// An answer's bytes with the additions spliced in: views into it and into `owned`.
struct Spliced {
    std::vector<std::string_view> pieces;
    std::vector<std::string> owned;
    std::optional<Usage> usage;
    std::optional<Cost> cost;
};

/// Adds to one JSON object: `cost` and `cost_details` to its `usage`, and `metadata`. `fields` are
/// those of scan_object(). When it is a whole answer to `call` whose provider told no usage, the
/// `usage` is estimated. The views point into `object` and the result.
[[nodiscard]] Spliced add_to_object(std::string_view object, const std::vector<JsonField>& fields,
                                    const Additions& additions,
                                    const InferenceCall* call = nullptr);

}  // namespace llmgw
