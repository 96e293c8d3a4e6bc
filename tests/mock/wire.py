# SPDX-License-Identifier: Apache-2.0
"""Turns an answer and its script into the steps that a connection of the mock carries out.

A step is bytes to send, or a tuple: ("sleep", s), ("gate", name), ("hang",), ("fin",), ("rst",).

A script is a dict; every key is optional:
  before the head  delay_head S, head_gate NAME, drop "fin"|"rst" (instead of an answer), hang True,
                   raw BYTES (the whole answer as it is, then the connection closes)
  the head         status N, reason TEXT, headers [(NAME, VALUE)…] added, content_type TEXT,
                   version "HTTP/1.0", interim BYTES sent first
  the body         body BYTES|TEXT|JSON instead of the normal one, gzip True,
                   framing "chunked"|"length"|"close", extensions TEXT, trailers [(NAME, VALUE)…],
                   close True (close after the answer without having said so)
  a stream         events [BYTES…] instead of the normal ones, line_end "\\r\\n"|"\\r",
                   comments TEXT before each event, big N (an event with N letters first),
                   no_space, no_done, no_finish, no_final_newline, after_done BYTES,
                   chunk_delay S, gates {EVENT: NAME}, stall_after EVENT, cut (EVENT, "fin"|"rst")
  the pieces       splits [OFFSET…] of the body, or "bytes": every byte on its own
  the contents     text, usage, no_usage, ignore_usage, lenient [FIELD…]
"""

import gzip
import json

SPLIT_GAP = 0.003


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def named_event(event):
    """An event of an API whose events have types, framed with its type as its name."""
    return f"event: {event['type']}\ndata: {compact(event)}\n\n".encode()


def named_answer(body, script, whole, events):
    """A plain answer or, when the request asks for it, a stream of named events, which a script may
    replace."""
    if body.get("stream"):
        parts = [named_event(event) for event in script.get("stream_events") or events]
        return 200, "text/event-stream; charset=utf-8", parts, True
    return 200, "application/json", [compact(whole).encode()], False


def sse_events(chunks, script):
    """The framed events of a stream, the last one being [DONE]."""
    if "events" in script:
        return list(script["events"])
    end = script.get("line_end", "\n").encode()
    label = b"data:" if script.get("no_space") else b"data: "
    events = []
    if script.get("big"):
        chunks = list(chunks)
        first = json.loads(compact(chunks[0]))
        first["choices"][0]["delta"] = {"content": "a" * script["big"]}
        chunks.insert(1, first)
    for chunk in chunks:
        event = label + compact(chunk).encode() + end + end
        if script.get("comments"):
            event = b": " + script["comments"].encode() + end + end + event
        events.append(event)
    if not script.get("no_done"):
        events.append(label + b"[DONE]" + end + end)
    if script.get("no_final_newline"):
        events[-1] = events[-1].rstrip(b"\r\n")
    if script.get("after_done"):
        events.append(script["after_done"])
    return events


def split_parts(parts, splits):
    """Cuts parts further so that each offset of their joined bytes starts a new part."""
    if splits == "bytes":
        return [bytes([byte]) for part in parts for byte in part]
    cuts, out, at = sorted(splits), [], 0
    for part in parts:
        start = 0
        for cut in cuts:
            if at < cut < at + len(part):
                out.append(part[start:cut - at])
                start = cut - at
        out.append(part[start:])
        at += len(part)
    return out


def head_bytes(script, status, content_type, framing, length):
    version = script.get("version", "HTTP/1.1")
    reason = script.get("reason", "OK" if status == 200 else "Mock")
    lines = [f"{version} {status} {reason}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines.append("x-mock: 1")
    if framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
    elif framing == "length":
        lines.append(f"Content-Length: {length}")
    elif framing == "close" and version == "HTTP/1.1":
        lines.append("Connection: close")
    if script.get("gzip"):
        lines.append("Content-Encoding: gzip")
    lines += [f"{name}: {value}" for name, value in script.get("headers", ())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def framed(part, script):
    extensions = script.get("extensions", "")
    return f"{len(part):x}{extensions}\r\n".encode() + part + b"\r\n"


def chunked_end(script):
    trailers = "".join(f"{name}: {value}\r\n" for name, value in script.get("trailers", ()))
    return f"0\r\n{trailers}\r\n".encode()


def body_steps(parts, script, framing):
    """Steps for a body in parts; gates, stalls and cuts count parts of the unsplit body."""
    wrap = (lambda part: framed(part, script)) if framing == "chunked" else (lambda part: part)
    splits, offset = script.get("splits"), 0
    cut = script.get("cut")
    for at, part in enumerate(parts):
        if cut and cut[0] == at:
            yield (cut[1],)
            return
        if script.get("stall_after") == at:
            yield ("hang",)
            return
        if at in script.get("gates", {}):
            yield ("gate", script["gates"][at])
        if at and script.get("chunk_delay"):
            yield ("sleep", script["chunk_delay"])
        own = splits if splits == "bytes" else [s - offset for s in splits or ()]
        for piece in split_parts([part], own):
            if piece:
                yield wrap(piece)
            if splits:
                yield ("sleep", SPLIT_GAP)
        offset += len(part)
    if cut:
        yield (cut[1],)
    elif framing == "chunked":
        yield chunked_end(script)


def answer_steps(script, status, content_type, parts, stream):
    """The steps of one whole answer, and whether the connection can serve another request."""
    if "raw" in script:
        return [script["raw"], ("fin",)], False
    steps = []
    if script.get("interim"):
        steps.append(script["interim"])
    if script.get("gzip"):
        parts = [gzip.compress(b"".join(parts))]
    default = "chunked" if stream else "length"
    if script.get("version") == "HTTP/1.0":
        default = "close" if stream else "length"
    framing = script.get("framing", default)
    length = sum(len(part) for part in parts)
    head = head_bytes(script, status, content_type, framing, length)
    steps.append(head)
    steps += body_steps(parts, script, framing)
    reusable = framing != "close" and script.get("version") != "HTTP/1.0" and \
        not script.get("close")
    if not reusable:
        steps.append(("fin",))
    return steps, reusable
