// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_layout.h"

#include <doctest/doctest.h>

using namespace llmgw;

TEST_CASE("json layout: white space goes, and nothing else") {
    CHECK(compact_json(" { \"a b\" :\t[ 1.50 ,\r\n \"x\\\" , y\" ] } ") ==
          R"({"a b":[1.50,"x\" , y"]})");
    CHECK(compact_json("\"\\\\\" ") == R"("\\")");
    CHECK(compact_json("12345678901234567890123") == "12345678901234567890123");
}

TEST_CASE("json layout: a member a line") {
    CHECK(indent_json(R"({"a":{"b":[1,2,"]"],"c":[]},"d":[{"e":{}},[[]],[1]]})", 2) == R"({
  "a": {
    "b": [1, 2, "]"],
    "c": []
  },
  "d": [
    {
      "e": {}
    },
    [
      []
    ],
    [1]
  ]
})");
    CHECK(indent_json("[ ]", 2) == "[]");
    const std::string text = "\"" + std::string(50, 'x') + "\"";
    CHECK(indent_json("[" + text + ",1]", 1) == "[" + text + ", 1]");
    CHECK(indent_json("[" + text + "," + text + "]", 1) == "[\n " + text + ",\n " + text + "\n]");
    CHECK(indent_json("{\"a\" : \"\\\\\"}", 4) == "{\n    \"a\": \"\\\\\"\n}");
    const std::string once = indent_json(R"({"a":[{"b":1}]})", 2);
    CHECK(indent_json(once, 2) == once);
}
