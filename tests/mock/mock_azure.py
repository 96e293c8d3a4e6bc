#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock of an Azure resource: OpenAI's models by deployments and by version 1, Foundry's `/models`,
and Claude. Scripts are those of wire.py by the deployment's name, with azure_rules.py's
`stream_error` and what the rules of the formats know."""

import json
import re

import anthropic_rules
import azure_rules
import openai_rules
import responses_rules
import wire
from mock_upstream import MockUpstream, asked_of

DEPLOYMENT = re.compile(r"/openai/deployments/([^/?]+)/")
VERSION = "2023-06-01"
CLAUDE = "/anthropic/v1/messages"


class MockAzure(MockUpstream):
    """`keys` are the resource's keys, and `tokens` those of Microsoft Entra."""

    def __init__(self, deployments=(), keys=(), tokens=(), **more):
        super().__init__(keys=set(keys), models=(), **more)
        self.deployments, self.tokens = set(deployments), tokens

    @property
    def url(self):
        return super().url.removesuffix("/v1")

    def find_script(self, request):
        model, prompt = asked_of(request, openai_rules.last_user_text)
        path = DEPLOYMENT.match(request.target)
        script = self.script_of(path[1] if path else model, prompt)
        return {**script, "headers": [("apim-request-id", "mock"), *script.get("headers", ())]}

    def check_key(self, request):
        azure_rules.check_auth({name.lower(): value for name, value in request.headers},
                               self.keys | set(self.tokens))

    def normal(self, request, script):
        if request.target.startswith(CLAUDE):
            try:
                return self.claude(request, script)
            except anthropic_rules.Refusal as refusal:
                body = wire.compact(refusal.body).encode()
                return refusal.status, "application/json", [body], False
        self.check_key(request)
        call = azure_rules.read_target(request.target, self.deployments)
        if request.method != "POST":
            azure_rules.not_found()
        body = openai_rules.parse_object(request.body)
        if call.operation == "chat/completions":
            azure_rules.check_chat(call, body, self.deployments, script.get("lenient", ()))
            body["model"] = call.deployment or body["model"]
            return self.answer(body, script, azure_rules.chat_answer, azure_rules.chat_chunks)
        if call.operation == "responses":
            if body.get("model") not in self.deployments:
                azure_rules.not_found(code="DeploymentNotFound")
            responses_rules.check_responses(body)
            return self.answer_responses(body, script)
        if call.operation == "embeddings":
            body["model"] = call.deployment or body.get("model")
            openai_rules.check_embeddings(body)
            return self.answer(body, script, openai_rules.embeddings_answer)
        return azure_rules.not_found()

    def answer(self, body, script, whole, chunks=None):
        if body.get("stream") and chunks:
            events = wire.sse_events(chunks(body, script), script)
            return 200, "text/event-stream; charset=utf-8", events, True
        return 200, "application/json", [wire.compact(whole(body, script)).encode()], False

    def answer_responses(self, body, script):
        return wire.named_answer(body, script, responses_rules.responses_answer(body, script),
                                 responses_rules.responses_events(body, script))

    def claude(self, request, script):
        key = request.header("x-api-key")
        token = (request.header("authorization") or "").removeprefix("Bearer ")
        if (key is None) == (not token) or (key or token) not in self.keys | set(self.tokens):
            raise anthropic_rules.Refusal(401, "Access denied due to invalid subscription key.")
        if request.header("anthropic-version") != VERSION:
            raise anthropic_rules.Refusal(400, "anthropic-version: header is required")
        if request.target != CLAUDE or request.method != "POST":
            raise anthropic_rules.Refusal(404, "Not Found")
        body = json.loads(request.body)
        anthropic_rules.Checker(body).check()
        if body["model"] not in self.deployments:
            raise anthropic_rules.Refusal(404, "The deployment does not exist.")
        message = anthropic_rules.answer(body, script)
        return wire.named_answer(body, script, message, anthropic_rules.stream(message))
