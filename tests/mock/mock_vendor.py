#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mocks of vendors that speak OpenAI's format with an accent: each refuses what its vendor refuses
and answers as its vendor does."""

import json
import re

import openai_rules
import wire
from mock_upstream import MockUpstream
from openai_rules import Refusal

SHORT_ID = re.compile(r"[A-Za-z0-9]{9}")
MISTRAL_FIELDS = set("model messages temperature top_p max_tokens stream stop random_seed "
                     "response_format tools tool_choice presence_penalty frequency_penalty n "
                     "prediction parallel_tool_calls prompt_mode reasoning_effort safe_prompt "
                     "metadata".split())
OPEN_QWEN3 = {"qwen3-32b", "qwen3-235b-a22b"}  # those of them that the tests ask
THOUGHTS = "Let me think."
SOURCES = [{"title": "One", "url": "https://one.example/", "date": "2026-11-24"},
           {"title": "Two", "url": "https://two.example/a?b=c", "date": None}]


def refuse(condition, message, param=None):
    if condition:
        raise Refusal(400, message, param=param)


def check_mistral(body):
    for name in body:
        if name not in MISTRAL_FIELDS:
            raise Refusal(422, f"Extra inputs are not permitted: {name}", param=name)
    for message in body["messages"]:
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        ids += [message["tool_call_id"]] if "tool_call_id" in message else []
        for one in ids:
            refuse(not SHORT_ID.fullmatch(one), f"Tool call id was {one} but must be a-z, A-Z, "
                                                "0-9, with a length of 9.")
    choice = body.get("tool_choice", "auto")
    refuse(isinstance(choice, str) and choice not in ("auto", "none", "any"),
           f"tool_choice: {choice} is unknown", "tool_choice")


def check_deepseek(body):
    for message in body["messages"]:
        refuse(message["role"] == "assistant" and
               not isinstance(message.get("reasoning_content"), str),
               "Missing `reasoning_content` field in the assistant message.")


def check_alibaba(body):
    asked = body.get("reasoning_effort", "none") != "none"
    refuse(asked and body.get("enable_thinking") is not True,
           "reasoning_effort needs enable_thinking", "enable_thinking")
    refuse(body["model"] in OPEN_QWEN3 and not body.get("stream") and
           body.get("enable_thinking") is not False,
           "parameter.enable_thinking must be set to false for non-streaming calls")


def check_groq(body):
    wants_json = (body.get("response_format") or {}).get("type", "text") != "text"
    refuse(wants_json and body.get("tools"),
           "json mode cannot be combined with tool/function calling", "response_format")


def check_vllm(body):
    for holder in (body, *body["messages"]):
        for name, value in holder.items():
            refuse(value is None and name != "content",
                   f"{name}: Input should be a valid value, not None", name)


def check_o_series(body):
    refuse("max_tokens" in body, "Unsupported parameter: 'max_tokens' is not supported with this "
                                 "model. Use 'max_completion_tokens' instead.", "max_tokens")
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty"):
        refuse(name in body, f"Unsupported parameter: '{name}'", name)


def in_parts(said):
    """What Mistral's Magistral says: thoughts and text as parts."""
    thoughts = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHTS}]}
    said["content"] = [thoughts, {"type": "text", "text": said.get("content") or ""}]


def with_reasoning(said):
    said["reasoning"] = THOUGHTS


def with_both_names(said):
    said.update(reasoning=THOUGHTS, reasoning_content=None)


def in_tags(said):
    said["content"] = f"<think>\n{THOUGHTS}</think>\n\n{said.get('content') or ''}"


def with_sources(said):
    in_tags(said)
    said.pop("annotations", None)


CHECKS = {"mistral": check_mistral, "deepseek": check_deepseek, "alibaba": check_alibaba,
          "openai": check_o_series, "groq": check_groq, "vllm": check_vllm}
LENIENT = {"mistral": MISTRAL_FIELDS, "alibaba": {"enable_thinking"}}
ACCENTS = {"mistral": in_parts, "groq": with_reasoning, "together-ai": with_reasoning,
           "cerebras": with_reasoning, "vllm": with_both_names, "fireworks": in_tags,
           "minimax": in_tags, "perplexity": with_sources}


def in_tokens(chunks, at):
    """A stream in which the text of one chunk comes in small pieces, as models make them."""
    for before in chunks[:at]:
        yield before
    content = chunks[at]["choices"][0]["delta"]["content"]
    for start in range(0, len(content), 3):
        chunk = json.loads(wire.compact(chunks[at]))
        chunk["choices"][0]["delta"]["content"] = content[start:start + 3]
        yield chunk
    for after in chunks[at + 1:]:
        yield after


class MockVendor(MockUpstream):
    """`vendor` is the catalog's id. A script's `plain` answers without the vendor's accent."""

    def __init__(self, vendor, **more):
        super().__init__(**more)
        self.vendor = vendor

    def add_sources(self, answer):
        if self.vendor == "perplexity":
            answer.update(citations=[source["url"] for source in SOURCES], search_results=SOURCES)

    def normal(self, request, script):
        self.check_key(request)
        body = openai_rules.parse_object(request.body)
        openai_rules.check_chat(body, LENIENT.get(self.vendor, ()))
        CHECKS.get(self.vendor, lambda body: None)(body)
        accent = ACCENTS.get(self.vendor, lambda said: None)
        if script.get("plain") or openai_rules.wanted_calls(body):
            accent = lambda said: None  # noqa: E731
        if not body.get("stream"):
            answer = openai_rules.chat_answer(body, script)
            for choice in answer["choices"]:
                accent(choice["message"])
            self.add_sources(answer)
            return 200, "application/json", [wire.compact(answer).encode()], False
        chunks = list(openai_rules.chat_chunks(body, script))
        accent(chunks[1]["choices"][0]["delta"])
        if accent in (in_tags, with_sources):
            chunks = list(in_tokens(chunks, 1))
        for chunk in chunks:
            self.add_sources(chunk)
        events = wire.sse_events(chunks, script)
        return 200, "text/event-stream; charset=utf-8", events, True
