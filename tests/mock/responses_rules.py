# SPDX-License-Identifier: Apache-2.0
"""What OpenAI's Responses API refuses, and what it answers: pure functions of a parsed request."""

import json

from openai_rules import Refusal, instance_of, is_integer, pieces_of

FIELDS = set(
    "background conversation include input instructions max_output_tokens max_tool_calls metadata "
    "model parallel_tool_calls previous_response_id prompt prompt_cache_key "
    "prompt_cache_retention reasoning safety_identifier service_tier store stream stream_options "
    "temperature text tool_choice tools top_logprobs top_p truncation user".split())
INCLUDABLE = {"reasoning.encrypted_content", "message.output_text.logprobs",
              "web_search_call.action.sources", "message.input_image.image_url"}
EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
INPUT_PARTS = {"input_text", "input_image", "input_file"}
OUTPUT_PARTS = {"output_text", "refusal"}
LEAST_OUTPUT_TOKENS = 16
SEALED = "gAAAA-"  # how encrypted content begins


def refuse(message, code="invalid_value", param=None):
    raise Refusal(400, message, code, param)


def check_parts(parts, allowed, where):
    if not isinstance(parts, list):
        refuse(f"Invalid type for '{where}'.", "invalid_type", where)
    for at, part in enumerate(parts):
        place = f"{where}[{at}]"
        if not isinstance(part, dict) or part.get("type") not in allowed:
            refuse(f"Invalid value: '{part}'. Supported values are: {sorted(allowed)}.",
                   param=place)
        kind = part["type"]
        if kind in ("input_text", "output_text") and not isinstance(part.get("text"), str):
            refuse(f"Missing required parameter: '{place}.text'.", "missing_required_parameter")
        if kind == "input_image" and not (part.get("image_url") or part.get("file_id")):
            refuse(f"Missing required parameter: '{place}.image_url'.",
                   "missing_required_parameter")
        if kind == "input_image" and isinstance(part.get("image_url"), dict):
            refuse(f"Invalid type for '{place}.image_url'.", "invalid_type")
        if kind == "input_file" and part.get("file_data") and not part.get("filename"):
            refuse(f"Missing required parameter: '{place}.filename'.",
                   "missing_required_parameter")


def check_message(item, where):
    if item.get("role") not in ("user", "system", "developer", "assistant"):
        refuse(f"Invalid value for '{where}.role'.", param=f"{where}.role")
    for name in item:
        if name not in ("type", "role", "content", "id", "status", "phase"):
            refuse(f"Unknown parameter: '{where}.{name}'.", "unknown_parameter",
                   f"{where}.{name}")
    content = item.get("content")
    if not isinstance(content, str):
        allowed = OUTPUT_PARTS if item["role"] == "assistant" else INPUT_PARTS
        check_parts(content, allowed, f"{where}.content")


def check_reasoning(item, where):
    if not isinstance(item.get("summary"), list):
        refuse(f"Missing required parameter: '{where}.summary'.", "missing_required_parameter")
    sealed = item.get("encrypted_content")
    if not sealed:
        raise Refusal(404, f"Item with id '{item.get('id')}' not found. Items are not persisted "
                           "when `store` is set to false.", None, "input")
    if not sealed.startswith(SEALED):
        refuse("The encrypted content could not be verified.", "invalid_encrypted_content")


def check_input(items):
    """The items in their order: calls have outputs, thoughts have what came of them."""
    if isinstance(items, str):
        return
    if not isinstance(items, list) or not items:
        refuse("Missing required parameter: 'input'.", "missing_required_parameter", "input")
    open_calls, thought = set(), None
    for at, item in enumerate(items):
        where = f"input[{at}]"
        kind = item.get("type", "message") if isinstance(item, dict) else None
        if kind == "message":
            check_message(item, where)
        elif kind == "reasoning":
            check_reasoning(item, where)
        elif kind == "function_call":
            if not all(isinstance(item.get(name), str) for name in
                       ("call_id", "name", "arguments")):
                refuse(f"Missing required parameter in '{where}'.", "missing_required_parameter")
            open_calls.add(item["call_id"])
        elif kind == "function_call_output":
            if item.get("call_id") not in open_calls:
                refuse(f"No tool call found for function call output with call_id "
                       f"{item.get('call_id')}.", None, "input")
            if not isinstance(item.get("output"), str):
                check_parts(item.get("output"), INPUT_PARTS, f"{where}.output")
            open_calls.discard(item["call_id"])
        else:
            refuse(f"Invalid value: '{kind}'.", param=where)
        by_model = kind == "function_call" or \
            (kind == "message" and item.get("role") == "assistant")
        if thought is not None and not by_model and kind != "reasoning":
            refuse(f"Item '{thought}' of type 'reasoning' was provided without its required "
                   "following item.", None, "input")
        thought = item.get("id") if kind == "reasoning" else None
    if open_calls:
        refuse(f"No tool output found for function call {sorted(open_calls)[0]}.", None, "input")


def check_tools(request):
    names = set()
    for at, tool in enumerate(request.get("tools") or []):
        where = f"tools[{at}]"
        if not isinstance(tool, dict) or tool.get("type") not in ("function", "web_search"):
            refuse(f"Invalid value for '{where}.type'.", param=f"{where}.type")
        if tool["type"] != "function":
            continue
        if "function" in tool or not tool.get("name"):
            refuse(f"Missing required parameter: '{where}.name'.", "missing_required_parameter",
                   f"{where}.name")
        # Left out, `strict` is true, and strict schemas must close their objects.
        closed = (tool.get("parameters") or {}).get("additionalProperties") is False
        if tool.get("strict", True) and not closed:
            refuse(f"Invalid schema for function '{tool['name']}': 'additionalProperties' is "
                   "required to be supplied and to be false.", "invalid_function_parameters",
                   f"{where}.parameters")
        names.add(tool["name"])
    choice = request.get("tool_choice")
    if isinstance(choice, dict):
        if choice.get("type") != "function" or choice.get("name") not in names:
            refuse("Tool choice is not among the tools.", param="tool_choice")
    elif choice not in (None, "none", "auto", "required"):
        refuse("Invalid value for 'tool_choice'.", param="tool_choice")
    if choice == "required" and not request.get("tools"):
        refuse("'tool_choice' needs 'tools'.", param="tool_choice")


def check_limits(request, reasons):
    limit = request.get("max_output_tokens")
    if limit is not None and (not is_integer(limit) or limit < LEAST_OUTPUT_TOKENS):
        refuse(f"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= "
               f"{LEAST_OUTPUT_TOKENS}, but got {limit} instead.", "integer_below_min_value",
               "max_output_tokens")
    for name in ("temperature", "top_p"):
        if reasons and request.get(name) is not None:
            refuse(f"Unsupported parameter: '{name}' is not supported with this model.",
                   "unsupported_parameter", name)
    effort = (request.get("reasoning") or {}).get("effort")
    if effort is not None and effort not in EFFORTS:
        refuse("Invalid value for 'reasoning.effort'.", param="reasoning.effort")
    for name in request.get("include") or []:
        if name not in INCLUDABLE:
            refuse(f"Invalid value: '{name}'.", param="include")
        if name == "reasoning.encrypted_content" and not reasons:
            refuse("Encrypted content is not supported with this model.", None, "include")


def check_text(request):
    wanted = (request.get("text") or {}).get("format") or {"type": "text"}
    if wanted.get("type") not in ("text", "json_object", "json_schema"):
        refuse("Invalid value for 'text.format.type'.", param="text.format.type")
    if wanted["type"] == "json_schema" and not (wanted.get("name") and "schema" in wanted):
        refuse("Missing required parameter: 'text.format.name'.", "missing_required_parameter",
               "text.format.name")


def check_responses(request, lenient=(), reasons=True):
    """`reasons`: whether the model is one that thinks."""
    for name in request:
        if name not in FIELDS and name not in lenient:
            hint = {"messages": "input", "response_format": "text.format"}.get(name)
            more = f" In the Responses API, it is '{hint}'." if hint else ""
            refuse(f"Unsupported parameter: '{name}'.{more}", "unsupported_parameter", name)
    if not isinstance(request.get("model"), str) or not request["model"]:
        refuse("you must provide a model parameter", None, "model")
    check_input(request.get("input"))
    check_tools(request)
    check_limits(request, reasons)
    check_text(request)


def last_text(request):
    items = request["input"]
    if isinstance(items, str):
        return items
    for item in reversed(items):
        if item.get("role") == "user":
            content = item["content"]
            return content if isinstance(content, str) else " ".join(
                part.get("text", "") for part in content)
        if item.get("type") == "function_call_output":
            return "The tool said: " + str(item["output"])
    return "Hello."


def answers_a_tool(request):
    items = request["input"]
    return isinstance(items, list) and items[-1].get("type") == "function_call_output"


def wanted_calls(request):
    tools = [tool for tool in request.get("tools") or [] if tool["type"] == "function"]
    choice = request.get("tool_choice", "auto")
    if not tools or choice == "none" or answers_a_tool(request):
        return []
    if isinstance(choice, dict):
        tools = [tool for tool in tools if tool["name"] == choice["name"]]
    elif "parallel" not in last_text(request) or request.get("parallel_tool_calls") is False:
        tools = tools[:1]
    return [{"id": f"fc_{at}", "type": "function_call", "status": "completed",
             "call_id": f"call_mock{at}", "name": tool["name"],
             "arguments": json.dumps(instance_of(tool.get("parameters") or {}))}
            for at, tool in enumerate(tools)]


def output_items(request, script):
    items = []
    reasoning = request.get("reasoning") or {}
    if reasoning.get("effort", "none") != "none":
        item = {"id": "rs_0", "type": "reasoning", "summary": []}
        if reasoning.get("summary"):
            item["summary"] = [{"type": "summary_text", "text": "First this."},
                               {"type": "summary_text", "text": "Then that."}]
        if "reasoning.encrypted_content" in (request.get("include") or []):
            item["encrypted_content"] = SEALED + "rs_0"
        items.append(item)
    calls = wanted_calls(request)
    if calls:
        return items + calls
    wanted = (request.get("text") or {}).get("format") or {}
    text = script.get("text") or last_text(request)
    if wanted.get("type") == "json_schema":
        text = json.dumps(instance_of(wanted["schema"]))
    part = {"type": "output_text", "text": text, "annotations": script.get("annotations", []),
            "logprobs": []}
    if script.get("refusal"):
        part = {"type": "refusal", "refusal": script["refusal"]}
    return items + [{"id": "msg_0", "type": "message", "status": "completed",
                     "role": "assistant", "content": [part]}]


def usage_of(request, items):
    words = len(json.dumps(request["input"]).split())
    thought = 5 if items[0]["type"] == "reasoning" else 0
    output = thought + len(json.dumps(items[-1]).split())
    return {"input_tokens": words, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": output, "output_tokens_details": {"reasoning_tokens": thought},
            "total_tokens": words + output}


def response_of(request, status, **more):
    response = {"id": "resp_mock", "object": "response", "created_at": 1767225600,
                "status": status, "error": None, "incomplete_details": None, "output": [],
                "model": request["model"], "store": request.get("store", True), "usage": None}
    response.update(more)
    return response


def ending(request, script, items):
    usage = script.get("usage") or usage_of(request, items)
    if script.get("incomplete"):
        return response_of(request, "incomplete", output=items, usage=usage,
                           incomplete_details={"reason": script["incomplete"]})
    if script.get("failed"):
        return response_of(request, "failed",
                           error={"code": script["failed"], "message": "scripted failure"})
    return response_of(request, "completed", output=items, usage=usage)


def responses_answer(request, script):
    return ending(request, script, output_items(request, script))


def reasoning_events(at, item):
    base = {"item_id": item["id"], "output_index": at}
    for index, part in enumerate(item["summary"]):
        own = {**base, "summary_index": index}
        empty = {"type": "summary_text", "text": ""}
        yield {"type": "response.reasoning_summary_part.added", **own, "part": empty}
        for piece in pieces_of(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", **own, "delta": piece}
        yield {"type": "response.reasoning_summary_text.done", **own, "text": part["text"]}
        yield {"type": "response.reasoning_summary_part.done", **own, "part": part}


def call_events(at, item):
    base = {"item_id": item["id"], "output_index": at}
    for start in range(0, len(item["arguments"]), 8):
        yield {"type": "response.function_call_arguments.delta", **base,
               "delta": item["arguments"][start:start + 8]}
    yield {"type": "response.function_call_arguments.done", **base, "name": item["name"],
           "arguments": item["arguments"]}


def message_events(at, item):
    base = {"item_id": item["id"], "output_index": at, "content_index": 0}
    part = item["content"][0]
    kind = "output_text" if part["type"] == "output_text" else "refusal"
    text = part.get("text", part.get("refusal"))
    yield {"type": "response.content_part.added", **base, "part": {"type": part["type"]}}
    for piece in pieces_of(text):
        yield {"type": f"response.{kind}.delta", **base, "delta": piece}
    for index, annotation in enumerate(part.get("annotations", [])):
        yield {"type": "response.output_text.annotation.added", **base,
               "annotation_index": index, "annotation": annotation}
    yield {"type": f"response.{kind}.done", **base,
           "text" if kind == "output_text" else "refusal": text}
    yield {"type": "response.content_part.done", **base, "part": part}


def opened(item):
    """An item as it is announced, before anything of it has come."""
    empty = {"reasoning": {"summary": []}, "function_call": {"arguments": ""},
             "message": {"content": []}}[item["type"]]
    out = {**item, **empty, "status": "in_progress"}
    out.pop("encrypted_content", None)
    return out


def responses_events(request, script):
    """The events of a stream, numbered, without framing. There is no [DONE]."""
    items = output_items(request, script)
    parts = {"reasoning": reasoning_events, "function_call": call_events,
             "message": message_events}
    events = [{"type": "response.created", "response": response_of(request, "in_progress")},
              {"type": "response.in_progress", "response": response_of(request, "in_progress")}]
    for at, item in enumerate(items):
        events.append({"type": "response.output_item.added", "output_index": at,
                       "item": opened(item)})
        events.extend(parts[item["type"]](at, item))
        events.append({"type": "response.output_item.done", "output_index": at, "item": item})
    if script.get("error"):
        events.append({"type": "error", "code": script["error"], "message": "scripted error",
                       "param": None})
    elif not script.get("no_finish"):
        response = ending(request, script, items)
        events.append({"type": "response." + response["status"], "response": response})
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]
