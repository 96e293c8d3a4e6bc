# SPDX-License-Identifier: Apache-2.0
"""`llmgw import-portkey`: the plan, writing it, and what a second run does."""

import json
import os
import re
import stat

import pytest

SECRET = "sk-EXAMPLE-portkey-0123456789abcdef"
FALLBACK = {
    "strategy": {"mode": "fallback"},
    "targets": [
        {"provider": "@openai-prod", "override_params": {"model": "gpt-4o-mini"}},
        {"provider": "@anthropic-prod", "override_params": {"model": "claude-haiku-4-5"}},
    ],
}
STATE = {
    "version": 4,
    "terraform_version": "1.11.0",
    "resources": [
        {"mode": "managed", "type": "portkey_integration", "name": "openai", "instances": [
            {"attributes": {"id": "100", "slug": "openai-main", "ai_provider_id": "openai",
                            "key": SECRET}}]},
        {"mode": "managed", "type": "portkey_provider", "name": "prod", "instances": [
            {"attributes": {"id": "200", "slug": "openai-prod", "integration_id": "openai-main"}}]},
        {"mode": "managed", "type": "portkey_provider", "name": "claude", "instances": [
            {"attributes": {"id": "201", "slug": "anthropic-prod", "integration_id": "anthropic",
                            "ai_provider_id": "anthropic"}}]},
        {"mode": "managed", "type": "portkey_config", "name": "main", "instances": [
            {"attributes": {"id": "300", "slug": "pc-main-1a2b3c", "name": "Main Config",
                            "config": json.dumps(FALLBACK)}}]},
        {"mode": "managed", "type": "portkey_api_key", "name": "back", "instances": [
            {"attributes": {"id": "400", "name": "Backend Service", "config_id": "300",
                            "allow_config_override": False,
                            "usage_limits": {"credit_limit": 500, "periodic_reset": "monthly"}}}]},
    ],
}


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "terraform.tfstate"
    path.write_text(json.dumps(STATE, indent=2))
    return str(path)


def config_file(tmp_path, config, name="config.json"):
    path = tmp_path / name
    path.write_text(config if isinstance(config, str) else json.dumps(config, indent=2))
    return str(path)


def steps(document, group):
    return [row["step"] for row in document[group]]


def codes(document, severity=None):
    return [finding["code"] for finding in document["findings"]
            if severity in (None, finding["severity"])]


# ---- the plan

def test_a_plan_changes_nothing(llmgw, state):
    done = llmgw("import-portkey", state)
    assert done.code == 0 and done.err == ""
    assert not os.path.exists(llmgw.home), "showing makes nothing"
    assert re.search(r"add +openai-prod +openai ", done.out)
    assert re.search(r"needs key +anthropic-prod +anthropic ", done.out)
    assert re.search(r"add +route/main-config +fallback of 2 targets: @openai-prod, "
                     r"@anthropic-prod", done.out)
    assert re.search(r"add +pc-main-1a2b3c +→ route/main-config", done.out)
    assert re.search(r"add +backend-service +→ route/main-config", done.out)
    assert done.out.endswith(f"next: llmgw import-portkey {state} --apply\n")
    assert SECRET not in done.out


def test_each_finding_is_a_line_with_severity_code_and_place(llmgw, state):
    lines = llmgw("import-portkey", state).out.splitlines()
    limit = [line for line in lines if " L-LIMIT " in line]
    assert len(limit) == 1
    assert re.match(r"  warning  L-LIMIT +\S*terraform\.tfstate:\d+  Portkey .*500 USD a month "
                    r"→ llmgw .* → ", limit[0])
    needed = [line for line in lines if " K-SECRET " in line]
    assert len(needed) == 1
    assert needed[0].endswith("→ llmgw providers add anthropic --name anthropic-prod --key-stdin")


def test_json(llmgw, state):
    done = llmgw("import-portkey", state, "--json")
    assert done.code == 0 and SECRET not in done.out
    document = done.json()
    assert list(document) == ["providers", "routes", "aliases", "keys", "findings", "applied"]
    assert document["applied"] is False
    assert steps(document, "providers") == ["add", "needs_key"]
    stored, needed = document["providers"]
    assert stored["label"] == stored["slug"] == "openai-prod"
    assert stored["key_source"] == "stored" and stored["fingerprint"] == "sk-…cdef"
    assert needed["key_source"] is None and needed["command"].startswith("llmgw providers add ")
    route = document["routes"][0]
    assert route["name"] == "main-config" and route["labels"] == ["openai-prod", "anthropic-prod"]
    assert route["document"]["strategy"] == "fallback"
    assert document["aliases"] == [{"step": "add", "name": "pc-main-1a2b3c",
                                    "target": "route/main-config"}]
    key = document["keys"][0]
    assert key["name"] == "backend-service" and key["route"] == "main-config"
    assert "secret" not in key
    for finding in document["findings"]:
        assert list(finding) == ["severity", "code", "file", "line", "pointer", "portkey", "llmgw",
                                 "action"]
        assert finding["severity"] in ("info", "warning", "error")


def test_the_same_input_gives_the_same_bytes(llmgw, state):
    assert llmgw("import-portkey", state).out == llmgw("import-portkey", state).out
    first = llmgw("import-portkey", state, "--json").out
    assert first == llmgw("import-portkey", state, "--json").out


def test_stdin_and_names(llmgw):
    done = llmgw("import-portkey", "-", "--name", "prod", "--json", stdin=json.dumps(FALLBACK))
    assert done.code == 0, done.err
    assert [row["name"] for row in done.json()["routes"]] == ["prod"]
    refused = llmgw("import-portkey", "-", "--name", "prod", stdin=json.dumps([FALLBACK, FALLBACK]))
    assert refused.code == 2 and "--name" in refused.err
    assert llmgw("import-portkey", "-", "--name", "Not A Name", stdin="{}").code == 2


def test_a_folder_is_searched_and_foreign_files_are_passed_over(llmgw, tmp_path):
    project = tmp_path / "project"
    (project / "infra").mkdir(parents=True)
    (project / "node_modules").mkdir()
    config_file(project / "infra", FALLBACK, "prod.json")
    config_file(project / "node_modules", FALLBACK, "not-mine.json")
    config_file(project, {"retry": {"attempts": 1}}, "renovate.json")
    config_file(project, "{not json", "notes.json")
    (project / "logo.png").write_bytes(b"\x89PNG\0{" + b"x" * 100)
    (project / "loop").symlink_to(project)
    document = llmgw("import-portkey", str(project), "--json").json()
    assert [row["name"] for row in document["routes"]] == ["prod"]
    assert document["routes"][0]["file"].endswith("infra/prod.json")


def test_equal_names_get_the_end_of_the_slug(llmgw, tmp_path):
    entries = [{"object": "config", "id": str(i), "name": "Chat", "slug": slug,
                "config": json.dumps(FALLBACK)}
               for i, slug in enumerate(["pc-chat-aaaaaa", "pc-chat-bbbbbb"])]
    path = config_file(tmp_path, {"object": "list", "total": 2, "data": entries})
    document = llmgw("import-portkey", path, "--json").json()
    assert [row["name"] for row in document["routes"]] == ["chat", "chat-bbbbbb"]
    assert [row["target"] for row in document["aliases"]] == ["route/chat", "route/chat-bbbbbb"]


# ---- secrets

def test_keys_that_are_in_variables(llmgw, tmp_path):
    path = config_file(tmp_path, {"provider": "openai", "api_key": "$MY_OPENAI_KEY"})
    row = llmgw("import-portkey", path, "--json").json()["providers"][0]
    assert (row["step"], row["key_source"], row["key_ref"]) == ("add", "env", "MY_OPENAI_KEY")
    # The provider's usual variable stands for a key that is nowhere, if it can mean no other.
    path = config_file(tmp_path, {"virtual_key": "openai-main-1a2b3c"})
    env = {"OPENAI_API_KEY": SECRET}
    done = llmgw("import-portkey", path, "--json", env=env)
    row = done.json()["providers"][0]
    assert (row["step"], row["key_ref"]) == ("add", "OPENAI_API_KEY")
    assert SECRET not in done.out
    two = config_file(tmp_path, {"strategy": {"mode": "loadbalance"}, "targets": [
        {"virtual_key": "openai-a-1"}, {"virtual_key": "openai-b-2"}]})
    document = llmgw("import-portkey", two, "--json", env=env).json()
    assert steps(document, "providers") == ["needs_key", "needs_key"]


def test_a_secret_in_a_config_is_sealed_and_never_shown(llmgw, tmp_path):
    path = config_file(tmp_path, {"provider": "openai", "api_key": SECRET})
    for words in ([], ["--json"], ["--apply"], ["--apply", "--json"], ["--apply", "-v"]):
        done = llmgw("import-portkey", path, *words)
        assert done.code == 0, done.err
        assert SECRET not in done.out + done.err
    assert SECRET.encode() not in llmgw.files()
    stored = llmgw("providers", "list", "--json").json()
    assert [row["provider"] for row in stored] == ["openai"]
    shown = llmgw("chat", "--dry-run", "-m", "gpt-4o-mini", "hello")
    assert shown.code == 0 and "sk-…cdef" in shown.out, "it can be unsealed"


def test_map(llmgw, tmp_path):
    path = config_file(tmp_path, {"virtual_key": "main-258f4d"})
    unknown = llmgw("import-portkey", path, "--json")
    assert unknown.code == 1 and "K-UNKNOWN" in codes(unknown.json(), "error")
    for name in ("groq", "together-ai"):
        mapped = llmgw("import-portkey", path, "--map", f"main-258f4d={name}", "--json")
        assert mapped.code == 0
        assert [row["provider"] for row in mapped.json()["providers"]] == [name]
    # Portkey's own id for it, and a slug as code writes it.
    mistral = llmgw("import-portkey", path, "--map", "@main-258f4d=mistral-ai", "--json")
    assert mistral.json()["providers"][0]["provider"] == "mistral"
    wrong = llmgw("import-portkey", path, "--map", "main-258f4d=opanai")
    assert wrong.code == 2 and "did you mean openai" in wrong.err


# ---- writing it

def test_apply_writes_everything_and_a_second_run_nothing(llmgw, state):
    done = llmgw("import-portkey", state, "--apply")
    assert done.code == 0 and SECRET not in done.out + done.err
    secrets = re.findall(r"llmgw_[0-9A-Za-z]{46}", done.out)
    assert len(secrets) == 1
    assert done.out.endswith("next: llmgw providers add anthropic --name anthropic-prod "
                             "--key-stdin\n")
    assert stat.S_IMODE(os.stat(os.path.join(llmgw.home, "master.key")).st_mode) == 0o600
    assert [row["label"] for row in llmgw("providers", "list", "--json").json()] == ["openai-prod"]
    aliases = llmgw("models", "list", "--aliases", "--json").json()
    assert [(row["name"], row["target"]) for row in aliases] == [
        ("pc-main-1a2b3c", "route/main-config")]
    assert [row["name"] for row in llmgw("keys", "list", "--json").json()] == ["backend-service"]

    before = llmgw.files()
    again = llmgw("import-portkey", state, "--apply")
    assert again.code == 0 and "nothing to do" in again.out
    assert "llmgw_" not in again.out
    assert llmgw.files() == before
    document = llmgw("import-portkey", state, "--apply", "--json").json()
    assert document["applied"] is True
    assert steps(document, "providers") == ["unchanged", "needs_key"]
    for group in ("routes", "aliases", "keys"):
        assert steps(document, group) == ["unchanged"]


def test_a_key_that_was_needed_is_found_once_it_is_added(llmgw, state):
    llmgw("import-portkey", state, "--apply")
    command = llmgw("import-portkey", state, "--json").json()["providers"][1]["command"]
    added = llmgw(*command.split()[1:], stdin="sk-ant-EXAMPLE\n")
    assert added.code == 0, added.err
    document = llmgw("import-portkey", state, "--json").json()
    assert steps(document, "providers") == ["unchanged", "unchanged"]
    assert "K-SECRET" not in codes(document)


def test_apply_json_shows_the_new_keys_once(llmgw, state):
    made = llmgw("import-portkey", state, "--apply", "--json").json()
    assert made["applied"] is True
    assert re.fullmatch(r"llmgw_[0-9A-Za-z]{46}", made["keys"][0]["secret"])
    assert made["keys"][0]["secret"].encode() not in llmgw.files()
    again = llmgw("import-portkey", state, "--apply", "--json").json()
    assert "secret" not in again["keys"][0]


def test_a_changed_config_updates_its_route(llmgw, tmp_path):
    path = config_file(tmp_path, FALLBACK)
    llmgw("import-portkey", path, "--apply", "--map", "openai-prod=openai")
    changed = dict(FALLBACK, retry={"attempts": 2})
    config_file(tmp_path, changed)
    document = llmgw("import-portkey", path, "--apply", "--json").json()
    assert steps(document, "routes") == ["update"]
    assert llmgw("import-portkey", path, "--json").json()["routes"][0]["step"] == "unchanged"


def test_a_route_that_was_edited_is_kept(llmgw, state, tmp_path):
    llmgw("import-portkey", state, "--apply")
    document = llmgw("routes", "show", "main-config", "--json").json()
    mine = tmp_path / "mine.json"
    mine.write_text('{"provider": "mock", "model": "echo"}')
    assert llmgw("routes", "set", "main-config", str(mine)).code == 0
    edited = llmgw("routes", "show", "main-config", "--json").json()
    assert edited != document
    done = llmgw("import-portkey", state, "--apply", "--json")
    assert done.code == 0
    assert steps(done.json(), "routes") == ["kept"]
    assert "R-EDITED" in codes(done.json(), "warning")
    assert steps(done.json(), "aliases") == ["unchanged"]
    assert llmgw("routes", "show", "main-config", "--json").json() == edited


def test_what_the_user_has_is_not_overwritten(llmgw, state):
    llmgw("providers", "add", "groq", "--name", "openai-prod", "--no-key")
    llmgw("models", "alias", "pc-main-1a2b3c", "gpt-4o-mini")
    llmgw("keys", "create", "backend-service")
    document = llmgw("import-portkey", state, "--apply", "--json").json()
    assert {"K-LABEL", "R-ALIAS"} <= set(codes(document, "warning"))
    assert document["providers"][0]["label"] == "openai-prod-2"
    assert document["routes"][0]["labels"] == ["openai-prod-2", "anthropic-prod"]
    assert "@openai-prod-2" in json.dumps(document["routes"][0]["document"])
    assert steps(document, "aliases") == ["kept"]
    assert document["keys"][0]["name"] == "backend-service-2"
    again = llmgw("import-portkey", state, "--apply", "--json").json()
    assert again["providers"][0]["label"] == "openai-prod-2"
    assert again["keys"][0]["name"] == "backend-service-2"
    assert steps(again, "keys") == ["unchanged"]


def test_a_key_that_was_revoked_stays_so(llmgw, state):
    llmgw("import-portkey", state, "--apply")
    llmgw("keys", "revoke", "backend-service", "--yes")
    document = llmgw("import-portkey", state, "--apply", "--json").json()
    assert steps(document, "keys") == ["kept"]
    assert "L-REVOKED" in codes(document, "info")
    assert [row["state"] for row in llmgw("keys", "list", "--json").json()] == ["revoked"]


# ---- exit codes

def test_errors_make_the_exit_code_1_and_the_rest_is_written(llmgw, tmp_path):
    bad = config_file(tmp_path, {"prompt_id": "pp-x"}, "bad.json")
    good = config_file(tmp_path, FALLBACK, "good.json")
    done = llmgw("import-portkey", bad, good, "--apply", "--json")
    assert done.code == 1
    assert "P-PROMPT" in codes(done.json(), "error")
    assert [row["name"] for row in done.json()["routes"]] == ["good"]
    assert done.json()["applied"] is True


def test_strict(llmgw, state):
    assert llmgw("import-portkey", state).code == 0
    strict = llmgw("import-portkey", state, "--strict", "--apply", "--json")
    assert strict.code == 1 and strict.json()["applied"] is False
    assert llmgw("providers", "list", "--json").json() == []


def test_guardrails_that_deny(llmgw, tmp_path):
    path = config_file(tmp_path, dict(FALLBACK, input_guardrails=[
        {"default.contains": {"words": ["x"], "operator": "none"}, "deny": True}]))
    assert llmgw("import-portkey", path).code == 1
    assert llmgw("import-portkey", path, "--accept-guardrail-loss").code == 0


def test_portkey_oss_counts_max_age_in_milliseconds(llmgw, tmp_path):
    path = config_file(tmp_path, {"provider": "openai", "api_key": "$K",
                                  "cache": {"mode": "simple", "max_age": 60000}})
    ttls = [llmgw("import-portkey", path, "--json", *words).json()["routes"][0]["document"]
            for words in (["--portkey", "oss"], ["--portkey", "hosted"], [])]
    assert ttls[0]["cache"] == {"ttl": "1m"}
    assert ttls[1] == ttls[2] and ttls[1]["cache"] != ttls[0]["cache"]
    assert llmgw("import-portkey", path, "--portkey", "cloud").code == 2


@pytest.mark.parametrize("content,said", [
    (None, "no such file"),
    ("{\"strategy\": {\"mode\":", "line 1"),
    ("just some words\n", "nothing of Portkey"),
    ("\0\1\2", "no text"),
])
def test_unreadable(llmgw, tmp_path, content, said):
    path = tmp_path / "file.json"
    if content is not None:
        path.write_text(content)
    done = llmgw("import-portkey", str(path))
    assert done.code == 8 and done.out == ""
    assert "file.json" in done.err and said in done.err
    assert llmgw("import-portkey", str(path), "--json").error()["code"] == "invalid_file"


def test_a_file_that_may_not_be_read(llmgw, tmp_path):
    path = tmp_path / "secret.json"
    path.write_text("{}")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")
    done = llmgw("import-portkey", str(path))
    assert done.code == 8 and "secret.json" in done.err and "ermission" in done.err


def test_usage(llmgw):
    assert llmgw("import-portkey").code == 2
    assert llmgw("import-portkey", "--map", "x", "a.json").code == 2


def test_every_finding_code_is_in_the_man_page():
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "man", "llmgw-import-portkey.1"), encoding="utf-8") as file:
        page = file.read()
    documented = set(re.findall(r"^\.B ([A-Z]+\\-[A-Z0-9\\-]+)$", page, re.MULTILINE))
    documented |= set(re.findall(r"\((D\\-[A-Z]+)\)", page))  # only --prove has these
    used = set()
    folder = os.path.join(root, "common", "portkey")
    for name in os.listdir(folder) + ["../../cli/import_portkey.cc"]:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            used |= set(re.findall(r'"([A-Z]{1,2}-[A-Z][A-Z0-9-]+)"', file.read()))
    assert {code.replace("-", "\\-") for code in used} == documented
