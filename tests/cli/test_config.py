# SPDX-License-Identifier: Apache-2.0
"""`llmgw config`: precedence, checks, suggestions."""

NAME = "timeouts.first_byte"
VARIABLE = "LLMGW_TIMEOUTS_FIRST_BYTE"


def origin(llmgw, env=None):
    document = llmgw("config", "get", NAME, "--json", env=env).json()
    return document["value"], document["origin"]


def test_precedence(llmgw):
    env = {VARIABLE: "7s"}
    default = origin(llmgw)
    assert default[1] == "default"
    assert origin(llmgw, env) == ("7s", "environment")
    assert llmgw("config", "set", NAME, "30s").code == 0
    assert origin(llmgw) == ("30s", "stored")
    assert origin(llmgw, env) == ("7s", "environment")
    assert llmgw("config", "unset", NAME).code == 0
    assert origin(llmgw) == default
    assert llmgw("config", "unset", NAME).code == 0, "unsetting twice is no failure"


def test_get_prints_the_value_alone(llmgw):
    llmgw("config", "set", NAME, "30s")
    assert llmgw("config", "get", NAME).out == "30s\n"


def test_list(llmgw):
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in llmgw("config").out.splitlines()}
    assert NAME in rows and rows["strict"][0] == "false"
    assert all(meaning for _, meaning in rows.values()), "every constant is explained"
    listed = llmgw("config", "list", "--json").json()
    assert [each["name"] for each in listed] == list(rows)
    assert {"name", "value", "default", "type", "origin", "variable", "help"} == set(listed[0])
    lines = llmgw("config", "list", "--origin", env={VARIABLE: "7s"}).out.splitlines()
    assert any(line.startswith(f"{NAME}\t7s\t{VARIABLE}\t") for line in lines)
    assert any(line.startswith("strict\tfalse\tdefault\t") for line in lines)


def test_set_warns_when_the_variable_wins(llmgw):
    done = llmgw("config", "set", NAME, "30s", env={VARIABLE: "7s"})
    assert done.code == 0 and VARIABLE in done.err
    assert origin(llmgw) == ("30s", "stored")


def test_wrong_values_are_refused(llmgw):
    for name, value in ((NAME, "soon"), ("strict", "perhaps"), ("limits.body", "-1"),
                        ("routing.max_retries", "many"), ("routing.strategy", "cheapest"),
                        ("routing.weights.price", "-1"), ("routing.fallback_statuses", "4xx")):
        done = llmgw("config", "set", name, value)
        assert done.code == 2 and name in done.err, name
        assert llmgw("config", "get", name, "--json").json()["origin"] == "default"


def test_unknown_names(llmgw):
    for verb in (["get", "timeouts.frst_byte"], ["set", "timeouts.frst_byte", "1s"],
                 ["unset", "timeouts.frst_byte"]):
        done = llmgw("config", *verb)
        assert done.code == 3 and f"did you mean {NAME}" in done.err


def test_keys_are_no_settings(llmgw):
    done = llmgw("config", "set", "openai_api_key", "x")
    assert done.code == 2 and "llmgw providers add" in done.err


def test_settings_of_one_provider_key_or_model(llmgw):
    llmgw("providers", "add", "groq", "--no-key", "--name", "work")
    for name, value in (("timeouts.idle.openai", "20s"), ("timeouts.idle.work", "30s"),
                        ("timeouts.idle.gpt-4.1", "40s"), ("timeouts.idle.openai/gpt-4.1", "50s"),
                        ("timeouts.total.work/gpt-oss-120b", "60s"),
                        ("routing.priority.work", "1.5"), ("routing.priority.groq", "0")):
        assert llmgw("config", "set", name, value).code == 0, name
        assert llmgw("config", "get", name).out == value + "\n"
    listed = {each["name"]: each for each in llmgw("config", "list", "--json").json()}
    assert listed["timeouts.idle.work"]["value"] == "30s"
    assert listed["timeouts.idle.work"]["origin"] == "stored"
    assert listed["timeouts.idle.NAME"]["value"] is None
    assert listed["timeouts.idle.NAME"]["variable"] is None
    assert listed["routing.priority.NAME"]["default"] == "1"
    assert any(line.startswith("timeouts.idle.work\t30s\tstored\t")
               for line in llmgw("config", "list", "--origin").out.splitlines())
    done = llmgw("config", "unset", "timeouts.idle.work")
    assert done.code == 0 and "is not set" in done.err
    done = llmgw("config", "get", "timeouts.idle.work")
    assert done.code == 3 and done.out == "" and "is not set" in done.err


def test_names_that_nobody_has(llmgw):
    llmgw("providers", "add", "custom", "--name", "lab-box", "--base-url", "http://127.0.0.1:9/v1",
          "--no-key")
    for name, told in (("timeouts.idle.opena", "did you mean openai"),
                       ("timeouts.idle.lab-bx", "did you mean lab-box"),
                       ("timeouts.idle.gpt-4.11", "gpt-4.1"),
                       ("timeouts.idle.opena/gpt-4.1", "did you mean openai"),
                       ("timeouts.idle.openai/gpt-4.11", "gpt-4.1"),
                       ("routing.priority.gpt-4.1", "there is no provider or key")):
        done = llmgw("config", "set", name, "1s" if name.startswith("time") else "1")
        assert done.code == 3 and told in done.err, (name, done.err)
    # Any model of a server outside the catalog, and what is gone may still be unset.
    assert llmgw("config", "set", "timeouts.idle.lab-box/llama3:8b", "1s").code == 0
    llmgw("providers", "remove", "lab-box", "--yes")
    assert llmgw("config", "unset", "timeouts.idle.lab-box/llama3:8b").code == 0
    for name in ("timeouts.idle.", "timeouts.idle.a b", "routing.priority.openai/gpt-4.1"):
        assert llmgw("config", "set", name, "1").code == 3, name


def test_a_model_newer_than_the_catalog_is_warned_of(llmgw):
    llmgw("providers", "add", "groq", "--no-key")
    done = llmgw("config", "set", "timeouts.idle.groq/of-tomorrow", "1s")
    assert done.code == 0 and "of-tomorrow" in done.err
    assert llmgw("config", "get", "timeouts.idle.groq/of-tomorrow").out == "1s\n"


def test_settings_call_models_by_their_id(llmgw):
    done = llmgw("config", "set", "timeouts.idle.groq/openai/gpt-oss-120b", "1s")
    assert done.code == 3 and "use groq/gpt-oss-120b" in done.err
