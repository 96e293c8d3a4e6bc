# SPDX-License-Identifier: Apache-2.0
"""Shows each rule of structure.py a small tree that breaks it, and one that does not."""
import pathlib

import pytest
import structure

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def violations(rule: str, root: pathlib.Path, files: dict[str, str]) -> list[str]:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(structure.RULES[rule](structure.Tree(root)))

NAMED = SPDX + "namespace llmgw {\n\nstruct Answer {\n    int a;\n};\n\n}  // namespace llmgw\n"

GOOD = {
    ".clang-format": "BasedOnStyle: Google\nIndentWidth: 4\nColumnLimit: 100\n",
    "README.md": "# llmgw\n",
    "common/base/json_io.h": SPDX + "#pragma once\n#include <nlohmann/json.hpp>\n",
    "common/store/keys.cc": SPDX + 'const char* kList = "SELECT id FROM keys WHERE name = :n";\n',
    "daemon/http/parser.cc": SPDX + "#include <httplib.h>\n",
    "daemon/gateway/gateway.h": SPDX + '#pragma once\n#include "common/base/json.h"\n',
    "cli/answer.h": NAMED,
    "cli/own.cc": NAMED.replace("struct", "namespace {\nstruct").replace("};", "};\n}  // namespace"),
    "daemon/forward.h": SPDX + "namespace llmgw {\nstruct Answer;\n}  // namespace llmgw\n",
    "cli/args_tree.h": SPDX + "#pragma once\n#include <CLI/CLI.hpp>\n",
    "cli/chat.cc": SPDX + '#include "daemon/gateway/gateway.h"\n',
    "tests/run": "#!/usr/bin/env bash\n# SPDX-License-Identifier: Apache-2.0\n",
}

# A rule, the file that breaks it, and a word of the complaint.
BAD = [
    ("includes", "common/a.cc", '#include "daemon/http/server.h"\n', "common must not know"),
    ("includes", "common/a.h", '#include "cli/args.h"\n', "common must not know"),
    ("includes", "daemon/a.cc", '#include "cli/output.h"\n', "daemon must not know"),
    ("includes", "cli/a.cc", '#include "daemon/http/server.h"\n', "through daemon/gateway"),
    ("includes", "daemon/api/a.cc", "#include <httplib.h>\n", "not included here"),
    ("includes", "daemon/http/other.cc", "#  include <httplib.h>\n", "more than one home"),
    ("includes", "cli/chat2.cc", "#include <CLI/App.hpp>\n", "not included here"),
    ("includes", "daemon/api/a.cc", "#include <spdlog/spdlog.h>\n", "not included here"),
    ("includes", "daemon/api/a.h", "#include <nlohmann/json.hpp>\n", "not included here"),
    ("includes", "daemon/api/a.h", '#include "common/base/json_io.h"\n', "not included here"),
    ("includes", "cli/a.cc", "#include <sqlite3.h>\n", "not included here"),
    ("includes", "cli/a.cc", "#include <asio/ip/tcp.hpp>\n", "not included here"),
    ("types", "daemon/a.h", NAMED, "llmgw::Answer is also defined in cli/answer.h"),
    ("types", "daemon/a.cc", NAMED, "llmgw::Answer is also defined in cli/answer.h"),
    ("sql", "daemon/a.cc", 'f("SELECT a FROM b ");\n', "SQL outside"),
    ("sql", "daemon/a.cc", 'f("INSERT "  // why\n  "INTO t VALUES (1)");\n', "SQL outside"),
    ("sql", "cli/a.cc", 'f(R"sql(\n  UPDATE t\n  SET a = 1)sql");\n', "SQL outside"),
    ("sql", "common/base/a.cc", 'f("PRAGMA user_version");\n', "SQL outside"),
    ("sql", "common/catalog/a.cc", 'f("CREATE TABLE t (a)");\n', "SQL outside"),
    ("spdx", "cli/a.cc", "int a;\n", "no SPDX"),
    ("spdx", "packaging/tool", "#!/bin/sh\necho\n", "no SPDX"),
    ("spdx", "man/llmgw.1", ".TH llmgw 1\n", "no SPDX"),
    ("root", "notes.txt", "notes\n", "does not belong"),
    ("root", "src/a.cc", SPDX, "does not belong"),
    ("secrets", "tests/a.py", "k = 'sk-" + "q7Zp2Lw9XcVb4NmR8TyU1iOa" + "'\n", "looks like a key"),
    ("secrets", "README.md", "AKIA" + "Q3EGRTJ7YH5ZPLMW\n", "looks like a key"),
    ("secrets", "tests/k.pem", "-----BEGIN " + "PRIVATE KEY-----\n" + "aB3/" * 12, "private key"),
    ("finished", "cli/a.cc", SPDX + "// TO" + "DO: later\n", "unfinished"),
    ("format", "cli/a.cc", SPDX + "int   main( ){return 0 ;}\n", "clang-format"),
]


@pytest.mark.parametrize("rule", structure.RULES)
def test_a_good_tree_passes(rule: str, tmp_path: pathlib.Path) -> None:
    if rule == "format" and not structure.has_clang_format():
        pytest.skip("no clang-format of the agreed version")
    assert violations(rule, tmp_path, GOOD) == []


@pytest.mark.parametrize("rule,name,text,complaint", BAD)
def test_a_bad_file_is_found(rule: str, name: str, text: str, complaint: str,
                             tmp_path: pathlib.Path) -> None:
    if rule == "format" and not structure.has_clang_format():
        pytest.skip("no clang-format of the agreed version")
    found = violations(rule, tmp_path, GOOD | {name: text})
    assert len(found) == 1, found
    assert complaint in found[0]
    assert name in found[0]


@pytest.mark.parametrize("text", [
    'f("Select a model from the list");',
    'f("SELECT"); g("a FROM b");',
    "// SELECT a FROM b\n",
])
def test_prose_is_not_sql(text: str, tmp_path: pathlib.Path) -> None:
    assert violations("sql", tmp_path, {"cli/a.cc": text}) == []


@pytest.mark.parametrize("key", [
    "sk-" + "test-0123456789abcdefghijklmn",
    "sk-" + "a" * 40,
    "AKIA" + "IOSFODNN7EXAMPLE",
])
def test_made_up_keys_are_fine(key: str, tmp_path: pathlib.Path) -> None:
    assert violations("secrets", tmp_path, {"tests/a.py": f"key = '{key}'\n"}) == []


def test_ignored_files_are_not_looked_at(tmp_path: pathlib.Path) -> None:
    assert violations("root", tmp_path, GOOD | {"build/dev/a.cc": "", "node_modules/b.js": ""}) == []
