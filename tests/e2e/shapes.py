# SPDX-License-Identifier: Apache-2.0
"""Checks answers against OpenAI's published schemas (tests/data/openai/schemas.json)."""

import copy
import json
import pathlib

import jsonschema

FILE = pathlib.Path(__file__).parent.parent / "data" / "openai" / "schemas.json"
SCHEMAS = json.loads(FILE.read_text(encoding="utf-8"))


def strict(schema):
    """The schema with unknown properties refused wherever it lists properties."""
    if isinstance(schema, dict):
        out = {key: strict(value) for key, value in schema.items()}
        if isinstance(out.get("properties"), dict) and out.get("type") == "object" and \
                "additionalProperties" not in out:
            out["additionalProperties"] = False
        return out
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    return schema


STRICT = strict(copy.deepcopy(SCHEMAS["$defs"]))


def without_additions(value):
    """A copy without what llmgw adds: usage.cost, usage.cost_details, usage.estimated and
    metadata."""
    value = copy.deepcopy(value)
    if isinstance(value.get("metadata"), dict) and "request_id" in value["metadata"]:
        del value["metadata"]
    if isinstance(value.get("usage"), dict):
        value["usage"].pop("cost", None)
        value["usage"].pop("cost_details", None)
        value["usage"].pop("estimated", None)
    return value


def check_translated(value, root="chat.completion"):
    """As check(), of an answer that a provider gave in another format: what OpenAI has no word for
    is named as OpenRouter names it."""
    value = copy.deepcopy(value)
    for choice in value["choices"]:
        choice.pop("native_finish_reason", None)
        for said in (choice.get("message", {}), choice.get("delta", {})):
            said.pop("reasoning_content", None)
            said.pop("reasoning_details", None)
            said.pop("images", None)
    usage = value.get("usage") or {}
    usage.pop("server_tool_use", None)
    for name in ("cache_write_tokens", "cache_creation"):
        usage.get("prompt_tokens_details", {}).pop(name, None)
    return check(value, root)


def check(value, root):
    """Fails unless `value` is what OpenAI calls `root` ("chat.completion", "error", …), with
    nothing more in it than llmgw's documented additions."""
    schema = {"$ref": SCHEMAS["roots"][root], "$defs": STRICT}
    jsonschema.Draft202012Validator(schema).validate(without_additions(value))
    return value


def check_error(response, status, code=None, kind=None, param=None):
    """Fails unless the answer is an error of OpenAI's shape; returns the error object."""
    assert response.status == status, (response.status, response.body[:500])
    assert (response.header("content-type") or "").split(";")[0] == "application/json"
    error = check(response.json(), "error")["error"]
    assert error["message"], error
    for name, wanted in (("code", code), ("type", kind), ("param", param)):
        assert wanted is None or error[name] == wanted, (name, error)
    return error
