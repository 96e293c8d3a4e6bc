# SPDX-License-Identifier: Apache-2.0
"""The man pages and completions say what the program does: no more, no less."""
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LLMGW = os.environ["LLMGW_BIN"]
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "OUTPUT", "EXIT STATUS", "EXAMPLES",
            "SEE ALSO"]
DEADLINE_S = 60


# ---- a private set-up with something to complete

@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("docs")
    (folder / "bin").mkdir()
    (folder / "bin" / "llmgw").symlink_to(LLMGW)
    (folder / "files").mkdir()
    (folder / "files" / "prompt.txt").write_text("hello")
    env = {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8",
           "LLMGW_HOME": str(folder / "home"), "TERM": "xterm", "FILES": str(folder / "files")}
    run(env, "models", "alias", "my-fast", "openai/gpt-4o-mini")
    run(env, "keys", "create", "laptop")
    (folder / "route.json").write_text('{"provider": "mock"}')
    run(env, "routes", "set", "prod", str(folder / "route.json"))
    run(env, "providers", "add", "custom", "--name", "lab-box", "--base-url",
        "http://127.0.0.1:9/v1", "--no-key")
    run(env, "chat", "-m", "mock/echo", "hello")
    return env


def run(env: dict[str, str], *words: str) -> str:
    done = subprocess.run([LLMGW, *words], env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 0, f"llmgw {' '.join(words)}: {done.stderr}"
    return done.stdout


def commands() -> dict[str, dict]:
    """The command tree, by "providers add"; llmgw itself is ""."""
    tree = json.loads(run({"PATH": "/usr/bin:/bin"}, "__options", "--json"))
    return {" ".join(command["path"]): command for command in tree["commands"]}


# ---- man pages

def plain(roff: str) -> str:
    """A line of roff without its fonts and escapes."""
    text = re.sub(r"\\f(\[[^\]]*\]|\(..|.)", "", roff)
    return text.replace("\\-", "-").replace("\\&", "").replace('"', "").strip()


def page_of(path: str) -> str:
    return f"llmgw-{path.split()[0]}" if path else "llmgw"


class Page:
    """A man page: its sections, and the options of each command it documents."""

    def __init__(self, name: str):
        self.text = (ROOT / "man" / f"{name}.1").read_text(encoding="utf-8")
        self.sections: dict[str, str] = {}
        for chunk in re.split(r"^\.SH ", self.text, flags=re.MULTILINE)[1:]:
            title, _, body = chunk.partition("\n")
            self.sections[title.strip('"')] = body

    def options(self, path: str) -> dict[str, str]:
        """ "-m, --model MODEL" and what is said about it, of one command."""
        body = self.sections["OPTIONS"]
        if "\n.SS" in "\n" + body:
            chunks = [chunk.partition("\n") for chunk in
                      re.split(r"^\.SS ", body, flags=re.MULTILINE)[1:]]
            bodies = {title: text for title, _, text in chunks}
            body = "".join(text for title, text in bodies.items() if names(title, path))
        return {plain(tag): text for tag, text in
                re.findall(r"^\.TP\n(\\fB\\-.*)\n((?:(?!\.TP).*\n)*)", body, re.MULTILINE)}

    def has_heading(self, path: str) -> bool:
        return any(names(title, path) for title in
                   re.findall(r"^\.SS (.*)", self.sections["OPTIONS"], re.MULTILINE))


def names(title: str, path: str) -> bool:
    """Whether a heading such as `"llmgw keys create \\fINAME\\fP"` is the command's."""
    words = [word for word in plain(title).split() if re.fullmatch(r"[a-z]+", word)]
    return words == ["llmgw", *path.split()]


PAGES = sorted({page_of(path) for path in commands() if path != "help"})
TREE = {path: command for path, command in commands().items() if path != "help"}


def expected_options(path: str) -> dict[str, str]:
    """The tag that a page has for each option, and what it takes."""
    tags = {}
    for option in TREE[path]["options"]:
        if option["long"] == "--help" and path:
            continue
        flags = ", ".join(flag for flag in (option["short"], option["long"]) if flag)
        # A long list of choices is spelled out below the tag instead.
        value = "NAME" if len(option["value"]) > 40 and "|" in option["value"] else option["value"]
        tags[f"{flags} {value}".strip()] = option["value"]
    return tags


@pytest.mark.parametrize("path", TREE)
def test_a_page_documents_exactly_the_options_there_are(path: str) -> None:
    documented = Page(page_of(path)).options(path)
    expected = expected_options(path)
    assert sorted(documented) == sorted(expected)
    for tag, value in expected.items():
        if "|" in value:
            said = plain(tag + " " + documented[tag])
            missing = [choice for choice in value.split("|") if not re.search(
                rf"(?<![\w-]){re.escape(choice)}(?![\w-])", said)]
            assert not missing, f"{tag} does not name {missing}"


@pytest.mark.parametrize("path", [path for path in TREE if " " in path])
def test_each_verb_has_its_heading(path: str) -> None:
    page = Page(page_of(path))
    assert page.has_heading(path)
    headings = [line for line in page.text.splitlines()
                if line.startswith(".SS ") and names(line[4:], path)]
    for argument in TREE[path]["positionals"]:
        assert argument["name"] in headings[0], "an argument is missing in the heading"


def test_no_page_or_heading_is_of_a_command_that_does_not_exist() -> None:
    assert sorted(path.stem for path in (ROOT / "man").glob("*.1")) == PAGES
    for name in PAGES:
        body = Page(name).sections["OPTIONS"]
        for title in re.findall(r"^\.SS (.*)", body, re.MULTILINE):
            assert any(names(title, path) for path in TREE), title


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_all_sections_and_formats_cleanly(name: str) -> None:
    page = Page(name)
    order = [title for title in page.sections if title in SECTIONS]
    assert order == SECTIONS
    done = subprocess.run(["man", "-l", "--warnings=w", "-Tutf8", str(ROOT / "man" / f"{name}.1")],
                          env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MANWIDTH": "100"},
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for other in re.findall(r"\.BR (llmgw\\-\w+) \(1\)", page.text):
        assert other.replace("\\-", "-") in PAGES


def field_names(document: object) -> Iterator[str]:
    if isinstance(document, list):
        for item in document:
            yield from field_names(item)
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from field_names(value)


# The fields of these are named by their data.
NAMED_BY_DATA = {"libraries", "options", "usd_per_million_units", "capabilities", "settings"}


@pytest.mark.parametrize("words", [
    "chat -m mock/echo hello", "providers list", "providers show lab-box",
    "providers catalog openai", "keys list", "keys show laptop", "routes list",
    "routes show prod", "models list gpt-4o",
    "models list --aliases", "models show gpt-4o", "logs list", "logs show 1",
    "cache on", "cache status", "cache clear --yes", "cache off",
    "usage", "usage --by provider", "usage --by key", "usage --by day",
    "config list", "config list --origin",
    "config get strict", "routes explain mock/echo", "routes simulate",
    "config get routing.fallback_statuses", "completion bash", "--version"])
def test_every_field_of_json_output_is_documented(words: str, env: dict[str, str]) -> None:
    document = json.loads(run(env, *words.split(), "--json"),
                          object_hook=lambda found: {key: {} if key in NAMED_BY_DATA else value
                                                     for key, value in found.items()})
    path = "" if words.startswith("-") else words
    output = plain(Page(page_of(path)).sections["OUTPUT"])
    missing = [field for field in sorted(set(field_names(document)))
               if not re.search(rf"(?<![\w-]){re.escape(field)}(?![\w-])", output)]
    assert not missing


def test_every_setting_is_documented(env: dict[str, str]) -> None:
    settings = [line.split("\t")[0] for line in run(env, "config", "list").splitlines()]
    page = Page("llmgw-config")
    documented = re.findall(r"^\.TP\n\.BI? ([a-z_.]+(?: NAME)?)$", page.text, re.MULTILINE)
    assert [name.replace(" ", "") for name in documented] == settings
    variables = ["LLMGW_" + setting.upper().replace(".", "_") for setting in settings
                 if not setting.endswith(".NAME")]
    assert re.findall(r"^\.BR (\w+) [,.]$", page.sections["ENVIRONMENT"], re.M) == variables


def test_every_default_is_documented(env: dict[str, str]) -> None:
    page = Page("llmgw-config")
    for setting in json.loads(run(env, "config", "list", "--json")):
        name = setting["name"].replace(".NAME", ". NAME")
        about = plain(page.text.partition(f" {name}\n")[2].partition(".TP")[0])
        default = setting["default"]
        assert f"Default {default}." in about if default else "Default: none" in about or \
            "Not set by default" in about, name


# ---- completions, in the real shells

def bash(env: dict[str, str], line: str) -> list[str]:
    """What bash offers for the last word, given the words as readline splits them."""
    words = re.findall(r"[:=]|[^\s:=]+", line) + ([""] if line[-1] in " :=" else [])
    quoted = " ".join(f"'{word}'" for word in words)
    script = f"""
        source {ROOT}/completions/llmgw.bash
        COMP_LINE='{line}' COMP_POINT={len(line)} COMP_WORDS=({quoted})
        COMP_CWORD={len(words) - 1}
        _llmgw '{words[0]}' '{words[-1]}' '{words[-2]}'
        printf '%s\\n' "${{COMPREPLY[@]}}"
        complete -p llmgw >&2
    """
    done = subprocess.run(["bash", "--norc", "-c", script], env=env, capture_output=True, text=True,
                          timeout=DEADLINE_S, check=True)
    # With nothing to offer, readline completes file names, and only then.
    assert done.stderr == "complete -o bashdefault -o default -F _llmgw llmgw\n"
    found = [candidate for candidate in done.stdout.splitlines() if candidate]
    word = line.split(" ")[-1]
    kept = re.match(r"(.*[:=])?", word)[0]
    if not found and word.startswith("/"):
        listing = subprocess.run(["bash", "-c", f"compgen -f -- '{word}'"], capture_output=True,
                                 text=True, env=env, check=False)
        return listing.stdout.splitlines()
    return [kept + candidate for candidate in found]


def fish(env: dict[str, str], line: str) -> list[str]:
    script = f"source {ROOT}/completions/llmgw.fish; complete -C '{line}'"
    done = subprocess.run(["fish", "--no-config", "-c", script], env=env, capture_output=True,
                          text=True, timeout=DEADLINE_S, check=True)
    assert done.stderr == ""
    return [candidate.split("\t")[0] for candidate in done.stdout.splitlines()]


# Typed into a real zsh: each match that the completion system is given goes to a file.
ZSH_SETUP = """
PS1='ready> '
fpath=({folder} $fpath)
autoload -Uz compinit && compinit -D -u
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *' -'[OAD]* || $1 == -[OAD] ]]; then
        builtin compadd "$@"
        return
    fi
    local -a offered
    builtin compadd -A offered "$@"
    (( $#offered )) && print -rl -- "$IPREFIX${{^offered[@]}}" >> "$RESULT"
    builtin compadd "$@"
}}
tell() {{
    zle complete-word
    print -r -- '<end>' >> "$RESULT"
}}
zle -N tell
bindkey '^I' tell
print -r -- '<ready>' >> "$RESULT"
"""


def zsh(env: dict[str, str], line: str) -> list[str]:
    folder = pathlib.Path(env["HOME"])
    result = folder / "zsh-result"
    result.write_text("")
    (folder / ".zshrc").write_text(ZSH_SETUP.format(folder=ROOT / "completions"))
    child, terminal = pty.fork()
    if child == 0:
        os.execve(shutil.which("zsh") or "/usr/bin/zsh", ["zsh", "-d", "-i"],
                  env | {"RESULT": str(result), "ZDOTDIR": str(folder)})
    try:
        wait_for(terminal, result, "<ready>")
        os.write(terminal, line.encode() + b"\t")
        wait_for(terminal, result, "<end>")
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    text = result.read_text().partition("<ready>\n")[2].partition("<end>")[0]
    return text.splitlines()


def wait_for(terminal: int, result: pathlib.Path, mark: str) -> None:
    end = time.monotonic() + DEADLINE_S
    screen = b""
    while mark not in result.read_text():
        assert time.monotonic() < end, screen
        if select.select([terminal], [], [], 0.05)[0]:
            screen += os.read(terminal, 4096)


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}

# A line, and what must be among the offers, then what must not.
LINES = [
    ("llmgw ", {"chat", "serve", "providers", "keys", "models", "config"}, {"--json", "__options"}),
    ("llmgw pro", {"providers"}, {"chat"}),
    ("llmgw providers ", {"add", "list", "show", "test", "remove", "catalog"}, {"create"}),
    ("llmgw chat --m", {"--model", "--max-tokens"}, {"--json", "--yes"}),
    ("llmgw serve --log-level ", {"debug", "info", "warn", "error"}, {"json"}),
    ("llmgw chat -m my", {"my-fast"}, {"mock/echo"}),
    ("llmgw chat -m mock/", {"mock/echo"}, {"my-fast"}),
    ("llmgw chat --model=my", {"--model=my-fast"}, set()),
    ("llmgw chat -m openai/gpt-4o-m", {"openai/gpt-4o-mini"}, {"openai/gpt-4o"}),
    ("llmgw providers remove ", {"lab-box"}, {"openai"}),
    ("llmgw providers add open", {"openai"}, {"groq"}),
    ("llmgw keys revoke l", {"laptop"}, set()),
    ("llmgw routes show ", {"prod"}, {"llmgw"}),
    ("llmgw keys create app --route p", {"prod"}, set()),
    ("llmgw chat -m route/", {"route/prod"}, {"my-fast"}),
    ("llmgw config set timeouts.", {"timeouts.connect", "timeouts.total"}, {"strict"}),
    ("llmgw config set timeouts.idle.la", {"timeouts.idle.lab-box"}, {"timeouts.idle.openai"}),
    ("llmgw config set routing.strategy ", {"auto", "price", "latency"}, {"true"}),
]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("line,wanted,unwanted", LINES)
def test_completion(shell: str, line: str, wanted: set[str], unwanted: set[str],
                    env: dict[str, str]) -> None:
    offered = set(SHELLS[shell](env, line))
    assert wanted <= offered
    assert not unwanted & offered


@pytest.mark.parametrize("shell", SHELLS)
def test_where_a_file_is_expected_files_are_offered(shell: str, env: dict[str, str]) -> None:
    offered = SHELLS[shell](env, f"llmgw chat -f {env['FILES']}/pr")
    assert any(candidate.endswith("prompt.txt") for candidate in offered), offered


@pytest.mark.parametrize("shell", SHELLS)
def test_without_the_program_nothing_is_offered_and_nothing_said(shell: str,
                                                                 env: dict[str, str]) -> None:
    assert SHELLS[shell](env | {"PATH": "/usr/bin:/bin"}, "llmgw zz") == []


@pytest.mark.parametrize("path", TREE)
def test_every_flag_is_completed(path: str, env: dict[str, str]) -> None:
    """Each shell passes the question on to the program, so bash speaks for all of them."""
    offered = set(bash(env, f"llmgw {path} --".replace("  ", " ")))
    flags = {option["long"] for name in (path, "") for option in TREE[name]["options"]}
    if path:
        flags.discard("--version")
    assert flags <= offered


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_program_carries_the_completion_files(name: str, env: dict[str, str]) -> None:
    file = {"bash": "llmgw.bash", "zsh": "_llmgw", "fish": "llmgw.fish"}[name]
    assert run(env, "completion", name) == (ROOT / "completions" / file).read_text()
