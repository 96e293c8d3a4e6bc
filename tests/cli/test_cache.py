# SPDX-License-Identifier: Apache-2.0
"""`llmgw cache`: the switch, the numbers and the questions, without a gateway."""
import pathlib

EMPTY = {"entries": 0, "bytes": 0, "hits": 0, "misses": 0, "coalesced": 0, "tokens_saved": 0,
         "saved_usd": "0", "oldest": None}


def status(llmgw, env=None):
    return llmgw("cache", "status", "--json", env=env).json()


def test_on_and_off(llmgw):
    assert status(llmgw) == {"enabled": False, "ttl_s": 60, **EMPTY}
    assert llmgw("cache", "on", "--ttl", "10m", "--json").json() == {"enabled": True, "ttl_s": 600}
    assert status(llmgw)["enabled"] is True
    assert llmgw("config", "get", "cache.ttl").out == "10m\n"
    assert llmgw("cache", "off", "--json").json() == {"enabled": False, "ttl_s": 600}
    assert llmgw("cache", "on").code == 0
    assert status(llmgw)["ttl_s"] == 600, "the time to live stays as it was set"


def test_a_variable_comes_first(llmgw):
    llmgw("cache", "on")
    assert status(llmgw, {"LLMGW_CACHE_ENABLED": "false"})["enabled"] is False


def test_a_ttl_out_of_bounds_changes_nothing(llmgw):
    for ttl, code in (("9s", 2), ("2y", 2), ("soon", 2), ("10s", 0), ("1y", 0)):
        assert llmgw("cache", "on", "--ttl", ttl).code == code, ttl
    llmgw("cache", "off")
    assert llmgw("cache", "on", "--ttl", "1s").code == 2
    assert status(llmgw)["enabled"] is False


def test_status_for_people(llmgw):
    rows = dict(line.split("\t") for line in llmgw("cache", "status").out.splitlines())
    assert rows["enabled"] == "false" and rows["entries"] == "0" and rows["oldest"] == "-"


def test_clear_asks(llmgw):
    refused = llmgw("cache", "clear")
    assert refused.code == 2 and "--yes" in refused.err
    assert llmgw("cache", "clear", "--yes", "--json").json() == {"removed": 0}
    assert llmgw("cache", "clear", "--yes", "--model", "gpt-4*", "--older-than", "1d").code == 0
    assert llmgw("cache", "clear", "--yes", "--older-than", "soon").code == 2


def test_clear_knows_the_keys(llmgw):
    assert llmgw("cache", "clear", "--yes", "--key", "laptop").code == 3
    llmgw("keys", "create", "laptop")
    assert llmgw("cache", "clear", "--yes", "--key", "laptop").code == 0


def test_a_damaged_file_is_named(llmgw):
    path = pathlib.Path(llmgw.home) / "cache.db"
    llmgw("cache", "on")
    path.write_text("no database " * 100)
    path.chmod(0o600)
    damaged = llmgw("cache", "status")
    assert damaged.code == 8 and str(path) in damaged.err
    path.unlink()
    assert status(llmgw)["entries"] == 0
