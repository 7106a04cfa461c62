"""TLS as OpenSSL's client and the library `websockets` meet it: tls.py PORT ADMIN_KEY FOLDER PID

FOLDER has the server's certificate.pem and key.pem, and other.pem and other-key.pem, which replace them. The server's
timeout for headers is a second. Exit status 0 and a line per claim, or what was not so.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.request
import warnings

import websockets

from server import Claims

HOST = "localhost"
HEADER_SECONDS = 1
PATIENCE_SECONDS = 20

claims = Claims()
claim = claims.claim


class Server:
    def __init__(self, port, key, folder, pid):
        self.port, self.key, self.folder, self.pid = int(port), key, pathlib.Path(folder), int(pid)

    def trust(self, *names):
        context = ssl.create_default_context(cafile=self.folder / (names or ("certificate.pem",))[0])
        for name in names[1:]:
            context.load_verify_locations(self.folder / name)
        return context

    def raw(self):
        raw = socket.create_connection((HOST, self.port))
        raw.settimeout(PATIENCE_SECONDS)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return raw

    def connect(self, context=None):
        return (context or self.trust()).wrap_socket(self.raw(), server_hostname=HOST)

    def head(self, method, path, *more):
        lines = (f"{method} {path} HTTP/1.1", f"Host: {HOST}", f"Authorization: Bearer {self.key}", *more)
        return "".join(line + "\r\n" for line in lines).encode() + b"\r\n"


def answer(stream, head_alone=False):
    """One answer with a Content-Length: status, headers, body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = stream.recv(1)
        assert byte, f"the connection ended after {head!r}"
        head += byte
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    body = bytearray()
    size = 0 if head_alone else int(headers.get("content-length", 0))
    while len(body) < size:
        piece = stream.recv(min(1 << 16, size - len(body)))
        assert piece, f"the connection ended after {len(body)} of {size} bytes"
        body += piece
    return int(lines[0].split()[1]), headers, bytes(body)


@claim("TLS 1.2 and 1.3 are spoken, and nothing older")
def versions(server):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = server.trust()
        context.minimum_version = context.maximum_version = version
        with server.connect(context) as stream:
            stream.sendall(server.head("GET", "/healthz"))
            assert answer(stream)[0] == 200
            assert stream.version() == version.name.replace("_", "."), stream.version()
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        context = server.trust()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            server.connect(context).close()
            raise AssertionError(f"{version.name} is spoken")


@claim("suites without forward secrecy or authenticated encryption are not spoken")
def suites(server):
    for suite in ("AES128-GCM-SHA256", "AES256-SHA", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"):
        context = server.trust()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(f"{suite}:@SECLEVEL=0")
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            server.connect(context).close()
            raise AssertionError(f"{suite} is spoken")


@claim("ALPN is http/1.1, and who knows other protocols alone is refused")
def protocols(server):
    for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), ([], None)):
        context = server.trust()
        context.set_alpn_protocols(offered)
        with server.connect(context) as stream:
            assert stream.selected_alpn_protocol() == chosen, (offered, stream.selected_alpn_protocol())
    context = server.trust()
    context.set_alpn_protocols(["h2"])
    try:
        server.connect(context).close()
    except ssl.SSLError as error:
        assert "no application protocol" in str(error), error
    else:
        raise AssertionError("h2 alone is accepted")


@claim("many requests of one connection, pipelined too, are answered in order")
def pipelined(server):
    with server.connect() as stream:
        for _ in range(50):
            stream.sendall(server.head("GET", "/healthz"))
            assert answer(stream)[0] == 200
        paths = ["/healthz", "/nowhere"] * 100
        stream.sendall(b"".join(server.head("GET", path) for path in paths))
        assert [answer(stream)[0] for _ in paths] == [200, 404] * 100


@claim("a request that comes byte by byte, each in a record of its own, is understood")
def byte_by_byte(server):
    with server.connect() as stream:
        for byte in server.head("PUT", "/api/v1/workspaces/acme/kv/bytes", "Content-Length: 5") + b"hello":
            stream.sendall(bytes([byte]))
        assert answer(stream)[0] == 201


@claim("a handshake that comes byte by byte is understood")
def slow_hello(server):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with server.raw() as raw:
        client = server.trust().wrap_bio(incoming, outgoing, server_hostname=HOST)
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                for byte in outgoing.read():
                    raw.sendall(bytes([byte]))
                incoming.write(raw.recv(1 << 14))
        raw.sendall(outgoing.read())
        client.write(server.head("GET", "/healthz"))
        raw.sendall(outgoing.read())
        while True:
            incoming.write(raw.recv(1 << 14))
            with contextlib.suppress(ssl.SSLWantReadError):
                assert client.read(1 << 14).startswith(b"HTTP/1.1 200")
                return


@claim("values and files of many sizes come back as they went")
def sizes(server):
    rng = random.Random(7)
    for kind, sizes in (("kv", (0, 1, 100, 16_383, 16_384, 16_385, 70_000, 1 << 20)),
                        ("files", (0, 1, 16_384, 16_385, 70_000, 1 << 20, (32 << 20) + 1))):
        with server.connect() as stream:
            for size in sizes:
                body = rng.randbytes(size)
                path = f"/api/v1/workspaces/acme/{kind}/size"
                stream.sendall(server.head("PUT", path, f"Content-Length: {size}") + body)
                status = answer(stream)[0]
                assert status in (201, 204), f"{status} to {size} bytes"
                stream.sendall(server.head("GET", path))
                status, _, got = answer(stream)
                assert status == 200 and hashlib.sha256(got).digest() == hashlib.sha256(body).digest(), (kind, size)


@claim("a reader that pauses gets all of a large file in the end")
def slow_reader(server):
    body = random.Random(8).randbytes(24 << 20)
    path = "/api/v1/workspaces/acme/files/slow"
    with server.connect() as stream:
        stream.sendall(server.head("PUT", path, f"Content-Length: {len(body)}") + body)
        assert answer(stream)[0] == 201
        stream.sendall(server.head("GET", path))
        time.sleep(0.5)
        assert answer(stream)[2] == body


@claim("an export is streamed in chunks")
def export(server):
    def ask(method, path, body=None):
        request = urllib.request.Request(f"https://{HOST}:{server.port}{path}", body,
                                         {"Authorization": f"Bearer {server.key}"}, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS, context=server.trust()) as response:
            return response.read()
    for i in range(40):
        ask("PUT", f"/api/v1/workspaces/acme/external/export/kv/{i}", b"x" * 50_000)
    lines = ask("GET", "/api/v1/workspaces/acme/external/export/export").splitlines()
    keys = [json.loads(line).get("key") for line in lines]
    assert sorted(filter(None, keys)) == sorted(str(i) for i in range(40)), keys


@claim("plain HTTP is told to come with https, and the connection ends")
def plain(server):
    with server.raw() as raw:
        raw.sendall(server.head("GET", "/healthz"))
        status, headers, body = answer(raw)
        assert (status, headers["connection"]) == (400, "close"), (status, headers)
        assert "https" in json.loads(body)["error"], body
        assert raw.recv(1) == b""


@claim("what is neither TLS nor HTTP ends, and others are served meanwhile")
def rubbish(server):
    rng = random.Random(9)
    for first in (b"\x16", b"\x16\x03\x01\x00\x05", b"\x16\x03\x01\xff\xff" + rng.randbytes(70_000), rng.randbytes(500)):
        with server.raw() as raw:
            with contextlib.suppress(OSError):
                raw.sendall(first)
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(1 << 16):
                    pass
    with server.connect() as stream:
        stream.sendall(server.head("GET", "/healthz"))
        assert answer(stream)[0] == 200


@claim("a handshake that does not go on is ended in time")
def stuck_handshake(server):
    for begun in (b"", b"\x16\x03\x01\x02\x00\x01"):
        with server.raw() as raw:
            begin = time.monotonic()
            raw.sendall(begun)
            with contextlib.suppress(ConnectionError):
                while raw.recv(1 << 16):
                    pass
            assert time.monotonic() - begin < HEADER_SECONDS + 5


@claim("the end is said, so that a cut-off answer cannot be taken for a whole one")
def close_notify(server):
    with server.connect() as stream:
        stream.sendall(server.head("GET", "/healthz", "Connection: close"))
        assert answer(stream)[0] == 200
        assert stream.recv(1) == b""  # ssl.SSLEOFError when the end was not said


@claim("a client that says its end in the middle of a body leaves nothing behind")
def cut_off(server):
    path = "/api/v1/workspaces/acme/files/cut"
    with server.connect() as stream:
        stream.sendall(server.head("PUT", path, "Content-Length: 100000") + b"x" * 50_000)
        stream.unwrap().close()
    with server.connect() as stream:
        stream.sendall(server.head("HEAD", path))
        assert answer(stream, head_alone=True)[0] == 404


@claim("watches work through TLS")
async def watches(server):
    url = f"wss://{HOST}:{server.port}/api/v1/workspaces/acme/external/tls/watch?from=now"
    async with websockets.connect(url, ssl=server.trust(),
                                  extra_headers={"Authorization": f"Bearer {server.key}"}) as watch:
        assert json.loads(await watch.recv())["t"] == "hello"
        assert json.loads(await watch.recv())["t"] == "ok"
        with server.connect() as stream:
            for i in range(20):
                value = b"v" * (1 + 5_000 * i)
                head = server.head("PUT", f"/api/v1/workspaces/acme/external/tls/kv/{i}", f"Content-Length: {len(value)}",
                                   "Content-Type: text/plain")
                stream.sendall(head + value)
                assert answer(stream)[0] == 201
        keys = []
        while len(keys) < 20:
            keys += [event["key"] for event in json.loads(await watch.recv()).get("events", [])]
        assert keys == [str(i) for i in range(20)], keys


@claim("many connections at once, all at work, are served")
def many(server):
    failures = []

    def work(number):
        try:
            context = server.trust()
            for _ in range(5):
                with server.connect(context) as stream:
                    for _ in range(20):
                        stream.sendall(server.head("GET", "/healthz"))
                        assert answer(stream)[0] == 200
        except Exception as error:
            failures.append(f"{number}: {error!r}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def serves(server, certificate):
    with contextlib.suppress(ssl.SSLCertVerificationError), server.connect(server.trust(certificate)):
        return True
    return False


def soon(condition):
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


@claim("SIGHUP brings a new certificate; open connections go on with the former one")
def renewal(server):
    former = server.folder / "former.pem"
    shutil.copy(server.folder / "certificate.pem", former)
    with server.connect() as stream:
        stream.sendall(server.head("GET", "/healthz"))
        assert answer(stream)[0] == 200
        for name, source in (("certificate.pem", "other.pem"), ("key.pem", "other-key.pem")):
            os.replace(server.folder / source, server.folder / name)
        os.kill(server.pid, signal.SIGHUP)
        assert soon(lambda: serves(server, "certificate.pem")), "the new certificate is not served"
        assert not serves(server, "former.pem"), "the former certificate is still served"
        for _ in range(3):
            stream.sendall(server.head("GET", "/healthz"))
            assert answer(stream)[0] == 200


@claim("a certificate that cannot be read leaves the one in use")
def broken_renewal(server):
    intact = (server.folder / "key.pem").read_bytes()
    (server.folder / "key.pem").write_text("no key\n")
    os.kill(server.pid, signal.SIGHUP)
    time.sleep(0.3)
    assert serves(server, "certificate.pem")
    (server.folder / "key.pem").write_bytes(intact)


sys.exit(claims.hold_against(Server(*sys.argv[1:])))
