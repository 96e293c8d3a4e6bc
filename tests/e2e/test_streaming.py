# SPDX-License-Identifier: Apache-2.0
"""Server-sent events: byte for byte, at once, bounded, and honest about a bad end."""

import json
import threading
import time

import pytest

import shapes
from conftest import chat_body
from http_raw import SLOW, Truncated, wait_until

CHAT = "/v1/chat/completions"
ASKED = {"stream_options": {"include_usage": True}}
CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def event_of(delta, finish=None, **more):
    value = {**CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def usage_event(prompt=3, completion=2):
    usage = {"prompt_tokens": prompt, "completion_tokens": completion,
             "total_tokens": prompt + completion}
    return b"data: " + json.dumps({**CHUNK, "choices": [], "usage": usage}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"
PLAIN = [event_of({"role": "assistant", "content": ""}), event_of({"content": "žlutý kůň 🐎"}),
         event_of({}, "stop"), usage_event(), DONE]


def text_of(events):
    return "".join(choice["delta"].get("content") or "" for event in events
                   if event.data and not event.done for choice in event.json()["choices"])


def plain_stream(lab, **fields):
    """A stream that asked for its usage and for nothing added: bytes must be the upstream's."""
    return lab.stream(headers=[("x-llmgw-plain", "true")], **ASKED, **fields)


def test_the_head_of_a_stream(lab):
    head = lab.stream()
    assert head.status == 200
    assert head.header("content-type").split(";")[0] == "text/event-stream"
    assert head.header("cache-control") == "no-cache"
    assert head.header("x-accel-buffering") == "no"
    assert head.header("content-length") is None and head.chunked
    assert head.header("x-llmgw-provider") == "lab" and head.header("x-request-id")
    assert head.events()[-1].done


def test_each_event_is_flushed_at_once(lab):
    lab.mock.script("m", gates={at: f"g{at}" for at in range(2, 6)})
    head = lab.stream()
    assert head.event() is not None  # the role comes with the first word
    for at in range(2, 6):
        assert head.event() is not None  # the next one waits behind its gate
        lab.mock.open_gate(f"g{at}")
    assert head.events()[-1].done


def test_events_arrive_as_they_are_made(lab):
    lab.mock.script("m", chunk_delay=0.02)
    head = lab.stream(text="a b c d e f g h")
    times = [event.arrived for event in head.events()]
    assert len(times) > 8 and times[-1] - times[0] > 0.1


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("splits", [None, "bytes"])
def test_bytes_pass_whatever_the_line_ends(lab, line_end, splits):
    events = [event.replace(b"\n", line_end.encode()) for event in PLAIN]
    lab.mock.script("m", events=events, splits=splits)
    head = plain_stream(lab)
    assert head.read().body == b"".join(events)


def test_every_split_of_a_stream(lab):
    """UTF-8, CRLF and `data:` cut at every offset, one request for each."""
    body = b"data: " + json.dumps({**CHUNK, "choices": [
        {"index": 0, "delta": {"content": "é🐎"}, "finish_reason": "stop"}]},
        ensure_ascii=False).encode() + b"\r\n\r\n" + usage_event() + b"data: [DONE]\r\n\r\n"
    client = lab.connect()
    for at in range(1, len(body)):
        lab.mock.script("m", events=[body], splits=[at])
        head = client.start("POST", CHAT, [("x-llmgw-plain", "true")],
                            chat_body(stream=True, **ASKED))
        assert head.read().body == body, at


@pytest.mark.parametrize("script", [
    {"comments": "OPENROUTER PROCESSING"}, {"no_space": True}, {"big": 1 << 20},
    {"extensions": ";a=1"}, {"framing": "close"}, {"version": "HTTP/1.0"},
    {"trailers": [("x-t", "1")]}, {"framing": "length"}])
def test_shapes_of_streams(lab, script):
    lab.mock.script("m", **script)
    for fields in ({}, ASKED):
        head = lab.stream(**fields)
        events = head.events()
        assert head.trailers == []
        assert [event.done for event in events].count(True) == 1 and events[-1].done
        text = text_of(events)
        assert text.lstrip("a") == "one two three" and len(text) >= script.get("big", 0)
        for event in events[:-1]:
            if event.data:
                shapes.check(event.json(), "chat.completion.chunk")


def test_multi_line_data_and_other_fields_pass(lab):
    odd = b'event: chunk\nid: 7\nretry: 10\ndata: {"choices":\ndata: [],\ndata:"x":1}\n\n'
    empty = b"event: ping\n\ndata:\n\n: hi\n\n\n\n"
    body = [odd, empty, *PLAIN]
    lab.mock.script("m", events=body)
    assert plain_stream(lab).read().body == b"".join(body)


def test_unicode_line_separators_do_not_end_lines(lab):
    body = [event_of({"content": "a\u2028b\u2029c\u0085d"}), *PLAIN]
    lab.mock.script("m", events=body)
    events = lab.stream().events()
    assert text_of(events).startswith("a\u2028b\u2029c\u0085d")


def test_a_missing_last_line_end(lab):
    lab.mock.script("m", no_final_newline=True)
    body = lab.stream().read().body
    assert body.endswith(b"data: [DONE]\n\n") and body.count(b"[DONE]") == 1


def test_a_missing_done_is_added(lab):
    lab.mock.script("m", no_done=True)
    for fields in ({}, ASKED):
        events = lab.stream(**fields).events()
        assert [event.done for event in events].count(True) == 1 and events[-1].done
    lab.mock.script("m", no_done=True, no_final_newline=True)
    body = lab.stream().read().body
    assert body.endswith(b"\n\ndata: [DONE]\n\n")


def test_done_without_a_finish_reason(lab):
    lab.mock.script("m", no_finish=True)
    assert lab.stream().events()[-1].done


def test_nothing_follows_done(lab):
    lab.mock.script("m", after_done=b'data: {"late":1}\n\n: x\n\n')
    head = lab.stream()
    body = head.read().body
    assert body.endswith(b"data: [DONE]\n\n") and b"late" not in body
    assert head.client.request("GET", "/healthz").status == 200


def test_the_end_is_at_done(lab):
    lab.mock.script("m", gates={7: "never"}, after_done=b": late\n\n")
    events = lab.stream().events()  # although the upstream's answer goes on
    assert events[-1].done and len(events) == 6


# Usage: always asked for upstream, shown to those who asked.

def test_usage_is_requested_but_not_shown(lab):
    events = lab.stream(model="openai/gpt-4o-mini").events()
    assert lab.mock.last.json()["stream_options"] == {"include_usage": True}
    chunks = [event.json() for event in events[:-1]]
    assert all(not chunk.get("usage") for chunk in chunks)
    assert all(chunk["choices"] for chunk in chunks)
    assert text_of(events) == "one two three"


@pytest.mark.parametrize("options", [
    b'"stream_options":{"include_usage":false}', b'"stream_options":{}', b'"stream_options":null',
    b'"stream_options": { "include_obfuscation" : false }'])
def test_usage_is_requested_whatever_was_said(lab, options):
    body = b'{"model":"lab/m","stream":true,"messages":[{"role":"user","content":"hi"}],' + \
        options + b"}"
    events = lab.connect().start("POST", CHAT, body=body).events()
    sent = lab.mock.last.json()["stream_options"]
    assert sent["include_usage"] is True
    assert ("include_obfuscation" in sent) == (b"obfuscation" in options)
    assert b'"messages":[{"role":"user","content":"hi"}]' in lab.mock.last.body
    assert all(not event.json().get("usage") for event in events[:-1]) and events[-1].done


def test_usage_is_shown_with_its_cost(lab):
    lab.mock.script("gpt-4o-mini", usage={"prompt_tokens": 1000, "completion_tokens": 500,
                                          "total_tokens": 1500})
    head = lab.stream(model="openai/gpt-4o-mini", **ASKED)
    events = head.events()
    last = shapes.check(events[-2].json(), "chat.completion.chunk")
    assert last["choices"] == [] and abs(last["usage"]["cost"] - 0.00045) < 1e-12
    assert last["metadata"]["request_id"] == head.header("x-request-id")
    assert last["metadata"]["used_provider"] == "openai"
    assert all("metadata" not in event.json() for event in events[:-2])


def test_no_options_without_a_stream(lab):
    assert lab.chat().status == 200 and "stream_options" not in lab.mock.last.json()
    assert lab.chat(stream=False).status == 200
    assert "stream_options" not in lab.mock.last.json()


def test_an_upstream_that_ignores_the_option(lab):
    lab.mock.script("m", ignore_usage=True)
    assert lab.stream(**ASKED).events()[-1].done


def test_usage_on_chunks_with_choices(lab):
    """xAI and others repeat a growing usage on every chunk: the text must survive, also when the
    usage is not for the client."""
    grow = [event_of({"content": word}, usage={"prompt_tokens": 3, "completion_tokens": at,
                                               "total_tokens": 3 + at})
            for at, word in enumerate(("a", "b", "c"), 1)]
    lab.mock.script("m", events=[*grow, event_of({}, "stop"), DONE])
    events = lab.stream().events()
    assert text_of(events) == "abc" and events[-1].done
    assert all(not event.json().get("usage") for event in events[:-1])
    assert text_of(lab.stream(**ASKED).events()) == "abc"


def test_tool_calls_interleaved(lab):
    tools = [{"type": "function", "function": {"name": name, "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}} for name in ("a", "b")]
    events = lab.stream(text="parallel", tools=tools).events()
    calls = {}
    for event in events[:-1]:
        for part in event.json()["choices"][0]["delta"].get("tool_calls", []):
            call = calls.setdefault(part["index"], {"id": part.get("id"), "arguments": ""})
            call["arguments"] += part["function"].get("arguments", "")
    assert [call["id"] for call in calls.values()] == ["call_mock0", "call_mock1"]
    assert all(json.loads(call["arguments"]) == {"city": "text"} for call in calls.values())
    assert events[-2].json()["choices"][0]["finish_reason"] == "tool_calls"


def test_several_choices_and_logprobs(lab):
    events = lab.stream(n=3, logprobs=True).events()
    indexes = {choice["index"] for event in events[:-1] for choice in event.json()["choices"]}
    assert indexes == {0, 1, 2}
    assert len({event.json()["id"] for event in events[:-1]}) == 1


def test_a_json_answer_to_a_stream_request(lab):
    """Some servers ignore `stream`: the client must get something it can read, not a hang."""
    lab.mock.script("m", body={"id": "x", "object": "chat.completion", "created": 1, "model": "m",
                               "choices": [{"index": 0, "finish_reason": "stop", "message": {
                                   "role": "assistant", "content": "whole"}}]})
    answer = lab.stream().read()
    assert answer.status in (200, 502) and answer.body


# Bad ends.

def assert_error_end(events):
    assert not any(event.done for event in events)
    error = shapes.check(events[-1].json(), "error")["error"]
    assert error["message"] and events[-1].raw.endswith(b"\n\n")
    return error


@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("framing", ["chunked", "close", "length"])
def test_a_cut_stream_ends_with_an_error(lab, how, framing):
    lab.mock.script("m", cut=(3, how), framing=framing)
    head = lab.stream()
    events = head.events()
    assert head.status == 200 and text_of(events[:-1]).startswith("one")
    assert assert_error_end(events)["code"]
    assert len(lab.mock.requests) == 1  # nothing is retried behind the client's back


def test_a_stream_cut_inside_an_event(lab):
    first = event_of({"content": "a"})
    lab.mock.script("m", events=[first, event_of({"content": "b"})[:-20]], framing="close")
    events = lab.stream().events()
    assert text_of(events[:1]) == "a"
    assert_error_end(events)


def test_an_error_event_of_the_upstream_passes(lab):
    bad = b'data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}\n\n'
    lab.mock.script("m", events=[event_of({"content": "a"}), bad], framing="close")
    events = lab.stream().events()
    assert not any(event.done for event in events)
    assert sum(b'"error"' in event.raw for event in events) >= 1
    assert b"overloaded" in b"".join(event.raw for event in events)


def test_a_stalled_stream_ends_with_an_error(lab):
    lab.gateway.set("timeouts.idle", "300ms")
    try:
        lab.mock.script("m", stall_after=2)

        def stalled():
            start = time.monotonic()
            head = lab.stream()
            head.client.sock.settimeout(3 * SLOW)
            try:
                events = head.events()
            except AssertionError:  # this one began before the setting was live
                return None
            assert time.monotonic() - start < 2.5 * SLOW
            return events
        error = assert_error_end(wait_until(stalled, 10))
        assert error["code"] == "upstream_timeout"
        connection = lab.mock.last.connection
        wait_until(lambda: connection.closed_at, 5, "the stalled connection's end")
    finally:
        lab.gateway.cli("config", "unset", "timeouts.idle")


def test_a_bad_first_event_fails_cleanly(lab):
    """A 200 that holds an error before any content is a failed attempt, not an answer."""
    lab.mock.script("m", events=[b'data: {"error":{"message":"busy","type":"x","param":null,'
                                 b'"code":"overloaded"}}\n\n'], framing="close")
    answer = lab.stream().read()
    if answer.status == 200:
        assert b"[DONE]" not in answer.body and b"busy" in answer.body
    else:
        shapes.check_error(answer, answer.status)


# Clients that leave, clients that are slow.

@pytest.mark.parametrize("where", ["before the head", "mid-stream", "plain"])
def test_a_client_that_leaves_frees_the_upstream(lab, where):
    if where == "mid-stream":
        lab.mock.script("m", gates={2: "never"})
        client = lab.stream().client
    else:
        lab.mock.script("m", head_gate="never")
        client = lab.connect()
        client.send(client.request_bytes("POST", CHAT, body=chat_body(stream=where != "plain")))
    connection = lab.mock.wait_requests(1).connection
    gone = time.monotonic()
    client.close()
    wait_until(lambda: connection.closed_at, 5, "the upstream connection's end")
    assert connection.closed_by == "peer"
    assert connection.closed_at - gone < 0.2 * SLOW


def test_a_thousand_aborts_leak_nothing(lab):
    assert lab.chat().status == 200
    lab.mock.script("m", gates={2: "never"}, first=[])
    before, threads = lab.gateway.descriptors(), lab.gateway.threads()
    failures = []

    def abort(count, early):
        try:
            for _ in range(count):
                with lab.gateway.connect() as client:
                    client.send(client.request_bytes("POST", CHAT, body=chat_body(stream=True)))
                    if not early:
                        client.read_head().event()
        except Exception as error:  # noqa: BLE001  (reported below)
            failures.append(error)

    workers = [threading.Thread(target=abort, args=(250, at % 2 == 0)) for at in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures, failures
    lab.mock.script("m")
    wait_until(lambda: lab.gateway.descriptors() <= before + 4, 10, "the old number of descriptors")
    assert lab.gateway.threads() <= threads + 1
    assert lab.chat().status == 200


def test_a_slow_reader_holds_the_upstream_back(lab):
    total = 96 << 20
    piece = event_of({"content": "x" * 65000})
    lab.mock.script("m", events=[piece] * (total // len(piece)) + [DONE])
    before = lab.gateway.rss()
    head = lab.stream()
    connection = lab.mock.last.connection
    sent = 0
    settled = time.monotonic()
    while time.monotonic() - settled < 0.5:  # until the upstream has been held for half a second
        if connection.bytes_sent != sent:
            sent, settled = connection.bytes_sent, time.monotonic()
        assert sent < total * 3 // 4, "the upstream was never held back"
        time.sleep(0.01)
    if SLOW == 1:
        assert lab.gateway.rss() - before < 8 << 20
    start = time.monotonic()
    assert lab.request("GET", "/healthz").status == 200  # nobody else waits
    assert lab.chat("mock/echo").status == 200
    assert time.monotonic() - start < 0.5 * SLOW
    while part := head.read_some():
        head.body, last = b"", part
    assert last.endswith(b"[DONE]\n\n")
    if SLOW == 1:
        assert lab.gateway.rss() - before < 8 << 20


def test_a_client_that_never_reads_is_not_waited_for_at_the_end(lab):
    piece = event_of({"content": "x" * 65000})
    lab.mock.script("m", events=[piece] * 400 + [DONE])
    client = lab.connect()
    client.send(client.request_bytes("POST", CHAT, body=chat_body(stream=True)))
    connection = lab.mock.wait_requests(1).connection
    wait_until(lambda: connection.bytes_sent > 100_000, 5)
    client.close()
    wait_until(lambda: connection.closed_at, 5, "the upstream connection's end")


def test_many_streams_at_once(lab):
    count = 200
    lab.mock.script("m", gates={2: "all"})
    heads = [lab.stream() for _ in range(count)]
    assert len(lab.mock.requests) == count
    threads = lab.gateway.threads()
    lab.mock.open_gate("all")
    assert all(head.events()[-1].done for head in heads)
    assert threads < 40


def test_the_connection_lives_on_after_a_stream(lab):
    client = lab.connect()
    for _ in range(3):
        assert client.start("POST", CHAT, body=chat_body(stream=True)).events()[-1].done
    assert client.request("POST", CHAT, body=chat_body()).status == 200


def test_upstream_connections_are_reused(lab):
    client = lab.connect()
    for at in range(20):
        fields = {"stream": True} if at % 2 else {}
        assert client.request("POST", CHAT, body=chat_body(**fields)).status == 200
    assert len({id(request.connection) for request in lab.mock.requests}) <= 2


def test_completions_stream(lab):
    body = {"model": "lab/m", "prompt": "a b c", "stream": True}
    events = lab.connect().start("POST", "/v1/completions", body=body).events()
    assert lab.mock.last.json()["stream_options"] == {"include_usage": True}
    assert "".join(e.json()["choices"][0]["text"] for e in events[:-1]) == "a b c"
    assert all(event.json()["object"] == "text_completion" for event in events[:-1])


def test_a_client_reset_mid_stream(lab):
    lab.mock.script("m", chunk_delay=0.005, text="word " * 50)
    head = lab.stream()
    head.event()
    head.client.sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SOL_SOCKET, SO_LINGER: reset
    head.client.close()
    wait_until(lambda: lab.mock.last.connection.closed_at, 5)
    try:
        assert lab.chat("mock/echo").status == 200
    except Truncated as error:
        raise AssertionError("the daemon died") from error
