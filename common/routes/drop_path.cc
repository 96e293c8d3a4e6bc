// SPDX-License-Identifier: Apache-2.0
#include "common/routes/drop_path.h"

#include <charconv>
#include <utility>

#include "common/base/json_scan.h"
#include "common/base/text.h"

namespace llmgw {

namespace {

tl::unexpected<Error> malformed(std::string_view path) {
    return fail(Errc::invalid_file, "\"" + printable(path) +
                                        "\" is no path of a parameter; one looks like "
                                        "\"metadata\", \"messages[0].name\" or "
                                        "\"tools[*].function.strict\"");
}

// The "[3]" or "[*]" that `rest` begins with, which it is taken off.
std::optional<DropStep> take_element(std::string_view& rest) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view inside = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    DropStep step;
    if (inside == "*") {
        return step;
    }
    std::size_t number = 0;
    const char* const last = inside.data() + inside.size();
    const auto read = std::from_chars(inside.data(), last, number);
    if (read.ec != std::errc() || read.ptr != last) {
        return std::nullopt;
    }
    step.element = number;
    return step;
}

// A path, and which of its steps comes next.
struct Pending {
    const DropPath* path;
    std::size_t next;

    [[nodiscard]] const DropStep& step() const { return (*path)[next]; }
    [[nodiscard]] bool is_last() const { return next + 1 == path->size(); }
};

std::optional<std::string> cut(std::string_view json, const std::vector<Pending>& pending);

// What becomes of one member or element, whose name or number `matches` knows.
struct Part {
    bool dropped = false;
    std::optional<std::string> changed;
};

template <typename Matches>
Part cut_part(std::string_view value, const std::vector<Pending>& pending, const Matches& matches) {
    Part part;
    std::vector<Pending> inside;
    for (const Pending& one : pending) {
        if (!matches(one.step())) {
            continue;
        }
        if (one.is_last()) {
            part.dropped = true;
            return part;
        }
        inside.push_back({one.path, one.next + 1});
    }
    if (!inside.empty()) {
        part.changed = cut(value, inside);
    }
    return part;
}

// Puts together what is left of an object or an array.
class Remains {
  public:
    explicit Remains(char open) : text_(1, open) {}

    void add(const Part& part, std::string_view name, std::string_view value) {
        changed_ = changed_ || part.dropped || part.changed;
        if (part.dropped) {
            return;
        }
        text_ += text_.size() > 1 ? "," : "";
        text_ += name;
        text_ += part.changed ? std::string_view(*part.changed) : value;
    }
    [[nodiscard]] std::optional<std::string> close(char bracket) {
        text_ += bracket;
        return changed_ ? std::optional(std::move(text_)) : std::nullopt;
    }

  private:
    std::string text_;
    bool changed_ = false;
};

std::optional<std::string> cut(std::string_view json, const std::vector<Pending>& pending) {
    if (json_kind(json) == JsonKind::object) {
        Remains remains('{');
        for (const JsonField& field : nested_fields(json)) {
            const Part part = cut_part(field.value, pending, [&](const DropStep& step) {
                return !step.name.empty() && key_is(field, step.name);
            });
            const std::string name = "\"" + std::string(field.key) + "\":";
            remains.add(part, name, field.value);
        }
        return remains.close('}');
    }
    if (json_kind(json) != JsonKind::array) {
        return std::nullopt;
    }
    Remains remains('[');
    const auto elements = scan_array(json);
    for (std::size_t i = 0; elements && i < elements->size(); i++) {
        const Part part = cut_part((*elements)[i], pending, [&](const DropStep& step) {
            return step.name.empty() && step.element.value_or(i) == i;
        });
        remains.add(part, "", (*elements)[i]);
    }
    return remains.close(']');
}

}  // namespace

Result<DropPath> parse_drop_path(std::string_view path) {
    DropPath steps;
    std::string_view rest = path;
    while (!rest.empty()) {
        if (rest.front() == '[' && !steps.empty()) {
            auto step = take_element(rest);
            if (!step) {
                return malformed(path);
            }
            steps.push_back(std::move(*step));
            continue;
        }
        if (!steps.empty()) {
            if (rest.front() != '.') {
                return malformed(path);
            }
            rest.remove_prefix(1);
        }
        const std::string_view name = rest.substr(0, rest.find_first_of(".[]"));
        if (name.empty()) {
            return malformed(path);
        }
        steps.push_back({std::string(name), std::nullopt});
        rest.remove_prefix(name.size());
    }
    if (steps.empty()) {
        return malformed(path);
    }
    return steps;
}

std::optional<std::string> drop_from_json(std::string_view json,
                                          const std::vector<DropPath>& paths) {
    std::vector<Pending> pending;
    for (const DropPath& path : paths) {
        pending.push_back({&path, 0});
    }
    return cut(json, pending);
}

}  // namespace llmgw
