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
    rows = dict(line.split("\t") for line in llmgw("config").out.splitlines())
    assert NAME in rows and rows["strict"] == "false"
    listed = llmgw("config", "list", "--json").json()
    assert [each["name"] for each in listed] == list(rows)
    assert {"name", "value", "default", "type", "origin", "variable", "help"} == set(listed[0])
    lines = llmgw("config", "list", "--origin", env={VARIABLE: "7s"}).out.splitlines()
    assert f"{NAME}\t7s\t{VARIABLE}" in lines
    assert "strict\tfalse\tdefault" in lines


def test_set_warns_when_the_variable_wins(llmgw):
    done = llmgw("config", "set", NAME, "30s", env={VARIABLE: "7s"})
    assert done.code == 0 and VARIABLE in done.err
    assert origin(llmgw) == ("30s", "stored")


def test_wrong_values_are_refused(llmgw):
    for name, value in ((NAME, "soon"), ("strict", "perhaps"), ("limits.body", "-1"),
                        ("routing.max_retries", "many")):
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
