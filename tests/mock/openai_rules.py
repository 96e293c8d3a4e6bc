# SPDX-License-Identifier: Apache-2.0
"""What OpenAI's API refuses, and what it answers: pure functions of a parsed request."""

import base64
import json
import struct

CHAT_FIELDS = set(
    "audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens "
    "max_tokens messages metadata modalities model moderation n parallel_tool_calls prediction "
    "presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention "
    "reasoning_effort response_format safety_identifier seed service_tier stop store stream "
    "stream_options temperature tool_choice tools top_logprobs top_p user verbosity "
    "web_search_options".split())
COMPLETION_FIELDS = set(
    "best_of echo frequency_penalty logit_bias logprobs max_tokens model n presence_penalty "
    "prompt seed stop stream stream_options suffix temperature top_p user".split())
EMBEDDING_FIELDS = set("dimensions encoding_format input model user".split())
ROLES = {"system", "developer", "user", "assistant", "tool", "function"}
NUMBERS = {"temperature": (0, 2), "top_p": (0, 1), "frequency_penalty": (-2, 2),
           "presence_penalty": (-2, 2)}
INTEGERS = ("n", "max_tokens", "max_completion_tokens", "top_logprobs", "seed", "dimensions")
BOOLEANS = ("stream", "store", "parallel_tool_calls", "echo")


class Refusal(Exception):
    """An answer with an error status in OpenAI's shape."""

    def __init__(self, status, message, code=None, param=None, kind="invalid_request_error"):
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def parse_object(body):
    try:
        request = json.loads(body)
    except ValueError as error:
        raise Refusal(400, "We could not parse the JSON body of your request.") from error
    if not isinstance(request, dict):
        raise Refusal(400, "The request body must be a JSON object.")
    return request


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def check_types(request, known, lenient=()):
    for name in request:
        if name not in known and name not in lenient:
            raise Refusal(400, f"Unrecognized request argument supplied: {name}",
                          "unknown_parameter", name)
    if not isinstance(request.get("model"), str) or not request["model"]:
        raise Refusal(400, "you must provide a model parameter", param="model")
    for name, (low, high) in NUMBERS.items():
        value = request.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Refusal(400, f"Invalid type for '{name}'", "invalid_type", name)
        if not low <= value <= high:
            raise Refusal(400, f"Invalid '{name}'", "decimal_above_max_value", name)
    for name in INTEGERS:
        value = request.get(name)
        if value is not None and not is_integer(value):
            raise Refusal(400, f"Invalid type for '{name}'", "invalid_type", name)
    for name in BOOLEANS:
        value = request.get(name)
        if value is not None and not isinstance(value, bool):
            raise Refusal(400, f"Invalid type for '{name}'", "invalid_type", name)
    if request.get("stream_options") is not None:
        if not request.get("stream"):
            raise Refusal(400, "The 'stream_options' parameter is only allowed when 'stream' is "
                               "enabled.", param="stream_options")
        if not isinstance(request["stream_options"], dict):
            raise Refusal(400, "Invalid type for 'stream_options'", "invalid_type",
                          "stream_options")
        for name in request["stream_options"]:
            if name not in ("include_usage", "include_obfuscation"):
                raise Refusal(400, f"Unknown parameter: 'stream_options.{name}'.",
                              "unknown_parameter", f"stream_options.{name}")


def check_messages(messages):
    if not isinstance(messages, list):
        raise Refusal(400, "Missing or wrong 'messages'", "invalid_type", "messages")
    if not messages:
        raise Refusal(400, "[] is too short - 'messages'", "empty_array", "messages")
    open_calls = set()
    for at, message in enumerate(messages):
        where = f"messages[{at}]"
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            raise Refusal(400, f"Invalid value for '{where}.role'", "invalid_value",
                          f"{where}.role")
        role, content = message["role"], message.get("content")
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                raise Refusal(400, "messages with role 'tool' must be a response to a preceding "
                                   "message with 'tool_calls'.", param=f"{where}.role")
            open_calls.discard(message["tool_call_id"])
            continue
        if open_calls:
            raise Refusal(400, "An assistant message with 'tool_calls' must be followed by tool "
                               "messages", param=where)
        if role == "assistant":
            open_calls = {call.get("id") for call in message.get("tool_calls") or []}
            if content is None and not open_calls and not message.get("refusal"):
                raise Refusal(400, f"Invalid value for '{where}.content'", "invalid_type", where)
        elif not isinstance(content, (str, list)):
            raise Refusal(400, f"Invalid type for '{where}.content'", "invalid_type",
                          f"{where}.content")
    if open_calls:
        raise Refusal(400, "tool_call_ids did not have response messages", param="messages")


def check_chat(request, lenient=()):
    check_types(request, CHAT_FIELDS, lenient)
    if "messages" not in request:
        raise Refusal(400, "Missing required parameter: 'messages'.", "missing_required_parameter",
                      "messages")
    check_messages(request["messages"])
    if request.get("max_tokens") is not None and request.get("max_completion_tokens") is not None:
        raise Refusal(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is "
                           "not supported.", "invalid_parameter_combination", "max_tokens")
    for at, tool in enumerate(request.get("tools") or []):
        if not isinstance(tool, dict) or tool.get("type") not in ("function", "custom"):
            raise Refusal(400, f"Invalid value for 'tools[{at}].type'", "invalid_value", "tools")
    if request.get("tool_choice") is not None and not request.get("tools"):
        raise Refusal(400, "'tool_choice' is only allowed when 'tools' are specified.",
                      param="tool_choice")
    if request.get("parallel_tool_calls") is not None and not request.get("tools"):
        raise Refusal(400, "'parallel_tool_calls' is only allowed when 'tools' are specified.",
                      param="parallel_tool_calls")
    if request.get("top_logprobs") is not None and not request.get("logprobs"):
        raise Refusal(400, "'top_logprobs' needs 'logprobs'", param="top_logprobs")


def check_completion(request, lenient=()):
    check_types(request, COMPLETION_FIELDS, lenient)
    if not isinstance(request.get("prompt", ""), (str, list)):
        raise Refusal(400, "Invalid type for 'prompt'", "invalid_type", "prompt")


def check_embeddings(request, lenient=()):
    check_types(request, EMBEDDING_FIELDS, lenient)
    if "input" not in request or not isinstance(request["input"], (str, list)) or \
            request["input"] in ("", []):
        raise Refusal(400, "Invalid 'input'", "invalid_type", "input")
    if "encoding_format" in request and request["encoding_format"] not in ("float", "base64"):
        raise Refusal(400, "Invalid 'encoding_format'", "invalid_value", "encoding_format")


def text_of(content):
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content or [] if isinstance(part, dict))


def last_user_text(request):
    if isinstance(request.get("prompt"), str):
        return request["prompt"]
    for message in reversed(request.get("messages") or []):
        if isinstance(message, dict) and message.get("role") == "user":
            return text_of(message.get("content"))
    return ""


def instance_of(schema):
    """The smallest value that satisfies a JSON schema of the kinds tests use."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object")
    if kind == "object":
        return {name: instance_of(sub) for name, sub in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance_of(schema.get("items", {"type": "string"}))]
    return {"string": "text", "integer": 7, "number": 1.5, "boolean": True}.get(kind)


def usage_of(request, answer):
    words = sum(len(text_of(m.get("content")).split()) for m in request.get("messages") or [])
    words = words or len(str(request.get("prompt", "")).split())
    output = max(1, len(answer.split()))
    return {"prompt_tokens": words, "completion_tokens": output, "total_tokens": words + output,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0,
                                          "accepted_prediction_tokens": 0,
                                          "rejected_prediction_tokens": 0}}


def wanted_calls(request):
    """The tool calls to answer with: one, or one of each tool when the prompt says "parallel"."""
    tools, choice = request.get("tools") or [], request.get("tool_choice", "auto")
    if not tools or choice == "none" or request["messages"][-1]["role"] == "tool":
        return []
    tools = [tool["function"] for tool in tools if tool["type"] == "function"]
    if isinstance(choice, dict):
        tools = [tool for tool in tools if tool["name"] == choice["function"]["name"]]
    elif "parallel" not in last_user_text(request) or request.get("parallel_tool_calls") is False:
        tools = tools[:1]
    return [{"id": f"call_mock{at}", "type": "function",
             "function": {"name": tool["name"],
                          "arguments": json.dumps(instance_of(tool.get("parameters") or {}))}}
            for at, tool in enumerate(tools)]


def answer_text(request):
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps(instance_of(wanted["json_schema"].get("schema", {})))
    if wanted.get("type") == "json_object":
        return '{"ok": true}'
    last = request["messages"][-1]
    if last["role"] == "tool":
        return "The tool said: " + text_of(last.get("content"))
    return last_user_text(request) or "Hello."


def pieces_of(text):
    """The text cut into tokens: words with their leading space."""
    words = text.split(" ")
    return [words[0]] + [" " + word for word in words[1:]]


def logprob_of(token):
    return {"token": token, "logprob": -0.25, "bytes": list(token.encode()), "top_logprobs": []}


def chat_head(request, kind):
    return {"id": "chatcmpl-mock", "object": kind, "created": 1767225600,
            "model": request["model"], "system_fingerprint": "fp_mock"}


def chat_answer(request, script):
    text, calls = script.get("text") or answer_text(request), wanted_calls(request)
    message = {"role": "assistant", "content": None if calls else text, "refusal": None,
               "annotations": []}
    if calls:
        message["tool_calls"] = calls
    logprobs = None
    if request.get("logprobs"):
        logprobs = {"content": [logprob_of(piece) for piece in pieces_of(text)], "refusal": None}
    choices = [{"index": at, "message": message, "logprobs": logprobs,
                "finish_reason": "tool_calls" if calls else "stop"}
               for at in range(request.get("n") or 1)]
    answer = chat_head(request, "chat.completion")
    answer.update(choices=choices, usage=script.get("usage") or usage_of(request, text),
                  service_tier=request.get("service_tier") or "default")
    if script.get("no_usage"):
        del answer["usage"]
    return answer


def call_deltas(calls):
    """Heads of all calls first, then their arguments interleaved in fragments."""
    for at, call in enumerate(calls):
        yield {"tool_calls": [{"index": at, "id": call["id"], "type": "function",
                               "function": {"name": call["function"]["name"], "arguments": ""}}]}
    longest = max(len(call["function"]["arguments"]) for call in calls)
    for start in range(0, longest, 8):
        for at, call in enumerate(calls):
            part = call["function"]["arguments"][start:start + 8]
            if part:
                yield {"tool_calls": [{"index": at, "function": {"arguments": part}}]}


def chat_chunks(request, script):
    """The JSON chunks of a streamed answer, without framing."""
    text, calls = script.get("text") or answer_text(request), wanted_calls(request)
    asked = (request.get("stream_options") or {}).get("include_usage", False)
    count = request.get("n") or 1

    def chunk(choices, **more):
        value = chat_head(request, "chat.completion.chunk")
        value["choices"] = choices
        value["service_tier"] = request.get("service_tier") or "default"
        if asked:
            value["usage"] = None
        value.update(more)
        return value

    def choice(index, delta, finish=None, token=None):
        value = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        if token is not None and request.get("logprobs"):
            value["logprobs"] = {"content": [logprob_of(token)], "refusal": None}
        return value

    for index in range(count):
        yield chunk([choice(index, {"role": "assistant", "content": None if calls else "",
                                    "refusal": None})])
    if calls:
        for delta in call_deltas(calls):
            yield chunk([choice(0, delta)])
    else:
        for piece in pieces_of(text):
            for index in range(count):
                yield chunk([choice(index, {"content": piece}, token=piece)])
    if not script.get("no_finish"):
        for index in range(count):
            yield chunk([choice(index, {}, "tool_calls" if calls else "stop")])
    usage = script.get("usage") or usage_of(request, text)
    if asked and not script.get("ignore_usage"):
        yield chunk([], usage=usage)


def completion_head(request):
    return {"id": "cmpl-mock", "object": "text_completion", "created": 1767225600,
            "model": request["model"], "system_fingerprint": "fp_mock"}


def completion_answer(request, script):
    text = script.get("text") or last_user_text(request) or "Hello."
    answer = completion_head(request)
    answer["choices"] = [{"text": text, "index": at, "logprobs": None, "finish_reason": "stop"}
                         for at in range(request.get("n") or 1)]
    answer["usage"] = script.get("usage") or usage_of(request, text)
    return answer


def completion_chunks(request, script):
    text = script.get("text") or last_user_text(request) or "Hello."
    asked = (request.get("stream_options") or {}).get("include_usage", False)
    for piece in pieces_of(text):
        chunk = completion_head(request)
        chunk["choices"] = [{"text": piece, "index": 0, "logprobs": None, "finish_reason": None}]
        yield chunk
    chunk = completion_head(request)
    chunk["choices"] = [{"text": "", "index": 0, "logprobs": None, "finish_reason": "stop"}]
    yield chunk
    if asked:
        chunk = completion_head(request)
        chunk.update(choices=[], usage=script.get("usage") or usage_of(request, text))
        yield chunk


def embeddings_answer(request, script):
    source = request["input"]
    if isinstance(source, str) or all(is_integer(item) for item in source):
        source = [source]
    size = request.get("dimensions") or 4
    data = []
    for at, item in enumerate(source):
        vector = [round((at + 1) / (i + 2), 6) for i in range(size)]
        if request.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{size}f", *vector)).decode()
        data.append({"object": "embedding", "index": at, "embedding": vector})
    tokens = sum(len(item) if isinstance(item, list) else len(item.split()) for item in source)
    answer = {"object": "list", "data": data, "model": request["model"],
              "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
    answer["usage"] = script.get("usage") or answer["usage"]
    if script.get("no_usage"):
        del answer["usage"]
    return answer
