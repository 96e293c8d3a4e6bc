# SPDX-License-Identifier: Apache-2.0
"""What Anthropic's Messages API takes and answers: every rule whose breach it answers with 400, and
answers and streams made from the request ("Create a Message", "Streaming messages" and "Building
with extended thinking" in its documentation)."""

import hashlib
import json
import re

KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
         404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error",
         500: "api_error", 529: "overloaded_error"}

TOP = {"model", "messages", "max_tokens", "system", "tools", "tool_choice", "temperature", "top_p",
       "top_k", "stop_sequences", "stream", "metadata", "thinking", "output_config", "service_tier"}
BLOCKS = {
    "text": {"text"}, "image": {"source"}, "document": {"source", "title", "context", "citations"},
    "tool_use": {"id", "name", "input"}, "tool_result": {"tool_use_id", "content", "is_error"},
    "thinking": {"thinking", "signature"}, "redacted_thinking": {"data"}}
OF_ROLE = {"user": {"text", "image", "document", "tool_result"},
           "assistant": {"text", "tool_use", "thinking", "redacted_thinking"}}
IN_RESULT = {"text", "image", "document"}
IMAGES = {"image/jpeg", "image/png", "image/gif", "image/webp"}
TOOL_NAME = re.compile(r"^[a-zA-Z0-9_-]{1,128}$")


class Refusal(Exception):
    def __init__(self, status, message, kind=None):
        super().__init__(message)
        self.status = status
        self.body = {"type": "error", "request_id": "req_mock",
                     "error": {"type": kind or KINDS[status], "message": message}}


def need(condition, message):
    if not condition:
        raise Refusal(400, message)


def known(value, names, path):
    need(isinstance(value, dict), f"{path}: Input should be an object")
    for name in value:
        need(name in names, f"{path}.{name}: Extra inputs are not permitted")


class Checker:
    """One request. Counts its cache breakpoints as it goes."""

    def __init__(self, body):
        self.body, self.breakpoints = body, []

    def check(self):
        body = self.body
        known(body, TOP, "request")
        need(isinstance(body.get("model"), str) and body["model"], "model: Field required")
        need(isinstance(body.get("max_tokens"), int), "max_tokens: Field required")
        need(body["max_tokens"] >= 1, "max_tokens: Input should be greater than or equal to 1")
        for at, tool in enumerate(body.get("tools", [])):
            self.tool(tool, f"tools.{at}")
        system = body.get("system", [])
        if isinstance(system, list):
            for at, block in enumerate(system):
                self.block(block, {"text"}, f"system.{at}")
        self.messages()
        self.thinking()
        self.sampling()
        self.choice()
        self.rest()
        need(len(self.breakpoints) <= 4,
             f"A maximum of 4 blocks with cache_control may be provided. Found {len(self.breakpoints)}.")

    def mark(self, value, path):
        if "cache_control" in value:
            control = value["cache_control"]
            known(control, {"type", "ttl"}, path + ".cache_control")
            need(control.get("type") == "ephemeral" and control.get("ttl", "5m") in ("5m", "1h"),
                 f"{path}.cache_control: Input should be ephemeral, for 5m or 1h")
            self.breakpoints.append(control.get("ttl", "5m"))

    def tool(self, tool, path):
        if tool.get("type") == "web_search_20250305":
            known(tool, {"type", "name", "max_uses"}, path)
            need(tool.get("name") == "web_search", f"{path}.name: Input should be web_search")
            return
        known(tool, {"type", "name", "description", "input_schema", "strict", "cache_control"}, path)
        need(TOOL_NAME.match(tool.get("name", "")), f"{path}.name: String should match pattern")
        schema = tool.get("input_schema")
        need(isinstance(schema, dict) and schema.get("type") == "object",
             f"{path}.input_schema.type: Field required")
        self.mark(tool, path)

    def source(self, block, path):
        source = block.get("source")
        need(isinstance(source, dict), f"{path}.source: Field required")
        image = block["type"] == "image"
        if source.get("type") == "url":
            known(source, {"type", "url"}, path)
            need(source.get("url", "").startswith("https://"), f"{path}: Only HTTPS URLs are supported.")
        elif source.get("type") == "base64":
            known(source, {"type", "media_type", "data"}, path)
            need(source.get("media_type") in (IMAGES if image else {"application/pdf"}),
                 f"{path}.source.media_type: Input should be another one")
            need(source.get("data"), f"{path}.source.data: Field required")
        else:
            need(source.get("type") == "text" and not image, f"{path}.source.type: unknown")
            known(source, {"type", "media_type", "data"}, path)
            need(source.get("media_type") == "text/plain", f"{path}.source.media_type: text/plain")

    def block(self, block, kinds, path, marks=True):
        need(isinstance(block, dict), f"{path}: Input should be an object")
        kind = block.get("type")
        need(kind in kinds, f"{path}: Input tag '{kind}' does not match any of the expected tags")
        can_mark = marks and kind not in ("thinking", "redacted_thinking")
        known(block, {"type"} | BLOCKS[kind] | ({"cache_control"} if can_mark else set()), path)
        if kind == "text":
            need(block.get("text"), f"{path}: text content blocks must be non-empty")
            need(block["text"].strip(),
                 f"{path}: text content blocks must contain non-whitespace text")
        elif kind in ("image", "document"):
            self.source(block, path)
        elif kind == "tool_use":
            need(isinstance(block.get("input"), dict), f"{path}.input: Input should be an object")
        elif kind == "thinking":
            need(block.get("signature") == signature_of(block.get("thinking", "")),
                 f"{path}: Invalid `signature` in `thinking` block")
        elif kind == "tool_result":
            content = block.get("content", [])
            for at, part in enumerate(content if isinstance(content, list) else []):
                self.block(part, IN_RESULT, f"{path}.content.{at}", marks=False)
        self.mark(block, path)

    def messages(self):
        messages = self.body.get("messages")
        need(isinstance(messages, list) and messages, "messages: at least one message is required")
        need(messages[0].get("role") == "user", "messages: first message must use the \"user\" role")
        for at, message in enumerate(messages):
            known(message, {"role", "content"}, f"messages.{at}")
            role = message.get("role")
            need(role in OF_ROLE, f"messages.{at}.role: Input should be 'user' or 'assistant'")
            need(at == 0 or messages[at - 1]["role"] != role,
                 f"messages.{at}: roles must alternate between \"user\" and \"assistant\"")
            content = message["content"]
            need(content, f"messages.{at}: all messages must have non-empty content")
            if isinstance(content, str):
                continue
            for number, block in enumerate(content):
                self.block(block, OF_ROLE[role], f"messages.{at}.content.{number}")
            self.order(message, messages[at - 1] if at else None,
                       messages[at + 1] if at + 1 < len(messages) else None, at)
        last = messages[-1]
        if last["role"] == "assistant":
            text = last["content"] if isinstance(last["content"], str) else \
                last["content"][-1].get("text", "x")
            need(text == text.rstrip(),
                 "messages: final assistant content cannot end with trailing whitespace")

    def order(self, message, before, after, at):
        kinds = [block["type"] for block in message["content"]]
        if message["role"] == "assistant":
            thoughts = [kind.endswith("thinking") for kind in kinds]
            need(thoughts == sorted(thoughts, reverse=True),
                 f"messages.{at}: thinking blocks must come first")
            calls = {block["id"] for block in message["content"] if block["type"] == "tool_use"}
            answered = results_of(after)
            need(calls <= answered, f"messages.{at}: `tool_use` ids were found without "
                 f"`tool_result` blocks immediately after: {', '.join(sorted(calls - answered))}.")
            need(not calls or "tools" in self.body,
                 "Requests which include `tool_use` or `tool_result` blocks must define tools")
            return
        results = [kind == "tool_result" for kind in kinds]
        need(results == sorted(results, reverse=True),
             f"messages.{at}: tool_result blocks must come first")
        called = {block["id"] for block in blocks_of(before) if block["type"] == "tool_use"}
        need(results_of(message) <= called,
             f"messages.{at}: unexpected `tool_use_id` found in `tool_result` blocks")

    def thinking(self):
        thinking = self.body.get("thinking")
        if not thinking:
            return
        kind = thinking.get("type")
        if kind == "enabled":
            known(thinking, {"type", "budget_tokens"}, "thinking")
            need(thinking["budget_tokens"] >= 1024,
                 "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
            need(thinking["budget_tokens"] < self.body["max_tokens"],
                 "`max_tokens` must be greater than `thinking.budget_tokens`")
            need(not ends_in_calls_without_thoughts(self.body["messages"]),
                 "Expected `thinking` or `redacted_thinking`, but found `tool_use`.")
        elif kind == "adaptive":
            known(thinking, {"type", "display"}, "thinking")
        else:
            need(kind == "disabled", "thinking.type: unknown")
            known(thinking, {"type"}, "thinking")
            return
        need(self.body.get("temperature", 1) == 1,
             "`temperature` may only be set to 1 when thinking is enabled")
        need("top_k" not in self.body, "`top_k` must be unset when thinking is enabled")
        need(self.body.get("top_p", 1) >= 0.95, "`top_p` must be at least 0.95 when thinking")
        need(self.body.get("tool_choice", {}).get("type") not in ("any", "tool"),
             "Thinking may not be enabled when tool_choice forces tool use.")

    def sampling(self):
        body = self.body
        need(0 <= body.get("temperature", 1) <= 1,
             "temperature: Input should be less than or equal to 1")
        need("temperature" not in body or "top_p" not in body,
             "`temperature` and `top_p` cannot both be specified for this model.")
        for stop in body.get("stop_sequences", []):
            need(stop.strip(), "stop_sequences: each stop sequence must contain non-whitespace")

    def choice(self):
        choice = self.body.get("tool_choice")
        if choice is None:
            return
        need(self.body.get("tools"), "tool_choice may only be specified while providing tools.")
        kind = choice.get("type")
        names = {"type"}
        need(kind in ("auto", "any", "tool", "none"), "tool_choice: unknown type")
        if kind != "none":
            names.add("disable_parallel_tool_use")
        if kind == "tool":
            names.add("name")
            need(choice.get("name") in [tool["name"] for tool in self.body["tools"]],
                 f"Tool '{choice.get('name')}' not found in provided tools")
        known(choice, names, "tool_choice")

    def rest(self):
        body = self.body
        known(body.get("metadata", {}), {"user_id"}, "metadata")
        need("@" not in body.get("metadata", {}).get("user_id", ""),
             "metadata.user_id: user_id appears to contain an email address")
        need(body.get("service_tier", "auto") in ("auto", "standard_only"), "service_tier: unknown")
        config = body.get("output_config", {})
        known(config, {"effort", "format"}, "output_config")
        need(config.get("effort", "low") in ("low", "medium", "high", "xhigh", "max"),
             "output_config.effort: unknown")
        if "format" in config:
            known(config["format"], {"type", "schema"}, "output_config.format")
            need(config["format"].get("type") == "json_schema", "output_config.format.type: unknown")


def blocks_of(message):
    content = (message or {}).get("content", [])
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def results_of(message):
    return {block["tool_use_id"] for block in blocks_of(message) if block["type"] == "tool_result"}


def ends_in_calls_without_thoughts(messages):
    for message in reversed(messages):
        kinds = [block["type"] for block in blocks_of(message)]
        if message["role"] == "user":
            if "tool_result" not in kinds:
                return False
        else:
            return "tool_use" in kinds and not kinds[0].endswith("thinking")
    return False


def signature_of(thinking):
    return hashlib.sha256(thinking.encode()).hexdigest()


def last_user_text(body):
    """The last text that a user said in an array of messages; "" when there is none."""
    for message in reversed(body.get("messages", [])):
        if message.get("role") == "user":
            texts = [block["text"] for block in blocks_of(message) if block["type"] == "text"]
            if texts:
                return texts[-1]
    return ""


# Answers.

def calls_to_make(body, script):
    """(name, input) of each tool call, as the script or the tool_choice wants them."""
    if "calls" in script:
        return [] if results_of(body["messages"][-1]) else script["calls"]
    choice = body.get("tool_choice", {})
    if choice.get("type") in ("any", "tool"):
        name = choice.get("name", body["tools"][-1]["name"])
        return [(name, script.get("input", {"a": 1}))]
    return []


def answer(body, script):
    content = []
    if body.get("thinking", {}).get("type") in ("enabled", "adaptive"):
        thoughts = script.get("thinking", "I think.")
        content.append({"type": "thinking", "thinking": thoughts,
                        "signature": signature_of(thoughts)})
        if script.get("redacted"):
            content.append({"type": "redacted_thinking", "data": script["redacted"]})
    calls = calls_to_make(body, script)
    text = script.get("text", "" if calls else last_user_text(body))
    if "format" in body.get("output_config", {}):
        text = script.get("text", '{"a":1}')
    if text:
        content.append({"type": "text", "text": text})
    for at, (name, value) in enumerate(calls):
        content.append({"type": "tool_use", "id": f"toolu_{at}", "name": name, "input": value})
    stop = script.get("stop_reason", "tool_use" if calls else "end_turn")
    return {"id": "msg_mock", "type": "message", "role": "assistant", "model": body["model"],
            "content": content, "stop_reason": stop, "stop_sequence": None,
            "usage": script.get("usage", {"input_tokens": 10, "cache_creation_input_tokens": 0,
                                          "cache_read_input_tokens": 0, "output_tokens": 5})}


def words(text):
    return re.findall(r"\S+\s*", text) or [text]


def block_events(at, block):
    start = dict(block)
    deltas = []
    if block["type"] == "text":
        start["text"] = ""
        deltas = [{"type": "text_delta", "text": word} for word in words(block["text"])]
    elif block["type"] == "thinking":
        start.update(thinking="", signature="")
        deltas = [{"type": "thinking_delta", "thinking": word} for word in words(block["thinking"])]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    elif block["type"] == "tool_use":
        start["input"] = {}
        text = compact(block["input"]) if block["input"] else ""
        deltas = [{"type": "input_json_delta", "partial_json": part}
                  for part in ["", *[text[n:n + 5] for n in range(0, len(text), 5)]]]
    yield {"type": "content_block_start", "index": at, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": at, "delta": delta}
    yield {"type": "content_block_stop", "index": at}


def stream(message):
    """The events of a stream, as objects."""
    usage = message["usage"]
    yield {"type": "message_start",
           "message": {**message, "content": [], "stop_reason": None,
                       "usage": {**usage, "output_tokens": 1}}}
    yield {"type": "ping"}
    for at, block in enumerate(message["content"]):
        yield from block_events(at, block)
    yield {"type": "message_delta", "delta": {"stop_reason": message["stop_reason"],
                                              "stop_sequence": None},
           "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
