#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the shape of the source tree: `structure.py RULE [ROOT]`.

Each rule is a function from a Tree to the violations it finds, one line each. test_structure.py
shows every rule a tree that breaks it.
"""
import math
import os
import pathlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator

SKIPPED = 77  # what ctest is told to take for "skipped"
CLANG_FORMAT_VERSION = "14"  # versions format differently; Debian 12's is the one that counts


class Tree:
    """The files of a source tree that are, or could be, committed."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.files = sorted(self._from_git() or self._from_walk())

    def _from_git(self) -> list[str]:
        if not (self.root / ".git").exists():
            return []
        command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
                   "--exclude-standard"]
        try:
            listing = subprocess.run(command, cwd=self.root, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return []
        names = listing.stdout.decode().split("\0")
        return [name for name in names if name and (self.root / name).is_file()]

    def _from_walk(self) -> list[str]:
        unwanted = {".git", ".cache", "build", "node_modules", "__pycache__"}
        found = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in unwanted]
            found += [str((pathlib.Path(folder) / name).relative_to(self.root)) for name in names]
        return found

    def read(self, name: str) -> str:
        return (self.root / name).read_text(encoding="utf-8", errors="replace")

    def cpp(self, *folders: str) -> list[str]:
        return [name for name in self.files
                if name.endswith((".h", ".cc")) and name.startswith(folders)]


PRODUCT = ("cli/", "common/", "daemon/")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)

# Header (a prefix of what is included) and the pattern of the files that may include it.
HOMES = [
    ("httplib.h", r"daemon/http/[^/]+\.(cc|h)"),
    ("CLI/", r"cli/args_tree\.h"),
    ("spdlog/", r"(common|daemon)/log\.cc|daemon/gateway/linked_libraries\.cc"),
    ("nlohmann/", r".+\.cc|common/base/json_io\.h|common/catalog/generator/.+"),
    ("common/base/json_io.h", r".+\.cc"),
    ("sqlite3.h", r"common/store/.+|daemon/gateway/linked_libraries\.cc"),
    ("asio", r"daemon/.+"),
    ("simdjson.h", r"(daemon|common)/.+\.cc"),
    ("valijson/", r"cli/.+\.cc"),
    ("histedit.h", r"cli/.+\.cc"),
    ("zstd.h", r"common/base/compress\.cc"),
    ("pcre2.h", r"common/routes/script_regex\.cc"),
]
ONLY_ONE_FILE = ["httplib.h"]


def includes(tree: Tree) -> Iterator[str]:
    """Who may include whom, and the one home of each heavy header."""
    homes: dict[str, set[str]] = {}
    for name in tree.cpp(*PRODUCT):
        part = name.split("/")[0]
        for match in INCLUDE.finditer(tree.read(name)):
            header = match[2]
            other = header.split("/")[0]
            if part == "common" and other in ("cli", "daemon"):
                yield f"{name}: common must not know {header}"
            if part == "daemon" and other == "cli":
                yield f"{name}: daemon must not know {header}"
            if part == "cli" and other == "daemon" and header != "daemon/gateway/gateway.h":
                yield f"{name}: cli reaches daemon through daemon/gateway/gateway.h, not {header}"
            for prefix, allowed in HOMES:
                if not header.startswith(prefix):
                    continue
                if re.fullmatch(allowed, name):
                    homes.setdefault(prefix, set()).add(name)
                else:
                    yield f"{name}: {header} is not included here"
    for prefix in ONLY_ONE_FILE:
        if len(homes.get(prefix, ())) > 1:
            yield f"{prefix} has more than one home: {', '.join(sorted(homes[prefix]))}"


SCOPE = re.compile(r"^(?:inline )?namespace(?: ([\w:]+))? \{|^\}\s*// namespace"
                   r"|^(?:struct|class|enum class|enum)\s+(?:\[\[\w+\]\]\s+)?(\w+)\b(?!::)[^;(]*?\{",
                   re.MULTILINE)


def types(tree: Tree) -> Iterator[str]:
    """A type's name is defined once: the linker mixes up two of them without a word."""
    homes: dict[str, str] = {}
    for name in tree.cpp(*PRODUCT):
        if name.startswith("common/catalog/generator/"):
            continue  # a program of its own
        spaces: list[str | None] = []
        for match in SCOPE.finditer(tree.read(name)):
            if match[2] is None and match[0].startswith("}"):
                del spaces[-1:]
            elif match[2] is None:
                spaces.append(match[1])
            elif None not in spaces:
                full = "::".join([space for space in spaces if space] + [match[2]])
                if homes.setdefault(full, name) != name:
                    yield f"{name}: {full} is also defined in {homes[full]}"


LITERAL = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"', re.DOTALL)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/', re.DOTALL)
SQL = re.compile(r"\b(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s"
                 r"|DELETE\s+FROM\s|(CREATE|DROP|ALTER)\s+(TABLE|INDEX|TRIGGER|VIEW)\s"
                 r"|PRAGMA\s+\w+|BEGIN\s+IMMEDIATE)", re.DOTALL)


def literals(source: str) -> Iterator[str]:
    """The string literals of C++ source, adjacent ones joined as the compiler joins them."""
    joined, end = "", None
    for match in LITERAL.finditer(source):
        text = match[2] if match[2] is not None else match[3] or ""
        if end is not None and COMMENT.sub("", source[end:match.start()]).strip() == "":
            joined += text
        else:
            yield joined
            joined = text
        end = match.end()
    yield joined


def sql(tree: Tree) -> Iterator[str]:
    """SQL text lives in common/store only."""
    for name in tree.cpp(*PRODUCT):
        if name.startswith("common/store/"):
            continue
        for text in literals(tree.read(name)):
            found = SQL.search(text)
            if found:
                yield f"{name}: SQL outside common/store: {found[0][:40]!r}"


SOURCE_SUFFIXES = (".h", ".cc", ".cmake", ".py", ".sh", ".bash", ".fish", ".js", ".mjs", ".ts", ".1",
                   ".in")
SOURCE_NAMES = ("CMakeLists.txt", "_llmgw")


def is_source(tree: Tree, name: str) -> bool:
    path = pathlib.PurePath(name)
    if path.suffix in SOURCE_SUFFIXES or path.name in SOURCE_NAMES:
        return True
    with open(tree.root / name, "rb") as file:
        return file.read(2) == b"#!"


def spdx(tree: Tree) -> Iterator[str]:
    """The licence is named at the top of every source file."""
    for name in tree.files:
        top = tree.read(name)[:400].splitlines()[:3] if is_source(tree, name) else None
        if top is not None and not any("SPDX-License-Identifier: Apache-2.0" in line
                                       for line in top):
            yield f"{name}: no SPDX-License-Identifier line at the top"


ROOT_FOLDERS = {"cli", "common", "daemon", "completions", "man", "packaging", "tests", ".ci"}
ROOT_FILES = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "ARCHITECTURE.md",
              "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", ".clang-format", ".clang-tidy",
              ".gitignore", ".gitattributes", ".editorconfig"}


def root(tree: Tree) -> Iterator[str]:
    """Nothing but the agreed files and folders at the top."""
    for name in tree.files:
        first, slash, _ = name.partition("/")
        if first not in (ROOT_FOLDERS if slash else ROOT_FILES):
            yield f"{name}: {first} does not belong in the root"


KEYS = re.compile(r"\b(sk-[A-Za-z0-9_-]{24,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}"
                  r"|gh[pousr]_[A-Za-z0-9]{36}|gsk_[A-Za-z0-9]{32,}|xox[abp]-[A-Za-z0-9-]{20,}"
                  r"|llmgw_[A-Za-z0-9]{32,})")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{32,}")
MADE_UP = re.compile(r"test|fake|example|dummy|sample|secret|never|private|0123456|abcdef|^sk-live-",
                     re.IGNORECASE)  # no service of the catalog makes keys that start with sk-live-


def entropy(text: str) -> float:
    """Bits a character: about 5 for a random key, under 3.5 for words and repetitions."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def secrets(tree: Tree) -> Iterator[str]:
    """Nothing that looks like a real key."""
    for name in tree.files:
        text = tree.read(name)
        for match in KEYS.finditer(text):
            if entropy(match[0]) > 3.5 and not MADE_UP.search(match[0]):
                yield f"{name}: looks like a key: {match[0][:8]}…"
        if PRIVATE_KEY.search(text):
            yield f"{name}: holds a private key"


UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def finished(tree: Tree) -> Iterator[str]:
    """No notes about work that is not done."""
    for name in tree.files:
        if name.startswith("tests/checks/") or not is_source(tree, name):
            continue
        for number, line in enumerate(tree.read(name).splitlines(), 1):
            if UNFINISHED.search(line):
                yield f"{name}:{number}: unfinished: {line.strip()[:60]}"


def clang_format(tree: Tree) -> Iterator[str]:
    """C++ files are as clang-format leaves them."""
    files = tree.cpp(*PRODUCT, "tests/")
    run = subprocess.run(["clang-format", "--dry-run", "--Werror", *files], cwd=tree.root,
                         capture_output=True, text=True, check=False)
    if run.returncode != 0:
        wrong = sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", run.stderr, re.MULTILINE)))
        for name in wrong or [run.stderr.strip()]:
            yield f"{name}: run clang-format -i on it"


def has_clang_format() -> bool:
    try:
        run = subprocess.run(["clang-format", "--version"], capture_output=True, text=True,
                             check=False)
    except OSError:
        return False
    return re.search(rf"version {CLANG_FORMAT_VERSION}\.", run.stdout) is not None


Rule = Callable[[Tree], Iterator[str]]
RULES: dict[str, Rule] = {
    "includes": includes, "types": types, "sql": sql, "spdx": spdx, "root": root, "secrets": secrets,
    "finished": finished, "format": clang_format,
}


def main() -> int:
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in RULES:
        print(f"usage: structure.py {{{'|'.join(RULES)}}} [ROOT]", file=sys.stderr)
        return 2
    rule = RULES[sys.argv[1]]
    if rule is clang_format and not has_clang_format():
        print(f"skipped: clang-format {CLANG_FORMAT_VERSION} is not installed")
        return SKIPPED
    default = pathlib.Path(__file__).resolve().parents[2]
    violations = list(rule(Tree(pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else default)))
    print("\n".join(violations) or f"ok: {(rule.__doc__ or '').strip()}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
