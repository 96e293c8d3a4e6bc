# SPDX-License-Identifier: Apache-2.0
"""Images by their address, for a provider that needs the bytes: what must not be fetched is not.

Fetching itself is tested by tests/unit, where a test may allow this machine to be fetched from."""

import socket
import threading

import pytest

import http_raw
from bedrock_upstream import BedrockMock
from conftest import Lab, find_secrets, new_secret
from gateway import Gateway
from mock_anthropic import MockAnthropic

CLAUDE = "claude-opus-4-8"  # costs the same at AWS and at Azure, which fetches images
KEY = "bedrock-api-key-" + "YWJjZGVmZ2hpamts" * 2


class AzureClaude(MockAnthropic):
    @property
    def url(self):
        return super().url.removesuffix("/v1")

    def answer(self, request, script):
        request.target = request.target.removeprefix("/anthropic")
        return super().answer(request, script)


class Listener:
    """Counts the connections to a port of this machine."""

    def __init__(self, port=0):
        self.count, self.socket = 0, socket.create_server(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()


def listeners():
    """One on any port, and one on that of https where the test may have it."""
    yield Listener()
    try:
        yield Listener(443)
    except OSError:
        pass


@pytest.fixture(scope="module")
def module_lab(tmp_path_factory):
    secret = new_secret("azure")
    mock, azure = BedrockMock(keys={KEY}), AzureClaude(keys={secret}, models=(CLAUDE,))
    gateway = Gateway(tmp_path_factory.mktemp("images") / "home")
    gateway.key = gateway.create_key("test")
    gateway.add_provider("aws-bedrock", mock.url, KEY)
    gateway.add_provider("azure-anthropic", azure.url, secret)
    gateway.set("fetch.images", "true")
    gateway.start()
    lab = Lab(gateway, mock, {})
    lab.azure, lab.listeners = azure, list(listeners())
    yield lab
    code = gateway.stop()
    for server in (mock, azure, *(listener.socket for listener in lab.listeners)):
        server.close()
    assert not gateway.sanitizer_report(), gateway.stderr
    assert code == 0, f"serve ended with {code}: {gateway.stderr[-2000:]}"


@pytest.fixture
def lab(module_lab):
    module_lab.mock.forget()
    module_lab.azure.forget()
    http_raw.SEEN.clear()
    yield module_lab
    for client in module_lab.clients:
        client.close()
    module_lab.clients.clear()
    find_secrets(module_lab.gateway)


def images(*urls):
    return [{"type": "text", "text": "look"},
            *({"type": "image_url", "image_url": {"url": url}} for url in urls)]


def urls_that_lead_here(port):
    for host in ("127.0.0.1", "localhost", "LOCALHOST", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0",
                 "2130706433", "0x7f.1", "127.1", socket.gethostname()):
        for scheme in ("https", "http"):
            yield f"{scheme}://{host}/a.png"
            yield f"{scheme}://{host}:{port}/a.png"


def test_nothing_on_this_machine_is_connected_to(lab):
    for url in urls_that_lead_here(lab.listeners[0].port):
        answer = lab.chat("@aws-bedrock/" + CLAUDE, images(url))
        assert answer.status == 400, (url, answer.body)
        error = answer.json()["error"]
        assert error["param"] == "messages[0].content[1].image_url", url
        assert error["code"] == "unsupported_image_url", url
        found = error["message"].replace(url, "").partition("cannot be fetched: ")[2]
        assert found and ("127.0.0.1" not in found or "127.0.0.1" in url), (url, found)
    assert [listener.count for listener in lab.listeners] == [0] * len(lab.listeners)
    assert not lab.mock.requests


@pytest.mark.parametrize("url, told", [
    ("http://example.com/a.png", "only https addresses are fetched"),
    ("https://example.com:8443/a.png", "only port 443 is fetched from"),
    ("https://user:pass@example.com/", "must not hold a user name"),
    ("https://169.254.169.254/latest/meta-data/", "no public server answers at 169.254.169.254"),
    ("https://10.0.0.1/", "no public server answers at 10.0.0.1"),
    ("https://[fd00:ec2::254]/", "no public server answers at fd00:ec2::254"),
    ("https://0251.0376.0251.0376/", "an IP address in an unusual notation")])
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_says_what_is_wrong(lab, url, told, stream):
    answer = lab.chat("@aws-bedrock/" + CLAUDE, images(url), stream=stream)
    assert answer.status == 400
    assert told in answer.json()["error"]["message"]
    assert not lab.mock.requests


def test_the_next_provider_may_fetch_it_itself(lab):
    url = "https://169.254.169.254/a.png"
    answer = lab.chat(CLAUDE, images(url))
    assert answer.status == 200, answer.body
    routing = answer.json()["metadata"]["routing"]
    assert [(attempt["provider"], attempt["error_type"]) for attempt in routing] == \
        [("aws-bedrock", "unsupported_request"), ("azure-anthropic", "none")]
    assert not lab.mock.requests
    content = lab.azure.last.json()["messages"][0]["content"]
    assert content[1] == {"type": "image", "source": {"type": "url", "url": url}}


def test_bytes_in_the_request_need_no_fetching(lab):
    png = "iVBORw0KGgo="
    answer = lab.chat("@aws-bedrock/" + CLAUDE, images("data:image/png;base64," + png))
    assert answer.status == 200, answer.body
    assert {"image": {"format": "png", "source": {"bytes": png}}} in \
        lab.mock.last.json()["messages"][0]["content"]


def test_strict_refuses_as_well(lab):
    lab.gateway.set("strict", "true")
    try:
        answer = lab.chat("@aws-bedrock/" + CLAUDE, images("https://127.0.0.1/"))
    finally:
        lab.gateway.set("strict", "false")
    assert answer.status == 400
    assert answer.json()["error"]["param"] == "messages[0].content[1].image_url"
