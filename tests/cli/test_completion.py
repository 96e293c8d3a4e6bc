# SPDX-License-Identifier: Apache-2.0
"""Completion candidates and the files around them."""

import os
import time

import pytest


def candidates(llmgw, *words, env=None):
    done = llmgw("__complete", *words, env=env)
    assert done.code == 0 and done.err == "", done.err
    return [line.split("\t")[0] for line in done.out.splitlines()]


def test_commands_verbs_and_flags(llmgw):
    assert {"chat", "serve", "providers", "keys", "models"} <= set(candidates(llmgw, ""))
    assert not [name for name in candidates(llmgw, "") if name.startswith("_")]
    assert candidates(llmgw, "con") == ["config"]
    assert candidates(llmgw, "keys", "re") == ["revoke"]
    assert "--model" in candidates(llmgw, "chat", "--m")
    assert "--json" in candidates(llmgw, "chat", "-")
    assert "--provider" in candidates(llmgw, "models", "--")
    assert candidates(llmgw, "serve", "st") == ["status", "stop"]


def test_choices(llmgw):
    assert candidates(llmgw, "models", "list", "--sort", "") == [
        "name", "price", "context", "released"]
    assert candidates(llmgw, "--color", "a") == ["auto", "always"]
    assert candidates(llmgw, "models", "--sort=pr") == ["--sort=price"]
    assert candidates(llmgw, "completion", "") == ["bash", "zsh", "fish"]


def test_catalog_values(llmgw):
    assert "gpt-4o-mini" in candidates(llmgw, "chat", "-m", "gpt-4o")
    assert "openai/gpt-4o-mini" in candidates(llmgw, "chat", "--model", "openai/gpt-4o")
    assert "openai" in candidates(llmgw, "providers", "add", "o")
    assert "ollama" in candidates(llmgw, "providers", "add", "o")
    assert "timeouts.first_byte" in candidates(llmgw, "config", "set", "time")
    assert not os.path.exists(llmgw.home), "completing makes nothing"


def test_settings_of_a_simulation(llmgw):
    assert candidates(llmgw, "routes", "simulate", "--set", "routing.weights.pr") == [
        "routing.weights.price="]
    found = candidates(llmgw, "routes", "simulate", "--set", "")
    assert "routing.priority." in found and "routing.window=" not in found
    assert not [name for name in found if not name.startswith("routing.")]
    assert "gpt-oss-120b" in candidates(llmgw, "routes", "explain", "gpt-o")
    assert candidates(llmgw, "routes", "") == [
        "list", "show", "set", "validate", "remove", "explain", "simulate"]


def test_providers_of_slugs(llmgw):
    assert candidates(llmgw, "import-portkey", "--map", "main-1a2b3c=op") == [
        "main-1a2b3c=openai"]
    assert candidates(llmgw, "import-portkey", "--map", "main") == []
    assert candidates(llmgw, "import-portkey", "--portkey", "") == ["oss", "hosted"]


def test_live_values(llmgw):
    llmgw("keys", "create", "laptop")
    llmgw("keys", "create", "old")
    llmgw("keys", "revoke", "old", "--yes")
    llmgw("providers", "add", "groq", "--no-key", "--name", "work")
    llmgw("models", "alias", "fast", "gpt-4o-mini")
    llmgw("routes", "set", "prod", "-", stdin="{}")
    assert candidates(llmgw, "routes", "show", "") == ["prod"]
    assert candidates(llmgw, "routes", "set", "p") == ["prod"]
    assert candidates(llmgw, "routes", "set", "prod", "") == []
    assert candidates(llmgw, "keys", "create", "x", "--route", "") == ["prod"]
    assert candidates(llmgw, "chat", "-m", "rou") == ["route/prod"]
    assert candidates(llmgw, "keys", "show", "") == ["laptop"]
    assert candidates(llmgw, "providers", "test", "") == ["work"]
    assert candidates(llmgw, "providers", "test", "",
                      env={"OPENAI_API_KEY": "sk-x"}) == ["openai", "work"]
    assert candidates(llmgw, "models", "unalias", "") == ["fast"]
    assert "fast" in candidates(llmgw, "chat", "-m", "fa")
    assert candidates(llmgw, "keys", "show", "laptop", "") == []


def test_never_an_error(llmgw):
    for words in ([], ["bogus", ""], ["chat", "--nope", "x", "--"], ["--"], ["-"],
                  ["providers", "add", "openai", "--name", ""], ["serve", "--port", ""]):
        candidates(llmgw, *words)
    os.makedirs(llmgw.home, mode=0o700)
    with open(os.path.join(llmgw.home, "llmgw.db"), "wb") as file:
        file.write(b"not a database" * 500)
    candidates(llmgw, "keys", "show", "")
    candidates(llmgw, "chat", "-m", "")


def test_fast_enough_to_type_along(llmgw):
    if os.environ.get("LLMGW_SANITIZE"):
        pytest.skip("a sanitizer is several times slower")
    best = 1.0
    for _ in range(5):  # the best of several: the machine may be busy
        start = time.monotonic()
        candidates(llmgw, "chat", "-m", "")
        best = min(best, time.monotonic() - start)
    assert best < 0.15


def test_files(llmgw):
    for shell in ("bash", "zsh", "fish"):
        done = llmgw("completion", shell)
        assert done.code == 0 and done.out and done.err == ""
        assert llmgw("completion", shell, "--json").json()["script"] == done.out
