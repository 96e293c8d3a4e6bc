// SPDX-License-Identifier: Apache-2.0
#include "common/base/error.h"

#include <doctest/doctest.h>

#include <cctype>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace llmgw;

namespace {
// Every kind and the exit code that the manual promises for it.
const std::vector<std::pair<Errc, int>> kExitCodes = {
    {Errc::failed, 1},        {Errc::usage, 2},        {Errc::not_found, 3},
    {Errc::auth, 4},          {Errc::permission, 4},   {Errc::daemon_unreachable, 5},
    {Errc::upstream, 6},      {Errc::timeout, 6},      {Errc::limit, 7},
    {Errc::budget, 7},        {Errc::invalid_file, 8}, {Errc::invalid_request, 1},
    {Errc::too_large, 1},     {Errc::overloaded, 7},   {Errc::conflict, 1},
    {Errc::interrupted, 130}, {Errc::bug, 70},
};
}  // namespace

TEST_CASE("error: every kind has the exit code of the manual") {
    // A kind added to the enum and not here fails: bug is the last one.
    REQUIRE(kExitCodes.size() == static_cast<std::size_t>(Errc::bug) + 1);
    for (std::size_t i = 0; i < kExitCodes.size(); i++) {
        CAPTURE(i);
        CHECK(static_cast<std::size_t>(kExitCodes[i].first) == i);
        CHECK(exit_code(kExitCodes[i].first) == kExitCodes[i].second);
    }
}

TEST_CASE("error: every kind has a name of its own, in snake case") {
    std::set<std::string> names;
    for (const auto& [kind, code] : kExitCodes) {
        const std::string name = errc_name(kind);
        CAPTURE(name);
        CHECK(names.insert(name).second);
        for (const char c : name) {
            CHECK((c == '_' || std::islower(static_cast<unsigned char>(c)) != 0));
        }
    }
}

TEST_CASE("error: fail() carries its parts") {
    const Result<int> failed = fail(Errc::not_found, "no such key", "llmgw keys list");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().kind == Errc::not_found);
    CHECK(failed.error().message == "no such key");
    CHECK(failed.error().hint == "llmgw keys list");
    CHECK(failed.error().http_status == 0);
}
