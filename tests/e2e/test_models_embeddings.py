# SPDX-License-Identifier: Apache-2.0
"""Every endpoint but chat: models, embeddings, completions and the health checks."""

import base64
import json
import struct

import pytest

import shapes
from http_raw import wait_until

EMBEDDINGS = "/v1/embeddings"


def test_the_list_of_models(lab):
    answer = lab.request("GET", "/v1/models")
    assert answer.status == 200
    models = shapes.check(json.loads(answer.body), "models")["data"]
    ids = [model["id"] for model in models]
    assert len(ids) == len(set(ids))
    assert "gpt-4o-mini" in ids and "gpt-oss-120b" in ids and "mock/echo" in ids
    assert "claude-haiku-4-5" not in ids  # no provider with a key serves it
    assert not lab.mock.requests or all(r.method == "GET" for r in lab.mock.requests)


def test_every_listed_model_can_be_looked_up(lab):
    client = lab.connect()
    for model in client.request("GET", "/v1/models").json()["data"]:
        answer = client.request("GET", "/v1/models/" + model["id"].replace("/", "%2F"))
        assert answer.status == 200 and answer.json()["id"] == model["id"]


@pytest.mark.parametrize("path, wanted", [
    ("gpt-4o-mini", "gpt-4o-mini"), ("openai/gpt-4o-mini", "openai/gpt-4o-mini"),
    ("openai%2Fgpt-4o-mini", "openai/gpt-4o-mini"), ("openai%2fgpt-4o-mini", "openai/gpt-4o-mini"),
    ("mock/echo", "mock/echo"), ("groq/gpt-oss-120b", "groq/gpt-oss-120b"),
    ("gpt%2D4o%2Dmini", "gpt-4o-mini")])
def test_one_model(lab, path, wanted):
    answer = lab.request("GET", "/v1/models/" + path)
    assert answer.status == 200, answer.body
    assert shapes.check(answer.json(), "model")["id"] == wanted


@pytest.mark.parametrize("path", ["gpt-4o-mimi", "no/such/model", "%00", "%zz", "..%2f..%2fetc", "%"])
def test_an_unknown_model(lab, path):
    answer = lab.request("GET", "/v1/models/" + path)
    assert answer.status in (400, 404)
    error = shapes.check_error(answer, answer.status)
    if path == "gpt-4o-mimi":
        assert error["code"] == "model_not_found" and "gpt-4o-mini" in error["message"]
    assert not lab.mock.requests


def test_an_alias_is_listed_while_its_target_can_be_used(lab):
    lab.gateway.cli("models", "alias", "quick-one", "openai/gpt-4o-mini")
    lab.gateway.cli("models", "alias", "nowhere", "anthropic/claude-haiku-4-5")
    ids = lambda: [m["id"] for m in lab.request("GET", "/v1/models").json()["data"]]  # noqa: E731
    wait_until(lambda: "quick-one" in ids(), 3)
    assert "nowhere" not in ids()
    answer = lab.request("GET", "/v1/models/quick-one")
    assert shapes.check(answer.json(), "model")["id"] == "quick-one"
    lab.gateway.cli("models", "unalias", "quick-one")
    wait_until(lambda: "quick-one" not in ids(), 3)


def test_a_key_is_needed_for_models(lab):
    shapes.check_error(lab.request("GET", "/v1/models", auth=False), 401, code="invalid_api_key")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_needs_no_key(lab, path):
    answer = lab.request("GET", path, auth=False)
    assert answer.status == 200 and answer.body
    assert lab.request("HEAD", path, auth=False).status == 200


@pytest.mark.parametrize("given", ["one", ["one", "two"], [1, 2, 3], [[1, 2], [3]]])
def test_embeddings(lab, given):
    body = {"model": "openai/text-embedding-3-small", "input": given, "dimensions": 3}
    answer = lab.request("POST", EMBEDDINGS, body=body)
    assert answer.status == 200, answer.body
    value = shapes.check(answer.json(), "embeddings")
    assert all(len(entry["embedding"]) == 3 for entry in value["data"])
    assert lab.mock.last.json() == {**body, "model": "text-embedding-3-small"}
    assert lab.mock.last.target == EMBEDDINGS
    assert answer.header("x-llmgw-provider") == "openai"


def test_embeddings_cost(lab):
    lab.mock.script("text-embedding-3-small", usage={"prompt_tokens": 1000, "total_tokens": 1000})
    answer = lab.request("POST", EMBEDDINGS, body={"model": "text-embedding-3-small", "input": "x"})
    assert abs(answer.json()["usage"]["cost"] - 0.00002) < 1e-15
    assert answer.json()["metadata"]["used_model"] == "text-embedding-3-small"


def test_base64_embeddings_pass_untouched(lab):
    body = {"model": "lab/e", "input": "x", "encoding_format": "base64", "dimensions": 1000}
    answer = lab.request("POST", EMBEDDINGS, body=body)
    packed = answer.json()["data"][0]["embedding"]
    vector = struct.unpack("<1000f", base64.b64decode(packed))
    assert abs(vector[0] - 0.5) < 1e-6
    plain = lab.request("POST", EMBEDDINGS, [("x-llmgw-plain", "true")], body)
    assert plain.body == json.dumps(json.loads(plain.body), separators=(",", ":")).encode()
    assert b"metadata" not in plain.body and b'"cost"' not in plain.body


def test_the_encoding_format_is_never_invented(lab):
    raw = b'{"model":"lab/e","input":"x"}'
    assert lab.request("POST", EMBEDDINGS, body=raw).status == 200
    assert lab.mock.last.body == b'{"model":"e","input":"x"}'


def test_embeddings_without_usage(lab):
    lab.mock.script("e", no_usage=True)
    answer = lab.request("POST", EMBEDDINGS, body={"model": "lab/e", "input": "x"})
    assert answer.status == 200 and answer.json()["data"]


def test_completions(lab):
    body = {"model": "lab/m", "prompt": "say this", "max_tokens": 5, "echo": False, "n": 2}
    answer = lab.request("POST", "/v1/completions", body=body)
    value = shapes.check(answer.json(), "completion")
    assert [choice["text"] for choice in value["choices"]] == ["say this"] * 2
    assert lab.mock.last.target == "/v1/completions"
    assert lab.mock.last.json() == {**body, "model": "m"}
    assert answer.json()["metadata"]["used_provider"] == "lab"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", EMBEDDINGS])
def test_the_mock_provider_serves_every_endpoint(lab, path):
    body = {"model": "mock/echo", "messages": [{"role": "user", "content": "hi"}], "prompt": "hi",
            "input": "hi"}
    answer = lab.request("POST", path, body=body)
    if path == EMBEDDINGS and answer.status in (400, 404):
        shapes.check_error(answer, answer.status)
        return
    assert answer.status == 200
    root = {"/v1/chat/completions": "chat.completion", "/v1/completions": "completion"}
    shapes.check(answer.json(), root.get(path, "embeddings"))
