// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/code_items.h"

#include <cctype>

namespace llmgw {

namespace {

CodeItem read_item(const CodeTokens& code, std::size_t first, std::size_t last) {
    CodeItem item;
    item.begin = code[first].begin;
    item.end = code[last - 1].end;
    item.first = first;
    item.last = last;
    const bool script = code.language == CodeLanguage::script;
    if (code.is(first, "**") || code.is(first, "...") || code.is(first, "*")) {
        item.spread = true;
        item.first++;
    } else if (last - first >= 3 && code.is_name(first) &&
               (code.is(first + 1, "=") || (script && code.is(first + 1, ":")))) {
        item.name = code.at(first);
        item.first += 2;
    } else if (last - first >= 3 && code.is_plain_text(first) && code.is(first + 1, ":")) {
        item.name = code.value(first);
        item.first += 2;
    } else if (script && last - first == 1 && code.is_name(first) &&
               code.is(code[first].within, "{")) {
        item.name = code.at(first);
        item.shorthand = true;
    }
    return item;
}

}  // namespace

std::vector<CodeItem> items_of(const CodeTokens& code, std::size_t open) {
    std::vector<CodeItem> items;
    if (open >= code.size() || code[open].partner == CodeToken::kNone ||
        code[open].partner < open) {
        return items;
    }
    const std::size_t close = code[open].partner;
    std::size_t first = open + 1;
    for (std::size_t i = first; i <= close; i++) {
        if (i == close || code.is(i, ",")) {
            if (i > first) {
                items.push_back(read_item(code, first, i));
            }
            first = i + 1;
        } else if (code[i].partner != CodeToken::kNone && code[i].partner > i) {
            i = code[i].partner;
        }
    }
    return items;
}

const CodeItem* find_item(const std::vector<CodeItem>& items, std::string_view name) {
    for (const CodeItem& item : items) {
        if (!item.name.empty() && option_name(item.name) == name) {
            return &item;
        }
    }
    return nullptr;
}

std::string option_name(std::string_view name) {
    std::string option;
    bool was_upper = true;
    for (const char c : name) {
        const bool upper = std::isupper(static_cast<unsigned char>(c)) != 0;
        if (upper && !was_upper) {
            option += '_';
        }
        option += c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        was_upper = upper || c == '_' || c == '-';
    }
    return option;
}

}  // namespace llmgw
