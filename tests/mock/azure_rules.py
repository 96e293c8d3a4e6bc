# SPDX-License-Identifier: Apache-2.0
"""What Azure OpenAI and Foundry refuse beside what OpenAI refuses, and what they add to its
answers: pure functions of a request's target, headers and parsed body."""

import re
import urllib.parse

import openai_rules
from openai_rules import Refusal

DATED = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
FIRST_WITH_STREAM_OPTIONS = "2024-09-01"
FIRST_WITH_RESPONSES = "2025-03-01"
JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/(chat/completions|embeddings)")
SAFE = {kind: {"filtered": False, "severity": "safe"}
        for kind in ("hate", "self_harm", "sexual", "violence")}
FILTERED_WORD = "blockme"  # a prompt with it is refused by the content filter


class Call:
    """What is asked of which deployment."""

    def __init__(self, operation, deployment=None, version=None):
        self.operation, self.deployment, self.version = operation, deployment, version


def not_found(message="Resource not found", code="404"):
    raise Refusal(404, message, code)


def dated_version(query, least=""):
    version = query.get("api-version", [""])[0]
    if not version:
        not_found()  # as the real one says, without a word of the version
    if not DATED.fullmatch(version) or version < least:
        raise Refusal(400, "API version not supported", "BadRequest")
    return version


def read_target(target, deployments):
    """The call that a request's target stands for; refused when there is no such thing."""
    path, _, text = target.partition("?")
    if "?" in text:
        not_found()
    query = urllib.parse.parse_qs(text, keep_blank_values=True)
    if len(query.get("api-version", [""])) > 1:
        raise Refusal(400, "API version not supported", "BadRequest")
    classic = DEPLOYMENT.fullmatch(path)
    if classic:
        version, name = dated_version(query), urllib.parse.unquote(classic[1])
        if name not in deployments:
            not_found("The API deployment for this resource does not exist.",
                      "DeploymentNotFound")
        return Call(classic[2], name, version)
    if path == "/openai/responses":
        return Call("responses", version=dated_version(query, FIRST_WITH_RESPONSES))
    if path.startswith("/openai/v1/"):
        if query.get("api-version", ["v1"])[0] not in ("v1", "preview", "latest"):
            raise Refusal(400, "API version not supported", "BadRequest")
        return Call(path.removeprefix("/openai/v1/"))
    if path in ("/models/chat/completions", "/models/embeddings"):
        return Call(path.removeprefix("/models/"), version=dated_version(query))
    return not_found()


def check_auth(headers, keys):
    """`headers`: by lower-case names. A key goes into api-key, an Entra token into
    authorization; never both."""
    key, bearer = headers.get("api-key"), headers.get("authorization")
    if key is not None and bearer is None and key in keys:
        return
    token = (bearer or "").removeprefix("Bearer ")
    if key is None and bearer is not None and JWT.fullmatch(token) and token in keys:
        return
    raise Refusal(401, "Access denied due to invalid subscription key or wrong API endpoint.",
                  "401")


def check_filter(body):
    for message in body.get("messages") or []:
        if FILTERED_WORD in openai_rules.text_of(message.get("content")):
            refusal = Refusal(400, "The response was filtered due to the prompt triggering "
                                   "Azure OpenAI's content management policy.", "content_filter",
                              "prompt", None)
            refusal.body["error"].update(status=400, innererror={
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {**SAFE, "jailbreak": {"filtered": True,
                                                                "detected": True}}})
            raise refusal


def check_chat(call, body, deployments, lenient=()):
    """The body that goes with a call. In a deployment's own path its model means nothing."""
    if call.deployment is None and body.get("model") not in deployments:
        not_found("The API deployment for this resource does not exist.", "DeploymentNotFound")
    if call.deployment is not None and "model" not in body:
        body = {**body, "model": call.deployment}
    old = call.deployment is not None and call.version < FIRST_WITH_STREAM_OPTIONS
    if old and "stream_options" in body:
        raise Refusal(400, "Unrecognized request argument supplied: stream_options", None)
    openai_rules.check_chat(body, lenient)
    check_filter(body)


def filter_results():
    return [{"prompt_index": 0, "content_filter_results": dict(SAFE)}]


def chat_answer(request, script):
    answer = openai_rules.chat_answer(request, script)
    answer["prompt_filter_results"] = filter_results()
    for choice in answer["choices"]:
        choice["content_filter_results"] = dict(SAFE)
    return answer


def chat_chunks(request, script):
    """The verdict on the prompt comes first, before anything of the answer."""
    yield {"choices": [], "created": 0, "id": "", "model": "", "object": "",
           "prompt_filter_results": filter_results()}
    if script.get("stream_error"):
        yield {"error": {"message": "The response was filtered.", "code": "content_filter",
                         "type": "server_error", "param": None, "status": 400}}
        return
    for chunk in openai_rules.chat_chunks(request, script):
        for choice in chunk["choices"]:
            choice["content_filter_results"] = dict(SAFE) if choice["delta"] else {}
        yield chunk
