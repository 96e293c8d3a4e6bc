// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/code_binding.h"

#include <utility>

namespace llmgw {

namespace {

constexpr std::size_t kNone = CodeToken::kNone;

/// Tokens from `first` up to `last`, without it.
struct Scope {
    std::size_t first = 0;
    std::size_t last = 0;
};

bool is_declaration(const CodeTokens& code, std::size_t at) {
    return code.is(at, "const") || code.is(at, "let") || code.is(at, "var");
}

class BindingFinder {
  public:
    explicit BindingFinder(const CodeTokens& code) : code_(code) {}

    CodeBinding run(std::size_t callee, std::size_t close) {
        if (code_.is(close + 1, ".") && !code_.is(callee, "new")) {
            binding_.uses.push_back(close);
            return std::move(binding_);
        }
        if (!ends_statement(close + 1)) {
            binding_.problem = "the client is part of a larger expression";
            return std::move(binding_);
        }
        std::size_t target = 0;
        if (callee < 2 || !code_.is(callee - 1, "=") || !find_target(callee - 2, target)) {
            binding_.problem = "the client is passed on";
            return std::move(binding_);
        }
        const Scope scope = python() ? python_scope(target) : script_scope(target);
        if (binding_.problem.empty()) {
            find_uses(scope, target);
        }
        return std::move(binding_);
    }

  private:
    [[nodiscard]] bool python() const { return code_.language == CodeLanguage::python; }

    [[nodiscard]] bool ends_statement(std::size_t at) const {
        return at >= code_.size() || code_[at].first || code_.is(at, ";") || code_.is(at, "}");
    }

    // The name before "=": `client`, `client: Portkey`, `self.client`.
    bool find_target(std::size_t at, std::size_t& target) {
        if (at >= 2 && code_.is(at - 1, ":") && code_.is_name(at - 2) && code_.is_name(at) &&
            !code_[at].first) {
            binding_.annotation = at;
            at -= 2;
        }
        if (!code_.is_name(at)) {
            return false;
        }
        binding_.name = code_.at(at);
        target = at;
        if (at >= 2 && code_.is(at - 1, ".")) {
            binding_.attribute = true;
            return code_.is(at - 2, python() ? "self" : "this") && begins_statement(at - 2);
        }
        if (python()) {
            return begins_statement(at);
        }
        if (at >= 1 && is_declaration(code_, at - 1)) {
            binding_.exported = at >= 2 && code_.is(at - 2, "export");
            return true;
        }
        binding_.attribute = true;  // a field, if this is a class
        return code_[at].within != kNone && class_around(at) == code_[at].within;
    }

    [[nodiscard]] bool begins_statement(std::size_t at) const {
        return code_[at].first || code_.is(at - 1, ";");
    }

    // The bracket of the class that a token of JavaScript is in.
    [[nodiscard]] std::size_t class_around(std::size_t at) const {
        for (std::size_t open = code_[at].within; open != kNone; open = code_[open].within) {
            for (std::size_t i = open; code_.is(open, "{") && i-- > 0;) {
                if (code_.is(i, "class")) {
                    return open;
                }
                if (code_.is(i, ";") || code_.is(i, "{") || code_.is(i, "}") || code_.is(i, ")")) {
                    break;
                }
            }
        }
        return kNone;
    }

    Scope script_scope(std::size_t target) {
        const std::size_t open = binding_.attribute ? class_around(target) : code_[target].within;
        if (open == kNone) {
            binding_.problem = binding_.attribute ? "the client is kept in an object" : "";
            return {0, code_.size()};
        }
        if (code_[open].partner == kNone) {
            binding_.problem = "its block has no end";
        }
        if (!code_.is(open, "{") || (!binding_.attribute && code_.is(target - 1, "var"))) {
            binding_.problem = "where it can be used is not certain";
        }
        return {open, code_[open].partner};
    }

    [[nodiscard]] std::size_t indentation(std::size_t token) const {
        const std::size_t begin = code_[token].begin;
        const std::size_t line = begin == 0 ? 0 : code_.source.rfind('\n', begin - 1) + 1;
        return begin - line;
    }

    // The function around a variable, or the class around an attribute.
    Scope python_scope(std::size_t target) {
        std::size_t line = target;
        while (line > 0 && !(code_[line].first && code_[line].within == kNone)) {
            line--;
        }
        std::size_t indent = indentation(line);
        for (std::size_t i = line; i-- > 0 && indent > 0;) {
            if (!code_[i].first || code_[i].within != kNone || indentation(i) >= indent) {
                continue;
            }
            indent = indentation(i);
            const bool function =
                code_.is(i, "def") || (code_.is(i, "async") && code_.is(i + 1, "def"));
            if (code_.is(i, "class") || (function && !binding_.attribute)) {
                if (function == binding_.attribute) {
                    binding_.problem = "the client belongs to a class";
                }
                return {i, block_end(i, indent)};
            }
        }
        if (binding_.attribute) {
            binding_.problem = "the client is kept in an object";
        }
        binding_.exported = true;
        return {0, code_.size()};
    }

    [[nodiscard]] std::size_t block_end(std::size_t header, std::size_t indent) const {
        std::size_t i = header + 1;
        while (i < code_.size() &&
               !(code_[i].first && code_[i].within == kNone && indentation(i) <= indent)) {
            i++;
        }
        return i;
    }

    void find_uses(Scope scope, std::size_t target) {
        const std::string_view self = python() ? "self" : "this";
        for (std::size_t i = scope.first; i < scope.last; i++) {
            if (i == target || !code_.is_name(i) || code_.at(i) != binding_.name) {
                continue;
            }
            const bool member = i > 0 && (code_.is(i - 1, ".") || code_.is(i - 1, "?."));
            if (binding_.attribute && !member && code_[i].within == scope.first &&
                code_.is(i + 1, ":")) {
                declare_type(i + 2);
            }
            if (binding_.attribute ? !member : member || is_key(i)) {
                continue;
            }
            const bool own = !binding_.attribute || (i >= 2 && code_.is(i - 2, self));
            if (!own || !code_.is(i + 1, ".")) {
                binding_.problem = "the client is passed on, or assigned again";
                return;
            }
            binding_.uses.push_back(i);
        }
    }

    // `client: Portkey` in the body of its class.
    void declare_type(std::size_t type) {
        if (binding_.annotation != kNone) {
            binding_.problem = "its type is declared twice";
        }
        binding_.annotation = type;
    }

    // `client=…` of an argument, `client: …` of a member.
    [[nodiscard]] bool is_key(std::size_t i) const {
        const bool begins =
            i > 0 && (code_.is(i - 1, "(") || code_.is(i - 1, ",") || code_.is(i - 1, "{"));
        const std::size_t open = code_[i].within;
        return begins && open != kNone &&
               (python() ? code_.is(open, "(") && code_.is(i + 1, "=")
                         : code_.is(open, "{") && code_.is(i + 1, ":"));
    }

    const CodeTokens& code_;
    CodeBinding binding_;
};

// `def ask(model)`, `(model) => …`: another value by the same name.
bool is_parameter(const CodeTokens& code, std::size_t i) {
    std::size_t open = code[i].within;
    while (open != kNone && !code.is(open, "(")) {
        open = code[open].within;  // `({ model }) => …`
    }
    if (open == kNone || code[open].partner == kNone) {
        return false;
    }
    const std::size_t after = code[open].partner + 1;
    return code.language == CodeLanguage::python
               ? open >= 2 && code.is(open - 2, "def")
               : code.is(after, "=>") || code.is(after, "{") || code.is(after, ":");
}

}  // namespace

CodeBinding find_binding(const CodeTokens& code, std::size_t callee, std::size_t close) {
    return BindingFinder(code).run(callee, close);
}

std::string constant_text(const CodeTokens& code, std::string_view name) {
    std::string text;
    int assignments = 0;
    const bool python = code.language == CodeLanguage::python;
    for (std::size_t i = 0; i + 1 < code.size(); i++) {
        if (!code.is_name(i) || code.at(i) != name || code.is(i - (i > 0 ? 1 : 0), ".")) {
            continue;
        }
        const bool declared = python ? code[i].first && code[i].within == CodeToken::kNone
                                     : i > 0 && is_declaration(code, i - 1);
        if (is_parameter(code, i)) {
            return {};
        }
        const bool key = code[i].within != CodeToken::kNone && !declared &&
                         (python ? code.is(i + 1, "=") : code.is(i + 1, ":"));
        if (code.is(i + 1, "=") && !key) {
            const bool alone = code.is_plain_text(i + 2) &&
                               (i + 3 >= code.size() || code[i + 3].first || code.is(i + 3, ";"));
            assignments += declared && alone ? 1 : 2;
            text = code.value(i + 2);
        } else if (code.is(i + 1, "+=") || code.is(i + 1, ":=")) {
            assignments += 2;
        }
    }
    return assignments == 1 ? text : std::string();
}

}  // namespace llmgw
