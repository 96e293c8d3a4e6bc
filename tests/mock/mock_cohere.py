#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock of Cohere's chat API, version 2. Scripts are those of wire.py and of cohere_rules.py; and
`stream_events` [JSON…] instead of the normal ones."""

import cohere_rules as rules
import wire
from mock_upstream import MockUpstream, asked_of
from openai_rules import parse_object

THINKERS = ("command-a-reasoning-08-2025",)


class MockCohere(MockUpstream):
    @property
    def url(self):
        return super().url.removesuffix("/v1") + "/v2"

    def find_script(self, request):
        return self.script_of(*asked_of(
            request, lambda body: rules.text_of(body["messages"][-1].get("content"))))

    def scripted(self, script):
        status = script.get("status", 200)
        if "body" not in script:
            message = script.get("message", f"scripted {status}")
            script = {**script, "body": rules.CohereRefusal(status, message).body}
        return super().scripted(script)

    def check_key(self, request):
        kind, _, key = (request.header("authorization") or "").partition(" ")
        if kind.lower() != "bearer":
            raise rules.CohereRefusal(401, "no api key supplied")
        if self.keys is not None and key not in self.keys:
            raise rules.CohereRefusal(401, f"invalid api token {key}")

    def normal(self, request, script):
        self.check_key(request)
        path = request.target.partition("?")[0]
        if request.method != "POST" or path != "/v2/chat":
            raise rules.CohereRefusal(404, "404 page not found")
        if (request.header("content-type") or "").split(";")[0] != "application/json":
            raise rules.CohereRefusal(415, "unsupported content type")
        body = parse_object(request.body)
        rules.check_chat(body, script.get("lenient", ()), body.get("model") in THINKERS)
        return wire.named_answer(body, script, rules.chat_answer(body, script),
                                 rules.chat_events(body, script))
