"""The HTTP that the soak speaks: asyncio connections that count what comes of each request, and readers of watches."""

import asyncio
import base64
import json
import os
import struct
import time

PATIENCE_SECONDS = 30


class Figures:
    """What came of the requests since the last look."""

    def __init__(self):
        self.requests = 0
        self.errors = 0
        self.first_error = ""
        self.watch_events = 0
        self.webhook_messages = 0
        self._milliseconds = []

    def took(self, seconds):
        self.requests += 1
        self._milliseconds.append(seconds * 1000)

    def error(self, text):
        self.errors += 1
        self.first_error = self.first_error or text

    def take(self):
        """All of it as a dictionary, and begins anew."""
        times = sorted(self._milliseconds) or [0.0]
        taken = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        self.__init__()
        return {**taken, "p99_ms": times[len(times) * 99 // 100]}


class Connection:
    """One connection, one request after the other; it is made anew when it broke."""

    def __init__(self, port, key, figures):
        self._port, self._figures = port, figures
        self._head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        self._streams = None

    async def request(self, method, target, body=b"", expected=(200, 201, 204), headers="", counted=True):
        """(status, headers by their names in lower case, body)."""
        length = f"Content-Length: {len(body)}\r\n" if body or method in ("PUT", "POST") else ""
        text = f"{method} {target} HTTP/1.1\r\n{self._head}{headers}{length}\r\n".encode() + body
        begin = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                self._streams[1].write(text)
                status, fields, content = await read_answer(self._streams[0])
        except (OSError, EOFError, TimeoutError) as error:
            self.close()
            self._figures.error(f"{method} {target}: {error!r}")
            return 0, {}, b""
        if counted:
            self._figures.took(time.perf_counter() - begin)
        if fields.get("connection") == "close":
            self.close()
        if status not in expected:
            self._figures.error(f"{method} {target}: {status} {content[:200]!r}")
        return status, fields, content

    async def call(self, method, target, document, headers=""):
        """The same with JSON, for what must succeed."""
        status, _, content = await self.request(method, target, json.dumps(document).encode(), headers=headers)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {target}: {status} {content[:300]!r}")
        return json.loads(content)

    def close(self):
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def read_fields(reader):
    """The first line of a request or an answer, and its headers by their names in lower case."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    return lines[0], {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in lines[1:])}


async def read_head(reader):
    line, fields = await read_fields(reader)
    return int(line.split(" ")[1]), fields


async def read_answer(reader):
    status, fields = await read_head(reader)
    content = await reader.readexactly(int(fields.get("content-length", 0)))
    return status, fields, content


def _frame(opcode, payload):
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked


async def web_socket_frames(port, key, target):
    """Frames of a watch over a WebSocket, until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        sample = base64.b64encode(os.urandom(16)).decode()
        writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
                     f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     f"Sec-WebSocket-Key: {sample}\r\n\r\n".encode())
        status, _ = await read_head(reader)
        if status != 101:
            raise EOFError(f"the upgrade was answered {status}")
        while True:
            first, second = await reader.readexactly(2)
            length = second & 0x7F
            if length > 125:
                form = ">H" if length == 126 else ">Q"
                length, = struct.unpack(form, await reader.readexactly(struct.calcsize(form)))
            payload = await reader.readexactly(length)
            opcode = first & 0xF
            if opcode == 0x9:
                writer.write(_frame(0xA, payload))
            elif opcode == 0x8:
                return
            else:
                yield json.loads(payload)
    finally:
        writer.close()


async def event_stream_frames(port, key, target):
    """The same over server-sent events."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4 << 20)
    try:
        writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n\r\n".encode())
        status, fields = await read_head(reader)
        if status != 200:
            raise EOFError(f"the stream was answered {status}")
        chunked, rest = fields.get("transfer-encoding") == "chunked", b""
        while True:
            if chunked:
                size = int(await reader.readline(), 16)
                more = (await reader.readexactly(size + 2))[:-2]
            else:
                more = await reader.read(1 << 16)
            if not more:
                return
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])
    finally:
        writer.close()
