# SPDX-License-Identifier: Apache-2.0
"""When the cheapest provider cannot be reached, hangs or breaks off: who takes over, until when, and
how long all of it may take. gpt-oss-120b is served by scx-ai, which is cheaper, and by groq."""

import contextlib
import socket
import time

import pytest

import shapes
from conftest import chat_body, new_secret
from http_raw import SLOW
from mock_upstream import MockUpstream

CHAT = "/v1/chat/completions"
MODEL, AT_FIRST, AT_SECOND = "gpt-oss-120b", "gpt-oss-120b", "openai/gpt-oss-120b"


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def make_pair(make_gateway, mock):
    """Starts a daemon whose scx-ai is at `first` and whose groq is the mock."""
    def make(first, **env):
        mock.forget()
        gateway = make_gateway(**env)
        gateway.key = gateway.create_key("test")
        for provider, url in (("scx-ai", first), ("groq", mock.url)):
            secret = new_secret(provider)
            mock.keys.add(secret)
            gateway.add_provider(provider, url, secret)
        return gateway.start()
    return make


def ask(gateway, stream=False, headers=()):
    with gateway.connect() as client:
        return client.request("POST", CHAT, headers, chat_body(MODEL, stream=stream))


def assert_taken_over(gateway, mock):
    for stream in (False, True):
        mock.requests.clear()
        answer = ask(gateway, stream)
        assert answer.status == 200, answer.body
        assert answer.header("x-llmgw-provider") == "groq"
        assert answer.header("x-llmgw-attempts") == "2"
        assert answer.body.endswith(b"data: [DONE]\n\n") or not stream
        assert mock.last.json()["model"] == AT_SECOND
    assert gateway.stop() == 0


def test_nobody_listens(make_pair, mock):
    assert_taken_over(make_pair(f"http://127.0.0.1:{closed_port()}/v1"), mock)


def test_the_name_does_not_exist(make_pair, mock):
    assert_taken_over(make_pair("http://no-such-host.invalid/v1"), mock)


def test_the_certificate_is_not_trusted(make_pair, mock, throwaway_ca):
    _, cert, key = throwaway_ca
    with contextlib.closing(MockUpstream(tls=(cert, key))) as first:
        assert_taken_over(make_pair(first.url), mock)
        assert not first.requests


def test_a_handshake_that_hangs(make_pair, mock):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/v1"
        assert_taken_over(make_pair(url, LLMGW_TIMEOUTS_CONNECT="200ms"), mock)


@pytest.mark.parametrize("script", [{"hang": True}, {"stall_after": 0}, {"cut": (0, "rst")},
                                    {"cut": (0, "fin")}, {"cut": (0, "rst"), "framing": "close"}],
                         ids=str)
def test_no_content_comes(make_pair, mock, script):
    gateway = make_pair(mock.url, LLMGW_TIMEOUTS_FIRST_BYTE="300ms")
    mock.script(AT_FIRST, **script)
    assert_taken_over(gateway, mock)


@pytest.mark.parametrize("script", [{"stall_after": 3}, {"cut": (3, "rst")}, {"cut": (3, "fin")}],
                         ids=str)
def test_nobody_takes_over_a_stream_that_has_begun(make_pair, mock, script):
    gateway = make_pair(mock.url, LLMGW_TIMEOUTS_IDLE="300ms")
    mock.script(AT_FIRST, **script)
    with gateway.connect() as client:
        head = client.start("POST", CHAT, body=chat_body(MODEL, stream=True))
        events = head.events()
    assert head.status == 200 and head.header("x-llmgw-provider") == "scx-ai"
    assert not any(event.done for event in events)
    shapes.check(events[-1].json(), "error")
    assert len(mock.requests) == 1
    assert gateway.stop() == 0


@pytest.mark.parametrize("stream", [False, True])
def test_all_attempts_share_the_total_time(make_pair, mock, stream):
    gateway = make_pair(mock.url, LLMGW_TIMEOUTS_TOTAL="1s", LLMGW_TIMEOUTS_FIRST_BYTE="800ms")
    mock.script("*", hang=True)
    start = time.monotonic()
    answer = ask(gateway, stream)
    took = time.monotonic() - start
    error = shapes.check_error(answer, answer.status)
    assert answer.status in (502, 504) and answer.header("x-should-retry") == "false"
    assert "scx-ai" in error["message"] and "groq" in error["message"]
    assert len(mock.requests) == 2
    assert 0.95 < took < 1.4 * SLOW  # the second had what the first left over
    assert gateway.stop() == 0


def test_no_attempt_begins_when_the_time_is_up(make_pair, mock):
    gateway = make_pair(mock.url, LLMGW_TIMEOUTS_TOTAL="400ms")
    mock.script("*", hang=True)
    start = time.monotonic()
    answer = ask(gateway)
    assert time.monotonic() - start < 0.9 * SLOW
    shapes.check_error(answer, 504, code="upstream_timeout")
    assert len(mock.requests) == 1
    assert gateway.stop() == 0


def test_the_first_one_is_left_alone_after_its_time(make_pair, mock):
    gateway = make_pair(mock.url, LLMGW_TIMEOUTS_FIRST_BYTE="200ms")
    mock.script(AT_FIRST, hang=True)
    assert ask(gateway).status == 200
    first = mock.requests[0].connection
    assert mock.wait_for(lambda: first.closed_at, 5) and first.closed_by == "peer"
    assert gateway.stop() == 0
