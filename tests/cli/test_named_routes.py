# SPDX-License-Identifier: Apache-2.0
"""`llmgw routes list|show|set|validate|remove`, keys bound to a route, aliases of one."""

import json
import os
import sqlite3

import pytest

TREE = """{
  "strategy": "fallback",
  "on_status": [429, 503],
  "targets": [
    {"name": "first", "provider": "@lab", "model": "tiny"},
    {"model": "mock/echo", "set": {"seed": 12345678901234567890, "temperature": 0.10}}
  ]
}"""
GRAPH = {"entry": "tier", "nodes": [
    {"id": "tier", "type": "conditional", "else": "stop", "conditions": [
        {"field": {"source": "metadata", "path": "plan"}, "op": "eq", "value": "pro", "next": "m"},
    ]},
    {"id": "m", "type": "model", "model": "mock/echo"},
    {"id": "stop", "type": "end"},
]}


@pytest.fixture
def set_route(llmgw, tmp_path):
    """Sets a route from a file and returns how that went."""
    def run(name, document, *flags):
        file = tmp_path / f"{name}.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return llmgw("routes", "set", name, str(file), *flags)
    done = llmgw("providers", "add", "custom", "--name", "lab", "--base-url",
                 "http://127.0.0.1:9/v1", "--no-key")
    assert done.code == 0, done.err
    return run


def test_set_show_and_set_again(llmgw, set_route):
    done = set_route("prod", TREE)
    assert (done.code, done.out) == (0, "")
    assert done.err == "set route/prod; next: llmgw chat -m route/prod\n"
    shown = llmgw("routes", "show", "prod")
    assert shown.code == 0 and shown.err == ""
    assert shown.json() == json.loads(TREE)
    # Digits are no business of ours.
    assert '"seed": 12345678901234567890' in shown.out and '"temperature": 0.10' in shown.out
    assert "├" not in shown.out, "a pipe gets only what `set` takes"

    again = llmgw("routes", "set", "prod", "-", stdin=shown.out)
    assert (again.code, again.err) == (0, "route/prod is like that already\n")
    other = llmgw("routes", "set", "prod", "-", "--json", stdin='{"provider": "mock"}')
    assert other.json() == {"name": "prod", "created": False, "changed": True,
                            "document": {"provider": "mock"}, "warnings": []}


def test_on_a_terminal_there_is_a_tree(llmgw, set_route):
    set_route("prod", TREE)
    text = llmgw("routes", "show", "prod", env={"LLMGW_FORCE_TTY": "100"}).out
    assert text.startswith("fallback: the next one on 429 503\n├─ first: tiny at @lab\n"
                           "└─ mock/echo, set seed temperature\n\n{\n")


def test_list(llmgw, set_route):
    assert llmgw("routes").err == "there is no route yet; next: llmgw routes set NAME FILE\n"
    assert llmgw("routes", "list", "--json").json() == []
    set_route("prod", TREE)
    set_route("apart", '{"refuse": "closed"}')
    llmgw("keys", "create", "app", "--route", "prod")
    lines = [line.split("\t") for line in llmgw("routes").out.splitlines()]
    assert [line[:5] for line in lines] == [["apart", "refused: closed", "1", "-", "hand"],
                                            ["prod", "fallback", "2", "app", "hand"]]
    first, second = llmgw("routes", "list", "--json").json()
    assert list(first) == ["name", "strategy", "targets", "source", "keys", "created_at",
                           "updated_at", "problem"]
    assert (second["name"], second["targets"], second["keys"]) == ("prod", 2, ["app"])
    assert (first["strategy"], second["strategy"]) == ("single", "fallback")
    assert first["problem"] is None and first["created_at"] == first["updated_at"]
    shown = llmgw("routes", "show", "prod", "--json").json()
    assert shown == {**second, "document": json.loads(TREE)}


def test_what_is_wrong_is_told_with_file_and_place(llmgw, set_route, tmp_path):
    bad = TREE.replace('"@lab"', "7")
    done = set_route("prod", bad)
    assert done.code == 8 and done.out == ""
    assert f"{tmp_path}/prod.json: line 5, column 35: /targets/0/provider must be the id of a " \
           "provider or the @LABEL of a key" in done.err
    error = set_route("prod", bad.replace("provider", "providr"), "--json").error()
    assert error["code"] == "invalid_file" and error["hint"] == "did you mean provider?"
    assert "line 5, column 23: /targets/0/providr is not known" in error["message"]
    assert llmgw("routes", "list", "--json").json() == []

    done = llmgw("routes", "set", "prod", "-", stdin='{"strategy": {"mode": "single"}}')
    assert done.code == 8 and "llmgw import-portkey" in done.err
    done = llmgw("routes", "set", "prod", "-", stdin="")
    assert done.code == 8 and "standard input: line 1, column 1: an object was expected" in done.err
    assert llmgw("routes", "set", "prod", str(tmp_path / "none.json")).code == 3
    for name in ("Prod", "a/b", "", "x" * 65):
        done = llmgw("routes", "set", name, "-", stdin="{}")
        assert done.code == 2 and "cannot be a route's name" in done.err


def test_validate(llmgw):
    done = llmgw("routes", "validate", "-", stdin=TREE)
    assert done.code == 0 and done.out == ""
    assert done.err == ('llmgw: warning: /targets/0/provider: there is no provider key "lab"\n'
                        "the route is valid\n")
    assert not os.path.exists(os.path.join(llmgw.home, "llmgw.db")), "checking makes nothing"
    done = llmgw("routes", "validate", "-", "--json", "-q", stdin='{"provider": "mock"}')
    assert done.json() == {"valid": True, "targets": 1, "warnings": []}
    assert llmgw("routes", "validate", "-", stdin='{"provider": ""}').code == 8


def test_warnings_know_the_environment(llmgw):
    text = '{"provider": "openai"}'
    assert llmgw("routes", "validate", "-", "--json", stdin=text).json()["warnings"] == [
        "/provider: there is no key for openai; llmgw providers add openai"]
    assert llmgw("routes", "validate", "-", "--json", stdin=text,
                 env={"OPENAI_API_KEY": "sk-Zq81xkPd0Wm4Rt7y"}).json()["warnings"] == []


def test_a_graph_of_llm_gateway_becomes_a_tree(llmgw, set_route):
    done = set_route("support", GRAPH)
    assert done.code == 0
    assert "what clients send in x-llmgw-metadata here" in done.err
    document = llmgw("routes", "show", "support").json()
    assert document["strategy"] == "conditional" and document["otherwise"] == "stop"
    assert document["conditions"] == [{"when": {"metadata.plan": "pro"}, "then": "m"}]
    assert [target["name"] for target in document["targets"]] == ["m", "stop"]
    GRAPH["nodes"][2]["type"] = "classifier"
    done = set_route("support", GRAPH)
    GRAPH["nodes"][2]["type"] = "end"
    assert done.code == 8 and "/nodes/2/type is a kind of node that llmgw does not have" in done.err


def test_names_that_are_not_there(llmgw, set_route):
    set_route("production", TREE)
    for words in (("routes", "show"), ("routes", "remove", "--yes"), ("keys", "create", "app",
                                                                     "--route")):
        error = llmgw(*words, "producton", "--json").error()
        assert (error["code"], error["hint"]) == ("not_found", "did you mean production?")
    assert llmgw("routes", "show", "zzz").code == 3
    assert "llmgw routes list" in llmgw("routes", "show", "zzz").err
    # What may be a secret is not repeated.
    assert "sk-Zq81" not in llmgw("routes", "show", "sk-Zq81xkPd0Wm4Rt7y").err


def test_remove(llmgw, set_route):
    set_route("prod", TREE)
    llmgw("keys", "create", "app", "--route", "prod")
    done = llmgw("routes", "remove", "prod")
    assert done.code == 2 and "--yes" in done.err and "will fail: app" in done.err
    assert len(llmgw("routes", "list", "--json").json()) == 1
    done = llmgw("routes", "remove", "prod", "--yes")
    assert done.code == 0 and "requests with these keys fail from now on: app" in done.err
    assert llmgw("routes", "list", "--json").json() == []
    set_route("prod", TREE)
    assert llmgw("routes", "remove", "prod", "--yes", "--json", "-q").json()["name"] == "prod"


def test_a_person_is_asked(llmgw, set_route):
    set_route("prod", TREE)
    terminal = llmgw.terminal("routes", "remove", "prod").expect("Remove the route prod?")
    terminal.send("n\n")
    assert terminal.wait() == 1 and len(llmgw("routes", "list", "--json").json()) == 1
    terminal = llmgw.terminal("routes", "remove", "prod").expect("Remove the route prod?")
    terminal.send("y\n")
    assert terminal.wait() == 0 and llmgw("routes", "list", "--json").json() == []


def test_keys_and_their_routes(llmgw, set_route):
    set_route("prod", TREE)
    set_route("other", TREE)
    assert llmgw("keys", "create", "app", "--route", "prod", "--json").json()["route"] == "prod"
    assert llmgw("keys", "create", "free", "--json").json()["route"] is None
    assert [line.split("\t")[-1] for line in llmgw("keys").out.splitlines()] == ["prod", "-"]
    assert "\nroute        prod\n" in llmgw("keys", "show", "app").out
    assert "route" not in llmgw("keys", "show", "free").out

    done = llmgw("keys", "update", "app", "--route", "other")
    assert (done.code, done.err) == (0, "requests with the key app take route/other\n")
    done = llmgw("keys", "update", "app", "--no-route", "--json")
    assert done.json()["route"] is None
    assert llmgw("keys", "show", "app", "--json").json()["route"] is None
    for flags in ((), ("--route", "prod", "--no-route")):
        assert llmgw("keys", "update", "app", *flags).code == 2
    assert llmgw("keys", "update", "nobody", "--no-route").code == 3
    assert llmgw("keys", "update", "app", "--route", "nowhere").code == 3


def test_an_alias_of_a_route(llmgw, set_route):
    set_route("prod", TREE)
    assert llmgw("models", "alias", "mine", "route/prod").code == 0
    done = llmgw("models", "alias", "other", "route/prodd")
    assert done.code == 3 and "did you mean prod?" in done.err
    done = llmgw("models", "show", "mine")
    assert done.code == 2 and "llmgw routes show prod" in done.err


def test_a_document_that_cannot_be_read_any_more(llmgw, set_route):
    set_route("prod", TREE)
    with sqlite3.connect(os.path.join(llmgw.home, "llmgw.db")) as database:
        database.execute("UPDATE routes SET document = ?", ('{"from": "the future"}',))
    assert llmgw("routes").out.split("\t")[1:3] == ["unreadable", "?"]
    shown = llmgw("routes", "show", "prod")
    assert shown.code == 0 and shown.json() == {"from": "the future"}
    assert "the route cannot be used: line 1, column 2: /from is not known" in shown.err
    listed = llmgw("routes", "show", "prod", "--json").json()
    assert listed["problem"] == "line 1, column 2: /from is not known"
    assert listed["strategy"] is None and listed["document"] == '{"from": "the future"}'
