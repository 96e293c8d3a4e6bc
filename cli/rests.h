// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/store/log_store.h"
#include "common/store/store.h"

namespace llmgw {

/// The rests of provider keys that last, as a gateway saved them; those of keys that were renewed
/// since are over. None without a log. By key, those for all models first.
[[nodiscard]] Result<std::vector<RestRow>> resting_keys(Store& store);

/// Those of one key.
[[nodiscard]] std::vector<RestRow> rests_of(const std::vector<RestRow>& rests,
                                            std::string_view label);

/// What caused a rest: "401: invalid key"; empty when nothing is known.
[[nodiscard]] std::string rest_cause(const RestRow& rest);

/// "rests for 4m (401: invalid key)", with the model in front of it if it is for one.
[[nodiscard]] std::string rest_text(const RestRow& rest);

/// "40s", "4m", "3h": rounded up, never "0s".
[[nodiscard]] std::string show_time_left(std::int64_t milliseconds);

}  // namespace llmgw
