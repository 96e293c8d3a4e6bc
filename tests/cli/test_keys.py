# SPDX-License-Identifier: Apache-2.0
"""`llmgw keys`: a secret is shown once and never kept."""

import os
import re

import pytest


def test_create_prints_the_secret_alone(llmgw):
    done = llmgw("keys", "create", "laptop")
    assert done.code == 0
    assert re.fullmatch(r"llmgw_[0-9A-Za-z]{46}\n", done.out)
    assert "laptop" in done.err and done.out.strip() not in done.err
    assert done.out.strip().encode() not in llmgw.files()
    assert llmgw("keys", "create", "other", "-q").err == ""


def test_create_json(llmgw):
    document = llmgw("keys", "create", "ci", "--expires", "30d", "--json").json()
    assert document["name"] == "ci" and document["id"].startswith("k_")
    assert document["secret"].startswith("llmgw_") and document["state"] == "active"
    assert document["expires_at"] > document["created_at"]
    assert document["fingerprint"].endswith(document["secret"][-4:])


def test_list_and_show_have_no_secret(llmgw):
    secret = llmgw("keys", "create", "laptop").out.strip()
    texts = [llmgw("keys").out, llmgw("keys", "--json").out, llmgw("keys", "show", "laptop").out,
             llmgw("keys", "show", "laptop", "--json").out]
    for text in texts:
        assert "laptop" in text and secret not in text and '"secret"' not in text
    row = llmgw("keys").out.rstrip("\n").split("\t")
    assert row[0] == "laptop" and row[2] == "active" and row[4] == "never"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", row[3])
    by_id = llmgw("keys", "show", row[1], "--json").json()
    assert by_id["name"] == "laptop" and by_id["revoked_at"] is None


def test_names(llmgw):
    assert llmgw("keys", "create", "laptop").code == 0
    again = llmgw("keys", "create", "laptop")
    assert again.code == 1 and again.out == ""
    for name in ("", "Laptop", "a b", "a/b", "x" * 65, "-x"):
        assert llmgw("keys", "create", "--", name).code == 2, name
    missing = llmgw("keys", "show", "laptp")
    assert missing.code == 3 and "did you mean laptop" in missing.err


@pytest.mark.parametrize("expires", ["", "soon", "0", "30", "-1d"])
def test_wrong_expiry(llmgw, expires):
    assert llmgw("keys", "create", "a", "--expires", expires).code == 2
    assert llmgw("keys", "--json").json() == []


def test_revoke(llmgw, terminal):
    llmgw("keys", "create", "laptop")
    refused = llmgw("keys", "revoke", "laptop")
    assert refused.code == 2 and "--yes" in refused.err
    kept = terminal("keys", "revoke", "laptop").expect("[y/N]").send("n\n")
    assert kept.wait() == 1
    assert llmgw("keys", "show", "laptop", "--json").json()["state"] == "active"
    done = llmgw("keys", "revoke", "laptop", "--yes", "--json").json()
    assert done["state"] == "revoked" and done["revoked_at"]
    assert "\trevoked\t" in llmgw("keys").out
    assert llmgw("keys", "revoke", "laptop", "--yes").code == 1
    # The name is free again, and now means the new key.
    assert llmgw("keys", "create", "laptop").code == 0
    assert llmgw("keys", "show", "laptop", "--json").json()["state"] == "active"


def test_expired_is_marked(llmgw):
    document = llmgw("keys", "create", "brief", "--expires", "1ms", "--json").json()
    assert document["name"] == "brief"
    assert llmgw("keys", "show", "brief", "--json").json()["state"] == "expired"


def test_a_master_key_that_others_may_read_is_refused(llmgw):
    llmgw("keys", "create", "a")
    path = os.path.join(llmgw.home, "master.key")
    os.chmod(path, 0o644)
    done = llmgw("keys", "create", "b")
    assert done.code != 0 and done.out == "" and "master.key" in done.err


def test_empty_list_says_what_next(llmgw):
    done = llmgw("keys")
    assert done.code == 0 and done.out == "" and "llmgw keys create" in done.err
    assert llmgw("keys", "--quiet").err == ""
    assert llmgw("keys", "--json").json() == []
