"""The server's OpenAPI document, and a world in which its examples are true."""

import http.client
import json
import urllib.parse

from schemas import Validator, inlined

METHODS = ("get", "put", "post", "patch", "delete")
PATIENCE_SECONDS = 30


class Connection:
    """Requests to one server, each with its whole answer."""

    def __init__(self, url, key):
        address = urllib.parse.urlsplit(url)
        self.host, self.port, self.key = address.hostname, address.port, key
        self.http = self.connect()

    def connect(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE_SECONDS)

    def send(self, method, target, body=None, headers=None, key=None):
        """Status, headers and bytes. `key` "" sends none."""
        token = self.key if key is None else key
        all_headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
        data = body.encode() if isinstance(body, str) else body
        try:
            self.http.request(method.upper(), target, data, all_headers)
        except (http.client.CannotSendRequest, BrokenPipeError, ConnectionResetError):
            self.http = self.connect()
            self.http.request(method.upper(), target, data, all_headers)
        response = self.http.getresponse()
        return response.status, response.headers, response.read()

    def call(self, method, target, body=None, headers=None, key=None):
        """The JSON of a success."""
        text = None if body is None else json.dumps(body)
        content = {"Content-Type": "application/json"} if body is not None else {}
        status, _, answer = self.send(method, target, text, {**content, **(headers or {})}, key)
        if status >= 300:
            raise AssertionError(f"{method} {target}: {status} {answer.decode()}")
        return json.loads(answer or b"null")


class Operation:
    """One method of one path, with its parameters, schemas and example."""

    def __init__(self, document, path, method, raw):
        self.path, self.method, self.id = path, method, raw["operationId"]
        self.is_public = raw.get("security") == []
        self.parameters = [inlined(document, each) for each in raw["parameters"]]
        self.responses = {status: inlined(document, each) for status, each in raw["responses"].items()}
        content = raw.get("requestBody", {}).get("content", {})
        self.media_type, media = next(iter(content.items())) if content else (None, {})
        self.body_schema = inlined(document, media["schema"]) if self.media_type == "application/json" else None
        self.body_example = media.get("example")
        for parameter in self.parameters:
            if (parameter["in"] == "path" or parameter.get("required")) and "example" not in parameter:
                raise AssertionError(f"{self.id} has no example of its parameter {parameter['name']}")
        if content and self.body_example is None:
            raise AssertionError(f"{self.id} has no example of its body")

    def target(self, made):
        """The path and query of the example; what the server makes is put in from `made`."""
        path, query = self.path, []
        for parameter in self.parameters:
            name, example = parameter["name"], parameter.get("example")
            if parameter["in"] == "path":
                path = path.replace("{" + name + "}", urllib.parse.quote(made.get(name, example), safe=""))
            elif parameter["in"] == "query" and example is not None:
                for each in example if isinstance(example, list) else [example]:
                    query.append((name, each if isinstance(each, str) else json.dumps(each)))
        return path + ("?" + urllib.parse.urlencode(query) if query else "")

    def headers(self):
        headers = {each["name"]: each["example"] for each in self.parameters
                   if each["in"] == "header" and "example" in each}
        if self.media_type is not None:
            headers["Content-Type"] = "text/plain" if self.media_type == "*/*" else self.media_type
        return headers

    def body(self):
        if self.body_schema is not None:
            return json.dumps(self.body_example)
        return self.body_example

    def success(self):
        """The status with which the example is answered: the first that is documented."""
        return int(next(iter(self.responses)))

    def misfit(self, status, headers, body):
        """What is wrong with an answer by its description; empty: nothing."""
        described = self.responses.get(str(status)) or self.responses["default"]
        content = described.get("content")
        if content is None:
            return f"a body that is not described: {body[:200]}" if body else ""
        media_type = headers.get_content_type()
        media = content.get(media_type) or content.get("*/*")
        if media is None:
            return f"the type {media_type}, where {', '.join(content)} is described"
        if media_type != "application/json" or "*/*" in content:
            return ""
        errors = Validator(media["schema"]).iter_errors(json.loads(body))
        return "; ".join(f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in errors)


def read_operations(connection):
    document = connection.call("GET", "/openapi.json", key="")
    Validator.check_schema({"$defs": document["components"]["schemas"]})
    return [Operation(document, path, method, item[method])
            for path, item in document["paths"].items() for method in METHODS if method in item]


class World:
    """The workspace `acme` of the examples, made anew each time."""

    DECK = {"Alcove-Workspace": "acme"}
    CALLBACK = "http://127.0.0.1:9/nothing-listens-here"

    def __init__(self, connection, persistence):
        self.call = connection.call
        self.send = connection.send
        for workspace in self.call("GET", "/api/v1/workspaces?limit=100")["workspaces"]:
            self.call("DELETE", f"/api/v1/workspaces/{workspace['id']}")
        self.workspace = self.make("/api/v1/workspaces", {"name": "Acme", "slug": "acme"}, "workspace")
        self.end_user = self.make("/api/v1/end-users", {"workspaceId": "acme", "externalId": "user_122"}, "endUser")
        self.call("POST", "/users/external_ids/rename", {"external_id_renames": [
            {"current_external_id": "user_122", "new_external_id": "user_123"}]}, self.DECK)
        self.integration, _, _ = [self.make("/api/v1/workspaces/acme/integrations", {
            "integrationName": name, "settings": {"persistence": {"scope": persistence}}}, "workspaceIntegration")
            for name in ("kv-store", "storage", "crm")]
        self.connection = self.make("/api/v1/connections", {
            "workspaceId": "acme", "integrationName": "crm", "endUserId": "user_123", "credentials": {"apiKey": "k"}},
            "connection")

    def make(self, path, body, name):
        return self.call("POST", path, body)[name]

    def connect_token(self):
        return self.call("POST", f"/api/v1/end-users/{self.end_user['id']}/connect-token", {})["token"]

    def trigger(self):
        return self.make("/api/v1/triggers/enable", {
            "workspaceId": "acme", "integrationName": "kv-store", "endUserId": "user_123",
            "triggerName": "key_changed", "callbackUrl": self.CALLBACK}, "triggerSource")["id"]

    def destination(self):
        return self.call("POST", "/v2/event-destinations", {
            "name": "d", "type": "webhook", "webhook": {"url": self.CALLBACK}, "events": ["task.done"]}, self.DECK)["id"]

    def api_key(self):
        return self.make("/api/v1/api-keys", {"name": "k", "permissions": ["kv:read"]}, "apiKey")["id"]

    def mcp_token(self):
        return self.make("/api/v1/mcp-tokens", {"workspaceId": "acme", "endUserId": "user_123"}, "mcpToken")["id"]

    def deck_connection(self):
        return self.call("POST", "/v2/connections", {"source_id": "s", "auth_method": "google_sso"}, self.DECK)["id"]

    def event(self):
        return self.call("GET", "/v2/events", headers=self.DECK)["data"][0]["id"]

    def signed_link(self):
        execute = {"workspaceId": "acme", "integrationName": "storage", "endUserId": "user_123"}
        self.call("POST", "/api/v1/actions/execute", {
            **execute, "actionName": "write_file", "input": {"path": "a.txt", "content": "a"}})
        answer = self.call("POST", "/api/v1/actions/execute", {
            **execute, "actionName": "get_download_url", "input": {"path": "a.txt"}})
        return urllib.parse.urlsplit(answer["output"]["url"]).path.rsplit("/", 1)[1]

    MADE = (
        ("/api/v1/end-users/", "uuid", lambda self: self.end_user["id"]),
        ("/api/v1/connections/", "uuid", lambda self: self.connection["id"]),
        ("/api/v1/api-keys/", "uuid", api_key),
        ("/api/v1/mcp-tokens/", "uuid", mcp_token),
        ("/api/v1/triggers/", "uuid", trigger),
        ("/v2/connections/", "id", deck_connection),
        ("/v2/events/", "id", event),
        ("/v2/event-destinations/", "id", destination),
        ("/files/", "signed", signed_link),
    )

    def made_for(self, operation):
        """What stands in the operation's path and only the server can make."""
        return {name: make(self) for start, name, make in self.MADE
                if operation.path.startswith(start) and "{" + name + "}" in operation.path}

    def busy_namespace(self):
        """One request in 16 is looked at."""
        for _ in range(300):
            self.put("/api/v1/workspaces/acme/external/tenant-7/kv/a")

    LISTED = {
        "listApiKeys": api_key,
        "listMcpTokens": mcp_token,
        "listTriggers": trigger,
        "listBusiestNamespaces": busy_namespace,
        "listNamespaces": lambda self: self.put("/api/v1/workspaces/acme/external/tenant-7/kv/a"),
        "listOptions": lambda self: self.put("/api/v1/workspaces/acme/end-users/user_123/kv/c"),
        "deckListConnections": lambda self: self.call("POST", "/v2/connections", {
            "source_id": "s", "auth_method": "none", "external_id": "user_123"}, self.DECK),
        "deckListEventDestinations": destination,
    }

    def put(self, path):
        status, _, answer = self.send("PUT", path, "1", {"Content-Type": "application/json"})
        if status >= 300:
            raise AssertionError(f"PUT {path}: {status} {answer.decode()}")

    def fill(self, operation, target):
        """Puts what the operation reads, lists, changes or removes, where its path says."""
        if operation.id in self.LISTED:
            self.LISTED[operation.id](self)
        path = target.split("?")[0]
        query = "?endUserId=user_123" if "/integrations/{integration}/" in operation.path else ""
        for collection, name in (("/kv", "/{key}"), ("/files", "/{path}")):
            if operation.path.endswith(collection + name) and operation.method != "put":
                self.put(path + query)
            elif operation.path.endswith(collection):
                self.put(path + "/a" + query)

    def token_for(self, operation):
        return self.connect_token() if operation.id == "getConnectSession" else None
