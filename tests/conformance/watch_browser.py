"""Watches in a headless Chromium, as a page of another origin has them: watch_browser.py URL ADMIN_KEY ORIGIN_PORT

The server must allow the origin http://127.0.0.1:ORIGIN_PORT, where this program serves the page, and no other. Exit
status 0 and a line per claim, or what was not so.
"""

import contextlib
import http.client
import http.server
import json
import pathlib
import socket
import socketserver
import sys
import threading
import time
import urllib.parse

import browser as chromium
from server import PATIENCE_SECONDS, Claims, Server, put

PAGE = pathlib.Path(__file__).with_name("watch_page.html").read_bytes()

claims = Claims()
claim = claims.claim


# ---- the backend of the page

class Backend(http.server.BaseHTTPRequestHandler):
    """Serves the page, and streams of a namespace on behalf of who has no token: /relay/NAMESPACE."""

    protocol_version = "HTTP/1.0"

    def do_GET(self):
        if self.path.startswith("/relay/"):
            self.relay()
        elif self.path == "/":
            self.answer(200, "text/html; charset=utf-8", PAGE)
        else:
            self.answer(404, "text/plain", b"")

    def answer(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def relay(self):
        site = self.server
        last_id = self.headers.get("Last-Event-ID")
        site.resumed_from.append(last_id)
        upstream = http.client.HTTPConnection(urllib.parse.urlsplit(site.alcove.url).netloc)
        upstream.request("GET", "/api/v1" + self.path.removeprefix("/relay"), headers={
            "Authorization": f"Bearer {site.alcove.key}", **({"Last-Event-ID": last_id} if last_id else {})})
        site.upstreams.append(upstream.sock)
        response = upstream.getresponse()
        self.answer(response.status, response.getheader("Content-Type"), b"retry: 100\n\n")
        # Either side may be cut.
        with contextlib.suppress(OSError, http.client.HTTPException):
            while piece := response.read1(1 << 16):
                self.wfile.write(piece)

    def log_message(self, *_):
        pass


class Site(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The page's origin."""

    daemon_threads = True

    def __init__(self, server, port=0):
        super().__init__(("127.0.0.1", port), Backend)
        self.alcove = server
        self.upstreams = []
        self.resumed_from = []  # the Last-Event-ID of each stream that was asked for
        self.origin = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def cut_streams(self):
        while self.upstreams:
            with contextlib.suppress(OSError):
                self.upstreams.pop().shutdown(socket.SHUT_RDWR)


# ---- the page

class Page:
    """What the page's script offers, called from here."""

    def __init__(self, browser, server, site):
        self.browser = browser
        self.server = server
        self.browser.open(site.origin)

    def run(self, call, *arguments):
        return self.browser.run(f"return {call}(...arguments)", *arguments)

    def open_socket(self, path, *protocols):
        self.run("openSocket", self.server.url.replace("http", "ws", 1) + path, protocols)

    def open_stream(self, path):
        self.run("openStream", path if path.startswith("/relay") else self.server.url + path)

    def told(self):
        """Everything that came in by now, in its order: frames, and what happened to the connection."""
        return self.run("told")

    def wait_for(self, what, until):
        end = time.monotonic() + PATIENCE_SECONDS
        while not until(told := self.told()):
            if time.monotonic() > end:
                raise AssertionError(f"{what} never came: {told}")
            time.sleep(0.05)
        return told

    def wait_for_kind(self, kind):
        return self.wait_for(kind, lambda told: any(entry["t"] == kind for entry in told))

    def wait_for_keys(self, *keys):
        told = self.wait_for(keys, lambda told: len(keys_of(told)) >= len(keys))
        assert keys_of(told) == list(keys), told
        return told

    def fetch(self, path, **options):
        return self.run("ask", self.server.url + path, options)


def keys_of(told):
    return [event["key"] for entry in told if entry["t"] == "events" for event in entry["events"]]


def kinds_of(told):
    return [entry["t"] for entry in told]


def external(name):
    """A namespace that no other claim uses: its path, and the member of a ticket's request."""
    return f"/workspaces/acme/external/{name}", {"workspace": "acme", "externalId": name}


# ---- claims

@claim("a page's WebSocket with a ticket has the snapshot and then events")
def socket_with_ticket(browser, server, site):
    path, member = external("socket")
    server.write(path, put("a", "größe"))
    page = Page(browser, server, site)
    page.open_socket(f"/api/v1{path}/watch?from=snapshot", "alcove.v1", server.ticket(member))
    told = page.wait_for_kind("synced")
    assert kinds_of(told) == ["open", "hello", "ok", "snapshot", "synced"], told
    assert told[0]["protocol"] == "alcove.v1" and told[0]["extensions"] == "", told
    assert [(item["key"], item["value"]) for item in told[3]["items"]] == [("a", "größe")], told
    server.write(path, put("b", 1), put("c", 2))
    page.wait_for_keys("b", "c")
    page.run("closeAll")
    closed = page.wait_for_kind("close")[-1]
    assert (closed["code"], closed["wasClean"]) == (1000, True), closed


@claim("a page's WebSocket with a ticket in a frame watches too")
def socket_with_auth_frame(browser, server, site):
    path, member = external("frame")
    page = Page(browser, server, site)
    page.open_socket("/api/v1/watch", "alcove.v1")
    page.wait_for_kind("open")
    page.run("sendFrame", {"t": "auth", "token": server.ticket(member)})
    page.wait_for_kind("hello")
    page.run("sendFrame", {"t": "watch", "id": 1, "namespace": member})
    page.wait_for_kind("ok")
    server.write(path, put("a", 1))
    page.wait_for_keys("a")


@claim("a used ticket opens no second WebSocket")
def socket_with_used_ticket(browser, server, site):
    path, member = external("used")
    ticket = server.ticket(member)
    page = Page(browser, server, site)
    page.open_socket(f"/api/v1{path}/watch", "alcove.v1", ticket)
    page.wait_for_kind("ok")
    page = Page(browser, server, site)
    page.open_socket(f"/api/v1{path}/watch", "alcove.v1", ticket)
    assert kinds_of(page.wait_for_kind("close")) == ["error", "close"], page.told()


@claim("a page's EventSource with a ticket has the snapshot and then events")
def stream_with_ticket(browser, server, site):
    path, member = external("stream")
    server.write(path, put("a", "größe"), put("b", "two\nlines\r\n"))
    page = Page(browser, server, site)
    page.open_stream(f"/api/v1{path}/watch?from=snapshot&ticket={server.ticket(member)}")
    told = page.wait_for_kind("synced")
    frames = [entry for entry in told if entry["t"] not in ("open", "hello")]
    assert kinds_of(frames) == ["ok", "snapshot", "synced"], told
    assert [item["value"] for item in frames[1]["items"]] == ["größe", "two\nlines\r\n"], frames
    assert frames[2]["lastEventId"] == frames[2]["cursor"], frames
    server.write(path, put("c", 1))
    events = page.wait_for_keys("c")[-1]
    assert events["lastEventId"] == events["cursor"], events
    server.write(path, {"op": "delete", "key": "c"})
    page.wait_for_keys("c", "c")


@claim("an EventSource whose connection breaks goes on by itself from its last id")
def stream_resumes(browser, server, site):
    path, _ = external("resumed")
    server.write(path, put("a", 1))
    page = Page(browser, server, site)
    site.resumed_from.clear()
    page.open_stream(f"/relay{path}/watch?from=snapshot")
    page.wait_for_kind("synced")
    keys = []
    for n in range(3):
        keys.append(f"told{n}")
        server.write(path, put(keys[-1], n))
        last_id = page.wait_for_keys(*keys)[-1]["lastEventId"]
        site.cut_streams()
        keys.append(f"missed{n}")
        server.write(path, put(keys[-1], n))
        page.wait_for_keys(*keys)
        assert site.resumed_from[-1] == last_id, (site.resumed_from, last_id)
    assert kinds_of(page.told()).count("snapshot") == 1, page.told()
    page.run("closeAll")


@claim("an EventSource with a used ticket is refused, and a new one goes on from the last id")
def stream_with_new_ticket(browser, server, site):
    path, member = external("renewed")
    ticket = server.ticket(member)
    page = Page(browser, server, site)
    page.open_stream(f"/api/v1{path}/watch?ticket={ticket}")
    page.wait_for_kind("ok")
    server.write(path, put("told", 1))
    last_id = page.wait_for_keys("told")[-1]["lastEventId"]
    page.run("closeAll")
    server.write(path, put("missed", 1))
    page.open_stream(f"/api/v1{path}/watch?ticket={ticket}")
    refused = page.wait_for_kind("error")[-1]
    assert refused["readyState"] == 2, f"the browser tries again: {refused}"
    page.open_stream(f"/api/v1{path}/watch?from={urllib.parse.quote(last_id)}&ticket={server.ticket(member)}")
    page.wait_for_keys("told", "missed")


@claim("a stream ends behind `end` and `reset`")
def stream_ends(browser, server, site):
    path, member = external("ended")
    server.write(path, put("a", 1))
    page = Page(browser, server, site)
    page.open_stream(f"/api/v1{path}/watch?ticket={server.ticket(member)}")
    page.wait_for_kind("ok")
    server.call("DELETE", f"{path}/data")
    told = page.wait_for_kind("error")
    reset = kinds_of(told).index("reset")
    assert told[reset]["why"] == "emptied" and set(kinds_of(told)[reset + 1:]) == {"error"}, told
    page.run("closeAll")


@claim("fetch sees ETag and X-Request-Id, and may write with every header of the API")
def fetch_with_cors(browser, server, site):
    path, _ = external("fetched")
    page = Page(browser, server, site)
    token = {"Authorization": f"Bearer {server.key}"}
    created = page.fetch(f"/api/v1{path}/kv/a", method="PUT", body="one",
                         headers={**token, "Content-Type": "text/plain", "If-None-Match": "*"})
    assert created["status"] == 201 and created["headers"].get("etag"), created
    read = page.fetch(f"/api/v1{path}/kv/a", headers=token)
    assert (read["status"], read["body"]) == (200, "one"), read
    assert read["headers"].get("etag") == created["headers"]["etag"], read
    assert read["headers"].get("x-request-id"), read
    written = page.fetch(f"/api/v1{path}/transactions", method="POST", body=json.dumps({"operations": [put("b", 1)]}),
                         headers={**token, "Content-Type": "application/json", "Idempotency-Key": "once"})
    assert written["status"] == 200, written
    removed = page.fetch(f"/api/v1{path}/kv/a", method="DELETE", headers={**token, "If-Match": read["headers"]["etag"]})
    assert removed["status"] == 204, removed


@claim("fetch sees the errors too")
def fetch_of_errors(browser, server, site):
    page = Page(browser, server, site)
    for token, status in (("alc_unknown", 401), (server.key, 404)):
        refused = page.fetch("/api/v1/workspaces/nobody/kv/a", headers={"Authorization": f"Bearer {token}"})
        assert refused["status"] == status and refused["headers"].get("x-request-id"), refused
        assert json.loads(refused["body"])["code"], refused


@claim("a page of an origin that is not listed is refused")
def foreign_page(browser, server, _):
    path, member = external("foreign")
    foreign = Site(server)
    page = Page(browser, server, foreign)
    page.open_socket(f"/api/v1{path}/watch", "alcove.v1", server.ticket(member))
    assert kinds_of(page.wait_for_kind("close")) == ["error", "close"], page.told()
    page = Page(browser, server, foreign)
    page.open_stream(f"/api/v1{path}/watch?ticket={server.ticket(member)}")
    assert kinds_of(page.wait_for_kind("error")) == ["error"], page.told()
    page.run("closeAll")
    for headers in ({}, {"Authorization": f"Bearer {server.key}"}):
        answer = page.fetch(f"/api/v1{path}/kv/a", headers=headers)
        assert "failure" in answer, answer
    assert "failure" in page.fetch(f"/api/v1{path}/kv/a", method="PUT", body="x"), "a page wrote"
    assert server.call("GET", f"{path}/kv")["items"] == [], "a page wrote"
    foreign.shutdown()


def main():
    url, key, port = sys.argv[1:4]
    server = Server(url, key)
    server.call("POST", "/workspaces", {"name": "Acme", "slug": "acme"})
    with chromium.started() as browser:
        return claims.hold_against(browser, server, Site(server, int(port)))


if __name__ == "__main__":
    sys.exit(main())
