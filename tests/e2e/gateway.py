# SPDX-License-Identifier: Apache-2.0
"""The real llmgw binary in a private home: its daemon, its command line, its process."""

import os
import re
import signal
import subprocess
import threading
import time

from http_raw import SLOW, Client

READY = re.compile(r"^llmgw listening on (http://(.+):(\d+))$", re.M)
REPORTS = ("AddressSanitizer", "ThreadSanitizer", "LeakSanitizer", "UndefinedBehaviorSanitizer",
           "runtime error:", "assertion failed", "terminate called")
KEPT = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS",
        "LD_LIBRARY_PATH", "SSL_CERT_FILE")

# So that no test depends on what others have had routed: nothing is left to chance, and what is
# learnt of a provider neither counts nor lasts. Tests of routing set what they are about.
INDIFFERENT = {"LLMGW_ROUTING_" + name: value for name, value in {
    "EXPLORATION_RATE": "0", "STABLE_TTL": "0", "SESSION_TTL": "0", "LOW_UPTIME": "0",
    "WEIGHTS_UPTIME": "0", "WEIGHTS_THROUGHPUT": "0", "WEIGHTS_LATENCY": "0",
    "PENALTY_FACTOR": "0", "REST_FAILURES": "1000", "REST_RATE_LIMIT": "0", "REST_REFUSED": "0",
    "LAST_RESORT": "any"}.items()}
# What they set then: that keys rest, or all of it but chance.
RESTING = {name: None for name in INDIFFERENT if "_REST_" in name or "LAST_RESORT" in name}
ATTENTIVE = {name: None for name in INDIFFERENT if not name.endswith("EXPLORATION_RATE")}


def binary():
    path = os.environ.get("LLMGW_BIN")
    assert path and os.access(path, os.X_OK), "LLMGW_BIN must name the llmgw binary"
    return path


class Output:
    """Collects one stream of a process on a thread of its own."""

    def __init__(self, stream):
        self.parts, self.stream = [], stream
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while data := os.read(self.stream.fileno(), 65536):
            self.parts.append(data)

    @property
    def text(self):
        return b"".join(self.parts).decode("utf-8", "replace")


class Gateway:
    """`home` is the state; start() and stop() may be called several times. Text of all runs is in
    `stdout` and `stderr`."""

    def __init__(self, home, env=None):
        self.home, self.process, self.key = str(home), None, None
        self.env = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.env.update(LLMGW_HOME=self.home, HOME=self.home + "-user", LC_ALL="C.UTF-8",
                        LLMGW_NO_INPUT="1", LLMGW_NO_SPAWN="1", NO_COLOR="1", **INDIFFERENT)
        self.env.update(env or {})
        self.env = {name: value for name, value in self.env.items() if value is not None}
        self.outputs, self.secrets = [], []
        self.host = self.port = None

    # The command line.

    def run(self, *args, stdin="", env=None, timeout=30):
        return subprocess.run([binary(), *args], input=stdin, capture_output=True, text=True,
                              env={**self.env, **(env or {})}, timeout=timeout * SLOW)

    def cli(self, *args, stdin="", env=None):
        """Runs a command that has to succeed; returns its stdout."""
        done = self.run(*args, stdin=stdin, env=env)
        assert done.returncode == 0, f"llmgw {' '.join(args)}: {done.returncode}\n{done.stderr}"
        return done.stdout

    def create_key(self, name, *args):
        key = self.cli("keys", "create", name, *args).strip()
        assert key.startswith("llmgw_") and "\n" not in key, key
        self.secrets.append(key)
        return key

    def add_provider(self, provider, url, secret, *more, name=None):
        self.secrets.append(secret)
        label = ("--name", name) if name else ()
        self.cli("providers", "add", provider, *label, "--base-url", url, "--key-stdin", *more,
                 stdin=secret + "\n")

    def set(self, name, value):
        self.cli("config", "set", name, value)

    # The daemon.

    def spawn(self, *args, port=0):
        """Starts the process without waiting for it to be ready."""
        self.process = subprocess.Popen(
            [binary(), "serve", "--port", str(port), *args], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env)
        self.outputs.append((Output(self.process.stdout), Output(self.process.stderr)))
        return self.process

    def start(self, *args, port=0):
        self.spawn(*args, port=port)
        end = time.monotonic() + 20 * SLOW
        while not (ready := READY.search(self.outputs[-1][0].text)):
            assert self.process.poll() is None, \
                f"serve ended with {self.process.returncode}: {self.outputs[-1][1].text}"
            assert time.monotonic() < end, f"serve is not ready: {self.outputs[-1][0].text!r}"
            time.sleep(0.002)
        self.host, self.port = ready.group(2).strip("[]"), int(ready.group(3))
        return self

    def wait(self, seconds=10):
        """Waits for the process to end by itself; returns its exit code."""
        code = self.process.wait(seconds * SLOW)
        for output in self.outputs[-1]:
            output.thread.join(5)
        return code

    def stop(self):
        """SIGTERM; the exit code. Kills what does not end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.wait()
            raise AssertionError("serve did not end within 15 s of SIGTERM") from None

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.wait()

    @property
    def stdout(self):
        return "".join(out.text for out, _ in self.outputs)

    @property
    def stderr(self):
        return "".join(err.text for _, err in self.outputs)

    def sanitizer_report(self):
        lines = self.stderr.splitlines()
        return "\n".join(line for line in lines if any(mark in line for mark in REPORTS))

    def connect(self, timeout=10.0, key=None):
        return Client(self.host, self.port, timeout, key or self.key)

    # The process as the kernel sees it.

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def rss(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")
