#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock of Vertex AI: Gemini as mock_gemini.py answers, and Claude by rawPredict. `tokens` are those
that it takes."""

import json
import re

import anthropic_rules
import gemini_rules
import wire
from mock_gemini import MockGemini

CLAUDE = re.compile(r"/v1/projects/([a-z0-9-]+)/locations/([a-z0-9-]+)/publishers/anthropic/models/"
                    r"([a-z0-9@.-]+):(rawPredict|streamRawPredict)")
VERSION = "vertex-2023-10-16"


class MockVertex(MockGemini):
    """`project` is the one that the tokens are for."""

    def __init__(self, project="project-1", **more):
        super().__init__(keys=set(), **more)
        self.project = project

    @property
    def url(self):
        return super().url.removesuffix("beta")

    def find_script(self, request):
        claude = CLAUDE.match(request.target)
        if not claude:
            return super().find_script(request)
        return self.script_of(claude[3], "")

    def normal(self, request, script):
        try:
            claude = CLAUDE.fullmatch(request.target)
            if not claude:
                self.check_project(re.match(r"/v1/projects/([^/]+)/", request.target))
                return super().normal(request, script)
            self.check_key(request)
            self.check_project(claude)
            return self.predict(request, script, claude[3], claude[4] == "streamRawPredict")
        except (anthropic_rules.Refusal, gemini_rules.Refusal) as refusal:
            body = wire.compact(refusal.body).encode()
            return refusal.status, "application/json", [body], False

    def check_project(self, found):
        if found and found[1] != self.project:
            raise gemini_rules.Refusal(
                403, f"Permission 'aiplatform.endpoints.predict' denied on project {found[1]}.")

    def predict(self, request, script, model, stream):
        body = json.loads(request.body)
        anthropic_rules.need(body.pop("anthropic_version", None) == VERSION,
                             f"anthropic_version: Input should be '{VERSION}'")
        anthropic_rules.need("model" not in body, "model: Extra inputs are not permitted")
        anthropic_rules.need(request.header("anthropic-version") is None,
                             "anthropic-version: belongs into the body")
        anthropic_rules.need(bool(body.get("stream")) == stream, "stream: Input should fit the path")
        body["model"] = model
        anthropic_rules.Checker(body).check()
        message = anthropic_rules.answer(body, script)
        return wire.named_answer(body, script, message, anthropic_rules.stream(message))
