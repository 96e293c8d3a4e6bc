# SPDX-License-Identifier: Apache-2.0
"""What AWS Bedrock's Converse refuses, and what it answers: pure functions of a parsed request."""

import base64
import binascii
import json
import re
import struct
import zlib

from openai_rules import Refusal, instance_of, pieces_of

MEMBERS = set(
    "messages system inferenceConfig toolConfig additionalModelRequestFields outputConfig "
    "serviceTier requestMetadata performanceConfig guardrailConfig promptVariables "
    "additionalModelResponseFieldPaths".split())
IMAGES = {"png", "jpeg", "gif", "webp"}
DOCUMENTS = {"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"}
AUDIO = {"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "webm", "mkv", "pcm", "m4a", "mpeg"}
OF_ROLE = {"user": {"text", "image", "document", "audio", "toolResult", "cachePoint"},
           "assistant": {"text", "toolUse", "reasoningContent", "cachePoint"}}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
DOCUMENT_NAME = re.compile(r"[A-Za-z0-9()\[\]-]+( [A-Za-z0-9()\[\]-]+)*")
STATUSES = {"ValidationException": 400, "ThrottlingException": 429, "AccessDeniedException": 403,
            "UnrecognizedClientException": 403, "InvalidSignatureException": 403,
            "IncompleteSignatureException": 403, "MissingAuthenticationTokenException": 403,
            "ResourceNotFoundException": 404, "UnknownOperationException": 404,
            "ModelTimeoutException": 408, "ModelNotReadyException": 429, "ModelErrorException": 424,
            "InternalServerException": 500, "ServiceUnavailableException": 503}


class BedrockRefusal(Refusal):
    """An answer with an error status in AWS's shape."""

    def __init__(self, name, message, status=None):
        super().__init__(status or STATUSES[name], message)
        self.body = {"message": message}
        self.headers = [("x-amzn-ErrorType", name + ":http://internal.amazon.com/coral/")]


def require(condition, message):
    if not condition:
        raise BedrockRefusal("ValidationException", message)


def members(value, where, needed, optional=()):
    """Checks an object's members: all the needed ones, and none that is not known."""
    require(isinstance(value, dict), f"{where} is not an object")
    for name in needed:
        require(name in value, f"{where} lacks {name}")
    for name in value:
        require(name in needed or name in optional, f"extraneous key [{name}] in {where}")
    return value


def union(value, where, kinds):
    """The one member of an element; the name and what it holds."""
    require(isinstance(value, dict) and len(value) == 1, f"{where} must have exactly one member")
    (kind, inner), = value.items()
    require(kind in kinds, f"{where} must not be a {kind}")
    return kind, inner


def check_text(text, where):
    require(isinstance(text, str) and text.strip() != "", f"The text field in {where} is blank")


def check_base64(text, where):
    try:
        require(isinstance(text, str) and base64.b64decode(text, validate=True),
                f"{where} is empty")
    except binascii.Error:
        require(False, f"{where} is not base64")


def check_media(kind, value, where, formats):
    members(value, where, {"format", "source"} | ({"name"} if kind == "document" else set()))
    require(value["format"] in formats, f"{where}.format is not supported")
    check_base64(members(value["source"], f"{where}.source", {"bytes"})["bytes"], where)


def check_cache_point(value, where):
    members(value, where, {"type"}, {"ttl"})
    require(value["type"] == "default" and value.get("ttl", "5m") in ("5m", "1h"),
            f"{where} is wrong")


class ConversationCheck:
    """Goes through `messages`; knows what the turns before demand of the next."""

    def __init__(self):
        self.documents, self.open_calls = set(), []
        self.uses_tools = False
        self.cache_points = 0

    def check(self, messages):
        require(isinstance(messages, list) and messages, "messages must not be empty")
        for at, message in enumerate(messages):
            members(message, f"messages.{at}", {"role", "content"})
            wanted = "user" if at % 2 == 0 else "assistant"
            require(message["role"] == wanted, "A conversation must start with a user message, and "
                                               "roles must alternate between user and assistant")
            self.check_turn(message, f"messages.{at}")
        last = messages[-1]
        require(not self.open_calls, "toolUse blocks without their toolResult blocks")
        if last["role"] == "assistant":
            text = last["content"][-1].get("text", "")
            require(text == text.rstrip(),
                    "final assistant content cannot end with trailing whitespace")

    def check_turn(self, message, where):
        role, content = message["role"], message["content"]
        require(isinstance(content, list) and content, f"The content field in {where} is empty")
        kinds = []
        for at, block in enumerate(content):
            kind, inner = union(block, f"{where}.content.{at}", OF_ROLE[role])
            self.check_block(kind, inner, f"{where}.content.{at}", kinds)
            kinds.append(kind)
        require(kinds.count("image") <= 20 and kinds.count("document") <= 5, "too many attachments")
        require("document" not in kinds or "text" in kinds, "a document needs a text beside it")
        if role == "user":
            require(not self.open_calls,
                    "Expected toolResult blocks for: " + ", ".join(self.open_calls))
        else:
            self.open_calls = [b["toolUse"]["toolUseId"] for b in content if "toolUse" in b]
            require(len(set(self.open_calls)) == len(self.open_calls), "toolUseId twice")

    def check_block(self, kind, inner, where, before):
        if kind == "text":
            check_text(inner, where)
        elif kind == "cachePoint":
            require(before and before[-1] != "cachePoint", f"{where} caches nothing")
            self.count_cache_point(inner, where)
        elif kind == "toolUse":
            self.uses_tools = True
            members(inner, where, {"toolUseId", "name", "input"})
            require(NAME.fullmatch(inner["toolUseId"]) and NAME.fullmatch(inner["name"]),
                    f"{where} must satisfy regular expression pattern: [a-zA-Z0-9_-]+")
            require(isinstance(inner["input"], dict), f"{where}.input is not an object")
        elif kind == "toolResult":
            self.check_result(inner, where, before)
        elif kind == "reasoningContent":
            require(set(before) <= {"reasoningContent"}, f"{where}: reasoning must come first")
            which, thoughts = union(inner, where, {"reasoningText", "redactedContent"})
            if which == "reasoningText":
                members(thoughts, where, {"text"}, {"signature"})
                require(thoughts.get("signature"), f"{where}: signature is missing")
            else:
                check_base64(thoughts, where)
        else:
            self.check_attachment(kind, inner, where)

    def count_cache_point(self, inner, where):
        check_cache_point(inner, where)
        self.cache_points += 1
        require(self.cache_points <= 4, "at most 4 cache points")

    def check_attachment(self, kind, inner, where):
        formats = {"image": IMAGES, "document": DOCUMENTS, "audio": AUDIO}[kind]
        check_media(kind, inner, where, formats)
        if kind == "document":
            name = inner["name"]
            require(DOCUMENT_NAME.fullmatch(name) and len(name) <= 200,
                    "The document name can only contain alphanumeric characters, single spaces, "
                    "hyphens, parentheses, and square brackets")
            require(name not in self.documents, "duplicate document names")
            self.documents.add(name)

    def check_result(self, inner, where, before):
        members(inner, where, {"toolUseId", "content"}, {"status"})
        require(set(before) <= {"toolResult", "cachePoint"},
                f"{where}: tool results must come first")
        require(inner["toolUseId"] in self.open_calls,
                f"{where} answers no toolUse of the turn before")
        self.open_calls.remove(inner["toolUseId"])
        require(isinstance(inner["content"], list) and inner["content"],
                f"{where}.content is empty")
        for block in inner["content"]:
            kind, value = union(block, where, {"text", "json", "image", "document"})
            if kind == "text":
                check_text(value, where)
            elif kind != "json":
                self.check_attachment(kind, value, where)


def check_tools(config, conversation):
    members(config, "toolConfig", {"tools"}, {"toolChoice"})
    require(isinstance(config["tools"], list) and config["tools"], "toolConfig.tools is empty")
    names = []
    for at, tool in enumerate(config["tools"]):
        kind, inner = union(tool, f"toolConfig.tools.{at}", {"toolSpec", "cachePoint"})
        if kind == "cachePoint":
            conversation.count_cache_point(inner, "toolConfig")
            continue
        members(inner, f"toolConfig.tools.{at}", {"name", "inputSchema"}, {"description", "strict"})
        require(NAME.fullmatch(inner["name"]) and inner["name"] not in names,
                "a tool's name is wrong")
        names.append(inner["name"])
        if "description" in inner:
            check_text(inner["description"], "description")
        schema = members(inner["inputSchema"], "inputSchema", {"json"})["json"]
        require(isinstance(schema, dict) and schema.get("type") == "object",
                "toolConfig.inputSchema.json.type must be one of the following: object")
    if "toolChoice" in config:
        kind, inner = union(config["toolChoice"], "toolChoice", {"auto", "any", "tool"})
        members(inner, "toolChoice", {"name"} if kind == "tool" else set())
        require(kind != "tool" or inner["name"] in names, "toolChoice names no tool")
        return kind != "auto"
    return False


def check_inference(config, model):
    members(config, "inferenceConfig", set(), {"maxTokens", "temperature", "topP", "stopSequences"})
    require(config, "inferenceConfig is empty")
    for name in ("temperature", "topP"):
        value = config.get(name, 0)
        require(not isinstance(value, bool) and isinstance(value, (int, float)) and 0 <= value <= 1,
                f"{name} must be between 0 and 1")
    limit = config.get("maxTokens", 1)
    require(isinstance(limit, int) and limit >= 1, "maxTokens must be at least 1")
    stops = config.get("stopSequences", ["x"])
    require(stops and all(isinstance(s, str) and s.strip() for s in stops), "blank stop sequence")
    if "claude" in model:
        require(not {"temperature", "topP"} <= set(config),
                "`temperature` and `top_p` cannot both be specified for this model")


def check_model_fields(fields, request, forced):
    members(fields, "additionalModelRequestFields", set(),
            {"thinking", "top_k", "reasoning_effort"})
    thinking = fields.get("thinking")
    if thinking is None:
        return
    inference = request.get("inferenceConfig", {})
    if thinking.get("type") == "enabled":
        members(thinking, "thinking", {"type", "budget_tokens"})
        require(1024 <= thinking["budget_tokens"] < inference.get("maxTokens", 1 << 30),
                "`max_tokens` must be greater than `thinking.budget_tokens`")
    else:
        kind = members(thinking, "thinking", {"type"}, {"display"})["type"]
        require(kind == "adaptive", "thinking.type")
    require(not forced, "Thinking may not be enabled when tool_choice forces tool use.")
    require(not {"temperature", "topP"} & set(inference) and "top_k" not in fields,
            "`temperature` may only be set to 1 when thinking is enabled")


def check_output(config):
    members(config, "outputConfig", set(), {"textFormat", "effort"})
    require(config.get("effort", "low") in ("low", "medium", "high", "xhigh", "max"), "effort")
    if "textFormat" in config:
        form = members(config["textFormat"], "textFormat", {"type", "structure"})
        require(form["type"] == "json_schema", "textFormat.type")
        schema = members(members(form["structure"], "structure", {"jsonSchema"})["jsonSchema"],
                         "jsonSchema", {"schema"}, {"name", "description"})["schema"]
        require(isinstance(schema, str) and isinstance(json.loads(schema), dict),
                "schema is not JSON")


def check_converse(request, model):
    for name in request:
        require(name in MEMBERS, f"extraneous key [{name}] is not permitted")
    conversation = ConversationCheck()
    conversation.check(request.get("messages"))
    require("system" not in request or request["system"], "system is empty")
    for at, block in enumerate(request.get("system", [])):
        kind, inner = union(block, f"system.{at}", {"text", "cachePoint"})
        if kind == "text":
            check_text(inner, f"system.{at}")
        else:
            conversation.count_cache_point(inner, f"system.{at}")
    require(not conversation.uses_tools or "toolConfig" in request,
            "The toolConfig field must be defined when using toolUse and toolResult blocks.")
    forced = "toolConfig" in request and check_tools(request["toolConfig"], conversation)
    if "inferenceConfig" in request:
        check_inference(request["inferenceConfig"], model)
    if "additionalModelRequestFields" in request:
        check_model_fields(request["additionalModelRequestFields"], request, forced)
    if "outputConfig" in request:
        check_output(request["outputConfig"])
    tier = members(request.get("serviceTier", {"type": "default"}), "serviceTier", {"type"})["type"]
    require(tier in ("default", "flex", "priority", "reserved"), "serviceTier.type")


# Answers.

def last_texts(request):
    turn = request["messages"][-1]["content"]
    return " ".join(block["text"] for block in turn if "text" in block)


def wanted_calls(request):
    """The calls to answer with: one, or one of each tool when the prompt says "parallel"."""
    config = request.get("toolConfig", {})
    specs = [tool["toolSpec"] for tool in config.get("tools", []) if "toolSpec" in tool]
    choice = config.get("toolChoice", {})
    answered = any("toolResult" in block for block in request["messages"][-1]["content"])
    if answered and not {"any", "tool"} & set(choice):
        return []
    if "tool" in choice:
        specs = [spec for spec in specs if spec["name"] == choice["tool"]["name"]]
    elif "parallel" not in last_texts(request):
        specs = specs[-1:] if "any" in choice else specs[:1]
    return [{"toolUseId": f"tooluse_mock{at}", "name": spec["name"],
             "input": instance_of(spec["inputSchema"]["json"])} for at, spec in enumerate(specs)]


def answer_text(request):
    form = request.get("outputConfig", {}).get("textFormat")
    if form:
        return json.dumps(instance_of(json.loads(form["structure"]["jsonSchema"]["schema"])))
    results = [block["toolResult"] for block in request["messages"][-1]["content"]
               if "toolResult" in block]
    if results:
        return "The tool said: " + " ".join(part.get("text", "?") for part in results[0]["content"])
    return last_texts(request) or "Hello."


def blocks_of(request, script):
    thoughts = {"text": "Let me think.", "signature": "c2ln"}
    thinks = "thinking" in request.get("additionalModelRequestFields", {})
    blocks = [{"reasoningContent": {"reasoningText": thoughts}}] if thinks else []
    calls = wanted_calls(request)
    if calls:
        return blocks + [{"toolUse": call} for call in calls]
    text = script.get("text") or answer_text(request)
    if script.get("citations"):
        return blocks + [{"citationsContent": {"content": [{"text": text}],
                                               "citations": script["citations"]}}]
    return blocks + [{"text": text}]


def usage_of(request, script):
    if "usage" in script:
        return script["usage"]
    points = json.dumps(request).count('"cachePoint"')
    words = sum(len(block.get("text", "").split()) for message in request["messages"]
                for block in message["content"])
    usage = {"inputTokens": words, "outputTokens": 5, "totalTokens": words + 5 + 30 * points,
             "cacheReadInputTokens": 0, "cacheWriteInputTokens": 30 * points}
    if points:
        hours = json.dumps(request).count('"1h"')
        usage["cacheDetails"] = [{"ttl": "1h", "inputTokens": 30 * hours},
                                 {"ttl": "5m", "inputTokens": 30 * (points - hours)}]
    return usage


def stop_reason(blocks, script):
    return script.get("stop_reason") or ("tool_use" if "toolUse" in blocks[-1] else "end_turn")


def converse_answer(request, script):
    if script.get("without_output"):
        return {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"},
                "Version": "1.0"}
    blocks = blocks_of(request, script)
    return {"metrics": {"latencyMs": 12},
            "output": {"message": {"content": blocks, "role": "assistant"}},
            "stopReason": stop_reason(blocks, script), "usage": usage_of(request, script)}


def deltas_of(block):
    if "text" in block:
        return [{"text": piece} for piece in pieces_of(block["text"])]
    if "citationsContent" in block:
        cited = block["citationsContent"]
        return deltas_of(cited["content"][0]) + \
            [{"citation": citation} for citation in cited["citations"]]
    if "toolUse" in block:
        text = json.dumps(block["toolUse"]["input"])
        pieces = ["", *(text[at:at + 8] for at in range(0, len(text), 8))] if text != "{}" else []
        return [{"toolUse": {"input": piece}} for piece in pieces]
    thoughts = block["reasoningContent"]["reasoningText"]
    return [{"reasoningContent": {"text": piece}} for piece in pieces_of(thoughts["text"])] + \
        [{"reasoningContent": {"signature": thoughts["signature"]}}]


def stream_events(request, script):
    """The (type, payload) pairs of a stream. `p` is padding, which AWS adds to hide lengths."""
    blocks = blocks_of(request, script)
    yield "messageStart", {"p": "abcde", "role": "assistant"}
    for at, block in enumerate(blocks):
        if "toolUse" in block:
            start = {name: block["toolUse"][name] for name in ("toolUseId", "name")}
            yield "contentBlockStart", {"contentBlockIndex": at, "start": {"toolUse": start}}
        for delta in deltas_of(block):
            yield "contentBlockDelta", {"contentBlockIndex": at, "delta": delta, "p": "ab"}
        yield "contentBlockStop", {"contentBlockIndex": at}
    yield "messageStop", {"stopReason": stop_reason(blocks, script)}
    if not script.get("no_usage"):
        yield "metadata", {"metrics": {"latencyMs": 12}, "usage": usage_of(request, script)}


# application/vnd.amazon.eventstream

def string_header(name, value):
    text = value.encode()
    return bytes([len(name)]) + name.encode() + b"\7" + struct.pack(">H", len(text)) + text


def frame(headers, payload):
    head = b"".join(string_header(name, value) for name, value in headers)
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def event_frame(kind, payload, message_type="event"):
    return frame([(f":{message_type}-type", kind), (":content-type", "application/json"),
                  (":message-type", message_type)],
                 json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode())


def stream_frames(request, script):
    """The frames of a stream. `stream_exception` (AT, NAME, MESSAGE) takes the place of frame AT;
    `damage` AT turns a bit of that frame's payload around."""
    frames = [event_frame(*event) for event in stream_events(request, script)]
    if "stream_exception" in script:
        at, name, message = script["stream_exception"]
        frames[at:] = [event_frame(name, {"message": message}, "exception")]
    if "damage" in script:
        bad = bytearray(frames[script["damage"]])
        bad[-6] ^= 1
        frames[script["damage"]] = bytes(bad)
    return frames
