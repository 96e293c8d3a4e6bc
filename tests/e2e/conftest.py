# SPDX-License-Identifier: Apache-2.0
"""One daemon and one mock upstream for each test file; every test is searched for secrets."""

import contextlib
import pathlib
import secrets
import subprocess
import sys

import pytest

import http_raw
from gateway import Gateway

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "mock"))
from mock_upstream import MockUpstream  # noqa: E402  (the folder is added above)

# Providers that speak OpenAI's format, each redirected to the mock with a secret of its own.
# gpt-oss-120b is served by scx-ai (cheaper) and groq; cerebras' is unstable, and asked by name only.
CATALOG_PROVIDERS = ("openai", "groq", "cerebras", "scx-ai")


class Lab:
    """What a test works with: the daemon, the mock behind it, and short ways to ask."""

    def __init__(self, gateway, mock, provider_keys):
        self.gateway, self.mock, self.provider_keys = gateway, mock, provider_keys
        self.clients = []

    def connect(self, timeout=10.0, key=None):
        client = self.gateway.connect(timeout, key)
        self.clients.append(client)
        return client

    def request(self, method, path, headers=(), body=None, **more):
        client = self.connect()
        try:
            return client.request(method, path, headers, body, **more)
        finally:
            client.close()  # whoever asks until something comes true asks a thousand times

    def chat(self, model="lab/m", text="one two three", headers=(), **fields):
        return self.request("POST", "/v1/chat/completions", headers, chat_body(model, text, **fields))

    def stream(self, model="lab/m", text="one two three", headers=(), **fields):
        """Starts a stream; the answer's head has been read."""
        body = chat_body(model, text, stream=True, **fields)
        return self.connect().start("POST", "/v1/chat/completions", headers, body)

    def provider_of(self, request):
        """The label of the provider key that a request at the mock carries."""
        key = (request.header("authorization") or "").removeprefix("Bearer ")
        return {secret: label for label, secret in self.provider_keys.items()}.get(key)


def chat_body(model="lab/m", text="one two three", **fields):
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


def new_secret(label):
    return f"sk-{label}-{secrets.token_hex(16)}"


@pytest.fixture(scope="module")
def mock():
    upstream = MockUpstream(keys=set())
    yield upstream
    upstream.close()


@pytest.fixture
def make_gateway(tmp_path):
    """Gateways of a test's own, without a daemon; what is left running is killed."""
    made = []

    def make(name="home", **env):
        made.append(Gateway(tmp_path / name, env))
        return made[-1]

    yield make
    for gateway in made:
        gateway.kill()
        assert not gateway.sanitizer_report(), gateway.stderr


def set_up(gateway, mock):
    """Stores a gateway key and the providers; returns the provider keys by label."""
    gateway.key = gateway.create_key("test")
    keys = {label: new_secret(label) for label in ("lab", *CATALOG_PROVIDERS)}
    mock.keys |= set(keys.values())
    gateway.add_provider("custom", mock.url, keys["lab"], name="lab")
    for provider in CATALOG_PROVIDERS:
        gateway.add_provider(provider, mock.url, keys[provider])
    return keys


@contextlib.contextmanager
def running(gateway, mock, keys):
    """A lab around a gateway that has been set up; its daemon must end well."""
    gateway.start("--log-level", "debug")
    yield Lab(gateway, mock, keys)
    code = gateway.stop()
    assert not gateway.sanitizer_report(), gateway.stderr
    assert code == 0, f"serve ended with {code}: {gateway.stderr[-2000:]}"
    find_secrets(gateway)


@pytest.fixture(scope="module")
def shared_lab(request, tmp_path_factory, mock):
    gateway = Gateway(tmp_path_factory.mktemp("e2e") / "home")
    keys = set_up(gateway, mock)
    for name, value in getattr(request.module, "SETTINGS", {}).items():
        gateway.set(name, value)
    with running(gateway, mock, keys) as lab:
        yield lab


@pytest.fixture
def lab(shared_lab):
    """The file's daemon and mock, with a clean record, and its answers searched for secrets."""
    shared_lab.mock.forget()
    http_raw.SEEN.clear()
    if shared_lab.gateway.process.poll() is not None:  # the test that it died in has failed
        shared_lab.gateway.start("--log-level", "debug")
    yield shared_lab
    for client in shared_lab.clients:
        client.close()
    shared_lab.clients.clear()
    for name in list(shared_lab.mock.gates):
        shared_lab.mock.open_gate(name)
    assert shared_lab.gateway.process.poll() is None, \
        f"the daemon died: {shared_lab.gateway.stderr[-1500:]}"
    find_secrets(shared_lab.gateway)


@pytest.fixture
def private_lab(make_gateway, mock):
    """A daemon of the test's own that it may stop, kill and reconfigure."""
    mock.forget()
    http_raw.SEEN.clear()
    gateway = make_gateway()
    keys = set_up(gateway, mock)
    gateway.start()
    own = Lab(gateway, mock, keys)
    yield own
    for client in own.clients:
        client.close()
    for name in list(mock.gates):
        mock.open_gate(name)
    find_secrets(gateway)


def find_secrets(gateway):
    """Fails when a key of the gateway or of a provider is in its output or in an answer."""
    places = {"stdout": gateway.stdout, "stderr": gateway.stderr,
              "answers": b"".join(http_raw.SEEN).decode("utf-8", "replace")}
    for place, text in places.items():
        for secret in gateway.secrets:
            assert secret not in text, f"a secret is in {place}"
            assert secret[-12:] not in text, f"the end of a secret is in {place}"


@pytest.fixture(scope="session")
def throwaway_ca(tmp_path_factory):
    """A CA and a certificate for 127.0.0.1 signed by it: (ca file, certificate, key)."""
    folder = tmp_path_factory.mktemp("tls")
    ca, ca_key, cert, key, request = (str(folder / name) for name in
                                      ("ca.pem", "ca.key", "cert.pem", "cert.key", "cert.csr"))
    extensions = folder / "ext"
    # Python from 3.13 on insists on what RFC 5280 asks for in a chain.
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n"
                          "authorityKeyIdentifier=keyid\n", encoding="ascii")
    for args in (
            ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=mock-ca",
             "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", ca_key, "-out", ca],
            ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-keyout", key,
             "-out", request],
            ["x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
             "-days", "2", "-extfile", str(extensions), "-out", cert]):
        subprocess.run(["openssl", *args], check=True, capture_output=True)
    return ca, cert, key
