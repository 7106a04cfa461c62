"""A headless Chromium, driven through Debian's chromedriver over its HTTP protocol (W3C WebDriver)."""

import base64
import contextlib
import socket
import subprocess
import tempfile
import time

from server import PATIENCE_SECONDS, send

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the protocol gives to references to elements


@contextlib.contextmanager
def started():
    """A browser with a profile of its own, gone at the end."""
    port = free_port()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        driver = subprocess.Popen(["/usr/bin/chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        try:
            driver_url = f"http://127.0.0.1:{port}"
            wait_for_driver(driver_url, driver)
            browser = Browser(driver_url, profile)
            try:
                yield browser
            finally:
                browser.close()
        finally:
            driver.terminate()
            try:
                driver.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                driver.kill()


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
