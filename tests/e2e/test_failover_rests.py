# SPDX-License-Identifier: Apache-2.0
"""Keys that are left alone: for how long, what is asked meanwhile, and how they come back."""

import threading
import time

import pytest

import shapes
from gateway import ATTENTIVE, RESTING
from http_raw import SLOW, wait_until
from test_failover_faults import AT_FIRST, AT_SECOND, MODEL, in_threads, make_pair  # noqa: F401

LIMITED = {"status": 429, "headers": [("retry-after-ms", "700")]}
BROKEN = {"status": 500}


@pytest.mark.parametrize("stream", [False, True])
def test_a_rate_limited_key_rests_exactly_as_long_as_told(make_pair, stream):  # noqa: F811
    """(57)"""
    pair = make_pair(**RESTING)
    pair.first.script(AT_FIRST, first=[LIMITED])
    assert pair.ask(stream=stream).header("x-llmgw-attempts") == "2"
    began = pair.first.last.time
    asked = 0
    while len(pair.first.requests) == 1 and time.monotonic() < began + 5 * SLOW:
        answer = pair.ask(stream=stream)
        assert answer.status == 200 and answer.header("x-llmgw-attempts") == "1"
        asked += 1
    assert asked > 3 and 0.69 < pair.first.last.time - began < 0.7 + 0.5 * SLOW
    # It lapses by itself, and there is nothing left of it.
    assert pair.ask(stream=stream).header("x-llmgw-provider") == "scx-ai"


@pytest.mark.parametrize("stream", [False, True])
def test_all_rest(make_pair, stream):  # noqa: F811
    """(58)"""
    pair = make_pair(**RESTING)
    pair.first.script(AT_FIRST, status=429, headers=[("retry-after", "180")])
    pair.second.script(AT_SECOND, status=429, headers=[("retry-after", "60")])
    assert pair.ask(stream=stream).status == 502
    answer = pair.ask(stream=stream)
    error = shapes.check_error(answer, 503, code="overloaded")
    assert 50 <= int(answer.header("retry-after")) <= 60
    assert "scx-ai" in error["message"] and "groq" in error["message"]
    assert answer.header("x-llmgw-attempts") == "0" and pair.asked() == (1, 1)


def test_all_rest_and_are_asked_all_the_same(make_pair):  # noqa: F811
    pair = make_pair(**{**RESTING, "LLMGW_ROUTING_LAST_RESORT": "any"})
    pair.first.script(AT_FIRST, status=429, headers=[("retry-after", "180")])
    pair.second.script(AT_SECOND, first=[{"status": 429, "headers": [("retry-after", "60")]}])
    assert pair.ask().status == 502
    answer = pair.ask()  # groq is the next to be ready
    assert answer.status == 200 and answer.header("x-llmgw-provider") == "groq"
    assert answer.header("x-llmgw-attempts") == "1"


@pytest.mark.parametrize("stream", [False, True])
def test_one_probe_at_a_time(make_pair, stream):  # noqa: F811
    """(64): a hundred requests at once, and the key that may work again gets one of them."""
    pair = make_pair(**{**RESTING, "LLMGW_ROUTING_REST_FAILURES": "1",
                        "LLMGW_ROUTING_REST_FAILING": "300ms"})
    pair.first.script(AT_FIRST, first=[BROKEN, {"head_gate": "probe"}])
    assert pair.ask(stream=stream).header("x-llmgw-provider") == "groq"
    probe = threading.Thread(target=lambda: wait_until(
        lambda: pair.ask(stream=stream).header("x-llmgw-provider") == "scx-ai", 10))
    probe.start()
    pair.first.wait_requests(2, 10 * SLOW)
    threads, answers = in_threads(100, lambda: pair.ask(stream=stream))
    for thread in threads:
        thread.join(30 * SLOW)
    assert {answer.header("x-llmgw-provider") for answer in answers} == {"groq"}
    assert {answer.header("x-llmgw-attempts") for answer in answers} == {"1"}
    assert len(pair.first.requests) == 2
    pair.first.open_gate("probe")
    probe.join(10 * SLOW)
    assert pair.ask(stream=stream).header("x-llmgw-provider") == "scx-ai"


def test_a_probe_that_fails_prolongs_the_rest(make_pair):  # noqa: F811
    pair = make_pair(**{**RESTING, "LLMGW_ROUTING_REST_FAILURES": "1",
                        "LLMGW_ROUTING_REST_FAILING": "200ms"})
    pair.first.script(AT_FIRST, **BROKEN)
    wait_until(lambda: pair.ask().status == 200 and len(pair.first.requests) == 4, 20)
    times = [request.time for request in pair.first.requests]
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    for gap, rest in zip(gaps, (0.2, 0.4, 0.8)):
        assert rest - 0.01 < gap < rest + 0.5 * SLOW


@pytest.mark.parametrize("status", [401, 402])
def test_a_refused_key_rests_for_all_models(make_pair, status):  # noqa: F811
    pair = make_pair(**RESTING)
    pair.first.script(AT_FIRST, status=status)
    assert pair.ask().header("x-llmgw-attempts") == "2"
    assert pair.ask().header("x-llmgw-attempts") == "1"
    assert pair.asked() == (1, 2)
    answer = pair.ask("scx-ai/gpt-oss-120b")
    assert answer.status in (200, 503)  # rerouted, or told why not
    assert len(pair.first.requests) == 1


def test_the_requests_own_faults_do_not_count(make_pair):  # noqa: F811
    pair = make_pair(**{**RESTING, "LLMGW_ROUTING_REST_FAILURES": "1"})
    for script in ({"status": 400}, {"status": 422}, {"status": 413}):
        pair.first.script(AT_FIRST, **script)
        assert pair.ask().status == script["status"]
    pair.first.forget()
    assert pair.ask().header("x-llmgw-provider") == "scx-ai"


def test_metadata_says_why(make_pair):  # noqa: F811
    pair = make_pair(**ATTENTIVE)
    metadata = pair.ask().json()["metadata"]
    assert metadata["routing_reason"] in ("price-only", "best-score", "price_only", "best_score",
                                          "weighted-score", "price-only-no-metrics")
    pair.first.script(AT_FIRST, **BROKEN)
    for _ in range(3):
        pair.ask("scx-ai/gpt-oss-120b", headers=[("x-no-fallback", "true")])
    answer = pair.ask("scx-ai/gpt-oss-120b").json()
    assert answer["metadata"]["original_provider"] == "scx-ai"
    assert 0 <= answer["metadata"]["original_provider_uptime"] < 90
    assert answer["metadata"]["used_provider"] == "groq"
