#!/usr/bin/python3
"""Holds the server's verdict on inputs of actions against that of an independent JSON Schema validator.

usage: action_schemas.py URL TOKEN [INPUTS_PER_ACTION [SEED]]

The published schemas must be valid schemas; each generated input must be accepted by both or refused by both; each
output must fit its published schema. Prints what disagrees; the last line counts. Exit status 1 on any disagreement.
"""

import base64
import http.client
import json
import random
import sys
import urllib.parse

import jsonschema

# Not in the standard: the length of a string in bytes of UTF-8.
def max_bytes(validator, limit, instance, schema):
    if isinstance(instance, str) and len(instance.encode()) > limit:
        yield jsonschema.ValidationError(f"more than {limit} bytes")


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"x-maxBytes": max_bytes})

# Members whose strings only the server can make: what it says of others is no matter of their schema.
OPAQUE = {"cursor"}

CHARACTERS = ["a", "b", "/", "\"", "\\", "\n", "\x7f", "\x01", "é", "€", "\U0001f600", "\ufeff"]
KEYS = ["a", "b", "list", "n/1", "n/2", "é"]


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, share):
        return self.random.random() < share

    def pick(self, choices):
        return self.random.choice(choices)

    def text(self, length_max=12):
        return "".join(self.pick(CHARACTERS) for _ in range(self.random.randint(0, length_max)))

    def number(self):
        return self.pick([
            self.random.randint(-5, 5), self.random.uniform(-5, 5), float(self.random.randint(-5, 5)),
            self.random.randint(-2**70, 2**70), self.random.uniform(-1e25, 1e25), 1e-300, 0, 0.0, -0.0])

    def anything(self, depth=3):
        kind = self.random.randint(0, 7 if depth > 0 else 5)
        if kind == 0:
            return None
        if kind == 1:
            return self.chance(0.5)
        if kind in (2, 3):
            return self.number()
        if kind in (4, 5):
            return self.text()
        if kind == 6:
            return [self.anything(depth - 1) for _ in range(self.random.randint(0, 4))]
        return {self.text(4): self.anything(depth - 1) for _ in range(self.random.randint(0, 4))}

    # ---- what fits

    def fitting(self, schema):
        types = schema.get("type", "any")
        kind = self.pick(types) if isinstance(types, list) else types
        return getattr(self, "fitting_" + kind)(schema)

    def fitting_any(self, schema):
        return self.anything()

    def fitting_null(self, schema):
        return None

    def fitting_boolean(self, schema):
        return self.chance(0.5)

    def fitting_integer(self, schema):
        low = schema.get("minimum", -100)
        value = self.random.randint(low, min(schema.get("maximum", 100), low + 2000))
        return float(value) if self.chance(0.2) else value

    def fitting_number(self, schema):
        if self.chance(0.3):
            return self.pick(self.edges(schema) or [1])
        return self.pick([self.random.randint(1, 100), self.random.uniform(0.001, 100), 1e6, 0.5])

    def fitting_string(self, schema):
        if "enum" in schema:
            return self.pick(schema["enum"])
        if "[0-9]" in schema.get("pattern", ""):
            return str(self.pick([0, 1, 7, self.random.randint(0, 10**19 - 1)]))
        if self.chance(0.6):
            return self.pick(KEYS)
        return self.text() + ("x" if schema.get("minLength", 0) > 0 else "")

    def fitting_array(self, schema):
        count = self.random.randint(schema.get("minItems", 0), min(schema.get("maxItems", 5), 6))
        items = [self.fitting(schema.get("items", {})) for _ in range(count)]
        if not schema.get("uniqueItems"):
            return items
        return [item for i, item in enumerate(items) if item not in items[:i]]

    def fitting_object(self, schema):
        required = schema.get("required", [])
        return {
            name: self.fitting(member)
            for name, member in schema["properties"].items()
            if name in required or (name not in OPAQUE and self.chance(0.5))
        }

    # ---- what may not fit

    def edges(self, schema):
        bounds = [schema[name] for name in ("minimum", "maximum", "exclusiveMinimum") if name in schema]
        return [edge for bound in bounds for edge in (bound - 1, bound, bound + 1, bound + 0.5, float(bound), bound + 1e-7)]

    def near_texts(self, schema):
        texts = ["", "a\0b", "\0", "01", "-1", "1.0", "9" * 19, "9" * 20, "null"]
        for bound in (schema.get("maxLength"), schema.get("x-maxBytes")):
            if bound is None:
                continue
            for length in (bound - 1, bound, bound + 1):
                texts += ["k" * length, "é" * (length // 2) + "k" * (length % 2), "é" * length]
        return texts

    def near(self, name, schema):
        if schema.get("type") == "array" and self.chance(0.7):
            return self.near_array(schema)
        choices = [self.anything(), self.pick([None, True, 0, "", [], {}])]
        choices += [self.pick(self.near_texts(schema))] * 2
        choices += [self.pick(self.edges(schema) or [0])] * 2
        value = self.pick(choices)
        while name in OPAQUE and isinstance(value, str):
            value = self.anything()
        return value

    def near_array(self, schema):
        items = self.fitting_array(schema)
        change = self.random.randint(0, 4)
        if change == 0:
            return []
        if change == 1:
            length = schema.get("maxItems", 5) + self.random.randint(-1, 1)
            return [str(i) for i in range(length)]
        if change == 2:
            return items + [self.pick(items)]
        items[self.random.randrange(len(items))] = self.near("", schema.get("items", {}))
        return items

    def mutated(self, schema):
        if self.chance(0.02):
            return self.anything()
        value = self.fitting_object(schema)
        for _ in range(self.random.randint(1, 2)):
            names = list(schema["properties"])
            name = self.pick(names)
            change = self.random.random()
            if change < 0.15:
                value.pop(name, None)
            elif change < 0.3:
                value[self.pick(["nope", "Key", "", "scope", self.text(3)])] = self.anything(1)
            else:
                value[name] = self.near(name, schema["properties"][name])
        return value


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
                make = generator.fitting_object if i % 2 == 0 else generator.mutated
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
