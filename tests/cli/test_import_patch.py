# SPDX-License-Identifier: Apache-2.0
"""`llmgw import-portkey --patch`: diffs that git applies, and code that is still code."""

import ast
import json
import os
import shutil
import subprocess

import pytest

SECRET = "sk-EXAMPL3-0123456789abcdef0123"  # told from a placeholder by its digits

APP_PY = '''\
"""Answers questions."""
from __future__ import annotations

import logging

from portkey_ai import PORTKEY_GATEWAY_URL, Portkey, createHeaders
from openai import OpenAI

log = logging.getLogger(__name__)
MODEL = "gpt-4o"


class Answers:
    def __init__(self, team):
        self._client = Portkey(
            api_key=os.environ["PORTKEY_API_KEY"],
            config="pc-main-1a2b3c",
            metadata={"team": team},
        )

    def ask(self, question):
        log.info("asking")
        answer = self._client.chat.completions.create(
            messages=[{"role": "user", "content": question}],
            model=MODEL,
        )
        return answer.choices[0].message.content


def embed(text):
    client = OpenAI(
        api_key="unused",
        base_url=PORTKEY_GATEWAY_URL,
        default_headers=createHeaders(
            api_key=os.environ["PORTKEY_API_KEY"],
            virtual_key="openai-prod",
        ),
    )
    return client.embeddings.create(model="text-embedding-3-small", input=text)
'''

APP_MJS = '''\
import { Portkey } from 'portkey-ai'

const client = new Portkey({
  apiKey: process.env.PORTKEY_API_KEY,
  config: {
    strategy: { mode: 'fallback' },
    targets: [{ virtual_key: 'openai-prod', override_params: { model: 'gpt-4o' } }, { virtual_key: 'spare' }],
  },
})

const stream = await client.chat.completions.create(
  { messages: [{ role: 'user', content: "it's me" }], stream: true },
  { traceID: `run-${process.pid}` },
)
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? '')
}
'''

TREE = {
    "backend/app.py": APP_PY.replace("import logging\n", "import logging\nimport os\n"),
    "backend/requirements.txt": "flask==3.0.0\nportkey-ai==1.10.1\n",
    "web/app.mjs": APP_MJS,
    "web/package.json": '{\n  "type": "module",\n  "dependencies": {\n'
                        '    "portkey-ai": "^1.9.1"\n  }\n}\n',
    "web/my notes.mjs": "import Portkey from \"portkey-ai\";\r\n"
                        "const a = new Portkey({ virtualKey: \"spare\" });\r\n"
                        "console.log(a.chat.completions.create({ model: \"m\", messages: [] }))",
    "ask.sh": 'curl "https://api.portkey.ai/v1/chat/completions" \\\n'
              '  -H "x-portkey-api-key: $PORTKEY_API_KEY" \\\n'
              '  -H "x-portkey-provider: @openai-prod" \\\n'
              "  -d '{\"model\": \"gpt-4o\", \"messages\": []}'\n",
    ".env.example": "PORTKEY_API_KEY=YOUR_PORTKEY_API_KEY\nDEBUG=1\n",
    "continue/config.yaml": 'models:\n  - name: GPT\n    model: gpt-4o\n'
                            '    apiBase: "https://api.portkey.ai/v1"\n    apiKey: "YOUR_KEY"\n'
                            '    requestOptions:\n      headers:\n'
                            '        x-portkey-provider: "@openai-prod"\n',
}


class Project:
    """A folder of files that git keeps."""

    def __init__(self, root, llmgw):
        self.root, self.llmgw = root, llmgw

    def write(self, files):
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        self.git("init", "-q")

    def git(self, *args, stdin="", cwd=None):
        return subprocess.run(["git", *args], cwd=cwd or self.root, input=stdin.encode(),
                              check=True, capture_output=True, env=self.llmgw.environment())

    def patch(self, *args, cwd=None):
        done = subprocess.run([os.environ["LLMGW_BIN"], "import-portkey", *args, "--patch"],
                              cwd=cwd or self.root, capture_output=True, check=False,
                              env=self.llmgw.environment(), timeout=30)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode(), done.stderr.decode()

    def read(self, name):
        return (self.root / name).read_bytes().decode()


@pytest.fixture
def project(tmp_path, llmgw):
    root = tmp_path / "project"
    root.mkdir()
    return Project(root, llmgw)


def check_node(path):
    node = shutil.which("node")
    if node:
        subprocess.run([node, "--check", str(path)], check=True, capture_output=True)


def test_a_whole_tree(project):
    project.write(TREE)
    diff, err = project.patch(".")
    project.git("apply", "--check", stdin=diff)
    project.git("apply", stdin=diff)
    assert "left alone" not in err, err
    for name in TREE:
        assert "ortkey" not in project.read(name).replace("route/pc-", ""), project.read(name)
    ast.parse(project.read("backend/app.py"))
    check_node(project.root / "web/app.mjs")
    check_node(project.root / "web/my notes.mjs")
    json.loads(project.read("web/package.json"))
    assert project.read("backend/requirements.txt") == "flask==3.0.0\nopenai>=1.0\n"
    assert project.read(".env.example") == "LLMGW_API_KEY=\nDEBUG=1\n"
    app = project.read("backend/app.py")
    assert 'model=f"route/pc-main-1a2b3c/{MODEL}"' in app
    assert 'model="@openai-prod/text-embedding-3-small"' in app
    web = project.read("web/app.mjs")
    assert "model: 'route/app'" in web, "the name that the plan gives the config in the code"
    assert "'x-request-id': `run-${process.pid}`" in web
    assert project.read("web/my notes.mjs").count("\r\n") == 2
    diff, err = project.patch(".")
    assert diff == "" and "Nothing" in err


def test_in_a_folder_of_a_repository(project):
    project.write(TREE)
    folder = project.root / "backend"
    diff, _ = project.patch("app.py", cwd=folder)
    assert diff.startswith("--- a/app.py\n+++ b/app.py\n")
    project.git("apply", stdin=diff, cwd=folder)
    assert "from portkey_ai" not in project.read("backend/app.py")


def test_names_are_the_plan_s(project):
    project.write({"app.py": TREE["backend/app.py"], "config.json": json.dumps({
        "slug": "pc-main-1a2b3c", "name": "Main Config", "object": "config",
        "config": json.dumps({"retry": {"attempts": 2}, "provider": "@openai-prod"})})})
    diff, _ = project.patch("config.json", ".")
    assert "route/main-config/{MODEL}" in diff


def test_what_stays_is_named(project):
    project.write({"a.py": "from portkey_ai import Portkey\nclient = Portkey(virtual_key=slug)\n",
                   "package.json": '{"dependencies": {"portkey-ai": "1"}}'})
    diff, err = project.patch(".")
    assert diff == ""
    assert "a.py:2: left alone: `virtual_key` is no literal" in err
    assert "package.json:1: left alone: " in err


def test_json(project):
    project.write({"a.py": TREE["backend/app.py"], "b.py": "import portkey_ai\n"})
    out, err = project.patch(".", "--json")
    document = json.loads(out)
    assert err == ""
    assert document["changed"] == ["a.py"]
    assert document["patch"].startswith("--- a/a.py\n")
    assert document["left"] == [{"file": "b.py", "line": 1, "text": "import portkey_ai",
                                 "reason": document["left"][0]["reason"]}]


def test_no_secret_is_printed(project):
    client = ('import os\nfrom portkey_ai import Portkey\n'
              'client = Portkey(api_key="KEY", virtual_key="a")\n')
    project.write({
        "own.py": client.replace("KEY", SECRET),
        "beside.py": client.replace('"KEY"', 'os.environ["PORTKEY_API_KEY"]')
                     + f'other_api_key = "{SECRET}"\n',
        ".env": f"PORTKEY_API_KEY={SECRET}\nOPENAI_API_KEY={SECRET}\n",
        "ask.sh": f'curl https://api.portkey.ai/v1/models -H "x-portkey-api-key: {SECRET}"\n',
        "config.yaml": 'models:\n  - model: gpt-4o\n    apiBase: "https://api.portkey.ai/v1"\n'
                       f'    apiKey: "{SECRET}"\n',
    })
    for flags in ([], ["--json"]):
        out, err = project.patch(".", *flags)
        assert SECRET not in out + err
        assert SECRET[3:] not in out + err
    assert "secret" in project.patch("own.py")[1]


def test_not_with_apply(llmgw, tmp_path):
    (tmp_path / "a.py").write_text("import portkey_ai\n")
    assert llmgw("import-portkey", str(tmp_path), "--patch", "--apply").code == 2


def test_outside_of_the_current_folder(project, tmp_path):
    project.write({"a.py": TREE["backend/app.py"]})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    diff, _ = project.patch("../project/a.py", cwd=elsewhere)
    assert diff.startswith(f"--- a{project.root}/a.py\n")
