// SPDX-License-Identifier: Apache-2.0
#include "common/base/text.h"
#include "common/routes/parameters.h"
#include "common/routes/route.h"
#include "common/routes/route_walk.h"
#include "tests/fuzz/trial.h"

namespace {

using namespace llmgw;

// A request goes through it from one end to the other.
void walk_through(const RouteNode& root) {
    const auto tree = compile_route(root);
    fuzz::require(tree.has_value(), "a route that was read can be compiled");
    constexpr std::string_view kBody =
        R"({"model":"m","tools":[{"strict":true}],"user":"u","metadata":{"a":{"b":[1]}}})";
    WalkInput input;
    input.condition.params = *scan_object(kBody);
    input.condition.metadata = *scan_object(R"({"plan":"pro","seats":"12","list":[1]})");
    input.condition.pathname = "/v1/chat/completions";
    input.random = [] { return std::uint64_t{1} << 63U; };
    const std::vector<JsonField> fields = input.condition.params;
    RouteWalk walk(**tree, std::move(input));
    std::size_t asked = 0;
    auto step = walk.first();
    for (; step && *step != nullptr; asked++) {
        fuzz::require_object(apply_parameters(fields, (*step)->leaf, "m"));
        step = walk.next({500});
    }
    fuzz::require(step || step.error().kind == Errc::invalid_request, "a way that ends nowhere");
    fuzz::require(asked <= kMaxConditionalTargets * kMaxNestedTargets, "a walk ends");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const auto root = parse_route(text);
    if (!root) {
        fuzz::require(root.error().kind == Errc::invalid_file, "a bad route is a bad file");
        fuzz::require(root.error().message.starts_with("line "), "a mistake has its place");
        fuzz::require(is_utf8(root.error().message), "a message is UTF-8");
        return 0;
    }
    const std::string printed = print_route(*root);
    fuzz::require_object(printed);
    for (const std::string& document : {printed, print_route(*root, 2)}) {
        const auto again = parse_route(document);
        fuzz::require(again.has_value(), "a printed route can be read");
        fuzz::require(print_route(*again) == printed, "a printed route is the same route");
        fuzz::require(!is_dynamic_route(document), "a printed route is llmgw's own");
    }
    walk_through(*root);
    return 0;
}
