// SPDX-License-Identifier: Apache-2.0
#pragma once

// How the readers of this folder take documents apart.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/error.h"
#include "common/base/json_scan.h"

namespace llmgw {

/// The text of a document, and the first mistake that was found in it. Reading goes on harmlessly
/// behind a mistake, so that only the end has to look at it.
struct Document {
    std::string_view text;
    std::optional<Error> error;
};

/// One value of a document, and the way to it.
class DocumentValue {
  public:
    /// `json` is a part of the document's text; `pointer` is a JSON pointer (RFC 6901).
    DocumentValue(Document& document, std::string_view json, std::string pointer)
        : document_(&document), json_(json), pointer_(std::move(pointer)) {}

    [[nodiscard]] std::string_view json() const { return json_; }
    [[nodiscard]] const std::string& pointer() const { return pointer_; }
    [[nodiscard]] JsonKind kind() const { return json_kind(json_); }

    /// Notes a mistake: "line 7, column 12: /targets/1/weight " and `what`.
    void refuse(const std::string& what, std::string hint = {}) const;
    /// The same for a sentence: "…: /targets/1/drop/0: " and `sentence`.
    void report(const std::string& sentence) const;

    /// A text that is not empty; otherwise "" and a mistake. What it is not is "must be `what`".
    [[nodiscard]] std::string text(const char* what = "a text") const;
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] std::int64_t integer(std::int64_t min, std::int64_t max) const;
    /// "30s", or milliseconds as a number.
    [[nodiscard]] std::int64_t duration_ms(std::int64_t min_ms, std::int64_t max_ms) const;
    /// The elements of an array; none and a mistake when there are more than `max`.
    [[nodiscard]] std::vector<DocumentValue> elements(std::size_t max) const;
    [[nodiscard]] std::vector<std::string> texts(std::size_t max) const;

    /// A member's or an element's value.
    [[nodiscard]] DocumentValue at(std::string_view json, std::string_view name) const;
    /// What a pointer leads to from here, or the last on the way that there is.
    [[nodiscard]] DocumentValue below(std::string_view pointer) const;

  private:
    friend class DocumentObject;

    Document* document_;
    std::string_view json_;
    std::string pointer_;
};

/// An object of a document. Names that are there twice are a mistake.
class DocumentObject {
  public:
    explicit DocumentObject(DocumentValue value);

    using Member = std::pair<std::string, DocumentValue>;  ///< with its name, decoded
    [[nodiscard]] const std::vector<Member>& members() const& { return members_; }
    const std::vector<Member>& members() const&& = delete;
    [[nodiscard]] const DocumentValue* find(std::string_view name) const;
    /// The same, and it is a mistake if there is none.
    [[nodiscard]] const DocumentValue* require(std::string_view name) const;
    [[nodiscard]] const DocumentValue& value() const { return value_; }

    /// Notes a mistake for the first name that is none of these; "did you mean …?".
    void check_names(std::span<const std::string_view> known, std::string_view hint = {}) const;
    /// Notes a mistake at a member's name.
    void refuse_name(std::string_view name, const std::string& what, std::string hint = {}) const;

  private:
    DocumentValue value_;
    std::vector<Member> members_;
    std::vector<std::string_view> keys_;  // as they stand in the text
};

}  // namespace llmgw
