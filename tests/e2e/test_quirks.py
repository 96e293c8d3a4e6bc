# SPDX-License-Identifier: Apache-2.0
"""Vendors that speak OpenAI's format with an accent: llmgw hides it from its clients."""

import json

import pytest

import shapes
from answers import calls_of, chunks_of, deltas_of, good, joined, message_of
from conftest import new_secret, running
from gateway import Gateway
from mock_vendor import SHORT_ID, SOURCES, THOUGHTS, MockVendor

MODELS = {"mistral": "mistral-large-2512", "deepseek": "deepseek-v4-pro", "groq": "gpt-oss-120b",
          "cerebras": "glm-4.7", "together-ai": "glm-4.7", "alibaba": "qwen3.7-plus",
          "openai": "o4-mini", "fireworks": "deepseek-v4-pro", "minimax": "minimax-m3",
          "perplexity": "sonar-reasoning-pro", "vllm": "any/model"}
CLOCK = {"type": "function", "function": {"name": "clock"}}
CALLS = [{"id": f"toolu_01{name}-long-enough-for-anybody", "type": "function",
          "function": {"name": "clock", "arguments": "{}"}} for name in ("A", "B")]
TURN = [{"role": "user", "content": "Time?"},
        {"role": "assistant", "content": None, "tool_calls": CALLS},
        *({"role": "tool", "tool_call_id": call["id"], "content": "noon"} for call in CALLS)]


@pytest.fixture(scope="module")
def vendors():
    mocks = {vendor: MockVendor(vendor, keys=set()) for vendor in MODELS}
    yield mocks
    for mock in mocks.values():
        mock.close()


@pytest.fixture(scope="module")
def mock(vendors):
    return vendors["mistral"]


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory, mock, vendors):
    gateway = Gateway(tmp_path_factory.mktemp("quirks") / "home")
    gateway.key = gateway.create_key("test")
    keys = {vendor: new_secret(vendor) for vendor in vendors}
    for vendor, upstream in vendors.items():
        upstream.keys.add(keys[vendor])
        provider = "custom" if vendor == "vllm" else vendor
        gateway.add_provider(provider, upstream.url, keys[vendor], name=vendor)
    with running(gateway, mock, keys) as lab:
        yield lab


def model(vendor):
    return f"{vendor}/{MODELS[vendor]}"


@pytest.fixture
def vendor_lab(lab, vendors):
    for upstream in vendors.values():
        upstream.forget()
    return lab


def ask(lab, vendor, messages, **fields):
    return lab.request("POST", "/v1/chat/completions", (),
                       {"model": model(vendor), "messages": messages, **fields})


@pytest.mark.parametrize("vendor", MODELS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_vendor_answers(vendor_lab, vendors, vendor, stream):
    if stream:
        assert joined(chunks_of(vendor_lab.stream(model(vendor), "one two three"))) == \
            "one two three"
    else:
        assert message_of(vendor_lab.chat(model(vendor), "one two three"))["content"] == \
            "one two three"
    assert vendors[vendor].last.target.endswith("/v1/chat/completions")


def test_mistral_gets_short_ids_that_still_belong_together(vendor_lab, vendors):
    answer = ask(vendor_lab, "mistral", TURN, tools=[CLOCK])
    assert message_of(answer)["content"] == "The tool said: noon"
    messages = vendors["mistral"].last.json()["messages"]
    called = [call["id"] for call in messages[1]["tool_calls"]]
    assert called == [message["tool_call_id"] for message in messages[2:]]
    assert len(set(called)) == 2 and all(SHORT_ID.fullmatch(one) for one in called)


def test_mistral_keeps_ids_that_are_short_enough(vendor_lab, vendors):
    short = json.loads(json.dumps(TURN).replace(CALLS[0]["id"], "abcDEF123")
                       .replace(CALLS[1]["id"], "abcDEF124"))
    good(ask(vendor_lab, "mistral", short, tools=[CLOCK]))
    assert vendors["mistral"].last.json()["messages"] == short


def test_mistrals_names(vendor_lab, vendors):
    answer = ask(vendor_lab, "mistral", TURN[:1], tools=[CLOCK], tool_choice="required", seed=7,
                 max_completion_tokens=50, user="u", logit_bias={"5": 1})
    assert message_of(answer)["tool_calls"][0]["function"]["name"] == "clock"
    body = vendors["mistral"].last.json()
    assert body["random_seed"] == 7 and body["max_tokens"] == 50 and body["tool_choice"] == "any"
    assert answer.header("x-llmgw-changed") == \
        "dropped=user,logit_bias; renamed=seed,max_completion_tokens"


def test_mistrals_stream_options_are_kept_from_it(vendor_lab, vendors):
    chunks = chunks_of(vendor_lab.stream(model("mistral"), "one two three",
                                         stream_options={"include_usage": True}))
    assert chunks[-1]["usage"]["completion_tokens"] > 0
    assert "stream_options" not in vendors["mistral"].last.json()


@pytest.mark.parametrize("vendor, splits", [
    ("mistral", "bytes"), ("groq", "bytes"), ("mistral", [50, 51, 300, 301]), ("groq", None),
    ("cerebras", None), ("together-ai", [700, 800]), ("vllm", "bytes"), ("fireworks", "bytes"),
    ("fireworks", None), ("minimax", [500, 700]), ("perplexity", None)])
def test_thoughts_are_where_clients_look_for_them(vendor_lab, vendors, vendor, splits):
    message = message_of(vendor_lab.chat(model(vendor), "one two three"))
    assert message["reasoning_content"] == THOUGHTS and message["content"] == "one two three"
    if splits:
        vendors[vendor].script("*", splits=splits)
    chunks = chunks_of(vendor_lab.stream(model(vendor), "one two three"))
    assert joined(chunks, "reasoning_content") == THOUGHTS
    assert joined(chunks) == "one two three"
    assert all(isinstance(delta.get("content"), (str, type(None))) for delta in deltas_of(chunks))


@pytest.mark.parametrize("vendor", ["mistral", "groq", "fireworks", "vllm"])
def test_answers_without_thoughts_stay_as_they_are(vendor_lab, vendors, vendor):
    vendors[vendor].script("*", plain=True)
    answer = vendor_lab.chat(model(vendor), "one two three")
    assert "reasoning_content" not in message_of(answer)
    shapes.check(answer.json(), "chat.completion")


def test_a_stream_of_calls(vendor_lab):
    chunks = chunks_of(vendor_lab.stream(model("mistral"), "parallel", tools=[CLOCK, {
        "type": "function", "function": {"name": "other"}}]))
    assert [call["function"]["name"] for call in calls_of(chunks)] == ["clock", "other"]


def test_deepseek_gets_the_thoughts_of_earlier_turns(vendor_lab, vendors):
    good(ask(vendor_lab, "deepseek", TURN, tools=[CLOCK]))
    assert vendors["deepseek"].last.json()["messages"][1]["reasoning_content"] == ""
    turn = [TURN[0], {**TURN[1], "reasoning_content": "Hm."}, *TURN[2:]]
    good(ask(vendor_lab, "deepseek", turn, tools=[CLOCK]))
    assert vendors["deepseek"].last.json()["messages"] == turn


@pytest.mark.parametrize("effort, thinks", [("low", True), ("none", False)])
def test_qwen_is_told_to_think(vendor_lab, vendors, effort, thinks):
    good(ask(vendor_lab, "alibaba", TURN[:1], reasoning_effort=effort))
    assert vendors["alibaba"].last.json()["enable_thinking"] is thinks


def test_the_o_series_knows_its_limit_by_another_name(vendor_lab, vendors):
    answer = ask(vendor_lab, "openai", TURN[:1], max_tokens=50, temperature=0.5)
    good(answer)
    assert vendors["openai"].last.json()["max_completion_tokens"] == 50
    assert answer.header("x-llmgw-changed") == "dropped=temperature; renamed=max_tokens"
    good(ask(vendor_lab, "openai", TURN[:1], max_completion_tokens=50))


@pytest.mark.parametrize("model_id", ["qwen3-32b", "qwen3-235b-a22b"])
def test_qwens_open_models_are_told_when_they_cannot_think(vendor_lab, vendors, model_id):
    def asked(**fields):
        answer = vendor_lab.request("POST", "/v1/chat/completions", (), {
            "model": f"@alibaba/{model_id}", "messages": TURN[:1], **fields})
        good(answer)
        return answer

    assert asked(reasoning_effort="high").header("x-llmgw-changed") == "dropped=reasoning_effort"
    assert vendors["alibaba"].last.json()["enable_thinking"] is False
    assert asked().header("x-llmgw-changed") is None
    head = vendor_lab.stream(f"@alibaba/{model_id}", "one two three", reasoning_effort="high")
    assert joined(chunks_of(head)) == "one two three"
    assert vendors["alibaba"].last.json()["enable_thinking"] is True


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_groq_gets_tools_or_json(vendor_lab, vendors, kind):
    wanted = {"type": kind}
    if kind == "json_schema":
        wanted["json_schema"] = {"name": "time", "schema": {"type": "object"}}
    answer = ask(vendor_lab, "groq", TURN[:1], tools=[CLOCK], response_format=wanted)
    good(answer)
    assert answer.header("x-llmgw-changed") == "dropped=response_format"
    answer = ask(vendor_lab, "groq", TURN[:1], response_format=wanted)
    good(answer)
    assert vendors["groq"].last.json()["response_format"] == wanted
    assert answer.header("x-llmgw-changed") is None


@pytest.mark.parametrize("stream", [False, True])
def test_servers_that_know_no_null_get_none(vendor_lab, vendors, stream):
    turn = [{**TURN[0], "name": None}, {**TURN[1], "refusal": None, "audio": None}, *TURN[2:]]
    answer = ask(vendor_lab, "vllm", turn, tools=[CLOCK], stop=None, user=None, stream=stream,
                 stream_options=None)
    assert answer.status == 200, answer.body
    assert answer.header("x-llmgw-changed") is None
    body = vendors["vllm"].last.json()
    assert body["messages"] == TURN and "stop" not in body and "user" not in body


@pytest.mark.parametrize("stream", [False, True])
def test_perplexitys_sources_are_annotations(vendor_lab, stream):
    if stream:
        deltas = deltas_of(chunks_of(vendor_lab.stream(model("perplexity"), "one two three")))
        annotations = [one for delta in deltas for one in delta.get("annotations", ())]
    else:
        answer = vendor_lab.chat(model("perplexity"), "one two three")
        annotations = message_of(answer)["annotations"]
        document = answer.json()
        assert document.pop("search_results") == SOURCES and document.pop("citations")
        shapes.check_translated(document)
    assert [(one["type"], one["url_citation"]["url"], one["url_citation"]["title"])
            for one in annotations] == \
        [("url_citation", source["url"], source["title"]) for source in SOURCES]
