# SPDX-License-Identifier: Apache-2.0
"""What `llmgw routes` and `llmgw providers` know of a running gateway, and the rest that its user
ends. gpt-oss-120b is served by scx-ai, which is cheaper, and by groq."""

import json
import time

import pytest

import http_raw
from conftest import Lab, new_secret, set_up
from gateway import ATTENTIVE
from http_raw import SLOW

MODEL = "gpt-oss-120b"
FIRST, SECOND = "scx-ai", "groq"
# Dollars for a million tokens, input and output.
RATES = {FIRST: (0.17, 0.55), SECOND: (0.15, 0.75)}


def until(condition, what, seconds=15):
    """Waits until something holds; returns what it was."""
    end = time.monotonic() + seconds * SLOW
    while not (found := condition()):
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)
    return found


@pytest.fixture
def attentive(make_gateway, mock):
    """A daemon that learns of its providers."""
    mock.forget()
    http_raw.SEEN.clear()
    gateway = make_gateway(**ATTENTIVE)
    keys = set_up(gateway, mock)
    gateway.start()
    own = Lab(gateway, mock, keys)
    yield own
    mock.keys |= set(keys.values())
    for client in own.clients:
        client.close()
    assert gateway.stop() == 0


def explain(lab, *words):
    return json.loads(lab.gateway.cli("routes", "explain", MODEL, "--json", *words))


def candidate(lab, provider):
    return next(each for each in explain(lab)["candidates"] if each["provider"] == provider)


def resting(lab, label):
    return json.loads(lab.gateway.cli("providers", "show", label, "--json"))["resting"]


def refuse(lab, label):
    """Has a provider refuse its key, and the gateway learn it."""
    lab.mock.keys.discard(lab.provider_keys[label])
    answer = lab.chat(MODEL)
    assert (answer.status, answer.header("x-llmgw-provider")) == (200, SECOND)
    return until(lambda: resting(lab, label), f"{label} rests")


def accept(lab, label):
    lab.mock.keys.add(lab.provider_keys[label])


def is_asked_first(lab, provider):
    """Whether a request goes to a provider at once; it takes a moment until a change is in force."""
    answer = lab.chat(MODEL)
    return (answer.header("x-llmgw-provider"), answer.header("x-llmgw-attempts")) == (provider, "1")


def test_the_health_of_a_running_gateway_is_seen_within_seconds(attentive):
    before = candidate(attentive, FIRST)
    assert (before["calls"], before["uptime"], before["latency_ms"]) == (0, None, None)
    for _ in range(3):
        attentive.stream(MODEL).read()
    known = until(lambda: (found := candidate(attentive, FIRST))["calls"] == 3 and found,
                  "three calls in the explanation", 10)
    assert known["uptime"] == 100 and known["latency_ms"] >= 0
    assert explain(attentive)["winner"]["provider"] == FIRST


def test_a_refused_key_rests_and_its_user_ends_it(attentive):
    rest, = refuse(attentive, FIRST)
    assert (rest["model"], rest["reason"], rest["status"]) == (None, "refused", 401)
    assert "Incorrect API key" in rest["detail"]
    assert attentive.provider_keys[FIRST] not in json.dumps(rest)
    assert rest["since"] < rest["until"]
    line = next(line for line in attentive.gateway.cli("providers", "list").splitlines()
                if line.startswith(FIRST))
    assert "rests for" in line and "(401: " in line
    assert "(401: " in attentive.gateway.cli("providers", "show", FIRST)

    document = explain(attentive)
    excluded = next(each for each in document["candidates"] if each["provider"] == FIRST)
    assert excluded["excluded"] == "refused" and excluded["rests_for_ms"] > 0
    assert "401" in excluded["excluded_reason"] and excluded["score"] is None
    assert document["winner"]["provider"] == SECOND
    assert "rests: it refused the key (401: " in attentive.gateway.cli("routes", "explain", MODEL)

    accept(attentive, FIRST)
    assert is_asked_first(attentive, SECOND), "nobody has said that it is mended"
    assert json.loads(attentive.gateway.cli(
        "providers", "enable", FIRST, "--json"))["resting"] == []
    assert resting(attentive, FIRST) == []
    assert candidate(attentive, FIRST)["excluded"] is None
    until(lambda: is_asked_first(attentive, FIRST), "the mended key is used", 5)


def test_a_test_that_succeeds_ends_the_rest(attentive):
    refuse(attentive, FIRST)
    failed = attentive.gateway.run("providers", "test", FIRST)
    assert failed.returncode == 4 and resting(attentive, FIRST)
    accept(attentive, FIRST)
    done = attentive.gateway.run("providers", "test", FIRST)
    assert done.returncode == 0 and "rests no longer" in done.stderr
    assert resting(attentive, FIRST) == []
    until(lambda: is_asked_first(attentive, FIRST), "the mended key is used", 5)


def test_another_key_of_the_same_name_does_not_inherit_the_rest(attentive):
    refuse(attentive, FIRST)
    attentive.gateway.stop()
    attentive.gateway.cli("providers", "remove", FIRST, "--yes")
    secret = new_secret(FIRST)
    attentive.mock.keys.add(secret)
    attentive.gateway.add_provider(FIRST, attentive.mock.url, secret)
    assert resting(attentive, FIRST) == []
    attentive.gateway.start()
    assert is_asked_first(attentive, FIRST)


def test_a_rest_that_is_over_is_not_shown(attentive):
    attentive.gateway.set("routing.rest.refused", "8s")
    until(lambda: "in force" in attentive.gateway.stderr, "the setting is in force")
    refuse(attentive, FIRST)
    until(lambda: resting(attentive, FIRST) == [], "the rest is over", 20)


def simulate(lab, *words):
    return json.loads(lab.gateway.cli("routes", "simulate", "--json", *words))


def test_logged_requests_are_routed_again(attentive):
    count = 20
    tokens = [0, 0]
    for number in range(count):
        answer = attentive.chat(MODEL, "word " * (number + 1))
        assert answer.header("x-llmgw-provider") == FIRST
        usage = answer.json()["usage"]
        tokens[0] += usage["prompt_tokens"]
        tokens[1] += usage["completion_tokens"]
    attentive.chat("lab/own")
    attentive.chat("no-such-model")
    same = until(lambda: (found := simulate(attentive))["total"]["requests"] == count + 1 and found,
                 "all requests in the log")

    def cost(provider):
        return sum(amount * rate for amount, rate in zip(tokens, RATES[provider])) / 1e6

    # The settings that they were routed by give the winners again.
    assert same["unrouted"] == 1 and same["limited"] is False and same["settings"] == {}
    assert [row["model"] for row in same["models"]] == [MODEL, "own"]
    row = same["models"][0]
    assert (row["requests"], row["changed"], row["unanswered"]) == (count, 0, 0)
    assert row["cost_usd"]["before"] == row["cost_usd"]["after"] == pytest.approx(cost(FIRST))
    assert (row["cost_usd"]["requests"], row["cost_usd"]["unknown"]) == (count, 0)
    assert same["models"][1]["cost_usd"] == {"before": None, "after": None, "requests": 0,
                                             "unknown": 1}

    other = simulate(attentive, "--model", MODEL, "--set", f"routing.priority.{SECOND}=3")
    assert other["settings"] == {f"routing.priority.{SECOND}": "3"}
    assert other["total"]["changed"] == count and other["total"]["changed_share"] == 1
    assert other["total"]["cost_usd"]["before"] == pytest.approx(cost(FIRST))
    assert other["total"]["cost_usd"]["after"] == pytest.approx(cost(SECOND))
    out = [f"--set=routing.priority.{provider}=0" for provider in (FIRST, SECOND, "cerebras")]
    assert simulate(attentive, "--model", MODEL, *out)["total"]["unanswered"] == count

    few = attentive.gateway.run("routes", "simulate", "--limit", "5", "--json")
    assert "only the newest 5" in few.stderr
    document = json.loads(few.stdout)
    assert document["limited"] is True
    assert document["total"]["requests"] + document["unrouted"] == 5
    lines = attentive.gateway.cli("routes", "simulate").splitlines()
    assert [line.split("\t")[0] for line in lines] == [MODEL, "own", "total"]
    assert simulate(attentive, "--since", "0")["total"]["requests"] == 0


def test_a_logged_decision_is_shown_like_an_explanation(attentive):
    answer = attentive.chat(MODEL)
    request_id = answer.header("x-request-id")
    until(lambda: attentive.gateway.run("logs", "show", request_id).returncode == 0, "it is logged")
    shown = attentive.gateway.cli("logs", "show", request_id)
    assert f"{MODEL}: {FIRST} is asked first: " in shown
    assert "Score, the lowest is asked first: each term before it is weighted" in shown
