# SPDX-License-Identifier: Apache-2.0
"""What Gemini's API refuses, and what it answers: pure functions of a parsed request.

A model's name decides as it does at Google: generation 3 wants thought signatures and levels,
2.5 takes budgets, older ones only the OpenAPI subset of JSON Schema."""

import base64
import binascii
import json
import re

REQUEST_FIELDS = set("contents systemInstruction tools toolConfig generationConfig safetySettings "
                     "cachedContent serviceTier labels".split())
CONFIG_FIELDS = {
    "maxOutputTokens": int, "temperature": float, "topP": float, "topK": int,
    "stopSequences": list, "seed": int, "candidateCount": int, "presencePenalty": float,
    "frequencyPenalty": float, "responseLogprobs": bool, "logprobs": int,
    "responseMimeType": str, "responseSchema": dict, "responseJsonSchema": dict,
    "thinkingConfig": dict, "mediaResolution": str, "responseModalities": list}
CONTENTS_OF_PARTS = ("text", "inlineData", "fileData", "functionCall", "functionResponse")
PART_FIELDS = {*CONTENTS_OF_PARTS, "thought", "thoughtSignature"}
SCHEMA_FIELDS = set("type format title description nullable enum maxItems minItems properties "
                    "required minProperties maxProperties minLength maxLength pattern example "
                    "anyOf propertyOrdering default items minimum maximum".split())
TYPES = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT"}
FUNCTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}\Z")
NO_SIGNATURE = "skip_thought_signature_validator"
STATUSES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED",
            404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE",
            504: "DEADLINE_EXCEEDED"}


def error_body(status, message, details=()):
    error = {"code": status, "message": message, "status": STATUSES.get(status, "UNKNOWN")}
    if details:
        error["details"] = list(details)
    return {"error": error}


class Refusal(Exception):
    """An answer with an error status in Google's shape."""

    def __init__(self, status, message, details=()):
        super().__init__(message)
        self.status = status
        self.body = error_body(status, message, details)


def bad(message):
    return Refusal(400, message)


def retry_info(delay):
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def wrong_key():
    return Refusal(400, "API key not valid. Please pass a valid API key.", [
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
         "domain": "googleapis.com"}])


def generation(model):
    """3.1 for gemini-3.1-…; 0 for other names."""
    found = re.match(r"gemini-(\d+(?:\.\d+)?)-", model)
    return float(found.group(1)) if found else 0.0


def known_only(value, known, where):
    if not isinstance(value, dict):
        raise bad(f"Invalid value at '{where}'")
    for name in value:
        if name not in known:
            raise bad(f'Invalid JSON payload received. Unknown name "{name}" at \'{where}\': '
                      "Cannot find field.")
    return value


def has_type(value, kind):
    if kind is float:
        kind = (int, float)
    return isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)


def is_base64(text):
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


# The request.

def check_schema(schema, where):
    known_only(schema, SCHEMA_FIELDS, where)
    if "anyOf" in schema:
        if set(schema) - {"anyOf"}:
            raise bad(f"{where}: when using any_of, it must be the only field set")
        for at, one in enumerate(schema["anyOf"]):
            check_schema(one, f"{where}.any_of[{at}]")
        return
    if schema.get("type") not in TYPES:
        raise bad(f"Invalid value at '{where}.type': {schema.get('type')!r}")
    if schema["type"] == "ARRAY" and "items" not in schema:
        raise bad(f"{where}.items: missing field")
    if "enum" in schema and not all(isinstance(value, str) for value in schema["enum"]):
        raise bad(f"Invalid value at '{where}.enum' (TYPE_STRING)")
    properties = schema.get("properties")
    if properties is not None and not properties:
        raise bad(f"{where}.properties: should be non-empty for OBJECT type")
    for name, one in (properties or {}).items():
        check_schema(one, f"{where}.properties[{name}]")
    for name in schema.get("required", ()):
        if name not in (properties or {}):
            raise bad(f"{where}.required: property is not defined")
    if "items" in schema:
        check_schema(schema["items"], f"{where}.items")


def check_tools(request, model):
    tools = request.get("tools", [])
    if len(tools) > 1:
        raise bad("Multiple tools are supported only when they are all search tools.")
    for tool in tools:
        known_only(tool, {"functionDeclarations", "googleSearch"}, "tools[0]")
        if len(tool) != 1:
            raise bad("Built-in tools and function calling cannot be combined.")
        seen = set()
        for at, function in enumerate(tool.get("functionDeclarations", ())):
            where = f"tools[0].function_declarations[{at}]"
            known_only(function, {"name", "description", "parameters", "parametersJsonSchema"},
                       where)
            if not FUNCTION_NAME.match(function.get("name", "")):
                raise bad(f"{where}.name: Invalid function name.")
            if function["name"] in seen:
                raise bad(f"Duplicate function declaration found: {function['name']}")
            seen.add(function["name"])
            if "parametersJsonSchema" in function and \
                    ("parameters" in function or 0 < generation(model) < 2.5):
                raise bad(f"{where}.parameters_json_schema: not supported")
            if "parameters" in function:
                check_schema(function["parameters"], f"{where}.parameters")
    config = request.get("toolConfig", {}).get("functionCallingConfig", {})
    known_only(config, {"mode", "allowedFunctionNames"}, "tool_config.function_calling_config")
    if config and config.get("mode") not in ("AUTO", "ANY", "NONE"):
        raise bad("Invalid value at 'tool_config.function_calling_config.mode'")
    for name in config.get("allowedFunctionNames", ()):
        if config["mode"] != "ANY" or name not in declared(request):
            raise bad("allowed_function_names is set wrongly")


def declared(request):
    return {function["name"]: function for tool in request.get("tools", ())
            for function in tool.get("functionDeclarations", ())}


def check_thinking(config, model):
    known_only(config, {"thinkingBudget", "thinkingLevel", "includeThoughts"},
               "generation_config.thinking_config")
    which = generation(model)
    if which < 2.5:
        raise bad("Thinking is not supported by this model.")
    if "thinkingLevel" in config:
        levels = {"LOW", "HIGH"} if "-3-pro" in model else {"MINIMAL", "LOW", "MEDIUM", "HIGH"}
        if which < 3 or "thinkingBudget" in config or config["thinkingLevel"] not in levels:
            raise bad("Thinking level is not supported for this model.")
    if "thinkingBudget" in config:
        budget = config["thinkingBudget"]
        low, high = (128, 32768) if "pro" in model else (0, 24576)
        if which >= 3 or not has_type(budget, int) or not (budget == -1 or low <= budget <= high):
            raise bad(f"The thinking budget {budget} is invalid.")


def check_config(request, model):
    config = known_only(request.get("generationConfig", {}), CONFIG_FIELDS, "generation_config")
    for name, value in config.items():
        if not has_type(value, CONFIG_FIELDS[name]):
            raise bad(f"Invalid value at 'generation_config.{name}': {value!r}")
    if len(config.get("stopSequences", ())) > 5:
        raise bad("The number of stop sequences must be at most 5.")
    if not 0 <= config.get("temperature", 1) <= 2:
        raise bad("temperature must be in the range [0.0, 2.0].")
    if not -2**31 <= config.get("seed", 0) < 2**31:
        raise bad("Invalid value at 'generation_config.seed' (TYPE_INT32)")
    if not 1 <= config.get("maxOutputTokens", 1) <= 65536:
        raise bad("max_output_tokens must be in the range [1, 65536].")
    if "logprobs" in config and not config.get("responseLogprobs"):
        raise bad("logprobs needs response_logprobs")
    if config.get("mediaResolution", "MEDIA_RESOLUTION_LOW") not in (
            "MEDIA_RESOLUTION_LOW", "MEDIA_RESOLUTION_MEDIUM", "MEDIA_RESOLUTION_HIGH"):
        raise bad("Invalid value at 'generation_config.media_resolution'")
    if "thinkingConfig" in config:
        check_thinking(config["thinkingConfig"], model)
    schemas = [name for name in ("responseSchema", "responseJsonSchema") if name in config]
    if schemas and (len(schemas) > 1 or config.get("responseMimeType") != "application/json"):
        raise bad("A response schema needs the response mime type application/json.")
    if "responseSchema" in config:
        check_schema(config["responseSchema"], "generation_config.response_schema")
    mode = request.get("toolConfig", {}).get("functionCallingConfig", {}).get("mode")
    if "responseMimeType" in config and request.get("tools") and mode != "NONE" and \
            generation(model) < 3:
        raise bad("Function calling with a response mime type: 'application/json' is unsupported")


def check_part(part, role, where):
    known_only(part, PART_FIELDS, where)
    kinds = [name for name in CONTENTS_OF_PARTS if name in part]
    if len(kinds) != 1:
        raise bad(f"{where}: part must have one initialized field")
    kind, value = kinds[0], part[kinds[0]]
    if kind == "text" and not value:
        raise bad(f"{where}.text: must not be empty")
    if kind == "inlineData":
        known_only(value, {"mimeType", "data"}, f"{where}.inline_data")
        if "/" not in value.get("mimeType", "") or not is_base64(value.get("data", "")):
            raise bad(f"{where}.inline_data: Unable to process input")
    if kind == "fileData":
        known_only(value, {"mimeType", "fileUri"}, f"{where}.file_data")
        if "/" not in value.get("mimeType", "") or not value.get("fileUri"):
            raise bad(f"{where}.file_data: Unable to process input")
    if kind == "functionCall":
        known_only(value, {"id", "name", "args"}, f"{where}.function_call")
        if role != "model" or not isinstance(value.get("args", {}), dict):
            raise bad(f"{where}.function_call: not allowed here")
    if kind == "functionResponse":
        known_only(value, {"id", "name", "response"}, f"{where}.function_response")
        if role != "user" or not isinstance(value.get("response"), dict):
            raise bad(f"{where}.function_response.response: must be an object")
    if kind in ("functionCall", "functionResponse") and not value.get("name"):
        raise bad(f"{where}.{kind}.name: Name cannot be empty.")
    signature = part.get("thoughtSignature", NO_SIGNATURE)
    if signature != NO_SIGNATURE and not is_base64(signature):
        raise bad(f"{where}.thought_signature: Thought signature is not valid.")


def of_kind(content, kind):
    return [part for part in content["parts"] if kind in part]


def check_signatures(contents, model):
    """Generation 3 wants one on the first call of each step of the current turn."""
    if generation(model) < 3:
        return
    turn = max((at for at, content in enumerate(contents)
                if content["role"] == "user" and of_kind(content, "text")), default=0)
    for content in contents[turn:]:
        calls = of_kind(content, "functionCall")
        if calls and "thoughtSignature" not in calls[0]:
            raise bad("Function call is missing a thought_signature in functionCall parts.")


def check_contents(request, model):
    contents = request.get("contents")
    if not isinstance(contents, list) or not contents:
        raise bad("* GenerateContentRequest.contents: contents is not specified")
    before = None
    for at, content in enumerate(contents):
        known_only(content, {"role", "parts"}, f"contents[{at}]")
        if content.get("role") not in ("user", "model"):
            raise bad("Please use a valid role: user, model.")
        if before is not None and before["role"] == content["role"]:
            raise bad("Please ensure that multiturn requests alternate between user and model.")
        if not isinstance(content.get("parts"), list) or not content["parts"]:
            raise bad(f"* GenerateContentRequest.contents[{at}].parts: contents.parts must not be "
                      "empty.")
        for number, part in enumerate(content["parts"]):
            check_part(part, content["role"], f"contents[{at}].parts[{number}]")
        calls = [part["functionCall"] for part in of_kind(before, "functionCall")] if before else []
        answers = [part["functionResponse"] for part in of_kind(content, "functionResponse")]
        if len(calls) != len(answers):
            raise bad("Please ensure that the number of function response parts is equal to the "
                      "number of function call parts of the function call turn.")
        for call, answer in zip(calls, answers):
            if (call["name"], call.get("id")) != (answer["name"], answer.get("id")):
                raise bad("Please ensure that function responses match their calls.")
        before = content
    if of_kind(contents[-1], "functionCall"):
        raise bad("A function call turn must be followed by its responses.")
    check_signatures(contents, model)


def check(request, model):
    known_only(request, REQUEST_FIELDS, "")
    system = request.get("systemInstruction")
    if system is not None:
        known_only(system, {"role", "parts"}, "system_instruction")
        if not system.get("parts") or any(set(part) != {"text"} for part in system["parts"]):
            raise bad("system_instruction: parts must be text")
    check_contents(request, model)
    check_tools(request, model)
    check_config(request, model)


# The answer.

def text_of(content):
    return " ".join(part["text"] for part in content.get("parts", ()) if "text" in part)


def last_user_text(request):
    for content in reversed(request.get("contents") or []):
        if isinstance(content, dict) and content.get("role") == "user" and text_of(content):
            return text_of(content)
    return ""


def instance_of(schema):
    """The smallest value that satisfies a schema of the kinds tests use."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = schema.get("type", "object").lower()
    if kind == "object":
        return {name: instance_of(one) for name, one in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance_of(schema.get("items", {"type": "string"}))]
    return {"string": "text", "integer": 7, "number": 1.5, "boolean": True}.get(kind)


def answer_text(request):
    config = request.get("generationConfig", {})
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    if schema:
        return json.dumps(instance_of(schema))
    if config.get("responseMimeType") == "application/json":
        return '{"ok": true}'
    answers = of_kind(request["contents"][-1], "functionResponse")
    if answers:
        return "The tool said: " + " ".join(json.dumps(part["functionResponse"]["response"])
                                            for part in answers)
    return last_user_text(request) or "Hello."


def signature_of(name):
    return base64.b64encode(f"thought of {name}".encode()).decode()


def wanted_calls(request, model):
    """The calls to answer with: one, or one of each function when the prompt says "parallel"."""
    config = request.get("toolConfig", {}).get("functionCallingConfig", {})
    functions = list(declared(request).values())
    if config.get("mode") == "NONE" or of_kind(request["contents"][-1], "functionResponse"):
        return []
    if config.get("allowedFunctionNames"):
        functions = [one for one in functions if one["name"] in config["allowedFunctionNames"]]
    elif "parallel" not in last_user_text(request):
        functions = functions[:1]
    parts = []
    for function in functions:
        schema = function.get("parametersJsonSchema") or function.get("parameters") or {}
        parts.append({"functionCall": {"name": function["name"], "args": instance_of(schema)}})
    if parts and generation(model) >= 3:
        parts[0]["thoughtSignature"] = signature_of(functions[0]["name"])
    return parts


def usage_of(request, text, thoughts):
    prompt = sum(len(text_of(content).split()) for content in request["contents"]) or 1
    usage = {"promptTokenCount": prompt, "totalTokenCount": prompt,
             "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}]}
    if text:
        usage["candidatesTokenCount"] = max(1, len(text.split()))
        usage["totalTokenCount"] += usage["candidatesTokenCount"]
    if thoughts:
        usage["thoughtsTokenCount"] = 11
        usage["totalTokenCount"] += 11
    return usage


def chunks(request, model, script):
    """The responses of a stream. The finish comes in a chunk of its own behind the calls; a count
    that is not known yet is absent."""
    text, calls = script.get("text") or answer_text(request), wanted_calls(request, model)
    thinking = request.get("generationConfig", {}).get("thinkingConfig", {})
    thoughts = bool(thinking.get("includeThoughts"))
    count = request.get("generationConfig", {}).get("candidateCount", 1)

    def chunk(parts, so_far, finish=None):
        candidates = []
        for index in range(count):
            candidate = {"index": index}
            if parts is not None:
                candidate["content"] = {"parts": parts, "role": "model"}
            if finish:
                candidate["finishReason"] = finish
            candidates.append(candidate)
        usage = script.get("usage") or usage_of(request, so_far, thoughts)
        return {"candidates": candidates, "usageMetadata": usage, "modelVersion": model,
                "responseId": "mock-response"}

    if script.get("block"):
        yield {"promptFeedback": {"blockReason": script["block"]}, "modelVersion": model,
               "usageMetadata": usage_of(request, "", False), "responseId": "mock-response"}
        return
    if thoughts:
        for piece in ("Let me ", "think."):
            yield chunk([{"text": piece, "thought": True}], "")
    if calls:
        yield chunk(calls, "a call")
    else:
        words = text.split(" ")
        for at, word in enumerate(words):
            yield chunk([{"text": (" " if at else "") + word}], " ".join(words[:at + 1]))
    if script.get("fail_midway"):
        yield error_body(503, "The model is overloaded. Please try again later.")
    elif not script.get("no_finish"):
        if script.get("parts"):
            yield chunk(script["parts"], text)
        yield chunk([{"text": ""}], text, script.get("finish", "STOP"))


def joined(responses):
    """A stream's responses as the one of a plain answer."""
    whole = responses[-1]
    for index, candidate in enumerate(whole.get("candidates", ())):
        parts = []
        for response in responses:
            for part in response["candidates"][index].get("content", {}).get("parts", ()):
                last = parts[-1] if parts else {}
                if "text" in part and "text" in last and \
                        part.get("thought") == last.get("thought"):
                    last["text"] += part["text"]
                elif part.get("text") != "":
                    parts.append(dict(part))
        candidate["content"] = {"parts": parts, "role": "model"}
    return whole
