# SPDX-License-Identifier: Apache-2.0
"""Azure behind OpenAI's endpoint: deployments, version 1, Foundry, Claude and Microsoft Entra."""

import json

import pytest

import shapes
from answers import broken_stream, calls_of, chunks_of, finishes_of, good, joined, message_of
from conftest import chat_body, new_secret, running
from gateway import Gateway
from mock_azure import MockAzure
from mock_tokens import MockTokens

TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "app-1"
DEPLOYMENTS = ("chat-eu", "gpt-4", "gpt-35-turbo", "gpt-5.2-pro", "grok-4.3", "claude-opus-4-7",
               "text-embedding-3-small")
CLASSIC = "/openai/deployments/chat-eu/chat/completions?api-version="
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}}}}


@pytest.fixture(scope="module")
def tokens():
    endpoint = MockTokens(clients={(TENANT, CLIENT): new_secret("entra")})
    yield endpoint
    endpoint.close()


@pytest.fixture(scope="module")
def mock(tokens):
    upstream = MockAzure(DEPLOYMENTS, tokens=tokens.issued)
    yield upstream
    upstream.close()


def options(**values):
    return [word for name, value in values.items() for word in ("--option", f"{name}={value}")]


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory, mock, tokens):
    gateway = Gateway(tmp_path_factory.mktemp("azure") / "home")
    gateway.key = gateway.create_key("test")
    entra = options(tenant=TENANT, client_id=CLIENT, authority=tokens.url)
    added = {
        "plain": ("azure", mock.url, []),
        "named": ("azure", mock.url, options(deployment="chat-eu")),
        "old": ("azure", mock.url, options(deployment="chat-eu", api_version="2024-06-01")),
        "copied": ("azure", mock.url + CLASSIC + "2025-01-01-preview", []),
        "v1": ("azure", mock.url + "/openai/v1", options(deployment="chat-eu")),
        "preview": ("azure", mock.url, options(deployment="chat-eu", api_version="preview")),
        "foundry": ("azure-ai-foundry", mock.url + "/models", []),
        "models": ("azure", mock.url + "/models", []),
        "claude": ("azure-anthropic", mock.url, []),
        "entra": ("azure", mock.url, entra),
        "entra-claude": ("azure-anthropic", mock.url + "/anthropic", entra)}
    keys = {}
    for label, (provider, url, more) in added.items():
        keys[label] = tokens.clients[(TENANT, CLIENT)] if label.startswith("entra") else \
            new_secret(label)
        gateway.add_provider(provider, url, keys[label], *more, name=label)
    mock.keys |= {key for label, key in keys.items() if not label.startswith("entra")}
    with running(gateway, mock, keys) as lab:
        lab.tokens = tokens
        yield lab


@pytest.fixture
def tokens_lab(lab, tokens):
    """The lab with a clean record of the token endpoint."""
    tokens.forget()
    return lab


@pytest.mark.parametrize("label, model, target, sent", [
    ("plain", "gpt-4", "/openai/deployments/gpt-4/chat/completions?api-version=2024-10-21", None),
    ("plain", "gpt-3.5-turbo",
     "/openai/deployments/gpt-35-turbo/chat/completions?api-version=2024-10-21", None),
    ("named", "gpt-4", CLASSIC + "2024-10-21", None),
    ("old", "gpt-4", CLASSIC + "2024-06-01", None),
    ("copied", "gpt-4", CLASSIC + "2025-01-01-preview", None),
    ("v1", "gpt-4", "/openai/v1/chat/completions", "chat-eu"),
    ("preview", "gpt-4", "/openai/v1/chat/completions?api-version=preview", "chat-eu"),
    ("foundry", "grok-4-3", "/models/chat/completions?api-version=2024-05-01-preview", "grok-4.3"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_every_kind_of_address(lab, label, model, target, sent, stream):
    if stream:
        chunks = chunks_of(lab.stream(f"@{label}/{model}", "one two three"))
        assert joined(chunks) == "one two three" and finishes_of(chunks) == ["stop"]
    else:
        assert message_of(lab.chat(f"@{label}/{model}", "one two three"))["content"] == \
            "one two three"
    request = lab.mock.last
    assert request.target == target
    assert request.header("api-key") == lab.provider_keys[label]
    assert request.header("authorization") is None
    if sent:
        assert request.json()["model"] == sent


def test_what_azure_adds_stays(lab):
    answer = good(lab.chat("@named/gpt-4"))
    assert answer["prompt_filter_results"][0]["content_filter_results"]["hate"]["severity"] == "safe"
    assert answer["metadata"]["used_provider"] == "azure"
    assert answer["usage"]["cost"] > 0


def test_a_stream_with_its_usage(lab):
    chunks = chunks_of(lab.stream("@named/gpt-4", stream_options={"include_usage": True}))
    assert [chunk["usage"]["prompt_tokens"] for chunk in chunks if chunk.get("usage")] == [3]


@pytest.mark.parametrize("splits", [range(1, 4000, 7), [1, 90, 200, 333, 334, 700]])
def test_a_stream_in_small_pieces(lab, splits):
    lab.mock.script("chat-eu", splits=splits, text="kůň 🐎")
    assert joined(chunks_of(lab.stream("@named/gpt-4"))) == "kůň 🐎"


def test_old_versions_are_not_asked_for_the_usage(lab):
    asked = {"stream_options": {"include_usage": True}}
    head = lab.stream("@old/gpt-4", **asked)
    assert head.header("x-llmgw-changed") == "dropped=stream_options"
    chunks = chunks_of(head)
    assert chunks[-1]["usage"]["estimated"] is True
    assert "stream_options" not in lab.mock.last.json()


def test_an_error_behind_the_verdict_on_the_prompt_is_an_error_status(lab):
    lab.mock.script("chat-eu", stream_error=True)
    answer = lab.chat("@named/gpt-4", stream=True)
    error = answer.error
    assert answer.status == 400 and error["code"] == "content_filter"
    assert "The response was filtered." in error["message"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_filtered_prompt(lab, stream):
    answer = lab.chat("@named/gpt-4", "please blockme", stream=stream)
    assert answer.status == 400 and answer.error["code"] == "content_filter"
    assert answer.error["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert len(lab.mock.requests) == 1


def test_a_deployment_that_is_not_there(lab):
    answer = lab.chat("@plain/gpt-4-turbo")
    assert answer.status == 404 and "deployment" in answer.error["message"]


def test_a_wrong_key(lab):
    lab.mock.keys.remove(lab.provider_keys["named"])
    try:
        answer = lab.chat("@named/gpt-4")
    finally:
        lab.mock.keys.add(lab.provider_keys["named"])
    error = shapes.check_error(answer, 502, code="upstream_error")
    assert "named" in error["message"] and "was refused (401)" in error["message"]


def test_a_limit_says_when_to_come_back(lab):
    lab.mock.script("chat-eu", status=429, headers=[("retry-after", "9")])
    answer = lab.chat("@named/gpt-4")
    assert answer.status == 429 and answer.header("retry-after") == "9"


@pytest.mark.parametrize("script", [{"cut": (4, "fin")}, {"cut": (4, "rst")}])
def test_a_stream_that_is_cut(lab, script):
    lab.mock.script("chat-eu", **script)
    broken_stream(lab.stream("@named/gpt-4", "one two three four"))


def test_embeddings(lab):
    body = {"model": "@plain/text-embedding-3-small", "input": ["a", "b"]}
    answer = lab.request("POST", "/v1/embeddings", (), body)
    assert len(good(answer)["data"]) == 2
    assert lab.mock.last.target == \
        "/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("label, target, sent", [
    ("plain", "/openai/responses?api-version=2025-04-01-preview", "gpt-5.2-pro"),
    ("v1", "/openai/v1/responses", "chat-eu")])
def test_models_of_the_responses_api(lab, label, target, sent, stream):
    if stream:
        chunks = chunks_of(lab.stream(f"@{label}/gpt-5.2-pro", "parallel", tools=[WEATHER]))
        calls = calls_of(chunks)
    else:
        calls = message_of(lab.chat(f"@{label}/gpt-5.2-pro", tools=[WEATHER]))["tool_calls"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"city": "text"}
    assert lab.mock.last.target == target and lab.mock.last.json()["model"] == sent
    assert lab.mock.last.header("api-key") == lab.provider_keys[label]


def test_an_address_without_the_responses_api(lab):
    error = shapes.check_error(lab.chat("@models/gpt-5.2-pro"), 400, param="model")
    assert "/openai/v1" in error["message"] and not lab.mock.requests


@pytest.mark.parametrize("stream", [False, True])
def test_claude_at_foundry(lab, stream):
    model = "@claude/claude-opus-4-7"
    if stream:
        assert joined(chunks_of(lab.stream(model, "one two three"))) == "one two three"
    else:
        assert message_of(lab.chat(model, "one two three"))["content"] == "one two three"
    request = lab.mock.last
    assert request.target == "/anthropic/v1/messages"
    assert request.header("x-api-key") == lab.provider_keys["claude"]
    assert request.header("api-key") is None and request.header("authorization") is None


# Microsoft Entra.

def test_a_secret_is_exchanged_for_a_token(tokens_lab, tokens):
    for _ in range(3):
        assert message_of(tokens_lab.chat("@entra/gpt-4", "hello"))["content"] == "hello"
    assert len(tokens.requests) <= 1  # another test may have fetched it already
    assert tokens_lab.mock.last.header("authorization").startswith("Bearer eyJ")
    assert tokens_lab.mock.last.header("api-key") is None


def test_claude_takes_the_same_token(tokens_lab, tokens):
    assert message_of(tokens_lab.chat("@entra/gpt-4", "x"))["content"] == "x"
    fetched = len(tokens.requests)
    chunks = chunks_of(tokens_lab.stream("@entra-claude/claude-opus-4-7", "hello"))
    assert joined(chunks) == "hello" and len(tokens.requests) == fetched
    assert tokens_lab.mock.last.header("authorization").startswith("Bearer eyJ")
    assert tokens_lab.mock.last.header("x-api-key") is None


def add_entra(gateway, lab, secret, **more):
    values = {"tenant": TENANT, "client_id": CLIENT, "authority": lab.tokens.url, **more}
    gateway.add_provider("azure", lab.mock.url, secret, *options(**values))


def own_gateway(make_gateway, lab, secret, **more):
    gateway = make_gateway("entra")
    gateway.key = gateway.create_key("test")
    add_entra(gateway, lab, secret, **more)
    return gateway.start()


@pytest.mark.parametrize("change, words", [
    ({}, "AADSTS7000215: Invalid client secret provided."),
    ({"client_id": "other"}, "AADSTS700016: Application was not found in the directory."),
])
def test_a_refused_client_is_told_in_the_endpoints_words(tokens_lab, make_gateway, change, words):
    secret = new_secret("wrong")
    gateway = own_gateway(make_gateway, tokens_lab, secret, **change)
    body = chat_body("azure/gpt-4")
    answer = gateway.connect().request("POST", "/v1/chat/completions", (), body)
    error = shapes.check_error(answer, 502)
    assert words in error["message"] and "Trace ID" not in error["message"]
    assert secret not in answer.body.decode()
    assert not tokens_lab.mock.requests


def test_a_token_that_is_refused_is_fetched_anew(tokens_lab, make_gateway):
    lab, tokens = tokens_lab, tokens_lab.tokens
    gateway = own_gateway(make_gateway, lab, lab.provider_keys["entra"])
    client = gateway.connect()

    def ask():
        return client.request("POST", "/v1/chat/completions", (), chat_body("azure/gpt-4"))

    good(ask())
    revoked = lab.mock.last.header("authorization").removeprefix("Bearer ")
    tokens.issued.discard(revoked)
    good(ask())
    assert len(tokens.requests) == 2
    assert lab.mock.last.header("authorization") != f"Bearer {revoked}"


def test_the_command_line_shows_the_request(lab):
    shown = lab.gateway.cli("chat", "-m", "@named/gpt-4", "--dry-run", "hi")
    head, _, body = shown.partition("\n\n")
    assert f"POST {CLASSIC}2024-10-21 HTTP/1.1" in head
    assert lab.provider_keys["named"] not in shown
    assert json.loads(body)["messages"][0]["content"] == "hi"
    assert "api-key: " in head and "Authorization" not in head
    entra = lab.gateway.cli("chat", "-m", "@entra/gpt-4", "--dry-run", "hi")
    assert "a token that is fetched when it is sent" in entra


@pytest.mark.parametrize("plain", [False, True])
def test_the_verdict_on_the_prompt_is_no_chunk_of_the_answer(lab, plain):
    headers = [("x-llmgw-plain", "true")] if plain else []
    head = lab.stream("@named/gpt-4", "one two", headers)
    chunks = chunks_of(head)
    assert any("prompt_filter_results" in chunk for chunk in chunks) == plain
    assert bool(chunks[0]["choices"]) == (not plain)
    assert joined(chunks) == "one two"
