# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the command-line tests: the real binary, a private home, and a terminal."""

import json
import os
import pty
import select
import signal
import subprocess
import termios
import time
from dataclasses import dataclass

import pytest

BIN = os.environ.get("LLMGW_BIN", "")
DEADLINE = 60  # seconds; only a hang gets near it


@dataclass
class Done:
    """What one run of llmgw left behind."""

    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)

    def error(self):
        """The one line of JSON on stderr; stdout must be empty."""
        assert self.out == ""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return json.loads(lines[0])["error"]


class Llmgw:
    """Runs llmgw in a home of its own, with no variable of the machine's but PATH."""

    def __init__(self, home):
        self.home = str(home)

    def environment(self, env=None):
        base = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LLMGW_HOME": self.home,
            "HOME": self.home,
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm",
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                base[name] = os.environ[name]
        base.update(env or {})
        return base

    def __call__(self, *args, stdin="", env=None):
        done = subprocess.run(
            [BIN, *args],
            input=stdin.encode(),
            capture_output=True,
            env=self.environment(env),
            timeout=DEADLINE,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def terminal(self, *args, env=None):
        return Terminal([BIN, *args], self.environment(env))

    def files(self):
        """Every byte the home holds, for tests that look for a secret."""
        content = b""
        for folder, _, names in os.walk(self.home):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content += file.read()
        return content


class Terminal:
    """llmgw with a terminal as stdin, stdout and stderr."""

    def __init__(self, command, env):
        self.master, slave = pty.openpty()
        self.text = ""
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
            preexec_fn=lambda: __import__("fcntl").ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.slave = slave  # kept open: its settings are looked at after the process is gone

    def read(self):
        ready, _, _ = select.select([self.master], [], [], 0.05)
        if ready:
            self.text += os.read(self.master, 4096).decode("utf-8", "replace")
        return self.text

    def expect(self, text):
        end = time.monotonic() + DEADLINE
        while text not in self.read():
            assert time.monotonic() < end, f"no {text!r} in {self.text!r}"
            assert self.process.poll() is None or text in self.read(), self.text
        return self

    def send(self, text):
        os.write(self.master, text.encode())
        return self

    def wait(self):
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None:
            self.read()
            assert time.monotonic() < end, f"still running: {self.text!r}"
        self.read()
        return self.process.returncode

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def llmgw(tmp_path):
    assert BIN, "LLMGW_BIN names the binary to test"
    return Llmgw(tmp_path / "home")


@pytest.fixture
def other_llmgw(tmp_path):
    return Llmgw(tmp_path / "other")


@pytest.fixture
def terminal(llmgw):
    opened = []

    def start(*args, env=None):
        opened.append(llmgw.terminal(*args, env=env))
        return opened[-1]

    yield start
    for each in opened:
        each.close()
