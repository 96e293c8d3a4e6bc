# SPDX-License-Identifier: Apache-2.0
"""Claude through its own API: a client that speaks OpenAI's format notices nothing of it."""

import json

import pytest

import anthropic_rules as rules
import http_raw
import shapes
from conftest import Lab, chat_body, find_secrets, new_secret
from gateway import Gateway
from mock_anthropic import MockAnthropic

OLD = "claude-sonnet-4-5"   # thinks within a budget
NEW = "claude-opus-4-7"     # thinks adaptively, takes no temperature
ASKED = {"stream_options": {"include_usage": True}}
TOOL = {"type": "function", "function": {
    "name": "weather", "description": "d", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}}}}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
          "additionalProperties": False}


@pytest.fixture(scope="module")
def claude_lab(tmp_path_factory):
    mock = MockAnthropic(keys=set(), models=(OLD, NEW))
    gateway = Gateway(tmp_path_factory.mktemp("anthropic") / "home")
    gateway.key = gateway.create_key("test")
    keys = {label: new_secret("ant-" + label) for label in ("anthropic", "spare")}
    mock.keys |= set(keys.values())
    gateway.add_provider("anthropic", mock.url, keys["anthropic"])
    gateway.add_provider("anthropic", mock.url, keys["spare"], name="spare")
    gateway.start("--log-level", "debug")
    yield Lab(gateway, mock, keys)
    code = gateway.stop()
    mock.close()
    assert not gateway.sanitizer_report(), gateway.stderr
    assert code == 0, f"serve ended with {code}: {gateway.stderr[-2000:]}"
    find_secrets(gateway)


@pytest.fixture
def lab(claude_lab):
    claude_lab.mock.forget()
    http_raw.SEEN.clear()
    yield claude_lab
    for client in claude_lab.clients:
        client.close()
    claude_lab.clients.clear()
    for name in list(claude_lab.mock.gates):
        claude_lab.mock.open_gate(name)
    find_secrets(claude_lab.gateway)


def ask(lab, messages, model=OLD, headers=(), **fields):
    return lab.request("POST", "/v1/chat/completions", headers,
                       {"model": model, "messages": messages, **fields})


def good(answer):
    assert answer.status == 200, answer.body
    return answer.json()


def sent(lab):
    return lab.mock.last.json()


def chunks_of(head):
    """The chunks of a good stream; fails when it does not end as it should."""
    events = head.events()
    assert events[-1].done, events[-1].data
    return [event.json() for event in events[:-1]]


def joined(chunks, member):
    return "".join(choice["delta"].get(member) or "" for chunk in chunks
                   for choice in chunk["choices"])


def test_a_plain_answer(lab):
    document = good(lab.chat(OLD, "hello there", temperature=1.5, user="u1", stop=["END", "  "]))
    shapes.check_translated(document)
    choice = document["choices"][0]
    assert choice["message"]["content"] == "hello there"
    assert choice["finish_reason"] == "stop" and choice["native_finish_reason"] == "end_turn"
    assert document["object"] == "chat.completion" and document["id"] == "msg_mock"
    assert document["metadata"]["used_provider"] == "anthropic"
    body = sent(lab)
    assert body["max_tokens"] == 64000 and body["temperature"] == 1
    assert body["metadata"] == {"user_id": "u1"} and body["stop_sequences"] == ["END"]


def test_what_was_changed_is_told(lab):
    answer = lab.chat(OLD, seed=1, logit_bias={"5": 1}, temperature=2, verbosity="low", top_p=0.5)
    good(answer)
    assert answer.header("x-llmgw-changed") == \
        "dropped=top_p,seed,logit_bias,verbosity; clamped=temperature"
    new = lab.chat(NEW, temperature=0.2)
    good(new)
    assert new.header("x-llmgw-changed") == "dropped=temperature"


def test_the_head_of_a_request(lab):
    good(lab.chat(f"@anthropic/{OLD}", headers=[("anthropic-beta", "b1"), ("openai-beta", "b2")]))
    request = lab.mock.last
    assert request.header("x-api-key") == lab.provider_keys["anthropic"]
    assert request.header("authorization") is None
    assert request.header("anthropic-version") == "2023-06-01"
    assert request.header("anthropic-beta") == "b1" and request.header("openai-beta") is None


def test_a_stream(lab):
    head = lab.stream(OLD, "one two three", **ASKED)
    assert head.header("content-type").split(";")[0] == "text/event-stream"
    chunks = chunks_of(head)
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert joined(chunks, "content") == "one two three"
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]][-1] == "stop"
    assert chunks[-1]["choices"] == [] and chunks[-1]["usage"]["prompt_tokens"] == 10
    assert chunks[-1]["usage"]["completion_tokens"] == 5
    assert {chunk["id"] for chunk in chunks} == {"msg_mock"}
    assert all("usage" not in chunk for chunk in chunks_of(lab.stream(OLD, "one")))


def test_events_are_passed_on_as_they_come(lab):
    lab.mock.script(OLD, gates={5: "later"})
    head = lab.stream(OLD, "one two three")
    assert head.event().json()["choices"][0]["delta"]["role"] == "assistant"
    assert head.event().json()["choices"][0]["delta"]["content"] == "one "
    lab.mock.open_gate("later")
    assert head.events()[-1].done


@pytest.mark.parametrize("splits", ["bytes", [17], [333]])
def test_streams_in_pieces(lab, splits):
    lab.mock.script(OLD, splits=splits, text="žlutý kůň 🐎 ")
    assert joined(chunks_of(lab.stream(OLD)), "content") == "žlutý kůň 🐎 "


def test_a_round_of_tools(lab):
    lab.mock.script(OLD, calls=[("weather", {"city": "Brno"}), ("weather", {})])
    chunks = chunks_of(lab.stream(OLD, "weather?", tools=[TOOL], parallel_tool_calls=False))
    calls = {}
    for chunk in chunks:
        for choice in chunk["choices"]:
            for call in choice["delta"].get("tool_calls", ()):
                known = calls.setdefault(call["index"], {"function": {"arguments": ""}})
                known["id"] = call.get("id", known.get("id"))
                known["type"] = call.get("type", known.get("type"))
                known["function"]["name"] = call["function"].get(
                    "name", known["function"].get("name"))
                known["function"]["arguments"] += call["function"]["arguments"]
    assert [call["function"]["arguments"] for call in calls.values()] == ['{"city":"Brno"}', "{}"]
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert sent(lab)["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    history = [{"role": "user", "content": "weather?"},
               {"role": "assistant", "content": None, "tool_calls": list(calls.values())},
               {"role": "tool", "tool_call_id": "toolu_1", "content": "rain"},
               {"role": "tool", "tool_call_id": "toolu_0", "content": [
                   {"type": "text", "text": "sun"}]},
               {"role": "user", "content": "and now?"}]
    document = good(ask(lab, history, tools=[TOOL]))
    assert document["choices"][0]["message"]["content"] == "and now?"
    turns = sent(lab)["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert [block["type"] for block in turns[2]["content"]] == ["tool_result", "tool_result", "text"]
    good(ask(lab, history))  # tools that are no longer offered stay declared
    assert sent(lab)["tool_choice"] == {"type": "none"}


def test_plain_tool_calls(lab):
    document = good(lab.chat(OLD, tools=[TOOL], tool_choice="required"))
    shapes.check_translated(document)
    choice = document["choices"][0]
    assert choice["message"]["content"] is None and choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"] == {
        "name": "weather", "arguments": '{"a":1}'}
    assert sent(lab)["tool_choice"] == {"type": "any"}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", [OLD, NEW])
def test_thoughts_come_back_signed(lab, model, stream):
    lab.mock.script(model, calls=[("weather", {})], thinking="Let me  think.\n", redacted="blob")
    fields = {"tools": [TOOL], "reasoning_effort": "low", "temperature": 0.5}
    if stream:
        chunks = chunks_of(lab.stream(model, **fields))
        assert joined(chunks, "reasoning_content") == "Let me  think.\n"
        details = [detail for chunk in chunks for choice in chunk["choices"]
                   for detail in choice["delta"].get("reasoning_details", ())]
    else:
        message = good(lab.chat(model, **fields))["choices"][0]["message"]
        assert message["reasoning_content"] == "Let me  think.\n"
        details = message["reasoning_details"]
    assert [detail["type"] for detail in details] == ["reasoning.text", "reasoning.encrypted"]
    thinking = sent(lab)["thinking"]
    if model == OLD:
        assert thinking == {"type": "enabled", "budget_tokens": 12800}
    else:
        assert thinking["type"] == "adaptive" and sent(lab)["output_config"]["effort"] == "low"
    foreign = {"type": "reasoning.encrypted", "data": "x", "format": "openai-responses-v1"}
    good(ask(lab, [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": "Looking.", "reasoning_details": [foreign, *details],
         "tool_calls": [{"id": "toolu_0", "type": "function",
                         "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "toolu_0", "content": "sun"}], model, **fields))
    blocks = sent(lab)["messages"][1]["content"]
    assert [block["type"] for block in blocks] == ["thinking", "redacted_thinking", "text",
                                                   "tool_use"]
    assert blocks[0] == {"type": "thinking", "thinking": "Let me  think.\n",
                         "signature": rules.signature_of("Let me  think.\n")}


def test_without_its_thoughts_claude_goes_on_without_thinking(lab):
    answer = ask(lab, [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "tool_calls": [
            {"id": "t", "type": "function", "function": {"name": "weather", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "t", "content": ""}], tools=[TOOL],
        reasoning_effort="high")
    good(answer)
    assert "thinking" not in sent(lab)
    assert answer.header("x-llmgw-changed") == "dropped=reasoning_effort"


def test_cache_control_arrives_and_its_tokens_are_told_apart(lab):
    lab.mock.script(OLD, usage={
        "input_tokens": 100, "cache_read_input_tokens": 2000, "cache_creation_input_tokens": 3000,
        "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000},
        "output_tokens": 50})
    hour = {"type": "ephemeral", "ttl": "1h"}
    messages = [{"role": "system", "content": [
                    {"type": "text", "text": "long", "cache_control": hour}]},
                {"role": "user", "content": "q", "cache_control": {"type": "ephemeral"}}]
    document = good(ask(lab, messages, tools=[{**TOOL, "cache_control": hour}]))
    body = sent(lab)
    assert body["system"][0]["cache_control"] == hour == body["tools"][0]["cache_control"]
    assert body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}
    usage = document["usage"]
    assert usage["prompt_tokens"] == 5100 and usage["completion_tokens"] == 50
    assert usage["prompt_tokens_details"] == {
        "cached_tokens": 2000, "cache_write_tokens": 3000, "cache_creation": {
            "ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 2000}}


def test_more_than_four_breakpoints(lab):
    parts = [{"type": "text", "text": f"part {n}", "cache_control": {"type": "ephemeral"}}
             for n in range(6)]
    answer = ask(lab, [{"role": "user", "content": parts}])
    good(answer)
    assert answer.header("x-llmgw-changed") == "dropped=cache_control"
    assert ["cache_control" in block for block in sent(lab)["messages"][0]["content"]] == \
        [False, False, True, True, True, True]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_structured_output(lab, stream, strict):
    wanted = {"type": "json_schema",
              "json_schema": {"name": "r", "schema": SCHEMA, "strict": strict}}
    if stream:
        text = joined(chunks_of(lab.stream(OLD, response_format=wanted)), "content")
    else:
        text = good(lab.chat(OLD, response_format=wanted))["choices"][0]["message"]["content"]
    assert json.loads(text) == {"a": 1}
    if strict:
        assert sent(lab)["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}
    else:
        assert sent(lab)["tool_choice"]["name"] == "structured_answer"


def test_odd_conversations_are_mended(lab):
    good(ask(lab, [
        {"role": "assistant", "content": "Hi!"}, {"role": "user", "content": "a"},
        {"role": "system", "content": "be brief"}, {"role": "assistant", "content": ""},
        {"role": "user", "content": [{"type": "text", "text": "  "}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "so "}]))
    body = sent(lab)
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user", "assistant"]
    assert [block["text"] for block in body["messages"][2]["content"]] == ["a", "b"]
    assert body["messages"][3]["content"][0]["text"] == "so"
    assert body["system"] == [{"type": "text", "text": "be brief"}]
    good(ask(lab, [{"role": "system", "content": "write a poem"}]))


def test_pictures_and_files(lab):
    good(ask(lab, [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.jpg"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "JVBERi0x"}},
        {"type": "file", "file": {"filename": "a.txt", "file_data": "aGVsbG8="}}]}]))
    blocks = sent(lab)["messages"][0]["content"]
    assert [block["source"]["type"] for block in blocks] == ["base64", "url", "base64", "text"]
    assert blocks[3]["source"]["data"] == "hello" and blocks[2]["title"] == "a.pdf"


REFUSED = {
    "audio": ({"messages": [{"role": "user", "content": [
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}}]}]},
        "messages[0].content[0]"),
    "two answers": ({"n": 2}, "n"),
    "arguments that are no JSON": ({"messages": [{"role": "assistant", "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{"}}]}]},
        "messages[0].tool_calls[0].function.arguments"),
    "a result without a call": ({"messages": [
        {"role": "tool", "tool_call_id": "c", "content": "x"}]}, "messages[0].tool_call_id"),
    "a wrong type": ({"max_tokens": "many"}, "max_tokens"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_claude_cannot_be_asked(lab, name):
    fields, param = REFUSED[name]
    answer = lab.request("POST", "/v1/chat/completions", (), {**chat_body(OLD), **fields})
    shapes.check_error(answer, 400, param=param)
    assert not lab.mock.requests


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/completions"])
def test_other_endpoints_are_refused_by_name(lab, path):
    answer = lab.request("POST", path, (), {"model": OLD, "input": "x", "prompt": "x"})
    error = shapes.check_error(answer, 400, code="unsupported_endpoint", param="model")
    assert "anthropic" in error["message"] and not lab.mock.requests


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refusal_keeps_its_status_and_words(lab, status):
    lab.mock.script(OLD, status=status, message="messages: too odd", kind="invalid_request_error")
    error = shapes.check_error(lab.chat(OLD), status, kind="invalid_request_error")
    assert error["message"] == "messages: too odd"
    assert len(lab.mock.requests) == 1


def test_a_refused_key_is_the_providers_trouble(lab):
    lab.mock.script(OLD, status=401, message="invalid x-api-key")
    error = shapes.check_error(lab.chat(f"@spare/{OLD}"), 502, code="upstream_error")
    assert "spare" in error["message"] and "invalid x-api-key" in error["message"]


def test_an_empty_account_is_no_fault_of_the_request(lab):
    lab.mock.script(OLD, first=[{"status": 400, "message":
                                 "Your credit balance is too low to access the Anthropic API."}])
    document = good(lab.chat(OLD))
    keys = {attempt["key"] for attempt in document["metadata"]["routing"]}
    assert keys == {"anthropic", "spare"}


def test_rate_limits_reach_the_client(lab):
    limit = ("anthropic-ratelimit-requests-remaining", "0")
    lab.mock.script(OLD, status=429, headers=[("retry-after", "0"), limit])
    answer = lab.chat(f"@spare/{OLD}")
    shapes.check_error(answer, 429, kind="rate_limit_error")
    assert answer.header("retry-after") == "0"
    assert answer.header(limit[0]) == limit[1]


OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


@pytest.mark.parametrize("first", [
    {"status": 529}, {"stream_events": [OVERLOADED]},
    {"stream_events": [*list(rules.stream({"id": "m", "model": OLD, "content": [],
                                           "stop_reason": "end_turn",
                                           "usage": {"output_tokens": 1}}))[:2], OVERLOADED]}])
def test_an_overload_before_the_first_word_moves_on(lab, first):
    lab.mock.script(OLD, first=[first])
    chunks = chunks_of(lab.stream(OLD, "hello", **ASKED))
    assert joined(chunks, "content") == "hello"
    routing = chunks[-1]["metadata"]["routing"]
    assert {attempt["key"] for attempt in routing} == {"anthropic", "spare"}


def test_an_overload_within_an_answer_is_told(lab):
    events = list(rules.stream(rules.answer(chat_body(OLD), {})))[:5] + [OVERLOADED]
    lab.mock.script(OLD, stream_events=events)
    last = lab.stream(OLD).events()[-1]
    assert not last.done
    assert last.json()["error"]["message"] == "Overloaded"
    assert last.json()["error"]["type"] == "overloaded_error"


@pytest.mark.parametrize("script", [{"cut": (6, "fin")}, {"cut": (6, "rst")},
                                    {"splits": [700], "cut": (6, "fin"), "framing": "close"}])
def test_a_stream_that_is_cut_is_no_answer(lab, script):
    lab.mock.script(OLD, **script)
    last = lab.stream(OLD, "one two three four").events()[-1]
    assert not last.done and last.json()["error"]["code"] == "upstream_error"


def test_streams_with_news_in_them(lab):
    """Kinds of events and blocks that no documentation mentions yet are passed over."""
    events = list(rules.stream(rules.answer(chat_body(OLD), {})))
    news = [{"type": "new_event", "x": 1},
            {"type": "content_block_start", "index": 9, "content_block": {"type": "new"}},
            {"type": "content_block_delta", "index": 9, "delta": {"type": "new_delta", "x": 1}},
            {"type": "content_block_stop", "index": 9}]
    lab.mock.script(OLD, stream_events=[*events[:3], *news, *events[3:]])
    assert joined(chunks_of(lab.stream(OLD)), "content") == "one two three"


def test_a_document_for_a_stream_is_streamed_all_the_same(lab):
    lab.mock.script(OLD, body=rules.answer(chat_body(OLD), {}))
    assert joined(chunks_of(lab.stream(OLD)), "content") == "one two three"


@pytest.mark.parametrize("body", ["hello", "{}", {"type": "message", "content": 7}, ""])
def test_answers_that_are_none(lab, body):
    lab.mock.script(OLD, body=body)
    shapes.check_error(lab.chat(f"@spare/{OLD}"), 502, code="upstream_error")


def test_strict_refuses_what_would_be_changed(lab, make_gateway):
    gateway = make_gateway("strict")
    gateway.key = gateway.create_key("test")
    gateway.add_provider("anthropic", lab.mock.url, lab.provider_keys["spare"])
    gateway.set("strict", "true")
    gateway.start()
    answer = gateway.connect().request("POST", "/v1/chat/completions", (),
                                       chat_body(OLD, temperature=2))
    shapes.check_error(answer, 400, code="unsupported_parameter", param="temperature")


def test_the_command_line(lab):
    run = lab.gateway.run("providers", "test", "anthropic")
    assert run.returncode == 0, run.stderr
    assert lab.mock.last.header("x-api-key") == lab.provider_keys["anthropic"]
    assert lab.mock.last.header("authorization") is None
    assert lab.gateway.cli("chat", "-m", OLD, "hello from here").strip() == "hello from here"
    shown = lab.gateway.cli("chat", "-m", f"anthropic/{OLD}", "--dry-run", "hi")
    head, _, body = shown.partition("\n\n")
    assert "POST /v1/messages HTTP/1.1" in head and "x-api-key: sk-…" in head
    assert "anthropic-version: 2023-06-01" in head and "Authorization" not in head
    assert json.loads(body) == {
        "model": OLD, "stream": True, "max_tokens": 64000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}
