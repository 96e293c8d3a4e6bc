# SPDX-License-Identifier: Apache-2.0
"""`llmgw serve status|stop` with a live daemon, and `providers test` with a live provider."""

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import conftest
import pytest

SECRET = "sk-live-Zq81xkPd0Wm4Rt7yUn2b"


@pytest.fixture
def daemon(llmgw):
    process = subprocess.Popen([conftest.BIN, "serve", "--port", "0"], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, env=llmgw.environment(), text=True)
    for line in process.stdout:  # ends with the process
        if line.startswith("llmgw listening on "):
            break
    assert process.poll() is None, "the daemon did not start"
    process.url = line.split()[-1]
    yield process
    if process.poll() is None:
        process.kill()
    process.wait(conftest.DEADLINE)
    process.stdout.close()


def test_status(llmgw, daemon, other_llmgw):
    done = llmgw("serve", "status")
    assert done.code == 0 and f"pid {daemon.pid}" in done.out and daemon.url in done.out
    document = llmgw("serve", "status", "--json").json()
    assert document["running"] is True
    assert (document["pid"], document["url"]) == (daemon.pid, daemon.url)
    assert {"version", "uptime_ms", "in_flight", "requests", "streams", "connections"} <= set(
        document)
    assert other_llmgw("serve", "status").code == 5, "another home has no daemon"


def test_stop_waits_until_it_is_gone(llmgw, daemon):
    done = llmgw("serve", "stop")
    assert done.code == 0 and done.out == "" and str(daemon.pid) in done.err
    assert daemon.wait(conftest.DEADLINE) == 0
    assert llmgw("serve", "status").code == 5


def test_stop_now_as_json(llmgw, daemon):
    document = llmgw("serve", "stop", "--now", "--json").json()
    assert document == {"stopped": True, "pid": daemon.pid}
    assert daemon.wait(conftest.DEADLINE) == 0


def test_a_dead_daemon_is_not_running(llmgw, daemon):
    daemon.kill()
    daemon.wait(conftest.DEADLINE)
    assert llmgw("serve", "status").code == 5
    assert llmgw("serve", "stop").code == 5


@pytest.fixture
def provider():
    """An OpenAI-compatible server that knows one key and one model."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            known = self.headers.get("authorization") == "Bearer " + SECRET
            status = 500 if self.path.startswith("/broken") else 200 if known else 401
            body = {"object": "list", "data": [{"id": "own", "object": "model"}]}
            if status != 200:
                body = {"error": {"message": f"bad key {SECRET}", "code": "invalid_api_key"}}
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def add(llmgw, url, key=SECRET, name="lab"):
    done = llmgw("providers", "add", "custom", "--name", name, "--base-url", url, "--key-stdin",
                 stdin=key)
    assert done.code == 0, done.err


def test_a_provider_that_works(llmgw, provider):
    add(llmgw, provider + "/v1")
    done = llmgw("providers", "test", "lab")
    assert done.code == 0 and done.out.startswith("lab: ok\n") and SECRET not in done.out
    report = llmgw("providers", "test", "lab", "--json").json()
    assert report["ok"] is True and report["status"] == 200
    assert report["connect_ms"] >= 0 and report["tls_ms"] is None


def test_a_key_that_is_refused_is_4(llmgw, provider):
    add(llmgw, provider + "/v1", key="sk-wrong-abcdefgh12345")
    done = llmgw("providers", "test", "lab")
    assert done.code == 4 and "hint:" in done.out
    assert "sk-wrong-abcdefgh12345" not in done.out + done.err
    assert llmgw("providers", "test", "lab", "--json").json()["ok"] is False


def test_a_provider_that_fails_is_6(llmgw, provider):
    add(llmgw, provider + "/broken")
    assert llmgw("providers", "test", "lab").code == 6


def test_all_providers_are_tested_without_a_label(llmgw, provider):
    assert llmgw("providers", "test").code == 3
    add(llmgw, provider + "/v1")
    add(llmgw, provider + "/broken", name="broken")
    add(llmgw, provider + "/broken", name="off")
    llmgw("providers", "disable", "off")
    done = llmgw("providers", "test", "--json")
    assert done.code == 6
    assert [(each["label"], each["ok"]) for each in done.json()] == [
        ("lab", True), ("broken", False)]


def test_a_port_where_nothing_listens_is_6(llmgw, provider):
    add(llmgw, "http://127.0.0.1:1/v1")
    report = llmgw("providers", "test", "lab", "--json")
    assert report.code == 6 and report.json()["status"] is None
