# SPDX-License-Identifier: Apache-2.0
"""Runs tests/mock for the tests in JavaScript. Each line on stdin is a command, [NAME, ARGUMENT…] in
JSON, and is answered by one line; ends with stdin."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "mock"))

from mock_upstream import MockUpstream  # noqa: E402


def describe(request):
    try:
        body = request.json()
    except ValueError:
        body = None
    return {"method": request.method, "path": request.target, "body": body,
            "headers": {name.lower(): value for name, value in request.headers}}


class Driver:
    def __init__(self, keys):
        self.mock = MockUpstream(keys=set(keys))

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
    driver = Driver(sys.argv[1:])
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
