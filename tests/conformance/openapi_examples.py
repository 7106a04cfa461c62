#!/usr/bin/python3
"""Sends the example of every operation in the server's OpenAPI document, and holds the answers against it.

usage: openapi_examples.py URL TOKEN

The token must be that of an admin, the server without other data. Each operation is sent once without a token, once with
a parameter that nobody knows, and once as its example says: the first two must be refused in the described dialect, the
last must be answered with the first status that is described, and each answer must fit its schema.
"""

import json
import sys

from openapi import Connection, World, read_operations
from server import step

UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


class Examples:
    def __init__(self, connection):
        self.connection = connection
        self.failures = []

    def expect(self, operation, what, expected, answer):
        status, headers, body = answer
        wrong = operation.misfit(*answer) if status == expected else body[:300]
        if wrong:
            self.failures.append(f"{operation.method} {operation.path} {what}: {status}, expected {expected}: {wrong}")

    def send(self, operation, target, token):
        return self.connection.send(operation.method, target, operation.body(), operation.headers(), token)

    def check_refusals(self, operation, target, token):
        if not operation.is_public:
            self.expect(operation, "without a token", 401, self.send(operation, target, ""))
        unknown = target + ("&" if "?" in target else "?") + "nope=1"
        self.expect(operation, "with an unknown parameter", 400, self.send(operation, unknown, token))

    # What never ends is read as far as its head.
    def check_stream(self, operation, target, headers, expected):
        alone = self.connection.connect()
        alone.request("GET", target, headers={"Authorization": f"Bearer {self.connection.key}", **headers})
        response = alone.getresponse()
        described = operation.responses[str(expected)].get("content", {})
        if response.status != expected or (described and response.headers.get_content_type() not in described):
            self.failures.append(f"get {operation.path}: {response.status} {response.headers}")
        alone.close()

    def check(self, operation):
        world = World(self.connection, "end_user")
        target = operation.target(world.made_for(operation))
        token = world.token_for(operation)
        if "101" in operation.responses:
            self.check_stream(operation, target, UPGRADE, 101)
            if "200" in operation.responses:
                self.expect(operation, "without a token", 401, self.send(operation, target, ""))
                self.check_stream(operation, target, {}, 200)
            return
        self.check_refusals(operation, target, token)
        world.fill(operation, target)
        answer = self.send(operation, target, token)
        self.expect(operation, "as its example", operation.success(), answer)
        if "list" in operation.id.lower() and not next(iter(json.loads(answer[2]).values())):
            self.failures.append(f"{operation.method} {operation.path}: an empty list shows no item")


def main():
    connection = Connection(*sys.argv[1:3])
    operations = read_operations(connection)
    examples = Examples(connection)
    for operation in operations:
        examples.check(operation)
    for failure in examples.failures:
        step(failure)
    step(f"{len(operations)} operations, {len(examples.failures)} failed")
    return 1 if examples.failures or len(operations) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
