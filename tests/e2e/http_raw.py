# SPDX-License-Identifier: Apache-2.0
"""An HTTP/1.1 client over one raw socket: sends any bytes, reads answers exactly, and notes when
each part arrived."""

import json
import os
import socket
import time

SLOW = float(os.environ.get("LLMGW_TEST_SLOW") or (5 if os.environ.get("LLMGW_SANITIZE") else 1))

# Everything that came back from the gateway since the current test began, for the search for
# secrets. Long answers are cut.
SEEN = []
SEEN_LIMIT = 1 << 20


class Truncated(Exception):
    """The connection ended inside an answer."""


class Event:
    def __init__(self, raw, arrived):
        self.raw, self.arrived, self.fields = raw, arrived, []
        for line in raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
            if line and not line.startswith(b":"):
                name, _, value = line.partition(b":")
                self.fields.append((name, value[1:] if value.startswith(b" ") else value))

    @property
    def data(self):
        parts = [value for name, value in self.fields if name == b"data"]
        return b"\n".join(parts) if parts else None

    @property
    def done(self):
        return self.data is not None and self.data.startswith(b"[DONE]")

    def json(self):
        return json.loads(self.data)


def find_event_end(data):
    """Where the first event in `data` ends (behind its empty line), or -1."""
    ends = [(data.find(mark), len(mark)) for mark in (b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n")]
    ends = [(at + size) for at, size in ends if at >= 0]
    return min(ends) if ends else -1


class Response:
    def __init__(self, client, head, method):
        self.client, self.head = client, head
        lines = head.decode("latin-1").split("\r\n")
        self.version, status, self.reason = (lines[0] + " ").split(" ", 2)
        self.status = int(status)
        self.headers = [tuple(part.strip() for part in line.split(":", 1))
                        for line in lines[1:] if line]
        self.arrived = time.monotonic()
        self.body, self.pending, self.trailers = b"", b"", []
        self.chunks = []
        self.done = method == "HEAD" or self.status in (204, 304) or 100 <= self.status < 200
        self.chunked = "chunked" in (self.header("transfer-encoding") or "").lower()
        length = self.header("content-length")
        self.left = None if length is None or self.chunked else int(length)
        if self.left == 0:
            self.done = True

    def header(self, name):
        values = self.all(name)
        return values[0] if values else None

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json()["error"]

    def read_some(self):
        """The next part of the body, b"" at its end."""
        if self.done:
            return b""
        if self.chunked:
            size = int(self.client.read_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while (line := self.client.read_until(b"\r\n")) != b"\r\n":
                    self.trailers.append(line)
                self.done = True
                return b""
            part = self.client.read_exactly(size + 2)[:-2]
        elif self.left is not None:
            part = self.client.read_upto(self.left)
            self.left -= len(part)
            self.done = self.left == 0
        else:
            try:
                part = self.client.read_upto(65536)
            except Truncated:
                self.done = True
                return b""
        self.body += part
        self.chunks.append((time.monotonic(), part))
        return part

    def read(self):
        while self.read_some():
            pass
        return self

    def event(self):
        """The next event, or None at the end of the body. A last one without an empty line is
        still an event here: tests look at its bytes."""
        while (end := find_event_end(self.pending)) < 0:
            part = self.read_some()
            if not part:
                rest, self.pending = self.pending, b""
                return Event(rest, time.monotonic()) if rest else None
            self.pending += part
        raw, self.pending = self.pending[:end], self.pending[end:]
        return Event(raw, time.monotonic())

    def events(self):
        out = []
        while (event := self.event()) is not None:
            out.append(event)
        return out


class Client:
    """One connection. `timeout` bounds each read."""

    def __init__(self, host, port, timeout=10.0, key=None):
        self.sock = socket.create_connection((host, port), timeout=timeout * SLOW)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.host, self.port, self.key, self.buffer = host, port, key, b""
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def fill(self):
        try:
            data = self.sock.recv(65536)
        except ConnectionError as error:
            raise Truncated(f"reset; got {self.buffer[:200]!r}") from error
        except TimeoutError as error:
            raise AssertionError(f"no answer in time; got {self.buffer[:200]!r}") from error
        if not data:
            raise Truncated(f"closed; got {self.buffer[:200]!r}")
        self.buffer += data
        if self.seen < SEEN_LIMIT:
            SEEN.append(data)
            self.seen += len(data)

    def read_until(self, mark):
        while mark not in self.buffer:
            self.fill()
        at = self.buffer.index(mark) + len(mark)
        out, self.buffer = self.buffer[:at], self.buffer[at:]
        return out

    def read_exactly(self, count):
        while len(self.buffer) < count:
            self.fill()
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def read_upto(self, count):
        if not self.buffer:
            self.fill()
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def is_closed(self, timeout=5.0):
        """Whether the gateway closes the connection without sending anything more."""
        if self.buffer:
            return False
        self.sock.settimeout(timeout * SLOW)
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        self.buffer += data
        return not data

    def request_bytes(self, method, path, headers=(), body=None, host=True, auth=True,
                      version="HTTP/1.1"):
        lines = [f"{method} {path} {version}"]
        names = {name.lower() for name, _ in headers}
        if host and "host" not in names:
            lines.append(f"Host: {self.host}:{self.port}")
        if auth and self.key and "authorization" not in names:
            lines.append(f"Authorization: Bearer {self.key}")
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None and "content-type" not in names:
            lines.append("Content-Type: application/json")
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")

    def read_head(self, method="POST"):
        """The next answer's head; interim answers (100) are answers too."""
        return Response(self, self.read_until(b"\r\n\r\n"), method)

    def read_response(self, method="POST"):
        return self.read_head(method).read()

    def start(self, method, path, headers=(), body=None, **more):
        """Sends a request and reads the answer's head only."""
        self.send(self.request_bytes(method, path, headers, body, **more))
        return self.read_head(method)

    def request(self, method, path, headers=(), body=None, **more):
        return self.start(method, path, headers, body, **more).read()


def wait_until(condition, seconds=10.0, what="the condition"):
    """Waits until `condition()` is truthy and returns its value."""
    end = time.monotonic() + seconds * SLOW
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come true within {seconds * SLOW:g} s")
        time.sleep(0.002)
