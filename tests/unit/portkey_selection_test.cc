// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>

#include "common/base/text.h"
#include "daemon/portkey/inline_key.h"
#include "daemon/portkey/selection.h"

using namespace llmgw;

namespace {

void add_key(Snapshot& snapshot, const std::string& label, const std::string& provider,
             const std::string& base_url) {
    ProviderKey key;
    key.label = label;
    key.provider = provider;
    key.base_url = base_url;
    snapshot.accesses.push_back(make_access(key, Result<std::string>("sk-stored")));
}

Snapshot set_up(bool inline_config = false) {
    Snapshot snapshot;
    add_key(snapshot, "main-1a2b3c", "openai", "https://api.openai.com/v1");
    add_key(snapshot, "lab", "custom", "http://127.0.0.1:9/v1");
    StoredRoute busy;
    busy.name = "busy";
    busy.document = R"({"model":"gpt-4o"})";
    StoredRoute open;
    open.name = "open";
    open.document = R"({"retry":{"attempts":1}})";
    snapshot.routes = NamedRoutes({busy, open});
    snapshot.aliases = {{"pc-busy-1", "route/busy"}, {"pc-plain-1", "lab/m"}};
    snapshot.settings.portkey.compat = true;
    snapshot.settings.portkey.inline_config = inline_config;
    snapshot.settings.portkey.trusted_hosts = {"localhost", "127.0.0.1"};
    return snapshot;
}

Result<std::shared_ptr<const RouteCall>> select(const Snapshot& snapshot,
                                                const PortkeyRequest& request,
                                                const PortkeyBody& body = {"m", ""}) {
    InlineConfigs configs;
    return select_by_portkey(snapshot, configs, request, body);
}

PortkeyRequest with_config(std::string_view config) {
    PortkeyRequest request;
    request.config = config;
    return request;
}

// "CODE FIELD" of a refusal.
std::string refusal(const Result<std::shared_ptr<const RouteCall>>& target) {
    return target ? "" : target.error().code + " " + target.error().param;
}

}  // namespace

TEST_CASE("portkey selection: slugs and providers") {
    const Snapshot snapshot = set_up();
    PortkeyRequest request;
    SUBCASE("nothing") {
        CHECK(select(snapshot, request, {"@lab/a/b", ""}).value() == nullptr);
    }
    SUBCASE("a virtual key") {
        request.virtual_key = "main-1a2b3c";
        request.provider = "groq";
        const auto target = select(snapshot, request, {"@lab/m", ""});
        REQUIRE(target);
        REQUIRE(*target);
        CHECK((*target)->tree->leaf.provider == "@main-1a2b3c");
        CHECK((*target)->model == "m");
    }
    SUBCASE("a slug as it is called here") {
        request.provider = "@Main-1A2B3C";
        CHECK(select(snapshot, request).value()->tree->leaf.provider == "@main-1a2b3c");
    }
    SUBCASE("a provider by Portkey's name, by another, and by llmgw's") {
        for (const char* const id : {"google", "gemini", "google-ai-studio"}) {
            CAPTURE(id);
            request.provider = id;
            CHECK(select(snapshot, request).value()->tree->leaf.provider == "google-ai-studio");
        }
        request.provider = "lab";
        CHECK(select(snapshot, request).value()->tree->leaf.provider == "@lab");
    }
    SUBCASE("a model's slug says more than a provider") {
        request.provider = "openai";
        const auto target = select(snapshot, request, {"@lab/m", ""});
        CHECK((*target)->tree->leaf.provider.empty());
        CHECK((*target)->model == "@lab/m");
    }
    SUBCASE("unknown ones") {
        request.virtual_key = "gone";
        CHECK(refusal(select(snapshot, request)) == "invalid_config x-portkey-virtual-key");
        request.virtual_key = {};
        for (const char* const id : {"@gone", "nobody", "openai, openai", "openrouter", "palm"}) {
            CAPTURE(id);
            request.provider = id;
            CHECK(refusal(select(snapshot, request)) == "invalid_config x-portkey-provider");
        }
    }
    SUBCASE("no model") {
        CHECK(refusal(select(snapshot, request, {})) == "missing_required_parameter model");
        request.virtual_key = "lab";
        CHECK(refusal(select(snapshot, request, {})) == "missing_required_parameter model");
        CHECK(select(snapshot, request, {"", "busy"}));
    }
}

TEST_CASE("portkey selection: saved configs") {
    const Snapshot snapshot = set_up();
    for (const char* const config : {"pc-busy-1", "busy", "route/busy"}) {
        CAPTURE(config);
        const auto route = select(snapshot, with_config(config)).value();
        CHECK(route->name == "busy");
        CHECK(route->model == "m");
        CHECK(select(snapshot, with_config(config), {}).value()->model.empty());
    }
    CHECK(select(snapshot, with_config("pc-plain-1"), {}).value()->tree->leaf.model == "lab/m");
    CHECK(select(snapshot, with_config("busy"), {"m", "busy"}));
    CHECK(select(snapshot, with_config("open"), {"m", "busy"}).error().kind == Errc::permission);
    CHECK(refusal(select(snapshot, with_config("pc-gone-1"))) == "invalid_config x-portkey-config");
}

TEST_CASE("portkey selection: headers come before the config") {
    const Snapshot snapshot = set_up();
    PortkeyRequest request;
    request.timeout_ms = 100;
    request.retries = 3;
    request.forward_headers = {"x-a"};
    request.metadata = R"({"a":"1"})";
    request.provider_headers = {{"openai-beta", "b"}};
    request.virtual_key = "lab";
    const auto route_of = [&](const char* name) {
        RouteCall call;
        call.tree = snapshot.routes.find(name);
        return with_portkey_headers(snapshot, call, request);
    };
    const auto open = route_of("open");
    CHECK(open->timeout_ms == 100);
    CHECK(open->forward_headers == std::vector<std::string>{"x-a"});
    CHECK(open->metadata == R"({"a":"1"})");
    CHECK(open->tree->leaf.provider == "@lab");
    CHECK(open->tree->leaf.retry.attempts == 1);
    REQUIRE(open->tree->leaf.headers.size() == 1);
    CHECK(route_of("busy")->tree->leaf.retry.attempts == 3);
    CHECK(snapshot.routes.find("busy")->leaf.retry.attempts == 0);

    request = {};
    request.timeout_ms = 100;
    CHECK(select(snapshot, request).value()->timeout_ms == 100);
    CHECK(select(snapshot, request, {"route/busy", ""}).value() == nullptr);
}

TEST_CASE("portkey selection: what is inline is refused unless it is allowed") {
    const Snapshot closed = set_up();
    const Snapshot open = set_up(true);
    PortkeyRequest request;
    SUBCASE("a config") {
        for (const char* const config :
             {R"({"provider":"openai","api_key":"sk-of-the-client"})",
              "eyJwcm92aWRlciI6Im9wZW5haSIsImFwaV9rZXkiOiJzay1vZi10aGUtY2xpZW50In0="}) {
            request.config = config;
            CHECK(refusal(select(closed, request)) == "inline_config_blocked x-portkey-config");
            const auto target = select(open, request);
            REQUIRE(target);
            REQUIRE((*target)->keys);
            REQUIRE((*target)->keys->size() == 1);
            const ProviderAccess& key = (*target)->keys->front();
            CHECK(key.secret == "sk-of-the-client");
            CHECK(key.public_only);
            CHECK((*target)->tree->leaf.provider == "@" + key.label);
            CHECK(refusal(select(open, request, {"m", "busy"})) ==
                  "inline_config_blocked x-portkey-config");
        }
    }
    SUBCASE("a key") {
        request.provider = "openai";
        request.provider_key = "sk-of-the-client";
        CHECK(refusal(select(closed, request)) == "inline_provider_blocked authorization");
        CHECK(select(open, request).value()->keys->front().secret == "sk-of-the-client");
        // Of a slug, the stored one.
        request.provider = "@lab";
        CHECK(select(closed, request).value()->keys == nullptr);
        request.virtual_key = "lab";
        request.provider = "openai";
        CHECK(select(open, request).value()->keys == nullptr);
    }
    SUBCASE("an address") {
        request.provider = "openai";
        request.provider_key = "sk-of-the-client";
        request.custom_host = "http://127.0.0.1:9901/v1";
        CHECK(refusal(select(closed, request)) ==
              "inline_custom_host_blocked x-portkey-custom-host");
        const ProviderAccess key = select(open, request).value()->keys->front();
        CHECK(key.url.text() == "http://127.0.0.1:9901/v1");
        CHECK_FALSE(key.public_only);
        request.custom_host = "http://10.0.0.5/v1";
        CHECK(select(open, request).value()->keys->front().public_only);
        request.custom_host = "http://127.0.0.2/v1";
        CHECK(select(open, request).value()->keys->front().public_only);
        for (const char* const bad : {"file:///etc/passwd", "http://user:pass@127.0.0.1/", "lab"}) {
            CAPTURE(bad);
            request.custom_host = bad;
            CHECK_FALSE(select(open, request));
        }
    }
    SUBCASE("details") {
        request.details = {{"aws_region", "eu-west-1"}};
        CHECK(refusal(select(closed, request)) == "inline_provider_blocked x-portkey-aws-region");
    }
}

TEST_CASE("portkey selection: a stored key stays at its address") {
    const Snapshot snapshot = set_up(true);
    PortkeyRequest request;
    request.custom_host = "http://127.0.0.1:9901/v1";
    SUBCASE("of headers") {
        request.virtual_key = "lab";
        CHECK(refusal(select(snapshot, request)) ==
              "inline_custom_host_blocked x-portkey-custom-host");
        request.virtual_key = {};
        request.provider = "@lab";
        CHECK(refusal(select(snapshot, request)) ==
              "inline_custom_host_blocked x-portkey-custom-host");
        request.provider = {};
        CHECK(refusal(select(snapshot, request, {"@lab/m", ""})) ==
              "inline_custom_host_blocked x-portkey-custom-host");
    }
    SUBCASE("of a config") {
        request.config = R"({"targets":[{"virtual_key":"main-1a2b3c"}],)"
                         R"("strategy":{"mode":"fallback"}})";
        CHECK_FALSE(select(snapshot, request));
        request.custom_host = {};
        CHECK(select(snapshot, request));
        for (
            const char* const config :
            {R"({"virtual_key":"main-1a2b3c","custom_host":"http://127.0.0.1:9901/v1"})",
             R"({"provider":"@main-1a2b3c","custom_host":"https://example.com/v1"})",
             R"({"custom_host":"http://127.0.0.1:9901/v1","override_params":{"model":"@lab/m"}})"}) {
            CAPTURE(config);
            CHECK(refusal(select(snapshot, with_config(config))) ==
                  "inline_custom_host_blocked x-portkey-config");
        }
    }
}

TEST_CASE("portkey selection: configs that cannot be used") {
    const Snapshot snapshot = set_up(true);
    const std::string large = R"({"name":")" + std::string(40'000, 'x') + R"("})";
    std::string deep = R"({"provider":"openai"})";
    for (int i = 0; i < 200; i++) {
        deep = R"({"strategy":{"mode":"single"},"targets":[)" + deep + "]}";
    }
    for (const std::string& config :
         {std::string("{"), std::string("[1]"), std::string("{}x"), large, deep,
          std::string(R"({"provider":"openai","api_key":"${OPENAI_API_KEY}"})"),
          std::string(R"({"provider":"openai","api_key":process.env.KEY})"),
          std::string(R"({"provider":"nobody","api_key":"sk-of-the-client"})"),
          std::string(R"({"virtual_key":"gone"})"),
          std::string(R"({"provider":"vertex-ai","vertex_region":"x","vertex_project_id":"p",)"
                      R"("vertex_service_account_json":{"type":"service_account",)"
                      R"("token_uri":"https://example.com/t"}})")}) {
        CAPTURE(config.substr(0, 80));
        const auto target = select(snapshot, with_config(config));
        REQUIRE_FALSE(target);
        CHECK(target.error().kind == Errc::invalid_request);
        CHECK(target.error().message.find("sk-of-the-client") == std::string::npos);
    }
}

TEST_CASE("portkey selection: configs are kept by their text") {
    const Snapshot snapshot = set_up(true);
    InlineConfigs configs;
    const auto config = [](int i) {
        return R"({"provider":"openai","api_key":"sk-of-the-client-)" + std::to_string(i) + "\"}";
    };
    const auto first = configs.get(snapshot, config(0)).value();
    CHECK(configs.get(snapshot, config(0)).value() == first);
    for (int i = 1; i < 64; i++) {
        REQUIRE(configs.get(snapshot, config(i)));
    }
    CHECK(configs.get(snapshot, config(0)).value() == first);
    REQUIRE(configs.get(snapshot, config(64)));  // the one used longest ago goes: 1
    CHECK(configs.get(snapshot, config(0)).value() == first);
    configs.clear();
    CHECK(configs.get(snapshot, config(0)).value() != first);
    CHECK_FALSE(configs.get(snapshot, "{"));
}

TEST_CASE("portkey selection: which configs are documents") {
    CHECK(is_config_document("{}"));
    CHECK(is_config_document("[]"));
    CHECK(is_config_document(to_base64("{\"a\":1}")));
    CHECK(is_config_document(to_base64("{ \"a\":1}")));
    CHECK_FALSE(is_config_document("pc-main-1a2b3c"));
    CHECK_FALSE(is_config_document("eyes"));
    CHECK_FALSE(is_config_document("e2e"));
    CHECK_FALSE(is_config_document("every-route"));
    CHECK_FALSE(is_config_document(""));
}
