# SPDX-License-Identifier: Apache-2.0
"""What passes through unchanged in both directions, what is added, and what never passes."""

import json
from decimal import Decimal

import pytest

import shapes
from conftest import chat_body
from http_raw import wait_until

CHAT = "/v1/chat/completions"
MESSAGES = b'"messages": [{"role": "user", "content": "hi"}]'
# A usage of which gpt-4o-mini's price is exact: 600 x 0.15 + 400 x 0.075 + 500 x 0.6 per million.
USAGE = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500,
         "prompt_tokens_details": {"cached_tokens": 400},
         "completion_tokens_details": {"reasoning_tokens": 100}}
COST = Decimal("0.00042")
UPSTREAM_HEADERS = {"host", "authorization", "content-type", "content-length", "accept", "user-agent",
                    "accept-encoding", "connection", "openai-beta", "idempotency-key"}

ODDITIES = {
    "unknown fields": b'"x_vendor": {"deep": [1, {"er": null}]}, "enable_thinking": true',
    "numbers": b'"a": 1.0, "b": 9007199254740993, "c": 1e400, "d": -0.0, "e": 1E+2, "f": 0.10',
    "long numbers": b'"a": 123456789012345678901234567890.123456789012345678901234567890',
    "key order": b'"z": 1, "y": 2, "a": 3, "m": 4',
    "duplicate keys": b'"dup": 1, "dup": {"x": 2}, "dup": [3]',
    "escapes": b'"s": "\\u0000\\ud800\\udc00\\ud83d \\u00e9\\/\\b\\f", "t": "\\udfff"',
    "other scripts": '"s": "žluťoučký 日本語 🐎 \u2028\u2029\u0085\ufeff"'.encode(),
    "white space": b' \t\r\n "a"\n:\t[ 1 ,2 ]  \r\n',
    "nulls": b'"stop": null, "user": null, "tools": null',
    "decoys": b'"x": {"model": "lab/decoy", "stream": true}, "y": "\\"model\\": \\"lab/no\\""',
    "deep but allowed": b'"x": ' + b"[" * 100 + b"]" * 100,
}


def post(lab, body, headers=(), path=CHAT):
    return lab.request("POST", path, headers, body)


@pytest.mark.parametrize("name", ODDITIES)
@pytest.mark.parametrize("order", ["first", "last"])
def test_bodies_arrive_as_sent_but_for_the_model(lab, name, order):
    lab.mock.script("m", body={"ok": 1})
    parts = [ODDITIES[name], MESSAGES, b'"model": "lab/m"']
    if order == "first":
        parts.reverse()
    body = b" {" + b", ".join(parts) + b"}\n"
    assert post(lab, body).status == 200
    assert lab.mock.last.body == body.replace(b'"lab/m"', b'"m"')
    assert lab.mock.last.header("content-length") == str(len(lab.mock.last.body))


@pytest.mark.parametrize("model", [b'"lab\\/m"', b'"\\u006cab/m"', b'"lab/\\u006d"'])
def test_an_escaped_model_name(lab, model):
    assert post(lab, b'{"model":' + model + b"," + MESSAGES + b"}").status == 200
    assert lab.mock.last.body == b'{"model":"m",' + MESSAGES + b"}"


def test_an_escaped_key(lab):
    answer = post(lab, b'{"\\u006dodel":"lab/m",' + MESSAGES + b"}")
    assert answer.status in (200, 400)
    if answer.status == 200:
        assert lab.mock.last.json()["model"] == "m"


def test_a_second_model_cannot_slip_through(lab):
    answer = post(lab, b'{"model":"lab/m",' + MESSAGES + b',"model":"lab/other"}')
    assert answer.status == 400 or lab.mock.last.body.count(b"lab/") == 0


@pytest.mark.parametrize("model", ["ns/name", "a/b/c", "name:tag", "Ünï", 'quo"te', "m v"])
def test_any_model_name_of_a_custom_provider(lab, model):
    answer = lab.chat("lab/" + model)
    assert answer.status == 200 and lab.mock.last.json()["model"] == model
    assert answer.json()["model"] == model


def test_bodies_of_every_size(lab):
    for size in (1, 4095, 4096, 16384, 65535, 65536, 1 << 20, 5 << 20):
        text = "é" * (size // 2) + "x"
        body = json.dumps(chat_body(text=text), ensure_ascii=False).encode()
        answer = post(lab, body)
        assert lab.mock.last.body == body.replace(b'"lab/m"', b'"m"', 1)
        assert answer.json()["choices"][0]["message"]["content"] == text


def test_an_extra_consumed_field(lab):
    body = b'{"model": "lab/m", "routing": "price", "x": 1.0, ' + MESSAGES + b"}"
    lab.mock.script("m", lenient=["x"])
    answer = post(lab, body)
    assert answer.status == 200 and answer.header("x-llmgw-changed") is None
    sent = lab.mock.last.body
    assert b"routing" not in sent and b'"x": 1.0' in sent and MESSAGES in sent
    assert lab.mock.last.json().keys() == {"model", "x", "messages"}


@pytest.mark.parametrize("field, value", [
    ("max_tokens", 5), ("max_completion_tokens", 5), ("n", 2), ("seed", 7), ("user", "u"),
    ("service_tier", "flex"), ("store", True), ("metadata", {"a": "b"}), ("logprobs", True),
    ("response_format", {"type": "json_object"}), ("stop", ["x"]), ("logit_bias", {"50256": -100})])
def test_known_fields_pass(lab, field, value):
    answer = lab.chat("openai/gpt-4o-mini", **{field: value})
    assert answer.status == 200, answer.body
    assert lab.mock.last.json() == {**chat_body("gpt-4o-mini"), field: value}
    shapes.check(answer.json(), "chat.completion")
    assert answer.header("x-llmgw-changed") is None


def test_the_developer_role_and_tool_fields(lab):
    tools = [{"type": "function", "function": {"name": name, "parameters": {}}} for name in "ab"]
    messages = [{"role": "developer", "content": "be brief"}, {"role": "user", "content": "parallel"}]
    body = {"model": "lab/m", "messages": messages, "tools": tools, "parallel_tool_calls": False}
    message = post(lab, body).json()["choices"][0]["message"]
    assert message["content"] is None and len(message["tool_calls"]) == 1
    body["parallel_tool_calls"] = True
    answer = shapes.check(post(lab, body).json(), "chat.completion")
    calls = answer["choices"][0]["message"]["tool_calls"]
    assert len(calls) == 2 and answer["choices"][0]["finish_reason"] == "tool_calls"
    body["messages"] = messages + [answer["choices"][0]["message"]] + [
        {"role": "tool", "tool_call_id": call["id"], "content": "42"} for call in calls]
    answer = post(lab, body).json()
    assert answer["choices"][0]["message"]["content"] == "The tool said: 42"


def test_a_refusal_logprobs_and_the_tier_come_back(lab):
    answer = lab.chat(n=2, logprobs=True, service_tier="flex").json()
    assert answer["service_tier"] == "flex" and len(answer["choices"]) == 2
    assert answer["choices"][1]["logprobs"]["content"][0]["bytes"] == [111, 110, 101]
    assert answer["choices"][0]["message"]["refusal"] is None


# Headers towards the upstream.

def test_only_allowed_headers_go_upstream(lab):
    private = [("Cookie", "session=1"), ("X-Api-Key", "stolen"), ("X-Custom", "1"),
               ("X-Stainless-Lang", "python"), ("X-Forwarded-For", "1.2.3.4"), ("Via", "1.1 p"),
               ("Forwarded", "for=1.2.3.4"), ("X-Amz-Date", "x"), ("X-Goog-Api-Key", "x"),
               ("TE", "trailers"), ("Proxy-Authorization", "Basic x"), ("Upgrade", "h2c"),
               ("Keep-Alive", "timeout=5"), ("Connection", "keep-alive, x-custom"),
               ("X-Session-Id", "s"), ("X-Request-Id", "r-1"), ("X-No-Fallback", "true"),
               ("X-No-Cache", "true"), ("X-LLMGW-Plain", "true"), ("X-LLMGW-Metadata", '{"a":1}'),
               ("X-LLMGW-Cache-TTL", "5m"), ("User-Agent", "client/1"), ("Referer", "http://x/"),
               ("OpenAI-Beta", "x=v1"), ("Accept-Language", "cs"), ("Host-Override", "evil")]
    assert lab.chat(headers=private).status == 200
    sent = lab.mock.last
    assert set(sent.names()) <= UPSTREAM_HEADERS, sent.names()
    assert len(sent.names()) == len(set(sent.names()))
    assert sent.header("host") == f"127.0.0.1:{lab.mock.port}"
    assert sent.header("authorization") == "Bearer " + lab.provider_keys["lab"]
    assert sent.header("content-type") == "application/json"
    assert sent.header("accept-encoding") in (None, "identity")
    assert "client/1" not in (sent.header("user-agent") or "")
    assert lab.gateway.key.encode() not in sent.head + sent.body


def test_each_provider_gets_its_own_key(lab):
    for model, label in (("openai/gpt-4o-mini", "openai"), ("groq/gpt-oss-120b", "groq"),
                         ("cerebras/gpt-oss-120b", "cerebras"), ("lab/x", "lab")):
        assert lab.chat(model).status == 200
        assert lab.provider_of(lab.mock.last) == label
    assert lab.chat("groq/gpt-oss-120b").header("x-llmgw-provider") == "groq"
    assert lab.mock.last.json()["model"] == "openai/gpt-oss-120b"  # groq's own name for it


# Headers and additions in the answer.

def test_answer_headers(lab):
    answer = lab.chat("openai/gpt-4o-mini")
    assert answer.header("content-type").split(";")[0] == "application/json"
    assert answer.header("x-llmgw-provider") == "openai"
    assert answer.header("x-llmgw-model") == "gpt-4o-mini"
    assert answer.header("x-llmgw-attempts") == "1"
    assert answer.header("x-llmgw-cache") in ("off", "bypass")
    assert answer.header("x-llmgw-changed") is None
    assert len(answer.header("x-request-id")) >= 16
    assert answer.header("x-request-id") != lab.chat().header("x-request-id")
    names = [name.lower() for name, _ in answer.headers]
    assert len(names) == len(set(names)), names


def test_a_request_id_is_echoed(lab):
    assert lab.chat(headers=[("x-request-id", "my-id.1")]).header("x-request-id") == "my-id.1"
    answer = lab.chat(headers=[("x-request-id", "x" * 5000)])
    assert answer.status in (200, 400) and len(answer.header("x-request-id")) <= 512


def test_upstream_headers_that_never_reach_the_client(lab):
    lab.mock.script("m", headers=[
        ("Set-Cookie", "a=b"), ("X-Should-Retry", "true"), ("Server", "secret-server"),
        ("X-Powered-By", "php"), ("Access-Control-Allow-Origin", "*"), ("Via", "1.1 x"),
        ("Alt-Svc", 'h3=":443"'), ("OpenAI-Organization", "org-private"), ("Keep-Alive", "timeout=9"),
        ("Strict-Transport-Security", "max-age=1"), ("x-llmgw-provider", "forged"),
        ("X-Request-Id", "req_upstream")])
    for stream in (False, True):
        answer = lab.chat(stream=stream)
        assert answer.status == 200
        names = {name.lower() for name, _ in answer.headers}
        assert not names & {"set-cookie", "x-should-retry", "x-powered-by", "via", "alt-svc",
                            "access-control-allow-origin", "openai-organization",
                            "strict-transport-security", "x-mock", "keep-alive"}, names
        assert answer.all("x-llmgw-provider") == ["lab"]
        assert len(answer.all("x-request-id")) == 1
        assert "secret-server" not in answer.head.decode("latin-1")


def test_rate_limit_headers_pass(lab):
    lab.mock.script("m", headers=[("x-ratelimit-remaining-requests", "59"),
                                  ("x-ratelimit-reset-tokens", "6m0s")])
    answer = lab.chat()
    assert answer.header("x-ratelimit-remaining-requests") == "59"
    assert answer.header("x-ratelimit-reset-tokens") == "6m0s"


def decimals(response):
    return json.loads(response.body, parse_float=Decimal, parse_int=Decimal)


def test_the_cost_is_exact(lab):
    lab.mock.script("gpt-4o-mini", usage=USAGE)
    answer = lab.chat("openai/gpt-4o-mini")
    usage = decimals(answer)["usage"]
    assert Decimal(usage["cost"]) == COST
    assert Decimal(answer.header("x-llmgw-cost")) == COST
    assert all(usage[name] == value for name, value in USAGE.items())
    parts = [Decimal(value) for name, value in usage["cost_details"].items()
             if name.endswith("_cost") and value is not None and name in
             ("input_cost", "output_cost", "cached_input_cost")]
    assert sum(parts) == COST, usage["cost_details"]


def test_an_unknown_price_is_not_zero(lab):
    answer = lab.chat("lab/free")
    assert answer.json()["usage"]["cost"] is None
    assert answer.header("x-llmgw-cost") is None


def test_metadata(lab):
    answer = lab.chat("openai/gpt-4o-mini")
    metadata = answer.json()["metadata"]
    assert metadata["request_id"] == answer.header("x-request-id")
    assert metadata["requested_model"] == "openai/gpt-4o-mini"
    assert metadata["used_model"] == "gpt-4o-mini" and metadata["used_provider"] == "openai"
    assert metadata["cached"] is False
    assert [step["provider"] for step in metadata["routing"]] == ["openai"]
    assert metadata["routing"][0]["succeeded"] is True
    assert metadata["routing"][0]["status_code"] == 200


ODD_ANSWER = (b'{ "id":"x",  "object":"chat.completion","created":1,"model":"m","f":1.0,'
              b'"big":9007199254740993,"e":1e400,"dup":1,"dup":2,"s":"\\u0000\\ud800\\/",\n'
              b'"decoy":{"usage":{"prompt_tokens":9}},"usage" : {"prompt_tokens":3 ,'
              b'"completion_tokens":4,"total_tokens":7,"own":1.50},"choices":[] }\n')


def test_answers_pass_byte_for_byte_when_plain(lab):
    lab.mock.script("m", body=ODD_ANSWER)
    answer = lab.chat(headers=[("x-llmgw-plain", "true")])
    assert answer.body == ODD_ANSWER and answer.header("content-length") == str(len(ODD_ANSWER))
    assert answer.header("x-llmgw-provider") == "lab"


def test_additions_are_spliced_in(lab):
    lab.mock.script("m", body=ODD_ANSWER)
    body = lab.chat().body
    before, after = ODD_ANSWER.split(b'"own":1.50', 1)
    assert body.startswith(before + b'"own":1.50') and b'"choices":[]' in body
    value = json.loads(body)
    assert value["usage"]["cost"] is None and value["usage"]["own"] == 1.5
    assert value["metadata"]["used_provider"] == "lab" and "cost" not in value["decoy"]["usage"]


@pytest.mark.parametrize("body", [b"{}", b"[]", b'"text"', b"{ }", b'{"usage":null}',
                                  b'{"usage":{}}', b'{"usage":[]}', b'{"metadata":{"mine":1}}'])
def test_answers_of_other_shapes_survive(lab, body):
    lab.mock.script("m", body=body)
    answer = lab.chat()
    if answer.status == 502:
        shapes.check_error(answer, 502)
        return
    assert answer.status == 200
    value, sent = json.loads(answer.body), json.loads(body)
    if isinstance(sent, dict):
        assert all(value[name] == sent[name] for name in sent if name not in ("usage", "metadata"))
    else:
        assert value == sent
    assert answer.body.count(b'"metadata"') <= 1
    if b"mine" in body:
        assert value["metadata"]["mine"] == 1


def test_an_answer_of_any_framing(lab):
    for script in ({"framing": "chunked"}, {"framing": "close"}, {"version": "HTTP/1.0"},
                   {"framing": "chunked", "splits": "bytes", "text": "ab"},
                   {"framing": "chunked", "extensions": ";x=1", "trailers": [("a", "b")]},
                   {"interim": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"},
                   {"interim": b"HTTP/1.1 100 Continue\r\n\r\n"}):
        lab.mock.script("m", **script)
        answer = lab.chat()
        assert answer.status == 200, (script, answer.body)
        shapes.check(answer.json(), "chat.completion")


def test_a_large_answer(lab):
    text = "word " * 400_000
    lab.mock.script("m", text=text.strip())
    answer = lab.chat()
    assert answer.json()["choices"][0]["message"]["content"] == text.strip()
    assert answer.json()["metadata"]["used_provider"] == "lab"


def test_compressed_though_identity_was_asked(lab):
    lab.mock.script("m", gzip=True)
    answer = lab.chat()
    if answer.status == 200:
        shapes.check(answer.json(), "chat.completion")
    else:
        shapes.check_error(answer, 502)


# Fields that a provider does not take.

def test_dropped_fields_are_named(lab):
    answer = lab.chat("cerebras/gpt-oss-120b", presence_penalty=1, temperature=0.5)
    assert answer.status == 200
    assert answer.header("x-llmgw-changed") == "dropped=presence_penalty"
    assert lab.mock.last.json() == {**chat_body("gpt-oss-120b"), "temperature": 0.5}


def test_aliases(lab):
    lab.gateway.cli("models", "alias", "fast", "openai/gpt-4o-mini")
    answer = wait_until(lambda: (a := lab.chat("fast")).status == 200 and a, 2)
    assert lab.mock.last.json()["model"] == "gpt-4o-mini"
    assert answer.json()["metadata"]["requested_model"] == "fast"


def test_the_built_in_mock(lab):
    answer = lab.chat("mock/echo", text="hello there")
    value = shapes.check(answer.json(), "chat.completion")
    assert value["choices"][0]["message"]["content"] == "hello there"
    assert answer.header("x-llmgw-provider") == "mock" and not lab.mock.requests
    events = lab.stream("mock/echo", text="hello there").events()
    text = "".join(c["delta"].get("content", "") for e in events[:-1] for c in e.json()["choices"])
    assert text == "hello there" and events[-1].done
