// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/code_tokens.h"

#include <doctest/doctest.h>

#include <string>

#include "common/portkey/code_imports.h"
#include "common/portkey/code_items.h"

using namespace llmgw;

namespace {

std::string words(std::string_view source, CodeLanguage language) {
    const CodeTokens code = read_code(source, language);
    std::string out;
    for (std::size_t i = 0; i < code.size(); i++) {
        out += std::string(code.at(i)) + "|";
    }
    return out + (code.sound ? "" : "!");
}

std::string imports(std::string_view source, CodeLanguage language) {
    std::string out;
    for (const CodeImport& import : find_imports(read_code(source, language))) {
        out += import.module + "(";
        for (const ImportedName& name : import.names) {
            out += name.exported + ">" + name.local + " ";
        }
        out += ")";
    }
    return out;
}

constexpr auto kPython = CodeLanguage::python;
constexpr auto kScript = CodeLanguage::script;

}  // namespace

TEST_CASE("code tokens: python") {
    CHECK(words("a = f(x)  # f(y)\n", kPython) == "a|=|f|(|x|)|");
    CHECK(words("s = '''it's\n#no''' + \"a\\\"b\"", kPython) ==
          "s|=|'''it's\n#no'''|+|\"a\\\"b\"|");
    CHECK(words("x: int = b'a' if a == f'{b}' else 1.5", kPython) ==
          "x|:|int|=|b'a'|if|a|==|f'{b}'|else|1.5|");
    CHECK(words("f = before", kPython) == "f|=|before|");
    CHECK(words("'no end\n", kPython).ends_with("!"));
    CHECK(words("'''no end", kPython).ends_with("!"));
    CHECK(words("(]", kPython).ends_with("!"));
    CHECK(words(")", kPython).ends_with("!"));
    CHECK(words("(", kPython).ends_with("!"));
    const CodeTokens code = read_code("r'a' f'b' b'c' 'd\\n'", kPython);
    CHECK(code.is_plain_text(0));
    CHECK_FALSE(code.is_plain_text(1));
    CHECK_FALSE(code.is_plain_text(2));
    CHECK(code.value(3) == "d\n");
    CHECK(code.value(1).empty());
}

TEST_CASE("code tokens: scripts") {
    CHECK(words("a = b / c; // d\n/* e */ f", kScript) == "a|=|b|/|c|;|f|");
    CHECK(words("x = /[/\"]+/g.test(y) ? `a${b + `${\"}\"}`}c` : 'd'", kScript) ==
          "x|=|/[/\"]+/|g|.|test|(|y|)|?|`a${b + `${\"}\"}`}c`|:|'d'|");
    CHECK(words("this.#client?.x => {...y}", kScript) == "this|.|#client|?.|x|=>|{|...|y|}|");
    CHECK(words("`no end ${", kScript).ends_with("!"));
    CHECK(words("#!/usr/bin/env node\nx", kScript) == "x|");
    const CodeTokens code = read_code("`a` `${b}`\n  c({})", kScript);
    CHECK(code.is_plain_text(0));
    CHECK_FALSE(code.is_plain_text(1));
    CHECK(code[2].first);
    CHECK_FALSE(code[3].first);
    CHECK(code[3].partner == 6);
    CHECK(code[4].within == 3);
}

TEST_CASE("code tokens: deep nesting ends") {
    std::string deep;
    for (int i = 0; i < 5000; i++) {
        deep += "`${";
    }
    CHECK_FALSE(read_code(deep, kScript).sound);
    CHECK_FALSE(read_code(std::string(100000, '('), kPython).sound);
}

TEST_CASE("code items: arguments and members") {
    const CodeTokens call = read_code("f(1, a=g(2, 3), **rest, )", kPython);
    const auto arguments = items_of(call, 1);
    REQUIRE(arguments.size() == 3);
    CHECK(arguments[0].name.empty());
    CHECK(arguments[1].name == "a");
    CHECK(call.span(arguments[1].first, arguments[1].last) == "g(2, 3)");
    CHECK(arguments[2].spread);
    const CodeTokens object = read_code("{ a, 'x-b': 1, ...c, virtualKey: d.e }", kScript);
    const auto members = items_of(object, 0);
    REQUIRE(members.size() == 4);
    CHECK(members[0].shorthand);
    CHECK(members[1].name == "x-b");
    CHECK(members[2].spread);
    REQUIRE(find_item(members, "virtual_key") != nullptr);
    CHECK(find_item(members, "nothing") == nullptr);
    CHECK(items_of(read_code("(", kPython), 0).empty());
    CHECK(items_of(read_code("x", kPython), 0).empty());
}

TEST_CASE("code items: one spelling of options") {
    CHECK(option_name("virtualKey") == "virtual_key");
    CHECK(option_name("virtual-key") == "virtual_key");
    CHECK(option_name("traceID") == "trace_id");
    CHECK(option_name("baseURL") == "base_url");
    CHECK(option_name("Authorization") == "authorization");
    CHECK(option_name("x-portkey-Trace-Id") == "x_portkey_trace_id");
}

TEST_CASE("code imports") {
    CHECK(
        imports("import os\nfrom a.b import c, d as e\nfrom . import (f,\n  g,)\nimport h.i as j\n",
                kPython) == "os(*>os )a.b(c>c d>e ).(f>f g>g )h.i(*>j )");
    CHECK(imports("import A, { b as c, type D } from 'x';\nimport * as E from \"y\"\n"
                  "import 'z';\nimport type { F } from 'w'",
                  kScript) == "x(default>A b>c D>D )y(*>E )z()w(F>F )");
    CHECK(imports("const { a, b: c } = require('x');\nlet d = require(\"y\").default;\n"
                  "const e = f;\nawait import('z');",
                  kScript) == "x(a>a b>c )y(default>d )");
}
