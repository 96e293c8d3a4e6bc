// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/json_scan.h"

namespace llmgw {

/// What conditions look at: `metadata.K`, `params.K` and `url.pathname`. Points into the request.
struct ConditionInput {
    std::vector<JsonField> metadata;  ///< that the client sends about the request
    std::vector<JsonField> params;    ///< the body's members, as the client sent them
    std::string_view pathname;        ///< "/v1/chat/completions"
};

/// A query of a conditional node, ready to be asked many times. It is evaluated like Portkey's
/// router does (1.15), to the letter: the order of members matters, values are those of JavaScript
/// and never convert for an equality, `$gt` and its like compare what parseFloat makes of both
/// sides, `$regex` looks at String(value), and a missing member is undefined.
class Condition {
  public:
    Condition();
    ~Condition();
    Condition(const Condition& other);
    Condition(Condition&& other) noexcept;
    Condition& operator=(const Condition& other);
    Condition& operator=(Condition&& other) noexcept;

    /// Errc::invalid_file when it is no JSON object. What is wrong in it is only told when a
    /// request comes to it, as Portkey does.
    [[nodiscard]] static Result<Condition> compile(std::string_view query);

    /// Errors are Errc::invalid_request: an operator that is none.
    [[nodiscard]] Result<bool> matches(const ConditionInput& input) const;

    struct Query;

  private:
    std::shared_ptr<const Query> query_;
};

/// Whether a query can be evaluated whatever a request holds: every operator is one, takes what it
/// is given, and every pattern compiles. Errc::invalid_file; `Error::param` is the JSON pointer of
/// what is wrong, within the query.
[[nodiscard]] Result<void> check_condition(std::string_view query);

/// The text of a value that the fields of `sticky` name ("metadata.user"), as String(value) in
/// JavaScript; empty when the request has none.
[[nodiscard]] std::string condition_text(std::string_view field, const ConditionInput& input);

}  // namespace llmgw
