#!/usr/bin/python3
"""Holds the server's verdict on inputs of actions against that of an independent JSON Schema validator.

usage: action_schemas.py URL TOKEN [INPUTS_PER_ACTION [SEED]]

The published schemas must be valid schemas; each generated input must be accepted by both or refused by both; each
output must fit its published schema. Prints what disagrees; the last line counts. Exit status 1 on any disagreement.
"""

import base64
import http.client
import json
import sys
import urllib.parse

import jsonschema

from schemas import Generator, Validator


class Server:
    def __init__(self, url, token):
        address = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port)
        self.headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}

    def call(self, method, path, body=None):
        data = None if body is None else body.encode()
        self.connection.request(method, path, data, self.headers)
        response = self.connection.getresponse()
        return response.status, json.loads(response.read())

    # What the server says of an input, and the output when there is one.
    def execute(self, integration, action, input_json):
        body = (f'{{"integrationName":"{integration}","actionName":"{action}","workspaceId":"acme",'
                f'"input":{input_json}}}')
        status, answer = self.call("POST", "/api/v1/actions/execute", body)
        if status == 200:
            return "accepted", answer["output"]
        field = answer["details"].get("field", "")
        if status == 400 and answer["code"] == "VALIDATION_ERROR" and field.split(".")[0] == "input":
            return "refused", answer["error"]
        # The input was understood; what is stored did not suit it.
        if status in (409, 413) or (status == 404 and answer["code"] == "NOT_FOUND"):
            return "accepted", None
        return f"status {status}", answer


def in_its_encoding(value):
    """What a schema cannot say: text that is declared to be base64 is that."""
    if isinstance(value, dict) and value.get("contentEncoding") == "base64" and isinstance(value.get("content"), str):
        value["content"] = base64.b64encode(value["content"].encode()).decode()
    return value


def main():
    url, token = sys.argv[1:3]
    inputs = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    server = Server(url, token)
    generator = Generator(seed)
    counts = {"accepted": 0, "refused": 0}
    wrong = []
    for integration in server.call("GET", "/api/v1/integrations")[1]["integrations"]:
        for action in integration["actions"]:
            name = f"{integration['name']} {action['name']}"
            Validator.check_schema(action["inputSchema"])
            Validator.check_schema(action["outputSchema"])
            of_input = Validator(action["inputSchema"])
            of_output = Validator(action["outputSchema"])
            for i in range(inputs):
                make = generator.fitting if i % 2 == 0 else generator.mutated
                text = json.dumps(in_its_encoding(make(action["inputSchema"])), ensure_ascii=generator.chance(0.5))
                error = jsonschema.exceptions.best_match(of_input.iter_errors(json.loads(text)))
                expected = "accepted" if error is None else "refused"
                verdict, answer = server.execute(integration["name"], action["name"], text)
                counts[expected] += 1
                if verdict != expected:
                    why = answer if error is None else error.message
                    wrong.append(f"{name}: {verdict}, should be {expected} ({why}): {text[:300]}")
                elif verdict == "accepted" and answer is not None:
                    for mismatch in of_output.iter_errors(answer):
                        wrong.append(f"{name}: its output does not fit: {mismatch.message}: {text[:300]}")
    for line in wrong[:20]:
        print(line)
    print(f"{counts['accepted']} accepted, {counts['refused']} refused, {len(wrong)} disagreements")
    return 1 if wrong or min(counts.values()) < sum(counts.values()) // 5 else 0


if __name__ == "__main__":
    sys.exit(main())
