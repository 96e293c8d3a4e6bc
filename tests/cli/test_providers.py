# SPDX-License-Identifier: Apache-2.0
"""`llmgw providers`: where keys come from, and that they stay secret."""

import json
import os
import signal

import pytest

SECRET = "sk-live-Zq81xkPd0Wm4Rt7yUn2b"


def row(llmgw, label, env=None):
    return llmgw("providers", "show", label, "--json", env=env).json()


def assert_hidden(llmgw, *texts):
    assert SECRET not in "".join(texts)
    assert SECRET.encode() not in llmgw.files()


def test_key_from_stdin_is_sealed(llmgw):
    done = llmgw("providers", "add", "openai", "--key-stdin", stdin=SECRET + "\n")
    assert done.code == 0 and done.out == ""
    assert "llmgw providers test openai" in done.err
    shown = row(llmgw, "openai")
    assert shown["key"] == {"source": "stored", "ref": None, "fingerprint": "sk-…Un2b"}
    assert shown["base_url"] == "https://api.openai.com/v1" and shown["enabled"] is True
    listed = llmgw("providers")
    assert listed.out.startswith("openai\topenai\thttps://api.openai.com/v1\tstored sk-…Un2b")
    assert_hidden(llmgw, done.err, listed.out, json.dumps(shown))


def test_add_prints_what_was_added_as_json(llmgw):
    done = llmgw("providers", "add", "groq", "--key-stdin", "--weight", "3", "--option", "a=b=c",
                 "--name", "work", "--json", stdin=SECRET)
    document = done.json()
    assert done.err == ""
    assert (document["label"], document["provider"], document["weight"]) == ("work", "groq", 3)
    assert document["options"] == {"a": "b=c"}
    assert_hidden(llmgw, done.out)


@pytest.mark.parametrize("stdin", ["", "\n", "two words\n", "caf\u00e9\n"])
def test_what_cannot_be_a_key_is_refused(llmgw, stdin):
    done = llmgw("providers", "add", "openai", "--key-stdin", stdin=stdin)
    assert done.code == 2
    assert llmgw("providers", "--json").json() == []


def test_key_file_is_a_reference_and_its_mode_is_looked_at(llmgw, tmp_path):
    path = tmp_path / "key"
    path.write_text(SECRET + "\n")
    path.chmod(0o644)
    open_file = llmgw("providers", "add", "openai", "--key-file", str(path))
    assert open_file.code == 0 and "warning" in open_file.err and "chmod 600" in open_file.err
    path.chmod(0o600)
    closed = llmgw("providers", "add", "groq", "--key-file", str(path))
    assert closed.code == 0 and "warning" not in closed.err
    assert row(llmgw, "groq")["key"] == {
        "source": "file", "ref": str(path), "fingerprint": None}
    assert_hidden(llmgw, open_file.err, closed.err)


def test_key_file_that_is_no_key_file_is_8(llmgw, tmp_path):
    assert llmgw("providers", "add", "groq", "--key-file", str(tmp_path / "no")).code == 8
    assert llmgw("providers", "add", "groq", "--key-file", str(tmp_path)).code == 8
    (tmp_path / "empty").write_text("\n")
    assert llmgw("providers", "add", "groq", "--key-file", str(tmp_path / "empty")).code == 8


def test_key_env_stores_the_name(llmgw):
    env = {"MY_KEY": SECRET}
    done = llmgw("providers", "add", "openai", "--key-env", "MY_KEY", env=env)
    assert done.code == 0 and "warning" not in done.err
    assert row(llmgw, "openai", env)["key"] == {
        "source": "env", "ref": "MY_KEY", "fingerprint": "sk-…Un2b"}
    assert "env MY_KEY (not set)" in llmgw("providers").out
    assert "not set" in llmgw("providers", "add", "groq", "--key-env", "NO_SUCH").err
    assert_hidden(llmgw, done.err)


def test_key_command_stores_the_command(llmgw):
    assert llmgw("providers", "add", "groq", "--key-command", "pass show groq").code == 0
    assert row(llmgw, "groq")["key"]["ref"] == "pass show groq"


def test_two_sources_are_one_too_many(llmgw):
    done = llmgw("providers", "add", "groq", "--no-key", "--key-env", "X")
    assert done.code == 2 and "one source" in done.err


def test_nobody_to_ask_names_the_flags(llmgw, terminal):
    assert "--key-stdin" in llmgw("providers", "add", "groq").err
    done = terminal("providers", "add", "groq", "--no-input")
    assert done.wait() == 2 and "--key-stdin" in done.text
    done = terminal("providers", "add", "groq", env={"LLMGW_NO_INPUT": "1"})
    assert done.wait() == 2


def test_hidden_prompt(llmgw, terminal):
    shown = terminal("providers", "add", "openai").expect("key (not shown)")
    assert not shown.echoes()
    shown.send(SECRET + "\n")
    assert shown.wait() == 0 and shown.echoes()
    assert row(llmgw, "openai")["key"]["source"] == "stored"
    assert_hidden(llmgw, shown.text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_prompt_restores_the_terminal(llmgw, terminal, number):
    shown = terminal("providers", "add", "openai").expect("key (not shown)")
    assert not shown.echoes()
    if number == signal.SIGINT:
        shown.send("\x03")
    else:
        shown.process.send_signal(number)
    assert shown.wait() == -number
    assert shown.echoes()
    assert llmgw("providers", "--json").json() == []


def test_a_variable_that_is_set_is_offered(llmgw, terminal):
    env = {"OPENAI_API_KEY": SECRET}
    shown = terminal("providers", "add", "openai", env=env).expect("[Y/n]").send("\n")
    assert shown.wait() == 0
    assert row(llmgw, "openai", env)["key"]["ref"] == "OPENAI_API_KEY"
    shown = terminal("providers", "add", "openai", "--name", "two", env=env).expect("[Y/n]")
    shown.send("n\n").expect("not shown").send("sk-other-abcdefghijkl\n")
    assert shown.wait() == 0
    assert row(llmgw, "two")["key"]["source"] == "stored"
    assert_hidden(llmgw, shown.text)


def test_keys_of_the_environment_are_listed_as_not_stored(llmgw):
    env = {"ANTHROPIC_API_KEY": SECRET}
    listed = llmgw("providers", "--json", env=env).json()
    assert [(each["label"], each["stored"], each["key"]["ref"]) for each in listed] == [
        ("anthropic", False, "ANTHROPIC_API_KEY")]
    line = llmgw("providers", env=env).out
    assert line.endswith("\tenv ANTHROPIC_API_KEY sk-…Un2b\tenvironment\n")
    for verb in ("disable", "remove"):
        done = llmgw("providers", verb, "anthropic", env=env)
        assert done.code == 1 and "ANTHROPIC_API_KEY" in done.err
    llmgw("providers", "add", "anthropic", "--no-key")
    assert [each["stored"] for each in llmgw("providers", "--json", env=env).json()] == [True]


@pytest.mark.parametrize("env,provider,ref,url", [
    ({"AWS_ACCESS_KEY_ID": "AKIAABCDEFGHIJKLMNOP", "AWS_SECRET_ACCESS_KEY": SECRET,
      "AWS_REGION": "eu-west-3"}, "aws-bedrock", "AWS_ACCESS_KEY_ID",
     "https://bedrock-runtime.eu-west-3.amazonaws.com"),
    ({"AWS_BEARER_TOKEN_BEDROCK": SECRET}, "aws-bedrock", "AWS_BEARER_TOKEN_BEDROCK",
     "https://bedrock-runtime.us-east-1.amazonaws.com"),
    ({"AZURE_OPENAI_ENDPOINT": "https://lab.openai.azure.com/", "AZURE_OPENAI_API_KEY": SECRET},
     "azure", "AZURE_OPENAI_API_KEY", "https://lab.openai.azure.com")])
def test_keys_that_are_more_than_one_variable_are_listed_too(llmgw, env, provider, ref, url):
    listed = llmgw("providers", "--json", env=env).json()
    assert [(each["label"], each["key"]["ref"], each["base_url"]) for each in listed] == [
        (provider, ref, url)]
    assert SECRET not in llmgw("providers", env=env).out


def test_half_a_key_in_the_environment_is_none(llmgw):
    for env in ({"AWS_ACCESS_KEY_ID": "AKIAABCDEFGHIJKLMNOP"}, {"AZURE_OPENAI_API_KEY": SECRET},
                {"GOOGLE_APPLICATION_CREDENTIALS": "/nowhere"}):
        assert llmgw("providers", "--json", env=env).json() == []


def test_disable_enable_remove(llmgw, terminal):
    llmgw("providers", "add", "groq", "--no-key")
    assert llmgw("providers", "disable", "groq").code == 0
    assert row(llmgw, "groq")["enabled"] is False
    assert llmgw("providers").out.endswith("disabled\n")
    assert llmgw("providers", "enable", "groq", "--json").json()["enabled"] is True
    refused = llmgw("providers", "remove", "groq")
    assert refused.code == 2 and "--yes" in refused.err
    kept = terminal("providers", "remove", "groq").expect("[y/N]").send("\n")
    assert kept.wait() == 1 and row(llmgw, "groq")
    gone = terminal("providers", "remove", "groq").expect("[y/N]").send("y\n")
    assert gone.wait() == 0
    assert llmgw("providers", "show", "groq").code == 3
    llmgw("providers", "add", "groq", "--no-key")
    assert llmgw("providers", "remove", "groq", "--yes", "--json").json()["label"] == "groq"


def test_labels(llmgw):
    assert llmgw("providers", "add", "groq", "--no-key").code == 0
    again = llmgw("providers", "add", "groq", "--no-key")
    assert again.code == 1 and "--name" in again.err
    for name in ("openai", "route", "auto", "mock", "Upper", "-x", "a b", "a/b", "x" * 65):
        done = llmgw("providers", "add", "groq", "--no-key", "--name=" + name)
        assert done.code == 2, name
    assert llmgw("providers", "add", "groq", "--no-key", "--name", "groq-2.b_c").code == 0


def test_unknown_names_suggest(llmgw):
    done = llmgw("providers", "add", "antropic", "--no-key")
    assert done.code == 3 and "did you mean anthropic" in done.err
    llmgw("providers", "add", "groq", "--no-key")
    for verb in ("show", "test", "enable", "disable", "remove"):
        done = llmgw("providers", verb, "grok")
        assert done.code == 3 and "did you mean groq" in done.err, verb


def test_custom_needs_name_and_address(llmgw):
    assert llmgw("providers", "add", "custom", "--no-key").code == 2
    assert llmgw("providers", "add", "custom", "--no-key", "--name", "lab").code == 2
    done = llmgw("providers", "add", "custom", "--no-key", "--name", "lab", "--base-url",
                 "http://127.0.0.1:8000/v1/")
    assert done.code == 0 and "warning" not in done.err
    assert row(llmgw, "lab")["base_url"] == "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    "url",
    ["", "ftp://h/v1", "localhost:8000", "http://", "http://u:p@h/v1", "http://h/v1?x=1",
     "http://h/v1#f", "http://h:99999/v1", "http://h h/"],
)
def test_base_urls_that_are_refused(llmgw, url):
    done = llmgw("providers", "add", "custom", "--no-key", "--name", "lab", "--base-url", url)
    assert done.code == 2, done.err
    assert llmgw("providers", "--json").json() == []


def test_a_key_in_the_clear_is_warned_about(llmgw):
    def add(name, url, *flags):
        return llmgw("providers", "add", "custom", "--name", name, "--base-url", url, *flags,
                     stdin=SECRET).err

    assert "unencrypted" in add("a", "http://llm.example/v1", "--key-stdin")
    assert "unencrypted" not in add("b", "http://127.0.0.1:1/v1", "--key-stdin")
    assert "unencrypted" not in add("c", "https://llm.example/v1", "--key-stdin")
    assert "unencrypted" not in add("d", "http://llm.example/v1", "--no-key")


def test_local_server_at_a_given_address(llmgw):
    done = llmgw("providers", "add", "ollama", "--base-url", "http://127.0.0.1:11434/v1")
    assert done.code == 0
    shown = row(llmgw, "ollama")
    assert shown["provider"] == "custom" and shown["key"]["source"] == "none"


def test_account_bound_providers_ask_for_their_address(llmgw):
    done = llmgw("providers", "add", "azure", "--no-key")
    assert done.code == 2 and "--base-url" in done.err


def test_catalog(llmgw):
    listed = llmgw("providers", "catalog", "--json").json()
    assert len(listed) > 40
    openai = next(each for each in listed if each["id"] == "openai")
    assert openai["can_send"] is True and openai["env"] == ["OPENAI_API_KEY"]
    assert openai["models"] > 10
    lines = llmgw("providers", "catalog", "fireworks").out.splitlines()
    assert len(lines) == 1 and lines[0].startswith("fireworks\t")


def test_files_are_private(llmgw):
    llmgw("providers", "add", "openai", "--key-stdin", stdin=SECRET)
    assert os.stat(llmgw.home).st_mode & 0o777 == 0o700
    for name in os.listdir(llmgw.home):
        assert os.stat(os.path.join(llmgw.home, name)).st_mode & 0o077 == 0, name
