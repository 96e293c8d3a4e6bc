# SPDX-License-Identifier: Apache-2.0
"""A small OpenAI server whose behaviour the model's name chooses, and llmgw in a private home."""

import contextlib
import http.server
import json
import os
import pty
import select
import signal
import subprocess
import termios
import threading
import time

SLOW = 4 if os.environ.get("LLMGW_SANITIZE") else 1
DEADLINE = 20 * SLOW
SECRET = "sk-chat-0123456789abcdefghijklmnop"


def chunk(delta, finish=None, **more):
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def text_of(message):
    content = message["content"]
    return content if isinstance(content, str) else content[0].get("text", "")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(body)
        model = body["model"]
        if model.startswith("status-"):
            status = int(model[7:])
            self.answer(status, {"error": {"message": f"the lab says {status}", "type": "lab",
                                           "param": None, "code": f"lab_{status}"}})
        elif model == "wait":
            self.wait()
        elif not body.get("stream") or model == "plain":
            self.answer(200, {"id": "c2", "object": "chat.completion", "created": 1, "model": "m",
                              "choices": [{"index": 0, "finish_reason": "stop", "message": {
                                  "role": "assistant", "content": text_of(body["messages"][-1])}}],
                              "usage": {"prompt_tokens": 3, "completion_tokens": 2,
                                        "total_tokens": 5}})
        else:
            self.stream(model, body)

    def answer(self, status, document):
        data = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def event(self, document):
        data = f"data: {json.dumps(document)}\n\n".encode()
        self.raw(data)

    def raw(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def stream(self, model, body):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.event(chunk({"role": "assistant", "content": ""}))
        if model == "slow":
            self.event(chunk({"content": "half"}))
            self.wait()
            return
        if model == "cut":
            self.event(chunk({"content": "half"}))
            self.close_connection = True
            return
        if model == "late-error":
            self.event(chunk({"content": "half"}))
            self.event({"error": {"message": "the lab broke", "type": "lab", "code": "broken"}})
            self.raw(b"")
            return
        finish = self.deltas(model, body)
        self.event(chunk({}, finish))
        self.event({**chunk({}), "choices": [],
                    "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
        self.raw(b"data: [DONE]\n\n")
        self.raw(b"")

    def deltas(self, model, body):
        """The pieces of the answer; returns the finish_reason."""
        if model == "tools":
            call = {"index": 0, "id": "t1", "type": "function",
                    "function": {"name": "weather", "arguments": ""}}
            self.event(chunk({"tool_calls": [call]}))
            for piece in ('{"city":', '"Oslo"}'):
                self.event(chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}))
            return "tool_calls"
        if model == "thinks":
            self.event(chunk({"reasoning_content": "hm"}))
        if model == "step":
            # The next piece is sent only when the test has seen the one before.
            for word in ("one ", "two"):
                self.event(chunk({"content": word}))
                assert self.server.go_on.acquire(timeout=DEADLINE)
            return "stop"
        answers = {"code": "Sure:\n```sh\nls -l\n```\nand\n```\nno\n```\n",
                   "escape": "a\x1b[31mb\n", "person": '{"name":"Ada"}', "robot": '{"name":7}'}
        text = answers.get(model, text_of(body["messages"][-1]))
        for at in range(0, len(text), 3):
            self.event(chunk({"content": text[at:at + 3]}))
        return "length" if model == "short" else "stop"

    def wait(self):
        """Until the client is gone."""
        self.server.waiting.set()
        readable, _, _ = select.select([self.connection], [], [], DEADLINE)
        if readable and self.connection.recv(1, 2) == b"":  # MSG_PEEK
            self.server.gone.set()
        self.close_connection = True


class Lab(http.server.ThreadingHTTPServer):
    """The server; `requests` are the bodies it got."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []
        self.waiting, self.gone = threading.Event(), threading.Event()
        self.go_on = threading.Semaphore(0)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a client that left is what some tests are about

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"

    @property
    def last(self):
        return self.requests[-1]


class Shell:
    """Runs llmgw with one home and a scrubbed environment."""

    def __init__(self, folder):
        self.folder, self.home = folder, folder / "home"
        self.binary = os.environ["LLMGW_BIN"]
        kept = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        # A key that one call has made rest is asked all the same by the next.
        self.env.update(LLMGW_HOME=str(self.home), HOME=str(folder), TERM="xterm",
                        LC_ALL="C.UTF-8", LLMGW_ROUTING_LAST_RESORT="any")

    def run(self, *args, stdin="", env=None):
        """`stdin` is text, bytes, or anything that subprocess takes."""
        given = ({"input": stdin.encode() if isinstance(stdin, str) else stdin}
                 if isinstance(stdin, (str, bytes)) else {"stdin": stdin})
        done = subprocess.run([self.binary, *map(str, args)], capture_output=True,
                              timeout=DEADLINE, env={**self.env, **(env or {})}, **given)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        assert SECRET not in done.stdout + done.stderr
        return done

    def ok(self, *args, **more):
        done = self.run(*args, **more)
        assert done.returncode == 0, (args, done.returncode, done.stderr)
        return done

    def chat(self, model, *args, **more):
        return self.run("chat", "-m", model, *args, **more)

    def start(self, *args, **more):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "env": self.env, **more}
        return subprocess.Popen([self.binary, *map(str, args)], **options)


class Terminal:
    """llmgw on a pseudo-terminal of its own."""

    def __init__(self, shell, *args, env=None, stdout=None):
        self.output, self.seen = b"", 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if stdout:
                os.dup2(os.open(stdout, os.O_WRONLY | os.O_CREAT, 0o600), 1)
            os.execve(shell.binary, [shell.binary, *map(str, args)], {**shell.env, **(env or {})})

    def read(self, timeout):
        readable, _, _ = select.select([self.fd], [], [], timeout)
        if not readable:
            return True
        with contextlib.suppress(OSError):
            if data := os.read(self.fd, 65536):
                self.output += data
                return True
        return False

    def expect(self, text):
        """Waits for text after what was expected before."""
        wanted, until = text.encode(), time.monotonic() + DEADLINE
        while wanted not in self.output[self.seen:]:
            alive = self.read(0.1)
            assert alive and time.monotonic() < until, (text, self.output)
        self.seen = self.output.index(wanted, self.seen) + len(wanted)

    def send(self, text):
        os.write(self.fd, text.encode())

    def prompt(self, text="> "):
        """Waits until a line can be typed: a prompt is shown, and after it the echo is off."""
        self.expect(text)
        until = time.monotonic() + DEADLINE
        while termios.tcgetattr(self.fd)[3] & termios.ICANON:
            assert time.monotonic() < until, self.output

    def line(self, text):
        self.prompt()
        self.send(text + "\r")

    def end(self):
        """The exit code, once the program has ended by itself."""
        until = time.monotonic() + DEADLINE
        while self.read(0.1):
            assert time.monotonic() < until, self.output
        _, status = os.waitpid(self.pid, 0)
        self.pid = None
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)

    def kill(self):
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self.end()
