// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/unit/patch_trial.h"

using namespace llmgw;
using trial::move_files;

TEST_CASE("patch, shell: curl") {
    const auto moved = move_files({{"ask.sh", R"sh(#!/bin/sh
curl https://api.portkey.ai/v1/chat/completions \
  -H "Content-Type: application/json" \
  -H "x-portkey-api-key: $PORTKEY_API_KEY" \
  -H "x-portkey-virtual-key: openai-prod" \
  -H 'x-portkey-metadata: {"_user": "ann"}' \
  -d '{"model": "gpt-4o", "messages": []}' | jq .
curl -s "$PORTKEY_GATEWAY_URL/embeddings" -H "Authorization: Bearer $PORTKEY_API_KEY" -d "{\"model\": \"@a/e\", \"input\": \"x\"}"
curl http://localhost:8787/v1/models -H "x-portkey-api-key: $K" -H "x-portkey-config: pc-1" -d '{"model":"m"}'
)sh"}});
    CHECK(moved.text == R"sh(#!/bin/sh
curl http://127.0.0.1:4114/v1/chat/completions \
  -H "Content-Type: application/json" \
  -H "Authorization: Bearer $LLMGW_API_KEY" \
  -H 'x-llmgw-metadata: {"_user": "ann"}' \
  -d '{"model": "@openai-prod/gpt-4o", "messages": []}' | jq .
curl -s "http://127.0.0.1:4114/v1/embeddings" -H "Authorization: Bearer $LLMGW_API_KEY" -d "{\"model\": \"@a/e\", \"input\": \"x\"}"
curl http://127.0.0.1:4114/v1/models -H "Authorization: Bearer $LLMGW_API_KEY" -d '{"model":"route/pc-1/m"}'
)sh");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, shell: what stays") {
    struct Case {
        const char* code;
        const char* reason;
    };
    for (const auto& [code, reason] : {
             Case{"curl $GW/models -H 'x-portkey-config: pc-1'\n", "somebody else's"},
             Case{"curl https://api.portkey.ai/v1/messages -H 'x-portkey-config: pc-1'\n",
                  "does not serve /messages"},
             Case{"curl https://api.portkey.ai/v1/models -H 'x-portkey-config: {\"retry\":{}}'\n",
                  "config is in the code"},
             Case{"curl https://api.portkey.ai/v1/chat/completions -H 'x-portkey-config: pc-1' -d "
                  "@b\n",
                  "in another place"},
             Case{"curl https://api.portkey.ai/v1/models\n", "does not say who asks"},
             Case{"curl https://api.portkey.ai/v1/models -H'x-portkey-config: pc-1'\n", "pieces"},
             Case{"curl https://api.portkey.ai/v1/models -H \"x-portkey-metadata: {'a': 1}\"\n",
                  "no JSON"},
             Case{"curl 'https://api.portkey.ai/v1/models\n", "quotes do not match"},
         }) {
        CAPTURE(code);
        const auto moved = move_files({{"ask.sh", code}});
        CHECK(moved.patch.diff.empty());
        CAPTURE(moved.left());
        CHECK(moved.leaves(reason));
    }
}

TEST_CASE("patch, env: what nothing reads any more") {
    const std::string code =
        "import os\nfrom portkey_ai import Portkey\n"
        "c = Portkey(api_key=os.environ['PORTKEY_API_KEY'], virtual_key='a')\n";
    const std::string env = "# keys\nPORTKEY_API_KEY=YOUR_PORTKEY_KEY\nDEBUG=1\nPORTKEY_OLD=1\n";
    const auto moved = move_files({{".env", env}, {"app.py", code}});
    CHECK(moved.text == "# keys\nLLMGW_API_KEY=\nDEBUG=1\nPORTKEY_OLD=1\n");
    CHECK(moved.leaves(".env:4: nothing in these files reads it"));

    const auto kept = move_files(
        {{".env", env}, {"app.py", code}, {"b.py", "k = os.environ['PORTKEY_API_KEY']\n"}});
    CHECK(kept.text == env);
    CHECK(kept.leaves("still read in b.py:1"));

    const auto hidden =
        move_files({{".env", "PORTKEY_API_KEY=pk-0a1b2c3d4e5f6a7b8c9d\n"}, {"app.py", code}});
    CHECK(hidden.leaves("would show a secret"));
    CHECK(hidden.patch.diff.find("0a1b2c") == std::string::npos);
}

TEST_CASE("patch, dependencies: only when nothing needs them") {
    const std::string code =
        "import Portkey from 'portkey-ai';\nnew Portkey({ virtualKey: 'a' });\n";
    const std::string moved_code =
        "import Portkey from 'portkey-ai';\n"
        "const c = new Portkey({ virtualKey: 'a' });\n";
    const std::string package = R"({
  "dependencies": {
    "left-pad": "1.0.0",
    "portkey-ai": "^1.9.1"
  }
}
)";
    CHECK(
        move_files({{"package.json", package}, {"a.ts", code}}).leaves("still imported in a.ts:1"));
    CHECK(move_files({{"package.json", package}, {"a.py", "import x\n"}})
              .leaves("nothing in these files imports it"));
    CHECK(move_files({{"package.json", package}, {"a.ts", moved_code}}).text == R"({
  "dependencies": {
    "left-pad": "1.0.0",
    "openai": ">=4.0.0"
  }
}
)");
    CHECK(move_files({{"package.json", R"({"dependencies": {"openai": "^6", "portkey-ai": "1"}})"},
                      {"a.ts", moved_code}})
              .text == R"({"dependencies": {"openai": "^6"}})");

    const std::string python = "import os\nfrom portkey_ai import Portkey\nc = Portkey()\n";
    CHECK(move_files({{"requirements.txt", "flask==3.0\nportkey-ai==1.10.1\n"}, {"a.py", python}})
              .text == "flask==3.0\nopenai>=1.0\n");
    CHECK(move_files({{"requirements.txt", "openai==1.2\nportkey_ai\n"}, {"a.py", python}}).text ==
          "openai==1.2\n");
    CHECK(move_files({{"pyproject.toml", "dependencies = [\n  \"portkey-ai>=1.0\",\n]\n"},
                      {"a.py", python}})
              .text == "dependencies = [\n  \"openai>=1.0\",\n]\n");
    CHECK(move_files({{"pyproject.toml", "[tool.poetry.dependencies]\nportkey-ai = \"^1.2\"\n"},
                      {"a.py", python}})
              .text == "[tool.poetry.dependencies]\nopenai = \">=1.0\"\n");
}

TEST_CASE("patch, json: opencode, Zed, Claude Code") {
    const auto opencode = move_files({{"opencode.json", R"({
  "provider": {
    "gateway": {
      "npm": "@ai-sdk/openai-compatible",
      "options": {
        "baseURL": "https://api.portkey.ai/v1",
        "headers": { "x-portkey-api-key": "YOUR_KEY" }
      },
      "models": { "@main/gpt-4o": {} }
    }
  }
}
)"}});
    CHECK(opencode.text == R"({
  "provider": {
    "gateway": {
      "npm": "@ai-sdk/openai-compatible",
      "options": {
        "baseURL": "http://127.0.0.1:4114/v1",
        "apiKey": "{env:LLMGW_API_KEY}"
      },
      "models": { "@main/gpt-4o": {} }
    }
  }
}
)");
    CHECK(move_files({{"opencode.json", R"({"npm": "@ai-sdk/openai-compatible", "options": {
        "baseURL": "https://api.portkey.ai/v1", "headers": {"x-portkey-config": "pc-1"}}})"}})
              .leaves("add them as route/pc-1/MODEL"));
    CHECK(move_files({{"settings.json", R"({"language_models": {"openai_compatible": {"Portkey": {
        "api_url": "https://api.portkey.ai/v1"}}}})"}})
              .text.find(R"("api_url": "http://127.0.0.1:4114/v1")") != std::string::npos);
    CHECK(move_files({{"settings.json", R"({"env": {
        "ANTHROPIC_BASE_URL": "https://api.portkey.ai",
        "ANTHROPIC_CUSTOM_HEADERS": "x-portkey-provider: @a"}})"}})
              .leaves("Messages API"));
}

TEST_CASE("patch, toml: Codex") {
    const auto moved = move_files({{"config.toml", R"(model = "@main/gpt-4o"

[model_providers.portkey]
base_url = "https://api.portkey.ai/v1"
env_key = "PORTKEY_API_KEY"

[model_providers.other]
base_url = "https://llm.example.com/v1"
env_key = "OTHER_KEY"

[model_providers.new]
base_url = "https://api.portkey.ai/v1"
wire_api = "responses"
)"}});
    CHECK(moved.text == R"(model = "@main/gpt-4o"

[model_providers.portkey]
base_url = "http://127.0.0.1:4114/v1"
env_key = "LLMGW_API_KEY"

[model_providers.other]
base_url = "https://llm.example.com/v1"
env_key = "OTHER_KEY"

[model_providers.new]
base_url = "https://api.portkey.ai/v1"
wire_api = "responses"
)");
    CHECK(moved.leaves("config.toml:12: it speaks OpenAI's Responses API"));
}

TEST_CASE("patch, yaml: LibreChat") {
    const auto moved = move_files({{"librechat.yaml", R"(version: 1.1.4
endpoints:
  custom:
    - name: "One"
      apiKey: "dummy"
      baseURL: ${PORTKEY_GATEWAY_URL}
      headers:
        x-portkey-api-key: "${PORTKEY_API_KEY}"
        x-portkey-provider: "@main"
        x-team: "a"
      models:
        default: ["gpt-4o", 'o3']
        fetch: false
    - name: "Two"
      apiKey: "x"
      baseURL: "https://api.portkey.ai/v1"
      headers:
        x-portkey-config: "pc-1"
      models:
        default: ["gpt-4o"]
        fetch: true
)"}});
    CHECK(moved.text == R"(version: 1.1.4
endpoints:
  custom:
    - name: "One"
      apiKey: "${LLMGW_API_KEY}"
      baseURL: "http://127.0.0.1:4114/v1"
      headers:
        x-team: "a"
      models:
        default: ["@main/gpt-4o", "@main/o3"]
        fetch: false
    - name: "Two"
      apiKey: "x"
      baseURL: "https://api.portkey.ai/v1"
      headers:
        x-portkey-config: "pc-1"
      models:
        default: ["gpt-4o"]
        fetch: true
)");
    CHECK(moved.leaves("librechat.yaml:16: it offers all models"));
}

TEST_CASE("patch, yaml: Continue") {
    const auto moved = move_files({{"config.yaml", R"(models:
  - name: GPT
    provider: openai
    model: gpt-4o-mini
    apiBase: "https://api.portkey.ai/v1"
    apiKey: "YOUR_PORTKEY_API_KEY"
    requestOptions:
      headers:
        x-portkey-provider: "@main"
    roles:
      - chat
  - name: Local
    model: llama
    apiBase: "http://127.0.0.1:11434/v1"
)"}});
    CHECK(moved.text == R"(models:
  - name: GPT
    provider: openai
    model: "@main/gpt-4o-mini"
    apiBase: "http://127.0.0.1:4114/v1"
    apiKey: "${{ secrets.LLMGW_API_KEY }}"
    roles:
      - chat
  - name: Local
    model: llama
    apiBase: "http://127.0.0.1:11434/v1"
)");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, yaml: promptfoo") {
    const auto moved = move_files({{"promptfooconfig.yaml", R"(prompts: [a.txt]
providers:
  - id: portkey:claude-sonnet-4
    config:
      portkeyProvider: anthropic
      portkeyVirtualKey: "@anthropic-prod"
      temperature: 0
  - id: portkey:gpt-4o
    config:
      portkeyConfig: pc-1
      portkeyMetadata:
        team: a
)"}});
    CHECK(moved.text == R"(prompts: [a.txt]
providers:
  - id: "openai:chat:@anthropic-prod/claude-sonnet-4"
    config:
      apiBaseUrl: http://127.0.0.1:4114/v1
      apiKeyEnvar: LLMGW_API_KEY
      temperature: 0
  - id: portkey:gpt-4o
    config:
      portkeyConfig: pc-1
      portkeyMetadata:
        team: a
)");
    CHECK(moved.leaves("promptfooconfig.yaml:8: llmgw has no such setting"));
}
