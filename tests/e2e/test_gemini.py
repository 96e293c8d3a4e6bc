# SPDX-License-Identifier: Apache-2.0
"""Gemini behind OpenAI's endpoint: a strict mock takes only what Google's API takes."""

import json

import pytest

import shapes
from answers import (broken_stream, calls_of, chunks_of, deltas_of, finishes_of, good, joined,
                     message_of)
from conftest import Lab, find_secrets, new_secret
from gateway import Gateway
from gemini_rules import NO_SIGNATURE, error_body, retry_info, signature_of, wrong_key
from mock_gemini import MockGemini

LABEL = "google-ai-studio"
MODEL = LABEL + "/gemini-3-flash-preview"
OLDER = f"@{LABEL}/gemini-2.5-flash"  # no longer in the catalog
WEATHER = {"type": "function", "function": {
    "name": "weather", "description": "The weather of a city.", "parameters": {
        "type": "object", "properties": {"city": {"$ref": "#/$defs/City"}},
        "required": ["city"], "additionalProperties": False,
        "$defs": {"City": {"type": "string"}}}}}
CLOCK = {"type": "function", "function": {"name": "clock"}}


@pytest.fixture(scope="module")
def mock():
    upstream = MockGemini(keys=set())
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory, mock):
    gateway = Gateway(tmp_path_factory.mktemp("gemini") / "home")
    gateway.key = gateway.create_key("test")
    secret = new_secret(LABEL)
    mock.keys.add(secret)
    gateway.add_provider(LABEL, mock.url, secret)
    gateway.start("--log-level", "debug")
    yield Lab(gateway, mock, {LABEL: secret})
    code = gateway.stop()
    assert not gateway.sanitizer_report(), gateway.stderr
    assert code == 0, f"serve ended with {code}: {gateway.stderr[-2000:]}"
    find_secrets(gateway)


def ask(lab, messages, **fields):
    body = {"model": MODEL, "messages": messages, **fields}
    return lab.request("POST", "/v1/chat/completions", (), body)


def test_a_plain_answer(lab):
    answer = lab.chat(MODEL, "one two three", temperature=0.5, max_tokens=20)
    assert message_of(answer)["content"] == "one two three"
    body = answer.json()
    shapes.check_translated(body)
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["prompt_tokens"] == 3 and body["usage"]["completion_tokens"] == 3
    assert answer.header("x-llmgw-provider") == LABEL
    assert lab.mock.last.json()["generationConfig"] == {"maxOutputTokens": 20, "temperature": 0.5}


def test_the_key_goes_into_its_own_header_only(lab):
    good(lab.chat(MODEL))
    request = lab.mock.last
    assert request.target == "/v1beta/models/gemini-3-flash-preview:generateContent"
    assert request.header("x-goog-api-key") == lab.provider_keys[LABEL]
    assert request.header("authorization") is None


def test_a_stream(lab):
    chunks = chunks_of(lab.stream(MODEL, "one two three", stream_options={"include_usage": True}))
    assert lab.mock.last.target.endswith(":streamGenerateContent?alt=sse")
    assert joined(chunks) == "one two three"
    for chunk in chunks:
        shapes.check_translated(chunk, "chat.completion.chunk")
    assert chunks[-1]["usage"]["completion_tokens"] == 3
    assert finishes_of(chunks) == ["stop"]


@pytest.mark.parametrize("splits", ["bytes", [1, 7, 50, 51, 52, 53, 200]])
def test_a_stream_in_small_pieces(lab, splits):
    lab.mock.script("gemini-3-flash-preview", splits=splits, text="žluťoučký kůň 🐎")
    assert joined(chunks_of(lab.stream(MODEL))) == "žluťoučký kůň 🐎"


@pytest.mark.parametrize("stream", [False, True])
def test_a_round_of_parallel_calls(lab, stream):
    user = {"role": "user", "content": "parallel please"}
    if stream:
        body = {"model": MODEL, "messages": [user], "tools": [WEATHER, CLOCK], "stream": True}
        calls = calls_of(chunks_of(lab.connect().start("POST", "/v1/chat/completions", (), body)))
    else:
        answer = ask(lab, [user], tools=[WEATHER, CLOCK])
        assert answer.json()["choices"][0]["finish_reason"] == "tool_calls"
        calls = message_of(answer)["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["weather", "clock"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"city": {}}
    assert calls[0]["extra_content"] == {"google": {"thought_signature": signature_of("weather")}}
    assert len({call["id"] for call in calls}) == 2

    results = [{"role": "tool", "tool_call_id": call["id"], "content": call["function"]["name"]}
               for call in reversed(calls)]
    turn = [user, {"role": "assistant", "content": None, "tool_calls": calls}, *results]
    text = message_of(ask(lab, turn, tools=[WEATHER, CLOCK]))["content"]
    assert text == 'The tool said: {"output": "weather"} {"output": "clock"}'
    assert lab.mock.last.json()["contents"][1]["parts"][0]["thoughtSignature"] == \
        signature_of("weather")


def test_a_conversation_that_began_elsewhere_goes_on(lab):
    call = {"id": "toolu_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    turn = [{"role": "user", "content": "Time?"}, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "toolu_1", "content": "{\"t\": 5}"}]
    assert message_of(ask(lab, turn, tools=[CLOCK]))["content"] == 'The tool said: {"t": 5}'
    part = lab.mock.last.json()["contents"][1]["parts"][0]
    assert part["thoughtSignature"] == NO_SIGNATURE


@pytest.mark.parametrize("model", [MODEL, OLDER])
def test_thoughts(lab, model):
    answer = lab.chat(model, reasoning_effort="low")
    assert message_of(answer)["reasoning_content"] == "Let me think."
    usage = answer.json()["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 11
    assert usage["completion_tokens"] == 14


@pytest.mark.parametrize("model", [MODEL, OLDER, f"@{LABEL}/gemini-2.0-flash"])
def test_a_schema_for_the_answer(lab, model):
    schema = {"type": "object", "properties": {"n": {"type": "integer", "exclusiveMinimum": 0}},
              "required": ["n"], "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    assert json.loads(message_of(lab.chat(model, response_format=wanted))["content"]) == {"n": 7}


def test_what_had_to_be_changed_is_said(lab):
    answer = lab.chat(MODEL, stop=list("abcdef"), seed=2**40, logit_bias={"5": 1}, user="u")
    good(answer)
    assert answer.header("x-llmgw-changed") == "dropped=logit_bias,user; clamped=stop,seed"


def test_a_blocked_prompt(lab):
    lab.mock.script("gemini-3-flash-preview", block="SAFETY")
    choice = lab.chat(MODEL).json()["choices"][0]
    assert choice["finish_reason"] == "content_filter" and not choice["message"]["content"]


def test_a_limit_says_when_to_come_back(lab):
    lab.mock.script("gemini-3-flash-preview", status=429, details=[retry_info("34s")])
    answer = lab.chat(MODEL)
    assert answer.status == 429 and answer.header("retry-after") == "34"


def test_a_request_that_gemini_refuses(lab):
    lab.mock.script("gemini-3-flash-preview", status=400,
                    body=error_body(400, "Image too small."))
    answer = lab.chat(MODEL)
    assert answer.status == 400 and "Image too small." in answer.error["message"]


def test_a_wrong_key_is_no_fault_of_the_request(lab):
    refusal = wrong_key()
    lab.mock.script("gemini-3-flash-preview", status=refusal.status, body=refusal.body)
    answer = lab.chat(MODEL)
    assert answer.status == 502 and "was refused (401)" in answer.error["message"]


def test_an_error_instead_of_a_stream(lab):
    error = json.dumps([error_body(503, "The model is overloaded.")]).encode()
    lab.mock.script("gemini-3-flash-preview", events=[b"data: " + error + b"\r\n\r\n"])
    answer = lab.chat(MODEL, stream=True)
    assert answer.status == 502 and "overloaded" in answer.error["message"]


def test_a_failure_in_the_middle_of_a_stream(lab):
    lab.mock.script("gemini-3-flash-preview", fail_midway=True)
    assert "overloaded" in broken_stream(lab.stream(MODEL))["message"]


def test_a_stream_without_an_end(lab):
    lab.mock.script("gemini-3-flash-preview", no_finish=True)
    assert broken_stream(lab.stream(MODEL))


PICTURE = {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}
CODE = [{"executableCode": {"language": "PYTHON", "code": "print(6 * 7)"}},
        {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "42\n"}}]


@pytest.mark.parametrize("stream", [False, True])
def test_pictures_in_answers(lab, stream):
    lab.mock.script("gemini-3-flash-preview", parts=[PICTURE])
    if stream:
        chunks = chunks_of(lab.stream(MODEL, "one"))
        images = [image for delta in deltas_of(chunks) for image in delta.get("images", ())]
        assert joined(chunks) == "one"
    else:
        answer = lab.chat(MODEL, "one")
        message = message_of(answer)
        shapes.check_translated(answer.json())
        images = message["images"]
        assert message["content"] == "one"
    assert images == [{"type": "image_url",
                       "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]


@pytest.mark.parametrize("stream", [False, True])
def test_code_that_google_ran_is_part_of_the_text(lab, stream):
    lab.mock.script("gemini-3-flash-preview", parts=CODE)
    text = joined(chunks_of(lab.stream(MODEL, "one"))) if stream else \
        message_of(lab.chat(MODEL, "one"))["content"]
    assert text == "one\n```python\nprint(6 * 7)\n```\n\n```\n42\n\n```\n"
