// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "daemon/providers/openai.h"

using namespace llmgw;

namespace {

constexpr std::array<std::string_view, 2> kRejects = {"seed", "stream_options"};

struct Fixture {
    Provider provider{};
    ProviderAccess access;
    Candidate candidate;

    Fixture() {
        provider.id = "test";
        access.label = "test";
        access.provider = &provider;
        candidate.access = &access;
        candidate.upstream_model = "up/stream";
    }

    std::string adapt(const std::string& body, std::string* changes = nullptr) const {
        const auto call = InferenceCall::parse(Endpoint::chat_completions, body);
        REQUIRE(call);
        const AdaptedRequest request = adapt_openai(**call, candidate);
        std::string text;
        for (const std::string_view piece : request.body) {
            text += piece;
        }
        CHECK(text.size() == request.body_size());
        CHECK(scan_object(text));
        if (changes != nullptr) {
            *changes = request.changes();
        }
        return text;
    }
};

const std::string kMessages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";

}  // namespace

TEST_CASE("only the model's name is replaced") {
    const Fixture fixture;
    CHECK(fixture.adapt("{ \"z\":1e400, \"model\" : \"m\",\"z\":2," + kMessages + " }") ==
          "{ \"z\":1e400, \"model\" : \"up/stream\",\"z\":2," + kMessages + " }");
    const std::string same = "{\"model\":\"up/stream\"," + kMessages + "}";
    CHECK(fixture.adapt(same) == same);
}

TEST_CASE("every model member is replaced when there are several") {
    const Fixture fixture;
    CHECK(fixture.adapt("{\"model\":\"a\"," + kMessages + ",\"mod\\u0065l\":\"b\"}") ==
          "{\"model\":\"up/stream\"," + kMessages + ",\"mod\\u0065l\":\"up/stream\"}");
}

TEST_CASE("usage is asked for in every stream") {
    const Fixture fixture;
    CHECK(fixture.adapt("{\"model\":\"m\",\"stream\":true," + kMessages + "}\n") ==
          "{\"model\":\"up/stream\",\"stream\":true," + kMessages +
              ",\"stream_options\":{\"include_usage\":true}}\n");
    CHECK(fixture.adapt("{\"model\":\"m\",\"stream\":true,\"stream_options\":null," + kMessages +
                        "}") ==
          "{\"model\":\"up/stream\",\"stream\":true,\"stream_options\":{"
          "\"include_usage\":true}," +
              kMessages + "}");
    CHECK(fixture.adapt("{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"a\":1,"
                        "\"include_usage\":false}," +
                        kMessages + "}") ==
          "{\"model\":\"up/stream\",\"stream\":true,\"stream_options\":{\"a\":1,"
          "\"include_usage\":true}," +
              kMessages + "}");
    const std::string asked =
        "{\"model\":\"up/stream\",\"stream\":true,\"stream_options\":{\"include_usage\": true}," +
        kMessages + "}";
    CHECK(fixture.adapt(asked) == asked);
}

TEST_CASE("rejected fields are removed wherever they stand, and named") {
    Fixture fixture;
    fixture.provider.rejects = kRejects;
    std::string changes;
    const std::string expected = "{\"model\":\"up/stream\"," + kMessages + "}";
    CHECK(fixture.adapt("{\"seed\":1,\"model\":\"m\"," + kMessages + "}", &changes) == expected);
    CHECK(changes == "dropped=seed");
    CHECK(fixture.adapt("{\"model\":\"m\",\"seed\":1," + kMessages + "}") == expected);
    CHECK(fixture.adapt("{\"model\":\"m\"," + kMessages + ",\"seed\":1}") == expected);
    CHECK(fixture.adapt("{\"seed\":1,\"seed\":2,\"model\":\"m\"," + kMessages + ",\"seed\":3}") ==
          expected);
    CHECK(fixture.adapt("{\"stream_options\":{},\"model\":\"m\",\"stream\":true,\"seed\":1," +
                            kMessages + "}",
                        &changes) == "{\"model\":\"up/stream\",\"stream\":true," + kMessages + "}");
    CHECK(changes == "dropped=stream_options,seed");
}

TEST_CASE("a temperature over the provider's limit is clamped") {
    Fixture fixture;
    fixture.provider.max_temperature_milli = 1500;
    std::string changes;
    CHECK(fixture.adapt("{\"model\":\"m\",\"temperature\":2," + kMessages + "}", &changes) ==
          "{\"model\":\"up/stream\",\"temperature\":1.5," + kMessages + "}");
    CHECK(changes == "clamped=temperature");
    fixture.adapt("{\"model\":\"m\",\"temperature\":1.5," + kMessages + "}", &changes);
    CHECK(changes.empty());
}

TEST_CASE("what speaks to the gateway stays here, without a word") {
    const Fixture fixture;
    std::string changes;
    CHECK(fixture.adapt("{\"routing\":\"price\",\"model\":\"m\"," + kMessages + "}", &changes) ==
          "{\"model\":\"up/stream\"," + kMessages + "}");
    CHECK(changes.empty());
}

TEST_CASE("a limit known by its older name keeps its value") {
    constexpr std::array<std::string_view, 1> kNewName = {"max_completion_tokens"};
    Fixture fixture;
    fixture.provider.rejects = kNewName;
    std::string changes;
    CHECK(fixture.adapt("{\"model\":\"m\",\"max_completion_tokens\":9," + kMessages + "}",
                        &changes) ==
          "{\"model\":\"up/stream\",\"max_tokens\":9," + kMessages + "}");
    CHECK(changes == "renamed=max_completion_tokens");
    CHECK(fixture.adapt(
              "{\"max_tokens\":5,\"model\":\"m\",\"max_completion_tokens\":9," + kMessages + "}",
              &changes) == "{\"max_tokens\":5,\"model\":\"up/stream\"," + kMessages + "}");
    CHECK(changes == "dropped=max_completion_tokens");
}
