// SPDX-License-Identifier: Apache-2.0
#include "daemon/cache/request_key.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "common/base/json_io.h"
#include "common/base/json_tape.h"
#include "common/base/text.h"
#include "daemon/cache/canonical_number.h"

using namespace llmgw;

namespace {

std::string key_of(const std::string& body, Endpoint endpoint = Endpoint::chat_completions,
                   std::string_view target = "", std::string_view scope = "") {
    const auto call = InferenceCall::parse(endpoint, body);
    REQUIRE_MESSAGE(call, body);
    RequestHasher hasher;
    const auto key = hasher.key({**call, target.empty() ? (*call)->model : target, scope});
    REQUIRE(key);
    return to_hex(key->view());
}

// A chat with `members` beside its model and message.
std::string chat(const std::string& members) {
    return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" +
           (members.empty() ? "" : "," + members) + "}";
}

bool same(const std::string& a, const std::string& b) {
    return key_of(chat(a)) == key_of(chat(b));
}

// Prints a document in one of the many ways that JSON allows.
class Respelling {
  public:
    explicit Respelling(std::uint32_t seed) : random_(seed) {}

    std::string print(const Json& value) {
        std::string out = space();
        if (value.is_object()) {
            std::vector<std::string> members;
            for (const auto& [name, inner] : value.items()) {
                members.push_back(space() + text(name) + space() + ":" + print(inner));
            }
            std::shuffle(members.begin(), members.end(), random_);
            out += "{" + joined(members) + "}";
        } else if (value.is_array()) {
            std::vector<std::string> elements;
            for (const Json& inner : value) {
                elements.push_back(print(inner));
            }
            out += "[" + joined(elements) + "]";
        } else if (value.is_string()) {
            out += text(value.get<std::string>());
        } else if (value.is_number()) {
            out += number(value.dump());
        } else {
            out += value.dump();
        }
        return out + space();
    }

  private:
    std::size_t pick(std::size_t count) { return random_() % count; }
    std::string space() {
        constexpr const char* kSpaces[] = {"", "", "", " ", "\n", "\t ", "\r\n"};
        return kSpaces[pick(std::size(kSpaces))];
    }
    std::string joined(const std::vector<std::string>& parts) {
        std::string out = parts.empty() ? space() : "";
        for (std::size_t i = 0; i < parts.size(); i++) {
            out += (i == 0 ? "" : ",") + parts[i];
        }
        return out;
    }
    std::string text(const std::string& plain) {
        std::string out = "\"";
        for (const char c : plain) {
            if (static_cast<unsigned char>(c) < 0x80 &&
                (c < ' ' || c == '"' || c == '\\' || pick(4) == 0)) {
                char escape[8];
                std::snprintf(escape, sizeof escape, pick(2) == 0 ? "\\u%04x" : "\\u%04X",
                              static_cast<unsigned>(c));
                out += escape;
            } else {
                out += c;
            }
        }
        return out + "\"";
    }
    // 12.5 as 12.50, 125e-1, 0.125E+2…
    std::string number(const std::string& plain) {
        if (plain.find('e') != std::string::npos) {
            return plain;
        }
        const bool fraction = plain.find('.') != std::string::npos;
        switch (pick(4)) {
            case 0:
                return plain + (fraction ? "00" : ".000");
            case 1:
                return plain + (fraction ? "0e0" : "00e-2");
            case 2:
                return plain + "E+00";
            default:
                return plain;
        }
    }

    std::minstd_rand random_;
};

// All documents that differ from `document` in one value, name or element.
void change_each(const Json& document, const std::function<void(const Json&)>& use) {
    const Json flat = document.flatten();
    for (const auto& [path, value] : flat.items()) {
        const Json::json_pointer at(path);
        Json changed = document;
        changed[at] = value.is_string()    ? Json(value.get<std::string>() + "x")
                      : value.is_number()  ? Json(value.get<double>() + 1)
                      : value.is_boolean() ? Json(!value.get<bool>())
                                           : Json("other");
        use(changed);
        changed = document;
        changed[at] = Json::array({value});
        use(changed);
        changed = document;
        Json& parent = changed[at.parent_pointer()];
        if (parent.is_object()) {
            parent.erase(at.back());
            use(changed);
            parent[at.back() + "2"] = value;
            use(changed);
        } else {
            parent.push_back(value);
            use(changed);
        }
    }
}

const char* const kRich = R"({
    "temperature": 0.7, "max_tokens": 100, "seed": 9007199254740993, "stop": ["\n", "\"end\""],
    "n": 2, "logit_bias": {"50256": -100, "11": 5.5}, "top_p": 1, "empty": {}, "none": [],
    "response_format": {"type": "json_schema", "json_schema": {"name": "r", "strict": true,
        "schema": {"type": "object", "properties": {"b": {"type": "null"}, "a": {"enum": [1, null]}}}}},
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "deep": [[[{"x": [{"y": "grüße 😀"}]}]]]})";

}  // namespace

TEST_CASE("request key: numbers are taken apart exactly") {
    const auto spelled = [](std::string_view json) {
        const auto number = canonical_number(json);
        if (!number) {
            return std::string("none");
        }
        return std::string(number->negative ? "-" : "") + std::string(number->head) +
               std::string(number->tail) + "e" + std::to_string(number->exponent);
    };
    CHECK(spelled("0") == "e0");
    CHECK(spelled("-0.000e99") == "e0");
    CHECK(spelled("0e99999999999999999999") == "e0");
    CHECK(spelled("1") == "1e0");
    CHECK(spelled("1.0") == "1e0");
    CHECK(spelled("1e0") == "1e0");
    CHECK(spelled("10E-1") == "1e0");
    CHECK(spelled("0.0000001e+7") == "1e0");
    CHECK(spelled("12300") == "123e2");
    CHECK(spelled("12300.0450") == "12300045e-3");
    CHECK(spelled("-0.00120") == "-12e-4");
    CHECK(spelled("9007199254740993") == "9007199254740993e0");
    CHECK(spelled("1e00000000000000000000005") == "1e5");
    CHECK(spelled("1e-5") == "1e-5");
    CHECK(spelled("1e999999999999999999") == "none");
}

TEST_CASE("request key: how a request is written does not matter") {
    Json document = Json::parse(kRich);
    document["model"] = "m";
    document["messages"] = Json::parse(
        R"([{"role":"system","content":"Be brief."},
            {"role":"user","content":[{"type":"text","text":"h\u00e9\n\"q\" \\ /"}]}])");
    const std::string expected = key_of(document.dump());
    for (std::uint32_t seed = 0; seed < 300; seed++) {
        const std::string body = Respelling(seed).print(document);
        CHECK_MESSAGE(key_of(body) == expected, body);
    }
}

TEST_CASE("request key: whatever is asked differently has another key") {
    Json document = Json::parse(kRich);
    document["model"] = "m";
    document["messages"] = Json::parse(R"([{"role":"user","content":"a"},{"role":"assistant",
        "content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f",
        "arguments":"{\"x\": 1}"}}]},{"role":"tool","tool_call_id":"c1","content":"b"}])");
    std::vector<std::string> keys = {key_of(document.dump())};
    int count = 0;
    change_each(document, [&](const Json& changed) {
        // The model's name is told in another place, and these two the gateway would not accept.
        if (!changed.contains("model") || changed["model"] != "m" ||
            !changed.contains("messages") || !changed["messages"].is_array()) {
            return;
        }
        keys.push_back(key_of(changed.dump()));
        count++;
    });
    CHECK(count > 100);
    std::sort(keys.begin(), keys.end());
    CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
}

TEST_CASE("request key: what is near each other is not the same") {
    const char* const different[][2] = {
        {R"("seed":9007199254740992)", R"("seed":9007199254740993)"},
        {R"("seed":1e999999999999999999)", R"("seed":1e9999999999999999999)"},
        {R"("temperature":0.1)", R"("temperature":0.10000000000000001)"},
        {R"("temperature":1)", R"("temperature":"1")"},
        {R"("temperature":1)", R"("temperature":-1)"},
        {R"("temperature":null)", R"("temperature":0)"},
        {R"("temperature":null)", ""},
        {R"("stop":["a","b"])", R"("stop":["b","a"])"},
        {R"("stop":["ab"])", R"("stop":["a","b"])"},
        {R"("stop":"a")", R"("stop":["a"])"},
        {R"("stop":[])", R"("stop":{})"},
        {R"("stop":[[],[]])", R"("stop":[[[]]])"},
        {R"("stop":"\ud800")", R"("stop":"\ufffd")"},
        {R"("stop":"\ud800")", R"("stop":"\ud801")"},
        {R"("stop":"\udc00\ud800")", R"("stop":"\ud800\udc00")"},
        {R"("stop":"A")", R"("stop":"a")"},
        {R"("stop":"a ")", R"("stop":"a")"},
        {R"("stop":"\u0000")", R"("stop":"")"},
        {R"("x":1,"x":2)", R"("x":2)"},
        {R"("x":1,"x":2)", R"("x":2,"x":1)"},
        {R"("x":{"y":1,"y":2})", R"("x":{"y":2})"},
        {R"("store":true)", ""},
        {R"("model":"n")", ""},
    };
    for (const auto& [a, b] : different) {
        CHECK_MESSAGE(!same(a, b), a, " and ", b);
    }
}

TEST_CASE("request key: spellings of one value are the same") {
    const char* const equal[][2] = {
        {R"("temperature":1.0)", R"("temperature":1e0)"},
        {R"("temperature":-0.0)", R"("temperature":0)"},
        {R"("stop":"\u0041\/")", R"("stop":"A/")"},
        {R"("stop":"\ud83d\ude00")", R"("stop":"😀")"},
        {R"("st\u006fp":"a")", R"("stop":"a")"},
        {R"("b":{"\u0062":1,"a":2})", R"("b":{"a":2,"b":1})"},
        {R"("x":1,"a":0,"x":2)", R"("x":1,"x":2,"a":0)"},
    };
    for (const auto& [a, b] : equal) {
        CHECK_MESSAGE(same(a, b), a, " and ", b);
    }
}

TEST_CASE("request key: what cannot change the answer is left out") {
    const std::string plain = key_of(chat(""));
    for (const char* const member :
         {R"("user":"u")", R"("metadata":{"a":1})", R"("stream":true)", R"("stream":false)",
          R"("stream":true,"stream_options":{"include_usage":true})", R"("session_id":"s")",
          R"("prompt_cache_key":"k")", R"("prompt_cache_retention":"24h")",
          R"("safety_identifier":"i")", R"("routing":"price")", R"("\u0075ser":"u","user":"v")"}) {
        CHECK_MESSAGE(key_of(chat(member)) == plain, member);
    }
    // But only at the top.
    CHECK_FALSE(same(R"("x":{"user":"u"})", R"("x":{})"));
}

TEST_CASE("request key: endpoint, target and scope are part of it") {
    const std::string body = R"({"model":"m","prompt":"p","input":"p"})";
    std::vector<std::string> keys = {
        key_of(body, Endpoint::completions), key_of(body, Endpoint::embeddings),
        key_of(body, Endpoint::completions, "n"), key_of(body, Endpoint::completions, "m", "k_1"),
        key_of(body, Endpoint::completions, "m", "k_2")};
    // The name in the body does not matter: an alias shares the answers of its target.
    CHECK(key_of(R"({"model":"alias","prompt":"p","input":"p"})", Endpoint::completions, "m") ==
          keys[0]);
    std::sort(keys.begin(), keys.end());
    CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
}

TEST_CASE("request key: Claude Code's billing line is left out, and nothing else of its text") {
    const auto with = [](const std::string& system) {
        return key_of(R"({"model":"m","messages":[{"role":"system","content":)" + system +
                      R"(},{"role":"user","content":"hi"}]})");
    };
    const std::string line = "x-anthropic-billing-header: cc_version=2.1.9; cch=";
    const std::string rest = R"({"type":"text","text":"You are Claude Code."}])";
    const auto block = [&](const std::string& text) {
        return with(R"([{"type":"text","text":")" + text + R"("},)" + rest);
    };
    CHECK(block(line + "1") == block(line + "2"));
    CHECK(block(line + "1") == with("[" + rest));
    CHECK(block(line + "1\\nMore.") == block(line + "2\\nMore."));
    CHECK(block(line + "1\\nMore.") == block("More."));
    CHECK(block(line + "1\\nMore.") != block(line + "1\\nLess."));
    CHECK(block("\\u0078" + line.substr(1) + "1") == block(line + "2"));
    CHECK(with("\"" + line + "1\\nBe brief.\"") == with("\"Be brief.\""));
    CHECK(with("\"" + line + "1\"") == with("\"\""));
    CHECK(block("See " + line + "1") != block("See " + line + "2"));
    // Anywhere else it is a text like others.
    const auto said = [&](const std::string& number) {
        return key_of(R"({"model":"m","messages":[{"role":"user","content":")" + line + number +
                      R"("}]})");
    };
    CHECK(said("1") != said("2"));
    const auto top = [&](const std::string& number) {
        return key_of(chat(R"("system":[{"type":"text","text":")" + line + number + R"("}])"));
    };
    CHECK(top("1") == top("2"));
}

TEST_CASE("request key: one text in another form") {
    const auto call = InferenceCall::parse(Endpoint::chat_completions, chat(""));
    REQUIRE(call);
    RequestHasher hasher;
    const KeyedRequest request{**call, "m"};
    const std::size_t at = (*call)->body.find("\"hi\"");
    const ReplacedText hi{std::string_view((*call)->body).substr(at, 4), "hi"};
    const ReplacedText other{hi.message, "ho"};
    CHECK(hasher.key_with(request, hi) == hasher.key_with(request, hi));
    CHECK(hasher.key_with(request, hi) != hasher.key_with(request, other));
    CHECK(hasher.key_with(request, hi) != hasher.key(request));
    CHECK(hasher.key(request) == hasher.key(request));
}

TEST_CASE("request key: a request of more than a million values has none") {
    std::string body = R"({"model":"m","input":[0)";
    for (int i = 0; i < 1'000'100; i++) {
        body += ",1";
    }
    const auto call = InferenceCall::parse(Endpoint::embeddings, body + "]}");
    REQUIRE(call);
    RequestHasher hasher;
    CHECK_FALSE(hasher.key({**call, "m"}));
    // And the hasher is as good as before.
    const auto next = InferenceCall::parse(Endpoint::chat_completions, chat(""));
    REQUIRE(hasher.key({**next, "m"}));
    CHECK(to_hex(hasher.key({**next, "m"})->view()) == key_of(chat("")));
}

TEST_CASE("json tape: nested values and their ends") {
    JsonTape tape;
    REQUIRE(tape.read(R"( { "a" : [1, {"b":"x\"y"}, []], "c":null, "a":{} } )"));
    CHECK(tape[0].kind == JsonKind::object);
    CHECK(tape[0].end == tape.size());
    CHECK(tape.text(tape[1]) == "a");
    CHECK(tape[2].kind == JsonKind::array);
    CHECK(tape.text(tape[2]) == R"([1, {"b":"x\"y"}, []])");
    CHECK(tape.text(tape[3]) == "1");
    CHECK(tape.is(tape.member(4, "b"), "x\"y"));
    CHECK(tape[tape.member(0, "c")].kind == JsonKind::null);
    CHECK(tape[tape.member(0, "a")].kind == JsonKind::object);
    CHECK(tape.member(0, "none") == 0);
    CHECK(tape.member(2, "a") == 0);
}
