# SPDX-License-Identifier: Apache-2.0
"""Clients that still speak to Portkey: what their headers do, and that none goes upstream."""

import base64
import json
import re

import pytest

import shapes
from conftest import chat_body
from http_raw import wait_until
from mock_upstream import MockUpstream

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
    private_lab.gateway.stop()
    private_lab.gateway.start()
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
    lab.mock.script("openai/gpt-oss-120b", status=500)
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


# ---- saved configs


def save_config(lab, name, document, slug=None):
    """A route, and the alias that an import makes for a config's slug; waits for the daemon."""
    lab.gateway.run("routes", "set", name, "-", stdin=json.dumps(document))
    if slug:
        lab.gateway.cli("models", "alias", slug, f"route/{name}")
    wait_until(lambda: ask(lab, ("x-portkey-config", slug or name)).status != 400)
    lab.mock.forget()


FALLBACK = {"strategy": "fallback", "targets": [
    {"provider": "@lab", "model": "first"}, {"provider": "@lab", "model": "second"}]}


def test_a_saved_config(private_lab):
    lab = private_lab
    save_config(lab, "main", FALLBACK, "pc-main-0a1b2c")
    for headers in ([("x-portkey-config", "pc-main-0a1b2c")], [("x-portkey-config", "main")],
                    [("x-portkey-config", "'pc-main-0a1b2c'")]):
        lab.mock.forget()
        lab.mock.script("first", status=400)
        answer = ask(lab, *headers, ("x-portkey-trace-id", "t"))
        assert answer.status == 200
        assert [each.json()["model"] for each in lab.mock.requests] == ["first", "second"]
        assert answer.header("x-portkey-last-used-option-index") == "config.targets[1]"
        assert answer.header("x-portkey-retry-attempt-count") == "0"
        assert answer.header("x-portkey-trace-id") == "t"
        assert answer.header("x-portkey-provider") == "lab"
        check_nothing_of_portkey_upstream(lab.mock)
    stream = lab.stream(headers=[("x-portkey-config", "main")])
    assert stream.status == 200
    assert stream.header("x-portkey-last-used-option-index") == "config.targets[1]"


def test_a_saved_config_brings_the_model(private_lab):
    save_config(private_lab, "main", FALLBACK)
    body = {"messages": [{"role": "user", "content": "hi"}]}
    answer = ask(private_lab, ("x-portkey-config", "main"), body=body)
    assert answer.status == 200, answer.body
    assert private_lab.mock.last.json()["model"] == "first"


def test_metadata_decides(private_lab):
    lab = private_lab
    save_config(lab, "paid", {
        "strategy": "conditional", "otherwise": "free",
        "conditions": [{"when": {"metadata.plan": {"$eq": "bezahlt ü"}}, "then": "paid"}],
        "targets": [{"name": "free", "provider": "@lab", "model": "small"},
                    {"name": "paid", "provider": "@lab", "model": "large"}]})

    def model(*headers):
        assert ask(lab, ("x-portkey-config", "paid"), *headers).status == 200
        return lab.mock.last.json()["model"]

    assert model() == "small"
    assert model(("x-portkey-metadata", '{"plan":"bezahlt \\u00fc"}')) == "large"
    assert model(("x-portkey-metadata", '{"plan":"bezahlt ü"}')) == "large"  # Latin-1
    assert model(("x-portkey-metadata", '{"plan":"bezahlt ü"}'.encode().decode("latin-1"))) == \
        "large"
    assert model(("x-portkey-metadata", "{'plan': 'bezahlt ü'}")) == "large"
    assert model(("x-portkey-metadata", "'{\"plan\":\"bezahlt ü\"}'")) == "large"
    assert model(("baggage", "plan=bezahlt%20%C3%BC")) == "large"
    assert model(("x-portkey-metadata", '{"plan":"x"}'), ("baggage", "plan=bezahlt%20%C3%BC")) == \
        "small"
    assert model(("x-portkey-metadata", "nothing")) == "small"


def test_a_config_without_a_provider_takes_that_of_the_headers(private_lab):
    lab = private_lab
    save_config(lab, "patient", {"retry": {"attempts": 1, "on_status": [503]}})
    lab.mock.script("m", status=503)
    answer = ask(lab, ("x-portkey-config", "patient"), ("x-portkey-virtual-key", "lab"), model="m")
    assert answer.status == 503
    assert answer.header("x-portkey-retry-attempt-count") == "-1"
    assert len(lab.mock.requests) == 2


def test_an_unknown_config(lab):
    error = check_config_error(ask(lab, ("x-portkey-config", "pc-gone-0a1b2c")), "invalid_config",
                               "x-portkey-config")
    assert "Invalid config" in error["message"]


# ---- headers that say how a target is asked


def test_a_time_limit(lab):
    lab.mock.script("slow", delay_head=5)
    answer = ask(lab, ("x-portkey-request-timeout", "200"), ("x-portkey-virtual-key", "lab"),
                 model="slow")
    assert answer.status == 408
    assert answer.header("x-portkey-trace-id")


def test_retries(lab):
    lab.mock.script("m", status=500)
    answer = ask(lab, ("x-portkey-retry-count", "1"), ("x-portkey-provider", "@lab"), model="m")
    assert answer.status == 500
    assert len(lab.mock.requests) == 2
    assert answer.header("x-portkey-retry-attempt-count") == "-1"


@pytest.mark.parametrize("names", ["X-Tenant, x-other", "['X-Tenant','X-Other']"])
def test_headers_that_are_forwarded(lab, names):
    answer = ask(lab, ("x-portkey-forward-headers", names), ("X-Tenant", "acme"),
                 ("x-portkey-virtual-key", "lab"), ("x-unnamed", "1"), model="m")
    assert answer.status == 200
    assert lab.mock.last.header("x-tenant") == "acme"
    assert lab.mock.last.header("x-unnamed") is None


@pytest.mark.parametrize("name", ["authorization", "x-api-key", "cookie", "host", "connection"])
def test_headers_that_are_never_forwarded(lab, name):
    before = ask(lab, ("x-portkey-virtual-key", "lab"), model="m")
    assert before.status == 200
    usual = lab.mock.last.header(name)
    answer = ask(lab, ("x-portkey-forward-headers", name), ("x-portkey-virtual-key", "lab"),
                 ("cookie", "a=b"), ("x-api-key", "k"), model="m")
    assert answer.status == 200
    assert lab.mock.last.header(name) == usual


def test_headers_for_the_provider(lab):
    assert ask(lab, ("x-portkey-openai-organization", "org-1"), ("x-portkey-virtual-key", "lab"),
               model="m").status == 200
    assert lab.mock.last.header("openai-organization") == "org-1"
    check_nothing_of_portkey_upstream(lab.mock)


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


# ---- what is taken from a request once it may be


@pytest.fixture
def inline_lab(private_lab):
    private_lab.gateway.set("portkey.inline_config", "true")
    wait_until(lambda: ask(private_lab, ("x-portkey-config", "{"), model="lab/m").json()[
        "error"]["code"] == "invalid_config")
    private_lab.mock.forget()
    return private_lab


def own_key(lab, name="client"):
    key = f"sk-{name}-" + "0123456789abcdef" * 2
    lab.mock.keys.add(key)
    lab.gateway.secrets.append(key)
    return key


def test_an_inline_config(inline_lab):
    lab, key = inline_lab, own_key(inline_lab)
    config = {"strategy": {"mode": "fallback"}, "targets": [
        {"virtual_key": "lab", "override_params": {"model": "first"}},
        {"provider": "openai", "api_key": key, "custom_host": lab.mock.url,
         "override_params": {"model": "second"}}]}
    for text in (json.dumps(config), "'" + json.dumps(config) + "'",
                 base64.b64encode(json.dumps(config).encode()).decode()):
        for stream in (False, True):
            lab.mock.forget()
            lab.mock.script("first", status=429)
            answer = ask(lab, ("x-portkey-config", text), body=chat_body("m", stream=stream))
            assert answer.status == 200, answer.body
            asked = [(each.json()["model"], each.header("authorization").split()[-1])
                     for each in lab.mock.requests]
            assert asked == [("first", lab.provider_keys["lab"]), ("second", key)]
            assert answer.header("x-portkey-last-used-option-index") == "config.targets[1]"
            check_nothing_of_portkey_upstream(lab.mock)


def test_a_key_and_an_address_of_the_clients_own(inline_lab):
    lab, key = inline_lab, own_key(inline_lab)
    answer = ask(lab, ("x-portkey-api-key", lab.gateway.key), bearer(key),
                 ("x-portkey-provider", "openai"), ("x-portkey-custom-host", lab.mock.url),
                 model="gpt-4o", auth=False)
    assert answer.status == 200, answer.body
    assert lab.mock.last.header("authorization") == "Bearer " + key


def test_a_stored_key_never_goes_to_an_address_of_the_client(inline_lab):
    lab = inline_lab
    other = MockUpstream(keys=set())
    try:
        for headers in ([("x-portkey-virtual-key", "lab"), ("x-portkey-custom-host", other.url)],
                        [("x-portkey-provider", "@lab"), ("x-portkey-custom-host", other.url)],
                        [("x-portkey-config", json.dumps(
                            {"virtual_key": "lab", "custom_host": other.url}))],
                        [("x-portkey-config", json.dumps({"virtual_key": "lab"})),
                         ("x-portkey-custom-host", other.url)]):
            answer = ask(lab, *headers, model="m")
            assert answer.status == 400
            assert answer.json()["error"]["code"] == "inline_custom_host_blocked"
        answer = ask(lab, ("x-portkey-provider", "openai"), ("x-portkey-custom-host", other.url),
                     model="gpt-4o")
        for request in other.requests:
            assert request.header("authorization") is None
        assert not lab.mock.requests
    finally:
        other.close()


@pytest.mark.parametrize("host", ["http://127.0.0.2:{}/v1", "http://[::ffff:127.0.0.1]:{}/v1",
                                  "http://0.0.0.0:{}/v1", "http://169.254.169.254/v1"])
def test_closed_networks_stay_closed(inline_lab, host):
    lab, key = inline_lab, own_key(inline_lab)
    port = lab.mock.url.rsplit(":", 1)[1].split("/")[0]
    answer = ask(lab, ("x-portkey-config", json.dumps(
        {"provider": "openai", "api_key": key, "custom_host": host.format(port)})), model="gpt-4o")
    assert answer.status >= 400
    assert not lab.mock.requests


def test_no_host_is_trusted_when_none_is_said_to_be(inline_lab):
    lab, key = inline_lab, own_key(inline_lab)
    headers = [("x-portkey-config", json.dumps(
        {"provider": "openai", "api_key": key, "custom_host": lab.mock.url}))]
    assert ask(lab, *headers, model="gpt-4o").status == 200
    lab.gateway.set("portkey.trusted_hosts", "")
    wait_until(lambda: ask(lab, *headers, model="gpt-4o").status >= 400)


@pytest.mark.parametrize("config, said", [
    ("{", "valid json"), ('{"provider":"nobody","api_key":"sk-of-mine-1234"}', "nobody"),
    ('{"virtual_key":"gone"}', "gone"),
    ('{"provider":"openai","api_key":"${OPENAI_API_KEY}"}', "expression"),
    ('{"provider":"openai","api_key":process.env.OPENAI_API_KEY}', "expression")])
def test_inline_configs_that_cannot_be_used(inline_lab, config, said):
    answer = ask(inline_lab, ("x-portkey-config", config), model="m")
    error = check_config_error(answer, "invalid_config", "x-portkey-config")
    assert said in error["message"], error
    assert b"of-mine" not in answer.body
    assert not inline_lab.mock.requests


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
