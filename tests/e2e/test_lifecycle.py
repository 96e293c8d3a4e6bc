# SPDX-License-Identifier: Apache-2.0
"""Starting, stopping, being killed, being refused, and noticing changes while running."""

import json
import os
import pathlib
import signal
import socket
import sqlite3
import threading
import time

import pytest

import shapes
from conftest import chat_body
from gateway import READY
from http_raw import SLOW, Truncated, wait_until
from mock_upstream import MockUpstream

CHAT = "/v1/chat/completions"


def ready_daemon(make_gateway, name="home", *args, **env):
    gateway = make_gateway(name, **env)
    gateway.key = gateway.create_key("test")
    return gateway.start(*args)


def test_the_ready_line(make_gateway):
    gateway = ready_daemon(make_gateway)
    assert gateway.stdout == f"llmgw listening on http://127.0.0.1:{gateway.port}\n"
    with gateway.connect() as client:
        assert client.request("GET", "/readyz").status == 200
    assert gateway.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(make_gateway, number):
    gateway = ready_daemon(make_gateway)
    idle = [gateway.connect() for _ in range(20)]
    for client in idle[:10]:
        assert client.request("GET", "/healthz").status == 200
    start = time.monotonic()
    gateway.process.send_signal(number)
    assert gateway.wait() == 0
    assert time.monotonic() - start < 1.0 * SLOW  # idle connections are not waited for
    assert all(client.is_closed() for client in idle)
    with pytest.raises(ConnectionError):
        gateway.connect()


def test_live_streams_finish_and_new_requests_are_refused(private_lab):
    lab = private_lab
    lab.mock.script("m", gates={2: "go"})
    stream, plain = lab.stream(), lab.connect()
    lab.mock.script("p", head_gate="go")
    plain.send(plain.request_bytes("POST", CHAT, body=chat_body("lab/p")))
    idle = lab.connect()
    assert idle.request("GET", "/healthz").status == 200
    lab.mock.wait_requests(2)
    lab.gateway.process.send_signal(signal.SIGTERM)
    assert idle.is_closed()  # at once, although others go on
    with pytest.raises((ConnectionError, Truncated)):
        lab.connect().request("GET", "/healthz")
    assert lab.gateway.process.poll() is None
    lab.mock.open_gate("go")
    assert stream.events()[-1].done
    answer = plain.read_response()
    assert answer.status == 200 and answer.header("connection") == "close"
    assert lab.gateway.wait() == 0


def test_refused_clients_are_not_waited_for(private_lab):
    """Their connections stay open for a while, so that they can read why: not for a daemon's end."""
    lab = private_lab
    refused = [lab.connect() for _ in range(3)]
    for client in refused:
        client.send(client.request_bytes("POST", CHAT, [("Content-Length", str(1 << 40)),
                                                        ("Content-Type", "application/json")]))
        shapes.check_error(client.read_response(), 413)
    start = time.monotonic()
    assert lab.gateway.stop() == 0
    assert time.monotonic() - start < 1.0 * SLOW


def test_the_drain_has_an_end(make_gateway, mock):
    mock.forget()
    mock.keys.add("sk-drain-12345678")
    gateway = make_gateway()
    gateway.key = gateway.create_key("test")
    gateway.add_provider("custom", mock.url, "sk-drain-12345678", name="lab")
    gateway.start("--drain", "300ms")
    mock.script("m", gates={2: "never"})
    client = gateway.connect()
    head = client.start("POST", CHAT, body=chat_body(stream=True))
    start = time.monotonic()
    gateway.process.send_signal(signal.SIGTERM)
    try:
        events = head.events()
        assert not any(event.done for event in events)
    except Truncated:
        pass
    gateway.wait()
    assert 0.25 < time.monotonic() - start < 3 * SLOW
    mock.open_gate("never")


def test_a_second_signal_ends_it_at_once(private_lab):
    lab = private_lab
    lab.mock.script("m", gates={2: "never"})
    lab.stream()
    lab.gateway.process.send_signal(signal.SIGTERM)
    with pytest.raises(ConnectionError):
        for _ in range(2000):  # until it has stopped accepting: the first signal has arrived
            lab.connect()
    start = time.monotonic()
    lab.gateway.process.send_signal(signal.SIGTERM)
    assert lab.gateway.wait() != 0
    assert time.monotonic() - start < 1.0 * SLOW


def test_killed_and_started_again(private_lab):
    lab = private_lab
    for _ in range(3):
        assert lab.chat().status == 200
        lab.gateway.process.kill()
        assert lab.gateway.wait() == -signal.SIGKILL
        lab.gateway.start()
        assert lab.chat().status == 200  # the same key, the same provider
    assert lab.gateway.stop() == 0


def test_killed_while_others_write(private_lab):
    lab = private_lab
    stop = threading.Event()

    def write():
        at = 0
        while not stop.is_set():
            lab.gateway.run("config", "set", "routing.max_retries", str(at % 3))
            at += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(3):
            assert lab.chat().status == 200
            lab.gateway.process.kill()
            lab.gateway.wait()
            lab.gateway.start()
    finally:
        stop.set()
        writer.join()
    assert lab.chat().status == 200
    assert lab.gateway.stop() == 0


def test_a_second_daemon_on_one_home_names_the_first(make_gateway):
    gateway = ready_daemon(make_gateway)
    second = make_gateway("home")
    second.spawn()
    code = second.wait()
    assert code not in (0, 70) and code > 0
    assert str(gateway.process.pid) in second.stderr and "listening" not in second.stdout
    with gateway.connect() as client:
        assert client.request("GET", "/healthz").status == 200
    assert gateway.stop() == 0


def test_a_port_in_use(make_gateway):
    gateway = ready_daemon(make_gateway)
    second = make_gateway("other")
    second.create_key("test")
    second.spawn(port=gateway.port)
    code = second.wait()
    assert code > 0 and code != 70
    assert "in use" in second.stderr and str(gateway.port) in second.stderr
    assert "listening" not in second.stdout
    assert gateway.stop() == 0


def test_the_port_is_free_again_at_once(make_gateway):
    gateway = ready_daemon(make_gateway)
    with gateway.connect() as client:
        assert client.request("GET", "/healthz").status == 200
        port = gateway.port
        assert gateway.stop() == 0
    gateway.start(port=port)
    assert gateway.port == port and gateway.stop() == 0


def master_key(gateway):
    return pathlib.Path(gateway.home) / "master.key"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o620])
def test_a_master_key_that_others_may_read_is_refused(make_gateway, mode):
    gateway = make_gateway()
    gateway.create_key("test")
    master_key(gateway).chmod(mode)
    gateway.spawn()
    assert gateway.wait() > 0
    assert "master.key" in gateway.stderr and "chmod" in gateway.stderr
    assert "listening" not in gateway.stdout
    master_key(gateway).chmod(0o600)
    gateway.start()
    assert gateway.stop() == 0


def test_a_damaged_master_key_is_refused(make_gateway):
    gateway = make_gateway()
    gateway.create_key("test")
    gateway.add_provider("custom", "http://127.0.0.1:9/v1", "sk-damaged-123456789", name="lab")
    master_key(gateway).write_bytes(b"short")
    gateway.spawn()
    assert gateway.wait() > 0 and "master.key" in gateway.stderr


def test_a_newer_database_is_refused(make_gateway):
    gateway = make_gateway()
    gateway.create_key("test")
    file = pathlib.Path(gateway.home) / "llmgw.db"
    with sqlite3.connect(file) as database:
        database.execute("pragma user_version = 9999")
    database.close()
    before = file.read_bytes()
    gateway.spawn()
    assert gateway.wait() == 8
    assert "newer" in gateway.stderr and "listening" not in gateway.stdout
    assert file.read_bytes() == before


def test_a_damaged_database_is_refused(make_gateway):
    gateway = make_gateway()
    gateway.create_key("test")
    for name in os.listdir(gateway.home):
        if name.startswith("llmgw.db-"):
            os.unlink(os.path.join(gateway.home, name))
    file = pathlib.Path(gateway.home) / "llmgw.db"
    file.write_bytes(b"this is no database, but long enough to look like one" * 100)
    gateway.spawn()
    assert gateway.wait() == 8 and "llmgw.db" in gateway.stderr


def test_a_database_locked_or_gone_does_not_stop_requests(private_lab):
    lab = private_lab
    assert lab.chat().status == 200
    file = pathlib.Path(lab.gateway.home) / "llmgw.db"
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("begin exclusive")
    for _ in range(20):
        start = time.monotonic()
        assert lab.chat().status == 200
        assert time.monotonic() - start < 0.5 * SLOW
    lock.execute("rollback")
    lock.close()
    for name in ("llmgw.db", "llmgw.db-wal", "llmgw.db-shm"):
        path = file.with_name(name)
        if path.exists():
            path.unlink()
    client = lab.connect()
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        assert client.request("POST", CHAT, body=chat_body()).status == 200
    assert lab.gateway.stop() == 0


def test_the_connection_limit(private_lab):
    lab = private_lab
    lab.gateway.set("limits.connections", "8")
    held = []

    def refused():
        while held:
            held.pop().close()
        for _ in range(9):
            client = lab.connect()
            held.append(client)
            client.send(client.request_bytes("GET", "/healthz"))
            answer = client.read_response("GET")
            if answer.status != 200:
                return client, answer
        return None
    client, answer = wait_until(refused, 3)
    shapes.check_error(answer, 503, code="overloaded")
    assert int(answer.header("retry-after")) >= 1
    assert client.is_closed() and len(held) == 9
    assert held[0].request("GET", "/healthz").status == 200
    for client in held:
        client.close()
    wait_until(lambda: lab.request("GET", "/healthz").status == 200, 3)


def test_over_the_limit_with_silent_clients(private_lab):
    lab = private_lab
    lab.gateway.set("limits.connections", "4")
    silent = [lab.connect() for _ in range(4)]
    for client in silent:
        client.send(b"GET")
    start = time.monotonic()

    def answered():
        client = lab.connect(timeout=2)
        client.send(client.request_bytes("GET", "/healthz"))
        return client.read_response("GET").status == 503
    wait_until(answered, 5)
    assert time.monotonic() - start < 3 * SLOW


@pytest.mark.parametrize("change", ["provider", "body limit", "alias", "disable"])
def test_changes_are_live_within_a_second(private_lab, mock, change):
    lab = private_lab
    assert lab.chat().status == 200
    if change == "provider":
        mock.keys.add("sk-late-12345678901")
        lab.gateway.add_provider("custom", mock.url, "sk-late-12345678901", name="late")
        live = lambda: lab.chat("late/m").status == 200  # noqa: E731
    elif change == "body limit":
        lab.gateway.set("limits.body", "1k")
        live = lambda: lab.chat(text="x" * 2000).status == 413  # noqa: E731
    elif change == "alias":
        lab.gateway.cli("models", "alias", "mine", "lab/m")
        live = lambda: lab.chat("mine").status == 200  # noqa: E731
    else:
        lab.gateway.cli("providers", "disable", "lab")
        live = lambda: lab.chat().status >= 400  # noqa: E731
    start = time.monotonic()
    wait_until(live, 3)
    assert time.monotonic() - start < 1.0 * SLOW


def test_a_bad_variable_is_named(make_gateway):
    gateway = make_gateway(LLMGW_TIMEOUTS_IDLE="soon")
    gateway.spawn()
    assert gateway.wait() > 0 and "LLMGW_TIMEOUTS_IDLE" in gateway.stderr


@pytest.mark.parametrize("args", [["--port", "99999"], ["--port", "x"], ["--drain", "soon"],
                                  ["--log-level", "loud"], ["--what"]])
def test_wrong_usage(make_gateway, args):
    gateway = make_gateway()
    done = gateway.run("serve", *args)
    assert done.returncode == 2 and done.stderr and not done.stdout


def test_an_address_that_is_not_here(make_gateway):
    gateway = make_gateway()
    gateway.create_key("test")
    gateway.spawn("--host", "192.0.2.1")
    assert gateway.wait() > 0 and "192.0.2.1" in gateway.stderr


def test_ipv6(make_gateway):
    if not socket.has_ipv6 or not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 here")
    gateway = make_gateway()
    gateway.key = gateway.create_key("test")
    gateway.spawn("--host", "::1")
    ready = wait_until(lambda: READY.search(gateway.stdout) or gateway.process.poll(), 10)
    if isinstance(ready, int):
        assert "::1" in gateway.stderr  # no loopback address of that kind on this machine
        return
    assert ready.group(2) == "[::1]"
    gateway.host, gateway.port = "::1", int(ready.group(3))
    with gateway.connect() as client:
        host = ("Host", f"[::1]:{gateway.port}")
        assert client.request("GET", "/healthz", [host]).status == 200
    assert gateway.stop() == 0


def test_status_and_stop_find_it(make_gateway):
    gateway = ready_daemon(make_gateway)
    status = json.loads(gateway.cli("serve", "status", "--json"))
    assert status["pid"] == gateway.process.pid
    assert str(gateway.port) in status["url"]
    gateway.cli("serve", "stop")
    assert gateway.wait() == 0
    assert gateway.run("serve", "status").returncode == 5


def test_json_logs_are_json(make_gateway):
    gateway = ready_daemon(make_gateway, "home", "--log-format", "json", "--log-level", "debug")
    with gateway.connect() as client:
        client.request("POST", CHAT, [("x-request-id", 'a"b\\c')], chat_body("mock/echo"))
        client.request("POST", CHAT, body=chat_body("mo\ndel\x1b[31m"))
    assert gateway.stop() == 0
    for line in gateway.stderr.splitlines():
        assert isinstance(json.loads(line), dict)
    assert "\x1b" not in gateway.stderr


def test_the_daemon_is_small(make_gateway):
    gateway = ready_daemon(make_gateway)
    if SLOW == 1:
        assert gateway.rss() < 40 << 20
        assert gateway.threads() < 16
    assert gateway.stop() == 0


def test_a_stopped_upstream_comes_back(private_lab):
    lab = private_lab
    own = MockUpstream()
    port = own.port
    lab.gateway.add_provider("custom", own.url, "sk-back-1234567890", name="back")
    wait_until(lambda: lab.chat("back/m").status == 200, 3)
    own.close()
    assert lab.chat("back/m").status == 502
    own = MockUpstream(port=port)
    wait_until(lambda: lab.chat("back/m").status == 200, 5)
    own.close()
