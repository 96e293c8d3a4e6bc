# SPDX-License-Identifier: Apache-2.0
"""What a model's name means, what a request needs, and the settings of single providers and models."""

import json
import time

import pytest

import shapes
from http_raw import wait_until

PICTURE = [{"type": "text", "text": "what is this?"},
           {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
TOOL = {"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "s", "schema": {"type": "object"}}}


def models_of(lab):
    return [model["id"] for model in lab.request("GET", "/v1/models").json()["data"]]


def test_auto(lab):
    plain = lab.chat("auto")
    assert plain.status == 200
    used = plain.json()["metadata"]
    assert used["requested_model"] == "auto" and used["used_model"] != "auto"
    assert lab.mock.last.json()["model"] != "auto"


@pytest.mark.parametrize("needs", [
    {"messages": [{"role": "user", "content": PICTURE}]}, {"tools": [TOOL]},
    {"response_format": SCHEMA}, {"stream": True, "tools": [TOOL], "response_format": SCHEMA}])
def test_auto_can_do_what_is_asked(lab, needs):
    body = {"model": "auto", "messages": [{"role": "user", "content": "x"}], **needs}
    answer = lab.request("POST", "/v1/chat/completions", body=body)
    assert answer.status == 200, answer.body
    model = json.loads(lab.gateway.cli("models", "show", answer.header("x-llmgw-model"), "--json"))
    provider = answer.header("x-llmgw-provider")
    able = next(offer for offer in model["mappings"] if offer["provider"] == provider)
    wanted = {"vision"} if "messages" in needs else set()
    wanted |= {"tools"} if "tools" in needs else set()
    wanted |= {"schema"} if "response_format" in needs else set()
    assert all(able["capabilities"][name] is True for name in wanted), able


def test_auto_is_listed_like_any_model(lab):
    assert "auto" in models_of(lab)
    answer = lab.request("GET", "/v1/models/auto")
    assert shapes.check(answer.json(), "model")["id"] == "auto"


def test_auto_is_not_for_embeddings(lab):
    answer = lab.request("POST", "/v1/embeddings", body={"model": "auto", "input": "x"})
    assert "name the model" in shapes.check_error(answer, 400)["message"]
    assert not lab.mock.requests


def test_what_no_provider_of_the_model_can_do(lab):
    answer = lab.chat("gpt-oss-120b", PICTURE)
    error = shapes.check_error(answer, 400, code="unsupported_by_model")
    assert "groq does not take images" in error["message"]
    assert "models that can: " in error["message"] and error["param"] == "messages"
    assert not lab.mock.requests, "nobody is asked in vain"
    # A text about pictures is none, and who names a provider gets it.
    assert lab.chat("gpt-oss-120b", 'what is {"type":"image_url"}?').status == 200
    assert lab.chat("groq/gpt-oss-120b", PICTURE).status == 200


def test_a_prompt_that_fits_nobody(lab):
    answer = lab.chat("gpt-oss-120b", "word " * 200_000)
    error = shapes.check_error(answer, 400, code="context_length_exceeded")
    assert "too small a context" in error["message"]
    assert not lab.mock.requests


@pytest.mark.parametrize("name", ["alibaba/qwen-max:us-virginia", "alibaba/qwen-max"])
def test_a_provider_without_a_key(lab, name):
    error = shapes.check_error(lab.chat(name), 400, code="no_provider_key")
    assert "llmgw providers add alibaba" in error["message"]


def test_regions(private_lab):
    lab, gateway = private_lab, private_lab.gateway
    for label, region in (("alibaba", ""), ("beijing", "cn-beijing")):
        key = f"sk-region-{label}-0123456789"
        lab.provider_keys[label] = key
        lab.mock.keys.add(key)
        gateway.add_provider("alibaba", lab.mock.url, key, *(("--region", region) if region else ()),
                             name=label)
    wait_until(lambda: lab.chat("alibaba/qwen-max:cn-beijing").status == 200, 3)
    assert lab.provider_of(lab.mock.last) == "beijing"
    assert lab.mock.last.json()["model"] == "qwen-max"
    assert lab.chat("alibaba/qwen-max:singapore").status == 200
    assert lab.provider_of(lab.mock.last) == "alibaba"
    error = shapes.check_error(lab.chat("alibaba/qwen-max:us-virginia"), 400)
    assert "--region us-virginia" in error["message"]
    shapes.check_error(lab.chat("alibaba/qwen-max:free"), 404, code="model_not_found")


def test_a_colon_of_another_kind(lab):
    assert lab.chat("lab/llama3:8b").status == 200
    assert lab.mock.last.json()["model"] == "llama3:8b"


def test_timeouts_of_one_provider_and_one_model(make_gateway, mock):
    gateway = make_gateway()
    gateway.key = gateway.create_key("test")
    gateway.add_provider("custom", mock.url, "sk-timeouts-0123456789", name="lab")
    mock.keys.add("sk-timeouts-0123456789")
    gateway.set("timeouts.first_byte.lab", "60s")
    gateway.set("timeouts.first_byte.lab/slow", "200ms")
    gateway.start()
    mock.script("slow", hang=True)
    mock.script("other", delay_head=0.6)
    body = {"messages": [{"role": "user", "content": "x"}]}
    start = time.monotonic()
    slow = gateway.connect().request("POST", "/v1/chat/completions", (), {**body, "model": "lab/slow"})
    assert slow.status == 504 and time.monotonic() - start < 30
    other = gateway.connect().request("POST", "/v1/chat/completions", (),
                                      {**body, "model": "lab/other"})
    assert other.status == 200
