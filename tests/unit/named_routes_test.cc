// SPDX-License-Identifier: Apache-2.0
#include "daemon/gateway/named_routes.h"

#include <doctest/doctest.h>

using namespace llmgw;

namespace {

StoredRoute stored(const char* name, const char* document) {
    StoredRoute route;
    route.name = name;
    route.document = document;
    return route;
}

}  // namespace

TEST_CASE("named routes: found by name, and told why not") {
    const NamedRoutes routes({stored("prod", R"({"provider":"openai"})"),
                              stored("broken", R"({"provider":7})"), stored("cheap", "{}")});
    REQUIRE(routes.find("prod") != nullptr);
    CHECK(routes.find("prod")->leaf.provider == "openai");
    CHECK(routes.names() == std::vector<std::string_view>{"broken", "cheap", "prod"});

    CHECK(routes.find("broken") == nullptr);
    const Error broken = routes.missing("broken");
    CHECK(broken.kind == Errc::invalid_request);
    CHECK(broken.message ==
          "the route broken cannot be read: line 1, column 13: /provider must be the id of a "
          "provider or the @LABEL of a key");
    CHECK(broken.hint == "llmgw routes set broken FILE");

    CHECK(routes.find("Prod") == nullptr);
    const Error missing = routes.missing("prdo");
    CHECK(missing.kind == Errc::not_found);
    CHECK(missing.code == "model_not_found");
    CHECK(missing.message == "there is no route \"prdo\"");
    CHECK(routes.missing("cheep").hint == "did you mean route/cheap?");
    CHECK(NamedRoutes().missing("a\nb").message ==
          "there is no route \"a\xef\xbf\xbd"
          "b\"");
    CHECK(NamedRoutes().missing("x").hint == "llmgw routes list");
}
