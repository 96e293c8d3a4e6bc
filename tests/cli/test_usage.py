# SPDX-License-Identifier: Apache-2.0
"""Parsing: help, suggestions, refused flags, exit codes, streams."""

import json
import os
import subprocess

import conftest
import pytest

SECRET = "sk-live-Zq81xkPd0Wm4Rt7yUn2b"


def test_alone_is_help_and_short(llmgw):
    done = llmgw()
    assert done.code == 0 and done.err == ""
    assert done.out == llmgw("help").out == llmgw("--help").out
    assert len(done.out.splitlines()) <= 25
    for name in ("chat", "serve", "providers", "keys", "models", "config", "completion"):
        assert name in done.out


def test_every_command_has_help_with_examples(llmgw):
    tree = json.loads(llmgw("__options", "--json").out)["commands"]
    assert tree[0]["path"] == []
    assert ["providers", "add"] in [command["path"] for command in tree]
    for command in tree[1:]:
        done = llmgw(*command["path"], "--help")
        assert done.code == 0 and done.err == "", command["path"]
        assert "Examples:" in done.out, command["path"]
        assert "Usage: llmgw " + " ".join(command["path"]) in done.out
        for option in command["options"]:
            assert option["long"] in done.out and option["help"]
        assert llmgw("help", *command["path"]).out == done.out


@pytest.mark.parametrize(
    "args, hint",
    [
        (["chta"], "llmgw chat"),
        (["provider"], "llmgw providers"),
        (["providers", "ad", "x"], "llmgw providers add"),
        (["serve", "stauts"], "llmgw serve status"),
        (["chat", "--modle", "x"], "--model"),
        (["models", "--capabilty", "tools"], "--capability"),
        (["help", "keys", "creat"], "llmgw keys create"),
    ],
)
def test_did_you_mean(llmgw, args, hint):
    done = llmgw(*args)
    assert done.code == 2 and done.out == ""
    assert done.err.startswith("llmgw: error: ")
    assert "did you mean " + hint in done.err


def test_no_suggestion_where_nothing_is_near(llmgw):
    done = llmgw("xyzzyplugh")
    assert done.code == 2 and "did you mean" not in done.err and "llmgw help" in done.err


@pytest.mark.parametrize(
    "args",
    [
        ["providers", "add", "openai", "--key", SECRET],
        ["providers", "add", "openai", "--key=" + SECRET],
        ["providers", "add", "openai", "--api-key", SECRET],
        ["providers", "add", "--key", SECRET],
        ["providers", "add", "openai", SECRET],
        ["providers", "add", SECRET],
        ["providers", "add", "openai", "--key-env", SECRET],
        ["providers", "add", "openai", "--key-file", SECRET],
        ["providers", "show", SECRET],
        ["keys", "create", SECRET],
        ["keys", "show", SECRET],
        ["config", "set", "openai.key", SECRET],
        ["config", "get", SECRET],
        ["models", "show", SECRET],
        ["--" + SECRET],
        [SECRET],
    ],
)
@pytest.mark.parametrize("mode", [[], ["--json"]])
def test_a_secret_in_the_wrong_place_is_refused_and_not_repeated(llmgw, args, mode):
    done = llmgw(*args, *mode)
    assert done.code in (2, 3, 8)
    assert SECRET not in done.out + done.err
    if os.path.isdir(llmgw.home):
        assert SECRET.encode() not in llmgw.files()


def test_key_flag_says_what_to_use(llmgw):
    for flag in ("--key", "--api-key"):
        done = llmgw("providers", "add", "openai", flag, SECRET)
        assert done.code == 2
        assert "command line" in done.err and "--key-stdin" in done.err


@pytest.mark.parametrize(
    "args, words",
    [
        (["chat", "-m=gpt", "hi"], "-m VALUE"),
        (["chat", "--model=", "hi"], "--model= has no value"),
        (["chat", "-m"], "--model needs a value"),
        (["chat", "-t", "hot", "hi"], "from 0 to 2"),
        (["chat", "--max-tokens", "0", "hi"], "whole number"),
        (["chat", "-o", "novalue", "hi"], "KEY=VALUE"),
        (["chat", "--json", "--jsonl", "hi"], "exclude"),
        (["serve", "--port", "70000"], "65535"),
        (["serve", "--drain", "soon"], "duration"),
        (["serve", "--port", "0", "stop"], "no flag --port"),
        (["providers", "add"], "needs PROVIDER"),
        (["keys", "list", "extra"], "no use for 'extra'"),
        (["models", "--sort", "colour"], "expected one of"),
        (["--color", "sometimes", "keys"], "expected one of"),
        (["completion", "tcsh"], "bash, zsh and fish"),
    ],
)
def test_wrong_usage_is_2_and_explained(llmgw, args, words):
    done = llmgw(*args)
    assert done.code == 2 and done.out == ""
    text = done.err if "--json" not in args else done.error()["message"]
    assert words in text


def test_json_errors_are_one_line_on_stderr(llmgw):
    for args in (["--json", "bogus"], ["bogus", "--json"], ["keys", "show", "none", "--json"]):
        error = llmgw(*args).error()
        assert set(error) == {"code", "message", "hint"}
    assert llmgw("bogus", "--json").error()["code"] == "usage"
    assert llmgw("keys", "show", "none", "--json").error()["code"] == "not_found"
    # Behind -- it is a word, no flag.
    assert llmgw("keys", "show", "none", "--", "--json").err.startswith("llmgw: error")


def test_global_flags_stand_anywhere(llmgw):
    for args in (["--json", "config", "list"], ["config", "--json", "list"],
                 ["config", "list", "--json"], ["config", "--json"]):
        done = llmgw(*args)
        assert done.code == 0, done.err
        assert isinstance(done.json(), list)


def test_bare_noun_is_list(llmgw):
    for noun in ("providers", "keys", "models", "config"):
        assert llmgw(noun, "--json").out == llmgw(noun, "list", "--json").out
    assert llmgw("models", "-p", "groq", "--json").out == llmgw(
        "models", "list", "-p", "groq", "--json").out


def test_version(llmgw):
    line = llmgw("--version")
    document = llmgw("--version", "--json").json()
    assert line.code == 0 and line.out.startswith("llmgw " + document["version"] + " (")
    assert document["libraries"]


def test_a_reader_that_goes_away_is_141_and_quiet(llmgw):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([conftest.BIN, "models", "list"], stdout=writer, stderr=subprocess.PIPE,
                          env=llmgw.environment(), timeout=60, check=False)
    os.close(writer)
    assert done.returncode == 141 and done.stderr == b""


def test_a_full_disk_is_an_error(llmgw):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([conftest.BIN, "models", "list"], stdout=full,
                              stderr=subprocess.PIPE, env=llmgw.environment(), timeout=60,
                              check=False)
    assert done.returncode == 1 and b"cannot write" in done.stderr


def test_a_closed_stdout_harms_no_file(llmgw):
    llmgw("keys")
    done = subprocess.run(["/bin/sh", "-c", '"$0" keys create laptop >&-', conftest.BIN],
                          stderr=subprocess.PIPE, env=llmgw.environment(), timeout=60, check=False)
    assert done.returncode == 1
    assert [key["name"] for key in llmgw("keys", "--json").json()] == ["laptop"]


def test_colour_rules(llmgw):
    llmgw("providers", "add", "groq", "--no-key")
    tty = {"LLMGW_FORCE_TTY": "120"}
    escape = "\x1b["
    assert escape not in llmgw("providers").out
    assert escape in llmgw("providers", env=tty).out
    assert escape not in llmgw("providers", env={**tty, "NO_COLOR": "1"}).out
    assert escape in llmgw("providers", env={**tty, "NO_COLOR": ""}).out
    assert escape not in llmgw("providers", env={**tty, "TERM": "dumb"}).out
    assert escape in llmgw("providers", "--color=always", env={**tty, "NO_COLOR": "1"}).out
    assert escape not in llmgw("providers", "--color", "never", env=tty).out
    assert escape in llmgw("bogus", env={"CLICOLOR_FORCE": "1"}).err
    assert escape not in llmgw("bogus", env={"CLICOLOR_FORCE": "0"}).err
    assert escape not in llmgw("providers", "--json", env=tty).out


def test_tables_are_fields_in_a_pipe_and_columns_on_a_terminal(llmgw, terminal):
    llmgw("providers", "add", "groq", "--no-key")
    piped = llmgw("providers").out
    assert piped.split("\t")[:2] == ["groq", "groq"] and "LABEL" not in piped
    shown = terminal("providers", "--color=never")
    assert shown.wait() == 0
    lines = shown.text.splitlines()
    assert lines[0].split() == ["LABEL", "PROVIDER", "BASE-URL", "KEY", "STATE"]
    assert "\t" not in shown.text and lines[1].startswith("groq ")


def test_two_homes_know_nothing_of_each_other(llmgw, other_llmgw):
    llmgw("keys", "create", "laptop")
    llmgw("config", "set", "timeouts.idle", "1m")
    assert other_llmgw("keys", "--json").json() == []
    assert other_llmgw("config", "get", "timeouts.idle").out != "1m\n"


def test_a_damaged_database_is_8(llmgw):
    llmgw("keys")
    path = os.path.join(llmgw.home, "llmgw.db")
    for name in os.listdir(llmgw.home):
        if name.startswith("llmgw.db-"):
            os.unlink(os.path.join(llmgw.home, name))
    with open(path, "wb") as file:
        file.write(b"this is not a database, but long enough to look like a file" * 50)
    done = llmgw("keys", "--json")
    assert done.code == 8 and done.error()["code"] == "invalid_file"


def test_serve_status_and_stop_without_a_daemon_are_5(llmgw):
    for verb in ("status", "stop"):
        done = llmgw("serve", verb)
        assert done.code == 5 and done.out == "" and "llmgw serve" in done.err
        assert llmgw("serve", verb, "--json").error()["code"] == "daemon_unreachable"
