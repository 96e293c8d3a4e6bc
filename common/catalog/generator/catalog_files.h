// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw::generator {

using Json = nlohmann::ordered_json;

/// One entry of a data file, with the words that lead a person to it.
struct Entry {
    std::string where;   ///< `models/openai.json: model "gpt-4o"`
    std::string family;  ///< of a model: its file's name
    Json json;
};

/// All data files, as they were read.
struct CatalogFiles {
    std::vector<Entry> providers;
    std::vector<Entry> models;
};

/// What is wrong with the data, in the order of the files; all of it is worth printing.
using Problems = std::vector<std::string>;

/// Reads providers.json and models/*.json of a folder. What cannot be read becomes a problem.
[[nodiscard]] CatalogFiles read_files(const std::string& folder, Problems& problems);

/// Checks every field of every entry, and what the entries say of each other.
void check(const CatalogFiles& files, Problems& problems);

/// The C++ source of the tables. For checked files only.
[[nodiscard]] std::string emit(const CatalogFiles& files);

/// "0.15" to nano-dollars; nullopt unless it is a plain decimal with at most nine digits behind
/// the point and six before it.
[[nodiscard]] std::optional<std::int64_t> parse_nano(std::string_view decimal);

/// 1.5 to 1500; nullopt unless it is over 0, at most 1,000, and exact in thousandths.
[[nodiscard]] std::optional<std::int64_t> parse_milli(double number);

}  // namespace llmgw::generator
