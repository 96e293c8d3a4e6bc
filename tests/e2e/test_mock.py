# SPDX-License-Identifier: Apache-2.0
"""The mock upstream is itself right: what it refuses, answers, scripts and records."""

import base64
import json
import ssl
import struct
import time

import pytest

import shapes
from conftest import chat_body
from http_raw import Client, Truncated, wait_until
from mock_upstream import MockUpstream

KEY = "sk-mock"


@pytest.fixture
def upstream():
    server = MockUpstream(keys={KEY})
    yield server
    server.close()


@pytest.fixture
def client(upstream):
    with Client("127.0.0.1", upstream.port, key=KEY) as connection:
        yield connection


def post(client, body, path="/v1/chat/completions"):
    return client.request("POST", path, body=body)


@pytest.mark.parametrize("change, param", [
    ({"colour": 1}, "colour"),
    ({"model": None}, "model"),
    ({"messages": []}, "messages"),
    ({"messages": "hi"}, "messages"),
    ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
    ({"messages": [{"role": "tool", "tool_call_id": "c", "content": "x"}]}, "messages[0].role"),
    ({"temperature": "hot"}, "temperature"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"max_tokens": 1, "max_completion_tokens": 1}, "max_tokens"),
    ({"n": 1.5}, "n"),
])
def test_refuses_what_openai_refuses(client, change, param):
    shapes.check_error(post(client, chat_body("m", **change)
                            if not {"model", "messages"} & set(change)
                            else {**chat_body("m"), **change}), 400, param=param)


def test_refuses_a_wrong_key(upstream):
    for key in (None, "sk-wrong"):
        with Client("127.0.0.1", upstream.port, key=key) as client:
            shapes.check_error(post(client, chat_body("m")), 401)


def test_answers_have_the_published_shapes(client):
    tool = {"type": "function", "function": {"name": "a", "parameters": {
        "type": "object", "properties": {"x": {"type": "string"}}}}}
    other = {"type": "function", "function": {"name": "b", "parameters": {}}}
    plain = shapes.check(post(client, chat_body("m", n=2, logprobs=True)).json(), "chat.completion")
    assert [c["message"]["content"] for c in plain["choices"]] == ["one two three"] * 2
    called = post(client, chat_body("m", text="parallel", tools=[tool, other])).json()
    calls = shapes.check(called, "chat.completion")["choices"][0]["message"]["tool_calls"]
    assert [c["function"]["name"] for c in calls] == ["a", "b"]
    answer = post(client, {"model": "m", "prompt": "hi"}, "/v1/completions").json()
    assert shapes.check(answer, "completion")["choices"][0]["text"] == "hi"
    shapes.check(client.request("GET", "/v1/models").json(), "models")
    shapes.check(client.request("GET", "/v1/models/org/mock-2").json(), "model")
    vectors = post(client, {"model": "m", "input": [[1, 2], [3]], "dimensions": 3},
                   "/v1/embeddings").json()
    assert len(shapes.check(vectors, "embeddings")["data"][1]["embedding"]) == 3
    packed = post(client, {"model": "m", "input": "a", "encoding_format": "base64"},
                  "/v1/embeddings").json()["data"][0]["embedding"]
    assert struct.unpack("<4f", base64.b64decode(packed))[0] == 0.5


def test_streams(client):
    head = client.start("POST", "/v1/chat/completions", body=chat_body(
        "m", stream=True, stream_options={"include_usage": True}))
    events = head.events()
    assert events[-1].done
    chunks = [shapes.check(event.json(), "chat.completion.chunk") for event in events[:-1]]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["completion_tokens"] == 3
    assert all(chunk["usage"] is None for chunk in chunks[:-1])
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"


def test_scripts_bend_the_wire(upstream, client):
    upstream.script("m", line_end="\r\n", extensions=";a=b", trailers=[("x-end", "1")],
                    splits="bytes", after_done=b": bye\n\n")
    head = client.start("POST", "/v1/chat/completions", body=chat_body("m", stream=True))
    events = head.events()
    assert events[0].raw.endswith(b"\r\n\r\n") and events[-2].done
    assert head.trailers == [b"x-end: 1\r\n"] and len(head.chunks) > 100
    upstream.script("m", status=429, headers=[("retry-after", "7")], body="<h1>no</h1>",
                    content_type="text/html")
    answer = post(client, chat_body("m"))
    assert (answer.status, answer.header("retry-after"), answer.body) == (429, "7", b"<h1>no</h1>")


def test_a_marker_in_the_prompt_is_a_script(client):
    assert post(client, chat_body("m", text='hi [[mock {"status": 418}]]')).status == 418


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_cuts(upstream, client, how):
    upstream.script("m", cut=(2, how))
    head = client.start("POST", "/v1/chat/completions", body=chat_body("m", stream=True))
    with pytest.raises(Truncated):
        head.events()


def test_gates_and_records(upstream, client):
    upstream.script("m", gates={1: "go"})
    head = client.start("POST", "/v1/chat/completions", body=chat_body("m", stream=True))
    head.event()
    upstream.open_gate("go")
    assert head.events()[-1].done
    request = upstream.last
    assert request.head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:")
    assert request.json() == chat_body("m", stream=True) == json.loads(request.raw_body)
    client.send(client.request_bytes("POST", "/v1/chat/completions",
                                     [("Transfer-Encoding", "chunked")],
                                     b"2\r\n{}\r\n0\r\n\r\n"))
    assert client.read_response().status == 400
    assert upstream.last.body == b"{}" and upstream.last.raw_body == b"2\r\n{}\r\n0\r\n\r\n"


def test_sees_a_client_leave(upstream, client):
    upstream.script("m", head_gate="never")
    client.send(client.request_bytes("POST", "/v1/chat/completions", body=chat_body("m")))
    upstream.wait_requests(1)
    gone = time.monotonic()
    client.close()
    connection = upstream.connections[0]
    wait_until(lambda: connection.closed_at, 2, "the end of the connection")
    assert connection.closed_by == "peer" and connection.closed_at - gone < 0.1


def test_closes_idle_connections(upstream, client):
    upstream.idle_close = 0.02
    assert post(client, chat_body("m")).status == 200
    assert client.is_closed()


def test_speaks_tls(throwaway_ca):
    ca, cert, key = throwaway_ca
    server = MockUpstream(tls=(cert, key))
    client = Client("127.0.0.1", server.port)
    client.sock = ssl.create_default_context(cafile=ca).wrap_socket(
        client.sock, server_hostname="127.0.0.1")
    assert post(client, chat_body("m")).json()["choices"][0]["message"]["content"]
    client.close()
    server.close()
