# SPDX-License-Identifier: Apache-2.0
"""`llmgw routes`, without a daemon."""

import json
import os

import pytest

MODEL = "gpt-oss-120b"  # together-ai is cheaper than groq
KEYS = {"GROQ_API_KEY": "gsk-Zq81xkPd0Wm4Rt7yUn2b", "TOGETHER_API_KEY": "tk-Zq81xkPd0Wm4Rt7yUn2b"}
# novita takes images and no tools, scx-ai the reverse.
ABLE = "llama-4-maverick-17b-instruct"
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def request(model=None, content="hello", **fields):
    body = {"messages": [{"role": "user", "content": content}], **fields}
    return json.dumps(body if model is None else {"model": model, **body})


@pytest.fixture
def able(llmgw):
    for provider in ("novita", "scx-ai"):
        done = llmgw("providers", "add", provider, "--key-stdin", stdin="sk-Zq81xkPd0Wm4Rt7y")
        assert done.code == 0, done.err
    return llmgw


def test_two_keys_of_the_environment(llmgw):
    done = llmgw("routes", "explain", MODEL, "--json", env=KEYS)
    assert done.code == 0 and done.err == ""
    document = done.json()
    assert list(document) == ["model", "winner", "reason", "request", "weights",
                              "exploration_rate", "candidates", "route", "targets"]
    assert document["model"] == MODEL and document["reason"] == "price_only"
    assert document["winner"] == {"provider": "together-ai", "model": MODEL, "key": "together-ai",
                                  "region": None}
    assert document["request"] == {"strategy": "auto", "streaming": False, "pinned": False,
                                   "in_session": False, "prompt_tokens": 0, "needs": []}
    assert document["exploration_rate"] == 0.01
    assert sum(document["weights"].values()) == pytest.approx(1)
    first, second, *others = document["candidates"]
    assert (first["provider"], second["provider"]) == ("together-ai", "groq")
    assert (first["price"], second["price"]) == (0.375, 0.45)
    assert first["score"] < second["score"]
    for each in (first, second):
        assert sum(each["terms"].values()) == pytest.approx(each["score"])
        assert each["excluded"] is None and each["excluded_reason"] is None
        assert (each["calls"], each["uptime"], each["latency_ms"]) == (0, None, None)
    assert second["raw_terms"]["price"] == pytest.approx(0.45 / 0.375 - 1)
    assert {each["excluded"] for each in others} == {"no_key"}
    assert others and all(each["score"] is None and each["terms"] is None for each in others)
    assert all(list(each) == list(first) for each in document["candidates"])
    assert not [secret for secret in KEYS.values() if secret in done.out]
    assert not os.path.exists(os.path.join(llmgw.home, "log.db")), "looking makes nothing"


def test_text(llmgw):
    text = llmgw("routes", "explain", MODEL, env=KEYS).out
    assert text.startswith(f"{MODEL}: together-ai is asked first: ")
    assert "routing auto, not streamed" in text
    assert "no key for: " in text and "routing.exploration_rate sends 1% of requests" in text
    assert "exploration" not in llmgw(
        "routes", "explain", MODEL, env={**KEYS, "LLMGW_ROUTING_EXPLORATION_RATE": "0"}).out


def test_the_same_question_gets_the_same_answer(llmgw):
    env = {**KEYS, "LLMGW_ROUTING_EXPLORATION_RATE": "1"}
    winners = {llmgw("routes", "explain", MODEL, "--json", env=env).json()["winner"]["provider"]
               for _ in range(5)}
    assert winners == {"together-ai"}


def test_what_a_request_needs_excludes(able):
    plain = able("routes", "explain", ABLE, "--json").json()
    assert plain["winner"]["provider"] == "novita"
    tools = able("routes", "explain", "--request", "-", "--json",
                 stdin=request(ABLE, tools=[TOOL], stream=True, user="u", routing="latency")).json()
    assert tools["winner"]["provider"] == "scx-ai"
    assert tools["reason"] == "only_candidate"
    assert tools["request"]["needs"] == ["tools"] and tools["request"]["in_session"] is True
    assert tools["request"]["streaming"] is True and tools["request"]["strategy"] == "latency"
    novita = next(each for each in tools["candidates"] if each["provider"] == "novita")
    assert novita["excluded"] == "no_tools"
    assert novita["excluded_reason"] == "does not take tools"


def test_an_image_in_a_file(able, tmp_path):
    path = tmp_path / "body.json"
    path.write_text(request(content=[IMAGE]))
    # MODEL stands for the model that the request does not name, and wins over one that it does.
    for body in (request(content=[IMAGE]), request(MODEL, content=[IMAGE])):
        path.write_text(body)
        shown = able("routes", "explain", ABLE, "--request", str(path), "--json").json()
        assert shown["model"] == ABLE and shown["winner"]["provider"] == "novita"
        other = next(each for each in shown["candidates"] if each["provider"] == "scx-ai")
        assert other["excluded"] == "no_vision"
    text = able("routes", "explain", ABLE, "--request", str(path)).out
    assert "the request needs images" in text
    assert "does not take images" in text
    both = able("routes", "explain", "--request", "-", stdin=request(ABLE, [IMAGE], tools=[TOOL]))
    assert both.code == 1 and "does not take" in both.err and both.out == ""


def test_pinned_disabled_and_priority_zero(able):
    pinned = able("routes", "explain", f"scx-ai/{ABLE}", "--json").json()
    assert pinned["reason"] == "pinned" and pinned["request"]["pinned"] is True
    other = next(each for each in pinned["candidates"] if each["provider"] == "novita")
    assert other["excluded"] == "not_named"
    able("config", "set", "routing.priority.novita", "0")
    zero = able("routes", "explain", ABLE, "--json").json()
    assert zero["winner"]["provider"] == "scx-ai"
    assert zero["candidates"][1]["excluded"] == "priority_zero"
    able("providers", "disable", "scx-ai")
    nobody = able("routes", "explain", ABLE)
    assert nobody.code == 1 and "priority 0" in nobody.err


@pytest.mark.parametrize("words, stdin, code, part", [
    (["no-such-model"], "", 3, "no-such-model"),
    (["gpt-oss-120"], "", 3, MODEL),
    ([], "", 2, "MODEL"),
    ([MODEL], "", 1, "llmgw providers add"),
    (["--request", "/no/such/file"], "", 3, "/no/such/file"),
    (["--request", "-"], "", 8, "empty"),
    (["--request", "-"], "{", 8, "cannot be read"),
    (["--request", "-"], "[]", 8, "cannot be read"),
    (["--request", "-"], request(), 8, "model"),
    (["--request", "-"], '{"model": "mock/echo"}', 8, "messages"),
    (["--request", "-"], request("mock/echo", routing="best"), 8, "routing"),
])
def test_what_cannot_be_explained(llmgw, words, stdin, code, part):
    done = llmgw("routes", "explain", *words, stdin=stdin)
    assert (done.code, done.out) == (code, "") and part in done.err
    assert llmgw("routes", "explain", *words, "--json", stdin=stdin).code == code


def test_the_built_in_model_and_auto(able):
    mock = able("routes", "explain", "mock/echo", "--json").json()
    assert mock["winner"] == {"provider": "mock", "model": "echo", "key": None, "region": None}
    auto = able("routes", "explain", "auto", "--json").json()
    assert auto["model"] == "auto" and auto["winner"]["model"] != "auto"


def test_a_damaged_log_takes_only_the_health_away(llmgw):
    llmgw("keys", "list")
    path = os.path.join(llmgw.home, "log.db")
    with open(path, "wb") as file:
        file.write(b"not a database" * 500)
    os.chmod(path, 0o600)
    done = llmgw("routes", "explain", MODEL, "--json", env=KEYS)
    assert done.code == 0 and "warning" in done.err
    assert done.json()["winner"]["provider"] == "together-ai"
    assert llmgw("providers", "list", "--json", env=KEYS).code == 0


def test_simulate_without_a_log(llmgw):
    document = llmgw("routes", "simulate", "--json").json()
    assert list(document) == ["since", "settings", "limited", "unrouted", "total", "models"]
    assert document["models"] == [] and document["total"]["requests"] == 0
    assert document["total"]["cost_usd"] == {"before": None, "after": None, "requests": 0,
                                             "unknown": 0}
    done = llmgw("routes", "simulate")
    assert (done.code, done.out) == (0, "") and done.err
    assert not os.path.exists(os.path.join(llmgw.home, "log.db")), "looking makes nothing"


def test_simulate_the_built_in_model(llmgw):
    assert llmgw("chat", "-m", "mock/echo", "hello").code == 0
    llmgw("chat", "-m", "no-such-model", "hello")
    document = llmgw("routes", "simulate", "--json").json()
    assert (document["total"]["requests"], document["unrouted"]) == (1, 1)
    assert (document["total"]["changed"], document["total"]["unanswered"]) == (0, 0)


@pytest.mark.parametrize("words, code, part", [
    (["--set", "routing.weights.price"], 2, "KEY=VALUE"),
    (["--set", "routing.weights.price=much"], 2, "routing.weights.price"),
    (["--set", "routing.weights.prise=1"], 3, "routing.weights.price"),
    (["--set", "routing.priority.nobody=1"], 3, "nobody"),
    (["--set", "routing.priority.groq=-1"], 2, "routing.priority.groq"),
    (["--set", "timeouts.idle=10s"], 2, "cannot be simulated"),
    (["--set", "routing.window=10m"], 2, "cannot be simulated"),
    (["--since", "yesterday"], 2, "--since"),
    (["--limit", "0"], 2, "--limit"),
])
def test_what_cannot_be_simulated(llmgw, words, code, part):
    done = llmgw("routes", "simulate", *words)
    assert (done.code, done.out) == (code, "") and part in done.err


def test_help_shows_the_verbs(llmgw):
    done = llmgw("routes", "--help")
    assert done.code == 0 and "explain" in done.out and "simulate" in done.out
