# SPDX-License-Identifier: Apache-2.0
"""Vertex AI with a service account: its key is exchanged for a token, which Gemini and Claude take."""

import concurrent.futures
import json

import pytest

import shapes
from answers import broken_stream, calls_of, chunks_of, good, joined, message_of
from conftest import chat_body, new_secret, running
from gateway import Gateway
from http_raw import wait_until
from mock_tokens import MockTokens
from mock_vertex import MockVertex
from token_rules import make_service_account

GEMINI = "@google-vertex/gemini-3-flash-preview"  # and not the other key, `express`
CLAUDE = "vertex-anthropic/claude-sonnet-4-5"
CLOCK = {"type": "function", "function": {"name": "clock"}}


class Google:
    """Google as one gateway sees it: a service account, the token endpoint, and Vertex AI."""

    def __init__(self, folder, **tokens):
        self.tokens = MockTokens(**tokens)
        self.vertex = MockVertex()
        self.vertex.tokens = self.tokens.issued
        self.key_file, modulus = make_service_account(folder, self.tokens.url + "/token")
        self.account = json.loads(self.key_file.read_text("utf-8"))
        self.tokens.accounts[self.account["client_email"]] = modulus

    def close(self):
        self.tokens.close()
        self.vertex.close()

    def add_to(self, gateway, provider="google-vertex", *more):
        gateway.cli("providers", "add", provider, "--base-url", self.vertex.url,
                    "--key-file", str(self.key_file), *more)


@pytest.fixture(scope="module")
def google(tmp_path_factory):
    world = Google(tmp_path_factory.mktemp("google"))
    yield world
    world.close()


@pytest.fixture
def own_google(tmp_path):
    """One that has not been asked for a token yet."""
    world = Google(tmp_path)
    yield world
    world.close()


@pytest.fixture(scope="module")
def mock(google):
    return google.vertex


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory, mock, google):
    gateway = Gateway(tmp_path_factory.mktemp("vertex") / "home")
    gateway.key = gateway.create_key("test")
    lines = google.account["private_key"].splitlines()
    gateway.secrets += [line for line in lines if not line.startswith("-")]
    google.add_to(gateway)
    google.add_to(gateway, "vertex-anthropic", "--region", "europe-west1")
    google.add_to(gateway, "google-vertex", "--name", "other", "--option", "project=project-2")
    secret = new_secret("express")
    mock.keys.add("AIza" + secret)
    gateway.add_provider("google-vertex", mock.url, "AIza" + secret, name="express")
    with running(gateway, mock, {"express": "AIza" + secret}) as lab:
        yield lab


def gateway_for(make_gateway, google, *more):
    gateway = make_gateway("vertex")
    gateway.key = gateway.create_key("test")
    google.add_to(gateway, "google-vertex", *more)
    return gateway.start()


def ask(gateway, text="hello", model=GEMINI):
    with gateway.connect() as client:
        return client.request("POST", "/v1/chat/completions", (), chat_body(model, text))


@pytest.mark.parametrize("stream", [False, True])
def test_gemini(lab, stream):
    if stream:
        assert joined(chunks_of(lab.stream(GEMINI, "one two three"))) == "one two three"
    else:
        answer = lab.chat(GEMINI, "one two three")
        assert message_of(answer)["content"] == "one two three"
        shapes.check_translated(answer.json())
        assert answer.json()["usage"]["cost"] > 0
    request = lab.mock.last
    call = "streamGenerateContent?alt=sse" if stream else "generateContent"
    assert request.target == "/v1/projects/project-1/locations/global/publishers/google/models/" \
                             f"gemini-3-flash-preview:{call}"
    assert request.header("authorization").startswith("Bearer ya29.")
    assert request.header("x-goog-api-key") is None


@pytest.mark.parametrize("stream", [False, True])
def test_claude(lab, stream):
    if stream:
        assert joined(chunks_of(lab.stream(CLAUDE, "one two three"))) == "one two three"
    else:
        answer = lab.chat(CLAUDE, "one two three")
        assert message_of(answer)["content"] == "one two three"
        shapes.check_translated(answer.json())
    request = lab.mock.last
    call = "streamRawPredict" if stream else "rawPredict"
    assert request.target == "/v1/projects/project-1/locations/europe-west1/publishers/anthropic/" \
                             f"models/claude-sonnet-4-5:{call}"
    assert request.json()["anthropic_version"] == "vertex-2023-10-16"
    assert request.header("x-api-key") is None


@pytest.mark.parametrize("model", [GEMINI, CLAUDE])
def test_a_round_of_calls(lab, model):
    calls = calls_of(chunks_of(lab.stream(model, tools=[CLOCK], tool_choice="required")))
    assert calls[0]["function"]["name"] == "clock"
    good(lab.request("POST", "/v1/chat/completions", (), {"model": model, "tools": [CLOCK],
         "messages": [{"role": "user", "content": "time?"},
                      {"role": "assistant", "content": None, "tool_calls": calls},
                      {"role": "tool", "tool_call_id": calls[0]["id"], "content": "noon"}]}))


def test_all_providers_share_one_token(lab, google):
    good(lab.chat(GEMINI))
    fetched = len(google.tokens.requests)
    good(lab.chat(CLAUDE))
    good(lab.chat(GEMINI))
    assert len(google.tokens.requests) == fetched == 1


def test_express_mode_takes_an_api_key(lab):
    good(lab.chat("@express/gemini-3-flash-preview"))
    assert lab.mock.last.target == "/v1/publishers/google/models/gemini-3-flash-preview:" \
                                   "generateContent"
    assert lab.mock.last.header("x-goog-api-key") == lab.provider_keys["express"]


def test_another_project_than_the_files(lab):
    answer = lab.chat("@other/gemini-3-flash-preview")
    assert answer.status == 403 and "project-2" in answer.error["message"]


@pytest.mark.parametrize("model, script", [
    (GEMINI, {"fail_midway": True}), (GEMINI, {"cut": (2, "fin")}), (CLAUDE, {"cut": (5, "rst")})])
def test_streams_that_fail(lab, model, script):
    lab.mock.script(model.partition("/")[2], **script)
    broken_stream(lab.stream(model, "one two three four"))


def test_a_limit_of_the_platform(lab):
    for model in (GEMINI, CLAUDE):
        lab.mock.script(model.partition("/")[2], status=429)
        answer = lab.chat("@" + model.lstrip("@"))
        assert answer.status == 429 and "scripted 429" in answer.error["message"]


# The token.

def test_many_requests_at_once_fetch_one_token(own_google, make_gateway):
    gateway = gateway_for(make_gateway, own_google)
    own_google.tokens.script("/token", head_gate="go")
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        answers = [pool.submit(ask, gateway) for _ in range(100)]
        own_google.tokens.wait_requests(1)
        # All of them are in before the token comes.
        wait_until(lambda: gateway.descriptors() > 100, what="100 connections")
        own_google.tokens.open_gate("go")
        assert {answer.result().status for answer in answers} == {200}
    assert len(own_google.tokens.requests) == 1
    assert len(own_google.vertex.requests) == 100


def test_an_old_token_is_replaced(own_google, make_gateway):
    own_google.tokens.lifetime = 1
    gateway = gateway_for(make_gateway, own_google)
    good(ask(gateway))
    first = own_google.vertex.last.header("authorization")
    wait_until(lambda: good(ask(gateway)) and
               own_google.vertex.last.header("authorization") != first, what="another token")
    assert len(own_google.tokens.requests) == 2


@pytest.mark.parametrize("script, words", [
    ({"status": 503}, "503"),
    ({"status": 400, "body": {"error": "invalid_grant", "error_description": "Account is gone."}},
     "invalid_grant: Account is gone."),
    ({"body": "no json"}, "no token"), ({"body": {"access_token": ""}}, "no token"),
    ({"body": {"access_token": "a b"}}, "no token"), ({"drop": "fin"}, "no token"),
    ({"drop": "rst"}, "no token")])
def test_no_token_no_answer(own_google, make_gateway, script, words):
    gateway = gateway_for(make_gateway, own_google)
    own_google.tokens.script("/token", **script)
    for _ in range(3):
        answer = ask(gateway)
        error = shapes.check_error(answer, 502)
        assert words in error["message"], error
        assert own_google.account["client_email"] in error["message"]
        assert "PRIVATE KEY" not in answer.body.decode()
    # What failed a moment ago is not asked again at once.
    assert len(own_google.tokens.requests) <= 2
    assert not own_google.vertex.requests


def test_an_endpoint_that_is_not_there(own_google, make_gateway):
    own_google.tokens.close()
    gateway = gateway_for(make_gateway, own_google)
    error = shapes.check_error(ask(gateway), 502)
    assert "no token for the service account" in error["message"]


def test_a_key_that_google_does_not_know(own_google, make_gateway):
    own_google.tokens.accounts.clear()
    gateway = gateway_for(make_gateway, own_google)
    error = shapes.check_error(ask(gateway), 502)
    assert "account not found" in error["message"]


def test_a_refused_token_is_fetched_anew(own_google, make_gateway):
    gateway = gateway_for(make_gateway, own_google)
    good(ask(gateway))
    revoked = own_google.vertex.last.header("authorization").removeprefix("Bearer ")
    own_google.tokens.issued.discard(revoked)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = [pool.submit(ask, gateway) for _ in range(20)]
        assert {answer.result().status for answer in answers} == {200}
    assert len(own_google.tokens.requests) == 2


def test_a_provider_that_refuses_every_token_costs_no_storm(own_google, make_gateway):
    gateway = gateway_for(make_gateway, own_google)
    own_google.vertex.tokens = set()
    for _ in range(5):
        error = shapes.check_error(ask(gateway), 502)
        assert "was refused (401)" in error["message"]
    assert len(own_google.tokens.requests) == 2
    assert len(own_google.vertex.requests) == 6


# Setting it up.

@pytest.mark.parametrize("change, words", [
    ({"type": "authorized_user"}, "service_account"), ({"private_key": "x"}, "not an RSA key"),
    ({"private_key": ""}, "private_key"), ({"client_email": ""}, "client_email"),
    ({"token_uri": "http://example.com/token"}, "https")])
def test_a_file_that_is_no_key(own_google, make_gateway, change, words):
    own_google.key_file.write_text(json.dumps({**own_google.account, **change}), "utf-8")
    gateway = make_gateway("vertex")
    gateway.key = gateway.create_key("test")
    added = gateway.run("providers", "add", "google-vertex", "--base-url", own_google.vertex.url,
                        "--option", "project=project-1", "--key-file", str(own_google.key_file))
    text = added.stderr
    if added.returncode == 0:  # then it is said when it is used
        gateway.start()
        answer = ask(gateway)
        assert answer.status >= 400
        text += answer.body.decode() + gateway.stderr + gateway.run("providers", "list").stdout
    assert words in text, text
    assert "PRIVATE KEY" not in text
    assert not own_google.tokens.requests and not own_google.vertex.requests


def test_the_command_line(lab):
    shown = lab.gateway.cli("chat", "-m", GEMINI, "--dry-run", "hi")
    assert "POST /v1/projects/project-1/locations/global/" in shown
    assert "a token that is fetched when it is sent" in shown
    assert lab.gateway.cli("chat", "-m", GEMINI, "hello from here").strip() == "hello from here"
