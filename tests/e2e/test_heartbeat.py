# SPDX-License-Identifier: Apache-2.0
"""Comments in streams that are silent: when, where and where not, and what becomes of a failure once
one has begun the answer."""

import json

import pytest

import shapes
from conftest import chat_body
from fault_upstream import chunk
from gateway import Gateway
from http_raw import wait_until
from test_failover_faults import AT_FIRST, AT_SECOND, CHAT, EXHAUSTED, MODEL, running_pair

COMMENT = b": llmgw\n\n"


@pytest.fixture(scope="module")
def shared_pair(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("heartbeat") / "home",
                      {"LLMGW_TIMEOUTS_HEARTBEAT": "100ms", "LLMGW_TIMEOUTS_FIRST_BYTE": "1s"})
    with running_pair(gateway) as pair:
        yield pair


@pytest.fixture
def pair(shared_pair):
    shared_pair.forget()
    yield shared_pair
    for mock in (shared_pair.first, shared_pair.second):
        for name in list(mock.gates):
            mock.open_gate(name)


def start(client, model=MODEL, **fields):
    return client.start("POST", CHAT, body=chat_body(model, stream=True, **fields))


def next_comments(head, count):
    """Reads events up to the next comments; the events before them."""
    before = []
    while count:
        event = head.event()
        assert event is not None, "the stream ended before a comment"
        if event.raw == COMMENT:
            count -= 1
        else:
            before.append(event)
    return before


def without_comments(events):
    return [event for event in events if event.raw != COMMENT]


def check_whole(events):
    events = without_comments(events)
    assert all(event.data for event in events) and events[-1].done
    for event in events[:-1]:
        event.json()
    texts = [choice["delta"].get("content") or "" for event in events[:-1]
             for choice in event.json()["choices"]]
    assert "".join(texts) == "one two three"


def test_a_model_that_thinks_in_the_middle(pair):
    pair.first.script(AT_FIRST, gates={3: "on"})
    with pair.gateway.connect() as client:
        head = start(client)
        assert head.header("x-llmgw-provider") == "scx-ai"
        events = next_comments(head, 2)
        assert len(events) == 3
        pair.first.open_gate("on")
        check_whole(events + head.events())
        # The framing was whole: the connection goes on.
        assert start(client).read().status == 200


def test_before_anybody_answers(pair):
    pair.first.script(AT_FIRST, head_gate="on")
    with pair.gateway.connect() as client:
        head = start(client)
        assert head.status == 200 and head.header("content-type").startswith("text/event-stream")
        assert head.header("x-request-id") and head.header("x-llmgw-provider") is None
        assert next_comments(head, 2) == []
        pair.first.open_gate("on")
        check_whole(head.events())
        assert start(client).header("x-llmgw-provider") == "scx-ai"


def test_failover_goes_on_behind_the_comments(pair):
    pair.first.script(AT_FIRST, hang=True)
    with pair.gateway.connect() as client:
        head = start(client)
        events = head.events()
    assert events[0].raw == COMMENT and head.header("x-llmgw-provider") is None
    check_whole(events)
    assert pair.asked() == (1, 1)


@pytest.mark.parametrize("plain", ["true", "false"])
def test_all_fail_behind_the_comments(pair, plain):
    pair.first.script(AT_FIRST, hang=True)
    pair.second.script(AT_SECOND, status=500, body='{\n"error": {\n"message": "no"}}')
    with pair.gateway.connect() as client:
        head = client.start("POST", CHAT, [("x-llmgw-plain", plain)],
                            chat_body(MODEL, stream=True))
        events = head.events()
        assert head.status == 200 and events[0].raw == COMMENT
        last = without_comments(events)
        assert len(last) == 1
        shapes.check(last[0].json(), "error")
        assert last[0].json()["error"]["code"] == EXHAUSTED
        assert ("metadata" in last[0].json()) == (plain == "false")
        assert start(client, "lab-unknown").status == 404  # in a new answer there is a status


def test_a_refusal_behind_the_comments(pair):
    """Its lines, which the provider has chosen, become one event."""
    refusal = json.dumps({"error": {"message": "no", "type": "t", "param": None, "code": "c"}},
                         indent=1)
    pair.first.script(AT_FIRST, head_gate="on", status=422, body=refusal)
    with pair.gateway.connect() as client:
        head = start(client)
        next_comments(head, 1)
        pair.first.open_gate("on")
        events = without_comments(head.events())
    assert [event.json() for event in events] == [json.loads(refusal)]
    assert pair.asked() == (1, 0)


def test_a_whole_document_behind_the_comments(pair):
    """A provider that knows no streams cannot answer one that has begun."""
    pair.first.script(AT_FIRST, head_gate="on", body={"id": "x", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]})
    with pair.gateway.connect() as client:
        head = start(client)
        next_comments(head, 1)
        pair.first.open_gate("on")
        check_whole(head.events())
    assert pair.asked() == (1, 1)


def test_a_slow_reader_gets_none(pair):
    """Nothing may come between the pieces of what is being sent."""
    count, size = 60, 200_000
    pair.first.script(AT_FIRST, events=[chunk({"content": "a" * size})] * count +
                      [chunk({}, "stop"), b"data: [DONE]\n\n"])
    with pair.gateway.connect(30) as client:
        head = start(client)
        connection = pair.first.last.connection
        sent = []

        def is_stuck():  # for several times the heartbeat
            sent.append(connection.bytes_sent)
            return len(sent) > 200 and sent[-200] == sent[-1] > 0
        wait_until(is_stuck, 20)
        events = head.read().body.split(b"\n\n")
    assert [event for event in events if not event.startswith(b"data: ")] == [b""]
    assert len(events) == count + 3 and events[-2] == b"data: [DONE]"


def test_a_client_that_leaves_in_the_silence(pair):
    pair.first.script(AT_FIRST, head_gate="never")
    with pair.gateway.connect() as client:
        next_comments(start(client), 1)
        connection = pair.first.last.connection
    wait_until(lambda: connection.closed_at, 5)
    assert pair.asked() == (1, 0)


def test_http_1_0(pair):
    pair.first.script(AT_FIRST, head_gate="on")
    with pair.gateway.connect() as client:
        head = client.start("POST", CHAT, body=chat_body(MODEL, stream=True), version="HTTP/1.0")
        assert head.header("transfer-encoding") is None
        next_comments(head, 1)
        pair.first.open_gate("on")
        check_whole(head.events())


def test_a_plain_answer_has_none(pair):
    pair.first.script(AT_FIRST, delay_head=0.5)
    answer = pair.ask()
    assert answer.status == 200 and answer.json()["choices"]
    assert COMMENT not in answer.body


def test_a_refusal_in_time_keeps_its_status(pair):
    pair.first.script(AT_FIRST, status=422)
    assert pair.ask(stream=True).status == 422


def test_none_when_they_are_off(make_gateway):
    with running_pair(make_gateway(LLMGW_TIMEOUTS_HEARTBEAT="0")) as pair:
        pair.first.script(AT_FIRST, delay_head=0.5, gates={2: "on"})
        pair.first.open_gate("on")
        assert COMMENT not in pair.ask(stream=True).body
