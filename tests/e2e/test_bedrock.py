# SPDX-License-Identifier: Apache-2.0
"""AWS Bedrock: Converse behind OpenAI's format, authorised with API keys and with signatures.

The mock is strict, so that what it takes, AWS would take; the first tests show that it is."""

import copy
import json
import pathlib

import pytest

import http_raw
import shapes
from answers import (broken_stream, calls_of, chunks_of, deltas_of, finishes_of, good, joined,
                     message_of)
from conftest import Lab, find_secrets
from gateway import Gateway
import aws_signature
import bedrock_rules
from bedrock_upstream import BedrockMock

DATA = pathlib.Path(__file__).parent.parent / "data"
API_KEY = "bedrock-api-key-" + "YWJjZGVmZ2hpamts" * 2
SECRET = "abcdefghijklmnop/ABCDEFGHIJKLMNOP+abcdef"
TOKEN = "token/abcdefghijklmnopqrstuvwxyz+0123456789=="
ACCESS_KEYS = {"AKIAABCDEFGHIJKLMNOP": (SECRET, None), "ASIAABCDEFGHIJKLMNOP": (SECRET, TOKEN)}
CREDENTIALS = {"sent": API_KEY, "signed": f"AKIAABCDEFGHIJKLMNOP:{SECRET}",
               "temporary": f"ASIAABCDEFGHIJKLMNOP:{SECRET}:{TOKEN}"}
CLAUDE = "claude-haiku-4-5"
CLAUDE_ID = "global.anthropic.claude-haiku-4-5-20251001-v1:0"
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
NOW = {"type": "function", "function": {"name": "now"}}


# The mock.

def golden_requests():
    return sorted((DATA / "bedrock" / "requests").glob("*.json"))


@pytest.mark.parametrize("path", golden_requests(), ids=lambda path: path.stem)
def test_aws_would_take_what_the_golden_files_send(path):
    golden = json.loads(path.read_text("utf-8"))
    bedrock_rules.check_converse(golden["converse"], golden["model"])


TEXT = [{"text": "x"}]
USE = {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}}
RESULT = {"toolResult": {"toolUseId": "a", "content": TEXT}}
TOOLS = {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {"type": "object"}}}}]}


def document(name):
    return {"document": {"format": "pdf", "name": name, "source": {"bytes": "JVBE"}}}


@pytest.mark.parametrize("change", [
    {"model": "x"}, {"messages": []}, {"system": []}, {"system": [{"text": " "}]},
    {"messages": [{"role": "assistant", "content": TEXT}]},
    {"messages": [{"role": "user", "content": TEXT}] * 2},
    {"messages": [{"role": "user", "content": []}]},
    {"messages": [{"role": "user", "content": [{"text": " \n"}]}]},
    {"messages": [{"role": "user", "content": [{"text": "x", "cachePoint": {"type": "default"}}]}]},
    {"messages": [{"role": "user", "content": [document("a.pdf"), *TEXT]}]},
    {"messages": [{"role": "user", "content": [document("a  b"), *TEXT]}]},
    {"messages": [{"role": "user", "content": [document("a"), document("a"), *TEXT]}]},
    {"messages": [{"role": "user", "content": [document("a")]}]},
    {"messages": [{"role": "user", "content": TEXT}, {"role": "assistant", "content": [USE]},
                  {"role": "user", "content": [RESULT]}]},
    {"messages": [{"role": "user", "content": TEXT}, {"role": "assistant", "content": [USE]},
                  {"role": "user", "content": TEXT}], "toolConfig": TOOLS},
    {"messages": [{"role": "user", "content": TEXT}, {"role": "assistant", "content": [USE]},
                  {"role": "user", "content": [*TEXT, RESULT]}], "toolConfig": TOOLS},
    {"messages": [{"role": "user", "content": TEXT},
                  {"role": "assistant", "content": [{"text": "x "}]}]},
    {"inferenceConfig": {"temperature": 1.5}}, {"inferenceConfig": {}},
    {"toolConfig": {"tools": []}}, {"toolConfig": {**TOOLS, "toolChoice": {"none": {}}}},
    {"additionalModelRequestFields": {"x": 1}},
    {"outputConfig": {"effort": "none"}}, {"serviceTier": {"type": "auto"}}])
def test_the_mock_refuses_what_aws_refuses(change):
    request = {"messages": [{"role": "user", "content": TEXT}]}
    bedrock_rules.check_converse(request, "m")
    with pytest.raises(bedrock_rules.BedrockRefusal):
        bedrock_rules.check_converse({**request, **copy.deepcopy(change)}, "m")


SIGNED = sorted(path.parent for path in DATA.glob("aws-sigv4/*/context.json"))


@pytest.mark.parametrize("folder", SIGNED, ids=lambda path: path.name)
def test_the_mock_checks_signatures_as_aws_does(folder):
    context = json.loads((folder / "context.json").read_text("utf-8"))
    head, _, body = (folder / "header-signed-request.txt").read_text("utf-8").partition("\n\n")
    lines = head.replace("\n ", " ").split("\n")
    method, rest = lines[0].split(" ", 1)
    headers = [tuple(line.split(":", 1)) for line in lines[1:] if line]
    fields = {name.lower(): value for name, value in headers}
    signed = aws_signature.AUTHORIZATION.fullmatch(fields["authorization"])[5].split(";")
    canonical = aws_signature.canonical_request(method, rest.rsplit(" ", 1)[0], headers, signed,
                                                body.encode(), context["normalize"])
    assert canonical == (folder / "header-canonical-request.txt").read_text("utf-8")
    scope = "20150830/us-east-1/service/aws4_request"
    text = aws_signature.string_to_sign(canonical, fields["x-amz-date"], scope)
    assert text == (folder / "header-string-to-sign.txt").read_text("utf-8")
    secret = context["credentials"]["secret_access_key"]
    assert aws_signature.signature_of(text, secret, scope) == \
        (folder / "header-signature.txt").read_text("utf-8")


class SignedRequest:
    """What check() looks at of a request."""

    method, target, body = "POST", "/model/a%3A0/converse", b"{}"

    def __init__(self, secret=SECRET, when="20150830T123600Z", region="us-east-1", more=()):
        self.headers = [("Host", "example.com"), ("X-Amz-Date", when)]
        signed = ["host", "x-amz-date"]
        scope = f"{when[:8]}/{region}/bedrock/aws4_request"
        canonical = aws_signature.canonical_request(self.method, self.target, self.headers, signed,
                                                    self.body)
        text = aws_signature.string_to_sign(canonical, when, scope)
        self.headers += [*more, ("Authorization", (
            f"AWS4-HMAC-SHA256 Credential=AKIAABCDEFGHIJKLMNOP/{scope}, SignedHeaders="
            f"{';'.join(signed)}, Signature={aws_signature.signature_of(text, secret, scope)}"))]

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)

    def names(self):
        return [name.lower() for name, _ in self.headers]


SIGNED_AT = 1440938160


@pytest.mark.parametrize("change, seconds, name", [
    ({}, 0, None), ({}, 299, None), ({}, 301, "InvalidSignatureException"),
    ({}, -301, "InvalidSignatureException"), ({"secret": "x"}, 0, "InvalidSignatureException"),
    ({"region": "eu-west-1"}, 0, "InvalidSignatureException"),
    ({"when": "yesterday"}, 0, "IncompleteSignatureException"),
    ({"more": [("x-amz-target", "x")]}, 0, "InvalidSignatureException"),
    ({"more": [("x-amz-security-token", "x")]}, 0, "UnrecognizedClientException")])
def test_the_mock_refuses_signatures_that_aws_refuses(change, seconds, name):
    request, found = SignedRequest(**change), None
    try:
        aws_signature.check(request, ACCESS_KEYS, "bedrock", "us-east-1", SIGNED_AT + seconds)
    except aws_signature.BadSignature as refusal:
        found = refusal.name
    assert found == name


# The gateway.

@pytest.fixture(scope="module")
def bedrock(tmp_path_factory):
    mock = BedrockMock(keys={API_KEY}, access_keys=ACCESS_KEYS)
    gateway = Gateway(tmp_path_factory.mktemp("bedrock") / "home")
    gateway.key = gateway.create_key("test")
    for label, secret in CREDENTIALS.items():
        gateway.add_provider("aws-bedrock", mock.url, secret, name=label)
    gateway.secrets += [SECRET, TOKEN]
    gateway.start("--log-level", "debug")
    yield Lab(gateway, mock, CREDENTIALS)
    assert gateway.stop() == 0, gateway.stderr[-2000:]
    assert not gateway.sanitizer_report(), gateway.stderr
    mock.close()


@pytest.fixture
def lab(bedrock):
    bedrock.mock.forget()
    http_raw.SEEN.clear()
    yield bedrock
    for client in bedrock.clients:
        client.close()
    bedrock.clients.clear()
    find_secrets(bedrock.gateway)


def model(label="signed", name=CLAUDE):
    return f"@{label}/{name}"


def ask(lab, messages, **fields):
    body = {"model": model(), "messages": messages, **fields}
    return lab.request("POST", "/v1/chat/completions", (), body)


@pytest.mark.parametrize("label", CREDENTIALS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_credential_is_accepted(lab, label, stream):
    if stream:
        assert joined(chunks_of(lab.stream(model(label), "one two three"))) == "one two three"
    else:
        value = shapes.check_translated(good(lab.chat(model(label), "one two three")))
        assert value["choices"][0]["message"]["content"] == "one two three"
        assert value["usage"]["prompt_tokens"] == 3 and value["usage"]["completion_tokens"] == 5
    sent = lab.mock.last
    path = "/model/global.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse"
    assert sent.target == path + ("-stream" if stream else "")
    assert ("x-amz-date" in sent.names()) == (label != "sent")


def test_a_stream_ends_with_its_usage_wherever_its_bytes_are_split(lab):
    lab.mock.script(CLAUDE_ID, splits=range(1, 2000, 17))
    head = lab.stream(model(), "žlutý kůň", stream_options={"include_usage": True})
    chunks = chunks_of(head)
    assert joined(chunks) == "žlutý kůň"
    assert finishes_of(chunks) == ["stop"]
    assert chunks[-1]["usage"]["total_tokens"] == 7


@pytest.mark.parametrize("stream", [False, True])
def test_tool_calls_go_there_and_back(lab, stream):
    asked = {"tools": [WEATHER, NOW], "temperature": 0.5}
    if stream:
        chunks = chunks_of(lab.stream(model(), "parallel", **asked))
        calls = calls_of(chunks)
        assert finishes_of(chunks) == ["tool_calls"]
    else:
        choice = good(lab.chat(model(), "parallel", **asked))["choices"][0]
        assert choice["finish_reason"] == "tool_calls"
        calls = choice["message"]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["weather", "now"]
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [{"city": "text"}, {}]
    messages = [{"role": "user", "content": "parallel"},
                {"role": "assistant", "content": None, "tool_calls": calls},
                *({"role": "tool", "tool_call_id": call["id"], "content": "rain"}
                  for call in calls)]
    assert message_of(ask(lab, messages, **asked))["content"] == "The tool said: rain"
    good(ask(lab, messages))  # the tools may be gone by then


def test_thoughts_come_back_to_the_model_unchanged(lab):
    asked = {"reasoning_effort": "low", "max_tokens": 4096, "tools": [NOW]}
    message = message_of(lab.chat(model(), "x", **asked))
    assert message["reasoning_details"][0]["signature"] == "c2ln"
    call = message["tool_calls"][0]["id"]
    good(ask(lab, [{"role": "user", "content": "x"}, message,
                   {"role": "tool", "tool_call_id": call, "content": "12:00"}], **asked))
    sent = lab.mock.last.json()
    assert sent["messages"][1]["content"][0] == {"reasoningContent": {
        "reasoningText": {"text": "Let me think.", "signature": "c2ln"}}}
    assert sent["additionalModelRequestFields"]["thinking"]["type"] == "enabled"


@pytest.mark.parametrize("name", [CLAUDE, "claude-sonnet-5"])  # natively, and by a forced tool
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_after_a_schema(lab, name, stream):
    schema = WEATHER["function"]["parameters"]
    wanted = {"type": "json_schema", "json_schema": {"name": "place", "schema": schema}}
    if stream:
        text = joined(chunks_of(lab.stream(model(name=name), response_format=wanted)))
    else:
        choice = good(lab.chat(model(name=name), response_format=wanted))["choices"][0]
        assert choice["finish_reason"] == "stop" and not choice["message"].get("tool_calls")
        text = choice["message"]["content"]
    assert json.loads(text) == {"city": "text"}


def test_what_had_to_be_changed_is_named(lab):
    answer = lab.chat(model(), seed=1, temperature=1.5, logit_bias={"1": 1})
    assert answer.status == 200, answer.body
    assert answer.header("x-llmgw-changed") == "dropped=seed,logit_bias; clamped=temperature"


def test_an_image_by_address_is_refused_before_it_is_sent(lab):
    content = [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    answer = lab.chat(model(), content)
    assert answer.status == 400 and not lab.mock.requests
    error = answer.json()["error"]
    assert error["param"] == "messages[0].content[0].image_url"
    assert error["code"] == "unsupported_image_url"
    assert "llmgw config set fetch.images true" in error["message"]


@pytest.mark.parametrize("name, status", [
    ("ValidationException", 400), ("ThrottlingException", 429), ("ModelNotReadyException", 429)])
def test_errors_keep_their_status_and_words(lab, name, status):
    lab.mock.script(CLAUDE_ID, exception=name)
    answer = lab.chat(model(), headers=[("x-no-fallback", "true")])
    assert answer.status == status, answer.body
    assert f"mock {name}" in answer.json()["error"]["message"]


def test_a_refused_signature_shows_no_session_token(lab):
    lab.mock.access_keys["ASIAABCDEFGHIJKLMNOP"] = ("another secret", TOKEN)
    try:
        answer = lab.chat(model("temporary"))
    finally:
        lab.mock.access_keys.update(ACCESS_KEYS)
    assert answer.status >= 400 and TOKEN not in answer.body.decode()


@pytest.mark.parametrize("stream", [False, True])
def test_status_200_without_an_output_is_an_error(lab, stream):
    lab.mock.script(CLAUDE_ID, without_output=True)
    answer = lab.chat(model(), stream=stream)
    assert answer.status == 502
    assert "UnknownOperationException" in answer.body.decode()


@pytest.mark.parametrize("script", [
    {"stream_exception": (3, "throttlingException", "Too many tokens")}, {"damage": 3},
    {"cut": (3, "fin")}, {"cut": (3, "rst")}])
def test_a_stream_that_fails_ends_with_an_error_and_without_done(lab, script):
    lab.mock.script(CLAUDE_ID, **script)
    error = broken_stream(lab.stream(model(), "one two three four"))
    if "stream_exception" in script:
        assert "Too many tokens" in error["message"]


def test_an_exception_before_the_first_word_is_an_error_status(lab):
    lab.mock.script(CLAUDE_ID, stream_exception=(0, "serviceUnavailableException", "busy"))
    head = lab.stream(model(), headers=[("x-no-fallback", "true")])
    assert head.status >= 500, head.status


def test_a_client_cannot_put_its_own_headers_under_the_signature(lab):
    headers = [("x-amz-date", "20150830T123600Z"), ("x-amz-security-token", "x"),
               ("x-amz-target", "x"), ("x-amz-content-sha256", "x")]
    answer = lab.chat(model(), headers=headers)
    assert answer.status == 200, answer.body
    assert lab.mock.last.header("x-amz-date") != "20150830T123600Z"


def test_cache_points_are_counted_and_paid(lab):
    hour = {"type": "ephemeral", "ttl": "1h"}
    content = [{"type": "text", "text": "long", "cache_control": hour},
               {"type": "text", "text": "short", "cache_control": {"type": "ephemeral"}}]
    usage = good(lab.chat(model(), content))["usage"]
    assert usage["prompt_tokens"] == 2 + 60 and usage["cost"] is not None


@pytest.mark.parametrize("stream", [False, True])
def test_sources_on_the_web_are_annotations(lab, stream):
    page = {"title": "A", "location": {"web": {"url": "https://a.example/"}}}
    file = {"title": "B", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}}
    lab.mock.script(CLAUDE_ID, citations=[page, file])
    if stream:
        deltas = deltas_of(chunks_of(lab.stream(model(), "one two")))
        found = [one for delta in deltas for one in delta.get("annotations", ())]
    else:
        found = message_of(lab.chat(model(), "one two"))["annotations"]
    assert found == [{"type": "url_citation", "url_citation": {
        "start_index": 0, "end_index": 7, "url": "https://a.example/", "title": "A"}}]
