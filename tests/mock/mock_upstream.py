#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A mock OpenAI provider over raw sockets: strict about what it is asked, scripted in what it
answers, and a witness of every byte and connection it saw.

As a module: `MockUpstream(keys={"sk-…"})`, then `mock.script("model", status=429)`; keys of a script
are described in wire.py. Alone: `mock_upstream.py [--port N] [--key K] [--tls CERT KEY]`; a prompt
then carries its script: `[[mock {"status": 429}]]`, and the answer is otherwise its echo."""

import argparse
import json
import re
import select
import socket
import ssl
import struct
import threading
import time

import openai_rules as rules
import wire

MARKER = re.compile(r"\[\[mock (\{.*?\})\]\]", re.S)


class Gone(Exception):
    """The peer closed the connection."""


class Request:
    """One request as it came: `head` and `raw_body` are the bytes of the wire."""

    def __init__(self, connection, head, raw_body, body):
        self.connection, self.head, self.raw_body, self.body = connection, head, raw_body, body
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, self.version = lines[0].split(" ", 2)
        self.headers = [tuple(part.strip() for part in line.split(":", 1))
                        for line in lines[1:] if line]
        self.time = time.monotonic()

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[0] if values else None

    def names(self):
        return sorted(key.lower() for key, _ in self.headers)

    def json(self):
        return json.loads(self.body)


class Connection:
    """One accepted connection; `closed_at` is set once either side is gone."""

    def __init__(self, mock, sock):
        self.mock, self.sock, self.buffer = mock, sock, b""
        self.opened_at, self.closed_at, self.closed_by = time.monotonic(), None, None
        self.bytes_sent, self.requests = 0, 0

    def closed(self, by):
        with self.mock.changed:
            if self.closed_at is None:
                self.closed_at, self.closed_by = time.monotonic(), by
            self.mock.changed.notify_all()

    def fill(self):
        try:
            data = self.sock.recv(65536)
        except (OSError, ssl.SSLError) as error:
            raise Gone from error
        if not data:
            raise Gone
        self.buffer += data

    def wait(self, seconds, done=None):
        """Waits while watching the peer; raises Gone when it closes."""
        end = time.monotonic() + seconds
        while not (done and done()) and not self.mock.stopping:
            left = end - time.monotonic()
            if left <= 0:
                return
            step = min(left, 0.005 if done else 0.2)
            if len(self.buffer) < 1 << 20 and select.select([self.sock], [], [], step)[0]:
                self.fill()
            elif len(self.buffer) >= 1 << 20:
                time.sleep(step)

    def send(self, data):
        view = memoryview(data)
        for start in range(0, len(view), 16384):
            try:
                self.sock.sendall(view[start:start + 16384])
            except OSError as error:
                raise Gone from error
            self.bytes_sent += len(view[start:start + 16384])

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def read_until(self, mark):
        while mark not in self.buffer:
            self.fill()
        at = self.buffer.index(mark) + len(mark)
        out, self.buffer = self.buffer[:at], self.buffer[at:]
        return out

    def read_exactly(self, count):
        parts, have = [self.buffer], len(self.buffer)
        while have < count:
            self.buffer = b""
            self.fill()
            parts.append(self.buffer)
            have += len(self.buffer)
        data = b"".join(parts)
        self.buffer = data[count:]
        return data[:count]

    def read_request(self):
        head = self.read_until(b"\r\n\r\n")
        fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if line)
        if fields.get(b"transfer-encoding", b"").strip() == b"chunked":
            raw, body = b"", b""
            while True:
                line = self.read_until(b"\r\n")
                size = int(line.split(b";")[0], 16)
                raw += line
                if size == 0:
                    raw += self.read_until(b"\r\n")
                    return Request(self, head, raw, body)
                data = self.read_exactly(size + 2)
                raw += data
                body += data[:-2]
        body = self.read_exactly(int(fields.get(b"content-length", b"0")))
        return Request(self, head, body, body)

    def perform(self, steps):
        """Carries the steps out; returns whether the connection is still open."""
        for step in steps:
            if isinstance(step, bytes):
                self.send(step)
            elif step[0] == "sleep":
                self.wait(step[1])
            elif step[0] == "gate":
                self.wait(60, self.mock.gate(step[1]).is_set)
            elif step[0] == "hang":
                self.wait(600)
            elif step[0] == "rst":
                self.reset()
                return False
            elif step[0] == "fin":
                return False
        return True

    def serve(self):
        by = "peer"
        try:
            while not self.mock.stopping:
                if not self.buffer and not self.await_request():
                    by = "mock"
                    break
                request = self.read_request()
                self.requests += 1
                if not self.perform(self.mock.handle(request)):
                    by = "mock"
                    break
        except Gone:
            pass
        except OSError:
            by = "mock"
        finally:
            self.closed(by)
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.sock.close()

    def await_request(self):
        limit = self.mock.idle_close
        ready = select.select([self.sock], [], [], limit if self.requests else None)[0]
        return bool(ready)


class MockUpstream:
    """Threads, one for each connection. `keys` is the set of keys it takes; None: any, or none."""

    def __init__(self, keys=None, port=0, tls=None, idle_close=None, models=("mock-1", "org/mock-2")):
        self.keys, self.models, self.idle_close = keys, list(models), idle_close
        self.requests, self.connections = [], []
        self.scripts, self.gates = {}, {}
        self.changed = threading.Condition(threading.RLock())
        self.stopping, self.tls = False, None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls)
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept_loop, daemon=True).start()

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    def accept_loop(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.run_connection, args=(sock,), daemon=True).start()

    def run_connection(self, sock):
        if self.tls:
            try:
                sock = self.tls.wrap_socket(sock, server_side=True)
            except (OSError, ssl.SSLError):
                sock.close()
                return
        connection = Connection(self, sock)
        with self.changed:
            self.connections.append(connection)
            self.changed.notify_all()
        connection.serve()

    def close(self):
        if self.stopping:
            return
        self.stopping = True
        # Closing it alone would leave it listening for as long as a thread waits in accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.changed:
            open_now = self.open_connections()
        for connection in open_now:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    # What tests ask for and look at.

    def script(self, model, **keys):
        """Answers requests for this model with this script from now on. `first` may hold scripts
        that are used up, one each, before it."""
        self.scripts[model] = keys

    def gate(self, name):
        return self.gates.setdefault(name, threading.Event())

    def open_gate(self, name):
        self.gate(name).set()

    def open_connections(self):
        return [c for c in self.connections if c.closed_at is None]

    def forget(self):
        """Drops the requests seen and the scripts; the connections stay."""
        with self.changed:
            self.requests.clear()
            self.scripts.clear()
            self.gates.clear()
            self.connections = self.open_connections()

    def wait_for(self, condition, seconds):
        with self.changed:
            return self.changed.wait_for(condition, seconds)

    def wait_requests(self, count, seconds=10):
        if not self.wait_for(lambda: len(self.requests) >= count, seconds):
            raise AssertionError(f"{len(self.requests)} of {count} requests reached the mock")
        return self.requests[count - 1]

    @property
    def last(self):
        return self.requests[-1]

    # Answering.

    def find_script(self, request):
        try:
            body = json.loads(request.body)
            model, prompt = body.get("model"), rules.last_user_text(body)
        except (ValueError, AttributeError, RecursionError):
            model, prompt = None, ""
        script = self.scripts.get(model, self.scripts.get("*", {}))
        if script.get("first"):
            return script["first"].pop(0)
        marker = MARKER.search(prompt)
        return json.loads(marker.group(1)) if marker else script

    def handle(self, request):
        script = self.find_script(request)
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
        if script.get("delay_head"):
            yield ("sleep", script["delay_head"])
        if script.get("head_gate"):
            yield ("gate", script["head_gate"])
        if script.get("hang"):
            yield ("hang",)
        if script.get("drop"):
            yield (script["drop"],)
            return
        try:
            if "body" in script or "status" in script:
                status, kind, parts, stream = self.scripted(script)
            else:
                status, kind, parts, stream = self.normal(request, script)
        except rules.Refusal as refusal:
            status, kind, stream = refusal.status, "application/json", False
            parts = [wire.compact(refusal.body).encode()]
        steps, _ = wire.answer_steps(script, status, script.get("content_type", kind), parts,
                                     stream)
        yield from steps

    def scripted(self, script):
        status, body = script.get("status", 200), script.get("body")
        if body is None:
            body = {"error": {"message": f"scripted {status}", "type": "mock_error",
                              "param": None, "code": f"mock_{status}"}}
        if isinstance(body, (dict, list)):
            body = wire.compact(body)
        if isinstance(body, str):
            body = body.encode()
        return status, "application/json", [body] if body else [], False

    def check_key(self, request):
        if self.keys is None:
            return
        kind, _, key = (request.header("authorization") or "").partition(" ")
        if not key:
            raise rules.Refusal(401, "You didn't provide an API key.")
        if kind != "Bearer" or key not in self.keys:
            raise rules.Refusal(401, f"Incorrect API key provided: {key}.", "invalid_api_key")

    def normal(self, request, script):
        self.check_key(request)
        path = request.target.split("?")[0]
        if request.method == "GET":
            return self.models_answer(path)
        routes = {"/v1/chat/completions": (rules.check_chat, rules.chat_answer, rules.chat_chunks),
                  "/v1/completions": (rules.check_completion, rules.completion_answer,
                                      rules.completion_chunks),
                  "/v1/embeddings": (rules.check_embeddings, rules.embeddings_answer, None)}
        if path not in routes or request.method != "POST":
            raise rules.Refusal(404, f"Invalid URL ({request.method} {path})")
        if (request.header("content-type") or "").split(";")[0] != "application/json":
            raise rules.Refusal(415, "Unsupported Media Type")
        check, answer, chunks = routes[path]
        body = rules.parse_object(request.body)
        check(body, script.get("lenient", ()))
        if body.get("stream") and chunks:
            events = wire.sse_events(chunks(body, script), script)
            return 200, "text/event-stream; charset=utf-8", events, True
        return 200, "application/json", [wire.compact(answer(body, script)).encode()], False

    def models_answer(self, path):
        entries = [{"id": name, "object": "model", "created": 1767225600, "owned_by": "mock"}
                   for name in self.models]
        if path == "/v1/models":
            body = {"object": "list", "data": entries}
        else:
            found = [entry for entry in entries if path == "/v1/models/" + entry["id"]]
            if not found:
                raise rules.Refusal(404, "The model does not exist", "model_not_found", "model")
            body = found[0]
        return 200, "application/json", [wire.compact(body).encode()], False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", action="append", help="a key to accept; default: any")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    options = parser.parse_args()
    mock = MockUpstream(keys=set(options.key) if options.key else None, port=options.port,
                        tls=options.tls)
    print(f"mock listening on {mock.url}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
