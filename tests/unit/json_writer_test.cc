// SPDX-License-Identifier: Apache-2.0
#include "common/base/json_writer.h"

#include <doctest/doctest.h>

using namespace llmgw;

TEST_CASE("commas stand between values, and nowhere else") {
    JsonWriter json;
    json.begin_object().key("a").begin_array().number(std::int64_t{-1}).begin_object();
    json.end_object().null().end_array().key("b\"").string("x\ny").key("c").boolean(true);
    json.key("d").raw("1.50").key("e").number(0.5).key("f").begin_array().end_array().end_object();
    CHECK(json.take() == R"({"a":[-1,{},null],"b\"":"x\u000ay","c":true,"d":1.50,"e":0.5,"f":[]})");
}
