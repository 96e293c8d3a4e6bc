# SPDX-License-Identifier: Apache-2.0
"""`llmgw import-portkey --prove`: each row of a config's decision table, there and here."""

import json
import os

LEAF = {"provider": "@main", "override_params": {"model": "gpt-4o"}}
OTHER = {"provider": "@spare", "override_params": {"model": "claude-haiku-4-5"}}
MAP = ("--map", "main=openai", "--map", "spare=anthropic")


def prove(llmgw, tmp_path, config, *words):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config, indent=2))
    return llmgw("import-portkey", str(path), *MAP, "--prove", *words)


def proof_of(llmgw, tmp_path, config, code=0):
    done = prove(llmgw, tmp_path, config, "--json")
    assert done.code == code, done.out + done.err
    proof = done.json()["proof"]
    assert len(proof["routes"]) == 1 and proof["without_route"] == []
    rows = proof["routes"][0]["rows"]
    assert len(rows) == proof["same"] + proof["explained"] + proof["unexplained"]
    assert len({row["case"] for row in rows}) == len(rows), "each row says what it is about"
    return proof, {row["case"]: row for row in rows}


def calls(row, who="llmgw"):
    return [(call["target"], call["model"], call["tries"]) for call in row[who]["calls"]]


def group(mode, *targets, **more):
    strategy = {"mode": mode, **more.pop("strategy", {})}
    return {"strategy": strategy, "targets": list(targets), **more}


def test_fallback(llmgw, tmp_path):
    config = group("fallback", LEAF, OTHER, strategy={"on_status_codes": [429, 503]})
    proof, rows = proof_of(llmgw, tmp_path, config)
    assert proof["unexplained"] == 0
    first, second = ("targets[0]", "gpt-4o", 1), ("targets[1]", "claude-haiku-4-5", 1)
    for status, asked, final in [(200, [first], 200), (400, [first], 400), (401, [first], 401),
                                 (429, [first, second], 200), (500, [first], 500),
                                 (503, [first, second], 200)]:
        row = rows[f"targets[0] answers {status}"]
        assert (calls(row), row["llmgw"]["status"]) == (asked, final)
        assert (calls(row, "portkey"), row["portkey"]["status"]) == (asked, final)
        assert row["verdict"] == "same" and row["difference"] is None and row["code"] is None
    last = rows["targets[1] answers 429"]
    assert calls(last) == [first, second] and last["llmgw"]["status"] == 429
    # Where nobody can be connected to, the status is another on purpose.
    lost = rows["targets[1] cannot be connected to"]
    assert (lost["portkey"]["status"], lost["llmgw"]["status"]) == (500, 502)
    assert lost["verdict"] == "different" and lost["code"] == "D-CONNECT"
    assert not os.path.exists(llmgw.home), "a proof makes nothing"


def test_retries_and_timeouts(llmgw, tmp_path):
    retry = {"attempts": 2, "on_status_codes": [429, 408], "use_retry_after_header": True}
    config = group("fallback", LEAF, OTHER, retry=retry, request_timeout=60000)
    proof, rows = proof_of(llmgw, tmp_path, config)
    assert proof["unexplained"] == 0
    first, second = ("targets[0]", "gpt-4o", 3), ("targets[1]", "claude-haiku-4-5", 1)
    for case, asked in [
            ("targets[0] answers 429", [first, second]),
            ("targets[0] answers 500", [("targets[0]", "gpt-4o", 1), second]),
            ("targets[0] answers 429 once", None),
            ("targets[0] answers 429 with Retry-After: 61", [("targets[0]", "gpt-4o", 1), second]),
            ("targets[0] is silent for 60000 ms", [first, second])]:
        assert calls(rows[case]) == (asked or [("targets[0]", "gpt-4o", 2)])
        assert rows[case]["verdict"] == "same"
    silent = rows["targets[1] is silent for 60000 ms"]
    assert silent["llmgw"]["status"] == silent["portkey"]["status"] == 408


def test_loadbalance(llmgw, tmp_path):
    config = group("loadbalance", {**LEAF, "weight": 0.7}, {**OTHER, "weight": 0.3},
                   {**OTHER, "weight": 0})
    proof, rows = proof_of(llmgw, tmp_path, config)
    assert proof["unexplained"] == 0
    assert proof["routes"][0]["not_asked"] == ["targets[2]"]
    draws = {case: calls(row)[0][0] for case, row in rows.items() if "chance" in case}
    assert draws == {"targets[0] has 70 %, chance says 0.0001 %": "targets[0]",
                     "targets[0] has 70 %, chance says 70 %": "targets[0]",
                     "targets[1] has 30 %, chance says 70 %": "targets[1]",
                     "targets[1] has 30 %, chance says 100 %": "targets[1]"}
    failed = rows["targets[1] answers 500"]
    assert calls(failed) == [("targets[1]", "claude-haiku-4-5", 1)], "no failover"


def test_conditional_over_a_nested_fallback(llmgw, tmp_path):
    config = group(
        "conditional", {**LEAF, "name": "big"}, {**group("fallback", LEAF, OTHER), "name": "safe"},
        strategy={"default": "safe", "conditions": [
            {"query": {"metadata.plan": {"$in": ["paid", "trial"]}}, "then": "big"},
            {"query": {"params.max_tokens": {"$gt": 1000}}, "then": "big"},
            {"query": {"metadata.team": {"$regex": "^eu-\\d+$"}}, "then": "safe"}]})
    proof, rows = proof_of(llmgw, tmp_path, config)
    assert proof["unexplained"] == 0 and proof["routes"][0]["not_asked"] == []
    first = rows['conditions[0] holds: metadata.plan = "paid"']
    assert first["metadata"] == {"plan": "paid"} and calls(first)[0][0] == "targets[0]"
    second = rows["conditions[1] holds: params.max_tokens = 1001"]
    assert second["body"]["max_tokens"] == 1001 and calls(second)[0][0] == "targets[0]"
    third = rows['conditions[2] holds: metadata.team = "eu-1"']
    assert calls(third)[0][0] == "targets[1].targets[0]"
    assert calls(rows['conditions[0] does not hold: metadata.plan = "other"'])[0][0] == \
        "targets[1].targets[0]"
    assert "conditions[2] without metadata.team" in rows
    nested = rows["targets[1].targets[0] answers 503"]
    assert [call[0] for call in calls(nested)] == ["targets[1].targets[0]", "targets[1].targets[1]"]


def test_a_difference_has_its_reason(llmgw, tmp_path):
    # Portkey refuses targets without a strategy; the route asks the first of them.
    proof, rows = proof_of(llmgw, tmp_path, {"targets": [LEAF, OTHER]})
    assert (proof["same"], proof["explained"], proof["unexplained"]) == (0, 1, 0)
    row = rows["any request"]
    assert row["portkey"] == {"calls": [], "status": 400}
    assert calls(row) == [("targets[0]", "gpt-4o", 1)] and row["code"] == "I-NOSTRAT"
    done = prove(llmgw, tmp_path, {"targets": [LEAF, OTHER]})
    assert done.code == 0
    assert "different  any request  targets[0] gpt-4o → 200\n" in done.out
    assert "Portkey: nobody → 400\n" in done.out
    assert done.out.endswith("1 route, 1 row: 0 same, 1 different for the reason named, "
                             "0 different without one\n")


def test_what_becomes_no_route_is_not_proved(llmgw, tmp_path):
    done = prove(llmgw, tmp_path, group("fallback"))
    assert done.code == 1 and "no route is made of this config" in done.out


def test_a_long_table_is_cut(llmgw, tmp_path):
    done = prove(llmgw, tmp_path, group("fallback", *[LEAF] * 40), "--json")
    proof = done.json()["proof"]
    assert proof["routes"][0]["cut"] is True and len(proof["routes"][0]["rows"]) == 250
    assert "cut here" in prove(llmgw, tmp_path, group("fallback", *[LEAF] * 40)).out


def test_not_together_with_writing(llmgw, tmp_path):
    for other in ("--apply", "--patch"):
        assert prove(llmgw, tmp_path, LEAF, other).code == 2
