// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/json_scan.h"

namespace llmgw {

/// The members of a JSON object in a provider's answer, read by name and kind. Whatever is absent,
/// null or of another kind reads as empty: providers leave out what they like. Views point into the
/// text that it was made from.
class JsonMembers {
  public:
    /// Of anything but an object: no members, and not valid().
    explicit JsonMembers(std::string_view value);

    [[nodiscard]] bool valid() const { return valid_; }
    [[nodiscard]] bool has(std::string_view name) const { return !raw(name).empty(); }
    /// The value's own bytes; empty when it is absent or null.
    [[nodiscard]] std::string_view raw(std::string_view name) const;
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] std::optional<std::uint64_t> count(std::string_view name) const;
    [[nodiscard]] JsonMembers object(std::string_view name) const;
    [[nodiscard]] std::vector<std::string_view> elements(std::string_view name) const;

  private:
    std::vector<JsonField> fields_;
    bool valid_ = false;
};

}  // namespace llmgw
