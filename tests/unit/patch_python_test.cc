// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "tests/unit/patch_trial.h"

using namespace llmgw;
using trial::move_files;

TEST_CASE("patch, python: a client with a virtual key") {
    const auto moved = move_files({{"app.py", R"(import os

from portkey_ai import Portkey

client = Portkey(
    api_key=os.environ["PORTKEY_API_KEY"],
    virtual_key="openai-prod",  # ours
)

answer = client.chat.completions.create(
    model="gpt-4o",
    messages=[{"role": "user", "content": "hi"}],
)
)"}});
    CHECK(moved.text == R"(import os

from openai import OpenAI

client = OpenAI(
    base_url="http://127.0.0.1:4114/v1",
    api_key=os.environ["LLMGW_API_KEY"],  # ours
)

answer = client.chat.completions.create(
    model="@openai-prod/gpt-4o",
    messages=[{"role": "user", "content": "hi"}],
)
)");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, python: a saved config, an asynchronous client, metadata") {
    const auto moved = move_files({{"app.py", R"(from portkey_ai import AsyncPortkey

portkey = AsyncPortkey(config="pc-main-12", metadata={"_user": "ann"}, timeout=5)


async def ask(question):
    return await portkey.chat.completions.create(messages=question)


async def embed(text):
    return await portkey.embeddings.create(model='small', input=text)
)"}},
                                  {.routes = {{"pc-main-12", "main"}}});
    CHECK(moved.text == R"(import json
import os
from openai import AsyncOpenAI

portkey = AsyncOpenAI(base_url="http://127.0.0.1:4114/v1", api_key=os.environ["LLMGW_API_KEY"], default_headers={"x-llmgw-metadata": json.dumps({"_user": "ann"})}, timeout=5)


async def ask(question):
    return await portkey.chat.completions.create(model="route/main", messages=question)


async def embed(text):
    return await portkey.embeddings.create(model='route/main/small', input=text)
)");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, python: options of single requests") {
    const auto moved = move_files({{"app.py", R"(import os
from portkey_ai import Portkey
MODEL = "gpt-4o"
portkey = Portkey(api_key=os.getenv("PORTKEY_API_KEY"), provider="@openai-prod")
a = portkey.with_options(config="pc-fast", trace_id=trace).chat.completions.create(model=MODEL, messages=m)
b = portkey.chat.completions.create(model=MODEL, messages=m)
c = portkey.with_options(virtual_key="spare").embeddings.create(model="e", input="x", extra_headers={"x-portkey-metadata": "{}"})
)"}});
    CHECK(moved.text == R"(import os
from openai import OpenAI
MODEL = "gpt-4o"
portkey = OpenAI(base_url="http://127.0.0.1:4114/v1", api_key=os.environ["LLMGW_API_KEY"])
a = portkey.chat.completions.create(extra_headers={"x-request-id": trace}, model=f"route/pc-fast/{MODEL}", messages=m)
b = portkey.chat.completions.create(model=f"@openai-prod/{MODEL}", messages=m)
c = portkey.embeddings.create(model="@spare/e", input="x", extra_headers={"x-llmgw-metadata": "{}"})
)");
}

TEST_CASE("patch, python: the OpenAI SDK and LangChain with Portkey's headers") {
    const auto moved = move_files({{"chain.py", R"(import os
from langchain_openai import ChatOpenAI
from openai import OpenAI
from portkey_ai import PORTKEY_GATEWAY_URL, createHeaders

headers = createHeaders(api_key=os.environ["PORTKEY_API_KEY"], virtual_key="main")
llm = ChatOpenAI(
    api_key="X",
    base_url=PORTKEY_GATEWAY_URL,
    default_headers=headers,
    model="gpt-4o",
)
client = OpenAI(
    api_key="dummy",
    base_url=PORTKEY_GATEWAY_URL,
    default_headers=createHeaders(config="pc-1", metadata=who()),
)
client.chat.completions.create(model="o3", messages=[])
)"}});
    CHECK(moved.text == R"(import json
import os
from langchain_openai import ChatOpenAI
from openai import OpenAI

llm = ChatOpenAI(
    api_key=os.environ["LLMGW_API_KEY"],
    base_url="http://127.0.0.1:4114/v1",
    model="@main/gpt-4o",
)
client = OpenAI(
    api_key=os.environ["LLMGW_API_KEY"],
    base_url="http://127.0.0.1:4114/v1",
    default_headers={"x-llmgw-metadata": json.dumps(who())},
)
client.chat.completions.create(model="route/pc-1/o3", messages=[])
)");
    CHECK(moved.left().empty());
}

TEST_CASE("patch, python: clients in functions and classes") {
    const auto moved = move_files({{"service.py", R"(import os
from portkey_ai import Portkey

class Service:
    def __init__(self):
        self._client: Portkey = Portkey(virtual_key="main")

    def ask(self, question):
        return self._client.chat.completions.create(model="a", messages=question)

def first():
    client = Portkey(virtual_key="one")
    return client.chat.completions.create(model="a", messages=[])

def second():
    client = Portkey(virtual_key="two")
    return client.chat.completions.create(model="a", messages=[])
)"}});
    CHECK(moved.text == R"(import os
from openai import OpenAI

class Service:
    def __init__(self):
        self._client: OpenAI = OpenAI(base_url="http://127.0.0.1:4114/v1", api_key=os.environ["LLMGW_API_KEY"])

    def ask(self, question):
        return self._client.chat.completions.create(model="@main/a", messages=question)

def first():
    client = OpenAI(base_url="http://127.0.0.1:4114/v1", api_key=os.environ["LLMGW_API_KEY"])
    return client.chat.completions.create(model="@one/a", messages=[])

def second():
    client = OpenAI(base_url="http://127.0.0.1:4114/v1", api_key=os.environ["LLMGW_API_KEY"])
    return client.chat.completions.create(model="@two/a", messages=[])
)");
}

TEST_CASE("patch, python: what is not certain stays, and says why") {
    struct Case {
        const char* code;
        const char* reason;
    };
    const std::string head = "import os\nfrom portkey_ai import Portkey, createHeaders\n";
    for (const auto& [code, reason] : {
             Case{"c = Portkey(virtual_key=slug)\n", "`virtual_key` is no literal"},
             Case{"c = Portkey(**options)\n", "not all of its options"},
             Case{"c = Portkey(provider='openai', Authorization=k)\n", "the provider openai"},
             Case{"c = Portkey(virtual_key='a', config='pc-b')\n", "both @a and route/pc-b"},
             Case{"c = Portkey(virtual_key='a', cache_namespace='n')\n", "belongs into the route"},
             Case{"c = Portkey(config={'retry': {'attempts': 2}})\n", "its config is in the code"},
             Case{"c = Portkey(base_url=where, virtual_key='a')\n", "somebody else's"},
             Case{"c = Portkey(virtual_key='a')\nrun(c)\n", "passed on"},
             Case{"run(Portkey(virtual_key='a'))\n", "larger expression"},
             Case{"c = Portkey(virtual_key='a')\nc = None\n", "assigned again"},
             Case{"c = Portkey(virtual_key='a')\nc.prompts.render(prompt_id='p')\n",
                  "`prompts.render` of its client"},
             Case{"c = Portkey(virtual_key='a')\nc.chat.completions.create(model=m)\n",
                  "which model"},
             Case{"c = Portkey(virtual_key='a')\nc.chat.completions.create(**request)\n",
                  "spread into the call"},
             Case{"c = Portkey(virtual_key='a')\nc.chat.completions.create(messages=[])\n",
                  "names no model"},
             Case{"c = Portkey(virtual_key='a')\nc.chat.completions.create(model='@b/m')\n",
                  "says by itself"},
             Case{"c = Portkey(virtual_key='a')\nr = c.chat.completions.create(model='m')\n"
                  "print(r.get_headers())\n",
                  "`get_headers` is Portkey's alone"},
             Case{"import orjson as json\nc = Portkey(virtual_key='a', metadata={})\n",
                  "`json` is the name of something else"},
             Case{"async def f():\n    async with g():\n        c = Portkey(virtual_key='a')\n"
                  "    run(c)\n",
                  "passed on"},
             Case{"class A:\n    c = Portkey(virtual_key='a')\n", "belongs to a class"},
             Case{"if a:\n    c = Portkey(virtual_key='a')\nelse:\n    c = Portkey()\n",
                  "assigned again"},
             Case{"c = Portkey(virtual_key='a'\n", "brackets or quotes do not match"},
             Case{"requests.post(url, headers=createHeaders(config='pc-1'))\n", "who gets"},
         }) {
        CAPTURE(code);
        const std::string text = head + code;
        const auto moved = move_files({{"app.py", text}});
        CHECK(moved.text == text);
        CHECK(moved.patch.diff.empty());
        CAPTURE(moved.left());
        CHECK(moved.leaves(reason));
    }
}

TEST_CASE("patch, python: other files") {
    const std::string client =
        "import os\nfrom portkey_ai import Portkey\n"
        "client = Portkey(virtual_key='a')\n";
    CHECK(move_files({{"llm.py", client}, {"a.py", "from llm import client\n"}})
              .leaves("other files import `client`"));
    CHECK(move_files({{"llm.py", client}, {"a.py", "import llm\nllm.client.chat.x()\n"}})
              .leaves("other files use `client`"));
    CHECK(move_files({{"llm.py", client}, {"a.py", "client = 1\nclient.chat()\n"}}).left().empty());
}

TEST_CASE("patch, python: one client stays, another moves") {
    const auto moved = move_files({{"app.py", R"(import os
from portkey_ai import Portkey as P
a = P(virtual_key="x")
b = P(virtual_key=y)
)"}});
    CHECK(moved.text == R"(import os
from openai import OpenAI
from portkey_ai import Portkey as P
a = OpenAI(base_url="http://127.0.0.1:4114/v1", api_key=os.environ["LLMGW_API_KEY"])
b = P(virtual_key=y)
)");
    CHECK(moved.leaves("app.py:2: `P` is still used"));
}

TEST_CASE("patch, python: line ends and the end of the file") {
    const auto moved = move_files(
        {{"app.py",
          "import os\r\nfrom portkey_ai import Portkey\r\nc = Portkey(virtual_key='a')"}});
    CHECK(
        moved.text ==
        "import os\r\nfrom openai import OpenAI\r\nc = OpenAI(base_url='http://127.0.0.1:4114/v1', "
        "api_key=os.environ['LLMGW_API_KEY'])");
    CHECK(moved.patch.diff.ends_with("\n\\ No newline at end of file\n"));
}

TEST_CASE("patch, python: no secret is shown") {
    const std::string text =
        "import os\nfrom portkey_ai import Portkey\n"
        "c = Portkey(api_key='pk-9f8e7d6c5b4a39281706', virtual_key='a')\n";
    const auto moved = move_files({{"app.py", text}});
    CHECK(moved.patch.diff.empty());
    CHECK(moved.leaves("would show a secret"));
    for (const LeftAlone& use : moved.patch.left) {
        CHECK(use.text.find("9f8e7d") == std::string::npos);
    }
}
