// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_layout.h"

#include <algorithm>

namespace llmgw {

namespace {

// The end of the string that begins at `at`, behind its closing quote.
std::size_t string_end(std::string_view json, std::size_t at) {
    for (at++; at < json.size() && json[at] != '"'; at++) {
        at += json[at] == '\\' ? 1 : 0;
    }
    return std::min(at + 1, json.size());
}

// Whether the array that begins at `at` is short and holds no other array and no object.
bool is_flat(std::string_view json, std::size_t at) {
    constexpr std::size_t kLongest = 80;
    const std::size_t begin = at;
    for (at++; at < json.size(); at++) {
        if (json[at] == '"') {
            at = string_end(json, at) - 1;
        } else if (json[at] == '[' || json[at] == '{') {
            return false;
        } else if (json[at] == ']') {
            break;
        }
    }
    return at - begin <= kLongest;
}

// Lays out compact JSON, front to back.
class Layout {
  public:
    Layout(std::string_view json, int indent) : json_(json), indent_(indent) {}

    std::string take() {
        for (std::size_t at = 0; at < json_.size();) {
            at = json_[at] == '"' ? copy_string(at) : copy_byte(at);
        }
        return std::move(out_);
    }

  private:
    std::size_t copy_string(std::size_t at) {
        const std::size_t end = string_end(json_, at);
        out_ += json_.substr(at, end - at);
        return end;
    }

    std::size_t copy_byte(std::size_t at) {
        const char c = json_[at];
        const bool opens = c == '{' || c == '[';
        const bool closes = c == '}' || c == ']';
        const bool empty =
            opens && at + 1 < json_.size() && (json_[at + 1] == '}' || json_[at + 1] == ']');
        if (empty) {
            out_ += json_.substr(at, 2);
            return at + 2;
        }
        if (c == '[' && !in_flat_ && is_flat(json_, at)) {
            in_flat_ = true;
            out_ += c;
        } else if (closes && in_flat_) {
            in_flat_ = false;
            out_ += c;
        } else if (closes) {
            depth_--;
            new_line();
            out_ += c;
        } else {
            out_ += c;
            depth_ += opens ? 1 : 0;
            if (opens || (c == ',' && !in_flat_)) {
                new_line();
            } else if (c == ':' || c == ',') {
                out_ += ' ';
            }
        }
        return at + 1;
    }

    void new_line() {
        out_ += '\n';
        out_.append(static_cast<std::size_t>(depth_) * static_cast<std::size_t>(indent_), ' ');
    }

    std::string_view json_;
    int indent_;
    int depth_ = 0;
    bool in_flat_ = false;  // in an array of scalars
    std::string out_;
};

}  // namespace

std::string compact_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t at = 0; at < json.size();) {
        if (json[at] == '"') {
            const std::size_t end = string_end(json, at);
            out += json.substr(at, end - at);
            at = end;
            continue;
        }
        if (json[at] != ' ' && json[at] != '\n' && json[at] != '\r' && json[at] != '\t') {
            out += json[at];
        }
        at++;
    }
    return out;
}

std::string indent_json(std::string_view json, int indent) {
    const std::string compact = compact_json(json);
    return Layout(compact, indent).take();
}

}  // namespace llmgw
