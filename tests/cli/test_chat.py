# SPDX-License-Identifier: Apache-2.0
"""`llmgw chat` for one prompt: what goes in, what comes out, and how it ends."""

import base64
import json
import os
import signal
import subprocess
import threading

import pytest
from chat_lab import DEADLINE, SECRET, Lab, Shell

PNG = b"\x89PNG\r\n\x1a\n rest"


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


def sent(lab):
    """The last user message that arrived."""
    return lab.last["messages"][-1]["content"]


# The prompt.

def test_echo_needs_no_setup(shell):
    done = shell.chat("mock/echo", "hello", "there")
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello there\n", "")


def test_stdin_comes_first(shell, lab):
    shell.chat("lab/echo", "what", "is", "this?", stdin="some text\n\n")
    assert sent(lab) == "some text\n\nwhat is this?"
    shell.chat("lab/echo", stdin="only this\n")
    assert sent(lab) == "only this"


def test_dash_is_stdin_in_its_place(shell, lab):
    shell.chat("lab/echo", "Translate", "this:", "-", "into French", stdin="hello\n")
    assert sent(lab) == "Translate this:\n\nhello\n\ninto French"
    done = shell.chat("lab/echo", "-", "-", stdin="hello")
    assert done.returncode == 2 and "stdin" in done.stderr


@pytest.mark.parametrize("stdin", ["", " \n\n"])
def test_empty_prompt(shell, stdin):
    done = shell.chat("mock/echo", stdin=stdin)
    assert done.returncode == 2
    assert done.stderr.startswith("llmgw: error: the prompt is empty\n  hint: ")


@pytest.mark.parametrize("words", [[], ["hello"]])
def test_closed_stdin(shell, words):
    command = ["sh", "-c", 'exec "$0" "$@" <&-', shell.binary, "chat", "-m", "mock/echo", *words]
    done = subprocess.run(command, capture_output=True, env=shell.env, timeout=DEADLINE)
    assert done.returncode == (0 if words else 2)
    assert done.stdout == (b"hello\n" if words else b"")


def test_files(shell, lab, tmp_path):
    (tmp_path / "a.txt").write_text("alpha\n")
    (tmp_path / "b.bin").write_bytes(b"\0\1\2")
    (tmp_path / "c.txt").write_bytes(PNG)
    (tmp_path / "d.pdf").write_bytes(b"%PDF-1.7 x")
    shell.ok("chat", "-m", "lab/echo", "-f", tmp_path / "a.txt", "sum up", stdin="piped")
    assert sent(lab) == f"piped\n\n{tmp_path}/a.txt:\n```\nalpha\n```\n\nsum up"
    done = shell.chat("lab/echo", "-f", tmp_path / "b.bin", "x")
    assert done.returncode == 8 and "b.bin" in done.stderr
    done = shell.chat("lab/echo", "-f", tmp_path / "none.txt", "x")
    assert done.returncode == 3 and "none.txt" in done.stderr
    shell.ok("chat", "-m", "lab/echo", "--image", tmp_path / "c.txt", "-f", tmp_path / "d.pdf", "x")
    text, pdf, image = sent(lab)
    assert text == {"type": "text", "text": "x"}
    assert image["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert pdf["file"]["filename"] == "d.pdf"
    assert pdf["file"]["file_data"].startswith("data:application/pdf;base64,")
    done = shell.chat("lab/echo", "--image", tmp_path / "a.txt", "x")
    assert done.returncode == 8 and "a.txt" in done.stderr


def test_piped_image(shell, lab):
    shell.ok("chat", "-m", "lab/echo", "what is it?", stdin=PNG)
    assert [part["type"] for part in sent(lab)] == ["text", "image_url"]
    done = shell.chat("lab/echo", "x", stdin=b"\0binary")
    assert done.returncode == 8 and "stdin" in done.stderr


# The request.

def test_flags_become_fields(shell, lab):
    shell.ok("chat", "-m", "lab/echo", "-s", "be brief", "-t", "0.5", "--max-tokens", "9",
             "-o", "top_p=0.9", "-o", "user=alice", "-o", 'stop=["x"]', "hi")
    body = lab.last
    assert body["messages"][0] == {"role": "system", "content": "be brief"}
    assert body["stream"] is True
    assert (body["temperature"], body["max_tokens"], body["top_p"]) == (0.5, 9, 0.9)
    assert (body["user"], body["stop"]) == ("alice", ["x"])
    shell.ok("chat", "-m", "lab/echo", "--no-stream", "hi")
    assert not lab.last.get("stream")
    assert shell.chat("lab/echo", "-o", "model=other", "hi").returncode == 2


def test_dry_run_sends_nothing_and_shows_no_secret(shell, lab):
    shell.ok("providers", "add", "custom", "--name", "keyed", "--base-url", lab.url, "--key-stdin",
             stdin=SECRET + "\n")
    done = shell.ok("chat", "-m", "keyed/echo", "--dry-run", "hi there")
    assert "/v1/chat/completions" in done.stdout and "hi there" in done.stdout
    assert SECRET[-12:] not in done.stdout
    assert lab.requests == []
    request = json.loads(shell.ok("chat", "-m", "keyed/echo", "--dry-run", "--json", "hi").stdout)
    assert "/v1/chat/completions" in request["request"]


# The model.

def test_no_model(shell):
    done = shell.run("chat", "hello")
    assert done.returncode == 2
    assert "llmgw providers add" in done.stderr and "mock/echo" in done.stderr
    assert not shell.home.exists()


def test_model_precedence(shell, lab):
    done = shell.run("chat", "hello")
    assert done.returncode == 2 and "llmgw models alias default" in done.stderr
    shell.ok("models", "alias", "default", "lab/from-alias")
    shell.ok("chat", "hello")
    assert lab.last["model"] == "from-alias"
    env = {"LLMGW_MODEL": "lab/from-env"}
    shell.ok("chat", "hello", env=env)
    assert lab.last["model"] == "from-env"
    shell.ok("chat", "-m", "lab/from-flag", "hello", env=env)
    assert lab.last["model"] == "from-flag"
    shell.ok("chat", "-c", "more", env=env)
    assert lab.last["model"] == "from-flag"


def test_unknown_model(shell, lab):
    done = shell.chat("gpt-4oo", "hello")
    assert done.returncode == 3, done.stderr
    assert "gpt-4o" in done.stderr


# The output.

def test_streams_into_a_pipe(shell, lab):
    process = shell.start("chat", "-m", "lab/step", "x")
    assert process.stdout.read(4) == b"one "
    lab.go_on.release()
    assert process.stdout.read(3) == b"two"
    lab.go_on.release()
    out, err = process.communicate(timeout=DEADLINE)
    assert (out, err, process.returncode) == (b"\n", b"", 0)


def test_final_newline_only_when_missing(shell, lab, tmp_path):
    assert shell.chat("lab/echo", "a").stdout == "a\n"
    assert shell.chat("lab/code", "a").stdout.endswith("no\n```\n")
    with open(tmp_path / "out", "wb") as out:
        process = shell.start("chat", "-m", "lab/echo", "a", stdout=out)
        assert process.wait(DEADLINE) == 0
    assert (tmp_path / "out").read_bytes() == b"a\n"


def test_bytes_reach_a_pipe_unchanged(shell, lab):
    assert shell.chat("lab/escape", "x").stdout == "a\x1b[31mb\n"


def test_server_that_does_not_stream(shell, lab):
    assert shell.chat("lab/plain", "hello").stdout == "hello\n"
    assert shell.chat("lab/echo", "--no-stream", "hello").stdout == "hello\n"


def test_usage_line(shell, lab):
    done = shell.ok("chat", "-m", "lab/echo", "-u", "hello")
    assert done.stdout == "hello\n"
    assert " via lab · 3→2 tok · cost unknown · " in done.stderr
    assert "(first " in done.stderr and done.stderr.count("\n") == 1


def test_json(shell, lab):
    document = json.loads(shell.ok("chat", "-m", "lab/thinks", "--json", "hello").stdout)
    assert list(document) == ["id", "model", "provider", "content", "reasoning", "tool_calls",
                              "finish_reason", "usage", "cost_usd", "latency_ms",
                              "first_token_ms", "cache", "attempts"]
    assert document["content"] == "hello" and document["reasoning"] == "hm"
    assert document["provider"] == "lab" and document["finish_reason"] == "stop"
    assert document["usage"]["input_tokens"] == 3 and document["usage"]["output_tokens"] == 2
    assert document["cost_usd"] is None
    assert 0 <= document["first_token_ms"] <= document["latency_ms"]
    assert [attempt["provider"] for attempt in document["attempts"]] == ["lab"]


def test_tool_calls(shell, lab):
    call = {"id": "t1", "name": "weather", "arguments": '{"city":"Oslo"}'}
    document = json.loads(shell.ok("chat", "-m", "lab/tools", "--json", "x").stdout)
    assert document["tool_calls"] == [call] and document["finish_reason"] == "tool_calls"
    lines = shell.ok("chat", "-m", "lab/tools", "--jsonl", "x").stdout.splitlines()
    assert {"type": "tool_call", **call} in map(json.loads, lines)
    done = shell.ok("chat", "-m", "lab/tools", "x")
    assert done.stdout == "" and "weather" in done.stderr


def test_jsonl(shell, lab):
    done = shell.ok("chat", "-m", "lab/thinks", "--jsonl", "hello")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["type"] for event in events] == ["start", "reasoning", "text", "text", "end"]
    assert events[0]["provider"] == "lab"
    assert "".join(event["text"] for event in events if event["type"] == "text") == "hello"
    assert events[-1]["usage"]["input_tokens"] == 3


def test_extract(shell, lab):
    assert shell.ok("chat", "-m", "lab/code", "-x", "x").stdout == "ls -l\n"
    done = shell.chat("lab/echo", "-x", "no code")
    assert done.returncode == 1 and done.stdout == ""
    assert shell.chat("lab/code", "-x", "--json", "x").returncode == 2


def test_cut_at_the_token_limit_is_said(shell, lab):
    done = shell.ok("chat", "-m", "lab/short", "hello")
    assert done.stdout == "hello\n" and "limit of tokens" in done.stderr
    assert shell.ok("-q", "chat", "-m", "lab/short", "hello").stderr == ""


def test_reader_that_leaves(shell, lab):
    process = shell.start("chat", "-m", "lab/step", "x")
    assert process.stdout.read(4) == b"one "
    process.stdout.close()
    lab.go_on.release()
    assert process.wait(DEADLINE) == 141
    assert process.stderr.read() == b""
    lab.go_on.release()


def test_full_disk_is_an_error(shell):
    with open("/dev/full", "wb") as full:
        process = shell.start("chat", "-m", "mock/echo", "x", stdout=full)
        assert process.wait(DEADLINE) == 1
    assert b"No space left" in process.stderr.read()


# The schema.

def test_schema(shell, lab, tmp_path):
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    path = tmp_path / "person.json"
    path.write_text(json.dumps(schema))
    assert shell.ok("chat", "-m", "lab/person", "--schema", path, "x").stdout == '{"name":"Ada"}\n'
    assert lab.last["response_format"]["type"] == "json_schema"
    assert lab.last["response_format"]["json_schema"]["schema"] == schema
    done = shell.chat("lab/robot", "--schema", path, "x")
    assert done.returncode == 1 and done.stdout == '{"name":7}\n' and "/name" in done.stderr
    done = shell.chat("lab/echo", "--schema", path, "prose")
    assert done.returncode == 1 and done.stdout == "prose\n"
    assert shell.chat("lab/person", "--schema", "-", "x", stdin=json.dumps(schema)).returncode == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": 7}'])
def test_bad_schema(shell, lab, tmp_path, text):
    (tmp_path / "s.json").write_text(text)
    done = shell.chat("lab/person", "--schema", tmp_path / "s.json", "x")
    assert done.returncode == 8 and "s.json" in done.stderr
    assert lab.requests == []
    assert shell.chat("lab/person", "--schema", tmp_path / "none", "x").returncode == 3


# The conversation.

def test_continue(shell, lab):
    done = shell.chat("lab/echo", "-c", "more")
    assert done.returncode == 3 and "no conversation" in done.stderr
    shell.ok("chat", "-m", "lab/echo", "-s", "be brief", "first")
    shell.ok("chat", "-c", "second")
    assert lab.last["model"] == "echo"
    assert lab.last["messages"] == [
        {"role": "system", "content": "be brief"}, {"role": "user", "content": "first"},
        {"role": "assistant", "content": "first"}, {"role": "user", "content": "second"}]
    shell.ok("chat", "-c", "-m", "lab/other", "-s", "be long", "third")
    assert lab.last["model"] == "other" and len(lab.last["messages"]) == 6
    assert lab.last["messages"][0]["content"] == "be long"
    [kept] = shell.home.rglob("conversation.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    shell.ok("chat", "-m", "lab/echo", "anew")
    assert len(lab.last["messages"]) == 1


def test_failed_prompts_are_not_kept(shell, lab):
    shell.ok("chat", "-m", "lab/echo", "first")
    assert shell.chat("lab/status-400", "-c", "lost").returncode == 1
    shell.ok("chat", "-c", "-m", "lab/echo", "second")
    assert [m["content"] for m in lab.last["messages"]] == ["first", "first", "second"]


def test_damaged_conversation(shell, lab):
    shell.ok("chat", "-m", "lab/echo", "first")
    [kept] = shell.home.rglob("conversation.json")
    kept.write_text("{")
    assert shell.chat("lab/echo", "-c", "x").returncode == 8


# Errors.

@pytest.mark.parametrize("status, code", [(400, 1), (401, 4), (402, 7), (403, 4), (404, 3),
                                          (429, 7), (500, 6), (503, 6)])
def test_exit_codes(shell, lab, status, code):
    done = shell.chat(f"lab/status-{status}", "x")
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.startswith("llmgw: error: ")
    done = shell.chat(f"lab/status-{status}", "--json", "x")
    assert (done.returncode, done.stdout) == (code, "")
    assert json.loads(done.stderr)["error"]["message"]


@pytest.mark.parametrize("model", ["cut", "late-error"])
def test_stream_that_breaks(shell, lab, model):
    done = shell.chat(f"lab/{model}", "x")
    assert (done.returncode, done.stdout) == (6, "half\n")
    assert done.stderr.startswith("llmgw: error: ")
    done = shell.chat(f"lab/{model}", "--jsonl", "x")
    assert done.returncode == 6
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["type"] for event in events] == ["start", "text", "error"]
    done = shell.chat(f"lab/{model}", "--json", "x")
    assert (done.returncode, done.stdout) == (6, "")


def test_nothing_listens(shell, lab):
    lab.shutdown()
    lab.server_close()
    assert shell.chat("lab/echo", "x").returncode == 6


# Signals.

@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("model", ["wait", "slow"])
def test_interrupted(shell, lab, model, number, code):
    process = shell.start("chat", "-m", f"lab/{model}", "x")
    if model == "slow":
        assert process.stdout.read(4) == b"half"
    assert lab.waiting.wait(DEADLINE)
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == code
    assert out == (b"\n" if model == "slow" else b"") and err == b""
    assert lab.gone.wait(DEADLINE), "the upstream connection stays open"
    kept = list(shell.home.rglob("conversation.json"))
    assert len(kept) == (1 if model == "slow" else 0)
    if kept:
        assert json.loads(kept[0].read_text())["messages"][-1]["content"] == "half"


def test_interrupted_while_reading_stdin(shell):
    reader, writer = os.pipe()
    process = shell.start("chat", "-m", "mock/echo", stdin=reader)
    os.close(reader)
    os.write(writer, b"some")
    # Nothing observable happens before the signal; without a handler yet it ends with -SIGINT.
    assert wait_for_handler(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE) == 130
    os.close(writer)


def wait_for_handler(pid):
    """Whether the process caught SIGINT before the deadline."""
    done = threading.Event()
    for _ in range(int(DEADLINE / 0.02)):
        with open(f"/proc/{pid}/status") as status:
            caught = next(line for line in status if line.startswith("SigCgt"))
        if int(caught.split()[1], 16) >> (signal.SIGINT - 1) & 1:
            return True
        done.wait(0.02)
    return False


# A daemon.

@pytest.fixture
def daemon(shell, lab):
    key = shell.ok("keys", "create", "test").stdout.strip()
    process = shell.start("serve", "--port", "0")
    line = process.stdout.readline().decode()
    assert line.startswith("llmgw listening on "), line
    yield line.split()[-1], key
    process.terminate()
    process.communicate(timeout=DEADLINE)


def test_through_a_daemon(shell, lab, daemon):
    url, key = daemon
    env = {"LLMGW_API_KEY": key}
    for address in (url, url + "/v1", url + "/"):
        done = shell.chat("lab/echo", "--url", address, "hello", env=env)
        assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr
    done = shell.chat("lab/echo", "-u", "hello", env={**env, "LLMGW_URL": url})
    assert done.stdout == "hello\n" and "via lab" in done.stderr


def test_daemon_refuses_a_wrong_key(shell, daemon):
    url, key = daemon
    for env in ({}, {"LLMGW_API_KEY": key[:-1] + "!"}):
        done = shell.chat("lab/echo", "--url", url, "hello", env=env)
        assert done.returncode == 4, done.stderr
        assert "LLMGW_API_KEY" in done.stderr and key[:-1] not in done.stderr
    done = shell.chat("lab/echo", "--url", url, "--dry-run", "hi", env={"LLMGW_API_KEY": key})
    assert done.returncode == 0 and key not in done.stdout and "***" in done.stdout


def test_no_daemon(shell, lab):
    lab.shutdown()
    lab.server_close()
    done = shell.chat("lab/echo", "--url", f"http://127.0.0.1:{lab.server_port}", "x")
    assert done.returncode == 5 and "hint: " in done.stderr


def test_interrupted_through_a_daemon(shell, lab, daemon):
    url, key = daemon
    process = shell.start("chat", "-m", "lab/slow", "--url", url, "x",
                          env={**shell.env, "LLMGW_API_KEY": key})
    assert process.stdout.read(4) == b"half"
    with open(f"/proc/{process.pid}/cmdline") as cmdline:
        assert key not in cmdline.read()
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE) == 130
    assert lab.gone.wait(DEADLINE)
