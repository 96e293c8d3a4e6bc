# SPDX-License-Identifier: Apache-2.0
"""Clients that still speak to Portkey: what their headers do, and that none goes upstream."""

import json
import re

import pytest

import shapes
from conftest import chat_body
from http_raw import wait_until

CHAT = "/v1/chat/completions"
ANSWERED = ("x-portkey-trace-id", "x-portkey-retry-attempt-count", "x-portkey-cache-status",
            "x-portkey-last-used-option-index")

# One of each kind, and one that Portkey does not have.
HARMLESS = [("x-portkey-trace-id", "trace-1"), ("x-portkey-span-id", "s"),
            ("x-portkey-metadata", '{"_user":"ada"}'), ("x-portkey-cache", "simple"),
            ("x-portkey-cache-namespace", "n"), ("x-portkey-cache-force-refresh", "true"),
            ("x-portkey-debug", "true"), ("x-portkey-strict-open-ai-compliance", "false"),
            ("x-portkey-package-version", "portkey-3.1.0"), ("x-portkey-runtime", "node"),
            ("x-portkey-default-input-guardrails", "[]"), ("X-Portkey-Nobody-Knows", "x" * 300)]


def bearer(key):
    return ("Authorization", "Bearer " + key)


def ask(lab, *headers, body=None, auth=True, **fields):
    return lab.request("POST", CHAT, headers, body or chat_body(**fields), auth=auth)


def check_config_error(answer, code, field=None):
    """Portkey's shape for configs, with OpenAI's in it."""
    assert answer.status == 400, answer.body
    document = answer.json()
    error = document["error"]
    assert document["status"] == "failure" and document["message"] == error["message"] != ""
    assert (error["code"], error["field"], error["param"]) == (code, field, field)
    assert error["type"] == "invalid_request_error"
    return error


def check_nothing_of_portkey_upstream(mock):
    assert mock.requests
    for request in mock.requests:
        assert not [name for name in request.names() if "portkey" in name], request.head
        assert b"portkey" not in request.raw_body


# ---- what goes where


@pytest.mark.parametrize("compat", ["true", "false"])
def test_no_header_of_portkeys_goes_upstream(private_lab, compat):
    private_lab.gateway.set("portkey.compat", compat)
    private_lab.gateway.cli("serve", "reload")
    for stream in (False, True):
        answer = ask(private_lab, *HARMLESS, body=chat_body(stream=stream))
        assert answer.status == 200
    check_nothing_of_portkey_upstream(private_lab.mock)


def test_nor_into_the_head_that_other_formats_get(lab):
    assert ask(lab, ("x-portkey-anthropic-beta", "b"), ("x-portkey-openai-beta", "o")).status == 200
    check_nothing_of_portkey_upstream(lab.mock)


def test_an_answer_has_portkeys_headers_when_the_request_has(lab):
    plain = ask(lab)
    assert not [name for name in ANSWERED if plain.header(name)]
    answer = ask(lab, ("x-portkey-trace-id", "my trace/1"))
    assert [answer.header(name) for name in ANSWERED] == ["my trace/1", "0", "DISABLED", "config"]
    assert answer.header("x-portkey-provider") == "lab"


def test_without_compat_it_has_none(private_lab):
    private_lab.gateway.set("portkey.compat", "false")
    wait_until(lambda: not ask(private_lab, ("x-portkey-trace-id", "t")).header(ANSWERED[0]))


def test_a_stream_and_an_error_have_them_too(lab):
    with_trace = [("x-portkey-trace-id", "t")]
    stream = lab.stream(headers=with_trace)
    assert stream.header("x-portkey-trace-id") == "t"
    assert stream.header("x-portkey-provider") == "lab"
    missing = ask(lab, *with_trace, model="no-such-model")
    shapes.check_error(missing, 404)
    assert "status" not in missing.json()
    assert missing.header("x-portkey-trace-id") == "t"
    lab.mock.script("broken", status=500)
    broken = ask(lab, *with_trace, model="lab/broken")
    assert broken.status >= 500
    assert broken.header("x-portkey-trace-id") == "t"
    assert broken.header("x-portkey-provider") == "lab"
    refused = ask(lab, *with_trace, bearer("nobody's"), auth=False)
    shapes.check_error(refused, 401)
    assert refused.header("x-portkey-trace-id") == "t"


def test_the_trace_id_is_never_empty(lab):
    ids = [ask(lab, ("x-portkey-debug", "true")).header("x-portkey-trace-id") for _ in range(2)]
    assert all(ids) and ids[0] != ids[1]
    assert ask(lab, ("x-portkey-trace-id", "")).header("x-portkey-trace-id")
    refused = ask(lab, ("x-portkey-debug", "true"), auth=False)
    assert refused.status == 401 and refused.header("x-portkey-trace-id")


def test_the_trace_of_a_traceparent(lab):
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = ask(lab, ("traceparent", f"00-{trace}-b7ad6b7169203331-01"), ("x-portkey-debug", "1"))
    assert answer.header("x-portkey-trace-id") == trace


# ---- who asks


def test_a_gateway_key_in_portkeys_header(lab):
    key = lab.gateway.key
    for headers in ([("x-portkey-api-key", key)],
                    [("x-portkey-api-key", key), bearer("X")],
                    [("x-portkey-api-key", key), bearer("sk-somebody-elses-key")],
                    [("x-portkey-api-key", "old-portkey-key"), bearer(key)],
                    [("x-portkey-api-key", "old-portkey-key"), ("Authorization", key)],
                    [("x-portkey-api-key", "old-portkey-key"), ("x-api-key", key)]):
        answer = ask(lab, *headers, ("x-portkey-provider", "@lab"), auth=False,
                     body=chat_body("m"))
        assert answer.status == 200, (headers, answer.body)
        assert lab.mock.last.header("authorization") == "Bearer " + lab.provider_keys["lab"]


def test_without_compat_portkeys_header_is_no_key(private_lab):
    gateway = private_lab.gateway
    gateway.set("portkey.compat", "false")
    wait_until(lambda: ask(private_lab, ("x-portkey-api-key", gateway.key), auth=False).status == 401)


@pytest.mark.parametrize("headers", [
    [("x-portkey-api-key", "wrong")], [("x-portkey-api-key", "")],
    [("x-portkey-api-key", "wrong"), bearer("X")], [bearer("X"), ("x-portkey-debug", "true")]])
def test_bad_keys(lab, headers):
    shapes.check_error(ask(lab, *headers, auth=False), 401, code="invalid_api_key")
    assert not lab.mock.requests


# ---- what is asked


@pytest.mark.parametrize("headers, model, label", [
    ([("x-portkey-virtual-key", "lab")], "m", "lab"),
    ([("x-portkey-virtual-key", "@lab")], "m", "lab"),
    ([("x-portkey-virtual-key", "'lab'")], "m", "lab"),
    ([("x-portkey-provider", "@lab")], "m", "lab"),
    ([("x-portkey-provider", "@lab")], "@groq/m", "lab"),
    ([("x-portkey-provider", "groq")], "gpt-oss-120b", "groq"),
    ([("x-portkey-provider", "openai")], "@lab/m", "lab"),
    ([("x-portkey-virtual-key", "lab"), ("x-portkey-provider", "openai")], "m", "lab"),
    ([("x-portkey-provider", "@lab")], "openai/gpt-oss:20b", "lab"),
    ([], "@lab/openai/gpt-oss:20b", "lab")])
def test_what_headers_select(lab, headers, model, label):
    answer = ask(lab, *headers, model=model)
    assert answer.status == 200, answer.body
    assert lab.provider_of(lab.mock.last) == label
    asked = lab.mock.last.json()["model"]
    assert asked == (model.split("/", 1)[1] if model.startswith("@") else asked)


def test_an_unknown_slug_or_provider(lab):
    check_config_error(ask(lab, ("x-portkey-virtual-key", "gone")), "invalid_config",
                       "x-portkey-virtual-key")
    check_config_error(ask(lab, ("x-portkey-provider", "@gone")), "invalid_config",
                       "x-portkey-provider")
    error = check_config_error(ask(lab, ("x-portkey-provider", "openai, openai")), "invalid_config",
                               "x-portkey-provider")
    assert "Invalid provider" in error["message"]
    assert not lab.mock.requests


def test_a_provider_is_never_left_for_another(lab):
    lab.mock.script("gpt-oss-120b", status=500)
    answer = ask(lab, ("x-portkey-provider", "groq"), model="gpt-oss-120b")
    assert answer.status >= 500
    assert {lab.provider_of(each) for each in lab.mock.requests} == {"groq"}


def test_a_saved_config_that_is_an_alias(lab):
    lab.gateway.cli("models", "alias", "pc-main-0a1b2c", "lab/m")
    wait_until(lambda: ask(lab, ("x-portkey-config", "pc-main-0a1b2c")).status == 200)
    # Without a model: the config says it.
    body = {"messages": [{"role": "user", "content": "hi"}]}
    assert ask(lab, ("x-portkey-config", "pc-main-0a1b2c"), body=body).status == 200
    assert lab.mock.last.json()["model"] == "m"


def test_a_request_without_a_model_needs_a_config(lab):
    body = {"messages": [{"role": "user", "content": "hi"}]}
    for headers in ([], [("x-portkey-debug", "true")], [("x-portkey-virtual-key", "lab")]):
        answer = ask(lab, *headers, body=body)
        assert answer.status == 400
        error = answer.json()["error"]
        assert (error["param"], error["code"]) == ("model", "missing_required_parameter")
    assert not lab.mock.requests


@pytest.mark.parametrize("name, value", [
    ("request-timeout", "soon"), ("request-timeout", "-1"), ("retry-count", "many"),
    ("retry-count", "1000000"), ("forward-headers", "x-portkey-api-key")])
def test_values_that_mean_nothing(lab, name, value):
    answer = ask(lab, ("x-portkey-" + name, value))
    assert answer.status == 400
    assert answer.json()["status"] == "failure"
    assert answer.json()["error"]["field"] == "x-portkey-" + name


# ---- what is not taken from a request


@pytest.mark.parametrize("headers, code, field", [
    ([("x-portkey-config", '{"retry":{"attempts":2}}')], "inline_config_blocked",
     "x-portkey-config"),
    ([("x-portkey-config", "'{\"retry\":{}}'")], "inline_config_blocked", "x-portkey-config"),
    ([("x-portkey-config", "eyJyZXRyeSI6e319")], "inline_config_blocked", "x-portkey-config"),
    ([("x-portkey-provider", "openai"), bearer("sk-my-own-key")], "inline_provider_blocked",
     "authorization"),
    ([("x-portkey-custom-host", "http://127.0.0.1:1/v1")], "inline_custom_host_blocked",
     "x-portkey-custom-host"),
    ([("x-portkey-aws-secret-access-key", "secret-of-mine")], "inline_provider_blocked",
     "x-portkey-aws-secret-access-key")])
def test_what_is_inline_is_blocked(lab, headers, code, field):
    answer = ask(lab, ("x-portkey-api-key", lab.gateway.key), *headers, auth=False)
    error = check_config_error(answer, code, field)
    assert "portkey.inline_config" in error["message"]
    assert b"own-key" not in answer.body and b"of-mine" not in answer.body
    assert answer.header("x-portkey-trace-id")
    assert not lab.mock.requests


def test_the_key_that_an_sdk_insists_on_is_no_provider_key(lab):
    answer = ask(lab, ("x-portkey-api-key", lab.gateway.key), bearer("X"),
                 ("x-portkey-provider", "groq"), model="gpt-oss-120b", auth=False)
    assert answer.status == 200
    assert lab.provider_of(lab.mock.last) == "groq"


# ---- the response cache


def test_refresh_namespace_and_status(private_lab):
    gateway = private_lab.gateway
    gateway.cli("cache", "on")

    def status(*headers):
        answer = ask(private_lab, ("x-portkey-debug", "true"), *headers)
        assert answer.status == 200
        return answer.header("x-portkey-cache-status")

    wait_until(lambda: status() == "HIT")
    before = len(private_lab.mock.requests)
    assert status(("x-portkey-cache-force-refresh", "false")) == "HIT"
    assert status(("x-portkey-cache-namespace", "a")) == "MISS"
    wait_until(lambda: status(("x-portkey-cache-namespace", "a")) == "HIT")
    assert status(("x-portkey-cache-force-refresh", "true")) == "REFRESH"
    assert status() == "HIT"
    assert ask(private_lab, ("x-portkey-debug", "false")).header(
        "x-portkey-cache-status") == "DISABLED"
    assert len(private_lab.mock.requests) == before + 3


# ---- who still sends what


def used(gateway, *args):
    return json.loads(gateway.cli("usage", "--by", "portkey-header", "--json", *args))


def test_usage_tells_which_client_sends_which_header(private_lab):
    gateway = private_lab.gateway
    assert used(gateway) == []
    assert "no client" in gateway.run("usage", "--by", "portkey-header").stderr
    ask(private_lab)
    for _ in range(3):
        ask(private_lab, ("x-portkey-trace-id", "t"), ("User-Agent", "app/1.0"))
    ask(private_lab, ("X-Portkey-Nobody-Knows", "t"), ("User-Agent", "evil\tone"))
    wait_until(lambda: sum(row["requests"] for row in used(gateway)) == 4)
    rows = {row["header"]: row for row in used(gateway)}
    assert set(rows) == {"x-portkey-trace-id", "x-portkey-nobody-knows"}
    trace = rows["x-portkey-trace-id"]
    assert (trace["key"], trace["client"], trace["requests"]) == ("test", "app/1.0", 3)
    assert trace["handling"] == "honoured"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", trace["last_seen"])
    assert rows["x-portkey-nobody-knows"]["handling"] == "unknown"
    lines = gateway.cli("usage", "--by", "portkey-header").splitlines()
    assert [line.split("\t")[0] for line in lines] == sorted(rows)
    assert all(line.count("\t") == 5 for line in lines)


def test_what_does_nothing_is_told_once(private_lab):
    gateway = private_lab.gateway
    for _ in range(3):
        ask(private_lab, ("x-portkey-nobody-knows", "secret-value"),
            ("x-portkey-default-input-guardrails", "[]"))
    log = gateway.stderr
    assert log.count("x-portkey-nobody-knows") == 1
    assert log.count("x-portkey-default-input-guardrails") == 1
    assert "secret-value" not in log
