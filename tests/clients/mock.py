# SPDX-License-Identifier: Apache-2.0
"""Runs the mock of one format for the tests in JavaScript: `mock.py FORMAT KEY`. Each line on stdin
is a command, [NAME, ARGUMENT…] in JSON, and is answered by one line; ends with stdin."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mock"))

import anthropic_rules  # noqa: E402
from bedrock_upstream import BedrockMock  # noqa: E402
from mock_anthropic import MockAnthropic  # noqa: E402
from mock_azure import MockAzure  # noqa: E402
from mock_cohere import MockCohere  # noqa: E402
from mock_gemini import MockGemini  # noqa: E402
from mock_responses import MockResponses  # noqa: E402
from mock_upstream import MockUpstream  # noqa: E402
from mock_vertex import MockVertex  # noqa: E402
from openai_rules import instance_of  # noqa: E402


class Claude(MockAnthropic):
    """Calls tools and fills in schemas by itself, as the other mocks do."""

    def find_script(self, request):
        return {**wanted(request.json()), **super().find_script(request)}


def wanted(body):
    last = body["messages"][-1]
    results = [block for block in anthropic_rules.blocks_of(last) if block["type"] == "tool_result"]
    form = body.get("output_config", {}).get("format")
    if form:
        return {"text": json.dumps(instance_of(form["schema"]))}
    if results:
        return {"text": f"The tool said: {results[0]['content']}"}
    choice, tools = body.get("tool_choice", {}), body.get("tools", [])
    if choice.get("type") == "tool":
        tools = [tool for tool in tools if tool["name"] == choice["name"]]
    elif "parallel" not in anthropic_rules.last_user_text(body):
        tools = tools[:1]
    calls = [(tool["name"], instance_of(tool["input_schema"])) for tool in tools]
    return {"calls": calls} if calls else {}


def bedrock(key):
    name, secret = key.split(":")
    return BedrockMock(access_keys={name: (secret, None)})


def vertex(token):
    mock = MockVertex()
    mock.tokens.add(token)
    return mock


MOCKS = {
    "openai": lambda key: MockUpstream(keys={key}),
    "azure": lambda key: MockAzure(keys={key}, deployments=("gpt-4.1", "text-embedding-3-small")),
    "responses": lambda key: MockResponses(keys={key}, only={"gpt-5-pro"}),
    "anthropic": lambda key: Claude(keys={key}),
    "gemini": lambda key: MockGemini(keys={key}),
    "vertex": vertex,
    "bedrock": bedrock,
    "cohere": lambda key: MockCohere(keys={key}),
}


def describe(request):
    try:
        body = request.json()
    except ValueError:
        body = None
    return {"method": request.method, "path": request.target, "body": body,
            "headers": {name.lower(): value for name, value in request.headers}}


class Driver:
    def __init__(self, format_name, key):
        self.mock = MOCKS[format_name](key)

    def script(self, script):
        """All requests get this script (see tests/mock/wire.py) from now on."""
        if "gates" in script:  # JSON has no numbers as names
            script["gates"] = {int(at): name for at, name in script["gates"].items()}
        self.mock.script("*", **script)

    def forget(self):
        self.mock.forget()

    def requests(self):
        return [describe(request) for request in self.mock.requests]

    def open_gate(self, name):
        self.mock.open_gate(name)

    def wait_requests(self, count):
        self.mock.wait_requests(count)

    def wait_closed(self, seconds):
        """Whether the connection of the last request is closed by its peer within this time."""
        connection = self.mock.last.connection
        self.mock.wait_for(lambda: connection.closed_at is not None, seconds)
        return connection.closed_by == "peer"


def main():
    driver = Driver(*sys.argv[1:])
    print(json.dumps(driver.mock.url), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"value": getattr(driver, name)(*arguments)}
        except AssertionError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
