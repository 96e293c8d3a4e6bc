# SPDX-License-Identifier: Apache-2.0
"""What answers say that they cost, to the nano-dollar, and what is estimated when nobody tells."""

import json
from decimal import Decimal

import pytest

import shapes
from http_raw import wait_until

ASKED = {"stream_options": {"include_usage": True}}
# 12 and 5 characters: 3 and 2 tokens.
PROMPT, ANSWER = "one two then", "reply"
ESTIMATE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5, "estimated": True}


def exact(body):
    return json.loads(body, parse_float=Decimal, parse_int=Decimal)


def usage_of(response):
    return exact(response.body)["usage"]


def stream_usage(events):
    chunks = [exact(event.data)["usage"] for event in events[:-1]
              if exact(event.data).get("usage")]
    assert len(chunks) <= 1
    return chunks[0] if chunks else None


def check_cost(usage, total, **parts):
    """Fails unless the parts are these, everything else costs nothing, and the sum is right."""
    details = dict(usage["cost_details"])
    assert usage["cost"] == details.pop("total_cost") == Decimal(total) == sum(details.values())
    assert {name: value for name, value in details.items() if value} == \
        {name: Decimal(value) for name, value in parts.items()}


def test_cached_tokens_and_thoughts_are_paid_once(lab):
    lab.mock.script("gpt-5.1", usage={
        "prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500,
        "prompt_tokens_details": {"cached_tokens": 400},
        "completion_tokens_details": {"reasoning_tokens": 450}})
    # 600 x 1.25 + 400 x 0.125 + 500 x 10
    check_cost(usage_of(lab.chat("openai/gpt-5.1")), "0.0058", input_cost="0.00075",
               cached_input_cost="0.00005", output_cost="0.005")


@pytest.mark.parametrize("cached, total, parts", [
    (100_000, "0.848", {"input_cost": "0.288", "cached_input_cost": "0.04",
                        "cache_write_cost": "0.5", "output_cost": "0.02"}),
    # One token more, and all of the request has the other tier's prices.
    (100_001, "1.6860008", {"input_cost": "0.576", "cached_input_cost": "0.0800008",
                            "cache_write_cost": "1", "output_cost": "0.03"})])
def test_tiers_and_cache_writes(lab, cached, total, parts):
    lab.mock.script("gpt-5.6-sol", usage={
        "prompt_tokens": 172_000 + cached, "completion_tokens": 1000,
        "total_tokens": 173_000 + cached,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 100_000}})
    check_cost(usage_of(lab.chat("openai/gpt-5.6-sol")), total, **parts)


def test_web_searches(lab):
    lab.mock.script("gpt-5.6-sol", usage={"prompt_tokens": 1, "completion_tokens": 0,
                                          "total_tokens": 1,
                                          "server_tool_use": {"web_search_requests": 2}})
    check_cost(usage_of(lab.chat("openai/gpt-5.6-sol")), "0.020004", input_cost="0.000004",
               web_search_cost="0.02")


@pytest.mark.parametrize("tier, total", [("default", "0.000004"), ("flex", "0.000002"),
                                         ("priority", "0.00001"), ("scale", None)])
def test_the_service_tier_that_was_used_counts(lab, tier, total):
    lab.mock.script("gpt-5.6-sol", usage={"prompt_tokens": 1, "completion_tokens": 0,
                                          "total_tokens": 1})
    wanted = Decimal(total) if total else None
    answer = lab.chat("openai/gpt-5.6-sol", service_tier=tier)
    assert usage_of(answer)["cost"] == wanted
    events = lab.stream("openai/gpt-5.6-sol", service_tier=tier, **ASKED).events()
    assert stream_usage(events)["cost"] == wanted


def test_an_unknown_price_is_null(lab):
    answer = lab.chat("lab/m")
    assert usage_of(answer)["cost"] is None and "cost_details" not in usage_of(answer)
    assert answer.header("x-llmgw-cost") is None


def test_the_providers_own_cost_stays(lab):
    lab.mock.script("gpt-4o-mini", usage={"prompt_tokens": 1, "completion_tokens": 1,
                                          "total_tokens": 2, "cost": 0.5})
    usage = usage_of(lab.chat("openai/gpt-4o-mini"))
    assert usage["cost"] == Decimal("0.5") and "cost_details" not in usage


# Usage that the provider does not tell.

def test_an_answer_without_usage(lab):
    lab.mock.script("gpt-4o-mini", no_usage=True, text=ANSWER)
    answer = lab.chat("openai/gpt-4o-mini", PROMPT)
    shapes.check(answer.json(), "chat.completion")
    usage = usage_of(answer)
    assert {name: usage[name] for name in ESTIMATE} == ESTIMATE
    check_cost(usage, "0.00000165", input_cost="0.00000045", output_cost="0.0000012")
    assert Decimal(answer.header("x-llmgw-cost")) == usage["cost"]
    plain = lab.chat("openai/gpt-4o-mini", PROMPT, [("x-llmgw-plain", "true")])
    assert "usage" not in plain.json()


def test_tool_calls_count(lab):
    lab.mock.script("gpt-4o-mini", no_usage=True)
    tools = [{"type": "function", "function": {"name": "look", "parameters": {
        "type": "object", "properties": {"at": {"type": "string"}}}}}]
    answer = lab.chat("openai/gpt-4o-mini", "", tools=tools).json()
    call = answer["choices"][0]["message"]["tool_calls"][0]["function"]
    assert answer["usage"]["completion_tokens"] == (len("look" + call["arguments"]) + 3) // 4
    assert answer["usage"]["prompt_tokens"] == (len(json.dumps(tools)) + 3) // 4


@pytest.mark.parametrize("script", [{}, {"no_done": True}, {"splits": "bytes"},
                                    {"line_end": "\r\n"}, {"comments": "busy"}])
def test_a_stream_without_usage(lab, script):
    lab.mock.script("gpt-4o-mini", ignore_usage=True, text=ANSWER, **script)
    events = lab.stream("openai/gpt-4o-mini", PROMPT, **ASKED).events()
    assert events[-1].done
    last = shapes.check(events[-2].json(), "chat.completion.chunk")
    assert last["choices"] == [] and last["metadata"]["used_provider"] == "openai"
    usage = stream_usage([event for event in events if event.data])
    assert {name: usage[name] for name in ESTIMATE} == ESTIMATE
    assert usage["cost"] == Decimal("0.00000165")


def test_an_estimate_is_not_sent_unasked(lab):
    lab.mock.script("gpt-4o-mini", ignore_usage=True, text=ANSWER)
    events = lab.stream("openai/gpt-4o-mini", PROMPT).events()
    assert events[-1].done and stream_usage(events) is None
    events = lab.stream("openai/gpt-4o-mini", PROMPT, [("x-llmgw-plain", "true")], **ASKED).events()
    assert events[-1].done and stream_usage(events) is None


def logged(lab, request_id):
    """The log's row of a request, once it is there."""
    def find():
        shown = lab.gateway.run("logs", "show", request_id, "--json")
        return shown.returncode == 0 and json.loads(shown.stdout)
    return wait_until(find, 5)


def spent(lab):
    return Decimal(json.loads(lab.gateway.cli("serve", "status", "--json"))["cost_usd"])


def test_the_log_tells_an_estimate(lab):
    lab.mock.script("gpt-4o-mini", ignore_usage=True, no_usage=True, text=ANSWER)
    lab.chat("openai/gpt-4o-mini", PROMPT, [("x-request-id", "plain-1")])
    lab.stream("openai/gpt-4o-mini", PROMPT, [("x-request-id", "stream-1")]).events()
    for request in ("plain-1", "stream-1"):
        row = logged(lab, request)
        assert row["usage_source"] == "estimated" and row["cost_usd"] == pytest.approx(1.65e-6)
    lab.mock.script("gpt-4o-mini")
    lab.chat("openai/gpt-4o-mini", PROMPT, [("x-request-id", "told-1")])
    assert logged(lab, "told-1")["usage_source"] == "provider"


@pytest.mark.parametrize("script", [{"cut": (3, "fin")}, {"cut": (3, "rst")},
                                    {"no_finish": True, "no_done": True}])
def test_of_a_stream_that_is_cut_an_estimate_is_shown_and_not_charged(lab, script):
    lab.mock.script("gpt-4o-mini", ignore_usage=True, text="a b c d e f", **script)
    request = "cut-" + "-".join(str(part) for part in script.get("cut", script))
    before = spent(lab)
    events = lab.stream("openai/gpt-4o-mini", PROMPT, [("x-request-id", request)],
                        **ASKED).events()
    assert not events[-1].done and stream_usage(events) is None
    row = logged(lab, request)
    assert row["usage_source"] == "estimated" and row["cost_usd"] > 0 and row["error"] != "none"
    assert spent(lab) == before


def test_embeddings_without_usage(lab):
    lab.mock.script("text-embedding-3-small", no_usage=True)
    answer = lab.request("POST", "/v1/embeddings", body={"model": "text-embedding-3-small",
                                                         "input": ["12345678", "9"]})
    value = shapes.check(answer.json(), "embeddings")
    assert value["usage"]["prompt_tokens"] == value["usage"]["total_tokens"] == 3
    assert value["usage"]["estimated"] is True
    assert usage_of(answer)["cost"] == Decimal("0.00000006")
    tokens = lab.request("POST", "/v1/embeddings", body={"model": "text-embedding-3-small",
                                                         "input": [[1, 2], [3]]})
    assert tokens.json()["usage"]["prompt_tokens"] == 3
