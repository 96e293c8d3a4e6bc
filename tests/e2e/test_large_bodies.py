# SPDX-License-Identifier: Apache-2.0
"""Pictures and documents travel inside JSON: bodies of many megabytes, and everybody else beside
them."""

import json
import time

import pytest

import shapes
from conftest import chat_body
from http_raw import SLOW, Truncated

CHAT = "/v1/chat/completions"
MEGABYTE = 1 << 20
DEFAULT_LIMIT = 64 * MEGABYTE


def body_with_picture(size):
    """A request of about `size` bytes, nearly all of it one data URL."""
    content = [{"type": "text", "text": "what is this?"},
               {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * size}}]
    return json.dumps({"model": "lab/m", "messages": [{"role": "user", "content": content}]}).encode()


@pytest.mark.parametrize("megabytes", [10, 50])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_large_body_arrives_whole(lab, megabytes, coding):
    lab.mock.script("m", body={"ok": True})
    body = body_with_picture(megabytes * MEGABYTE)
    client = lab.connect(timeout=30)
    if coding == "length":
        answer = client.request("POST", CHAT, body=body)
    else:
        client.send(client.request_bytes("POST", CHAT, [("Transfer-Encoding", "chunked"),
                                                        ("Content-Type", "application/json")]))
        for start in range(0, len(body), 100_000):
            part = body[start:start + 100_000]
            client.send(b"%x\r\n%s\r\n" % (len(part), part))
        client.send(b"0\r\n\r\n")
        answer = client.read_response()
    assert answer.status == 200, answer.body
    assert lab.mock.last.body == body.replace(b'"lab/m"', b'"m"', 1)


@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_body_over_the_limit_is_refused_before_it_is_read(lab, coding):
    before = lab.gateway.rss()
    total = DEFAULT_LIMIT + 36 * MEGABYTE
    client = lab.connect()
    field = f"Content-Length: {total}" if coding == "length" else "Transfer-Encoding: chunked"
    name, value = field.split(": ")
    client.send(client.request_bytes("POST", CHAT, [(name, value),
                                                    ("Content-Type", "application/json")]))
    if coding == "length":
        shapes.check_error(client.read_response(), 413)  # nothing of the body was sent
        assert client.is_closed()
        assert lab.gateway.rss() - before < 8 * MEGABYTE
        return
    part, sent = b"%x\r\n%s\r\n" % (MEGABYTE, b" " * MEGABYTE), 0
    try:
        while sent < total:
            client.send(part)
            sent += MEGABYTE
        client.send(b"0\r\n\r\n")
    except ConnectionError:
        pass
    try:
        shapes.check_error(client.read_response(), 413)
    except Truncated:
        assert sent < total  # it went on sending into a closed connection
    assert lab.request("GET", "/healthz").status == 200
    assert not lab.mock.requests


def test_memory_is_given_back(lab):
    lab.mock.script("m", body={"ok": True})
    body = body_with_picture(20 * MEGABYTE)
    assert lab.request("POST", CHAT, body=body).status == 200
    before = lab.gateway.rss()
    for _ in range(5):
        assert lab.request("POST", CHAT, body=body).status == 200
    if SLOW == 1:
        assert lab.gateway.rss() - before < 30 * MEGABYTE
        assert before < 64 * MEGABYTE  # the body is not there once for each step it takes


def test_small_requests_do_not_wait_for_large_ones(lab):
    """A body of 50 MB arrives in pieces and is then looked at whole, all on the one loop."""
    lab.mock.script("m", body={"ok": True})
    body = body_with_picture(50 * MEGABYTE)
    large, small, times = lab.connect(timeout=30), lab.connect(), []

    def ask():
        start = time.monotonic()
        assert small.request("POST", CHAT, body=chat_body("mock/echo")).status == 200
        times.append(time.monotonic() - start)
    data = large.request_bytes("POST", CHAT, body=body)
    for start in range(0, len(data), 2 * MEGABYTE):
        large.send(data[start:start + 2 * MEGABYTE])
        ask()
    for _ in range(20):
        ask()
    assert large.read_response().status == 200
    assert sorted(times)[len(times) // 2] < 0.02 * SLOW
    assert max(times) < 0.25 * SLOW
