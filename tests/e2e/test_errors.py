# SPDX-License-Identifier: Apache-2.0
"""Bad requests never reach an upstream; bad upstreams become clear errors; failures move on."""

import itertools
import json
import socket

import pytest

import shapes
from conftest import chat_body
from http_raw import wait_until
from mock_upstream import MockUpstream

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "hi"}]
SETTINGS = {"limits.body": "2m"}
FIRST, SECOND = "gpt-oss-120b", "openai/gpt-oss-120b"  # how the two call gpt-oss-120b
BOTH = "gpt-oss-120b"


def post(lab, body, path=CHAT, headers=()):
    return lab.request("POST", path, headers, body)


def nested(depth, opening=b"[", closing=b"]"):
    return b'{"model":"lab/m","messages":[{"role":"user","content":"x"}],"x":' + \
        opening * depth + b"1" + closing * depth + b"}"


# (51)–(53) and their like: refused with a clear error, upstream untouched.

BAD_BODIES = {
    "empty": b"",
    "only space": b"  \n",
    "not JSON": b"hello",
    "cut off": b'{"model": "lab/m", "messages": [',
    "trailing comma": b'{"model": "lab/m", "messages": [{"role":"user","content":"x"}],}',
    "single quotes": b"{'model': 'lab/m'}",
    "two values": json.dumps(chat_body()).encode() + b" {}",
    "garbage behind": json.dumps(chat_body()).encode() + b"x",
    "an array": b"[1, 2]",
    "a string": b'"hello"',
    "null": b"null",
    "a number": b"42",
    "NaN": b'{"model":"lab/m","messages":[{"role":"user","content":"x"}],"temperature":NaN}',
    "a raw control byte": b'{"model":"lab/m","messages":[{"role":"user","content":"a\x01b"}]}',
    "a NUL byte": b'{"model":"lab/m","messages":[{"role":"user","content":"a\0b"}]}',
    "UTF-8 cut": b'{"model":"lab/m","messages":[{"role":"user","content":"\xc3"}]}',
    "UTF-8 overlong": b'{"model":"lab/m","messages":[{"role":"user","content":"\xc0\xaf"}]}',
    "UTF-8 surrogate": b'{"model":"lab/m","messages":[{"role":"user","content":"\xed\xa0\x80"}]}',
    "Latin-1": b'{"model":"lab/m","messages":[{"role":"user","content":"caf\xe9"}]}',
    "UTF-16": json.dumps(chat_body()).encode("utf-16"),
    "invalid UTF-8 deep inside": b'{"model":"lab/m","messages":[{"role":"user","content":[{"type":'
                                 b'"text","text":"\xff"}]}]}',
    "129 levels": nested(128),
    "10,000 arrays": nested(10_000),
    "10,000 objects": nested(10_000, b'{"a":', b"}"),
    "500,000 unclosed": b'{"model":"lab/m","messages":' + b"[" * 500_000,
}


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_bad_body(lab, name):
    error = shapes.check_error(post(lab, BAD_BODIES[name]), 400, kind="invalid_request_error")
    assert "lab/m" not in error["message"]  # the text of a request is not repeated
    assert not lab.mock.requests and not lab.mock.connections


def test_depth_up_to_the_limit(lab):
    lab.mock.script("m", body={"ok": True})
    assert post(lab, nested(127)).status == 200


BAD_FIELDS = {
    "no model": ({"messages": MESSAGES}, "model"),
    "model null": ({"model": None, "messages": MESSAGES}, "model"),
    "model a number": ({"model": 5, "messages": MESSAGES}, "model"),
    "model an array": ({"model": ["lab/m"], "messages": MESSAGES}, "model"),
    "model empty": ({"model": "", "messages": MESSAGES}, "model"),
    "no messages": ({"model": "lab/m"}, "messages"),
    "messages null": ({"model": "lab/m", "messages": None}, "messages"),
    "messages a string": ({"model": "lab/m", "messages": "hi"}, "messages"),
    "messages an object": ({"model": "lab/m", "messages": {}}, "messages"),
    "messages empty": ({"model": "lab/m", "messages": []}, "messages"),
    "stream a string": ({"model": "lab/m", "messages": MESSAGES, "stream": "yes"}, "stream"),
    "stream a number": ({"model": "lab/m", "messages": MESSAGES, "stream": 1}, "stream"),
    "stream_options an array": ({"model": "lab/m", "messages": MESSAGES, "stream": True,
                                 "stream_options": []}, "stream_options"),
    "routing unknown": ({"model": "lab/m", "messages": MESSAGES, "routing": "best"}, "routing"),
    "routing a number": ({"model": "lab/m", "messages": MESSAGES, "routing": 1}, "routing"),
}


@pytest.mark.parametrize("name", BAD_FIELDS)
def test_a_bad_field(lab, name):
    body, param = BAD_FIELDS[name]
    error = shapes.check_error(post(lab, body), 400, kind="invalid_request_error", param=param)
    assert param in error["message"]
    assert not lab.mock.requests


def test_missing_fields_elsewhere(lab):
    for path, body in (("/v1/embeddings", {"model": "lab/m"}), ("/v1/embeddings", {"input": "x"}),
                       ("/v1/completions", {"prompt": "x"})):
        shapes.check_error(post(lab, body, path), 400)
    assert not lab.mock.requests


def test_null_stream_is_no_stream(lab):
    assert post(lab, {**chat_body(), "stream": None}).json()["object"] == "chat.completion"


def test_an_unknown_model_names_near_ones(lab):
    error = shapes.check_error(lab.chat("gpt-4o-mimi"), 404, code="model_not_found", param="model")
    assert "gpt-4o-mini" in error["message"]
    shapes.check_error(lab.chat("no-such-provider/x"), 404, code="model_not_found")
    shapes.check_error(lab.chat("@nobody/gpt-4o"), 400, param="model")
    shapes.check_error(lab.chat("\x1b[31mred\x07"), 404)
    assert not lab.mock.requests


def test_a_model_without_a_key_names_the_command(lab):
    for model in ("grok-4-5", "xai/grok-4-5"):
        error = shapes.check_error(lab.chat(model), 400, param="model")
        assert "llmgw providers add xai" in error["message"]
    assert not lab.mock.requests


# (45)–(49): what upstreams say.

@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_an_upstream_refusal_keeps_status_and_body(lab, status):
    body = b'{ "error": {"message":"no \\u0041","type":"x","param":"p" ,"code":7.0, "extra":1}}\n'
    lab.mock.script("m", status=status, body=body)
    answer = lab.chat()
    assert (answer.status, answer.body) == (status, body)
    assert answer.header("x-llmgw-provider") == "lab" and len(lab.mock.requests) == 1
    stream = lab.stream().read()
    assert (stream.status, stream.body) == (status, body)


def test_an_upstream_403_passes_and_names_the_provider(lab):
    """It can be about the request: moderation, a region, a model the account may not use."""
    lab.mock.script("m", status=403)
    answer = lab.chat()
    shapes.check_error(answer, 403, code="mock_403")
    assert answer.header("x-llmgw-provider") == "lab"


def test_a_refused_provider_key_is_not_the_clients_fault(lab):
    for stream in (False, True):
        lab.mock.script("m", status=401, body={"error": {
            "message": "Incorrect API key provided: " + lab.provider_keys["lab"],
            "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}})
        error = shapes.check_error(lab.chat(stream=stream), 502)
        assert error["code"] != "invalid_api_key"
        assert error["code"] in ("upstream_error", "all_providers_failed")
        assert "lab" in error["message"]


def test_a_provider_key_in_an_error_is_removed(lab):
    lab.mock.script("m", status=400, body={"error": {
        "message": "bad key " + lab.provider_keys["lab"] + " given", "type": "x", "param": None,
        "code": None}})
    answer = lab.chat()
    assert answer.status in (400, 502)
    shapes.check_error(answer, answer.status)  # and the search for secrets follows


def test_a_rate_limit_passes_with_its_headers(lab):
    lab.mock.script("m", status=429, headers=[("Retry-After", "17"), ("retry-after-ms", "17000"),
                                              ("x-ratelimit-remaining-requests", "0"),
                                              ("x-should-retry", "true")])
    answer = lab.chat(headers=[("x-no-fallback", "true")])
    assert answer.status == 429
    assert answer.header("retry-after") == "17" and answer.header("retry-after-ms") == "17000"
    assert answer.header("x-ratelimit-remaining-requests") == "0"
    assert answer.header("x-should-retry") in (None, "false")
    shapes.check_error(answer, 429)


@pytest.mark.parametrize("script", [
    {"status": 500}, {"status": 502, "body": "<html>Bad gateway</html>", "content_type": "text/html"},
    {"status": 503, "body": ""}, {"status": 529}, {"status": 520, "body": "x", "content_type": None},
    {"drop": "rst"}, {"drop": "fin"}, {"raw": b"not http at all\r\n\r\n"}, {"raw": b""},
    {"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
    {"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: application/json\r\n\r\n{}"},
    {"raw": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
    {"raw": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n"},
    {"status": 301, "headers": [("Location", "http://127.0.0.1:1/")]},
    {"status": 200, "body": ""}, {"status": 200, "body": "<html>", "content_type": "text/html"},
    {"status": 200, "body": '{"cut": '},
], ids=lambda script: str(script)[:60])
def test_a_failed_upstream_is_a_clean_error(lab, script):
    for stream in (False, True):
        lab.mock.forget()
        lab.mock.script("m", **script)
        answer = lab.chat(stream=stream)
        error = shapes.check_error(answer, answer.status)
        if "mock_" in str(error["code"]):  # the provider's own words, which pass as they are
            assert answer.status == script["status"]
        else:
            assert answer.status in (502, 503) and error["code"] == "upstream_error", error
        assert "<html" not in error["message"]


def test_an_error_in_a_200(lab):
    body = {"error": {"message": "quota gone", "type": "x", "param": None, "code": "c"}}
    lab.mock.script("m", status=200, body=body)
    answer = lab.chat()
    assert answer.status >= 400 and "quota gone" in answer.error["message"]
    shapes.check_error(answer, answer.status)


def test_nobody_listens(lab):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        lab.gateway.add_provider("custom", f"http://127.0.0.1:{port}/v1", "sk-nobody-123456789",
                                 name="nobody")
        lab.gateway.add_provider("custom", "http://no-such-host.invalid/v1", "sk-dns-1234567890",
                                 name="nodns")
        for model in ("nobody/m", "nodns/m"):
            answer = wait_until(lambda: (a := lab.chat(model)).status != 404 and a, 3)
            shapes.check_error(answer, 502)


@pytest.mark.parametrize("script", [{"head_gate": "never"}, {"stall_after": 0}], ids=str)
def test_no_first_byte_in_time(lab, script):
    lab.gateway.set("timeouts.first_byte", "200ms")
    try:
        lab.mock.script("m", **script)

        def timed_out():
            client = lab.connect(timeout=2)
            body = chat_body(stream=True)
            try:
                answer = client.request("POST", CHAT, [("x-no-fallback", "true")], body)
            except AssertionError:  # this one began before the setting was live
                return None
            return answer
        answer = wait_until(timed_out, 10)
        shapes.check_error(answer, 504, code="upstream_timeout")
        connection = lab.mock.last.connection
        wait_until(lambda: connection.closed_at, 3)
    finally:
        lab.gateway.cli("config", "unset", "timeouts.first_byte")


# Failing over: MODEL goes to the cheapest provider with a key, then to the next.

@pytest.mark.parametrize("script", [
    {"status": 500}, {"status": 503}, {"status": 429}, {"status": 401}, {"drop": "rst"},
    {"drop": "fin"}, {"status": 408}, {"status": 529},
    {"raw": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"}], ids=str)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_moves_on_to_the_next_provider(lab, script, stream):
    lab.mock.script(FIRST, **script)
    answer = lab.chat(BOTH, stream=stream)
    assert answer.status == 200, answer.body
    # A kept connection that dies without a byte of an answer is tried once more on a new one.
    tried = [key for key, _ in itertools.groupby(lab.mock.requests, lab.provider_of)]
    assert tried == ["scx-ai", "groq"] and len(lab.mock.requests) <= 3
    assert lab.mock.requests[0].json()["model"] == FIRST
    assert lab.mock.last.json()["model"] == SECOND
    assert answer.header("x-llmgw-provider") == "groq"
    assert answer.header("x-llmgw-attempts") == "2"
    if not stream:
        routing = answer.json()["metadata"]["routing"]
        assert [(step["provider"], step["succeeded"]) for step in routing] == \
            [("scx-ai", False), ("groq", True)]


def test_an_error_before_the_first_content_moves_on(lab):
    lab.mock.script(FIRST, events=[b'data: {"error":{"message":"overloaded","code":"x"}}\n\n'])
    answer = lab.chat(BOTH, stream=True)
    assert answer.status == 200 and answer.header("x-llmgw-provider") == "groq"
    assert b"overloaded" not in answer.body and answer.body.endswith(b"[DONE]\n\n")


def test_a_refusal_does_not_move_on(lab):
    for status in (400, 409, 413, 422):
        lab.mock.forget()
        lab.mock.script(FIRST, status=status)
        assert lab.chat(BOTH).status == status
        assert len(lab.mock.requests) == 1


def test_the_body_is_made_afresh_for_each_attempt(lab):
    lab.mock.script(FIRST, status=500)
    answer = lab.chat(BOTH, logit_bias={"50256": 1}, headers=[("x-request-id", "r-77")])
    first, second = lab.mock.requests
    assert first.json()["logit_bias"] == {"50256": 1}
    assert "logit_bias" not in second.json()
    assert answer.header("x-llmgw-changed") == "dropped=logit_bias"
    assert lab.provider_keys["scx-ai"].encode() not in second.head


def test_no_fallback(lab):
    lab.mock.script(FIRST, status=500)
    answer = lab.chat(BOTH, headers=[("x-no-fallback", "true")])
    assert answer.status in (500, 502) and len(lab.mock.requests) == 1
    shapes.check_error(answer, answer.status)


def test_a_named_provider_is_not_replaced(lab):
    lab.mock.script(FIRST, status=500)
    answer = lab.chat("scx-ai/" + BOTH)
    assert answer.status in (500, 502)
    assert {lab.provider_of(request) for request in lab.mock.requests} == {"scx-ai"}


def test_all_fail(lab):
    lab.mock.script("*", status=500, headers=[("x-should-retry", "true")])
    for stream in (False, True):
        lab.mock.requests.clear()
        answer = lab.chat(BOTH, stream=stream)
        error = shapes.check_error(answer, 502, code="all_providers_failed")
        assert [(step["provider"], step["status_code"], step["succeeded"])
                for step in answer.json()["metadata"]["routing"]] == [("scx-ai", 500, False), ("groq", 500, False)]
        assert answer.header("x-should-retry") == "false"
        assert answer.header("x-llmgw-attempts") == str(len(lab.mock.requests))
        assert len(lab.mock.requests) == 2


def test_the_number_of_attempts_is_a_setting(lab):
    lab.gateway.set("routing.max_retries", "0")
    try:
        lab.mock.script("*", status=500)

        def one_attempt():
            lab.mock.requests.clear()
            answer = lab.chat(BOTH)
            return answer.status in (500, 502) and len(lab.mock.requests) == 1
        wait_until(one_attempt, 3)
    finally:
        lab.gateway.cli("config", "unset", "routing.max_retries")


def test_a_reused_connection_that_died_is_replaced_silently(lab):
    lab.mock.idle_close = 0.01
    try:
        for _ in range(5):
            assert lab.chat().status == 200
            wait_until(lambda: not lab.mock.open_connections(), 5)
        assert len(lab.mock.requests) == 5
    finally:
        lab.mock.idle_close = None


def test_a_connection_that_dies_under_a_request(lab):
    """The upstream closes an idle connection just as a request is sent on it: no byte of an answer
    came, so it is sent again, once, on a new one."""
    lab.mock.script("m", close=True)
    for _ in range(30):
        assert lab.chat().status == 200


def test_strict_refuses_instead_of_dropping(lab):
    lab.gateway.set("strict", "true")
    try:
        answer = wait_until(lambda: (a := lab.chat("groq/" + BOTH, logit_bias={"50256": 1}))
                            and a.status != 200 and a, 3)
        error = shapes.check_error(answer, 400)
        assert "logit_bias" in error["message"]
        lab.mock.requests.clear()
        assert lab.chat("groq/" + BOTH).status == 200
        assert lab.chat("groq/" + BOTH, logit_bias={"50256": 1}).status == 400
        assert len(lab.mock.requests) == 1
    finally:
        lab.gateway.cli("config", "unset", "strict")


# (19): TLS towards an upstream.

def test_tls_is_verified(lab, throwaway_ca):
    _, cert, key = throwaway_ca
    server = MockUpstream(tls=(cert, key))
    lab.gateway.add_provider("custom", server.url, "sk-tls-1234567890ab", name="tls")
    answer = wait_until(lambda: (a := lab.chat("tls/m")).status != 404 and a, 3)
    error = shapes.check_error(answer, 502)
    assert "certificate" in error["message"].lower() or "tls" in error["message"].lower()
    assert not server.requests
    server.close()


def test_tls_with_idle_closed_connections(make_gateway, throwaway_ca):
    ca, cert, key = throwaway_ca
    server = MockUpstream(tls=(cert, key), idle_close=0.01)
    gateway = make_gateway(SSL_CERT_FILE=ca)
    gateway.key = gateway.create_key("k")
    gateway.add_provider("custom", server.url, "sk-tls-1234567890ab", name="lab")
    gateway.start()
    with gateway.connect() as client:
        for _ in range(4):
            answer = client.request("POST", CHAT, body=chat_body())
            assert answer.status == 200, answer.body
            wait_until(lambda: not server.open_connections(), 5)
        assert client.start("POST", CHAT, body=chat_body(stream=True)).events()[-1].done
    assert gateway.stop() == 0
    server.close()
