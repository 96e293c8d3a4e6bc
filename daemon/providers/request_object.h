// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/base/json_scan.h"

namespace llmgw {

/// The code for what OpenAI's format allows and the canonical form cannot express.
inline constexpr const char* kUnsupported = "unsupported_value";

/// One object of a request's body, read member by member. A member that is null counts as absent.
/// The first mistake is kept in the error that all objects of a body share, with the field's path
/// as `param`; reading goes on harmlessly, so that only the end has to look at it.
class RequestObject {
  public:
    /// `path` leads to the object: "messages[3].content[0]"; empty at the top.
    RequestObject(std::string_view object, std::string path, std::optional<Error>& error);
    RequestObject(std::vector<JsonField> fields, std::optional<Error>& error)
        : fields_(std::move(fields)), error_(error) {}

    [[nodiscard]] const std::vector<JsonField>& fields() const { return fields_; }
    [[nodiscard]] const JsonField* find(std::string_view name) const;
    [[nodiscard]] std::string path_to(std::string_view name) const;

    /// Notes a mistake in a member: "\"messages[0].role\" " and `what`.
    void refuse(std::string_view name, const std::string& what, const char* code = "invalid_value");

    [[nodiscard]] std::string text(std::string_view name);
    [[nodiscard]] std::string required_text(std::string_view name);
    [[nodiscard]] std::optional<bool> boolean(std::string_view name);
    [[nodiscard]] std::optional<std::uint64_t> count(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name);
    [[nodiscard]] std::optional<double> number(std::string_view name);
    /// An object as the bytes it was sent with; empty: absent.
    [[nodiscard]] std::string object_text(std::string_view name);
    /// An object to be read on; one without members when it is absent.
    [[nodiscard]] RequestObject object(std::string_view name);
    /// The elements of an array, which must be objects; none when it is absent.
    [[nodiscard]] std::vector<RequestObject> objects(std::string_view name);

  private:
    const JsonField* find_kind(std::string_view name, JsonKind kind, const char* what);

    std::vector<JsonField> fields_;
    std::string path_;
    std::optional<Error>& error_;
};

}  // namespace llmgw
