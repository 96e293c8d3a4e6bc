# SPDX-License-Identifier: Apache-2.0
"""Requests byte by byte: what is refused, what closes the connection, and that neither limits nor
slow clients hurt anybody else."""

import json
import time

import pytest

import shapes
from conftest import chat_body
from http_raw import SLOW, Truncated, wait_until

CHAT = "/v1/chat/completions"
BODY_LIMIT = 256 * 1024
SETTINGS = {"limits.body": "256k"}
BODY = json.dumps(chat_body()).encode()


def head(lab, *lines, request="POST /v1/chat/completions HTTP/1.1", host=True, key=True,
         kind=True):
    out = [request]
    if host:
        out.append(f"Host: 127.0.0.1:{lab.gateway.port}")
    if key:
        out.append(f"Authorization: Bearer {lab.gateway.key}")
    if kind:
        out.append("Content-Type: application/json")
    return "\r\n".join([*out, *lines, "", ""]).encode("latin-1")


def exchange(lab, data, method="POST"):
    client = lab.connect()
    client.send(data)
    return client, client.read_response(method)


def chunked(*parts, end=b"0\r\n\r\n"):
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


def length_of(body):
    return f"Content-Length: {len(body)}"


# What ends in 400 and a closed connection with the upstream untouched: the header lines behind Host,
# Authorization and Content-Type, and the body.
BAD_FRAMING = {
    "length and chunked": (["Content-Length: 5", "Transfer-Encoding: chunked"], chunked(BODY)),
    "two different lengths": ([length_of(BODY), "Content-Length: 3"], BODY),
    "two equal lengths": ([length_of(BODY), length_of(BODY)], BODY),
    "length with a sign": ([f"Content-Length: +{len(BODY)}"], BODY),
    "negative length": (["Content-Length: -1"], BODY),
    "hexadecimal length": (["Content-Length: 0x5"], BODY),
    "length with a letter": (["Content-Length: 5x"], BODY),
    "empty length": (["Content-Length:"], BODY),
    "length list": ([f"Content-Length: {len(BODY)}, {len(BODY)}"], BODY),
    "length beyond 64 bits": (["Content-Length: 99999999999999999999999"], BODY),
    "negative chunk size": (["Transfer-Encoding: chunked"], b"-5\r\nhello\r\n0\r\n\r\n"),
    "wrapping chunk size": (["Transfer-Encoding: chunked"],
                            b"-fffffffffffffffb\r\nhello\r\n0\r\n\r\n"),
    "chunk size with 0x": (["Transfer-Encoding: chunked"], b" +0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk size of 17 digits": (["Transfer-Encoding: chunked"],
                                b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
    "no chunk size": (["Transfer-Encoding: chunked"], b"\r\nhello\r\n0\r\n\r\n"),
    "no CRLF behind a chunk": (["Transfer-Encoding: chunked"], b"5\r\nhelloXX0\r\n\r\n"),
    "bare LF behind a chunk size": (["Transfer-Encoding: chunked"], b"5\nhello\r\n0\r\n\r\n"),
    "encoding twice": (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
                       chunked(BODY)),
    "space before the colon": (["X-A : b", length_of(BODY)], BODY),
    "folded header": (["X-A: b", " folded", length_of(BODY)], BODY),
    "header without a colon": (["nonsense", length_of(BODY)], BODY),
    "header without a name": ([": x", length_of(BODY)], BODY),
    "bare CR in a value": (["X-A: a\rb", length_of(BODY)], BODY),
    "NUL in a value": (["X-A: a\0b", length_of(BODY)], BODY),
    "control byte in a value": (["X-A: a\x01b", length_of(BODY)], BODY),
    "DEL in a value": (["X-A: a\x7fb", length_of(BODY)], BODY),
}


@pytest.mark.parametrize("name", BAD_FRAMING)
def test_bad_framing_is_refused_and_the_connection_closed(lab, name):
    lines, body = BAD_FRAMING[name]
    client, answer = exchange(lab, head(lab, *lines) + body)
    shapes.check_error(answer, 400, kind="invalid_request_error")
    assert answer.header("connection") == "close"
    assert client.is_closed()
    assert not lab.mock.requests


@pytest.mark.parametrize("coding", ["gzip, chunked", "gzip", "identity", "chunked, gzip", "chunkedx",
                                    "\x0bchunked", "xchunked"])
def test_other_transfer_encodings_are_refused(lab, coding):
    client, answer = exchange(lab, head(lab, f"Transfer-Encoding: {coding}") + chunked(BODY))
    assert answer.status in (400, 501)
    shapes.check_error(answer, answer.status)
    assert client.is_closed() and not lab.mock.requests


@pytest.mark.parametrize("line", [
    "POST  /v1/chat/completions HTTP/1.1", "POST /v1/chat completions HTTP/1.1",
    "POST /v1/chat/completions", "P(ST /v1/chat/completions HTTP/1.1",
    "POST http/1 HTTP/1.1", "POST /v1/chat/completions HTTP/1.1 ", " POST / HTTP/1.1",
    "POST /v1/\x01 HTTP/1.1", "POST /caf\xe9 HTTP/1.1"])
def test_bad_request_lines(lab, line):
    client, answer = exchange(lab, head(lab, length_of(BODY), request=line) + BODY)
    assert answer.status in (400, 505)
    shapes.check_error(answer, answer.status)
    assert client.is_closed() and not lab.mock.requests


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/1.2", "http/1.1", "HTTP/0.9"])
def test_other_versions(lab, version):
    client, answer = exchange(lab, head(lab, request=f"GET /healthz {version}"), "GET")
    assert answer.status in (400, 505)
    assert client.is_closed()


def test_bare_lf_lines_are_refused(lab):
    client = lab.connect()
    client.send(head(lab, length_of(BODY)).replace(b"\r\n", b"\n") + BODY + b"\r\n\r\n")
    shapes.check_error(client.read_response(), 400)
    assert client.is_closed() and not lab.mock.requests


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_methods_without_a_body_refuse_one(lab, method, coding):
    smuggled = head(lab, request="GET /healthz HTTP/1.1", kind=False)
    lines = [length_of(smuggled)] if coding == "length" else ["Transfer-Encoding: chunked"]
    body = smuggled if coding == "length" else chunked(smuggled)
    client, answer = exchange(lab, head(lab, *lines, request=f"{method} /v1/models HTTP/1.1",
                                        kind=False) + body, method)
    assert answer.status == 400
    assert client.is_closed()


def test_a_body_refused_unread_is_not_a_request(lab):
    smuggled = head(lab, request="GET /healthz HTTP/1.1", kind=False)
    client, answer = exchange(lab, head(lab, "Authorization: Bearer llmgw_wrong",
                                        length_of(smuggled), key=False) + smuggled + smuggled)
    shapes.check_error(answer, 401, code="invalid_api_key")
    assert client.is_closed()


def test_an_encoded_line_break_stays_encoded(lab):
    answer = lab.chat(headers=[("x-request-id", "a%0d%0aEvil: 1"), ("x-session-id", "%0d%0aE: 2")])
    assert answer.status == 200
    assert b"evil" not in lab.mock.last.head.lower() and b"E: 2" not in lab.mock.last.head
    assert answer.header("evil") is None


def test_a_spoofed_remote_address_is_not_believed(lab):
    for name in ("REMOTE_ADDR", "X-Forwarded-For", "Forwarded"):
        assert lab.chat(headers=[(name, "203.0.113.77")]).status == 200
        assert lab.mock.last.header(name) is None
    assert "203.0.113.77" not in lab.gateway.stderr


def test_pipelined_requests_are_answered_in_order(lab):
    client = lab.connect()
    bodies = [json.dumps(chat_body(text=f"number {at}")).encode() for at in range(3)]
    client.send(b"".join(head(lab, length_of(body)) + body for body in bodies))
    for at in range(3):
        answer = client.read_response()
        assert answer.json()["choices"][0]["message"]["content"] == f"number {at}"


def test_a_stream_and_a_plain_request_pipelined(lab):
    client = lab.connect()
    stream = json.dumps(chat_body(stream=True)).encode()
    client.send(head(lab, length_of(stream)) + stream + head(lab, length_of(BODY)) + BODY)
    assert client.read_head().events()[-1].done
    assert client.read_response().json()["object"] == "chat.completion"


def test_a_connection_serves_many_requests(lab):
    client = lab.connect()
    for _ in range(150):
        assert client.request("GET", "/healthz").status == 200
    assert client.request("POST", CHAT, body=chat_body()).status == 200
    assert client.request("POST", CHAT, [("Connection", "close")], chat_body()).status == 200
    assert client.is_closed()


def test_a_head_byte_by_byte(lab):
    client = lab.connect()
    for byte in head(lab, length_of(BODY)) + BODY:
        client.send(bytes([byte]))
    assert client.read_response().status == 200


# Who may ask: Host, Origin, Sec-Fetch-Site.

@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example",
                                  "evil.example:%d", "foo.local:%d", "192.168.1.2:%d", "127.0.0.2:%d",
                                  "localhost:x", "user@localhost:%d", "localhost:%d/x", ""])
def test_a_foreign_host_is_refused(lab, host):
    value = host % lab.gateway.port if "%d" in host else host
    for path in (CHAT, "/healthz", "/v1/models"):
        method = "POST" if path == CHAT else "GET"
        answer = lab.request(method, path, [("Host", value)], BODY if path == CHAT else None)
        assert answer.status in (400, 403), path
        shapes.check_error(answer, answer.status)
    assert not lab.mock.requests


@pytest.mark.parametrize("host", ["127.0.0.1:%d", "localhost:%d", "LocalHost:%d", "[::1]:%d"])
def test_own_hosts_are_accepted(lab, host):
    answer = lab.request("GET", "/healthz", [("Host", host % lab.gateway.port)])
    assert answer.status == 200


def test_host_missing_or_twice(lab):
    for lines in ([], [f"Host: 127.0.0.1:{lab.gateway.port}"] * 2,
                  [f"Host: 127.0.0.1:{lab.gateway.port}", "Host: evil.example"]):
        client, answer = exchange(lab, head(lab, *lines, request="GET /healthz HTTP/1.1",
                                            host=False, kind=False), "GET")
        shapes.check_error(answer, 400)
        assert client.is_closed()


@pytest.mark.parametrize("name, value", [
    ("Origin", "https://evil.example"), ("Origin", "null"), ("Origin", "http://localhost.evil.com"),
    ("Origin", "file://"), ("Sec-Fetch-Site", "cross-site")])
def test_foreign_web_pages_are_refused(lab, name, value):
    answer = lab.chat(headers=[(name, value)])
    shapes.check_error(answer, 403)
    assert answer.header("access-control-allow-origin") is None
    assert not lab.mock.requests


def test_cors_is_off(lab):
    for method in ("OPTIONS", "GET"):
        answer = lab.request(method, "/v1/models")
        assert answer.status in (200, 204, 405)
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


# What may be asked: content types, codings, lengths, paths, methods.

@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x", "application/jsonx", "json", ""])
def test_only_json_is_accepted(lab, kind):
    shapes.check_error(lab.chat(headers=[("Content-Type", kind)]), 415)
    assert not lab.mock.requests


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON",
                                  "application/json;charset=UTF-8"])
def test_spellings_of_json(lab, kind):
    assert lab.chat(headers=[("Content-Type", kind)]).status == 200


def test_no_content_type(lab):
    _, answer = exchange(lab, head(lab, length_of(BODY), kind=False) + BODY)
    shapes.check_error(answer, 415)


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "zstd"])
def test_compressed_requests_are_refused(lab, coding):
    shapes.check_error(lab.chat(headers=[("Content-Encoding", coding)]), 415)
    assert not lab.mock.requests


def test_a_head_over_the_limit(lab):
    for lines in (["X-A: " + "a" * (70 * 1024)], [f"X-{at}: {'b' * 60}" for at in range(1100)],
                  [f"X-{at}: " for at in range(3000)]):
        client = lab.connect()
        try:
            client.send(head(lab, *lines, length_of(BODY)) + BODY)
        except ConnectionError:
            pass
        shapes.check_error(client.read_response(), 431)
        assert client.is_closed()
    assert not lab.mock.requests


def test_an_endless_header_line_is_cut_off(lab):
    before = lab.gateway.rss()
    client = lab.connect()
    client.send(head(lab)[:-2] + b"X-A: ")
    try:
        for _ in range(512):
            client.send(b"a" * 65536)
    except ConnectionError:
        return
    shapes.check_error(client.read_response(), 431)
    assert client.is_closed()
    assert lab.gateway.rss() - before < 8 << 20 or SLOW > 1


def test_a_long_target(lab):
    answer = lab.request("GET", "/v1/models/" + "a" * 20000)
    assert answer.status in (404, 414, 431)
    assert lab.request("GET", "/healthz").status == 200


def test_a_body_over_the_limit(lab):
    client = lab.connect()
    client.send(head(lab, f"Content-Length: {BODY_LIMIT + 1}"))
    shapes.check_error(client.read_response(), 413)  # before a byte of it was sent
    assert client.is_closed()
    client = lab.connect()
    try:
        client.send(head(lab, "Transfer-Encoding: chunked") +
                    chunked(*[b" " * 8192] * (BODY_LIMIT // 8192 + 2)))
    except ConnectionError:
        pass
    shapes.check_error(client.read_response(), 413)
    assert not lab.mock.requests


def test_a_body_at_the_limit(lab):
    body = json.dumps(chat_body(text="x")).encode()
    body += b" " * (BODY_LIMIT - len(body))
    for data in (head(lab, length_of(body)) + body,
                 head(lab, "Transfer-Encoding: chunked") + chunked(body[:77], body[77:])):
        _, answer = exchange(lab, data)
        assert answer.status == 200
        assert len(lab.mock.last.body) == BODY_LIMIT + len(b"m") - len(b"lab/m")


def test_a_chunked_request_with_extensions_and_trailers(lab):
    data = b'5;a="b;c"\r\n' + BODY[:5] + b"\r\n" + chunked(BODY[5:], end=b"0\r\nX-T: 1\r\n\r\n")
    client, answer = exchange(lab, head(lab, "Transfer-Encoding: chunked") + data)
    assert answer.status == 200
    assert lab.mock.last.header("x-t") is None
    assert client.request("GET", "/healthz").status == 200  # the connection is in step


@pytest.mark.parametrize("end", [b"0\r\n" + b"X: " + b"a" * 100000 + b"\r\n\r\n",
                                 b"0;" + b"e" * 100000 + b"\r\n\r\n"],
                         ids=["trailer", "extension"])
def test_trailers_and_extensions_are_bounded(lab, end):
    client = lab.connect()
    try:
        client.send(head(lab, "Transfer-Encoding: chunked") + chunked(BODY, end=end))
        answer = client.read_response()
    except (ConnectionError, Truncated):
        return
    assert answer.status in (400, 413, 431)
    assert client.is_closed()


def test_a_length_is_required(lab):
    client, answer = exchange(lab, head(lab))
    shapes.check_error(answer, 411)
    assert client.is_closed()


@pytest.mark.parametrize("expect", ["100-continue", "100-Continue"])
def test_expect_continue(lab, expect):
    client = lab.connect()
    client.send(head(lab, f"Expect: {expect}", length_of(BODY)))
    assert client.read_head().status == 100
    client.send(BODY)
    assert client.read_response().status == 200


def test_expect_continue_refused(lab):
    client = lab.connect()
    client.send(head(lab, "Expect: 100-continue", f"Content-Length: {BODY_LIMIT * 4}"))
    shapes.check_error(client.read_response(), 413)
    client = lab.connect()
    client.send(head(lab, "Authorization: Bearer llmgw_x", "Expect: 100-continue",
                     length_of(BODY), key=False))
    shapes.check_error(client.read_response(), 401)
    assert client.is_closed()
    client = lab.connect()
    client.send(head(lab, "Expect: a-miracle", length_of(BODY)))
    shapes.check_error(client.read_response(), 417)


def test_http_1_0(lab):
    request = "POST /v1/chat/completions HTTP/1.0"
    client, answer = exchange(lab, head(lab, length_of(BODY), request=request) + BODY)
    assert answer.status == 200 and not answer.chunked and answer.json()["choices"]
    assert client.is_closed()
    body = json.dumps(chat_body(stream=True)).encode()
    client, answer = exchange(lab, head(lab, length_of(body), request=request) + body)
    assert answer.header("transfer-encoding") is None
    assert answer.body.endswith(b"data: [DONE]\n\n")


def test_a_half_closed_client_gets_its_answer(lab):
    for stream in (False, True):
        client = lab.connect()
        client.send(client.request_bytes("POST", CHAT, body=chat_body(stream=stream)))
        client.sock.shutdown(1)
        answer = client.read_response()
        assert answer.status == 200 and (answer.body.endswith(b"[DONE]\n\n") or not stream)


def test_range_is_ignored(lab):
    answer = lab.chat(headers=[("Range", "bytes=0-4")])
    assert answer.status == 200 and answer.json()["choices"]
    answer = lab.request("GET", "/v1/models", [("Range", "bytes=0-4,6-9")])
    assert answer.status == 200 and answer.json()["data"]


def test_nothing_is_compressed_or_held_back(lab):
    lab.mock.script("m", gates={2: "go"})
    accept = [("Accept-Encoding", "br, gzip, deflate, zstd")]
    stream = lab.stream(headers=accept)
    assert stream.event().json()["choices"]  # the third event does not exist yet
    lab.mock.open_gate("go")
    assert stream.events()[-1].done and stream.header("content-encoding") is None
    answer = lab.chat(headers=accept, text="word " * 2000)
    assert answer.header("content-encoding") is None and answer.json()["choices"]
    assert lab.mock.last.header("accept-encoding") in (None, "identity")
    models = lab.request("GET", "/v1/models", accept)
    assert models.header("content-encoding") is None and models.json()["data"]


def test_head_and_unknown_paths(lab):
    answer = lab.request("HEAD", "/v1/models")
    assert answer.status == 200 and answer.body == b""
    assert lab.request("HEAD", "/").status < 500
    for path in ("/v1/nothing", "/v2/chat/completions", "/v1/chat/completions/x", "/v1/../healthz",
                 "/etc/passwd", "/v1/%2e%2e/healthz", "/%00"):
        answer = lab.request("POST", path, body=BODY)
        shapes.check_error(answer, 404)
    assert not lab.mock.requests


@pytest.mark.parametrize("method, path, allowed", [
    ("GET", CHAT, "POST"), ("PUT", CHAT, "POST"), ("DELETE", "/v1/models", "GET"),
    ("PATCH", "/v1/embeddings", "POST"), ("POST", "/v1/models", "GET"),
    ("BREW", CHAT, "POST"), ("TRACE", CHAT, "POST"), ("POST", "/healthz", "GET")])
def test_wrong_methods(lab, method, path, allowed):
    body = BODY if method in ("PUT", "PATCH", "POST") else None
    answer = lab.request(method, path, body=body)
    shapes.check_error(answer, 405)
    assert allowed in answer.header("allow")


def test_connect_is_no_proxy(lab):
    client, answer = exchange(lab, head(lab, request="CONNECT evil.example:443 HTTP/1.1"), "GET")
    assert answer.status in (400, 404, 405)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions",
                                  "/v1/chat/completions/", "//v1/chat/completions",
                                  "/v1//chat/completions", "/v1/v1/chat/completions",
                                  "/openai/v1/chat/completions", "/openai/chat/completions",
                                  "/v1/chat/completions?api-version=1"])
def test_path_variants(lab, path):
    answer = lab.request("POST", path, body=BODY)
    if path == "/v1/v1/chat/completions":
        shapes.check_error(answer, 404)
        return
    assert answer.status == 200
    assert lab.mock.last.target == CHAT


# Others are not in the way.

def test_slow_and_idle_clients_delay_nobody(lab):
    idle = [lab.connect() for _ in range(200)]
    for client in idle:
        assert client.request("GET", "/healthz").status == 200
    threads = lab.gateway.threads()
    slow = [lab.connect() for _ in range(100)]
    for client in slow:
        client.send(b"POST /v1/chat/completions HT")
    times = []
    for at in range(20):
        slow[at].send(b"T")
        start = time.monotonic()
        assert lab.request("GET", "/healthz").status == 200
        times.append(time.monotonic() - start)
    assert sorted(times)[10] < 0.05 * SLOW
    assert lab.chat().status == 200
    assert lab.gateway.threads() <= threads + 1


def test_a_request_head_that_never_ends_is_given_up(lab):
    client = lab.connect(timeout=25)
    client.send(head(lab)[:-10])
    start = time.monotonic()
    try:
        assert client.read_response().status == 408
    except Truncated:
        pass
    assert client.is_closed() and 1 < time.monotonic() - start < 20 * SLOW


def test_a_broken_answer_ends_its_stream_only(lab):
    lab.mock.script("m", raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                             b"Transfer-Encoding: chunked\r\n\r\n"
                             b"b\r\ndata: {}\n\n\n\r\n-5\r\nhello\r\n")
    events = lab.stream().events()
    assert not any(event.done for event in events)
    assert shapes.check(events[-1].json(), "error")
    lab.mock.script("m")
    assert lab.chat().status == 200
    wait_until(lambda: len(lab.mock.open_connections()) <= 16, 5, "closed upstream connections")
