# SPDX-License-Identifier: Apache-2.0
"""`llmgw providers test` and `llmgw chat --dry-run` with keys that are more than a word to be sent:
those of AWS, Google Cloud and Azure."""

import contextlib
import http.server
import json
import pathlib
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "mock"))
from bedrock_upstream import BedrockMock  # noqa: E402
from mock_gemini import MockGemini  # noqa: E402

NO_MODEL = "llmgw-probe.no-such-model"
AWS_ID = "ASIAABCDEFGHIJKLMNOP"
AWS_SECRET = "abcdefghijklmnop/ABCDEFGHIJKLMNOP+abcdef"
AWS_TOKEN = "token/abcdefghijklmnopqrstuvwxyz+0123456789=="
AWS_KEY = f"{AWS_ID}:{AWS_SECRET}:{AWS_TOKEN}"
AZURE_KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "ya29.a-token-that-was-fetched"
EXIT_AUTH, EXIT_UPSTREAM = 4, 6


def add(gateway, provider, url, secret, *flags):
    gateway.secrets.append(secret)
    gateway.cli("providers", "add", provider, "--name", "work", "--base-url", url, "--key-stdin",
                *flags, stdin=secret + "\n")


def run_test(gateway, *hidden):
    """The exit code and the report; nothing that is secret may be in it."""
    text = gateway.run("providers", "test", "work")
    done = gateway.run("providers", "test", "work", "--json")
    assert text.returncode == done.returncode
    for secret in (*gateway.secrets, *hidden):
        assert secret not in text.stdout + text.stderr + done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert text.stdout.startswith(f"work: {report['verdict']}\n")
    return done.returncode, report


@contextlib.contextmanager
def answering(status, body, content_type="application/json"):
    """A server that gives one answer to everything; yields its URL and the requests it got."""
    requests = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self):
            size = int(self.headers.get("content-length", 0))
            requests.append((self.command, self.path, dict(self.headers),
                             self.rfile.read(size).decode()))
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def gateway(make_gateway):
    return make_gateway()


# AWS Bedrock.

@pytest.fixture
def bedrock():
    mock = BedrockMock(access_keys={AWS_ID: (AWS_SECRET, AWS_TOKEN)})
    yield mock
    mock.close()


def test_a_key_of_aws_that_is_good(gateway, bedrock):
    add(gateway, "aws-bedrock", bedrock.url, AWS_KEY)
    bedrock.script(NO_MODEL, exception="ValidationException")
    code, report = run_test(gateway, AWS_SECRET, AWS_TOKEN)
    assert (code, report["ok"], report["status"]) == (0, True, 400)
    assert "model that does not exist" in report["detail"]
    assert bedrock.last.target == f"/model/{NO_MODEL}/converse"


@pytest.mark.parametrize("exception", ["AccessDeniedException", "UnrecognizedClientException"])
def test_a_key_of_aws_that_may_not(gateway, bedrock, exception):
    add(gateway, "aws-bedrock", bedrock.url, AWS_KEY)
    bedrock.script(NO_MODEL, exception=exception)
    code, report = run_test(gateway, AWS_SECRET, AWS_TOKEN)
    assert (code, report["verdict"]) == (EXIT_AUTH, "key refused")
    assert report["detail"] == f"mock {exception}"


def test_a_wrong_signature(gateway, bedrock):
    add(gateway, "aws-bedrock", bedrock.url, f"{AWS_ID}:{AWS_SECRET[::-1]}:{AWS_TOKEN}")
    code, report = run_test(gateway, AWS_SECRET[::-1], AWS_TOKEN)
    assert (code, report["verdict"]) == (EXIT_AUTH, "key refused")


# Vertex AI.

@pytest.fixture
def vertex():
    mock = MockGemini(keys=set(), tokens={TOKEN})
    yield mock
    mock.close()


def service_account(folder, token_uri, **more):
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                           "rsa_keygen_bits:2048"], check=True, capture_output=True, text=True)
    file = folder / "account.json"
    file.write_text(json.dumps({
        "type": "service_account", "client_email": "bot@lab-1.iam.gserviceaccount.com",
        "private_key": made.stdout, "private_key_id": "1", "token_uri": token_uri,
        "project_id": "lab-1", **more}), encoding="utf-8")
    file.chmod(0o600)
    return file


def add_account(gateway, mock, file):
    gateway.cli("providers", "add", "google-vertex", "--name", "work", "--base-url",
                mock.url.removesuffix("beta"), "--key-file", str(file))


def test_a_service_account_that_is_good(gateway, vertex, tmp_path):
    with answering(200, json.dumps({"access_token": TOKEN, "expires_in": 3600})) as (url, asked):
        add_account(gateway, vertex, service_account(tmp_path, url + "/token"))
        vertex.script(NO_MODEL, status=404)
        code, report = run_test(gateway, TOKEN)
    assert (code, report["ok"], report["status"]) == (0, True, 404)
    assert {path for _, path, _, _ in asked} == {"/token"}
    assert vertex.last.header("authorization") == f"Bearer {TOKEN}"
    assert "/projects/lab-1/" in vertex.last.target


def test_a_token_that_is_refused(gateway, vertex, tmp_path):
    with answering(200, json.dumps({"access_token": "ya29.another", "expires_in": 60})) as (url, _):
        add_account(gateway, vertex, service_account(tmp_path, url))
        code, report = run_test(gateway, "ya29.another")
    assert (code, report["verdict"], report["status"]) == (EXIT_AUTH, "key refused", 401)


@pytest.mark.parametrize("status, body, code, verdict", [
    (400, {"error": "invalid_grant", "error_description": "account gone"}, EXIT_AUTH,
     "token refused"),
    (500, {}, EXIT_UPSTREAM, "no token")])
def test_no_token(gateway, vertex, tmp_path, status, body, code, verdict):
    with answering(status, json.dumps(body)) as (url, _):
        add_account(gateway, vertex, service_account(tmp_path, url))
        found, report = run_test(gateway)
    assert (found, report["verdict"], report["status"]) == (code, verdict, None)
    assert "bot@lab-1.iam.gserviceaccount.com" in report["detail"]
    assert body.get("error_description", "") in report["detail"]
    assert not vertex.requests


def test_no_project(gateway, vertex):
    add(gateway, "google-vertex", vertex.url.removesuffix("beta"), TOKEN)
    code, report = run_test(gateway)
    assert (code, report["verdict"]) == (1, "not set up")
    assert "project" in report["detail"] and not vertex.requests


# Azure.

@pytest.mark.parametrize("flags, path, target", [
    ((), "", "/openai/models?api-version=2024-10-21"),
    (("--option", "api_version=2025-04-01-preview"), "",
     "/openai/models?api-version=2025-04-01-preview"),
    ((), "/openai/v1", "/openai/v1/models")])
def test_azure_is_asked_for_its_list(gateway, flags, path, target):
    with answering(200, '{"data":[]}') as (url, requests):
        add(gateway, "azure", url + path, AZURE_KEY, *flags)
        code, report = run_test(gateway)
    assert code == 0 and report["url"] == url + target
    method, asked, headers, _ = requests[0]
    assert (method, asked, headers["api-key"]) == ("GET", target, AZURE_KEY)
    assert "Authorization" not in headers


def test_claude_at_azure_is_asked_for_no_model(gateway):
    none = '{"error":{"code":"DeploymentNotFound","message":"no such deployment"}}'
    with answering(404, none) as (url, requests):
        add(gateway, "azure-anthropic", url, AZURE_KEY, "--option", "deployment=claude")
        code, report = run_test(gateway)
    assert (code, report["ok"]) == (0, True)
    method, asked, headers, body = requests[0]
    assert (method, asked) == ("POST", "/anthropic/v1/messages")
    assert headers["x-api-key"] == AZURE_KEY and json.loads(body)["model"] == NO_MODEL


@pytest.mark.parametrize("status, body, kind, code, verdict", [
    (401, '{"error":{"code":"401","message":"wrong key"}}', "application/json", EXIT_AUTH,
     "key refused"),
    (404, '{"error":{"code":"404","message":"none"}}', "application/json", EXIT_UPSTREAM,
     "not found"),
    (429, "{}", "application/json", EXIT_UPSTREAM, "rate limited"),
    (403, "<html>blocked", "text/html", EXIT_UPSTREAM, "a web page"),
    (200, "<html>hello", "text/html", EXIT_UPSTREAM, "a web page")])
@pytest.mark.parametrize("provider", ["azure", "azure-anthropic", "cohere"])
def test_refusals(gateway, provider, status, body, kind, code, verdict):
    with answering(status, body, kind) as (url, _):
        add(gateway, provider, url, AZURE_KEY)
        found, report = run_test(gateway)
    assert (found, report["verdict"]) == (code, verdict)


def test_cohere_lists_its_models_in_version_1(gateway):
    with answering(200, '{"models":[]}') as (url, requests):
        add(gateway, "cohere", url + "/v2", AZURE_KEY)
        assert run_test(gateway)[0] == 0
    assert requests[0][:2] == ("GET", "/v1/models")


# What would be sent.

def dry_run(gateway, model, *hidden):
    shown = gateway.cli("chat", "-m", model, "--dry-run", "hello")
    for secret in (*gateway.secrets, *hidden):
        assert secret not in shown and secret[-12:] not in shown
    to, _, rest = shown.partition("\n")
    head, _, body = rest.partition("\n\n")
    return to, head.splitlines(), json.loads(body)


def test_dry_run_bedrock(gateway):
    add(gateway, "aws-bedrock", "http://127.0.0.1:1", AWS_KEY)
    to, head, body = dry_run(gateway, "@work/anthropic.claude-x", AWS_SECRET, AWS_TOKEN)
    assert to == "# to http://127.0.0.1:1"
    assert head[0] == "POST /model/anthropic.claude-x/converse-stream HTTP/1.1"
    assert "Authorization: AWS4-HMAC-SHA256 (signed when it is sent)" in head
    assert body["messages"] == [{"role": "user", "content": [{"text": "hello"}]}]


def test_dry_run_vertex(gateway, tmp_path, vertex):
    file = service_account(tmp_path, "http://127.0.0.1:1/token")
    add_account(gateway, vertex, file)
    key = json.loads(file.read_text("utf-8"))["private_key"].splitlines()
    _, head, body = dry_run(gateway, "@work/gemini-x", *key[1:-1])
    assert head[0] == ("POST /v1/projects/lab-1/locations/global/publishers/google/models/gemini-x"
                       ":streamGenerateContent?alt=sse HTTP/1.1")
    assert "Authorization: Bearer (a token that is fetched when it is sent)" in head
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hello"}]}]
    assert not vertex.requests


def test_dry_run_azure(gateway):
    add(gateway, "azure", "http://127.0.0.1:1", AZURE_KEY)
    _, head, body = dry_run(gateway, "@work/my-gpt")
    assert head[0] == ("POST /openai/deployments/my-gpt/chat/completions?api-version=2024-10-21 "
                       "HTTP/1.1")
    assert [line for line in head if line.startswith("api-key: ")] == ["api-key: …cdef"]
    assert not any(line.lower().startswith("authorization") for line in head)
    assert body["messages"] == [{"role": "user", "content": "hello"}]
