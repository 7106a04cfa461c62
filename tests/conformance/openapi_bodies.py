#!/usr/bin/python3
"""Holds the server's verdict on bodies against that of an independent JSON Schema validator, for every operation.

usage: openapi_bodies.py URL TOKEN [BODIES_PER_OPERATION [SEED]]

Each generated body must be accepted by both or refused by both; a server that understood a body may still find that it
does not go with what is there. Prints what disagrees; the last line counts. Exit status 1 on any disagreement.
"""

import json
import sys

from openapi import Connection, World, read_operations
from schemas import Generator, Validator, to_json
from server import step

GOOD_URL = "http://127.0.0.1:9/nothing-listens-here"


# ---- what a schema cannot say, and documents say in words: made true, so that the verdicts are about the schema alone

def is_text(value):
    return isinstance(value, str) and value != ""


def connection_scope(body):
    """`scope` says what `endUserId` says."""
    if body.get("scope") in ("workspace", "end_user"):
        body["scope"] = "end_user" if isinstance(body.get("endUserId"), str) else "workspace"


def integration_policy(body):
    """An alias is needed where the name is none; strategies need a connection or take none; so do scopes a key."""
    if "integrationName" in body:
        body.setdefault("alias", "an-alias")
    if isinstance(body.get("connectionId"), str) and body.get("connectionStrategy") != "per_user_with_fallback":
        body["connectionStrategy"] = "fixed"
    elif body.get("connectionStrategy") == "fixed":
        body["connectionStrategy"] = "per_user"
    settings = body.get("settings")
    policy = settings.get("persistence") if isinstance(settings, dict) else None
    if isinstance(policy, dict):
        if policy.get("scope") == "external" and policy.get("externalId") is None:
            policy["externalId"] = "key"
        elif policy.get("scope") in ("workspace", "end_user") and isinstance(policy.get("externalId"), str):
            policy["scope"] = "external"


def some_integration(body):
    """Selectors name an integration."""
    body.setdefault("integrationName", "nope")


def integration_of_path(body):
    """The name is that of the path, and the property one of its."""
    if is_text(body.get("integrationName")):
        body["integrationName"] = "kv-store"
    if is_text(body.get("propertyName")):
        body["propertyName"] = "key"


def callback(holder, url, headers):
    """URLs and headers are looked at more closely than a pattern can."""
    if isinstance(holder.get(url), str) and holder[url][:7].lower() in ("http://", "https:/"):
        holder[url] = GOOD_URL
    given = holder.get(headers)
    if isinstance(given, dict) and all(isinstance(value, str) for value in given.values()):
        holder[headers] = {f"X-{i}": "v" for i in range(len(given))}
    elif isinstance(given, str):
        holder[headers] = '{"X-A":"b"}'


def trigger_of_integration(body):
    if is_text(body.get("integrationName")):
        body["integrationName"] = "kv-store"
    if is_text(body.get("triggerName")):
        body["triggerName"] = "key_changed"
    if isinstance(body.get("input"), dict):
        body["input"] = {"prefix": "a"}
    callback(body, "callbackUrl", "callbackHeaders")


def destination(body):
    if isinstance(body.get("webhook"), dict):
        callback(body["webhook"], "url", "custom_headers")


def auth_method(body):
    """`none` takes no credentials."""
    if isinstance(body.get("auth_credentials"), dict) and body.get("auth_method", "none") == "none":
        body["auth_method"] = "google_sso"


def reported_type(body):
    """What the server tells by itself nobody else reports."""
    if body.get("type") == "connection.created":
        body["type"] = "task_run.completed"


def operation(body):
    """A whole number fits 64 bits; a time is in the future."""
    amount = body.get("by")
    if isinstance(amount, int) and not isinstance(amount, bool) and abs(amount) >= 2**63:
        body["by"] = 1


def transaction(body):
    """Something is asked for."""
    operations = body.get("operations")
    for one in operations if isinstance(operations, list) else []:
        if isinstance(one, dict):
            operation(one)
    if not body.get("checks") and not operations and isinstance(body.get("checks", []), list):
        if "operations" not in body or operations == []:
            body["operations"] = [{"op": "get", "key": "a"}]


BEYOND_SCHEMAS = {
    "createConnection": connection_scope,
    "createWorkspaceIntegration": integration_policy,
    "updateWorkspaceIntegration": integration_policy,
    "resolve": some_integration,
    "resolveConnection": some_integration,
    "listOptions": integration_of_path,
    "enableTrigger": trigger_of_integration,
    "deckCreateConnection": auth_method,
    "deckUpdateConnection": auth_method,
    "deckReportOnConnection": reported_type,
    "deckCreateEventDestination": destination,
    "deckUpdateEventDestination": destination,
    **{"operateOnKey" + form: operation for form in ("OfWorkspace", "OfEndUser", "OfExternal", "OfIntegration")},
    **{"commitTransaction" + form: transaction for form in ("OfWorkspace", "OfEndUser", "OfExternal", "OfIntegration")},
}


def is_refusal(status, answer):
    """Whether the server did not understand the body, in the words of any surface."""
    if status == 413:
        return True
    if status != 400:
        return False
    if "code" in answer:
        return answer["code"] in ("VALIDATION_ERROR", "INVALID_JSON", "NO_UPDATES")
    if "errors" in answer:
        return answer["errors"][0]["code"] in ("input_invalid", "input_missing")
    return "message" in answer


class Bodies:
    def __init__(self, connection, seed):
        self.connection = connection
        self.generator = Generator(seed)
        self.accepted = self.refused = 0
        self.wrong = []

    def compare(self, operation, world, bodies):
        judge = Validator(operation.body_schema)
        names = {"workspace": world.workspace["id"], "integration": world.integration["id"]}  # slug and alias change
        target = operation.target({**names, **world.made_for(operation)})
        for i in range(bodies):
            make = self.generator.fitting if i % 2 == 0 else self.generator.mutated
            body = make(operation.body_schema)
            if isinstance(body, dict) and operation.id in BEYOND_SCHEMAS:
                BEYOND_SCHEMAS[operation.id](body)
            text = to_json(body)
            error = next(judge.iter_errors(json.loads(text)), None)
            status, _, answer = self.connection.send(operation.method, target, text, operation.headers())
            refused = is_refusal(status, json.loads(answer or b"{}"))
            if error is None:
                self.accepted += 1
            else:
                self.refused += 1
            if status >= 500 or refused != (error is not None):
                why = error.message[:200] if error is not None else "it fits"
                self.wrong.append(f"{operation.id}: {status} {answer[:200]} ({why}): {text[:300]}")


def main():
    connection = Connection(*sys.argv[1:3])
    bodies = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    run = Bodies(connection, seed)
    with_body = [each for each in read_operations(connection) if each.body_schema is not None]
    for each in with_body:
        run.compare(each, World(connection, "workspace"), bodies)
    for line in run.wrong[:40]:
        step(line)
    step(f"{len(with_body)} operations: {run.accepted} accepted, {run.refused} refused, {len(run.wrong)} disagreements")
    total = run.accepted + run.refused
    return 1 if run.wrong or min(run.accepted, run.refused) < total // 5 else 0


if __name__ == "__main__":
    sys.exit(main())
