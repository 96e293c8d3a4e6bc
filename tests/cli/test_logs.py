# SPDX-License-Identifier: Apache-2.0
"""`llmgw logs` and `llmgw usage`, without a daemon."""

import json
import os

import pytest


@pytest.fixture
def logged(llmgw):
    """A log of three requests: two answered, one of an unknown model."""
    for text in ("one", "two three"):
        assert llmgw("chat", "-m", "mock/echo", text).code == 0
    llmgw("chat", "-m", "no-such-model", "x")
    return llmgw


def test_nothing_is_logged_yet(llmgw):
    assert llmgw("logs", "--json").json() == []
    assert llmgw("usage", "--json").json() == []
    for words in (["logs"], ["usage"]):
        done = llmgw(*words)
        assert (done.code, done.out) == (0, "") and done.err
    assert llmgw("logs", "export").out == ""
    assert llmgw("logs", "prune", "--yes", "--json").json() == {"removed": 0}
    done = llmgw("logs", "show", "req_1", "--json")
    assert done.code == 3 and done.error()["code"] == "not_found"
    assert not os.path.exists(os.path.join(llmgw.home, "log.db")), "looking makes nothing"


def test_list(logged):
    found = logged("logs", "--json").json()
    assert [row["requested_model"] for row in found] == [
        "no-such-model", "mock/echo", "mock/echo"]
    assert [row["status"] for row in found] == [404, 200, 200]
    assert [row["error"] for row in found] == ["model_not_found", "none", "none"]
    assert logged("logs", "list", "--limit", "1", "--json").json() == found[:1]
    assert logged("logs", "list", "--errors", "--json").json() == found[:1]
    assert logged("logs", "-m", "ec*", "--json").json() == found[1:]
    assert logged("logs", "-p", "mock", "--json").json() == found[1:]
    assert logged("logs", "-p", "openai", "--json").json() == []
    assert logged("logs", "--since", "1h", "--json").json() == found
    lines = logged("logs").out.splitlines()
    assert [line.split("\t")[1] for line in lines] == ["404", "200", "200"]
    assert [line.split("\t")[-1] for line in lines] == [row["request_id"] for row in found]


def test_list_on_a_terminal(logged):
    shown = logged("logs", env={"LLMGW_FORCE_TTY": "120", "NO_COLOR": "1"}).out.splitlines()
    assert shown[0].split()[:3] == ["TIME", "STATUS", "MODEL"]
    assert "ago" in shown[1] and "\t" not in "".join(shown)


def test_show(logged):
    row = logged("logs", "--limit", "2", "--json").json()[1]
    shown = logged("logs", "show", row["request_id"], "--json").json()
    assert {name: shown[name] for name in row} == row
    assert len(shown["attempts"]) == 1
    assert logged("logs", "show", str(row["id"]), "--json").json() == shown
    text = logged("logs", "show", row["request_id"]).out
    assert row["request_id"] in text and "mock" in text and "seed" in text
    assert logged("logs", "show", "nope").code == 3


def test_export_is_lines_of_json(logged):
    found = [json.loads(line) for line in logged("logs", "export").out.splitlines()]
    assert [row["id"] for row in found] == [1, 2, 3]
    assert found[0]["decision"]["candidates"][0]["provider"] == "mock"
    assert logged("logs", "export", "--since", "1h").out == logged("logs", "export").out
    assert logged("logs", "export", "--json").out == logged("logs", "export").out


def test_usage(logged):
    by_model = {row["model"]: row for row in logged("usage", "--json").json()}
    assert by_model["echo"]["requests"] == 2 and by_model["echo"]["errors"] == 0
    assert by_model["echo"]["cost_usd"] == 0 and by_model["echo"]["unknown_costs"] == 0
    assert by_model[None]["errors"] == 1 and by_model[None]["p95_ms"] is None
    tokens = sum(row["input_tokens"] for row in logged("logs", "-m", "echo", "--json").json())
    assert by_model["echo"]["input_tokens"] == tokens
    for by in ("provider", "key", "day"):
        found = logged("usage", "--by", by, "--json").json()
        assert sum(row["requests"] for row in found) == 3
        assert by in found[0]
    assert logged("usage", "--by", "hour").code == 2
    lines = logged("usage").out.splitlines()
    assert len(lines) == 2 and len(lines[0].split("\t")) == 12
    shown = logged("usage", env={"LLMGW_FORCE_TTY": "120", "NO_COLOR": "1"}).out.splitlines()
    assert shown[0].split()[0] == "MODEL" and shown[-1].split()[:2] == ["total", "3"]


def test_prune(logged):
    done = logged("logs", "prune", "--older-than", "1h")
    assert done.code == 2 and "--yes" in done.err
    assert logged("logs", "prune", "--yes", "--json").json() == {"removed": 0}
    assert logged("logs", "prune", "--older-than", "1h", "--yes", "--json").json() == {"removed": 0}
    done = logged("logs", "prune", "--older-than", "0", "--yes")
    assert done.code == 0 and "removed 3 rows" in done.err
    assert logged("logs", "--json").json() == []
    assert sum(row["requests"] for row in logged("usage", "--json").json()) == 3


def test_numbers_and_durations_are_checked(llmgw):
    for words in (["logs", "--limit", "0"], ["logs", "--limit", "x"], ["logs", "--since", "5"],
                  ["usage", "--since", "soon"], ["logs", "prune", "--older-than", "-1d"],
                  ["logs", "show"]):
        done = llmgw(*words)
        assert (done.code, done.out) == (2, ""), words


def test_a_damaged_log_is_8(logged):
    path = os.path.join(logged.home, "log.db")
    for name in os.listdir(logged.home):
        if name.startswith("log.db-"):
            os.unlink(os.path.join(logged.home, name))
    with open(path, "wb") as file:
        file.write(b"this is not a database, but long enough to look like a file" * 50)
    for words in (["logs"], ["usage"], ["logs", "show", "1"], ["logs", "export"]):
        assert logged(*words).code == 8
    assert logged("__complete", "logs", "show", "").code == 0
    assert logged("chat", "-m", "mock/echo", "x").code == 0
    assert len(logged("logs", "--json").json()) == 1


def test_texts_from_outside_cannot_steer_the_terminal(logged):
    assert logged("chat", "-m", "a\x1b[31m\tb\nc", "x").code != 0
    for words in (["logs"], ["logs", "show", "3"]):
        assert "\x1b" not in logged(*words, env={"LLMGW_FORCE_TTY": "120", "NO_COLOR": "1"}).out
    assert len(logged("logs").out.splitlines()) == 4


def test_completion_knows_the_latest_requests(logged):
    newest = [row["request_id"] for row in logged("logs", "--json").json()]
    done = logged("__complete", "logs", "show", "")
    assert [line.split("\t")[0] for line in done.out.splitlines()] == newest
