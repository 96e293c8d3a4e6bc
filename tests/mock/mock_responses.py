#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock of OpenAI with its Responses API: what MockUpstream answers, except that models named in
`only` are refused by chat completions, as some of OpenAI's are. Scripts are those of wire.py and of
responses_rules.py; and `stream_events` [JSON…] instead of the normal ones."""

import json

import openai_rules
import responses_rules as rules
import wire
from mock_upstream import MockUpstream, asked_of


class MockResponses(MockUpstream):
    def __init__(self, only=(), **more):
        super().__init__(**more)
        self.only = set(only)

    def find_script(self, request):
        if request.target != "/v1/responses":
            return super().find_script(request)
        return self.script_of(*asked_of(request, rules.last_text))

    def normal(self, request, script):
        self.check_key(request)
        if request.target != "/v1/responses" or request.method != "POST":
            self.check_model(request)
            return super().normal(request, script)
        body = openai_rules.parse_object(request.body)
        rules.check_responses(body)
        return wire.named_answer(body, script, rules.responses_answer(body, script),
                                 rules.responses_events(body, script))

    def check_model(self, request):
        if request.method == "POST" and json.loads(request.body).get("model") in self.only:
            raise openai_rules.Refusal(
                404, "This is not a chat model and thus not supported in the v1/chat/completions "
                     "endpoint. Did you mean to use v1/responses?", param="model")
