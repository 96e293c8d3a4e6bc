// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "common/base/json_scan.h"
#include "common/base/text.h"
#include "common/portkey/loose_reader.h"
#include "common/portkey/pointer_step.h"

namespace llmgw {

namespace {

// Members are looked up one after the other, so that many of them take long.
constexpr std::size_t kMostMembers = 4096;

std::string object_of(const std::vector<std::pair<std::string, std::string>>& members) {
    std::string out = "{";
    for (const auto& [name, value] : members) {
        out += out.size() > 1 ? "," : "";
        append_json_quoted(out, name);
        out += ':';
        out += value;
    }
    return out + "}";
}

std::string array_of(const std::vector<std::string>& elements) {
    std::string out = "[";
    for (const std::string& element : elements) {
        out += out.size() > 1 ? "," : "";
        out += element;
    }
    return out + "]";
}

}  // namespace

bool LooseReader::at_spread() const {
    return cursor_.starts_with("...") || cursor_.starts_with("**");
}

Result<std::string> LooseReader::read_object() {
    const std::size_t begin = cursor_.at();
    if (auto entered = enter(); !entered) {
        return tl::unexpected(std::move(entered.error()));
    }
    Members object;
    cursor_.take("{");
    cursor_.skip_space();
    if (cursor_.starts_with("for ")) {  // HCL's and Python's way to make an object
        cursor_.move_to(begin);
        depth_--;
        if (auto skipped = cursor_.skip_brackets(); !skipped) {
            return tl::unexpected(std::move(skipped.error()));
        }
        return placeholder(std::string(cursor_.since(begin)), begin);
    }
    while (!cursor_.take("}")) {
        if (cursor_.at_end()) {
            return cursor_.error("'{' is not closed", begin);
        }
        if (cursor_.peek() == ']' || cursor_.peek() == ')') {
            const int line = cursor_.line_at(begin);
            return cursor_.error("the '{' of line " + std::to_string(line) + " is not closed",
                                 cursor_.at());
        }
        if (auto read = read_member(object); !read) {
            return tl::unexpected(std::move(read.error()));
        }
        const bool line_ended = cursor_.skip_space();
        const bool separated = cursor_.take(",") || cursor_.take(";");
        if (!separated && !line_ended && cursor_.peek() != '}' && !cursor_.at_end()) {
            return cursor_.error("there should be a ',' or '}'", cursor_.at());
        }
        cursor_.skip_space();
    }
    depth_--;
    return object_of(object);
}

Result<void> LooseReader::read_member(Members& object) {
    const std::size_t begin = cursor_.at();
    const bool quoted = cursor_.at_string();
    auto name = read_member_name();
    if (!name) {
        return tl::unexpected(std::move(name.error()));
    }
    if (!is_utf8(*name)) {
        return cursor_.error("the name is not UTF-8", begin);
    }
    const PointerStep step(pointer_, *name);
    if (out_.lines.count(pointer_) > 0) {
        forget_member();
    }
    note_line(begin);
    auto value = read_member_value(*name, begin, quoted);
    if (!value) {
        return tl::unexpected(std::move(value.error()));
    }
    return add_member(object, *name, std::move(*value));
}

Result<std::string> LooseReader::read_member_name() {
    const std::size_t begin = cursor_.at();
    if (at_spread()) {
        while (cursor_.take(".") || cursor_.take("*")) {
        }
        if (auto spread = cursor_.read_expression(LooseCursor::Extent::lines); !spread) {
            return tl::unexpected(std::move(spread.error()));
        }
        return std::string(cursor_.since(begin));
    }
    if (cursor_.at_string()) {
        auto text = cursor_.read_string();
        if (!text) {
            return tl::unexpected(std::move(text.error()));
        }
        return std::move(text->value);
    }
    if (cursor_.peek() == '[' || cursor_.peek() == '(') {  // a name that is worked out
        if (auto skipped = cursor_.skip_brackets(); !skipped) {
            return tl::unexpected(std::move(skipped.error()));
        }
        return std::string(cursor_.since(begin));
    }
    while (!cursor_.read_name().empty() && (cursor_.peek() == '-' || cursor_.peek() == '.')) {
        cursor_.move_to(cursor_.at() + 1);
    }
    if (cursor_.at() == begin) {
        return cursor_.error("there should be a name", begin);
    }
    return std::string(cursor_.since(begin));
}

Result<std::string> LooseReader::read_member_value(const std::string& name, std::size_t begin,
                                                   bool quoted) {
    const std::size_t end = cursor_.at();
    const bool spread = name.starts_with("...") || name.starts_with("**");
    const bool line_ended = cursor_.skip_space();
    const char c = cursor_.peek();
    const bool ends = c == ',' || c == ';' || c == '}' || line_ended;
    if (!quoted && (spread || (ends && c != ':' && c != '='))) {
        cursor_.move_to(end);
        return placeholder(name, begin);
    }
    if (!quoted && c == '(') {  // a method
        cursor_.move_to(begin);
        return read_placeholder();
    }
    // HCL's blocks have neither a colon nor an equals sign.
    const bool block = !quoted && c == '{';
    if (cursor_.take("=>") || cursor_.take(":") || cursor_.take("=") || block) {
        return read_value();
    }
    return cursor_.error("there should be a ':' behind '" + printable(name) + "'", end);
}

Result<void> LooseReader::add_member(Members& object, std::string name, std::string value) {
    const auto same = std::find_if(object.begin(), object.end(),
                                   [&](const auto& member) { return member.first == name; });
    if (same != object.end()) {
        same->second = std::move(value);
        return {};
    }
    if (object.size() >= kMostMembers) {
        return cursor_.error("an object has more than 4096 members", cursor_.at());
    }
    object.emplace_back(std::move(name), std::move(value));
    return {};
}

Result<std::string> LooseReader::read_array() {
    const std::size_t begin = cursor_.at();
    if (auto entered = enter(); !entered) {
        return tl::unexpected(std::move(entered.error()));
    }
    std::vector<std::string> array;
    cursor_.take("[");
    cursor_.skip_space();
    while (!cursor_.take("]")) {
        if (cursor_.at_end()) {
            return cursor_.error("'[' is not closed", begin);
        }
        const PointerStep step(pointer_, std::to_string(array.size()));
        note_line(cursor_.at());
        auto value = at_spread() ? read_placeholder() : read_value();
        if (!value) {
            return value;
        }
        array.push_back(std::move(*value));
        cursor_.skip_space();
        if (!cursor_.take(",") && cursor_.peek() != ']' && !cursor_.at_end()) {
            return cursor_.error("there should be a ',' or ']'", cursor_.at());
        }
        cursor_.skip_space();
    }
    depth_--;
    return array_of(array);
}

// Python's tuples, arguments of a call, and what has parentheses around it for no reason. What
// cannot be read so is an expression, such as a function.
Result<std::string> LooseReader::read_parentheses() {
    const std::size_t begin = cursor_.at();
    if (auto entered = enter(); !entered) {
        return tl::unexpected(std::move(entered.error()));
    }
    const int depth = depth_;
    const std::size_t placeholders = out_.placeholders.size();
    const std::size_t repeated = out_.repeated.size();
    const auto shape = shape_of_parentheses();
    if (!shape) {
        return tl::unexpected(shape.error());
    }
    cursor_.move_to(begin);
    auto value = read_arguments(*shape);
    depth_ = depth - 1;
    if (value) {
        return value;
    }
    forget_below(placeholders, repeated);
    cursor_.move_to(begin);
    auto expression = read_placeholder();
    return expression ? std::move(expression) : std::move(value);
}

Result<LooseReader::Shape> LooseReader::shape_of_parentheses() {
    const std::size_t open = cursor_.at();
    if (auto skipped = cursor_.skip_brackets(); !skipped) {
        return tl::unexpected(std::move(skipped.error()));
    }
    const std::size_t close = cursor_.at() - 1;
    cursor_.move_to(open + 1);
    cursor_.skip_space();
    if (cursor_.at() == close) {
        return Shape::list;
    }
    Shape shape = Shape::value;
    while (cursor_.at() < close) {
        if (at_spread() || (!cursor_.at_string() && cursor_.at_member())) {
            return Shape::members;
        }
        if (auto skipped = cursor_.read_expression(LooseCursor::Extent::lines); !skipped) {
            return tl::unexpected(std::move(skipped.error()));
        }
        cursor_.skip_space();
        if (cursor_.take(",")) {
            shape = Shape::list;
            cursor_.skip_space();
        } else {
            break;
        }
    }
    return shape;
}

Result<std::string> LooseReader::read_arguments(Shape shape) {
    cursor_.take("(");
    cursor_.skip_space();
    if (shape == Shape::value) {
        auto value = read_value();
        cursor_.skip_space();
        if (value && !cursor_.take(")")) {
            return cursor_.error("there should be a ')'", cursor_.at());
        }
        return value;
    }
    Members members;
    std::vector<std::string> elements;
    while (!cursor_.take(")")) {
        if (shape == Shape::members && (at_spread() || cursor_.at_member())) {
            if (auto read = read_member(members); !read) {
                return tl::unexpected(std::move(read.error()));
            }
        } else {
            const std::string name = std::to_string(elements.size() + members.size());
            const PointerStep step(pointer_, name);
            auto value = read_value();
            if (!value) {
                return value;
            }
            if (shape == Shape::list) {
                elements.push_back(std::move(*value));
            } else if (auto added = add_member(members, name, std::move(*value)); !added) {
                return tl::unexpected(std::move(added.error()));
            }
        }
        cursor_.skip_space();
        if (!cursor_.take(",") && cursor_.peek() != ')') {
            return cursor_.error("there should be a ',' or ')'", cursor_.at());
        }
        cursor_.skip_space();
    }
    return shape == Shape::list ? array_of(elements) : object_of(members);
}

}  // namespace llmgw
