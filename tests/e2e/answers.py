# SPDX-License-Identifier: Apache-2.0
"""Reads chat completions as clients do: whole ones, and those that come in chunks."""


def good(answer):
    assert answer.status == 200, (answer.status, answer.body[:500])
    return answer.json()


def message_of(answer):
    return good(answer)["choices"][0]["message"]


def chunks_of(head):
    """The chunks of a good stream; fails when it does not end as it should."""
    assert head.status == 200, head.read().body[:500]
    events = [event for event in head.events() if event.data]
    assert events[-1].done, events[-1].data
    return [event.json() for event in events[:-1]]


def broken_stream(head):
    """The error that a stream ends with; fails when it pretends to have ended well."""
    assert head.status == 200, head.read().body[:500]
    events = [event for event in head.events() if event.data]
    assert not any(event.done for event in events)
    return events[-1].json()["error"]


def deltas_of(chunks):
    return [choice["delta"] for chunk in chunks for choice in chunk["choices"]]


def joined(chunks, member="content"):
    return "".join(delta.get(member) or "" for delta in deltas_of(chunks))


def finishes_of(chunks):
    return [choice["finish_reason"] for chunk in chunks for choice in chunk["choices"]
            if choice["finish_reason"]]


def calls_of(chunks):
    """The tool calls of a stream, put together."""
    calls = {}
    for delta in deltas_of(chunks):
        for part in delta.get("tool_calls") or ():
            call = calls.setdefault(part["index"], {"function": {"name": "", "arguments": ""}})
            call.update({name: value for name, value in part.items()
                         if name not in ("index", "function")})
            for name in ("name", "arguments"):
                call["function"][name] += part.get("function", {}).get(name) or ""
    return [call for _, call in sorted(calls.items())]
