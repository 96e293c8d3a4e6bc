# SPDX-License-Identifier: Apache-2.0
"""Requests on their way through a route: who is asked with what, in which order, and whose answer it
is. A model "status-N" has the upstream answer N, "sleep-MS" has it take its time; what is in
tests/data/routes/observed.json was observed at Portkey's gateway (1.15.2)."""

import json
import pathlib
import socket
import time

import pytest

from conftest import chat_body, new_secret
from http_raw import SLOW
from mock_upstream import MockUpstream

CHAT = "/v1/chat/completions"
DATA = pathlib.Path(__file__).parent.parent / "data" / "routes" / "observed.json"
OBSERVED = json.loads(DATA.read_text(encoding="utf-8"))
COMPLETION = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "x",
              "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"},
                           "finish_reason": "stop"}],
              "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
BACKOFF = 0.05


class RouteUpstream(MockUpstream):
    """Takes any parameters, and fails as its model's name says."""

    def find_script(self, request):
        script = super().find_script(request)
        if script:
            return script
        body = json.loads(request.body)
        kind, _, number = body.get("model", "").partition("-")
        if kind == "status":
            status = int(number)
            return {"status": status, **({"body": COMPLETION} if status < 300 else {})}
        if kind == "sleep":
            return {"delay_head": int(number) / 1000, **({} if body.get("stream") else {"body": COMPLETION})}
        return {} if body.get("stream") else {"body": COMPLETION}

    def asked(self):
        """The bodies that arrived, without their messages."""
        bodies = [json.loads(request.body) for request in self.requests]
        return [{name: value for name, value in body.items() if name != "messages"}
                for body in bodies]

    def asked_models(self):
        return [body["model"] for body in self.asked()]


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Roads:
    """A daemon with routes."""

    def __init__(self, gateway, mock):
        self.gateway, self.mock = gateway, mock
        self.names, self.seen = {}, set()

    def set(self, route, name=None):
        """Stores a route; returns its name."""
        text = json.dumps(route)
        if name is None and text in self.names:
            return self.names[text]
        name = name or f"r{len(self.names)}"
        self.gateway.cli("routes", "set", name, "-", stdin=text)
        self.names[text] = name
        return name

    def ask(self, model, headers=(), key=None, **fields):
        with self.gateway.connect(10, key) as client:
            return client.request("POST", CHAT, headers, chat_body(model, **fields))

    def known(self, name, seconds=10):
        """Waits until the daemon has a route."""
        end = time.monotonic() + seconds * SLOW
        while True:
            answer = self.ask(f"route/{name}/probe", text="Are you there?")
            if answer.status != 404 or time.monotonic() > end:
                assert answer.status != 404, answer.body
                return
            time.sleep(0.02)

    def go(self, route, model="gpt-4o-mini", headers=(), **fields):
        """Sends a request through a route that may be new."""
        name = self.set(route)
        if name not in self.seen:
            self.known(name)
            self.seen.add(name)
        self.mock.forget()
        return self.ask(f"route/{name}/{model}", headers, **fields)


@pytest.fixture(scope="module")
def roads(tmp_path_factory):
    from gateway import Gateway
    mock = RouteUpstream(keys=None)
    gateway = Gateway(tmp_path_factory.mktemp("routes") / "home",
                      {"LLMGW_ROUTING_ROUTE_BACKOFF": f"{int(BACKOFF * 1000)}ms"})
    gateway.key = gateway.create_key("test")
    gateway.add_provider("custom", mock.url, new_secret("lab"), name="lab")
    gateway.add_provider("custom", mock.url, new_secret("lab2"), name="lab2")
    gateway.add_provider("openai", mock.url, new_secret("oa"), name="oa")
    gateway.add_provider("custom", f"http://127.0.0.1:{closed_port()}/v1", new_secret("dead"),
                         name="dead")
    gateway.add_provider("groq", mock.url, new_secret("groq"))
    gateway.add_provider("scx-ai", mock.url, new_secret("scx-ai"))
    made = Roads(gateway, mock)
    for row in OBSERVED:
        made.set(row["route"])
    made.gateway.cli("routes", "set", "bound", "-",
                     stdin='{"provider":"@lab","set":{"model":"gpt-4o"}}')
    made.bound_key = gateway.create_key("bound", "--route", "bound")
    gateway.start()
    made.seen |= set(made.names.values())
    yield made
    code = gateway.stop()
    mock.close()
    assert not gateway.sanitizer_report(), gateway.stderr
    assert code == 0, gateway.stderr[-2000:]
    for secret in gateway.secrets:
        assert secret not in gateway.stderr


@pytest.mark.parametrize("row", OBSERVED, ids=[row["name"] for row in OBSERVED])
def test_as_observed(roads, row):
    body = dict(row.get("body", {"model": "gpt-4o-mini"}))
    model = body.pop("model", None)
    headers = list(row.get("headers", {}).items())
    if model is None:
        roads.mock.forget()
        with roads.gateway.connect(10, roads.bound_key) as client:
            answer = client.request("POST", CHAT, headers, {"messages": [
                {"role": "user", "content": "hi"}]})
    else:
        answer = roads.go(row["route"], model, headers, **body)
    assert answer.status == row["status"], answer.body
    assert roads.mock.asked() == row["asked"]
    for name, value in row.get("extra", {}).items():
        assert roads.mock.last.header(name) == value
        assert roads.mock.last.header("x-other") is None
    if answer.status == 200:
        metadata = answer.json()["metadata"]
        assert metadata["route_target"] == row["target"]
        assert len(metadata["routing"]) == int(answer.header("x-llmgw-attempts"))
    if answer.status == 408:
        error = answer.json()["error"]
        assert error["type"] == "timeout_error" and error["param"] is error["code"] is None
        assert error["message"].startswith("Request exceeded the timeout sent in the request: ")


def leaf(model, **more):
    return {"provider": "@lab", "model": model, **more}


def fallback(*targets, **more):
    return {"strategy": "fallback", "targets": list(targets), **more}


def test_the_last_error_passes_as_it_is(roads):
    roads.mock.script("own", status=418, body={"error": {
        "message": "a teapot", "type": "teapot", "param": "x", "code": "c1", "more": [1.0]}},
        headers=[("x-ratelimit-limit-requests", "7")])
    script = dict(roads.mock.scripts)
    route = fallback(leaf("status-500"), leaf("own"))
    name = roads.set(route)
    roads.known(name)
    roads.mock.forget()
    roads.mock.scripts.update(script)
    answer = roads.ask(f"route/{name}/x")
    assert answer.status == 418
    assert answer.json() == {"error": {"message": "a teapot", "type": "teapot", "param": "x",
                                       "code": "c1", "more": [1.0]}}
    assert answer.header("x-ratelimit-limit-requests") == "7"
    assert answer.header("x-llmgw-attempts") == "2"
    assert answer.header("x-should-retry") == "false"
    assert answer.header("x-llmgw-provider") == "lab"


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_refused_key_passes_as_it_is(roads, status):
    answer = roads.go(leaf(f"status-{status}"))
    assert answer.status == status
    assert answer.json()["error"]["message"] == f"scripted {status}"


def test_a_dead_target(roads):
    answer = roads.go({"provider": "@dead", "model": "m"})
    assert answer.status == 502
    assert answer.error["message"].startswith("dead: ")


@pytest.mark.parametrize("codes,goes_on", [([500], True), ([502], True), ([503], False)])
def test_no_connection_counts_as_500_and_502(roads, codes, goes_on):
    answer = roads.go(fallback({"provider": "@dead", "model": "m"}, leaf("ok"), on_status=codes))
    assert answer.status == (200 if goes_on else 502)


def test_an_error_within_a_success_leads_on(roads):
    roads.set(fallback(leaf("odd"), leaf("ok")))
    name = roads.set(fallback(leaf("odd"), leaf("ok")))
    roads.known(name)
    roads.mock.forget()
    roads.mock.script("odd", body={"error": {"message": "broken"}})
    answer = roads.ask(f"route/{name}/x")
    assert answer.status == 200 and roads.mock.asked_models() == ["odd", "ok"]


def test_a_success_that_is_listed_is_thrown_away(roads):
    answer = roads.go(fallback(leaf("a"), leaf("b"), on_status=[200]))
    assert answer.status == 200 and roads.mock.asked_models() == ["a", "b"]
    assert answer.json()["metadata"]["route_target"] == "targets[1]"
    streamed = roads.go(fallback(leaf("a"), leaf("b"), on_status=[200]), stream=True)
    assert streamed.status == 200 and streamed.body.endswith(b"data: [DONE]\n\n")
    assert roads.mock.asked_models() == ["a", "b"]


def test_the_target_that_was_retried_answers(roads):
    name = roads.set(leaf("shy", retry={"attempts": 3}))
    roads.known(name)
    roads.mock.forget()
    roads.mock.script("shy", first=[{"status": 503}, {"status": 429}], body=COMPLETION)
    began = time.monotonic()
    answer = roads.ask(f"route/{name}/x")
    took = time.monotonic() - began
    assert answer.status == 200 and len(roads.mock.requests) == 3
    assert 3 * BACKOFF <= took
    routing = answer.json()["metadata"]["routing"]
    assert [attempt["status_code"] for attempt in routing] == [503, 429, 200]


@pytest.mark.parametrize("asked", [True, False])
def test_retry_after(roads, asked):
    name = roads.set(leaf("wait", retry={"attempts": 1, "retry_after": asked}))
    roads.known(name)
    roads.mock.forget()
    roads.mock.script("wait", first=[{"status": 429, "headers": [("retry-after-ms", "700")]}],
                      body=COMPLETION)
    began = time.monotonic()
    assert roads.ask(f"route/{name}/x").status == 200
    assert (time.monotonic() - began >= 0.7) == asked


def test_retry_after_that_is_too_long(roads):
    name = roads.set(fallback(leaf("long", retry={"attempts": 2, "retry_after": True}),
                              leaf("ok")))
    roads.known(name)
    roads.mock.forget()
    roads.mock.script("long", status=429, headers=[("retry-after", "61")])
    answer = roads.ask(f"route/{name}/x")
    assert answer.status == 200 and roads.mock.asked_models() == ["long", "ok"]


def test_the_timeout_ends_where_the_answer_begins(roads):
    slow = leaf("slow", timeout=300)
    name = roads.set(slow)
    roads.known(name)
    roads.mock.forget()
    # The head of a plain answer is there at once, its body later.
    body = json.dumps(COMPLETION)
    roads.mock.script("slow", body=body, splits=[5], gates={}, chunk_delay=0)
    assert roads.ask(f"route/{name}/x").status == 200
    roads.mock.script("slow", gates={0: "first"})
    streamed = roads.ask(f"route/{name}/x", stream=True)
    assert streamed.status == 408, streamed.body
    roads.mock.script("slow", chunk_delay=0.15)
    streamed = roads.ask(f"route/{name}/x", stream=True)
    assert streamed.status == 200 and streamed.body.endswith(b"data: [DONE]\n\n")


def test_a_stream_that_fails_before_its_content_leads_on(roads):
    name = roads.set(fallback(leaf("broken"), leaf("ok")))
    roads.known(name)
    for script in ({"status": 500}, {"cut": (0, "rst")}, {"drop": "rst"}):
        roads.mock.forget()
        roads.mock.script("broken", **script)
        answer = roads.ask(f"route/{name}/x", stream=True)
        assert answer.status == 200 and answer.body.endswith(b"data: [DONE]\n\n"), script
        # A kept connection that is reset before the answer is replaced by a new one.
        assert list(dict.fromkeys(roads.mock.asked_models())) == ["broken", "ok"]


def test_a_stream_that_fails_in_its_middle_ends(roads):
    name = roads.set(fallback(leaf("broken"), leaf("ok")))
    roads.known(name)
    roads.mock.forget()
    roads.mock.script("broken", cut=(3, "rst"))
    answer = roads.ask(f"route/{name}/x", stream=True)
    assert answer.status == 200 and b"[DONE]" not in answer.body and b'"error"' in answer.body
    assert roads.mock.asked_models() == ["broken"]


def test_a_target_can_make_a_stream(roads):
    answer = roads.go(leaf("ok", set={"stream": True}))
    assert answer.header("content-type").startswith("text/event-stream")
    assert answer.body.endswith(b"data: [DONE]\n\n")
    answer = roads.go(leaf("ok", set={"stream": False}), stream=True)
    assert answer.json()["choices"][0]["message"]["content"] == "hi"


def test_parameters(roads):
    route = fallback(leaf("status-500", set={"temperature": 0.1}, drop=["user", "tools[*].x"]),
                     leaf("ok", default={"seed": 1, "top_p": 0.5}),
                     default={"seed": 7}, set={"n": 1})
    answer = roads.go(route, user="u", top_p=0.9, tools=[{"type": "function", "x": 1}])
    assert answer.status == 200, answer.body
    assert roads.mock.asked() == [
        {"model": "status-500", "top_p": 0.9, "tools": [{"type": "function"}], "n": 1,
         "temperature": 0.1, "seed": 7},
        {"model": "ok", "user": "u", "top_p": 0.9, "tools": [{"type": "function", "x": 1}], "n": 1,
         "seed": 1}]


def test_bytes_that_nobody_changes_stay(roads):
    name = roads.set(leaf("ok", set={"n": 1}))
    roads.known(name)
    roads.mock.forget()
    raw = ('{"model":"route/%s/x", "messages":[{"role":"user","content":"caf\\u00e9"}],'
           '"seed":123456789012345678901234567890,"temperature":1.00}' % name)
    with roads.gateway.connect() as client:
        assert client.request("POST", CHAT, (), raw.encode()).status == 200
    sent = roads.mock.last.body.decode()
    assert '"content":"caf\\u00e9"' in sent and ":1.00" in sent
    assert "123456789012345678901234567890" in sent


def test_headers(roads):
    route = {"strategy": "single", "headers": {"X-Team": "route", "OpenAI-Beta": "own"},
             "forward_headers": ["x-trace", "user-agent"], "targets": [leaf("ok")]}
    answer = roads.go(route, headers=[("x-trace", "t1"), ("user-agent", "mine/1"), ("x-not", "n"),
                                      ("openai-beta", "client")])
    assert answer.status == 200
    request = roads.mock.last
    assert request.header("x-team") == "route"
    assert request.header("openai-beta") == "own"
    assert request.header("x-trace") == "t1"
    assert request.header("user-agent") == "mine/1"
    assert request.header("x-not") is None
    assert request.head.lower().count(b"openai-beta:") == 1
    assert request.head.lower().count(b"user-agent:") == 1


def test_a_client_that_leaves_ends_it(roads):
    name = roads.set(fallback(leaf("hang"), leaf("ok")))
    roads.known(name)
    roads.mock.forget()
    roads.mock.script("hang", hang=True)
    client = roads.gateway.connect()
    client.send(client.request_bytes("POST", CHAT, (), chat_body(f"route/{name}/x")))
    roads.mock.wait_requests(1)
    connection = roads.mock.requests[0].connection
    client.close()
    assert roads.mock.wait_for(lambda: connection.closed_at is not None, 10)
    assert roads.mock.asked_models() == ["hang"]


def test_a_client_that_leaves_while_it_waits_for_a_retry(roads, make_gateway):
    gateway = make_gateway(LLMGW_ROUTING_ROUTE_BACKOFF="10m")
    gateway.key = gateway.create_key("test")
    gateway.add_provider("custom", roads.mock.url, new_secret("lab"), name="lab")
    gateway.cli("routes", "set", "patient", "-",
                stdin=json.dumps(leaf("status-503", retry={"attempts": 1})))
    gateway.start("--log-level", "debug")
    roads.mock.forget()
    client = gateway.connect()
    client.send(client.request_bytes("POST", CHAT, (), chat_body("route/patient")))
    roads.mock.wait_requests(1)
    client.close()
    began = time.monotonic()
    assert gateway.stop() == 0  # it waits for requests that are under way
    assert time.monotonic() - began < 10
    assert len(roads.mock.requests) == 1


def test_the_time_for_all_of_it_ends_the_walk(roads, make_gateway):
    gateway = make_gateway(LLMGW_ROUTING_ROUTE_BACKOFF="10m", LLMGW_TIMEOUTS_TOTAL="2s")
    gateway.key = gateway.create_key("test")
    gateway.add_provider("custom", roads.mock.url, new_secret("lab"), name="lab")
    gateway.cli("routes", "set", "patient", "-",
                stdin=json.dumps(leaf("status-503", retry={"attempts": 5})))
    gateway.start()
    with gateway.connect() as client:
        assert client.request("POST", CHAT, (), chat_body("route/patient")).status == 503
    assert gateway.stop() == 0


def test_whoever_serves_the_model(roads):
    """A target without a provider has llmgw's router ask, with all its failover."""
    roads.mock.forget()
    name = roads.set({"model": "gpt-oss-120b"})
    roads.known(name)
    roads.mock.forget()
    roads.mock.script("gpt-oss-120b", status=500)
    answer = roads.ask(f"route/{name}")
    assert answer.status == 200, answer.body
    assert answer.header("x-llmgw-provider") == "groq"
    assert roads.mock.asked_models() == ["gpt-oss-120b", "openai/gpt-oss-120b"]


def test_keys_of_a_provider(roads):
    answer = roads.go({"provider": "groq", "model": "anything"})
    assert answer.status == 200 and answer.header("x-llmgw-provider") == "groq"
    assert roads.go({"provider": "lab2", "model": "m"}).header("x-llmgw-provider") == "lab2"
    missing = roads.go({"provider": "cohere", "model": "m"})
    assert missing.status == 400 and "cohere" in missing.error["message"]


def test_a_key_that_there_is_not_is_a_failed_target(roads):
    assert roads.go(fallback({"provider": "@gone", "model": "m"}, leaf("ok"))).status == 200
    alone = roads.go({"provider": "@gone", "model": "m"})
    assert alone.status == 400 and "gone" in alone.error["message"]
    assert roads.mock.requests == []


def test_weights(roads):
    route = {"strategy": "loadbalance", "targets": [leaf("a", weight=3), leaf("b"),
                                                    leaf("c", weight=0)]}
    roads.go(route)
    seen = [roads.ask(f"route/{roads.set(route)}/x") and roads.mock.asked_models()[-1]
            for _ in range(120)]
    assert "c" not in seen and 60 < seen.count("a") < 115


def test_sticky(roads):
    route = {"strategy": "loadbalance", "sticky": {"by": ["metadata.user"]},
             "targets": [leaf("a"), leaf("b")]}
    name = roads.set(route)
    roads.known(name)
    of_user = {}
    for user in "abcdefghijklmnop":
        roads.mock.forget()
        for _ in range(3):
            roads.ask(f"route/{name}/x", headers=[("x-llmgw-metadata", json.dumps({"user": user}))])
        assert len(set(roads.mock.asked_models())) == 1
        of_user[user] = roads.mock.asked_models()[0]
    assert set(of_user.values()) == {"a", "b"}


CONDITIONS = {"strategy": "conditional", "otherwise": "none", "conditions": [
    {"when": {"metadata.plan": {"$in": ["pro", "max"]}}, "then": "paid"},
    {"when": {"params.max_tokens": {"$gt": 100}}, "then": "long"},
    {"when": {"url.pathname": {"$regex": "/embeddings$"}}, "then": "never"}],
    "targets": [leaf("A", name="paid"), leaf("B", name="long"), leaf("C", name="none"),
                leaf("D", name="never")]}


@pytest.mark.parametrize("metadata,fields,model", [
    ('{"plan":"pro"}', {}, "A"), ('{"plan":"free"}', {}, "C"), (None, {"max_tokens": 101}, "B"),
    ("{'plan':'pro'}", {}, "C"), ("[1]", {"max_tokens": 100}, "C"), ("", {}, "C")])
def test_conditions(roads, metadata, fields, model):
    headers = [] if metadata is None else [("x-llmgw-metadata", metadata)]
    assert roads.go(CONDITIONS, headers=headers, **fields).status == 200
    assert roads.mock.asked_models() == [model]
    assert roads.mock.last.header("x-llmgw-metadata") is None


def test_names(roads):
    name = roads.set(fallback({"provider": "@lab"}, leaf("fixed")))
    roads.known(name)
    roads.mock.forget()
    assert roads.ask(f"route/{name}/org/m:1").status == 200
    assert roads.mock.asked_models() == ["org/m:1"]
    roads.mock.forget()
    answer = roads.ask(f"route/{name}")  # the first target has no model
    assert answer.status == 200 and roads.mock.asked_models() == ["fixed"]
    assert answer.json()["metadata"]["requested_model"] == f"route/{name}"
    assert answer.json()["metadata"]["route"] == name
    unknown = roads.ask("route/nope")
    assert unknown.status == 404 and unknown.error["code"] == "model_not_found"
    alone = roads.set({"provider": "@lab", "name": "open"})
    roads.known(alone)
    answer = roads.ask(f"route/{alone}")
    assert answer.status == 400 and f"route/{alone}/MODEL" in answer.error["message"]


def test_aliases(roads):
    name = roads.set(fallback({"provider": "@lab"}))
    roads.known(name)
    roads.gateway.cli("models", "alias", "smart", f"route/{name}/big")
    roads.gateway.cli("models", "alias", "gpt-mine", f"route/{name}")
    end = time.monotonic() + 10 * SLOW
    while roads.ask("gpt-mine").status != 200 and time.monotonic() < end:
        time.sleep(0.02)
    roads.mock.forget()
    assert roads.ask("smart").status == 200
    assert roads.ask("gpt-mine").status == 200
    assert roads.mock.asked_models() == ["big", "gpt-mine"]


def test_a_key_that_is_bound_to_a_route(roads):
    roads.mock.forget()
    assert roads.ask("whatever", key=roads.bound_key).status == 200
    assert roads.ask("route/bound/x", key=roads.bound_key).status == 200
    assert roads.mock.asked_models() == ["gpt-4o", "gpt-4o"]
    other = roads.ask("route/other", key=roads.bound_key)
    assert other.status == 403
    embedded = roads.gateway.connect(10, roads.bound_key)
    with embedded as client:
        bad = client.request("POST", CHAT, (), {"messages": []})
        assert bad.status == 400 and bad.error["param"] == "messages"


def test_the_log_has_the_attempts_and_the_way(roads):
    route = fallback({"strategy": "single", "name": "inner", "targets": [leaf("status-429")]},
                     leaf("ok", name="second"))
    answer = roads.go(route, headers=[("x-request-id", "walk-1")])
    assert answer.status == 200
    end = time.monotonic() + 10 * SLOW
    while True:
        shown = roads.gateway.run("logs", "show", "walk-1", "--json")
        if shown.returncode == 0 or time.monotonic() > end:
            break
        time.sleep(0.05)
    document = json.loads(shown.stdout)
    text = json.dumps(document)
    assert '"after": 429' in text and '"target": "targets[0].targets[0]"' in text
    assert '"name": "second"' in text


@pytest.mark.parametrize("body,param", [
    (b"{", None), (b'{"model":7}', "model"), (b'{"model":"route/bound"}', "messages")])
def test_bad_requests(roads, body, param):
    with roads.gateway.connect() as client:
        answer = client.request("POST", CHAT, (), body)
    assert answer.status == 400 and answer.error["param"] == param


def test_a_target_that_makes_a_bad_request_fails(roads):
    answer = roads.go(fallback(leaf("m", set={"messages": 7}), leaf("ok")))
    assert answer.status == 200 and roads.mock.asked_models() == ["ok"]
    alone = roads.go(leaf("m", set={"messages": []}))
    assert alone.status == 400 and alone.error["param"] == "messages"


def test_a_route_can_store_answers(roads):
    """Although the cache is off for all else; each target's answer by the request that it gets."""
    first = {"strategy": "single", "cache": {"ttl": "1h"},
             "targets": [leaf("stored", set={"seed": 1})]}
    second = {"strategy": "single", "cache": True, "targets": [leaf("stored", set={"seed": 2})]}
    assert roads.go(first).header("x-llmgw-cache") == "miss"
    hit = roads.ask(f"route/{roads.set(first)}/gpt-4o-mini")
    assert hit.status == 200 and hit.header("x-llmgw-cache") == "hit"
    assert hit.json()["metadata"]["cached"] is True
    streamed = roads.ask(f"route/{roads.set(first)}/gpt-4o-mini", stream=True)
    assert streamed.header("x-llmgw-cache") == "hit"
    assert streamed.body.endswith(b"data: [DONE]\n\n")
    assert len(roads.mock.requests) == 1
    assert roads.go(second).header("x-llmgw-cache") == "miss"
    assert roads.mock.asked()[0]["seed"] == 2
    assert roads.ask(f"route/{roads.set(second)}/gpt-4o-mini",
                     headers=[("x-no-cache", "true")]).header("x-llmgw-cache") == "bypass"
    plain = leaf("stored", set={"seed": 1})
    assert roads.go(plain).header("x-llmgw-cache") == "off"


def test_failures_are_not_stored(roads):
    route = fallback(leaf("status-503", retry={"attempts": 1}), leaf("fine"), cache=True)
    answer = roads.go(route)
    assert answer.status == 200 and answer.header("x-llmgw-cache") == "miss"
    assert roads.mock.asked_models() == ["status-503", "status-503", "fine"]
    routing = answer.json()["metadata"]["routing"]
    assert [attempt["status_code"] for attempt in routing] == [503, 503, 200]
    again = roads.ask(f"route/{roads.set(route)}/gpt-4o-mini")
    assert again.header("x-llmgw-cache") == "hit"
    assert roads.mock.asked_models()[3:] == ["status-503", "status-503"]
    all_bad = fallback(leaf("status-503"), leaf("status-418"), cache=True)
    for _ in range(2):
        answer = roads.go(all_bad)
        assert answer.status == 418 and answer.error["message"] == "scripted 418"
        assert roads.mock.asked_models() == ["status-503", "status-418"]


def test_a_route_can_do_without_the_cache(roads, make_gateway):
    gateway = make_gateway(LLMGW_CACHE_ENABLED="true")
    gateway.key = gateway.create_key("test")
    gateway.add_provider("custom", roads.mock.url, new_secret("lab"), name="lab")
    for name, route in {"off": leaf("m", cache=False), "usual": leaf("m")}.items():
        gateway.cli("routes", "set", name, "-", stdin=json.dumps(route))
    gateway.start()
    roads.mock.forget()
    seen = []
    for name in ("off", "off", "usual", "usual"):
        with gateway.connect() as client:
            answer = client.request("POST", CHAT, (), chat_body("route/" + name))
            seen.append(answer.header("x-llmgw-cache"))
    assert seen == ["off", "off", "miss", "hit"]
    assert len(roads.mock.requests) == 3
    assert gateway.stop() == 0


def test_a_fallback_that_wants_no_success_asks_past_the_cache(roads):
    route = fallback(leaf("a", set={"seed": 5}), leaf("b", set={"seed": 5}), on_status=[200],
                     cache=True)
    for cached in ("miss", "hit"):
        answer = roads.go(route)
        assert answer.status == 200 and answer.header("x-llmgw-cache") == cached
        assert roads.mock.asked_models()[0] == "a"


def test_explanations(roads):
    name = roads.set(CONDITIONS)
    shown = json.loads(roads.gateway.cli("routes", "explain", f"route/{name}", "--json",
                                         "--metadata", '{"plan":"max"}'))
    assert shown["route"] == name
    assert shown["targets"] == [{"target": "targets[0]", "name": "paid", "asks": "@lab",
                                 "model": "A", "problem": None}]
    chain = roads.set(fallback({"provider": "@gone"}, leaf("B", name="second"),
                               {"model": "gpt-oss-120b"}))
    text = roads.gateway.cli("routes", "explain", f"route/{chain}/m")
    assert "whoever serves it" in text and "@gone" in text and '"second"' not in text
    lines = [line.split()[:2] for line in text.splitlines()[1:4]]
    assert lines == [["1", "targets[0]"], ["2", "targets[1]"], ["3", "targets[2]"]]
    alone = roads.set({"model": "gpt-oss-120b"})
    assert "scx-ai is asked first" in roads.gateway.cli("routes", "explain", f"route/{alone}")
    missing = roads.gateway.run("routes", "explain", "route/nope")
    assert missing.returncode == 3
    bad = roads.gateway.run("routes", "explain", f"route/{name}", "--metadata", "[]")
    assert bad.returncode == 8 and "metadata" in bad.stderr
