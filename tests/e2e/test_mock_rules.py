# SPDX-License-Identifier: Apache-2.0
"""The mocks of providers' own formats are strict: they take what llmgw writes, and refuse what the
real ones refuse."""

import base64
import json
import pathlib
import subprocess
import time

import pytest

import azure_rules
import cohere_rules
import mock_vendor
import openai_rules
import responses_rules
import token_rules

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def encoded(provider):
    return json.loads((DATA / provider / "request.encoded.json").read_text())


def changed(request, path, value):
    """A copy with another value at a path; None removes it."""
    request = json.loads(json.dumps(request))
    at = request
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return request


def test_cohere_takes_what_llmgw_writes():
    request = encoded("cohere")
    cohere_rules.check_chat(request)
    cohere_rules.check_chat(changed(request, ["thinking"], {"type": "enabled"}))


@pytest.mark.parametrize("path, value", [
    (["top_p"], 1), (["n"], 1), (["p"], 1), (["k"], 501), (["frequency_penalty"], -0.5),
    (["stop_sequences"], list("abcdef")), (["tool_choice"], "auto"), (["seed"], -1),
    (["messages"], []), (["messages", 0, "role"], "developer"),
    (["messages", 2, "content", 0, "type"], "file"),
    (["messages", 3, "tool_calls"], [CALL]),
    (["messages", 4, "tool_call_id"], "other"),
    (["messages", 5, "content", 0, "document", "data"], "a text"),
    (["messages", 6, "content"], ""), (["tools", 1, "function", "parameters"], None),
    (["tools", 0, "function", "strict"], True), (["response_format"], {"type": "json_schema"}),
    (["response_format"], {"type": "json_object"}), (["model"], None),
])
def test_cohere_refuses(path, value):
    with pytest.raises(cohere_rules.CohereRefusal) as refusal:
        cohere_rules.check_chat(changed(encoded("cohere"), path, value))
    assert refusal.value.status in (400, 422)
    assert refusal.value.body["message"]


def test_cohere_answers():
    request = encoded("cohere")
    events = list(cohere_rules.chat_events(request, {}))
    assert [events[0]["type"], events[-1]["type"]] == ["message-start", "message-end"]
    asked = changed(request, ["messages"], [{"role": "user", "content": "parallel"}])
    answer = cohere_rules.chat_answer(asked, {})
    assert answer["finish_reason"] == "TOOL_CALL"
    assert len(answer["message"]["tool_calls"]) == 2


def test_responses_takes_what_llmgw_writes():
    responses_rules.check_responses(changed(encoded("responses"), ["tools", 0, "strict"], False))


@pytest.mark.parametrize("path, value", [
    (["messages"], []), (["temperature"], 0.5), (["max_output_tokens"], 15), (["input"], None),
    (["tools", 0, "strict"], True), (["tools", 1, "strict"], None), (["tools", 1, "name"], None),
    (["tool_choice"], {"type": "function", "function": {"name": "ping"}}),
    (["reasoning", "effort"], "some"), (["include"], ["everything"]),
    (["text", "format", "name"], None), (["input", 0, "name"], "ann"),
    (["input", 2, "content", 0, "type"], "text"),
    (["input", 2, "content", 1, "image_url"], {"url": "https://example.com"}),
    (["input", 2, "content", 3, "filename"], None),
    (["input", 3, "encrypted_content"], None), (["input", 3, "encrypted_content"], "other"),
    (["input", 3, "summary"], None), (["input", 4, "content", 0, "type"], "input_text"),
    (["input", 7, "call_id"], "call_9"), (["input", 10, "type"], "reasoning"),
    (["model"], None),
])
def test_responses_refuses(path, value):
    request = changed(encoded("responses"), ["tools", 0, "strict"], False)
    with pytest.raises(openai_rules.Refusal) as refusal:
        responses_rules.check_responses(changed(request, path, value))
    assert refusal.value.status in (400, 404)


def test_responses_checks_what_the_model_can():
    request = {"model": "m", "input": "hi", "include": ["reasoning.encrypted_content"]}
    responses_rules.check_responses(request)
    with pytest.raises(openai_rules.Refusal):
        responses_rules.check_responses(request, reasons=False)
    alone = [{"type": "reasoning", "id": "rs", "encrypted_content": "gAAAA-1", "summary": []},
             {"type": "message", "role": "user", "content": "x"}]
    with pytest.raises(openai_rules.Refusal, match="required following item"):
        responses_rules.check_responses({"model": "m", "input": alone})


def test_responses_answers():
    request = encoded("responses")
    events = responses_rules.responses_events(request, {})
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] == "response.completed"
    assert [item["type"] for item in events[-1]["response"]["output"]] == [
        "reasoning", "function_call"]
    for script, last in (({"incomplete": "max_output_tokens"}, "response.incomplete"),
                         ({"failed": "server_error"}, "response.failed"),
                         ({"error": "server_error"}, "error")):
        assert responses_rules.responses_events(request, script)[-1]["type"] == last


def test_azure_knows_its_addresses():
    read = azure_rules.read_target
    classic = read("/openai/deployments/d%20e/chat/completions?api-version=2024-10-21", {"d e"})
    assert (classic.operation, classic.deployment) == ("chat/completions", "d e")
    assert read("/openai/v1/chat/completions", ()).operation == "chat/completions"
    assert read("/openai/v1/responses?api-version=preview", ()).operation == "responses"
    assert read("/models/embeddings?api-version=2024-05-01-preview", ()).operation == "embeddings"
    for target in ("/openai/deployments/other/chat/completions?api-version=2024-10-21",
                   "/openai/deployments/d/chat/completions", "/v1/chat/completions",
                   "/openai/deployments/d/chat/completions?api-version=2024-10-21?x",
                   "/openai/deployments/d/chat/completions?api-version=v1",
                   "/openai/v1/chat/completions?api-version=2024-10-21",
                   "/openai/responses?api-version=2024-10-21", "/models/chat/completions"):
        with pytest.raises(openai_rules.Refusal):
            read(target, {"d"})


def test_azure_takes_a_key_or_a_token():
    keys = {"k", "eyJh.eyJi.c2ln"}
    azure_rules.check_auth({"api-key": "k"}, keys)
    azure_rules.check_auth({"authorization": "Bearer eyJh.eyJi.c2ln"}, keys)
    for headers in ({}, {"api-key": "other"}, {"authorization": "Bearer k"},
                    {"api-key": "k", "authorization": "Bearer eyJh.eyJi.c2ln"}):
        with pytest.raises(openai_rules.Refusal):
            azure_rules.check_auth(headers, keys)


def test_azure_bodies():
    body = {"messages": [{"role": "user", "content": "hi"}], "stream": True,
            "stream_options": {"include_usage": True}}
    old = azure_rules.Call("chat/completions", "d", "2024-06-01")
    new = azure_rules.Call("chat/completions", "d", "2024-10-21")
    azure_rules.check_chat(new, body, {"d"})
    with pytest.raises(openai_rules.Refusal, match="stream_options"):
        azure_rules.check_chat(old, body, {"d"})
    v1 = azure_rules.Call("chat/completions")
    azure_rules.check_chat(v1, {**body, "model": "d"}, {"d"})
    with pytest.raises(openai_rules.Refusal) as refusal:
        azure_rules.check_chat(v1, {**body, "model": "gpt-4o"}, {"d"})
    assert refusal.value.body["error"]["code"] == "DeploymentNotFound"
    body["messages"][0]["content"] = "please blockme"
    with pytest.raises(openai_rules.Refusal) as refusal:
        azure_rules.check_chat(new, body, {"d"})
    error = refusal.value.body["error"]
    assert error["code"] == "content_filter"
    assert error["innererror"]["code"] == "ResponsibleAIPolicyViolation"


def test_azure_streams_begin_with_the_verdict():
    request = {"model": "d", "messages": [{"role": "user", "content": "hi"}]}
    chunks = list(azure_rules.chat_chunks(request, {}))
    assert chunks[0]["choices"] == [] and chunks[0]["prompt_filter_results"]
    assert len(list(azure_rules.chat_chunks(request, {"stream_error": True}))) == 2


ENDPOINT = "http://127.0.0.1:1/token"


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """A service account's e-mail address, its private key's file and its modulus."""
    folder = tmp_path_factory.mktemp("account")
    file, modulus = token_rules.make_service_account(folder, ENDPOINT)
    return json.loads(file.read_text())["client_email"], folder / "private.pem", modulus


def encoded_part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def assertion_of(account, header, claims, now):
    email, private, _ = account
    claims = {"iss": email, "scope": token_rules.GOOGLE_SCOPE, "aud": ENDPOINT, "iat": now,
              "exp": now + 3600, **claims}
    header = {"alg": "RS256", "typ": "JWT", **header}
    text = b".".join(encoded_part(json.dumps(part).encode()) for part in (header, claims))
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(private)], input=text,
                               capture_output=True, check=True).stdout
    return (text + b"." + encoded_part(signature)).decode()


@pytest.mark.parametrize("header, claims, words", [
    ({}, {}, None), ({"alg": "none"}, {}, "algorithm"), ({}, {"iss": "other"}, "not found"),
    ({}, {"aud": "http://example.com/token"}, "audience"), ({}, {"scope": "email"}, "scope"),
    ({}, {"iat": 1}, "short-lived"), ({}, {"exp": 1}, "short-lived")])
def test_google_checks_assertions(account, header, claims, words):
    now = int(time.time())
    form = {"grant_type": token_rules.JWT_GRANT,
            "assertion": assertion_of(account, header, claims, now)}
    accounts = {account[0]: account[2]}
    if words is None:
        token_rules.check_google(form, accounts, ENDPOINT, now)
        form["assertion"] = form["assertion"][:-4] + "AAAA"
        words = "Signature"
    with pytest.raises(token_rules.TokenRefusal, match=words):
        token_rules.check_google(form, accounts, ENDPOINT, now)


@pytest.mark.parametrize("change, code", [
    ({"grant_type": "password"}, "unsupported_grant_type"), ({"extra": "1"}, "invalid_request"),
    ({"scope": "https://example.com/.default"}, "invalid_scope"),
    ({"client_id": "other"}, "unauthorized_client"), ({"client_secret": "s"}, "invalid_client")])
def test_entra_checks_its_clients(change, code):
    form = {"grant_type": "client_credentials", "client_id": "app", "client_secret": "secret",
            "scope": token_rules.ENTRA_SCOPE}
    token_rules.check_entra(form, {("tenant", "app"): "secret"}, "tenant")
    with pytest.raises(token_rules.TokenRefusal) as refusal:
        token_rules.check_entra({**form, **change}, {("tenant", "app"): "secret"}, "tenant")
    assert refusal.value.body["error"] == code


@pytest.mark.parametrize("vendor, body", [
    ("mistral", {"seed": 1}), ("mistral", {"stream_options": {}}),
    ("mistral", {"tool_choice": "required"}),
    ("mistral", {"messages": [{"role": "tool", "tool_call_id": "call_1", "content": ""}]}),
    ("deepseek", {"messages": [{"role": "assistant", "content": "x"}]}),
    ("alibaba", {"reasoning_effort": "low"}), ("openai", {"max_tokens": 5}),
    ("openai", {"temperature": 1})])
def test_vendors_refuse_what_they_do_not_know(vendor, body):
    check = mock_vendor.CHECKS[vendor]
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    check(asked)
    with pytest.raises(openai_rules.Refusal):
        check({**asked, **body})
