#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock provider that can fail in every way that providers do: a model with the name of a fault is
answered with it, any other model as by mock_upstream.py, and `fault(model, name)` gives one to a
model of another name. A fault is a script of wire.py."""

import threading

import wire
from mock_upstream import MockUpstream


def event(data):
    return b"data: " + wire.compact(data).encode() + b"\n\n"


def chunk(delta, finish=None):
    return event({"id": "chatcmpl-fault", "object": "chat.completion.chunk", "created": 1,
                  "model": "fault", "choices": [
                      {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]})


def error(message, **members):
    return {"error": {"message": message, "type": "mock_error", "param": None, "code": None,
                      **members}}


# What a failed attempt says carries this word: no client may ever see it.
GHOST = "ghost"
ROLE = chunk({"role": "assistant", "content": "", "refusal": None})
NO_CHOICES = event({"id": GHOST, "object": "chat.completion.chunk", "choices": []})
TEXT = chunk({"content": "some"})
ERROR = event(error("the engine is " + GHOST))

# Nobody has answered yet: another provider takes over.
BEFORE_CONTENT = {
    "reset-before-head": {"drop": "rst"},
    "close-before-head": {"drop": "fin"},
    "hang": {"hang": True},
    "head-cut": {"raw": b"HTTP/1.1 200 OK\r\nContent-"},
    "not-http": {"raw": b"SSH-2.0-OpenSSH_9.2\r\n\r\n"},
    "reset-after-head": {"cut": (0, "rst")},
    "close-after-head": {"cut": (0, "fin")},
    "stall-after-head": {"stall_after": 0},
    "html": {"body": "<html>" + GHOST + "</html>", "content_type": "text/html; charset=utf-8"},
    "empty": {"body": ""},
    "only-space": {"body": "\n \n"},
    "not-json": {"body": GHOST},
    "json-cut": {"body": '{"id": "' + GHOST},
    "error-in-200": {"body": error("it is " + GHOST)},
    "error-text-in-200": {"body": {"error": "it is " + GHOST}},
    "rate-limit-in-200": {"body": error("slow down, " + GHOST, code=429)},
    "redirect": {"status": 302, "headers": [("Location", "http://127.0.0.1:1/")]},
    **{f"status-{status}": {"status": status}
       for status in (401, 402, 403, 404, 405, 408, 429, 500, 502, 503, 504, 520, 529)},
    # What is not the request's fault, whatever the status says.
    "bad-key-400": {"status": 400, "body": error("API key not valid. Please pass a valid one.")},
    "no-funds-400": {"status": 400, "body": error("Your credit balance is too low to access it.")},
    "no-funds-429": {"status": 429, "body": error("You exceeded your current quota.",
                                                  code="insufficient_quota")},
    "no-model-400": {"status": 400, "body": error("Invalid model", code="invalid_model")},
    "too-large-413": {"status": 413, "body": error("Request too large on tokens per minute",
                                                   code="rate_limit_exceeded")},
}
# The same, in streams only.
BEFORE_STREAM = {
    "error-first": {"events": [ERROR]},
    "error-after-role": {"events": [ROLE, ERROR]},
    "error-after-much": {"events": [b": ping\n\n", NO_CHOICES, ROLE, ROLE, ERROR]},
    "reset-after-role": {"events": [ROLE, TEXT], "cut": (1, "rst")},
    "close-after-role": {"events": [ROLE, TEXT], "cut": (1, "fin")},
    "end-after-role": {"events": [ROLE]},
    "only-comments": {"events": [b": " + GHOST.encode() + b"\n\n"] * 3},
    "stall-after-role": {"events": [ROLE, TEXT], "stall_after": 1},
    "overloaded-first": {"events": [event(error(GHOST, type="overloaded_error"))]},
}
# The client has begun to read: nobody may take over.
AFTER_CONTENT = {
    "reset-in-stream": {"cut": (3, "rst")},
    "close-in-stream": {"cut": (3, "fin")},
    "stall-in-stream": {"stall_after": 3},
    "error-in-stream": {"events": [ROLE, TEXT, event(error("it broke"))]},
    "end-in-stream": {"events": [ROLE, TEXT]},
}
# The request's own fault, or a verdict on it: nobody else is asked.
REFUSALS = {
    **{f"status-{status}": {"status": status} for status in (400, 409, 413, 415, 422)},
    "filter-azure": {"status": 400, "body": error(
        "The response was filtered due to the prompt triggering Azure OpenAI's content "
        "management policy.", code="content_filter")},
    "filter-openrouter": {"status": 403, "body": error(
        "Your input was flagged", code=403,
        metadata={"reasons": ["violence"], "flagged_input": "x"})},
    "filter-openai": {"status": 400, "body": error("Rejected", code="content_policy_violation")},
    "filter-alibaba": {"status": 400, "body": error("Input data may contain inappropriate content",
                                                    code="data_inspection_failed")},
    "filter-xai": {"status": 403, "body": {
        "code": "denied", "error": "Content violates usage guidelines. Failed check: X"}},
    "context-length": {"status": 400, "body": error("This model's maximum context length is 8",
                                                    code="context_length_exceeded")},
}
FAULTS = {**BEFORE_CONTENT, **BEFORE_STREAM, **AFTER_CONTENT, **REFUSALS}


class FaultUpstream(MockUpstream):
    def fault(self, model, name):
        self.script(model, **FAULTS[name])

    def find_script(self, request):
        script = super().find_script(request)
        return script or FAULTS.get(self.model_of(request), {})

    @staticmethod
    def model_of(request):
        try:
            return request.json().get("model")
        except (ValueError, AttributeError):
            return None


if __name__ == "__main__":
    upstream = FaultUpstream()
    print(f"mock listening on {upstream.url}", flush=True)
    threading.Event().wait()
