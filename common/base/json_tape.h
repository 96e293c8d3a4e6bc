// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/json_scan.h"

namespace llmgw {

/// One value of a JsonTape. An object is followed by its members, each a string and then its value,
/// and an array by its elements.
struct JsonNode {
    std::uint32_t begin;  ///< in the text; of a string, behind its quote
    std::uint32_t size;   ///< as written; of a string, between its quotes
    std::uint32_t end;    ///< the number of the node behind it and behind all that is in it
    JsonKind kind;
    bool escaped;  ///< a string that holds escapes
};

/// A JSON value as a flat list of all that is in it, in the order it was written. One pass, without
/// a tree: for those who want the values in another order. Kept and used again, it allocates
/// nothing.
class JsonTape {
  public:
    /// Reads a value that has passed scan_object(), for as long as it lives. False when there is
    /// more in it than kMaxNodes, which take 16 MB.
    [[nodiscard]] bool read(std::string_view value);
    static constexpr std::size_t kMaxNodes = 1'000'000;

    [[nodiscard]] const JsonNode& operator[](std::size_t node) const { return nodes_[node]; }
    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] std::string_view text(const JsonNode& node) const {
        return {text_ + node.begin, node.size};
    }
    /// Whether it is the string `text`.
    [[nodiscard]] bool is(std::uint32_t node, std::string_view text) const;
    /// The value of an object's last member of that name, 0 when it has none.
    [[nodiscard]] std::uint32_t member(std::uint32_t object, std::string_view name) const;
    /// Gives memory back that only an unusual value has needed.
    void shrink();

  private:
    void add_value();
    void add_string();
    void add_container(JsonKind kind);
    void skip_space();

    const char* text_ = nullptr;
    const char* at_ = nullptr;
    const char* end_ = nullptr;
    bool full_ = false;
    std::vector<JsonNode> nodes_;
};

}  // namespace llmgw
