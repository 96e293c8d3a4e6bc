# SPDX-License-Identifier: Apache-2.0
"""`llmgw chat` on a terminal: decoration, the spinner, and conversations with a person."""

import json
import os
import signal

import pytest
from chat_lab import DEADLINE, Lab, Shell, Terminal


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.fixture
def lab(shell):
    server = Lab()
    shell.ok("providers", "add", "custom", "--name", "lab", "--base-url", server.url, "--no-key")
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def terminal(shell):
    opened = []

    def open_terminal(*args, **more):
        opened.append(Terminal(shell, *args, **more))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.kill()


def chat(terminal, model="mock/echo", *args, **more):
    return terminal("chat", "-m", model, *args, **more)


def kept_messages(shell):
    [kept] = shell.home.rglob("conversation.json")
    return [message["content"] for message in json.loads(kept.read_text())["messages"]]


def test_words_do_not_wait_for_stdin(terminal):
    one = chat(terminal, "mock/echo", "hello")
    one.expect("hello\r\n")
    assert one.end() == 0


def test_a_model_cannot_steer_the_terminal(lab, terminal):
    one = chat(terminal, "lab/escape", "x")
    assert one.end() == 0
    assert b"\x1b[31m" not in one.output


def test_spinner_goes_before_the_text(lab, terminal):
    one = chat(terminal, "lab/wait", "x")
    one.expect("waiting 0 s")
    one.send("\x03")
    assert one.end() == 130
    assert one.output.rstrip(b"\r\n").endswith(b"\r\x1b[K")


def test_conversation(shell, lab, terminal):
    one = chat(terminal, "lab/echo")
    one.expect("/help")
    one.line("grün")
    one.expect("grün\r\n")
    one.expect("grün\r\n")
    one.line("second")
    one.expect("second\r\nsecond\r\n")
    assert [m["content"] for m in lab.last["messages"]] == ["grün", "grün", "second"]
    one.prompt()
    one.send("\x04")
    assert one.end() == 0
    assert kept_messages(shell) == ["grün", "grün", "second", "second"]


def test_continue_in_a_conversation(shell, lab, terminal):
    shell.ok("chat", "-m", "lab/echo", "first")
    one = terminal("chat", "-c")
    one.line("second")
    one.expect("second\r\nsecond\r\n")
    one.line("/quit")
    assert one.end() == 0
    assert [m["content"] for m in lab.last["messages"]] == ["first", "first", "second"]


def test_commands(shell, lab, terminal, tmp_path):
    one = chat(terminal, "lab/echo")
    one.line("/model lab/other")
    one.expect("model: lab/other")
    one.line("/system be brief")
    one.expect("system: be brief")
    one.line("hello")
    one.expect("hello\r\nhello\r\n")
    assert lab.last["model"] == "other"
    assert lab.last["messages"][0] == {"role": "system", "content": "be brief"}
    one.line("/usage")
    one.expect("1 answer · 3→2 tok · cost unknown")
    one.line(f"/save {tmp_path}/talk.md")
    one.expect("saved to")
    one.line("/clear")
    one.expect("anew")
    one.line("again")
    one.expect("again\r\nagain\r\n")
    assert [m["content"] for m in lab.last["messages"]] == ["be brief", "again"]
    one.line("/hlep")
    one.expect("did you mean /help?")
    one.line("/help")
    one.expect("/save FILE")
    one.line("/quit")
    assert one.end() == 0
    assert "## You\n\nhello\n\n## Answer\n\nhello\n" in (tmp_path / "talk.md").read_text()


def test_several_lines(lab, terminal):
    one = chat(terminal, "lab/echo")
    one.line("a\\")
    one.prompt(". ")
    one.send("b\r")
    one.expect("a\r\nb\r\n")
    one.line('"""c')
    one.prompt(". ")
    one.send('d"""\r')
    one.expect("c\r\nd\r\n")
    one.line("/quit")
    assert one.end() == 0
    assert lab.last["messages"][0]["content"] == "a\nb"
    assert lab.last["messages"][-1]["content"] == "c\nd"


def test_errors_do_not_end_it(lab, terminal):
    one = chat(terminal, "lab/status-400")
    one.line("x")
    one.expect("the lab says 400")
    one.line("/model lab/echo")
    one.line("hello")
    one.expect("hello\r\nhello\r\n")
    assert [m["content"] for m in lab.last["messages"]] == ["hello"]
    one.line("/quit")
    assert one.end() == 0


def test_interrupt_stops_the_answer_and_keeps_it(shell, lab, terminal):
    one = chat(terminal, "lab/slow")
    one.line("x")
    one.expect("half")
    one.send("\x03")
    assert lab.gone.wait(DEADLINE)
    one.line("/model lab/echo")
    one.line("more")
    one.expect("more\r\nmore\r\n")
    one.line("/quit")
    assert one.end() == 0
    assert kept_messages(shell) == ["x", "half", "more", "more"]


def test_second_interrupt_leaves(lab, terminal):
    one = chat(terminal, "lab/slow")
    one.line("x")
    one.expect("half")
    one.send("\x03")
    one.prompt()
    one.send("\x03")
    assert one.end() == 130


def test_interrupt_at_the_prompt(terminal):
    one = chat(terminal)
    one.prompt()
    one.send("typed")
    one.expect("typed")
    one.send("\x03")
    one.prompt()
    one.send("\x03")
    one.expect("^C again")
    one.prompt()
    one.send("\x03")
    assert one.end() == 130


def test_interrupted_line_is_dropped(lab, terminal):
    one = chat(terminal, "lab/echo")
    one.prompt()
    one.send("typed")
    one.expect("typed")
    one.send("\x03")
    one.line("hello")
    one.expect("hello\r\nhello\r\n")
    assert lab.last["messages"][-1]["content"] == "hello"
    one.line("/quit")
    assert one.end() == 0


def test_termination_at_the_prompt(terminal):
    one = chat(terminal)
    one.prompt()
    os.kill(one.pid, signal.SIGTERM)
    assert one.end() == 143


def test_history(shell, terminal):
    one = chat(terminal)
    one.line("remember me")
    one.expect("remember me\r\nremember me\r\n")
    one.line("/quit")
    assert one.end() == 0
    [history] = shell.home.rglob("history")
    assert history.read_text() == "remember me\n/quit\n"
    assert history.stat().st_mode & 0o777 == 0o600
    two = chat(terminal)
    two.prompt()
    two.send("\x10\x10\r")  # ^P twice: the line before /quit
    two.expect("remember me\r\nremember me\r\n")
    two.line("/quit")
    assert two.end() == 0


def test_history_can_be_off(shell, terminal):
    one = chat(terminal, env={"LLMGW_NO_HISTORY": "1"})
    one.line("secret plan")
    one.expect("secret plan\r\nsecret plan\r\n")
    one.line("/quit")
    assert one.end() == 0
    assert not list(shell.home.rglob("history"))


def test_answers_alone_go_to_a_file(terminal, tmp_path):
    one = chat(terminal, stdout=str(tmp_path / "out"))
    one.line("hello")
    one.line("/quit")
    assert one.end() == 0
    assert (tmp_path / "out").read_text() == "hello\n"


@pytest.mark.parametrize("flags", [["--json"], ["--jsonl"], ["--dry-run"], ["-x"], ["--no-input"]])
def test_no_conversation_for_programs(terminal, flags):
    one = chat(terminal, "mock/echo", *flags)
    assert one.end() == 2
    assert b"there is no prompt" in one.output


def test_stdin_typed_on_request(terminal):
    one = chat(terminal, "mock/echo", "-")
    one.expect("^D")
    one.send("typed\n\x04")
    one.expect("typed\r\ntyped\r\n")
    assert one.end() == 0
