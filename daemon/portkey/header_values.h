// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmgw {

// The values of Portkey's headers in all the ways in which clients write them.

/// Without one pair of quotes around it: the documentation's curl examples have them inside.
[[nodiscard]] std::string_view unquoted(std::string_view value);

/// A header's value as UTF-8. Node's clients send UTF-8, Python's latin-1.
[[nodiscard]] std::string header_text(std::string_view value);

/// `x-portkey-metadata` as a JSON object. Python's and JavaScript's way to write one is
/// understood, too; empty for what is no object, as at Portkey.
[[nodiscard]] std::string metadata_object(std::string_view value);

/// The object with the members of a `baggage` header (W3C) that it does not have itself.
[[nodiscard]] std::string with_baggage(std::string metadata, std::string_view baggage);

/// The names in `x-portkey-forward-headers`, in lower case: "a, b", or Python's "['a', 'b']".
[[nodiscard]] std::vector<std::string> header_names(std::string_view value);

/// The trace's id in a `traceparent` header (W3C); empty when it is malformed.
[[nodiscard]] std::string_view trace_of(std::string_view traceparent);

/// A whole number that is not negative.
[[nodiscard]] std::optional<std::int64_t> header_number(std::string_view value);

/// "true" or "1" against "false" or "0"; nullopt for anything else.
[[nodiscard]] std::optional<bool> header_flag(std::string_view value);

}  // namespace llmgw
