# SPDX-License-Identifier: Apache-2.0
"""What Cohere's chat API (version 2) refuses, and what it answers: pure functions of a parsed
request."""

import json

from openai_rules import Refusal, instance_of, is_integer, pieces_of

FIELDS = set(
    "citation_options documents frequency_penalty k logprobs max_tokens messages model p "
    "presence_penalty priority response_format safety_mode seed stop_sequences stream "
    "strict_tools temperature thinking tool_choice tools".split())
RANGES = {"p": (0.01, 0.99), "k": (0, 500), "frequency_penalty": (0, 1),
          "presence_penalty": (0, 1), "temperature": (0, float("inf"))}
MOST_STOPS = 5


class CohereRefusal(Refusal):
    """An answer with an error status in Cohere's shape."""

    def __init__(self, status, message):
        super().__init__(status, message)
        self.body = {"id": "mock-error", "message": message}


def refuse(message):
    raise CohereRefusal(400, "invalid request: " + message)


def check_content(content, where, kinds):
    if isinstance(content, str):
        if not content:
            refuse(f"{where}: content must not be empty")
        return
    if not isinstance(content, list) or not content:
        refuse(f"{where}: content must be a string or a list")
    for part in content:
        if not isinstance(part, dict) or part.get("type") not in kinds:
            refuse(f"{where}: content has a part of a type that is not supported")
        if part["type"] == "text" and not isinstance(part.get("text"), str):
            refuse(f"{where}: text is missing")
        if part["type"] == "image_url" and not (part.get("image_url") or {}).get("url"):
            refuse(f"{where}: image_url.url is missing")
        if part["type"] == "document":
            data = (part.get("document") or {}).get("data")
            if not isinstance(data, dict):
                refuse(f"{where}: document.data must be an object")


def check_assistant(message, where):
    calls = message.get("tool_calls") or []
    if not calls and "content" not in message:
        refuse(f"{where}: an assistant message must have content or tool_calls")
    if "content" in message:
        check_content(message["content"], where, ("text", "thinking"))
    for call in calls:
        function = call.get("function") or {}
        if call.get("type") != "function" or not call.get("id") or not function.get("name"):
            refuse(f"{where}: a tool call is incomplete")
        try:
            arguments = json.loads(function.get("arguments", ""))
        except ValueError:
            arguments = None
        if not isinstance(arguments, dict):
            refuse(f"{where}: arguments must be a JSON object")
    return {call["id"] for call in calls}


def check_messages(messages):
    if not isinstance(messages, list) or not messages:
        refuse("messages must not be empty")
    open_calls = set()
    for at, message in enumerate(messages):
        where = f"messages[{at}]"
        role = message.get("role") if isinstance(message, dict) else None
        allowed = {"system": {"content"}, "user": {"content"}, "tool": {"content", "tool_call_id"},
                   "assistant": {"content", "tool_calls", "tool_plan", "citations"}}
        if role not in allowed:
            refuse(f"{where}: role must be system, user, assistant or tool")
        for name in set(message) - {"role"} - allowed[role]:
            refuse(f"{where}: unknown field {name}")
        if role == "tool":
            if message.get("tool_call_id") not in open_calls:
                refuse(f"{where}: tool_call_id answers no call")
            open_calls.discard(message["tool_call_id"])
            check_content(message.get("content"), where, ("text", "document"))
            continue
        if open_calls:
            refuse(f"{where}: tool calls must be followed by their results")
        if role == "assistant":
            open_calls = check_assistant(message, where)
        else:
            kinds = ("text", "image_url") if role == "user" else ("text",)
            check_content(message.get("content"), where, kinds)
    if open_calls:
        refuse("tool calls must be followed by their results")


def check_tools(request):
    for tool in request.get("tools") or []:
        function = tool.get("function") if isinstance(tool, dict) else None
        if not isinstance(function, dict) or tool.get("type") != "function":
            refuse("tools must be functions")
        if not function.get("name") or not isinstance(function.get("parameters"), dict):
            refuse("a tool needs a name and parameters")
        for name in function:
            if name not in ("name", "description", "parameters"):
                refuse(f"a tool has no field {name}")
    if request.get("tool_choice") not in (None, "REQUIRED", "NONE"):
        refuse("tool_choice must be REQUIRED or NONE")
    if (request.get("tool_choice") or request.get("strict_tools")) and not request.get("tools"):
        refuse("tool_choice and strict_tools need tools")


def check_format(request):
    wanted = request.get("response_format") or {"type": "text"}
    if wanted.get("type") not in ("text", "json_object"):
        refuse("response_format.type must be text or json_object")
    if wanted["type"] == "json_object" and request.get("tools"):
        refuse("response_format is not supported together with tools")


def check_numbers(request):
    for name, (low, high) in RANGES.items():
        value = request.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            refuse(f"{name} must be a number")
        if not low <= value <= high:
            refuse(f"{name} must be from {low} to {high}")
    for name in ("max_tokens", "seed"):
        value = request.get(name)
        if value is not None and (not is_integer(value) or value < 0):
            refuse(f"{name} must be a whole number")
    stops = request.get("stop_sequences") or []
    if len(stops) > MOST_STOPS:
        refuse(f"stop_sequences must be at most {MOST_STOPS}")


def check_chat(request, lenient=(), thinks=True):
    """`thinks`: whether the model is one that can."""
    for name in request:
        if name not in FIELDS and name not in lenient:
            raise CohereRefusal(422, f"unknown field: parameter '{name}' is not a valid field")
    if not isinstance(request.get("model"), str) or not request["model"]:
        refuse("model is required")
    check_messages(request.get("messages"))
    check_tools(request)
    check_format(request)
    check_numbers(request)
    thinking = request.get("thinking")
    if thinking is not None:
        if thinking.get("type") not in ("enabled", "disabled"):
            refuse("thinking.type must be enabled or disabled")
        if not thinks:
            refuse("thinking is not supported by this model")


def text_of(content):
    if isinstance(content, str):
        return content
    return " ".join(json.dumps(part["document"]["data"]) if part.get("type") == "document" else
                    part.get("text", "") for part in content or [])


def answer_text(request, script):
    wanted = request.get("response_format") or {}
    if "json_schema" in wanted:
        return json.dumps(instance_of(wanted["json_schema"]))
    last = request["messages"][-1]
    start = "The tool said: " if last["role"] == "tool" else ""
    return script.get("text") or start + text_of(last.get("content")) or "Hello."


def wanted_calls(request):
    tools = request.get("tools") or []
    last = request["messages"][-1]
    if not tools or request.get("tool_choice") == "NONE" or last["role"] == "tool":
        return []
    tools = tools if "parallel" in text_of(last.get("content")) else tools[:1]
    return [{"id": f"{tool['function']['name']}_mock{at}", "type": "function",
             "function": {"name": tool["function"]["name"],
                          "arguments": json.dumps(instance_of(tool["function"]["parameters"]))}}
            for at, tool in enumerate(tools)]


def usage_of(request, text):
    words = sum(len(text_of(message.get("content")).split()) for message in request["messages"])
    output = max(1, len(text.split()))
    return {"billed_units": {"input_tokens": words, "output_tokens": output},
            "tokens": {"input_tokens": words + 200, "output_tokens": output + 3}}


def is_thinking(request):
    return (request.get("thinking") or {}).get("type") == "enabled"


def logprobs_of(pieces):
    """As for a tokenizer that makes two tokens of longer pieces."""
    return [{"text": piece, "token_ids": [1] * (1 + (len(piece) > 4)),
             "logprobs": [-0.25] * (1 + (len(piece) > 4))} for piece in pieces]


def chat_answer(request, script):
    text, calls = answer_text(request, script), wanted_calls(request)
    message = {"role": "assistant"}
    if calls:
        message.update(tool_plan="I will use a tool.", tool_calls=calls)
    else:
        message["content"] = [{"type": "text", "text": text}]
        if is_thinking(request):
            message["content"].insert(0, {"type": "thinking", "thinking": "Let me think."})
    reason = script.get("finish_reason") or ("TOOL_CALL" if calls else "COMPLETE")
    answer = {"id": "cohere-mock", "finish_reason": reason, "message": message,
              "usage": script.get("usage") or usage_of(request, text)}
    if request.get("logprobs") and not calls:
        answer["logprobs"] = logprobs_of(pieces_of(text))
    return answer


def content_events(index, kind, pieces, logprobs):
    def content(text):
        return {"message": {"content": {kind: text}}}

    start = content("")
    start["message"]["content"]["type"] = kind
    yield {"type": "content-start", "index": index, "delta": start}
    for piece in pieces:
        more = {"logprobs": logprobs_of([piece])[0]} if logprobs else {}
        yield {"type": "content-delta", "index": index, "delta": content(piece), **more}
    yield {"type": "content-end", "index": index}


def call_events(calls):
    for piece in pieces_of("I will use a tool."):
        yield {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": piece}}}
    for index, call in enumerate(calls):
        start = {**call, "function": {"name": call["function"]["name"], "arguments": ""}}
        yield {"type": "tool-call-start", "index": index,
               "delta": {"message": {"tool_calls": start}}}
        arguments = call["function"]["arguments"]
        for at in range(0, len(arguments), 8):
            part = {"function": {"arguments": arguments[at:at + 8]}}
            yield {"type": "tool-call-delta", "index": index,
                   "delta": {"message": {"tool_calls": part}}}
        yield {"type": "tool-call-end", "index": index}


def chat_events(request, script):
    """The events of a stream, without framing. There is no [DONE]."""
    answer = chat_answer(request, script)
    yield {"type": "message-start", "id": answer["id"], "delta": {"message": {
        "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}}
    calls = answer["message"].get("tool_calls")
    if calls:
        yield from call_events(calls)
    else:
        for index, part in enumerate(answer["message"]["content"]):
            yield from content_events(index, part["type"], pieces_of(part[part["type"]]),
                                      request.get("logprobs") and part["type"] == "text")
    if not script.get("no_finish"):
        end = {"finish_reason": answer["finish_reason"], "usage": answer["usage"]}
        if script.get("error"):
            end["error"] = script["error"]
        yield {"type": "message-end", "id": answer["id"], "delta": end}
