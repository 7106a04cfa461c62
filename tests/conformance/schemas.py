"""JSON Schemas as the server publishes them: an independent validator, and values that fit them or nearly do."""

import json
import random
import re

import jsonschema


# Not in the standard: the length of a string in bytes of UTF-8, and of an object in bytes of its JSON text.
def max_bytes(validator, limit, instance, schema):
    if isinstance(instance, str) and len(instance.encode()) > limit:
        yield jsonschema.ValidationError(f"more than {limit} bytes")


def max_json_bytes(validator, limit, instance, schema):
    if isinstance(instance, dict) and len(to_json(instance).encode()) > limit:
        yield jsonschema.ValidationError(f"more than {limit} bytes of JSON text")


# The `$` of ECMA-262 is the very end; that of Python is also before a last line feed.
def pattern(validator, expression, instance, schema):
    if isinstance(instance, str) and not re.search(expression.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {expression}")


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"x-maxBytes": max_bytes, "x-maxJsonBytes": max_json_bytes, "pattern": pattern})


def to_json(value):
    """The text in which values are sent, and their bytes counted."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def inlined(document, schema):
    """The schema with what it refers to in its place."""
    if isinstance(schema, list):
        return [inlined(document, each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        return inlined(document, target)
    return {name: inlined(document, each) for name, each in schema.items()}


# Members whose strings only the server can make: what it says of others is no matter of their schema.
OPAQUE = {"cursor"}

CHARACTERS = ["a", "b", "/", "\"", "\\", "\n", "\x7f", "\x01", "é", "€", "\U0001f600", "\ufeff", "\x85"]
KEYS = ["a", "b", "list", "n/1", "n/2", "é"]

# What something somewhere asks for.
FORMED = [
    "0199c2a4-6f3e-7b21-9d55-3c1f0a8e7b42", "0199C2A4-6F3E-7B21-9D55-3C1F0A8E7B42", "a-slug", "0", "crm", "Crm.2",
    "an_alias", "ada@example.com", "a.b", "task_run.completed", "*", "https://hooks.example/a", "HTTP://127.0.0.1:9/",
    "2099-01-02T03:04:05.678Z", "2099-01-02T03:04:05Z", "aGFsbG8=", "aGFsbA==", "aGFs", "7", "text/plain"]
MISFORMED = [
    "", "a\0b", "\0", "01", "-1", "1.0", "9" * 19, "9" * 20, "null", "A-Slug", "-slug", "a\n", "ada@", "@", "a@b@c",
    "a b@c", ".", "a.", "a..b", "A.b", "ftp://hooks.example/", "2099-01-02", "aGFsbG9=", "aGFsbA=", "aGF\n", "a" * 63,
    "a" * 64, "0199c2a46f3e7b219d553c1f0a8e7b42"]


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

    def variant(self, schema):
        """One of those that an object may be."""
        while "properties" not in schema and "oneOf" in schema:
            schema = self.pick(schema["oneOf"])
        return schema

    def fitting(self, schema):
        schema = self.variant(schema)
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
        if "[0-9]{0,18}" in schema.get("pattern", ""):
            return str(self.pick([0, 1, 7, self.random.randint(0, 10**19 - 1)]))
        if "pattern" in schema and self.chance(0.8):
            judge = Validator(schema)
            formed = [text for text in FORMED + KEYS if judge.is_valid(text)]
            if formed:
                return self.pick(formed)
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
        if not schema.get("properties"):
            return {self.text(4): self.fitting(schema.get("additionalProperties") or {})
                    for _ in range(self.random.randint(0, 3))}
        required = schema.get("required", [])
        value = {
            name: self.fitting(member)
            for name, member in schema["properties"].items()
            if name in required or (name not in OPAQUE and self.chance(0.5))
        }
        alternatives = [each["required"][0] for each in schema.get("oneOf", [])]
        if alternatives:
            chosen = self.pick(alternatives)
            value = {name: each for name, each in value.items() if name not in alternatives}
            value[chosen] = self.fitting(schema["properties"][chosen])
        for each in schema.get("allOf", []):
            first, second = each["not"]["required"]
            if first in value and second in value:
                del value[self.pick([first, second])]
        return value

    # ---- what may not fit

    def edges(self, schema):
        bounds = [schema[name] for name in ("minimum", "maximum", "exclusiveMinimum") if name in schema]
        return [edge for bound in bounds
                for edge in (bound - 1, bound, bound + 1, bound + 0.5, float(bound), bound + 1e-7)]

    def near_texts(self, schema):
        texts = list(MISFORMED)
        for bound in (schema.get("maxLength"), schema.get("x-maxBytes")):
            if bound is None:
                continue
            for length in (bound - 1, bound, bound + 1):
                texts += ["k" * length, "é" * (length // 2) + "k" * (length % 2), "é" * length]
        return texts

    def near_objects(self, schema):
        objects = []
        if "x-maxJsonBytes" in schema:
            room = schema["x-maxJsonBytes"] - len('{"a":""}')
            objects += [{"a": "x" * (room + more)} for more in (-1, 0, 1)]
        if "maxProperties" in schema:
            values = schema.get("additionalProperties") or {}
            count = schema["maxProperties"]
            objects += [{f"X-{i}": self.fitting(values) for i in range(count + more)} for more in (0, 1)]
        if "propertyNames" in schema:
            limit = schema["propertyNames"]["x-maxBytes"]
            objects += [{"é" * (limit // 2) + more: 1} for more in ("", "x")]
        return objects

    def near(self, name, schema):
        schema = self.variant(schema)
        types = schema.get("type", [])
        if "array" in types and self.chance(0.7):
            return self.near_array(schema)
        if "object" in types and schema.get("properties") and self.chance(0.7):
            return self.mutated(schema)
        if "object" in types and self.near_objects(schema) and self.chance(0.7):
            return self.pick(self.near_objects(schema))
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
        if change == 0 or not items:
            return []
        if change == 1:
            length = schema.get("maxItems", 5) + self.random.randint(-1, 1)
            if schema.get("items", {}).get("type") == "string" and "enum" not in schema["items"]:
                return [str(i) for i in range(length)]
            return [self.fitting(schema.get("items", {})) for _ in range(length)]
        if change == 2:
            return items + [self.pick(items)]
        items[self.random.randrange(len(items))] = self.near("", schema.get("items", {}))
        return items

    def mutated(self, schema):
        schema = self.variant(schema)
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
