# SPDX-License-Identifier: Apache-2.0
"""Cohere's own chat API behind OpenAI's endpoint: a strict mock takes only what Cohere's takes."""

import json

import pytest

import cohere_rules as rules
import shapes
from answers import broken_stream, calls_of, chunks_of, finishes_of, good, joined, message_of
from conftest import chat_body, new_secret, running
from gateway import Gateway
from mock_cohere import MockCohere

ID = "command-a-03-2025"
MODEL = "cohere/" + ID
THINKER = "cohere/command-a-reasoning-08-2025"
WEATHER = {"type": "function", "function": {"name": "weather", "description": "Tells it.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                   "required": ["city"]}}}
CLOCK = {"type": "function", "function": {"name": "clock"}}
USAGE = {"stream_options": {"include_usage": True}}


@pytest.fixture(scope="module")
def mock():
    upstream = MockCohere(keys=set())
    yield upstream
    upstream.close()


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory, mock):
    gateway = Gateway(tmp_path_factory.mktemp("cohere") / "home")
    gateway.key = gateway.create_key("test")
    secret = new_secret("cohere")
    mock.keys.add(secret)
    gateway.add_provider("cohere", mock.url, secret)
    with running(gateway, mock, {"cohere": secret}) as lab:
        yield lab


def ask(lab, messages, model=MODEL, **fields):
    body = {"model": model, "messages": messages, **fields}
    return lab.request("POST", "/v1/chat/completions", (), body)


def test_a_plain_answer(lab):
    document = good(lab.chat(MODEL, "one two three", temperature=0.5, max_tokens=20, top_p=0.9,
                             stop=["END"], seed=7))
    shapes.check_translated(document)
    choice = document["choices"][0]
    assert choice["message"]["content"] == "one two three"
    assert choice["finish_reason"] == "stop" and choice["native_finish_reason"] == "COMPLETE"
    # Billed units, not the tokens of Cohere's template around the prompt.
    assert document["usage"]["prompt_tokens"] == 3 and document["usage"]["completion_tokens"] == 3
    assert document["usage"]["cost"] > 0
    request = lab.mock.last
    assert request.target == "/v2/chat"
    assert request.header("authorization") == f"Bearer {lab.provider_keys['cohere']}"
    body = request.json()
    assert body["max_tokens"] == 20 and body["p"] == 0.9 and body["stop_sequences"] == ["END"]


def test_a_stream(lab):
    chunks = chunks_of(lab.stream(MODEL, "one two three", **USAGE))
    for chunk in chunks:
        shapes.check_translated(chunk, "chat.completion.chunk")
    assert joined(chunks) == "one two three" and finishes_of(chunks) == ["stop"]
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["total_tokens"] == 6
    assert all("usage" not in chunk for chunk in chunks_of(lab.stream(MODEL, "one")))


@pytest.mark.parametrize("splits", ["bytes", [1, 30, 31, 100, 333]])
def test_a_stream_in_small_pieces(lab, splits):
    lab.mock.script(ID, splits=splits, text="kůň 🐎")
    assert joined(chunks_of(lab.stream(MODEL))) == "kůň 🐎"


def test_events_are_passed_on_as_they_come(lab):
    lab.mock.script(ID, gates={3: "later"})
    head = lab.stream(MODEL, "one two three")
    while not (head.event().json()["choices"][0]["delta"].get("content") or ""):
        pass
    lab.mock.open_gate("later")
    assert head.events()[-1].done


@pytest.mark.parametrize("stream", [False, True])
def test_a_round_of_parallel_calls(lab, stream):
    user = {"role": "user", "content": "parallel please"}
    if stream:
        chunks = chunks_of(lab.stream(MODEL, "parallel please", tools=[WEATHER, CLOCK]))
        calls, plan = calls_of(chunks), joined(chunks, "reasoning_content")
        assert finishes_of(chunks) == ["tool_calls"]
    else:
        choice = good(ask(lab, [user], tools=[WEATHER, CLOCK]))["choices"][0]
        assert choice["finish_reason"] == "tool_calls" and choice["message"]["content"] is None
        calls, plan = choice["message"]["tool_calls"], choice["message"]["reasoning_content"]
    assert plan == "I will use a tool."
    assert [call["function"]["name"] for call in calls] == ["weather", "clock"]
    assert json.loads(calls[0]["function"]["arguments"]) == {"city": "text"}
    results = [{"role": "tool", "tool_call_id": call["id"], "content": content}
               for call, content in zip(calls, ('{"sky": "blue"}', "noon"))]
    turn = [user, {"role": "assistant", "content": None, "tool_calls": calls}, *results]
    text = message_of(ask(lab, turn, tools=[WEATHER, CLOCK]))["content"]
    assert text == 'The tool said: {"text": "noon"}'
    documents = [message["content"][0]["document"]["data"]
                 for message in lab.mock.last.json()["messages"][2:]]
    assert documents == [{"sky": "blue"}, {"text": "noon"}]


def test_calls_without_arguments_go_back_as_objects(lab):
    call = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": ""}}
    turn = [{"role": "user", "content": "Time?"}, {"role": "assistant", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "noon"}]
    good(ask(lab, turn, tools=[CLOCK]))
    assert lab.mock.last.json()["messages"][1]["tool_calls"][0]["function"]["arguments"] == "{}"


@pytest.mark.parametrize("choice, wanted", [
    ("required", "REQUIRED"), ("none", "NONE"), ("auto", None),
    ({"type": "function", "function": {"name": "clock"}}, "REQUIRED")])
def test_the_choice_of_a_tool(lab, choice, wanted):
    good(lab.chat(MODEL, tools=[WEATHER, CLOCK], tool_choice=choice))
    body = lab.mock.last.json()
    assert body.get("tool_choice") == wanted
    named = isinstance(choice, dict)
    assert [tool["function"]["name"] for tool in body["tools"]] == \
        (["clock"] if named else ["weather", "clock"])


@pytest.mark.parametrize("stream", [False, True])
def test_thoughts(lab, stream):
    if stream:
        chunks = chunks_of(lab.stream(THINKER, "hello", reasoning_effort="low"))
        assert joined(chunks, "reasoning_content") == "Let me think."
        assert joined(chunks) == "hello"
    else:
        message = message_of(lab.chat(THINKER, "hello", reasoning_effort="low"))
        assert message["reasoning_content"] == "Let me think." and message["content"] == "hello"
    assert lab.mock.last.json()["thinking"]["type"] == "enabled"
    answer = lab.chat(MODEL, "hello", reasoning_effort="low")
    good(answer)
    assert answer.header("x-llmgw-changed") == "dropped=reasoning_effort"


def test_a_schema_for_the_answer(lab):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert json.loads(message_of(lab.chat(MODEL, response_format=wanted))["content"]) == {"n": 7}


def test_what_had_to_be_changed_is_said(lab):
    answer = lab.chat(MODEL, stop=list("abcdef"), seed=-1, logit_bias={"5": 1}, user="u", top_p=1,
                      frequency_penalty=-1, logprobs=True)
    good(answer)
    assert answer.header("x-llmgw-changed") == \
        "dropped=seed,logit_bias,user; clamped=top_p,frequency_penalty,stop"


def test_an_image(lab):
    content = [{"type": "text", "text": "look"},
               {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]
    assert message_of(ask(lab, [{"role": "user", "content": content}]))["content"].strip() == "look"


REFUSED = {
    "audio": ({"messages": [{"role": "user", "content": [
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}]}]},
        "messages[0].content[0]"),
    "two answers": ({"n": 2}, "n"),
    "a choice that is not offered": (
        {"tools": [CLOCK], "tool_choice": {"type": "function", "function": {"name": "other"}}},
        "tool_choice"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cohere_cannot_be_asked(lab, name):
    fields, param = REFUSED[name]
    answer = lab.request("POST", "/v1/chat/completions", (), {**chat_body(MODEL), **fields})
    shapes.check_error(answer, 400, param=param)
    assert not lab.mock.requests


def test_other_endpoints_are_refused_by_name(lab):
    answer = lab.request("POST", "/v1/completions", (), {"model": MODEL, "prompt": "x"})
    error = shapes.check_error(answer, 400, code="unsupported_endpoint", param="model")
    assert "cohere" in error["message"] and not lab.mock.requests


@pytest.mark.parametrize("status, told", [(400, 400), (422, 422), (498, 400)])
def test_a_refusal_keeps_its_words(lab, status, told):
    lab.mock.script(ID, status=status, message="invalid request: too odd")
    error = shapes.check_error(lab.chat(MODEL), told)
    assert error["message"] == "invalid request: too odd"


def test_a_wrong_key_is_the_providers_trouble(lab):
    lab.mock.script(ID, status=401, message="invalid api token")
    error = shapes.check_error(lab.chat(MODEL), 502, code="upstream_error")
    assert "was refused (401)" in error["message"] and "invalid api token" in error["message"]


def test_a_limit_says_when_to_come_back(lab):
    lab.mock.script(ID, status=429, headers=[("retry-after", "3")])
    answer = lab.chat(MODEL)
    assert answer.status == 429 and answer.header("retry-after") == "3"


@pytest.mark.parametrize("reason, finish", [("MAX_TOKENS", "length"), ("STOP_SEQUENCE", "stop")])
def test_how_answers_end(lab, reason, finish):
    lab.mock.script(ID, finish_reason=reason)
    choice = good(lab.chat(MODEL))["choices"][0]
    assert choice["finish_reason"] == finish and choice["native_finish_reason"] == reason
    assert finishes_of(chunks_of(lab.stream(MODEL))) == [finish]


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_an_answer_that_fails(lab, reason):
    lab.mock.script(ID, finish_reason=reason, error="the model is busy")
    assert "busy" in broken_stream(lab.stream(MODEL, "one two"))["message"]
    assert lab.chat(MODEL).status >= 500


@pytest.mark.parametrize("script", [{"cut": (4, "fin")}, {"cut": (4, "rst")}, {"no_finish": True}])
def test_a_stream_that_is_cut_is_no_answer(lab, script):
    lab.mock.script(ID, **script)
    broken_stream(lab.stream(MODEL, "one two three four"))


def test_streams_with_news_in_them(lab):
    events = list(rules.chat_events({**chat_body(ID)}, {}))
    lab.mock.script(ID, stream_events=[*events[:2], {"type": "new-event", "delta": {"x": 1}},
                                       *events[2:]])
    assert joined(chunks_of(lab.stream(MODEL))) == "one two three"


@pytest.mark.parametrize("body", ["hello", "{}", {"message": 7}, ""])
def test_answers_that_are_none(lab, body):
    lab.mock.script(ID, body=body)
    shapes.check_error(lab.chat(MODEL), 502, code="upstream_error")


@pytest.mark.parametrize("stream", [False, True])
def test_log_probabilities(lab, stream):
    if stream:
        chunks = chunks_of(lab.stream(MODEL, "one two three", logprobs=True))
        told = [one for chunk in chunks for choice in chunk["choices"] if choice.get("logprobs")
                for one in choice["logprobs"]["content"]]
    else:
        document = good(lab.chat(MODEL, "one two three", logprobs=True))
        shapes.check_translated(document)
        told = document["choices"][0]["logprobs"]["content"]
    assert "".join(one["token"] for one in told) == "one two three"
    assert {one["logprob"] for one in told} <= {-0.25, -0.5}
    assert all(bytes(one["bytes"]).decode() == one["token"] for one in told)
