# SPDX-License-Identifier: Apache-2.0
"""A Portkey set-up is imported, and clients that speak to Portkey go on as before."""

import json
import re

import pytest

from conftest import chat_body, new_secret
from http_raw import wait_until

CHAT = "/v1/chat/completions"


def exported(mock, first, second):
    """What the admin API and Terraform's state say of two keys, a config and a client's key."""
    config = {
        "strategy": {"mode": "fallback", "on_status_codes": [429]},
        "override_params": {"temperature": 0.5},
        "targets": [{"provider": "@main-1a2b3c", "override_params": {"model": "first"}},
                    {"virtual_key": "backup-4d5e6f", "override_params": {"model": "second"}}],
    }
    return [
        {"object": "virtual-key", "slug": slug, "provider": "openai", "status": "active",
         "key": secret, "model_config": {"custom_host": mock.url}}
        for slug, secret in (("main-1a2b3c", first), ("backup-4d5e6f", second))
    ] + [
        {"object": "config", "id": "300", "slug": "pc-chat-7a8b9c", "name": "Chat",
         "config": json.dumps(config)},
        {"object": "api-key", "id": "400", "key": "a***z", "name": "Backend",
         "defaults": {"config_id": "300", "allow_config_override": False}},
    ]


@pytest.fixture
def imported(private_lab, tmp_path):
    """A lab into whose running daemon such a set-up was imported; its client's key."""
    secrets = [new_secret("main"), new_secret("backup")]
    private_lab.mock.keys |= set(secrets)
    private_lab.gateway.secrets += secrets
    private_lab.provider_keys.update(main=secrets[0], backup=secrets[1])
    path = tmp_path / "portkey.json"
    path.write_text(json.dumps(exported(private_lab.mock, *secrets)))
    shown = private_lab.gateway.cli("import-portkey", str(path), "--apply")
    key = re.search(r"llmgw_\w{46}", shown)[0]
    private_lab.gateway.secrets.append(key)
    for secret in secrets:
        assert secret not in shown
    wait_until(lambda: private_lab.chat("@main-1a2b3c/m").status == 200)
    private_lab.mock.forget()
    return private_lab, key


def asked(lab):
    return [(lab.provider_of(request), request.json()["model"]) for request in lab.mock.requests]


@pytest.mark.parametrize("model", ["pc-chat-7a8b9c", "route/chat"])
def test_the_config_is_a_route_by_slug_and_name(imported, model):
    lab, _ = imported
    assert lab.chat(model).status == 200
    assert asked(lab) == [("main", "first")]
    assert lab.mock.requests[0].json()["temperature"] == 0.5


def test_it_falls_back_as_the_config_says(imported):
    lab, _ = imported
    lab.mock.script("first", status=429)
    assert lab.chat("pc-chat-7a8b9c").status == 200
    assert asked(lab) == [("main", "first"), ("backup", "second")]
    lab.mock.forget()
    lab.mock.script("first", status=400)
    assert lab.chat("pc-chat-7a8b9c").status == 400
    assert asked(lab) == [("main", "first")]


def test_the_clients_own_key_takes_its_default_config(imported):
    lab, key = imported
    client = lab.connect(key=key)
    answer = client.request("POST", CHAT, (), chat_body("anything"))
    assert answer.status == 200
    assert asked(lab) == [("main", "first")]


def test_headers_of_portkeys_find_what_was_imported(imported):
    lab, _ = imported
    assert lab.chat("m", headers=[("x-portkey-virtual-key", "backup-4d5e6f")]).status == 200
    assert lab.chat("m", headers=[("x-portkey-provider", "@main-1a2b3c")]).status == 200
    assert lab.chat("m", headers=[("x-portkey-config", "pc-chat-7a8b9c")]).status == 200
    assert asked(lab) == [("backup", "m"), ("main", "m"), ("main", "first")]
