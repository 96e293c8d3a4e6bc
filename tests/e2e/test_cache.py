# SPDX-License-Identifier: Apache-2.0
"""The response cache as clients see it: hits in every form, calls that are shared, and what is never
stored."""

import json
import threading

import pytest

import shapes
from conftest import chat_body
from http_raw import SLOW, Truncated, wait_until

CHAT = "/v1/chat/completions"
ASKED = {"stream_options": {"include_usage": True}}
SETTINGS = {"cache.enabled": "true", "cache.ttl": "1h"}
CHUNK = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 7, "model": "m"}
DONE = b"data: [DONE]\n\n"

# Each test asks something of its own, since the daemon and its cache are shared.
QUESTIONS = iter(range(10**6))


@pytest.fixture
def text():
    return f"question {next(QUESTIONS)} number"


def chunk(delta, finish=None, **more):
    value = {**CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def long_stream(events):
    """Of that many events with 16,000 letters each."""
    return [chunk({"content": "go"}), *[chunk({"content": "a" * 16_000})] * events,
            chunk({}, "stop"), DONE]


def content_of(events):
    return "".join(choice["delta"].get("content") or "" for event in events
                   if event.data and not event.done for choice in event.json()["choices"])


def cache_of(response):
    return response.header("x-llmgw-cache")


def is_hit(response):
    assert (cache_of(response) == "hit") == (response.header("x-llmgateway-cache") == "HIT")
    assert (cache_of(response) == "hit") == (response.header("age") is not None)
    return cache_of(response) == "hit"


def cache_is(lab, state):
    """A daemon takes a changed setting in by itself, a little later."""
    lab.gateway.set("cache.enabled", "true" if state else "false")
    seen = [0]

    def in_force():
        seen[0] += 1
        answer = lab.chat(text=f"is it on? {seen[0]} {next(QUESTIONS)}")
        return (cache_of(answer) != "off") == state
    wait_until(in_force)
    lab.mock.requests.clear()


def together(count, ask):
    """Calls ask(i) on that many threads; their results by i."""
    results = [None] * count

    def run(i):
        results[i] = ask(i)
    threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    return threads, results


# Hits and misses.


def test_off_by_default(private_lab):
    for _ in range(2):
        answer = private_lab.chat()
        assert answer.status == 200 and cache_of(answer) == "off"
        assert answer.header("x-llmgateway-cache") is None and answer.header("age") is None
        assert answer.json()["metadata"]["cached"] is False
    assert len(private_lab.mock.requests) == 2


def test_a_hit_is_the_stored_answer(lab, text):
    first = lab.chat(text=text)
    assert first.status == 200 and cache_of(first) == "miss" and not is_hit(first)
    second = lab.chat(text=text)
    assert is_hit(second) and int(second.header("age")) >= 0
    assert second.header("x-llmgw-provider") == "lab" and second.header("x-llmgw-model") == "m"
    assert second.header("x-llmgw-attempts") == "0"
    assert second.header("x-llmgw-cost") == "0"
    a, b = first.json(), second.json()
    assert a["id"] == b["id"] and a["choices"] == b["choices"]
    assert a["usage"]["total_tokens"] == b["usage"]["total_tokens"] > 0
    assert b["usage"]["cost"] == 0
    assert set(map(float, b["usage"]["cost_details"].values())) == {0.0}
    assert a["metadata"]["cached"] is False and b["metadata"]["cached"] is True
    assert a["metadata"]["request_id"] != b["metadata"]["request_id"]
    assert b["metadata"]["used_provider"] == "lab" and b["metadata"]["routing"] == []
    shapes.check(shapes.without_additions(b), "chat.completion")
    assert len(lab.mock.requests) == 1


def test_priced_answers_cost_nothing_the_second_time(lab, text):
    first = lab.chat(model="openai/gpt-4.1", text=text)
    assert first.json()["usage"]["cost"] > 0
    second = lab.chat(model="openai/gpt-4.1", text=text)
    assert is_hit(second) and second.json()["usage"]["cost"] == 0
    assert second.header("x-llmgw-provider") == "openai"


def test_a_provider_s_own_cost_is_not_told_again(lab, text):
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"},
                         "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2, "cost": 0.5}}
    lab.mock.script("m", body=body)
    assert lab.chat(text=text).json()["usage"]["cost"] == 0.5
    second = lab.chat(text=text)
    assert is_hit(second) and second.json()["usage"]["cost"] == 0
    assert second.json()["usage"]["total_tokens"] == 2


def test_plain_answers_have_no_additions(lab, text):
    headers = [("x-llmgw-plain", "true")]
    first = lab.chat(text=text, headers=headers)
    second = lab.chat(text=text, headers=headers)
    assert is_hit(second) and first.body == second.body and b"metadata" not in second.body


def test_bypass_neither_reads_nor_writes(lab, text):
    headers = [("x-no-cache", "true")]
    assert cache_of(lab.chat(text=text, headers=headers)) == "bypass"
    assert cache_of(lab.chat(text=text)) == "miss"
    assert cache_of(lab.chat(text=text, headers=headers)) == "bypass"
    assert is_hit(lab.chat(text=text))
    assert len(lab.mock.requests) == 3


@pytest.mark.parametrize("value", ["9", "31536001", "-1", "1.5", "ten", "60s", "9" * 30])
def test_a_ttl_that_is_none_is_refused(lab, text, value):
    answer = lab.chat(text=text, headers=[("x-llmgw-cache-ttl", value)])
    assert answer.status == 400 and "x-llmgw-cache-ttl" in answer.error["message"]
    assert not lab.mock.requests


def test_ttl_0_stores_nothing(lab, text):
    assert cache_of(lab.chat(text=text, headers=[("x-llmgw-cache-ttl", "0")])) == "miss"
    assert cache_of(lab.chat(text=text)) == "miss"


def test_an_entry_expires_after_its_own_ttl(lab, text):
    assert lab.chat(text=text, headers=[("x-llmgw-cache-ttl", "10")]).status == 200
    assert is_hit(lab.chat(text=text))
    wait_until(lambda: not is_hit(lab.chat(text=text, headers=[("x-llmgw-cache-ttl", "0")])), 15)
    assert len(lab.mock.requests) == 2


@pytest.mark.parametrize("more", [{"temperature": 0.5}, {"max_tokens": 7}, {"seed": 1},
                                  {"model": "lab/m2"}, {"model": "groq/m"}, {"n": 2},
                                  {"tools": [{"type": "function", "function": {
                                      "name": "f", "parameters": {"type": "object"}}}]}])
def test_what_matters_makes_another_request(lab, text, more):
    assert cache_of(lab.chat(text=text)) == "miss"
    other = lab.chat(**{"text": text, **more})
    assert cache_of(other) in ("miss", None) or other.status >= 400
    assert is_hit(lab.chat(text=text))


def test_what_does_not_matter_makes_the_same_request(lab, text):
    assert cache_of(lab.chat(text=text, temperature=1)) == "miss"
    assert is_hit(lab.chat(text=text, temperature=1.0, user="u7", metadata={"a": "b"}))


def test_an_alias_is_what_it_stands_for(private_lab):
    private_lab.gateway.set("cache.enabled", "true")
    private_lab.gateway.cli("models", "alias", "mine", "lab/m")
    wait_until(lambda: private_lab.chat(model="mine", text=str(next(QUESTIONS))).status == 200)
    cache_is(private_lab, True)
    assert cache_of(private_lab.chat(model="mine", text="once")) == "miss"
    assert is_hit(private_lab.chat(model="lab/m", text="once"))


def test_completions_and_embeddings(lab, text):
    for path, body in (("/v1/completions", {"model": "lab/m", "prompt": text}),
                       ("/v1/embeddings", {"model": "lab/m", "input": text})):
        first = lab.request("POST", path, body=body)
        second = lab.request("POST", path, body=body)
        assert first.status == 200 and cache_of(first) == "miss" and is_hit(second)
        a, b = first.json(), second.json()
        for answer in (a, b):
            answer.pop("metadata"), answer.pop("usage")
        assert a == b
    assert len(lab.mock.requests) == 2


# Streams and plain answers share an entry.


def test_a_stream_from_a_stream(lab, text):
    first = lab.stream(text=text, **ASKED).events()
    head = lab.stream(text=text, **ASKED)
    second = head.events()
    assert is_hit(head) and len(lab.mock.requests) == 1
    assert content_of(first) == content_of(second) == text
    assert [e.done for e in second].count(True) == 1 and second[-1].done
    values = [event.json() for event in second[:-1] if event.data]
    for value in values:
        shapes.check(shapes.without_additions(value), "chat.completion.chunk")
    usage = values[-1]["usage"]
    assert usage["cost"] == 0 and usage["total_tokens"] > 0
    assert values[-1]["metadata"]["cached"] is True
    assert {value["id"] for value in values} == {first[0].json()["id"]}


def test_usage_only_for_who_asks(lab, text):
    assert b'"usage"' not in lab.stream(text=text).read().body
    with_usage = lab.stream(text=text, **ASKED)
    assert is_hit(with_usage) and b'"usage"' in with_usage.read().body
    without = lab.stream(text=text)
    assert is_hit(without) and b'"usage"' not in without.read().body


def test_a_plain_answer_from_a_stream(lab, text):
    events = lab.stream(text=text).events()
    answer = lab.chat(text=text)
    assert is_hit(answer) and len(lab.mock.requests) == 1
    value = answer.json()
    assert value["choices"][0]["message"]["content"] == text
    assert value["choices"][0]["finish_reason"] == "stop"
    assert value["id"] == events[0].json()["id"] and value["usage"]["total_tokens"] > 0
    shapes.check(shapes.without_additions(value), "chat.completion")


def test_a_stream_from_a_plain_answer(lab, text):
    plain = lab.chat(text=text).json()
    head = lab.stream(text=text, **ASKED)
    events = head.events()
    assert is_hit(head) and events[-1].done and content_of(events) == text
    for event in events[:-1]:
        shapes.check(shapes.without_additions(event.json()), "chat.completion.chunk")
        assert event.json()["id"] == plain["id"]
    assert events[-2].json()["usage"]["total_tokens"] == plain["usage"]["total_tokens"]


def test_replay_with_its_timing(private_lab):
    private_lab.gateway.set("cache.replay", "timed")
    cache_is(private_lab, True)
    private_lab.mock.script("m", chunk_delay=0.15)
    private_lab.stream(text="a b c d").read()
    head = private_lab.stream(text="a b c d")
    times = [event.arrived for event in head.events()]
    assert is_hit(head) and times[-1] - times[0] > 0.3
    private_lab.gateway.set("cache.replay", "instant")

    def at_once():
        again = private_lab.stream(text="a b c d")
        times = [event.arrived for event in again.events()]
        return is_hit(again) and times[-1] - times[0] < 0.1
    wait_until(at_once)


# What is not stored.


@pytest.mark.parametrize("script", [
    {"status": 500}, {"status": 400}, {"status": 429},
    {"finish_reason": "length"},
    {"body": {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}]}},
    {"body": {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "cut"},
         "finish_reason": "length"}]}},
    {"body": {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "cut"},
         "finish_reason": "content_filter"}]}}])
def test_answers_that_are_not_stored(lab, text, script):
    lab.mock.script("m", **script)
    lab.chat(text=text)
    asked = len(lab.mock.requests)
    lab.mock.script("m")
    if "finish_reason" in script:
        return  # the mock writes it only where its format has one
    answer = lab.chat(text=text)
    assert answer.status == 200 and cache_of(answer) == "miss"
    assert len(lab.mock.requests) == asked + 1


@pytest.mark.parametrize("events", [
    [chunk({"content": "hal"})],
    [chunk({"content": "cut"}, "length"), DONE],
    [chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), DONE],
    [chunk({"content": "a"}), b'data: {"error":{"message":"broken"}}\n\n']])
def test_streams_that_are_not_stored(lab, text, events):
    lab.mock.script("m", events=events)
    lab.stream(text=text).read()
    lab.mock.script("m")
    answer = lab.chat(text=text)
    assert answer.status == 200 and cache_of(answer) == "miss"


def test_a_cancelled_stream_is_not_stored(lab, text):
    lab.mock.script("m", gates={3: "held"})
    client = lab.connect()
    head = client.start("POST", CHAT, body=chat_body(text=text, stream=True))
    assert head.event()
    client.close()
    connection = lab.mock.last.connection
    assert lab.mock.wait_for(lambda: connection.closed_at is not None, 5 * SLOW), "the call goes on"
    lab.mock.open_gate("held")
    lab.mock.script("m")
    assert cache_of(lab.chat(text=text)) == "miss"


def test_max_entry(private_lab):
    private_lab.gateway.set("cache.max_entry", "64k")
    cache_is(private_lab, True)
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "a" * 200_000},
         "finish_reason": "stop"}]}
    private_lab.mock.script("m", first=[{"body": body}] * 2, big=200_000)
    for ask in (lambda: private_lab.chat(text="large"),
                lambda: private_lab.stream(text="large stream").read()):
        for _ in range(2):
            answer = ask()
            assert cache_of(answer) == "miss" and len(answer.body) > 200_000
    assert len(private_lab.mock.requests) == 4


# Calls that are shared.


@pytest.mark.parametrize("kinds", ["plain", "stream", "mixed"])
def test_a_hundred_identical_misses_are_one_call(lab, text, kinds):
    lab.mock.script("m", head_gate="all")

    def ask(i):
        if kinds == "stream" or (kinds == "mixed" and i % 2):
            return content_of(lab.stream(text=text).events())
        return lab.chat(text=text).json()["choices"][0]["message"]["content"]
    threads, results = together(100, ask)
    lab.mock.wait_requests(1)
    status = lambda: json.loads(lab.gateway.cli("serve", "status", "--json"))  # noqa: E731
    wait_until(lambda: status()["in_flight"] >= 100, 20)
    lab.mock.open_gate("all")
    for thread in threads:
        thread.join(20 * SLOW)
    assert results == [text] * 100
    assert len(lab.mock.requests) == 1


def test_a_late_joiner_gets_all_of_a_stream(lab):
    text = f"one two three four {next(QUESTIONS)}"
    lab.mock.script("m", gates={3: "rest"})
    first = lab.stream(text=text)
    begun = [first.event()]
    late = lab.stream(text=text)
    assert is_hit(late)
    assert content_of([late.event()]) == content_of(begun)
    lab.mock.open_gate("rest")
    assert content_of(begun + first.events()) == text
    assert late.read().body.endswith(DONE)
    assert len(lab.mock.requests) == 1


def test_the_call_goes_on_without_its_first_client(lab):
    text = f"one two three four {next(QUESTIONS)}"
    lab.mock.script("m", gates={3: "rest"})
    client = lab.connect()
    first = client.start("POST", CHAT, body=chat_body(text=text, stream=True))
    assert first.event()
    late = lab.stream(text=text)
    begun = late.event()
    client.close()
    lab.mock.open_gate("rest")
    assert content_of([begun, *late.events()]) == text
    assert is_hit(lab.chat(text=text)) and len(lab.mock.requests) == 1


def test_the_call_ends_with_its_last_client(lab):
    text = f"one two three four {next(QUESTIONS)}"
    lab.mock.script("m", gates={3: "rest"})
    clients = [lab.connect() for _ in range(3)]
    for client in clients:
        assert client.start("POST", CHAT, body=chat_body(text=text, stream=True)).event()
    connection = lab.mock.last.connection
    for client in clients:
        assert connection.closed_at is None
        client.close()
    assert lab.mock.wait_for(lambda: connection.closed_at is not None, 5 * SLOW)
    assert len(lab.mock.requests) == 1


def test_a_slow_reader_holds_up_nobody(lab, text):
    lab.mock.script("m", events=long_stream(200))
    slow = lab.stream(text=text)
    fast = lab.stream(text=text)
    assert fast.read().body.endswith(DONE)
    assert slow.read().body.endswith(DONE)
    assert len(lab.mock.requests) == 1


def test_a_failure_gives_each_an_attempt_of_its_own(lab, text):
    lab.mock.script("m", status=500, head_gate="all")
    threads, results = together(5, lambda i: lab.chat(text=text).status)
    lab.mock.wait_requests(1)
    status = lambda: json.loads(lab.gateway.cli("serve", "status", "--json"))  # noqa: E731
    wait_until(lambda: status()["in_flight"] >= 5, 20)
    lab.mock.open_gate("all")
    for thread in threads:
        thread.join(20 * SLOW)
    assert results == [502] * 5 or set(results) <= {500, 502}
    assert len(lab.mock.requests) >= 5


def test_a_cut_stream_is_an_error_to_all_who_have_begun(lab):
    text = f"one two {next(QUESTIONS)}"
    lab.mock.script("m", events=[chunk({"content": "a"}), chunk({"content": "b"})],
                    gates={1: "cut"})
    heads = [lab.stream(text=text) for _ in range(3)]
    for head in heads:
        assert head.event()
    lab.mock.open_gate("cut")
    for head in heads:
        last = head.events()[-1]
        assert not last.done and "error" in last.json()


# The set-up, and what happens to cache.db.


def test_on_and_off_in_a_running_daemon(private_lab):
    assert cache_of(private_lab.chat(text="x")) == "off"
    private_lab.gateway.cli("cache", "on")
    wait_until(lambda: cache_of(private_lab.chat(text="x")) == "hit")
    private_lab.gateway.cli("cache", "off")
    wait_until(lambda: cache_of(private_lab.chat(text="x")) == "off")


def entries(gateway):
    return json.loads(gateway.cli("cache", "status", "--json"))["entries"]


def test_entries_outlive_the_daemon(private_lab):
    cache_is(private_lab, True)
    before = entries(private_lab.gateway)
    private_lab.chat(text="keep me")
    wait_until(lambda: entries(private_lab.gateway) > before)
    assert private_lab.gateway.stop() == 0
    private_lab.gateway.start()
    answer = private_lab.chat(text="keep me")
    assert is_hit(answer) and len(private_lab.mock.requests) == 1


def test_clear_takes_effect_in_the_daemon(private_lab):
    cache_is(private_lab, True)
    private_lab.chat(text="x")
    assert is_hit(private_lab.chat(text="x"))
    private_lab.gateway.cli("cache", "clear", "--yes")
    wait_until(lambda: cache_of(private_lab.chat(
        text="x", headers=[("x-llmgw-cache-ttl", "0")])) == "miss")


def cache_file(gateway):
    import pathlib
    found = list(pathlib.Path(gateway.home).rglob("cache.db"))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("damage", ["corrupt", "delete"])
def test_a_damaged_cache_is_a_miss(private_lab, damage):
    cache_is(private_lab, True)
    private_lab.chat(text="x")
    assert private_lab.gateway.stop() == 0
    path = cache_file(private_lab.gateway)
    if damage == "corrupt":
        path.write_bytes(b"no database at all" * 1000)
        for name in ("-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)
    else:
        path.unlink()
    private_lab.gateway.start()
    answer = private_lab.chat(text="x")
    assert answer.status == 200 and cache_of(answer) == "miss"
    assert is_hit(private_lab.chat(text="x"))


def test_a_locked_cache_is_a_miss(private_lab):
    import sqlite3
    cache_is(private_lab, True)
    private_lab.chat(text="x")
    wait_until(lambda: entries(private_lab.gateway) > 0)
    assert private_lab.gateway.stop() == 0
    lock = sqlite3.connect(cache_file(private_lab.gateway), isolation_level=None)
    lock.execute("PRAGMA locking_mode=EXCLUSIVE")
    lock.execute("BEGIN EXCLUSIVE")
    private_lab.gateway.start()
    assert private_lab.chat(text="y").status == 200
    assert is_hit(private_lab.chat(text="y"))  # memory works all the same
    lock.close()


def test_kill_during_heavy_writing(private_lab):
    cache_is(private_lab, True)
    stop = threading.Event()

    def write(i):
        client = private_lab.connect()
        n = 0
        while not stop.is_set():
            try:
                client.request("POST", CHAT, body=chat_body(text=f"w {i} {n}"))
            except (OSError, Truncated):
                return
            n += 1
    threads, _ = together(4, write)
    private_lab.mock.wait_requests(300, 30 * SLOW)
    private_lab.gateway.process.kill()
    private_lab.gateway.wait()
    stop.set()
    for thread in threads:
        thread.join(10 * SLOW)
    private_lab.gateway.start()
    assert private_lab.chat(text="w 0 0").status == 200
    assert cache_of(private_lab.chat(text="new")) == "miss"
    assert is_hit(private_lab.chat(text="new"))
    wait_until(lambda: entries(private_lab.gateway) >= 1)


def test_near_duplicates(private_lab):
    cache_is(private_lab, True)
    private_lab.chat(text="What is the capital of France?")
    assert cache_of(private_lab.chat(text="what is the capital of France")) == "miss"
    private_lab.gateway.set("cache.near", "true")

    def stored_and_found():
        n = next(QUESTIONS)
        private_lab.chat(text=f"What is the color of the sky in painting {n}?")
        near = private_lab.chat(text=f"what is the color of the sky in  painting {n}")
        return near.header("x-llmgw-cache-match")
    wait_until(stored_and_found)
    assert "near; similarity=" in stored_and_found()
    private_lab.chat(text="Is 7 more than 5 in this number system?")
    assert not is_hit(private_lab.chat(text="is 7 more than 6 in this number system?"))
    assert not is_hit(private_lab.chat(text="is 7 not more than 5 in this number system?"))


def test_private_to_a_gateway_key(private_lab):
    cache_is(private_lab, True)
    other = private_lab.gateway.create_key("other")

    def ask(text, key=None):
        return private_lab.connect(key=key).request("POST", CHAT, body=chat_body(text=text))
    wait_until(lambda: ask("is it known?", other).status == 200)
    ask("shared")
    assert is_hit(ask("shared", other))
    private_lab.gateway.set("cache.scope", "private")

    def is_private():
        text = f"private {next(QUESTIONS)}"
        ask(text)
        return not is_hit(ask(text, other))
    wait_until(is_private)
    ask("mine")
    assert is_hit(ask("mine")) and not is_hit(ask("mine", other)) and is_hit(ask("mine", other))
    wait_until(lambda: entries(private_lab.gateway) > 4)
    private_lab.gateway.cli("cache", "clear", "--key", "other", "--yes")
    no_store = [("x-llmgw-cache-ttl", "0")]
    wait_until(lambda: not is_hit(private_lab.connect(key=other).request(
        "POST", CHAT, no_store, chat_body(text="mine"))))
    assert is_hit(ask("mine"))


def test_hits_are_logged(private_lab):
    cache_is(private_lab, True)
    private_lab.chat(text="x")
    private_lab.chat(text="x", headers=[("x-request-id", "the-hit")])

    def row():
        rows = json.loads(private_lab.gateway.cli("logs", "list", "--json"))
        return [row for row in rows if row["request_id"] == "the-hit"]
    wait_until(row)
    hit = row()[0]
    assert hit["provider"] == "lab" and hit["model"] == "m" and hit["cost_usd"] == 0
    assert hit["cached"] is True and hit["attempt"] == 0 and hit["input_tokens"] > 0
    usage = json.loads(private_lab.gateway.cli("usage", "--json"))
    assert sum(row["cache_hits"] for row in usage) >= 1
    assert json.loads(private_lab.gateway.cli("serve", "status", "--json"))["cached"] >= 1


def test_a_reader_too_far_behind_is_told(private_lab):
    private_lab.gateway.set("cache.max_entry", "64k")
    cache_is(private_lab, True)
    private_lab.mock.script("m", gates={1: "rest"}, events=long_stream(1500))
    slow, fast = private_lab.stream(text="x"), private_lab.stream(text="x")
    assert slow.event() and fast.event()
    private_lab.mock.open_gate("rest")
    assert fast.read().body.endswith(DONE)
    last = slow.events()[-1]
    assert not last.done and "too slowly" in last.json()["error"]["message"]
    assert len(private_lab.mock.requests) == 1
