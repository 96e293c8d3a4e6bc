# SPDX-License-Identifier: Apache-2.0
"""The processes of the benchmark: a mock provider, nginx and llmgw, all on 127.0.0.1."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

DEADLINE = 20.0  # seconds for a server to become ready

NGINX_CONFIG = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {home}/nginx.pid;
error_log {home}/error.log crit;
{user}
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    client_max_body_size 64m;
    client_body_buffer_size 4m;  # a body that went through a file would flatter llmgw
    keepalive_requests 10000000;
    upstream provider {{
        server 127.0.0.1:{upstream};
        keepalive 4096;
        keepalive_requests 10000000;
    }}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host api.openai.com;
    proxy_set_header Authorization "Bearer sk-bench";
    server {{
        listen 127.0.0.1:{plain} backlog=4096;
        location / {{ proxy_pass http://provider; }}
    }}
    server {{
        listen 127.0.0.1:{streams} backlog=4096;
        location / {{ proxy_pass http://provider; proxy_buffering off; }}
    }}
}}
"""


class BenchError(Exception):
    """Something that keeps the benchmark from running: one sentence for a person."""


def clean_environment(**extra):
    """What a daemon of the benchmark sees: no keys, no settings of the user."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **extra}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise BenchError(f"{what} did not happen within {DEADLINE:.0f} s.")
        time.sleep(0.005)


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def memory_kb(pid, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    return 0


class Server:
    """A process that listens; stopped with SIGTERM when the context ends."""

    name = ""
    model = "gpt-4.1"
    key_file = None

    def __init__(self):
        self.process = None
        self.plain_port = self.stream_port = 0

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        raise NotImplementedError

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def pids(self):
        """The processes that serve requests."""
        return [self.process.pid]

    def cpu_seconds(self):
        """What its processes have computed so far, in their own code and the kernel's."""
        ticks = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_mb(self):
        return sum(memory_kb(pid) for pid in self.pids()) / 1024


class Upstream(Server):
    name = "direct"

    def __init__(self, tools):
        super().__init__()
        self.tool = tools / "bench_upstream"

    def start(self):
        self.process = subprocess.Popen([self.tool], stdout=subprocess.PIPE, text=True)
        self.plain_port = self.stream_port = int(self.process.stdout.readline())


class Nginx(Server):
    name = "nginx"

    def __init__(self, home, upstream_port, connections):
        super().__init__()
        self.home = home
        self.upstream_port = upstream_port
        self.connections = connections

    @staticmethod
    def find():
        return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

    @classmethod
    def version(cls):
        text = subprocess.run([cls.find(), "-v"], capture_output=True, text=True).stderr
        return text.strip().rpartition("/")[2]

    def start(self):
        binary = self.find()
        if not binary:
            raise BenchError("nginx is not installed. Next: apt-get install nginx-light")
        self.home.mkdir(exist_ok=True)
        for _ in range(5):  # nginx cannot take port 0, so another process may be faster
            self.plain_port, self.stream_port = free_port(), free_port()
            config = self.home / "nginx.conf"
            config.write_text(NGINX_CONFIG.format(
                home=self.home, user="user root;" if os.geteuid() == 0 else "",
                descriptors=self.connections * 2 + 1024, connections=self.connections * 2 + 512,
                upstream=self.upstream_port, plain=self.plain_port, streams=self.stream_port))
            self.process = subprocess.Popen(
                [binary, "-p", self.home, "-e", self.home / "error.log", "-c", config],
                env=clean_environment())
            wait_until(lambda: self.process.poll() is not None or
                       (accepts(self.plain_port) and accepts(self.stream_port)), "nginx's start")
            if self.process.poll() is None:
                return
        raise BenchError("nginx does not start: " + (self.home / "error.log").read_text()[-500:])

    def pids(self):
        master = self.process.pid
        children = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return [int(pid) for pid in children]


class Llmgw(Server):
    name = "llmgw"
    model = "openai/gpt-4.1"
    translated_model = "anthropic/claude-haiku-4-5"  # of a provider with another format
    routed_model = "deepseek-v4-flash"  # the last seven serve it; pinned is the cheapest
    pinned_model = "@deepinfra/deepseek-v4-flash"
    providers = ("openai", "anthropic", "novita", "alibaba", "deepinfra", "bytedance", "canopywave",
                 "baidu", "tencent")

    def __init__(self, binary, home, upstream_port, connections, wrapper=()):
        super().__init__()
        self.binary = binary
        self.home = home
        self.wrapper = list(wrapper)  # such as valgrind
        self.environment = clean_environment(LLMGW_HOME=str(home), HOME=str(home))
        self.key_file = home / "bench.key"
        self.set_up(upstream_port, connections)

    def set_up(self, upstream_port, connections):
        self.home.mkdir(mode=0o700)
        for provider in self.providers:
            self.run("providers", "add", provider, "--base-url",
                     f"http://127.0.0.1:{upstream_port}/v1", "--key-stdin", stdin="sk-bench\n")
        self.run("config", "set", "limits.connections", str(max(connections * 2, 1024)))
        self.key_file.touch(mode=0o600)
        self.key_file.write_text(self.run("keys", "create", "bench"))

    def add_keys(self, count):
        """Puts gateway keys straight into the database: commands would take an hour for 100,000."""
        rows = ((f"k_{at:012x}", f"bench-{at}", os.urandom(32), "llmgw_…0000", 0)
                for at in range(count))
        with contextlib.closing(sqlite3.connect(self.home / "llmgw.db")) as database, database:
            database.executemany("INSERT INTO gateway_keys (id, name, digest, fingerprint, "
                                 "created_at) VALUES (?, ?, ?, ?, ?)", rows)

    def run(self, *arguments, stdin=""):
        done = subprocess.run([self.binary, *arguments], input=stdin, capture_output=True,
                              text=True, env=self.environment, timeout=DEADLINE)
        if done.returncode != 0:
            raise BenchError(f"llmgw {' '.join(arguments)} failed: {done.stderr.strip()}")
        return done.stdout

    def version(self):
        return self.run("--version").splitlines()[0].removeprefix("llmgw ")

    def start(self):
        """Returns the seconds from exec to the line that says it accepts requests."""
        log = open(self.home / "daemon.log", "a")
        began = time.perf_counter()
        self.process = subprocess.Popen([*self.wrapper, self.binary, "serve", "--port", "0"],
                                        stdout=subprocess.PIPE, stderr=log, text=True,
                                        env=self.environment)
        log.close()
        for line in self.process.stdout:
            ready = re.search(r"listening on http://[^ ]*:(\d+)", line)
            if ready:
                took = time.perf_counter() - began
                self.plain_port = self.stream_port = int(ready.group(1))
                return took
        raise BenchError("llmgw serve ended early: " +
                         (self.home / "daemon.log").read_text()[-500:])
