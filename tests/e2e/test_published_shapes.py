# SPDX-License-Identifier: Apache-2.0
"""Answers of every endpoint, plain and streamed, against OpenAI's published schemas, and what those
cannot say about a stream: one id, one usage, a beginning and an end of each choice."""

import json

import pytest

import shapes
from conftest import chat_body

CHAT = "/v1/chat/completions"
ASKED = {"stream_options": {"include_usage": True}}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = [{"type": "function", "function": {"name": name, "parameters": SCHEMA}} for name in "ab"]

REQUESTS = {
    "text": {},
    "several choices with logprobs": {"n": 3, "logprobs": True},
    "one tool": {"tools": TOOLS},
    "a tool by name": {"tools": TOOLS, "tool_choice": {"type": "function",
                                                       "function": {"name": "b"}}},
    "no tool": {"tools": TOOLS, "tool_choice": "none"},
    "parallel tools": {"tools": TOOLS, "text": "parallel"},
    "JSON": {"response_format": {"type": "json_object"}},
    "a schema": {"response_format": {"type": "json_schema", "json_schema": {
        "name": "s", "strict": True, "schema": SCHEMA}}},
    "a tier": {"service_tier": "flex"},
    "the developer's role": {"messages": [{"role": "developer", "content": "be brief"},
                                          {"role": "user", "content": "hi"}]},
}
MODELS = ["openai/gpt-4o-mini", "lab/m", "mock/echo"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", REQUESTS)
def test_plain_answers(lab, model, name):
    value = shapes.check(lab.chat(model, **REQUESTS[name]).json(), "chat.completion")
    assert all(choice["finish_reason"] for choice in value["choices"])


def chunks_of(lab, **fields):
    events = lab.stream(**fields).events()
    assert [event.done for event in events].count(True) == 1 and events[-1].done
    return [shapes.check(event.json(), "chat.completion.chunk") for event in events[:-1]]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", REQUESTS)
def test_streamed_answers(lab, model, name):
    chunks = chunks_of(lab, model=model, **REQUESTS[name])
    assert all(chunk["choices"] and not chunk.get("usage") for chunk in chunks)
    for member in ("id", "created", "model"):
        assert len({chunk[member] for chunk in chunks}) == 1, member
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    for index in {choice["index"] for choice in choices}:
        own = [choice for choice in choices if choice["index"] == index]
        assert own[0]["delta"]["role"] == "assistant"
        assert own[0]["delta"]["content"] in ("", None)
        assert all("role" not in choice["delta"] for choice in own[1:])
        assert own[-1]["delta"] == {} and own[-1]["finish_reason"] in ("stop", "tool_calls")
        assert all(choice["finish_reason"] is None for choice in own[:-1])


@pytest.mark.parametrize("model", MODELS)
def test_usage_is_on_the_last_chunk_alone(lab, model):
    chunks = chunks_of(lab, model=model, **ASKED)
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["completion_tokens"] == 3
    assert all(chunk["usage"] is None for chunk in chunks[:-1])


def test_usage_is_never_a_sum(lab):
    """Some providers repeat a growing usage: the last one counts."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini"}
    events = []
    for tokens in (100, 200, 1000):
        usage = {"prompt_tokens": 1000, "completion_tokens": tokens, "total_tokens": 1000 + tokens}
        finish = "stop" if tokens == 1000 else None
        chunk = {**head, "usage": usage, "choices": [
            {"index": 0, "delta": {"content": "x"}, "finish_reason": finish}]}
        events.append(b"data: " + json.dumps(chunk).encode() + b"\n\n")
    lab.mock.script("gpt-4o-mini", events=[*events, b"data: [DONE]\n\n"])
    last = lab.stream("openai/gpt-4o-mini", **ASKED).events()[-2].json()
    assert last["usage"]["completion_tokens"] == 1000
    assert abs(last["usage"]["cost"] - 0.00075) < 1e-12  # 1000 x 0.15 + 1000 x 0.6 per million


def test_refusals(lab):
    refusal = {"role": "assistant", "content": None, "refusal": "I can't.", "annotations": []}
    plain = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [
        {"index": 0, "message": refusal, "logprobs": None, "finish_reason": "stop"}]}
    lab.mock.script("m", body=plain)
    value = shapes.check(lab.chat().json(), "chat.completion")
    assert value["choices"][0]["message"] == refusal
    deltas = [{"role": "assistant", "content": None, "refusal": ""}, {"refusal": "I "},
              {"refusal": "can't."}, {}]
    events = [{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
        {"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}]}
        for delta in deltas]
    lab.mock.script("m", events=[b"data: " + json.dumps(event).encode() + b"\n\n"
                                 for event in events] + [b"data: [DONE]\n\n"])
    chunks = chunks_of(lab)
    assert [chunk["choices"][0]["delta"] for chunk in chunks] == deltas


# OpenAI has no schema for the chunks of this endpoint: they are whole answers whose choices have no
# reason to finish yet.
def as_whole_completion(chunk):
    for choice in chunk["choices"]:
        choice["finish_reason"] = choice["finish_reason"] or "stop"
    if chunk.get("usage", 0) is None:
        del chunk["usage"]
    return chunk


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("fields", [{}, ASKED], ids=["silent", "asked"])
def test_streamed_completions(lab, model, fields):
    body = {"model": model, "prompt": "one two three", "stream": True, **fields}
    events = lab.connect().start("POST", "/v1/completions", body=body).events()
    assert events[-1].done
    chunks = [shapes.check(as_whole_completion(event.json()), "completion")
              for event in events[:-1]]
    text = "".join(choice["text"] for chunk in chunks for choice in chunk["choices"])
    assert text == "one two three"
    assert bool(chunks[-1].get("usage")) == bool(fields)


@pytest.mark.parametrize("method, path", [
    ("GET", "/v1/nothing"), ("GET", CHAT), ("POST", "/v1/models"), ("GET", "/v1/models/nobody"),
    ("POST", CHAT), ("POST", "/v1/completions"), ("POST", "/v1/embeddings"), ("GET", "/"),
    ("DELETE", "/healthz"), ("POST", "/admin/x")])
def test_errors(lab, method, path):
    body = {"model": "lab/m"} if method == "POST" else None
    answer = lab.request(method, path, body=body)
    if path == "/" and answer.status == 200:
        return
    assert 400 <= answer.status < 500
    shapes.check_error(answer, answer.status)


# A conversation is the provider's to judge: nothing of it is looked at, tidied or repaired here.
CONVERSATIONS = {
    "malformed arguments": b'[{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":'
                           b'"function","function":{"name":"f","arguments":"{\\"a\\": "}}]},'
                           b'{"role":"tool","tool_call_id":"c","content":"1"}]',
    "tool results in parts": b'[{"role":"tool","tool_call_id":"c","content":[{"type":"text",'
                             b'"text":"1"},{"type":"text","text":"2"}]}]',
    "a result without its call": b'[{"role":"tool","tool_call_id":"none","content":"1"}]',
    "a freeform call": b'[{"role":"assistant","tool_calls":[{"id":"c","type":"custom","custom":'
                       b'{"name":"apply_patch","input":"*** Begin Patch\\n"}}]}]',
    "pictures": b'[{"role":"user","content":[{"type":"image_url","image_url":{"url":'
                b'"data:image/png;base64,iVBORw0KGgo=","detail":"low"}}]}]',
    "signatures": b'[{"role":"assistant","content":"x","reasoning_content":"y","extra_content":'
                  b'{"google":{"thought_signature":"c2ln"}}}]',
}
CHOICES = [b'"auto"', b'"none"', b'"required"', b'{"type":"function","function":{"name":"f"}}',
           b'{"type":"custom","custom":{"name":"apply_patch"}}']


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_conversations_arrive_as_sent(lab, name):
    lab.mock.script("m", body={"ok": True})
    for at, choice in enumerate(CHOICES):
        body = b'{"model":"lab/m","messages":' + CONVERSATIONS[name] + b',"tools":[{"type":"custom",' \
            b'"custom":{"name":"apply_patch","format":{"type":"grammar","grammar":{"syntax":' \
            b'"lark","definition":"start: /.+/"}}}}],"tool_choice":' + choice + b"}"
        assert lab.request("POST", CHAT, body=body).status == 200
        assert lab.mock.requests[at].body == body.replace(b'"lab/m"', b'"m"')


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_compressed_answer_is_a_clean_error(lab, coding, stream):
    """Identity was asked for; bytes that nobody can read must not pass as an answer."""
    script = {"gzip": True} if coding == "gzip" else {
        "body": b"\x1b\x03\x00\xf8", "status": 200, "headers": [("Content-Encoding", coding)]}
    lab.mock.script("m", **script)
    error = shapes.check_error(lab.request("POST", CHAT, body=chat_body(stream=stream)), 502)
    assert coding in error["message"]
