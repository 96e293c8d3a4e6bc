#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock of the token endpoints of Google (`/token`) and of Microsoft Entra
(`/TENANT/oauth2/v2.0/token`). Scripts are those of wire.py, by path. `issued` is the set of the
tokens that are alive: give it to the mock that takes them."""

import re

import token_rules as rules
import wire
from mock_upstream import MockUpstream

ENTRA = re.compile(r"/([A-Za-z0-9.-]+)/oauth2/v2\.0/token")


class MockTokens(MockUpstream):
    """`accounts` are Google's, `clients` Entra's: see token_rules.py."""

    def __init__(self, accounts=None, clients=None, lifetime=3600, **more):
        super().__init__(models=(), **more)
        self.accounts, self.clients = dict(accounts or {}), dict(clients or {})
        self.lifetime, self.count, self.issued = lifetime, 0, set()

    @property
    def url(self):
        return super().url.removesuffix("/v1")

    def find_script(self, request):
        script = self.scripts.get(request.target, self.scripts.get("*", {}))
        return script["first"].pop(0) if script.get("first") else script

    def scripted(self, script):
        if "body" not in script:
            script = {**script, "body": {"error": "temporarily_unavailable"}}
        return super().scripted(script)

    def normal(self, request, script):
        try:
            return self.issue(request)
        except rules.TokenRefusal as refusal:
            body = wire.compact(refusal.body).encode()
            return refusal.status, "application/json", [body], False

    def issue(self, request):
        entra = ENTRA.fullmatch(request.target)
        form = rules.read_form(request)
        if entra:
            rules.check_entra(form, self.clients, entra[1])
        else:
            rules.require(request.target == "/token", "invalid_request", "Not found")
            rules.check_google(form, self.accounts, self.url + "/token")
        with self.changed:
            self.count += 1
            # Entra's are JWTs, Google's are not to be looked into.
            token = f"eyJhbGciOiJSUzI1NiJ9.mock-{self.count:08}.c2lnbmF0dXJl" if entra else \
                f"ya29.mock-token-{self.count:08}"
            self.issued.add(token)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}
        return 200, "application/json", [wire.compact(body).encode()], False
