// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "common/store/store.h"

using namespace llmgw;

namespace {

/// A database in a folder of its own.
class SetupLab {
  public:
    SetupLab() {
        std::string pattern = (std::filesystem::temp_directory_path() / "llmgw-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        folder_ = pattern;
    }
    ~SetupLab() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    SetupLab(const SetupLab&) = delete;
    SetupLab& operator=(const SetupLab&) = delete;

    [[nodiscard]] std::unique_ptr<Store> open() const {
        auto store = Store::open((folder_ / "llmgw.db").string());
        REQUIRE(store);
        return *std::move(store);
    }

  private:
    std::filesystem::path folder_;
};

SetupChanges changes() {
    SetupChanges out;
    ProviderKey provider;
    provider.label = "openai-prod";
    provider.provider = "openai";
    provider.base_url = "https://api.openai.com/v1";
    provider.source = SecretSource::env;
    provider.source_ref = "OPENAI_API_KEY";
    provider.options = {{"a", "b"}};
    out.provider_keys.push_back(provider);
    StoredRoute route;
    route.name = "main";
    route.document = "{}";
    route.source = "import:pc-1";
    out.routes.push_back(route);
    out.aliases.push_back({"pc-1", "route/main"});
    GatewayKey key;
    key.id = "k_1";
    key.name = "back";
    key.digest[0] = 1;
    key.route = "main";
    out.gateway_keys.push_back(key);
    return out;
}

}  // namespace

TEST_CASE("setup changes are made together") {
    const SetupLab lab;
    const auto store = lab.open();
    REQUIRE(store->apply(changes(), *store->data_version()));
    CHECK(store->provider_key("openai-prod").value()->options.size() == 1);
    CHECK(store->route("main").value()->source == "import:pc-1");
    CHECK(store->aliases()->size() == 1);
    CHECK(store->gateway_key("back").value()->route == "main");
    CHECK(SetupChanges().empty());
    CHECK(!changes().empty());
}

TEST_CASE("setup changes of which one fails are not made at all") {
    const SetupLab lab;
    const auto store = lab.open();
    SUBCASE("a label that is taken") {
        REQUIRE(store->add_provider_key(changes().provider_keys[0]));
    }
    SUBCASE("the name of a gateway key that is taken, which is noticed last") {
        GatewayKey other = changes().gateway_keys[0];
        other.id = "k_2";
        other.digest[0] = 2;
        REQUIRE(store->add_gateway_key(other));
    }
    const auto keys = store->provider_keys()->size();
    const auto done = store->apply(changes(), *store->data_version());
    REQUIRE(!done);
    CHECK(done.error().kind == Errc::conflict);
    CHECK(store->provider_keys()->size() == keys);
    CHECK(store->routes()->empty());
    CHECK(store->aliases()->empty());
    CHECK(store->gateway_keys()->size() + store->provider_keys()->size() == 1);
    // Nothing is left open.
    CHECK(store->set_alias({"x", "y"}));
}

TEST_CASE("setup changes are not made to a set-up that has changed meanwhile") {
    const SetupLab lab;
    const auto store = lab.open();
    const auto seen = *store->data_version();
    const auto other = lab.open();
    REQUIRE(other->set_alias({"x", "y"}));
    const auto done = store->apply(changes(), seen);
    REQUIRE(!done);
    CHECK(done.error().kind == Errc::conflict);
    CHECK(store->routes()->empty());
    CHECK(store->apply(changes(), *store->data_version()));
}
