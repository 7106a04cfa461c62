"""A WebSocket over a plain socket: frames of any making go out, and those of the server are held to RFC 6455."""

import contextlib
import json
import os
import socket
import struct
import time
import urllib.parse

PATIENCE_SECONDS = 10
WATCH = "/api/v1/watch"
MESSAGE_BYTES_MAX = 64 << 10

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


def masked(payload, mask):
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


def length_field(length, encoding):
    if encoding == 7:
        return bytes([length])
    return b"\x7e" + length.to_bytes(2, "big") if encoding == 16 else b"\x7f" + length.to_bytes(8, "big")


def frame(opcode, payload=b"", fin=True, reserved=0, is_masked=True, claimed=None, encoding=None):
    """`claimed` is a length that is not the payload's, `encoding` how many bits say it: 7, 16 or 64."""
    length = len(payload) if claimed is None else claimed
    encoding = encoding or (7 if length < 126 else 16 if length < 1 << 16 else 64)
    field = length_field(length, encoding)
    head = bytes([fin << 7 | reserved << 4 | opcode, is_masked << 7 | field[0]]) + field[1:]
    if not is_masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + masked(payload, mask)


def text(value, **more):
    if not isinstance(value, (str, bytes)):
        value = json.dumps(value)
    return frame(TEXT, value.encode() if isinstance(value, str) else value, **more)


def text_in_pieces(*payloads):
    last = len(payloads) - 1
    return b"".join(frame(CONTINUATION if i else TEXT, payload, fin=i == last) for i, payload in enumerate(payloads))


def close(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


def padded_ping(size):
    """The frame of a ping with n 1, as a message of so many bytes."""
    return b'{"t":"ping","n":1}'.ljust(size)


# ---- connections

class Peer:
    """A socket, and what of the server's frames was read from it. Checks of each that it is framed as it must be."""

    def __init__(self, server, receive_bytes=None):
        address = urllib.parse.urlsplit(server.url)
        self.host = address.netloc
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect((address.hostname, address.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.counter = 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        # Who is refused half-way still has an answer to read.
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(data)

    def send_slowly(self, data):
        for i in range(len(data)):
            self.send(data[i:i + 1])
            time.sleep(0.001)

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def take(self, count):
        while len(self.received) < count:
            more = self.socket.recv(1 << 16)
            if not more:
                raise EOFError(f"the connection ended behind {self.received!r}")
            self.received += more
        taken, self.received = self.received[:count], self.received[count:]
        return taken

    def head(self):
        """The status of an answer, and its headers by their names in lower case."""
        lines = b""
        while not lines.endswith(b"\r\n\r\n"):
            lines += self.take(1)
        first, *rest = lines.decode().split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in rest)}
        return int(first.split(" ")[1]), headers

    def frame(self):
        """The next frame of the server's, with its pings answered and left out."""
        while True:
            first, second = self.take(2)
            opcode, length = first & 0xF, second & 0x7F
            assert first & 0x80, "a server's frame is a fragment"
            assert not first & 0x70, f"a server's frame has reserved bits: {first:#x}"
            assert not second & 0x80, "a server's frame is masked"
            assert opcode in (TEXT, CLOSE, PING, PONG), f"a server's frame has the opcode {opcode:#x}"
            assert opcode == TEXT or length < 126, "a server's control frame is too long"
            if length > 125:
                size, least = (2, 126) if length == 126 else (8, 1 << 16)
                length = int.from_bytes(self.take(size), "big")
                assert length >= least, f"the length {length} in {size} bytes"
            payload = self.take(length)
            if opcode != PING:
                return opcode, payload
            self.send(frame(PONG, payload))

    def message(self):
        opcode, payload = self.frame()
        assert opcode == TEXT, f"a frame of the opcode {opcode:#x} with {payload!r} instead of a message"
        message = json.loads(payload.decode())
        assert isinstance(message, dict) and isinstance(message.get("t"), str), message
        return message

    def expect(self, kind):
        message = self.message()
        assert message["t"] == kind, f"{message} instead of {kind!r}"
        return message

    def expect_pong(self, payload):
        got = self.frame()
        assert got == (PONG, payload), f"{got} instead of a pong with {payload!r}"

    def expect_close(self, *codes):
        """What comes next is a close with one of these codes (None: without any), and the end of the connection."""
        opcode, payload = self.frame()
        assert opcode == CLOSE, f"opcode {opcode:#x} with {payload[:200]!r} instead of a close with {codes}"
        assert len(payload) != 1, "a close of one byte"
        code = struct.unpack(">H", payload[:2])[0] if payload else None
        payload[2:].decode()
        assert code in codes, f"closed with {code} {payload[2:]!r} instead of {codes}"
        self.send(close(code) if code else frame(CLOSE))
        self.expect_end()

    def expect_end(self):
        with contextlib.suppress(ConnectionResetError):
            more = self.received or self.socket.recv(1 << 16)
            assert not more, f"something comes behind the end: {more[:200]!r}"

    def expect_alive(self):
        self.counter += 1
        self.send(text({"t": "ping", "n": self.counter}))
        message = self.expect("pong")
        assert message == {"t": "pong", "n": self.counter}, message


def upgrade_lines(peer, changes, method="GET", path=WATCH, version="1.1"):
    """An upgrade with the RFC's sample key. A header whose value is None is left out."""
    headers = {"Host": peer.host, "Upgrade": "websocket", "Connection": "Upgrade",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13", **changes}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/{version}", *lines, "", ""]).encode()


def bearer(server):
    return {"Authorization": f"Bearer {server.key}"}


def upgraded(server, changes=None, behind=b"", receive_bytes=None, path=WATCH):
    """A connection behind its handshake; what stands `behind` goes out with the request."""
    peer = Peer(server, receive_bytes)
    peer.send(upgrade_lines(peer, bearer(server) if changes is None else changes, path=path) + behind)
    status, headers = peer.head()
    assert status == 101, f"{status} {headers}"
    return peer


def opened(server, **more):
    """A connection whose hello has been read."""
    peer = upgraded(server, **more)
    peer.expect("hello")
    return peer


def expect_healthy(server):
    with Peer(server) as peer:
        peer.send(f"GET /healthz HTTP/1.1\r\nHost: {peer.host}\r\n\r\n".encode())
        status, _ = peer.head()
        assert status == 200, status
