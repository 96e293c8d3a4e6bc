#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock of Anthropic's Messages API, strict about what it is asked. Scripts are those of wire.py,
and: calls [(NAME, INPUT)…], input JSON (of a forced call), thinking TEXT, redacted TEXT,
stop_reason TEXT, usage JSON; `stream_events` [JSON…] instead of the normal ones.

Alone: `mock_anthropic.py [--port N] [--key K]`; prompts carry scripts as with mock_upstream.py."""

import argparse
import json
import threading

import anthropic_rules as rules
import wire
from mock_upstream import MockUpstream

VERSION = "2023-06-01"


class MockAnthropic(MockUpstream):
    def scripted(self, script):
        if "body" not in script:
            status = script["status"]
            kind = script.get("kind", rules.KINDS.get(status, "api_error"))
            message = script.get("message", f"scripted {status}")
            script = {**script, "body": rules.Refusal(status, message, kind).body}
        return super().scripted(script)

    def check_key(self, request):
        if request.header("authorization"):
            raise rules.Refusal(401, "OAuth authentication is currently not supported.")
        if request.header("anthropic-version") != VERSION:
            raise rules.Refusal(400, "anthropic-version: header is required")
        key = request.header("x-api-key")
        if self.keys is not None and key not in self.keys:
            raise rules.Refusal(401, f"invalid x-api-key {key}")

    def normal(self, request, script):
        try:
            return self.answer(request, script)
        except rules.Refusal as refusal:
            return refusal.status, "application/json", [rules.compact(refusal.body).encode()], False

    def answer(self, request, script):
        self.check_key(request)
        path = request.target.split("?")[0]
        if request.method == "GET" and path == "/v1/models":
            entries = [{"type": "model", "id": name, "display_name": name,
                        "created_at": "2026-01-01T00:00:00Z"} for name in self.models]
            body = {"data": entries, "has_more": False, "first_id": None, "last_id": None}
            return 200, "application/json", [rules.compact(body).encode()], False
        if path != "/v1/messages" or request.method != "POST":
            raise rules.Refusal(404, "Not Found")
        body = json.loads(request.body)
        rules.Checker(body).check()
        message = rules.answer(body, script)
        return wire.named_answer(body, script, message, rules.stream(message))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", action="append", help="a key to accept; default: any")
    options = parser.parse_args()
    mock = MockAnthropic(keys=set(options.key) if options.key else None, port=options.port)
    print(f"mock listening on {mock.url}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
