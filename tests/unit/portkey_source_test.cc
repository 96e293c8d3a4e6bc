// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "common/portkey/source.h"

using namespace llmgw;

namespace {

std::string uses_in(const std::string& file, const std::string& text) {
    std::string out;
    for (const Finding& finding : source_findings(scan_source({file, text}).uses)) {
        out += finding.code.substr(2) + ":" + std::to_string(finding.line) + " ";
    }
    return out;
}

std::vector<SourceConfig> configs_in(const std::string& file, const std::string& text) {
    return scan_source({file, text}).configs;
}

}  // namespace

TEST_CASE("portkey source: which files may matter") {
    CHECK(may_use_portkey("x = portkey"));
    CHECK(may_use_portkey("PORTKEY_API_KEY"));
    CHECK(may_use_portkey("kkkKkPortKey"));
    CHECK_FALSE(may_use_portkey("portke"));
    CHECK_FALSE(may_use_portkey("key port-key ke"));
    CHECK_FALSE(may_use_portkey(""));
    CHECK(source_language("a/b.test.tsx") == SourceLanguage::script);
    CHECK(source_language(".env.production") == SourceLanguage::env);
    CHECK(source_language("Makefile") == SourceLanguage::other);
}

TEST_CASE("portkey source: the uses of each language") {
    CHECK(uses_in("a.py",
                  "from portkey_ai import (\n    Portkey,\n)\n"
                  "from llama_index.llms.portkey import Portkey\n"
                  "portkey = Portkey(api_key='k')\n"
                  "portkey.with_options(config='c')\n"
                  "h = createHeaders(provider=os.environ['PORTKEY_PROVIDER'])\n"
                  "u = PORTKEY_GATEWAY_URL\n") ==
          "IMPORT:1 IMPORT:4 CLIENT:5 OPTIONS:6 HEADERS:7 ENV:7 URL:8 ");
    CHECK(uses_in("a.ts",
                  "import { createPortkey } from '@portkey-ai/vercel-provider';\n"
                  "const { Portkey } = require('portkey-ai');\n"
                  "new Portkey({ apiKey: process.env.PORTKEY_API_KEY });\n"
                  "fetch('https://api.portkey.ai/v1', {'x-portkey-config': 'pc-1'});\n"
                  "fetch('http://localhost:8787/v1');\n") ==
          "IMPORT:1 IMPORT:2 CLIENT:3 ENV:3 URL:4 HEADER:4 URL:5 ");
    CHECK(uses_in("a.sh",
                  "curl https://aigw.portkey.ai/v1 -H \"x-portkey-api-key: $PORTKEY_API_KEY\"\n"
                  "pip install portkey-ai\n") == "URL:1 HEADER:1 ENV:1 DEPEND:2 ");
    CHECK(uses_in("package.json", "{\"dependencies\": {\"portkey-ai\": \"1\"}}") == "DEPEND:1 ");
    CHECK(uses_in("requirements-dev.txt", "portkey_ai==1\n") == "DEPEND:1 ");
    CHECK(uses_in("promptfooconfig.yaml",
                  "- id: portkey:gpt-4o\n  config:\n    portkeyConfig: pc-1\n") ==
          "SETTING:1 SETTING:3 ");
}

TEST_CASE("portkey source: what is none") {
    // Prose, names of one's own, other people's headers and servers.
    CHECK(uses_in("a.py", "# we left Portkey last year\nportkey_enabled = False\n").empty());
    CHECK(uses_in("a.ts", "createHeaders({}); fetch('http://localhost:8787');\n").empty());
    CHECK(uses_in("a.yaml", "label: Portkey:OpenAI\n").empty());
}

TEST_CASE("portkey source: places and masked secrets") {
    const auto scan = scan_source(
        {"a.sh",
         "\n  curl -H 'x-portkey-api-key: pk-0123456789abcdef0123' -H \"Authorization: Bearer "
         "sk-abcdef0123456789abcdef\"\n"});
    REQUIRE(scan.uses.size() == 1);
    CHECK(scan.uses[0].line == 2);
    CHECK(scan.uses[0].column == 12);
    CHECK(scan.uses[0].word == "x-portkey-api-key");
    CHECK(scan.uses[0].text == "curl -H 'x-portkey-api-key: …' -H \"Authorization: Bearer …\"");
    CHECK(scan.uses[0].file == "a.sh");
}

TEST_CASE("portkey source: a line of a bundle is not shown from its middle") {
    const std::string before(5000, ';');
    const auto scan = scan_source({"a.js", before + "h['x-portkey-config'] = 1;" + before});
    REQUIRE(scan.uses.size() == 1);
    CHECK(scan.uses[0].column == 5004);
    CHECK(scan.uses[0].text.starts_with("x-portkey-config'] = 1;"));
    CHECK(scan.uses[0].text.size() < 200);
}

TEST_CASE("portkey source: configs in code") {
    const auto python = configs_in("a.py", R"(from portkey_ai import Portkey
config = {
    "retry": {"attempts": 3},
}
other = {"retry": 1}
a = Portkey(config=config)
b = Portkey(config={"strategy": {"mode": "fallback"}, "targets": [{"provider": "@a"}]})
c = Portkey(config={"mode": "fallback", "options": []})
d = {"x-portkey-config": json.dumps({"cache": {"mode": "simple"}})}
e = {"x-portkey-config": '{"retry": {"attempts": 1}}'}
f = logging(config={"level": 3})
)");
    REQUIRE(python.size() == 5);
    CHECK(python[0].line == 2);
    CHECK(python[0].text == "{\n    \"retry\": {\"attempts\": 3},\n}");
    CHECK(python[1].line == 7);
    CHECK(python[1].text ==
          R"({"strategy": {"mode": "fallback"}, "targets": [{"provider": "@a"}]})");
    CHECK(python[2].line == 8);
    CHECK(python[3].text == R"({"cache": {"mode": "simple"}})");
    CHECK(python[4].text == R"({"retry": {"attempts": 1}})");

    const auto script = configs_in("a.ts", R"(// portkey
export const route = {
  strategy: { mode: 'loadbalance' },
  targets: [{ virtualKey: `${env}-a`, weight: 1 }, { strategy: { mode: 'single' }, targets: [] }],
};
)");
    REQUIRE(script.size() == 1);
    CHECK(script[0].line == 2);
    CHECK(script[0].text.ends_with("targets: [] }],\n}"));
}

TEST_CASE("portkey source: configs in commands and settings") {
    const auto shell = configs_in("a.sh",
                                  "curl -H 'x-portkey-config: {\"retry\":{\"attempts\":3}}'\n"
                                  "curl -H \"x-portkey-config: '{\\\"cache\\\":{}}'\"\n");
    REQUIRE(shell.size() == 2);
    CHECK(shell[0].text == R"({"retry":{"attempts":3}})");
    CHECK(shell[1].text == R"({"cache":{}})");
    CHECK(shell[1].line == 2);
    const auto env = configs_in(".env", "A=1\nPORTKEY_CONFIG={\"provider\":\"@a\"}\n");
    REQUIRE(env.size() == 1);
    CHECK(env[0].line == 2);
    const auto json =
        configs_in("settings.json", R"({"headers": {"x-portkey-config": "{\"retry\": {}}"}})");
    REQUIRE(json.size() == 1);
    CHECK(json[0].text == R"({"retry": {}})");
    CHECK(configs_in("a.yaml", "config: {a: 1}\n").empty());
}
