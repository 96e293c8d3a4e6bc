# SPDX-License-Identifier: Apache-2.0
"""OpenAI's models that only the Responses API offers, behind OpenAI's chat completions."""

import json

import pytest

import responses_rules as rules
import shapes
from answers import broken_stream, calls_of, chunks_of, finishes_of, good, joined, message_of
from conftest import chat_body, new_secret, running
from gateway import Gateway
from mock_responses import MockResponses

ID = "gpt-5.3-codex"
MODEL = "openai/" + ID
CHAT = "openai/gpt-4o-mini"  # by chat completions
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Tells it.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                   "required": ["city"]}}}
CLOCK = {"type": "function", "function": {"name": "clock"}}
USAGE = {"stream_options": {"include_usage": True}}


@pytest.fixture(scope="module")
def mock():
    upstream = MockResponses(only={ID}, keys=set())
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory, mock):
    gateway = Gateway(tmp_path_factory.mktemp("responses") / "home")
    gateway.key = gateway.create_key("test")
    secret = new_secret("openai")
    mock.keys.add(secret)
    gateway.add_provider("openai", mock.url, secret)
    with running(gateway, mock, {"openai": secret}) as lab:
        yield lab


def ask(lab, messages, **fields):
    return lab.request("POST", "/v1/chat/completions", (),
                       {"model": MODEL, "messages": messages, **fields})


def test_a_plain_answer(lab):
    document = good(lab.chat(MODEL, "one two three", max_completion_tokens=100, user="u"))
    shapes.check_translated(document)
    choice = document["choices"][0]
    assert choice["message"]["content"] == "one two three" and choice["finish_reason"] == "stop"
    assert document["id"] == "resp_mock" and document["usage"]["prompt_tokens"] > 0
    request = lab.mock.last
    assert request.target == "/v1/responses"
    assert request.header("authorization") == f"Bearer {lab.provider_keys['openai']}"
    body = request.json()
    assert body["store"] is False and body["max_output_tokens"] == 100 and "stream" not in body


def test_other_models_keep_to_chat_completions(lab):
    assert message_of(lab.chat(CHAT, "hello"))["content"] == "hello"
    assert lab.mock.last.target == "/v1/chat/completions"


def test_a_stream(lab):
    chunks = chunks_of(lab.stream(MODEL, "one two three", **USAGE))
    for chunk in chunks:
        shapes.check_translated(chunk, "chat.completion.chunk")
    assert joined(chunks) == "one two three" and finishes_of(chunks) == ["stop"]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["completion_tokens"] > 0
    assert {chunk["id"] for chunk in chunks} == {"resp_mock"}


@pytest.mark.parametrize("splits", ["bytes", [1, 30, 31, 100, 333]])
def test_a_stream_in_small_pieces(lab, splits):
    lab.mock.script(ID, splits=splits, text="kůň 🐎")
    assert joined(chunks_of(lab.stream(MODEL))) == "kůň 🐎"


def test_events_are_passed_on_as_they_come(lab):
    lab.mock.script(ID, gates={6: "later"})
    head = lab.stream(MODEL, "one two three")
    while not (head.event().json()["choices"][0]["delta"].get("content") or ""):
        pass
    lab.mock.open_gate("later")
    assert head.events()[-1].done


@pytest.mark.parametrize("stream", [False, True])
def test_a_round_of_parallel_calls(lab, stream):
    user = {"role": "user", "content": "parallel please"}
    fields = {"tools": [WEATHER, CLOCK], "reasoning_effort": "low"}
    if stream:
        chunks = chunks_of(lab.stream(MODEL, "parallel please", **fields))
        assert finishes_of(chunks) == ["tool_calls"]
        calls, thoughts = calls_of(chunks), joined(chunks, "reasoning_content")
        details = [detail for chunk in chunks for choice in chunk["choices"]
                   for detail in choice["delta"].get("reasoning_details", ())]
    else:
        choice = good(ask(lab, [user], **fields))["choices"][0]
        assert choice["finish_reason"] == "tool_calls"
        message = choice["message"]
        calls, thoughts = message["tool_calls"], message["reasoning_content"]
        details = message["reasoning_details"]
    assert thoughts == "First this.\n\nThen that."
    assert [call["function"]["name"] for call in calls] == ["weather", "clock"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"city": "text"}
    assert [call["id"] for call in calls] == ["call_mock0", "call_mock1"]

    results = [{"role": "tool", "tool_call_id": call["id"], "content": call["function"]["name"]}
               for call in calls]
    turn = [user, {"role": "assistant", "content": None, "tool_calls": calls,
                   "reasoning_details": details}, *results]
    assert message_of(ask(lab, turn, **fields))["content"] == "The tool said: clock"
    kinds = [item["type"] for item in lab.mock.last.json()["input"]]
    assert kinds == ["message", "reasoning", "function_call", "function_call",
                     "function_call_output", "function_call_output"]


@pytest.mark.parametrize("choice, wanted", [
    ("required", "required"), ("none", "none"), ("auto", "auto"),
    ({"type": "function", "function": {"name": "clock"}}, {"type": "function", "name": "clock"})])
def test_the_choice_of_a_tool(lab, choice, wanted):
    good(lab.chat(MODEL, tools=[WEATHER, CLOCK], tool_choice=choice, parallel_tool_calls=False))
    body = lab.mock.last.json()
    assert body["tool_choice"] == wanted and body["parallel_tool_calls"] is False
    assert [tool["strict"] for tool in body["tools"]] == [False, False]


def test_a_conversation_that_began_elsewhere_goes_on(lab):
    foreign = [{"type": "reasoning.encrypted", "data": "x", "format": "anthropic-claude-v1"}]
    good(ask(lab, [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello.", "reasoning_details": foreign},
        {"role": "user", "content": [{"type": "text", "text": "look"}, {
            "type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]))
    items = lab.mock.last.json()["input"]
    assert [item["role"] for item in items] == ["system", "user", "assistant", "user"]


def test_a_schema_for_the_answer(lab):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"],
              "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    assert json.loads(message_of(lab.chat(MODEL, response_format=wanted))["content"]) == {"n": 7}


def test_what_had_to_be_changed_is_said(lab):
    answer = lab.chat(MODEL, temperature=0.5, top_p=0.5, seed=1, stop=["x"], max_tokens=1)
    good(answer)
    assert answer.header("x-llmgw-changed") == \
        "dropped=temperature,top_p,seed,stop; clamped=max_tokens"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("reason, finish", [
    ("max_output_tokens", "length"), ("content_filter", "content_filter")])
def test_an_answer_that_is_not_complete(lab, stream, reason, finish):
    lab.mock.script(ID, incomplete=reason)
    if stream:
        assert finishes_of(chunks_of(lab.stream(MODEL))) == [finish]
    else:
        assert good(lab.chat(MODEL))["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_by_the_model(lab, stream):
    lab.mock.script(ID, refusal="I will not do that.")
    if stream:
        assert joined(chunks_of(lab.stream(MODEL)), "refusal") == "I will not do that."
    else:
        message = message_of(lab.chat(MODEL))
        assert message["refusal"] == "I will not do that." and message["content"] is None


@pytest.mark.parametrize("script", [{"failed": "server_error"}, {"error": "server_error"}])
def test_a_failure_in_the_middle_of_a_stream(lab, script):
    lab.mock.script(ID, **script)
    assert "scripted" in broken_stream(lab.stream(MODEL, "one two"))["message"]


def test_a_failure_of_a_plain_answer(lab):
    lab.mock.script(ID, failed="server_error")
    error = shapes.check_error(lab.chat(MODEL), 502)
    assert "scripted failure" in error["message"]


def test_an_error_instead_of_a_stream(lab):
    lab.mock.script(ID, stream_events=[{"type": "error", "code": "server_error", "param": None,
                                        "message": "out of order"}])
    error = shapes.check_error(lab.chat(MODEL, stream=True), 502)
    assert "out of order" in error["message"]


@pytest.mark.parametrize("script", [{"cut": (5, "fin")}, {"cut": (5, "rst")}, {"no_finish": True}])
def test_a_stream_that_is_cut_is_no_answer(lab, script):
    lab.mock.script(ID, **script)
    broken_stream(lab.stream(MODEL, "one two three four"))


def test_streams_with_news_in_them(lab):
    events = rules.responses_events({"model": ID, "input": "one two three"}, {})
    lab.mock.script(ID, stream_events=[*events[:3], {"type": "response.new.delta", "delta": "x"},
                                       *events[3:]])
    assert joined(chunks_of(lab.stream(MODEL))) == "one two three"


def test_refusals_keep_their_words(lab):
    lab.mock.script(ID, status=400, body={"error": {
        "message": "too odd", "type": "invalid_request_error", "param": "input", "code": "odd"}})
    shapes.check_error(lab.chat(MODEL), 400, code="odd", kind="invalid_request_error")
    lab.mock.script(ID, status=429, headers=[("retry-after", "3")])
    assert lab.chat(MODEL).header("retry-after") == "3"


@pytest.mark.parametrize("fields, param", [
    ({"n": 2}, "n"),
    ({"messages": [{"role": "user", "content": [
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}]}]},
     "messages[0].content[0]")])
def test_what_it_cannot_be_asked(lab, fields, param):
    answer = lab.request("POST", "/v1/chat/completions", (), {**chat_body(MODEL), **fields})
    shapes.check_error(answer, 400, param=param)
    assert not lab.mock.requests


@pytest.mark.parametrize("body", ["hello", "{}", {"output": 7}, ""])
def test_answers_that_are_none(lab, body):
    lab.mock.script(ID, body=body)
    shapes.check_error(lab.chat(MODEL), 502, code="upstream_error")
