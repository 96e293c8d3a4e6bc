#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock of Google's Gemini API, and of Vertex AI's paths to it, on the connections of
mock_upstream.py. Scripts are found by the model's name in the path; beside the keys of wire.py they
may hold finish WORD, block REASON, fail_midway True."""

import json
import re
import urllib.parse

import gemini_rules as rules
import wire
from mock_upstream import MockUpstream, asked_of

TARGET = re.compile(r"/v1(?:beta)?(/projects/[a-z0-9-]+/locations/[a-z0-9-]+/publishers/google"
                    r"|/publishers/google|)/models/([^/:]+):(generateContent|streamGenerateContent)")


class MockGemini(MockUpstream):
    """`keys` are API keys, taken in x-goog-api-key; `tokens` are taken as Bearer tokens."""

    def __init__(self, keys=None, tokens=(), **more):
        super().__init__(keys=keys, **more)
        self.tokens = set(tokens)

    @property
    def url(self):
        return super().url + "beta"

    def find_script(self, request):
        found = TARGET.match(request.target)
        model = urllib.parse.unquote(found.group(2)) if found else None
        return self.script_of(model, asked_of(request, rules.last_user_text)[1])

    def scripted(self, script):
        status = script.get("status", 200)
        if "body" not in script:
            script = {**script, "body": rules.error_body(status, f"scripted {status}",
                                                         script.get("details", ()))}
        return super().scripted(script)

    def check_key(self, request):
        key, token = request.header("x-goog-api-key"), request.header("authorization")
        if "key=" in request.target.partition("?")[2]:
            raise rules.bad("A key in a URL ends up in logs.")
        if key is not None and token is not None:
            raise rules.bad("Multiple authentication credentials received.")
        if key is None and token is None:
            raise rules.Refusal(403, "Method doesn't allow unregistered callers.")
        if token is not None:
            kind, _, text = token.partition(" ")
            if kind != "Bearer" or text not in self.tokens:
                raise rules.Refusal(401, "Request had invalid authentication credentials.")
        elif self.keys is not None and key not in self.keys:
            raise rules.wrong_key()

    def normal(self, request, script):
        try:
            return self.generate(request, script)
        except rules.Refusal as refusal:
            body = wire.compact(refusal.body).encode()
            return refusal.status, "application/json; charset=UTF-8", [body], False

    def generate(self, request, script):
        self.check_key(request)
        path, _, query = request.target.partition("?")
        if request.method == "GET" and path.endswith("/models"):
            body = {"models": [{"name": "models/" + name} for name in self.models]}
            return 200, "application/json; charset=UTF-8", [wire.compact(body).encode()], False
        found = TARGET.fullmatch(path)
        if request.method != "POST" or not found:
            raise rules.Refusal(404, "Requested entity was not found.")
        if (request.header("content-type") or "").split(";")[0] != "application/json":
            raise rules.bad("Invalid content type")
        model, stream = urllib.parse.unquote(found.group(2)), found.group(3)[0] == "s"
        if query not in (("", "alt=sse") if stream else ("",)):
            raise rules.bad(f'Invalid query "{query}"')
        try:
            body = json.loads(request.body)
        except ValueError as error:
            raise rules.bad("Invalid JSON payload received.") from error
        rules.check(body, model)
        responses = list(rules.chunks(body, model, script))
        if query:
            framing = {"line_end": "\r\n", "no_done": True, **script}
            return 200, "text/event-stream", wire.sse_events(responses, framing), True
        # Plain answers are indented, and so is the array of a stream without `alt=sse`.
        whole = responses if stream else rules.joined(responses)
        text = json.dumps(whole, ensure_ascii=False, indent=2)
        return 200, "application/json; charset=UTF-8", [text.encode()], False
