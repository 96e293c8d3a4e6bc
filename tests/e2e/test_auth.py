# SPDX-License-Identifier: Apache-2.0
"""Who may use the gateway, and that no key is ever shown to anybody."""

import os
import pathlib
import sqlite3
import stat
import time

import pytest

import shapes
from conftest import chat_body
from http_raw import wait_until
from mock_upstream import MockUpstream

CHAT = "/v1/chat/completions"


def ask(lab, *headers, **more):
    return lab.request("POST", CHAT, headers, more.pop("body", chat_body()), auth=False, **more)


def bearer(key):
    return ("Authorization", "Bearer " + key)


def test_both_ways_to_send_a_key(lab):
    key = lab.gateway.key
    for header in (bearer(key), ("x-api-key", key), ("Authorization", "bearer " + key),
                   ("AUTHORIZATION", "Bearer   " + key), ("X-API-Key", key)):
        assert ask(lab, header).status == 200, header[0]
        assert lab.mock.last.header("authorization") == "Bearer " + lab.provider_keys["lab"]
        assert lab.mock.last.header("x-api-key") is None


def bad_keys(key):
    return [[], [bearer("")], [bearer("llmgw_wrong")], [bearer(key + "x")], [bearer(key[:-1])],
            [bearer(key.upper())], [("Authorization", "Basic " + key)], [("Authorization", key)],
            [("Authorization", "Bearer")], [("x-api-key", "")], [bearer("sk-" + "a" * 4000)],
            [("Authorization", "Bearer " + key + " x")], [("Cookie", "key=" + key)],
            [bearer("' OR 1=1 --")], [bearer("%")]]


@pytest.mark.parametrize("which", range(15))
def test_bad_keys(lab, which):
    answer = ask(lab, *bad_keys(lab.gateway.key)[which])
    error = shapes.check_error(answer, 401, code="invalid_api_key")
    assert error["type"] == "invalid_request_error" or "auth" in error["type"]
    assert not lab.mock.requests
    assert answer.header("x-llmgw-provider") is None


def test_a_key_in_the_url_is_not_taken(lab):
    path = f"{CHAT}?key={lab.gateway.key}"
    shapes.check_error(lab.request("POST", path, body=chat_body(), auth=False), 401)


def test_two_authorization_headers(lab):
    answer = ask(lab, bearer("llmgw_wrong"), bearer(lab.gateway.key))
    assert answer.status in (400, 401)
    assert not lab.mock.requests


@pytest.mark.parametrize("body", [b"{", b"[]", b"", {"model": "no-such"}, b"\xff"])
def test_401_beats_400(lab, body):
    shapes.check_error(ask(lab, body=body), 401, code="invalid_api_key")


def test_401_beats_404_of_a_model_and_415(lab):
    answer = ask(lab, ("Content-Type", "text/plain"))
    assert answer.status in (401, 415)
    shapes.check_error(lab.request("GET", "/v1/models/none", auth=False), 401)


def test_a_provider_key_is_no_gateway_key(lab):
    shapes.check_error(ask(lab, bearer(lab.provider_keys["lab"])), 401)


def test_an_expired_key(lab):
    key = lab.gateway.create_key("short", "--expires", "1s")
    made = time.monotonic()
    statuses = []

    def expired():
        statuses.append(ask(lab, bearer(key)).status)
        return time.monotonic() - made > 1.05 and statuses[-1] == 401
    wait_until(expired, 5, "the key's end")
    assert set(statuses) <= {200, 401}
    shapes.check_error(ask(lab, bearer(key)), 401, code="invalid_api_key")


def test_a_new_key_is_live_within_a_second_and_a_revoked_one_dead(lab):
    key = lab.gateway.create_key("passing")
    start = time.monotonic()
    wait_until(lambda: ask(lab, bearer(key)).status == 200, 3)
    assert time.monotonic() - start < 1.0 or os.environ.get("LLMGW_SANITIZE")
    lab.gateway.cli("keys", "revoke", "passing", "--yes")
    start = time.monotonic()
    wait_until(lambda: ask(lab, bearer(key)).status == 401, 3)
    assert time.monotonic() - start < 1.0 or os.environ.get("LLMGW_SANITIZE")


def test_refusals_do_not_disturb_others(lab):
    client = lab.connect()
    for _ in range(20):
        shapes.check_error(lab.request("GET", "/v1/models", [bearer("llmgw_" + "a" * 40)]), 401)
    assert client.request("GET", "/v1/models").status == 200


def test_no_auth_on_loopback(make_gateway, mock):
    gateway = make_gateway()
    mock.keys.add("sk-noauth-1234567890")
    gateway.add_provider("custom", mock.url, "sk-noauth-1234567890", name="lab")
    gateway.start("--no-auth")
    with gateway.connect() as client:
        assert client.request("POST", CHAT, body=chat_body(), auth=False).status == 200
        answer = client.request("POST", CHAT, [bearer("anything")], chat_body())
        assert answer.status == 200
        assert client.request("POST", CHAT, [("Origin", "https://evil.example")],
                              chat_body()).status == 403
    assert gateway.stop() == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_no_auth_off_loopback_is_refused(make_gateway, host):
    gateway = make_gateway()
    gateway.spawn("--no-auth", "--host", host)
    assert gateway.wait() == 2
    assert "listening" not in gateway.stdout
    assert "--no-auth" in gateway.stderr and host in gateway.stderr


def test_the_first_serve_makes_a_key_and_shows_it_once(make_gateway):
    gateway = make_gateway()
    gateway.start()
    keys = [word for word in gateway.stdout.split() if word.startswith("llmgw_")]
    assert len(keys) == 1 and keys[0] not in gateway.stderr
    with gateway.connect(key=keys[0]) as client:
        answer = client.request("POST", CHAT, body=chat_body("mock/echo"))
        assert answer.status == 200
    assert '"default"' in gateway.cli("keys", "list", "--json")
    assert gateway.stop() == 0
    before = gateway.stdout
    gateway.start()
    assert "llmgw_" not in gateway.stdout[len(before):]
    assert gateway.stop() == 0


def test_nothing_stored_holds_a_secret(lab):
    """The database, its log and every other file: neither provider keys nor gateway keys."""
    secrets = [secret.encode() for secret in lab.gateway.secrets]
    files = [path for path in pathlib.Path(lab.gateway.home).rglob("*") if path.is_file()]
    assert len(files) >= 2
    for path in files:
        data = path.read_bytes()
        assert not [secret for secret in secrets if secret in data], path.name


def test_files_are_private(lab):
    home = pathlib.Path(lab.gateway.home)
    for path in [home, *home.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode & 0o077 == 0, (path.name, oct(mode))


def test_keys_are_not_in_the_process(lab):
    """Neither argv nor the environment of the daemon shows a key."""
    for name in ("cmdline", "environ"):
        try:
            data = pathlib.Path(f"/proc/{lab.gateway.process.pid}/{name}").read_bytes()
        except PermissionError:
            continue
        assert not [secret for secret in lab.gateway.secrets if secret.encode() in data]


def test_the_command_line_shows_no_secret(lab):
    out = "".join(lab.gateway.cli(*args) for args in (
        ("providers", "list"), ("providers", "list", "--json"), ("providers", "show", "lab"),
        ("providers", "show", "lab", "--json"), ("keys", "list"), ("keys", "list", "--json"),
        ("keys", "show", "test", "--json"), ("config", "list", "--json")))
    for secret in lab.gateway.secrets:
        assert secret not in out and secret[-12:] not in out


def test_a_secret_cannot_be_moved_to_another_address(lab, mock):
    """A stored key belongs to its base URL: an edited database does not send it elsewhere."""
    thief = MockUpstream()
    secret = "sk-bound-" + "b" * 24
    lab.gateway.add_provider("custom", mock.url, secret, name="bound")
    database = sqlite3.connect(pathlib.Path(lab.gateway.home) / "llmgw.db", timeout=5)
    tables = [row[0] for row in database.execute("select name from sqlite_master where type='table'")]
    moved = 0
    for table in tables:
        columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
        if "base_url" in columns:
            moved += database.execute(
                f"update {table} set base_url=? where label='bound'", (thief.url,)).rowcount
    database.commit()
    database.close()
    assert moved == 1
    answer = wait_until(lambda: (a := lab.chat("bound/m")).status != 404 and a, 3)
    assert answer.status >= 400
    assert not [r for r in thief.requests if r.header("authorization")]
    thief.close()
    lab.gateway.cli("providers", "remove", "bound", "--yes")
