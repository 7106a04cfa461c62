"""The connect page in a headless Chromium, as an end user meets it: connect_page.py URL ADMIN_KEY [SCREENSHOT_FOLDER]

Drives Debian's chromedriver over its HTTP protocol (W3C WebDriver). Exit status 0 and a line per step, or the step that
failed and what the page showed then.
"""

import base64
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

PATIENCE_SECONDS = 30
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the protocol gives to references to elements


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


class Browser:
    def __init__(self, driver_url, profile):
        arguments = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                     f"--user-data-dir={profile}"]
        options = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        _, answer = send("POST", f"{driver_url}/session", {"capabilities": {"alwaysMatch": options}})
        if "sessionId" not in answer.get("value", {}):
            raise AssertionError(f"no browser: {answer}")
        self.url = f"{driver_url}/session/{answer['value']['sessionId']}"

    def command(self, method, path, body=None):
        status, answer = send(method, self.url + path, body)
        if status != 200:
            raise AssertionError(f"{method} {path}: {answer['value']['message']}")
        return answer["value"]

    def open(self, url):
        # Another page first: a change behind '#' alone would not load it again.
        self.command("POST", "/url", {"url": "about:blank"})
        self.command("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector):
        found = self.command("POST", "/element", {"using": "css selector", "value": selector})
        return f"/element/{found[ELEMENT]}"

    def click(self, selector):
        self.command("POST", self.find(selector) + "/click", {})

    def write(self, selector, text):
        self.command("POST", self.find(selector) + "/value", {"text": text})

    def text(self):
        return self.run("return document.body.innerText")

    def wait_for(self, text):
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.text():
            if time.monotonic() > end:
                raise AssertionError(f"the page never showed {text!r}:\n{self.text()}")
            time.sleep(0.1)

    def screenshot(self, path, width, scheme):
        parameters = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", parameters)
        features = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self._devtools("Emulation.setEmulatedMedia", features)
        path.write_bytes(base64.b64decode(self.command("GET", "/screenshot")))

    def _devtools(self, name, parameters):
        self.command("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def complaints(self):
        """What the browser said to its console: violations of the policy, errors of the script."""
        entries = self.command("POST", "/se/log", {"type": "browser"})
        # What the tests provoke shows there as a failed request, and a page without an icon asks for one.
        return [e["message"] for e in entries if "favicon.ico" not in e["message"] and "status of 40" not in e["message"]]

    def close(self):
        self.command("DELETE", "")


def walk(server, browser, pictures):
    workspace = server.call("POST", "/workspaces", {"name": "Acme <script>alert(1)</script>", "slug": "acme"})
    user = server.call("POST", "/end-users", {"workspaceId": "acme", "externalId": "u", "displayName": "Ada <b>"})
    server.call("POST", "/workspaces/acme/integrations", {"integrationName": "slack"})
    path = f"/end-users/{user['endUser']['id']}/connect-token"

    def connect_url(body):
        return server.url + server.call("POST", path, body)["connectUrl"]

    def resolve(integration):
        body = {"workspaceId": "acme", "integrationName": integration, "endUserId": "u", "includeCredentials": True}
        return server.call("POST", "/connections/resolve", body)

    step("a link without a token, and one that is not valid, say so")
    browser.open(server.url + "/connect")
    browser.wait_for("This link is not complete")
    browser.open(server.url + "/connect#eut_unknown")
    browser.wait_for("This link is not valid any more")
    assert not browser.run("return document.getElementById('form').offsetParent"), "the form shows without a session"

    step("a damaged link says so too, and a second link in the same tab counts")
    browser.open(server.url + "/connect#eut_abc%zz")
    browser.wait_for("This link is not valid any more")
    browser.run("location.hash = 'x'")
    browser.wait_for("This link is not valid any more")
    assert browser.run("return location.href") == server.url + "/connect", "the fragment stays"

    step("the page shows whom it is for, as text")
    browser.open(connect_url({"integrationName": "slack"}))
    browser.wait_for(workspace["workspace"]["name"])
    browser.wait_for("Ada <b>")
    assert browser.run("return document.querySelectorAll('strong > *').length") == 0, "a name became markup"

    step("the token is gone from the address bar")
    address = browser.run("return location.href")
    assert address == server.url + "/connect", address

    step("an empty form is told what it lacks")
    browser.click("#submit")
    browser.wait_for("Please enter your user name and your password.")

    step("user name and password become a connection")
    browser.write("#displayName", "Work")
    browser.write("#username", "ada")
    browser.write("#password", "pässword")
    if pictures:
        for width in (400, 1200):
            for scheme in ("light", "dark"):
                browser.screenshot(pictures / f"connect-{width}-{scheme}.png", width, scheme)
    browser.click("#submit")
    browser.wait_for("Connected.")
    browser.wait_for("slack: Work")
    resolved = resolve("slack")
    assert resolved["credentials"] == {"username": "ada", "password": "pässword"}, resolved
    assert resolved["connection"]["endUserId"] == "u", resolved
    assert browser.run("return document.getElementById('password').value") == "", "the password stays in the form"

    step("a field that the server refuses is told beside it")
    browser.run("document.getElementById('displayName').value = 'x'.repeat(300)")
    browser.write("#username", "ada")
    browser.write("#password", "x")
    browser.click("#submit")
    browser.wait_for("'displayName' must have at most 255 characters")
    assert browser.run("return document.getElementById('error-displayName').textContent"), "not beside the field"

    step("what is connected can be disconnected")
    browser.run("window.confirm = () => true")
    browser.click("#connections button")
    browser.wait_for("Disconnected.")
    left = server.call("GET", "/connections?workspaceId=acme")
    assert left["total"] == 0, left

    step("a token for any integration asks for its name, and takes fields of any name")
    browser.open(connect_url({}))
    browser.wait_for("Integration")
    browser.write("#integrationName", "bad name")
    browser.click("input[value=key]")
    browser.write("#apiKey", "k1")
    browser.click("#submit")
    browser.wait_for("'integrationName' must match")
    browser.run("document.getElementById('integrationName').value = ''")
    browser.write("#integrationName", "slack")
    browser.click("input[value=other]")
    browser.write(".row input:nth-child(1)", "region")
    browser.write(".row input:nth-child(2)", "eu")
    browser.click("#submit")
    browser.wait_for("Connected.")
    assert resolve("slack")["credentials"] == {"region": "eu"}, resolve("slack")

    step("the browser has nothing to complain about")
    assert browser.complaints() == [], browser.complaints()


def step(text):
    print(text, flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_driver(url, driver):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if driver.poll() is not None:
            raise AssertionError("chromedriver ended at once")
        try:
            if send("GET", f"{url}/status")[1]["value"]["ready"]:
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.1)
    raise AssertionError("chromedriver does not answer")


def main():
    url, key = sys.argv[1:3]
    pictures = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen(["/usr/bin/chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            driver_url = f"http://127.0.0.1:{port}"
            wait_for_driver(driver_url, driver)
            browser = Browser(driver_url, profile)
            try:
                walk(Server(url, key), browser, pictures)
            finally:
                browser.close()
        finally:
            driver.terminate()
            try:
                driver.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                driver.kill()
    step("done")


if __name__ == "__main__":
    main()
