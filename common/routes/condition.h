// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/json_scan.h"

namespace llmgw {

/// What conditions look at. Points into the request.
struct ConditionInput {
    std::vector<JsonField> metadata;  ///< that the client sends about the request
    std::vector<JsonField> params;    ///< the body's members, as the client sent them
    std::vector<std::pair<std::string_view, std::string_view>> headers;
    std::string_view pathname;  ///< "/v1/chat/completions"
};

/// A query of a conditional node, ready to be asked many times. It is evaluated like Portkey's
/// router does (1.15), to the letter: the order of members matters, values are those of JavaScript
/// and never convert for an equality, `$gt` and its like compare what parseFloat makes of both
/// sides, `$regex` looks at String(value), and a missing member is undefined. RouteCondition says
/// which fields there are. Copies share what was compiled.
class Condition {
  public:
    /// Errc::invalid_file when it is no JSON object. What is wrong inside is only told when a
    /// request comes to it, as Portkey does.
    [[nodiscard]] static Result<Condition> compile(std::string_view query);

    /// Errors are Errc::invalid_request with the code "unsupported_operator": `param` is what is no
    /// operator.
    [[nodiscard]] Result<bool> matches(const ConditionInput& input) const;

  private:
    struct Compiled;
    explicit Condition(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
    std::shared_ptr<const Compiled> compiled_;
};

/// Whether a query can be evaluated whatever a request holds: every operator is one, takes what it
/// is given, and every pattern can be matched. Errc::invalid_file; `Error::param` is the JSON
/// pointer of what is wrong, within the query.
[[nodiscard]] Result<void> check_condition(std::string_view query);

/// The text of a field ("metadata.user"), as String(value) in JavaScript; nullopt when the request
/// has none.
[[nodiscard]] std::optional<std::string> condition_field(std::string_view field,
                                                         const ConditionInput& input);

}  // namespace llmgw
