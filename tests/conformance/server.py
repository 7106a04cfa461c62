"""What programs share that check a running server: its API over HTTP, and claims that are held against it."""

import asyncio
import json
import pathlib
import traceback
import urllib.error
import urllib.request

PATIENCE_SECONDS = 30
FOLDER = pathlib.Path(__file__).resolve().parent


def send(method, url, body=None, headers=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:
            return response.status, json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


class Server:
    def __init__(self, url, key):
        self.url = url
        self.key = key

    def call(self, method, path, body=None):
        status, answer = send(method, f"{self.url}/api/v1{path}", body, {"Authorization": f"Bearer {self.key}"})
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {answer}")
        return answer

    def write(self, namespace, *operations):
        """One transaction; its version."""
        return self.call("POST", f"{namespace}/transactions", {"operations": operations})["version"]

    def ticket(self, namespace):
        return self.call("POST", "/watch-tickets", {"namespace": namespace})["ticket"]


def put(key, value, **more):
    return {"op": "put", "key": key, "value": value, **more}


def step(text):
    print(text, flush=True)


def places(error):
    """Where in the programs of this folder it was thrown."""
    frames = [(pathlib.Path(at.filename).resolve(), at.lineno) for at in traceback.extract_tb(error.__traceback__)]
    return ", ".join(f"{path.name}:{line}" for path, line in frames if path.parent == FOLDER)


class Claims:
    """Functions that each hold one claim against what they are given. One that fails does not hinder the others."""

    def __init__(self):
        self.checks = []

    def claim(self, text):
        def register(check):
            self.checks.append((text, check))
            return check
        return register

    def hold_against(self, *subject):
        """A line per claim; the exit status."""
        failed = 0
        for text, check in self.checks:
            step(text)
            try:
                coroutine = check(*subject)
                if coroutine is not None:
                    asyncio.run(coroutine)
            except Exception as error:
                failed += 1
                step(f"FAILED: {type(error).__name__}: {error}\n  {places(error)}")
        step(f"{failed} failed" if failed else "done")
        return 1 if failed else 0
