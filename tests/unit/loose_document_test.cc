// SPDX-License-Identifier: Apache-2.0
#include "common/portkey/loose_document.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/base/json_io.h"

using namespace llmgw;

namespace {

LooseDocument read(const std::string& text) {
    auto document = read_loose(text);
    CAPTURE(text);
    if (!document) {
        FAIL(document.error().message);
    }
    return *document;
}

// With the escapes that are usual.
std::string printed(const LooseDocument& document) {
    const auto parsed = parse_json(document.json);
    REQUIRE(parsed);
    return print_json(*parsed);
}

std::string json_of(const std::string& text) {
    return printed(read(text));
}

std::string problem(const std::string& text) {
    const auto document = read_loose(text);
    CAPTURE(text);
    REQUIRE_FALSE(document.has_value());
    CHECK(document.error().kind == Errc::invalid_file);
    return document.error().message;
}

using Pointers = std::vector<std::string>;

}  // namespace

TEST_CASE("loose document: JSON stays what it is") {
    const std::string json =
        R"({"b":[1,-2.5,1e3,true,false,null,{}],"a":"x\n\"é😀\"","c":{"d":[]}})";
    CHECK(json_of(json) ==
          R"({"b":[1,-2.5,1000.0,true,false,null,{}],"a":"x\n\"é😀\"","c":{"d":[]}})");
    CHECK(json_of(R"(["\u00e9\ud83d\ude00\/\b"])") == "[\"é😀/\\b\"]");
    CHECK(json_of("  7 ") == "7");
}

TEST_CASE("loose document: what people leave in JSON") {
    CHECK(json_of("{\n // one\n \"a\": 1, /* two */ \"b\": [1, 2,], # three\n}") ==
          R"({"a":1,"b":[1,2]})");
    CHECK(json_of("{'a': 'it\\'s', b: `x\ny`, \"c\": “d”, ‘e’: ‘f’}") ==
          R"({"a":"it's","b":"x\ny","c":"d","e":"f"})");
    CHECK(json_of("\xef\xbb\xbf{\xc2\xa0\"a\":\xc2\xa0\x31}") == R"({"a":1})");
    CHECK(json_of("{on-status.codes: 1, $x: 2, 7: 3}") == R"({"on-status.codes":1,"$x":2,"7":3})");
    // A comma that is missing at the end of a line.
    CHECK(json_of("{\"a\": {\"b\": 1}\n \"c\": 2}") == R"({"a":{"b":1},"c":2})");
}

TEST_CASE("loose document: quotes around the whole") {
    for (const std::string text :
         {"'{\"a\": 1}'", "`{a: 1}`", "\"{\"a\": 1}\"", "“{ “a”: 1 }”", "'''\n{'a': 1}\n'''"}) {
        CAPTURE(text);
        CHECK(json_of(text) == R"({"a":1})");
    }
    // With escapes in it, it is a string, which its reader reads again.
    CHECK(json_of(R"("{\"a\": 1}")") == R"("{\"a\": 1}")");
    CHECK(json_of("'plain'") == R"("plain")");
}

TEST_CASE("loose document: Python") {
    CHECK(json_of("{'a': True, 'b': False, 'c': None, 'd': (1, 'x'), 'e': ('y'), 'f': ()}") ==
          R"({"a":true,"b":false,"c":null,"d":[1,"x"],"e":"y","f":[]})");
    CHECK(json_of("dict(a=1, b=dict(c=2), **more)") == R"({"a":1,"b":{"c":2},"**more":"**more"})");
    CHECK(json_of("json.dumps({'a': 1}, indent=2)") == R"({"a":1})");
    CHECK(json_of("(api_key='k', config={'x': 1}, 5)") ==
          R"({"api_key":"k","config":{"x":1},"2":5})");
    CHECK(json_of(R"({"a": r"\d+", "b": """x
y""", "c": b'z'})") == R"({"a":"\\d+","b":"x\ny","c":"z"})");
    const LooseDocument formatted =
        read(R"({"a": f"@{slug}/gpt", "b": f"plain {{}}", "c": f"{os.environ['X']}"})");
    CHECK(printed(formatted) == R"({"a":"@{slug}/gpt","b":"plain {}","c":"{os.environ['X']}"})");
    CHECK(formatted.placeholders == Pointers{"/a", "/c"});
}

TEST_CASE("loose document: JavaScript and TypeScript") {
    CHECK(json_of("const config: Config<A, B> = { a: 1 } as const;") == R"({"a":1})");
    CHECK(json_of("export default { a: [1] satisfies number[], b: 'x'! }") ==
          R"({"a":[1],"b":"x"})");
    CHECK(json_of("JSON.stringify({ a: undefined }, null, 2)") == R"({"a":null})");
    CHECK(json_of("module.exports = {a: 'x' as Foo<A, B>, c: 2}") == R"({"a":"x","c":2})");
    const LooseDocument document = read(
        "{ name, ...base, [KEY]: 1, f(a, b) { return {x: 1} }, g: (x) => ({ y: x }),\n"
        "  h: `a ${b ? `c}` : '}'} d`, i: cond\n ? 'x'\n : 'y',\n  j: 60 * 60, k: a.b(1, 2) }");
    CHECK(printed(document) ==
          "{\"name\":\"name\",\"...base\":\"...base\",\"[KEY]\":1,"
          "\"f\":\"f(a, b) { return {x: 1} }\",\"g\":\"(x) => ({ y: x })\","
          "\"h\":\"a ${b ? `c}` : '}'} d\",\"i\":\"cond\\n ? 'x'\\n : 'y'\","
          "\"j\":\"60 * 60\",\"k\":\"a.b(1, 2)\"}");
    CHECK(document.placeholders ==
          Pointers{"/name", "/...base", "/f", "/g", "/h", "/i", "/j", "/k"});
    CHECK(read("[...a, b, {c: 1}.c, 'x' + y]").placeholders == Pointers{"/0", "/1", "/2", "/3"});
}

TEST_CASE("loose document: HCL") {
    const LooseDocument document = read(R"({
  strategy = { mode = "fallback" }   # how
  targets = [
    { virtual_key = var.key, "model" = "${local.m["x"]}-1" },
    for t in var.xs : t
  ]
  key   = portkey_provider.openai.slug
  other = local.a ? "b" : "c"
  text  = <<-EOT
    {
      "a": 1
    }
  EOT
  nested {
    deep = 1
  }
  made = { for k, v in m : k => v }
})");
    CHECK(printed(document) ==
          "{\"strategy\":{\"mode\":\"fallback\"},\"targets\":[{\"virtual_key\":\"var.key\","
          "\"model\":\"${local.m[\\\"x\\\"]}-1\"},\"for t in var.xs : t\"],"
          "\"key\":\"portkey_provider.openai.slug\",\"other\":\"local.a ? \\\"b\\\" : \\\"c\\\"\","
          "\"text\":\"{\\n  \\\"a\\\": 1\\n}\\n\",\"nested\":{\"deep\":1},"
          "\"made\":\"{ for k, v in m : k => v }\"}");
    CHECK(document.placeholders == Pointers{"/targets/0/virtual_key", "/targets/0/model",
                                            "/targets/1", "/key", "/other", "/made"});
    CHECK(document.line_of("/nested/deep") == 15);
    CHECK(json_of("jsonencode({\n a = 1\n b = [2]\n})") == R"({"a":1,"b":[2]})");
}

TEST_CASE("loose document: placeholders in strings") {
    const LooseDocument document =
        read(R"({"a": "${X}", "b": "{{ y }}", "c": "a ${", "d": "{{", "e": "$5 {x}"})");
    CHECK(document.placeholders == Pointers{"/a", "/b"});
    CHECK(document.is_placeholder("/a"));
    CHECK_FALSE(document.is_placeholder("/c"));
    CHECK(printed(document) == R"({"a":"${X}","b":"{{ y }}","c":"a ${","d":"{{","e":"$5 {x}"})");
}

TEST_CASE("loose document: JSON with the beginning of a placeholder stays JSON") {
    CHECK(json_of(R"({"a":"${","b":"}","c":"{{","d":"}}"})") ==
          R"({"a":"${","b":"}","c":"{{","d":"}}"})");
    CHECK(json_of(R"({"a":"${x[\"y\"]}-1"})") == R"({"a":"${x[\"y\"]}-1"})");
}

TEST_CASE("loose document: plain JSON is known as such") {
    CHECK(read(" {\"a\": \"${X}\"}\n").plain);
    CHECK_FALSE(read("{\"a\": 1,}").plain);
    CHECK_FALSE(read("'{\"a\": 1}'").plain);
}

TEST_CASE("loose document: an escape that no language knows stays") {
    CHECK(json_of(R"(["\d\w", "\x41\u{1f600}", "\q", "\ud800", "a\
b"])") == R"(["\\d\\w","A😀","\\q","�","ab"])");
}

TEST_CASE("loose document: lines") {
    const auto document = read_loose("\n{\n  a: [1,\n    2],\n  'b/c~': {\n d: x }}", 10);
    REQUIRE(document);
    CHECK(document->line_of("") == 11);
    CHECK(document->line_of("/a") == 12);
    CHECK(document->line_of("/a/1") == 13);
    CHECK(document->line_of("/b~1c~0") == 14);
    CHECK(document->line_of("/b~1c~0/d") == 15);
    CHECK(document->line_of("/b~1c~0/not/there") == 14);
    CHECK(document->line_of("/nothing") == 11);
    CHECK(LooseDocument().line_of("/a") == 0);
}

TEST_CASE("loose document: of two members of a name the last holds") {
    const LooseDocument document = read("{a: {x: foo}, b: 1, a: 'y'}");
    CHECK(printed(document) == R"({"a":"y","b":1})");
    CHECK(document.repeated == Pointers{"/a"});
    CHECK(document.placeholders.empty());
    CHECK(document.lines.count("/a/x") == 0);
}

TEST_CASE("loose document: the rest of the text is left alone") {
    CHECK(read("{a: 1}); more(").length == 6);
    CHECK(read("process.env.KEY\nnext").length == 15);
    CHECK(read("'a', 'b'").length == 3);
    CHECK(read("[1].map(x)").length == 3);
    CHECK(read("(config={a: 1}) # x").length == 15);
}

TEST_CASE("loose document: what cannot be understood") {
    CHECK(problem("{\"a\": 1") == "'{' is not closed (line 1, column 1)");
    CHECK(problem("{\n \"a\": [1, 2") == "'[' is not closed (line 2, column 7)");
    CHECK(problem("[\n{\"a\": 1\n]") == "the '{' of line 2 is not closed (line 3, column 1)");
    CHECK(problem("{\"provider:\"@openai\"}") ==
          "there should be a ':' behind 'provider:' (line 1, column 13)");
    CHECK(problem("{\"é\": 'x}") == "the string is not closed (line 1, column 7)");
    CHECK(problem("{\"a\": , \"b\": 1}") == "there is no value (line 1, column 7)");
    CHECK(problem("{\"a\": 1 \"b\": 2}") == "there should be a ',' or '}' (line 1, column 9)");
    CHECK(problem("[1 2]") == "there should be a ',' or ']' (line 1, column 4)");
    CHECK(problem("[f(1]") == "']' closes nothing (line 1, column 5)");
    CHECK(problem("{a: <<EOT\nx}") == "the heredoc is not closed (line 1, column 5)");
    CHECK(problem("{a: 1 /* }") == "'{' is not closed (line 1, column 1)");
    CHECK(problem("{@: 1}") == "there should be a name (line 1, column 2)");
    CHECK(problem("") == "there is no value (line 1, column 1)");
    CHECK(problem("{\"a\": \"\xff\"}") == "the string is not UTF-8 (line 1, column 7)");
    CHECK(problem("{\xff: 1}") == "the name is not UTF-8 (line 1, column 2)");
}

TEST_CASE("loose document: limits") {
    CHECK(json_of(std::string(128, '[') + std::string(128, ']')).size() == 256);
    for (const char* const open : {"[", "{a:", "(", "dict(a=", "json.dumps("}) {
        std::string deep;
        for (int i = 0; i < 200'000; i++) {
            deep += open;
        }
        CHECK_FALSE(read_loose(deep).has_value());
    }
    CHECK(problem(std::string(129, '[') + std::string(129, ']')) ==
          "it is nested more than 128 levels deep (line 1, column 129)");
    CHECK(problem(std::string((16 << 20) + 1, ' ')) == "the text is longer than 16 MB");
    std::string many = "{";
    for (int i = 0; i < 5000; i++) {
        many += "a" + std::to_string(i) + ":1,";
    }
    CHECK(problem(many + "}").starts_with("an object has more than 4096 members"));
}

TEST_CASE("loose document: cut anywhere, a text is read or refused") {
    const std::string text =
        "const c = {\n // x\n 'a': [`b ${c}`, f\"{d}\", 1.5e3, (1, 2), dict(x=1)], ...e,\n"
        " g = <<-T\n x\n T\n \"h\": { i: j(k) as L, m: None }, n }";
    for (std::size_t begin = 0; begin < text.size(); begin++) {
        for (std::size_t end = begin; end <= text.size(); end++) {
            const auto document = read_loose(std::string_view(text).substr(begin, end - begin));
            if (document) {
                CHECK(document->length <= end - begin);
            } else {
                CHECK(document.error().kind == Errc::invalid_file);
            }
        }
    }
}
