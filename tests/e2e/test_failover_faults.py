# SPDX-License-Identifier: Apache-2.0
"""Every way in which a provider can fail, plain and streamed: who is asked next, and what the client
gets to see of it. gpt-oss-120b is served by scx-ai, which is cheaper, and by groq."""

import contextlib
import threading

import pytest

import fault_upstream
import shapes
from conftest import chat_body, new_secret
from fault_upstream import GHOST, FaultUpstream
from gateway import Gateway
from http_raw import SLOW, wait_until

CHAT = "/v1/chat/completions"
MODEL, AT_FIRST, AT_SECOND = "gpt-oss-120b", "gpt-oss-120b", "openai/gpt-oss-120b"
PROVIDERS = ("scx-ai", "groq")
EXHAUSTED = "all_providers_failed"


class Pair:
    """A daemon, its two providers `first` and `second`, and what is asked of them."""

    def __init__(self, gateway):
        self.gateway, self.secrets = gateway, {}
        gateway.key = gateway.create_key("test")
        self.first, self.second = (self.add(name) for name in PROVIDERS)

    def add(self, provider, upstream=None, name=None, more=()):
        secret = new_secret(name or provider)
        upstream = upstream or FaultUpstream(keys=set())
        upstream.keys.add(secret)
        self.gateway.add_provider(provider, upstream.url, secret, *more, name=name)
        self.secrets[name or provider] = secret
        return upstream

    def ask(self, model=MODEL, stream=False, headers=(), **fields):
        with self.gateway.connect() as client:
            return client.request("POST", CHAT, headers, chat_body(model, stream=stream, **fields))

    def forget(self):
        self.first.forget()
        self.second.forget()

    def asked(self):
        return len(self.first.requests), len(self.second.requests)


@contextlib.contextmanager
def running_pair(gateway):
    pair = Pair(gateway)
    gateway.start("--log-level", "debug")
    yield pair
    code = gateway.stop()
    assert code == 0 and not gateway.sanitizer_report(), gateway.stderr[-2000:]
    pair.first.close()
    pair.second.close()


@pytest.fixture(scope="module")
def shared_pair(tmp_path_factory):
    gateway = Gateway(tmp_path_factory.mktemp("faults") / "home",
                      {"LLMGW_TIMEOUTS_FIRST_BYTE": "250ms", "LLMGW_TIMEOUTS_IDLE": "250ms",
                       "LLMGW_ROUTING_FALLBACK_STATUSES": "418"})
    with running_pair(gateway) as pair:
        yield pair


@pytest.fixture
def pair(shared_pair):
    shared_pair.forget()
    return shared_pair


@pytest.fixture
def make_pair(make_gateway):
    with contextlib.ExitStack() as stack:
        yield lambda **env: stack.enter_context(running_pair(make_gateway(**env)))


def check_taken_over(pair, answer, stream):
    assert answer.status == 200, answer.body
    assert answer.header("x-llmgw-provider") == "groq"
    assert answer.header("x-llmgw-attempts") == "2"
    assert GHOST.encode() not in answer.body and GHOST not in str(answer.headers)
    if stream:
        assert answer.body.endswith(b"data: [DONE]\n\n")
        assert answer.body.count(b'"role":"assistant"') == 1
    else:
        steps = answer.json()["metadata"]["routing"]
        assert [(step["provider"], step["succeeded"]) for step in steps] == \
            [("scx-ai", False), ("groq", True)]
        assert steps[0]["error_type"] not in ("none", "") and steps[0]["key"] == "scx-ai"
        assert all(isinstance(step["duration_ms"], int) for step in steps)
    assert pair.second.last.json()["model"] == AT_SECOND


@pytest.mark.parametrize("name", fault_upstream.BEFORE_CONTENT)
@pytest.mark.parametrize("stream", [False, True])
def test_another_provider_takes_over(pair, name, stream):
    pair.first.fault(AT_FIRST, name)
    check_taken_over(pair, pair.ask(stream=stream), stream)
    # A kept connection that dies without a byte of an answer is tried once more on a new one.
    assert pair.asked()[0] <= 2 and pair.asked()[1] == 1


@pytest.mark.parametrize("name", fault_upstream.BEFORE_STREAM)
def test_another_provider_takes_over_a_stream_without_content(pair, name):
    """(60): what a provider says before it answers never reaches the client."""
    pair.first.fault(AT_FIRST, name)
    check_taken_over(pair, pair.ask(stream=True), True)
    assert pair.asked() == (1, 1)


@pytest.mark.parametrize("name", fault_upstream.BEFORE_STREAM)
def test_nor_what_the_last_one_says(pair, name):
    """(60), LiteLLM #38610: neither does what the one says that was to take over."""
    pair.first.fault(AT_FIRST, "status-500")
    pair.second.fault(AT_SECOND, name)
    answer = pair.ask(stream=True)
    error = shapes.check_error(answer, 502, code=EXHAUSTED)
    assert "scx-ai (500)" in error["message"] and "groq (200)" in error["message"]
    assert b'"role"' not in answer.body and answer.header("x-should-retry") == "false"


@pytest.mark.parametrize("name", fault_upstream.AFTER_CONTENT)
def test_nobody_takes_over_what_has_begun(pair, name):
    pair.first.fault(AT_FIRST, name)
    with pair.gateway.connect() as client:
        head = client.start("POST", CHAT, body=chat_body(MODEL, stream=True))
        events = head.events()
    assert head.status == 200 and head.header("x-llmgw-provider") == "scx-ai"
    assert not any(event.done for event in events)
    shapes.check(events[-1].json(), "error")
    assert pair.asked() == (1, 0)


@pytest.mark.parametrize("name", fault_upstream.REFUSALS)
@pytest.mark.parametrize("stream", [False, True])
def test_the_requests_own_fault_is_nobody_elses(pair, name, stream):
    script = fault_upstream.REFUSALS[name]
    pair.first.fault(AT_FIRST, name)
    answer = pair.ask(stream=stream)
    assert answer.status == script["status"] and answer.header("x-llmgw-provider") == "scx-ai"
    if "body" in script:
        assert answer.json() == script["body"]
    assert pair.asked() == (1, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_further_statuses_are_a_setting(pair, stream):
    pair.first.script(AT_FIRST, status=418)
    assert pair.ask(stream=stream).header("x-llmgw-provider") == "groq"
    pair.first.script(AT_FIRST, status=451)
    assert pair.ask(stream=stream).status == 451
    assert pair.asked() == (2, 1)


@pytest.mark.parametrize("stream", [False, True])
def test_a_refused_key_is_named(pair, stream):
    for name in ("no-funds-429", "bad-key-400", "status-401"):
        pair.first.fault(AT_FIRST, name)
        error = shapes.check_error(pair.ask("scx-ai/" + MODEL, stream), 502, code="upstream_error")
        assert '"scx-ai" was refused' in error["message"]
        pair.forget()


@pytest.mark.parametrize("stream", [False, True])
def test_all_rate_limited(make_pair, stream):
    """(56): one error that names all attempts, and says when it may be worth asking again."""
    pair = make_pair()
    pair.first.script(AT_FIRST, status=429, headers=[("retry-after", "9")])
    pair.second.script(AT_SECOND, status=429, headers=[("retry-after-ms", "2500")])
    answer = pair.ask(stream=stream)
    error = shapes.check_error(answer, 502, code=EXHAUSTED)
    assert "scx-ai (429), groq (429)" in error["message"]
    assert answer.header("x-should-retry") == "false"
    assert answer.all("retry-after") == ["3"] and answer.all("retry-after-ms") == ["2500"]
    assert [step["error_type"] for step in answer.json()["metadata"]["routing"]] == \
        ["rate_limited"] * 2


def test_a_failure_at_the_end_says_nothing_of_waiting(make_pair):
    pair = make_pair()
    pair.first.script(AT_FIRST, status=429, headers=[("retry-after", "9")])
    pair.second.script(AT_SECOND, status=500)
    assert pair.ask().header("retry-after") is None


def test_a_wait_that_only_the_body_tells(make_pair):
    pair = make_pair()
    pair.first.script(AT_FIRST, status=429, body=[{"error": {
        "code": 429, "message": "Quota.", "details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "30.5s"}]}}])
    answer = pair.ask("scx-ai/" + MODEL)
    assert answer.status == 429
    assert answer.all("retry-after") == ["31"] and answer.all("retry-after-ms") == ["30500"]


@pytest.mark.parametrize("retries", [0, 1, 2, 3])
@pytest.mark.parametrize("stream", [False, True])
def test_the_retry_budget_is_kept_exactly(make_pair, retries, stream):
    """(59): further keys of the same providers come after the best of each."""
    pair = make_pair(LLMGW_ROUTING_MAX_RETRIES=str(retries))
    for name in ("spare-1", "spare-2"):
        pair.add("scx-ai", pair.first, name)
    wait_until(lambda: pair.ask("@spare-2/" + MODEL).status == 200, 3)
    pair.forget()
    for mock in (pair.first, pair.second):
        mock.script("*", status=503)
    answer = pair.ask(stream=stream)
    assert answer.status == (502 if retries else 503)
    assert sum(pair.asked()) == retries + 1
    assert answer.header("x-llmgw-attempts") == str(retries + 1)
    keys = [request.header("authorization") for request in pair.first.requests]
    assert len(set(keys)) == len(keys) and pair.asked()[1] == (1 if retries else 0)


@pytest.mark.parametrize("stream", [False, True])
def test_without_fallback_other_keys_of_the_provider_are_asked(make_pair, stream):
    pair = make_pair()
    pair.add("scx-ai", pair.first, "spare")
    wait_until(lambda: pair.ask("@spare/" + MODEL).status == 200, 3)
    pair.forget()
    pair.first.script("*", status=503)
    answer = pair.ask(stream=stream, headers=[("x-no-fallback", "true")])
    shapes.check_error(answer, 502, code=EXHAUSTED)
    assert pair.asked() == (2, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_each_attempt_is_made_afresh(pair, stream):
    """(62): body, path and secret of one provider never reach the next."""
    pair.first.fault(AT_FIRST, "status-500")
    pair.first.scripts[AT_FIRST]["headers"] = [("x-ratelimit-remaining-requests", "7")]
    answer = pair.ask(stream=stream, logit_bias={"50256": 1},
                      headers=[("openai-beta", "x=1"), ("x-api-key", pair.gateway.key)])
    assert answer.header("x-llmgw-provider") == "groq"
    first, second = pair.first.last, pair.second.last
    assert first.json()["model"] == AT_FIRST and second.json()["model"] == AT_SECOND
    assert first.json()["logit_bias"] and "logit_bias" not in second.json()
    for request, own, other in ((first, "scx-ai", "groq"), (second, "groq", "scx-ai")):
        assert request.header("authorization") == "Bearer " + pair.secrets[own]
        assert pair.secrets[other].encode() not in request.head + request.body
        assert pair.gateway.key.encode() not in request.head + request.body
        assert len([name for name in request.names() if name == "authorization"]) == 1
    assert first.names() == second.names()
    assert answer.header("x-ratelimit-remaining-requests") is None


def test_a_request_that_is_too_long_goes_to_a_larger_context(make_gateway):
    """(63): deepinfra's qwen3.8 is cheaper and takes 262,144 tokens, together's 1,010,000."""
    gateway = make_gateway()
    with running_pair(gateway) as pair:
        small, large = pair.add("deepinfra"), pair.add("together-ai")
        model = "qwen3.8-2.4t-a95b"
        wait_until(lambda: pair.ask("together-ai/" + model).status == 200, 3)
        gateway.set("routing.priority.deepinfra", "9")
        wait_until(lambda: pair.ask(model).header("x-llmgw-provider") == "deepinfra", 3)
        for stream in (False, True):
            small.forget()
            large.forget()
            small.script("*", **fault_upstream.FAULTS["context-length"])
            answer = pair.ask(model, stream=stream)
            assert answer.status == 200 and answer.header("x-llmgw-provider") == "together-ai"
        small.forget()
        large.forget()
        gateway.set("routing.priority.together-ai", "99")
        wait_until(lambda: pair.ask(model).header("x-llmgw-provider") == "together-ai", 3)
        small.forget()
        large.forget()
        large.script("*", **fault_upstream.FAULTS["context-length"])
        assert pair.ask(model).status == 400 and not small.requests
        small.close()
        large.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_kept_connection_that_was_closed_costs_nothing(make_pair, stream):
    """(65): the provider closed it while idle; nothing of the request was lost or sent twice."""
    pair = make_pair()
    pair.first.idle_close = 0.05
    for count in range(1, 6):
        answer = pair.ask(stream=stream)
        assert answer.status == 200 and answer.header("x-llmgw-attempts") == "1"
        assert pair.asked() == (count, 0)
        connection = pair.first.last.connection
        wait_until(lambda: connection.closed_at, 5)  # pylint: disable=cell-var-from-loop


def test_what_was_delivered_is_paid_for(pair):
    """A stream that breaks after some words: they count, estimated."""
    pair.first.fault(AT_FIRST, "reset-in-stream")
    answer = pair.ask("scx-ai/" + MODEL, stream=True, headers=[("x-request-id", "broken-1")])
    assert b'"error"' in answer.body and b"[DONE]" not in answer.body
    line = wait_until(lambda: next((line for line in pair.gateway.stderr.splitlines()
                                    if "broken-1" in line and "cut off" in line), None), 3)
    assert "estimated" in line and "cost=unknown" not in line


def in_threads(count, ask):
    """Runs ask() `count` times at once; returns the threads and what they got."""
    answers = [None] * count

    def run(place):
        answers[place] = ask()
    threads = [threading.Thread(target=run, args=(place,), daemon=True) for place in range(count)]
    for thread in threads:
        thread.start()
    return threads, answers


def test_no_request_is_lost_when_a_provider_dies(make_pair):
    """200 streams are open at a provider that dies: those it had not begun to answer are answered by
    the other one, those it had begun end with an error, and whoever comes later notices nothing."""
    pair = make_pair()
    begun, waiting, heads = 100, 100, []
    # Half of them have got some words; of the others it has said only what begins an answer.
    pair.first.script(AT_FIRST, first=[{"stall_after": 3}, {"stall_after": 1}] * 100)

    def ask():
        with pair.gateway.connect(60) as client:
            heads.append(head := client.start("POST", CHAT, (), chat_body(MODEL, stream=True)))
            return head.read()
    threads, answers = in_threads(begun + waiting, ask)
    pair.first.wait_requests(begun + waiting, 60 * SLOW)
    wait_until(lambda: len(heads) == begun, 30, "the streams that have begun")
    pair.first.close()
    late_threads, late = in_threads(50, lambda: pair.ask(stream=True))
    for thread in threads + late_threads:
        thread.join(60 * SLOW)
    assert all(answer is not None and answer.status == 200 for answer in answers + late)
    whole = [answer for answer in answers + late if answer.body.endswith(b"data: [DONE]\n\n")]
    broken = [answer for answer in answers if b'"error"' in answer.body]
    assert (len(whole), len(broken)) == (waiting + 50, begun)
    assert {answer.header("x-llmgw-provider") for answer in whole} == {"groq"}
    assert not any(b"[DONE]" in answer.body for answer in broken)
