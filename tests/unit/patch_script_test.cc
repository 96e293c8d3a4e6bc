// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/unit/patch_trial.h"

using namespace llmgw;
using trial::move_files;

TEST_CASE("patch, script: a client and its calls") {
    const auto moved = move_files({{"app.ts", R"(import Portkey from 'portkey-ai';

const model = 'gpt-4o';
const portkey = new Portkey({
  apiKey: process.env.PORTKEY_API_KEY!,
  virtualKey: 'openai-prod',
  traceID: run.id, // one for each run
  maxRetries: 2,
});

export async function ask(messages: Message[]): Promise<string> {
  const a = await portkey.chat.completions.create({ messages, model, stream: false });
  const b = await portkey.chat.completions.create(
    { messages, model: "o3" },
    { config: 'pc-fast', metadata: { team: 'a' }, signal },
  );
  const c = await portkey.chat.completions.create({ messages, model: 'o3' }, { virtualKey: 'b' });
  return a.choices[0].message.content ?? `${b} ${c}`;
}
)"}});
    CHECK(moved.text == R"(import OpenAI from 'openai';

const model = 'gpt-4o';
const portkey = new OpenAI({
  baseURL: 'http://127.0.0.1:4114/v1',
  apiKey: process.env.LLMGW_API_KEY,
  defaultHeaders: { 'x-request-id': run.id }, // one for each run
  maxRetries: 2,
});

export async function ask(messages: Message[]): Promise<string> {
  const a = await portkey.chat.completions.create({ messages, model: `@openai-prod/${model}`, stream: false });
  const b = await portkey.chat.completions.create(
    { messages, model: "route/pc-fast/o3" },
    { headers: { 'x-llmgw-metadata': JSON.stringify({ team: 'a' }) }, signal },
  );
  const c = await portkey.chat.completions.create({ messages, model: '@b/o3' });
  return a.choices[0].message.content ?? `${b} ${c}`;
}
)");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, script: a config in the code that has become a route") {
    const auto moved = move_files({{"app.mjs", R"(import { Portkey } from "portkey-ai"
const client = new Portkey({
  config: {
    strategy: { mode: "fallback" },
    targets: [{ virtual_key: "a" }, { virtual_key: "b" }],
  },
})
console.log(await client.chat.completions.create({ messages: [] }))
)"}},
                                  {.routes = {{"app.mjs:3", "app"}}});
    CHECK(moved.text == R"(import OpenAI from "openai"
const client = new OpenAI({
  baseURL: "http://127.0.0.1:4114/v1",
  apiKey: process.env.LLMGW_API_KEY,
})
console.log(await client.chat.completions.create({ model: "route/app", messages: [] }))
)");
}

TEST_CASE("patch, script: the OpenAI SDK and LangChain with Portkey's headers") {
    const auto moved = move_files({{"app.js", R"(const OpenAI = require("openai");
const { ChatOpenAI } = require("@langchain/openai");
const { createHeaders, PORTKEY_GATEWAY_URL } = require("portkey-ai");

const client = new OpenAI({
  baseURL: PORTKEY_GATEWAY_URL,
  apiKey: "x",
  defaultHeaders: createHeaders({ apiKey: process.env.PORTKEY_API_KEY, provider: "@main" }),
});
const llm = new ChatOpenAI({
  model: "gpt-4o",
  apiKey: "x",
  configuration: {
    baseURL: "https://api.portkey.ai/v1",
    defaultHeaders: { "x-portkey-api-key": process.env.PORTKEY_API_KEY, "x-portkey-config": "pc-1", "X-Team": "t" },
  },
});
client.embeddings.create({ model: "e", input: "hi" });
client.chat.completions.create({ model: "m", messages: [] }, { headers: createHeaders({ virtualKey: "b" }) });
)"}});
    CHECK(moved.text == R"(const OpenAI = require("openai");
const { ChatOpenAI } = require("@langchain/openai");

const client = new OpenAI({
  baseURL: "http://127.0.0.1:4114/v1",
  apiKey: process.env.LLMGW_API_KEY,
});
const llm = new ChatOpenAI({
  model: "route/pc-1/gpt-4o",
  apiKey: process.env.LLMGW_API_KEY,
  configuration: {
    baseURL: "http://127.0.0.1:4114/v1",
    defaultHeaders: { "X-Team": "t" },
  },
});
client.embeddings.create({ model: "@main/e", input: "hi" });
client.chat.completions.create({ model: "@b/m", messages: [] });
)");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, script: clients of classes and blocks") {
    const auto moved = move_files({{"app.ts", R"(import Portkey from "portkey-ai";
class Chat {
  private readonly client = new Portkey({ virtualKey: "a" });
  #spare: Portkey;
  constructor() {
    this.#spare = new Portkey();
  }
  ask() {
    return this.client.chat.completions.create({ model: "m", messages: [] });
  }
}
function one() {
  const client = new Portkey({ virtualKey: "b" });
  return client.chat.completions.create({ model: "m", messages: [] });
}
)"}});
    CHECK(moved.text == R"(import OpenAI from "openai";
class Chat {
  private readonly client = new OpenAI({ baseURL: "http://127.0.0.1:4114/v1", apiKey: process.env.LLMGW_API_KEY });
  #spare: OpenAI;
  constructor() {
    this.#spare = new OpenAI({ baseURL: "http://127.0.0.1:4114/v1", apiKey: process.env.LLMGW_API_KEY });
  }
  ask() {
    return this.client.chat.completions.create({ model: "@a/m", messages: [] });
  }
}
function one() {
  const client = new OpenAI({ baseURL: "http://127.0.0.1:4114/v1", apiKey: process.env.LLMGW_API_KEY });
  return client.chat.completions.create({ model: "@b/m", messages: [] });
}
)");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, script: what is not certain stays, and says why") {
    struct Case {
        const char* code;
        const char* reason;
    };
    const std::string head =
        "import Portkey, { createHeaders, PORTKEY_GATEWAY_URL } from 'portkey-ai';\n"
        "import OpenAI from 'openai';\n";
    for (const auto& [code, reason] : {
             Case{"const c = new Portkey(options);\n", "put together elsewhere"},
             Case{"const c = new Portkey({ ...options });\n", "not all of its options"},
             Case{"const c = new Portkey({ virtualKey });\n", "is no literal"},
             Case{"const c = new Portkey({ apiKey: import.meta.env.VITE_KEY });\n", "web page"},
             Case{"const c = new Portkey({ virtualKey: 'a', customHost: h });\n", "--base-url"},
             Case{"const c = new Portkey({ virtualKey: 'a' });\nexport default c;\n", "passed on"},
             Case{"module.exports = new Portkey({ virtualKey: 'a' });\n", "passed on"},
             Case{"const c = new Portkey({ virtualKey: 'a' });\nc.responses.create({ model: 'm' "
                  "});\n",
                  "`responses.create` of its client"},
             Case{"let c;\nclass A {\n  f() {\n    c = new Portkey({ virtualKey: 'a' });\n  }\n}\n",
                  "passed on"},
             Case{"const c = new Portkey({ virtualKey: 'a' });\nconst model = 'm';\n"
                  "const f = ({ model }) => c.embeddings.create({ model });\n",
                  "which model"},
             Case{"const c = new Portkey({ virtualKey: 'a' });\nc.chat.completions.create(body);\n",
                  "put together elsewhere"},
             Case{"const c = new Portkey({ virtualKey: 'a' });\n"
                  "c.chat.completions.create({ model: big ? 'a' : 'b' });\n",
                  "which model"},
             Case{"const c = new OpenAI({ defaultHeaders: createHeaders({ config: 'pc-1' }) });\n",
                  "does not say that its base URL"},
             Case{"fetch(PORTKEY_GATEWAY_URL + '/chat/completions');\n", "not know what"},
             Case{"const a = <p>don't</p>; new Portkey({ virtualKey: 'a' });\n", "do not match"},
         }) {
        CAPTURE(code);
        const std::string text = head + code;
        const auto moved = move_files({{"app.ts", text}});
        CHECK(moved.text == text);
        CAPTURE(moved.left());
        CHECK(moved.leaves(reason));
    }
}

TEST_CASE("patch, script: exported clients") {
    const std::string client =
        "import Portkey from 'portkey-ai';\n"
        "export const llm = new Portkey({ virtualKey: 'a' });\n";
    CHECK(move_files({{"llm.ts", client}, {"b.ts", "import { llm } from './llm';\n"}})
              .leaves("other files import `llm`"));
    CHECK(move_files({{"llm.ts", client}, {"b.ts", "import { llm2 } from './llm';\n"}})
              .left()
              .empty());
}
