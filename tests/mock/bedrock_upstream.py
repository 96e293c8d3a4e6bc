# SPDX-License-Identifier: Apache-2.0
"""A mock of AWS Bedrock's runtime. `BedrockMock(keys={"…"}, access_keys={ID: (SECRET, TOKEN)})`; its
scripts are MockUpstream's, by the model's id in the path, and further: `exception` NAME answers with
that error; see also stream_frames(), stream_events() and converse_answer() in bedrock_rules.py."""

import json
import re
from urllib.parse import unquote

import aws_signature
import bedrock_rules as rules
import wire
from mock_upstream import MockUpstream, asked_of
from openai_rules import parse_object

TARGET = re.compile(r"/model/([A-Za-z0-9._~%-]+)/(converse|converse-stream)")
# What llmgw may send; all else of a client's request has no business at AWS.
HEADERS = {"host", "authorization", "content-type", "content-length", "accept", "accept-encoding",
           "user-agent", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}


class BedrockMock(MockUpstream):
    def __init__(self, keys=(), access_keys=None, region="us-east-1", **more):
        super().__init__(keys=set(keys), models=(), **more)
        self.access_keys, self.region = dict(access_keys or {}), region

    @property
    def url(self):
        return super().url.removesuffix("/v1")

    def find_script(self, request):
        target = TARGET.fullmatch(request.target)
        model = unquote(target[1]) if target else None
        script = self.script_of(model, asked_of(request, rules.last_texts)[1])
        return {**script, "headers": [("x-amzn-RequestId", "mock"), *script.get("headers", ())]}

    def scripted(self, script):
        if "body" not in script:
            script = {**script, "body": {"message": f"scripted {script['status']}"}}
        return super().scripted(script)

    def check_key(self, request):
        kind, _, key = (request.header("authorization") or "").partition(" ")
        if not key:
            raise rules.BedrockRefusal("MissingAuthenticationTokenException",
                                       "Missing Authentication Token")
        if kind == "Bearer":
            if key not in self.keys:
                raise rules.BedrockRefusal("AccessDeniedException",
                                           "Authentication failed: API Key not valid")
            return
        try:
            aws_signature.check(request, self.access_keys, "bedrock", self.region)
        except aws_signature.BadSignature as refusal:
            raise rules.BedrockRefusal(refusal.name, str(refusal)) from refusal

    def normal(self, request, script):
        try:
            return self.answer(request, script)
        except rules.BedrockRefusal as refusal:
            script["headers"] += refusal.headers
            raise

    def answer(self, request, script):
        unknown = set(request.names()) - HEADERS
        rules.require(not unknown, f"headers that should not be here: {unknown}")
        self.check_key(request)
        if "exception" in script:
            raise rules.BedrockRefusal(script["exception"], f"mock {script['exception']}")
        target = TARGET.fullmatch(request.target)
        if not target or request.method != "POST":
            raise rules.BedrockRefusal("UnknownOperationException", "")
        rules.require(request.header("content-type") == "application/json", "Content-Type")
        body = parse_object(request.body)
        rules.check_converse(body, unquote(target[1]))
        if target[2] == "converse-stream" and not script.get("without_output"):
            parts = script.get("events") or rules.stream_frames(body, script)
            return 200, "application/vnd.amazon.eventstream", parts, True
        answer = wire.compact(rules.converse_answer(body, script)).encode()
        return 200, "application/json", [answer], False
