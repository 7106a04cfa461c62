"""Everything at once against one server: keys, files, renames, watches, webhooks, connections that come and go.

load.py PORT KEY: a line "ready", then one line of JSON every INTERVAL_SECONDS, until its stdin ends. What is written stays
within a bounded number of keys and files, so that whatever grows is the server's own.
"""

import asyncio
import contextlib
import json
import random
import sys

from http_load import Connection, Figures, event_stream_frames, read_fields, web_socket_frames

INTERVAL_SECONDS = 10
KEYS = 5000  # of each namespace
FILES = 200
USERS = 20
FILE_BYTES = [500, 4_000, 16_000, 40_000, 300_000]
DEPRECATED_IDS = 5

WORKSPACE = "/api/v1/workspaces/soak"
NAMESPACES = [WORKSPACE, f"{WORKSPACE}/end-users/steady", f"{WORKSPACE}/external/e", f"{WORKSPACE}/integrations/policy"]
IN_WORKSPACE = "Alcove-Workspace: soak\r\n"


class Load:
    def __init__(self, port, key):
        self.port, self.key = port, key
        self.figures = Figures()
        self.random = random.Random(1)
        self.content = self.random.randbytes(1 << 20)

    def connection(self):
        return Connection(self.port, self.key, self.figures)

    def bytes(self, count):
        begin = self.random.randrange(len(self.content) - count)
        return self.content[begin:begin + count]

    # ---- what there is

    async def set_up(self):
        connection = self.connection()
        await connection.call("POST", "/api/v1/workspaces", {"name": "Soak", "slug": "soak"})
        for user in ["steady", *(f"user{i}-0" for i in range(USERS))]:
            await connection.call("POST", "/api/v1/end-users", {"workspaceId": "soak", "externalId": user})
        for alias, persistence in [("policy", {"scope": "external", "externalId": "by-policy"}),
                                   ("own", {"scope": "workspace"})]:
            await connection.call("POST", f"{WORKSPACE}/integrations",
                                  {"integrationName": "kv-store", "alias": alias,
                                   "settings": {"persistence": persistence}})
        receiver = await asyncio.start_server(self.receive, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/hook"
        await connection.call("POST", "/v2/event-destinations",
                              {"name": "D", "type": "webhook", "events": ["*"], "webhook": {"url": url}}, IN_WORKSPACE)
        await connection.call("POST", "/api/v1/triggers/enable",
                              {"workspaceId": "soak", "integrationName": "kv-store", "integrationAlias": "own",
                               "triggerName": "key_changed", "callbackUrl": url, "input": {"prefix": "hook/"}})
        for namespace in NAMESPACES:
            for begin in range(0, KEYS, 100):
                operations = [{"op": "put", "key": f"k/{i}", "text": "x" * 500} for i in range(begin, begin + 100)]
                await connection.call("POST", f"{namespace}/transactions", {"operations": operations})
        connection.close()
        self.figures.take()

    async def receive(self, reader, writer):
        """Webhooks, a few of which fail."""
        with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):  # the last: the load is over
            while True:
                _, fields = await read_fields(reader)
                await reader.readexactly(int(fields.get("content-length", 0)))
                self.figures.webhook_messages += 1
                status = "500 No" if self.random.random() < 0.02 else "200 Yes"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    # ---- who does something; each for ever

    async def keys(self):
        connection, dice = self.connection(), self.random
        while True:
            namespace = dice.choice(NAMESPACES)
            target = f"{namespace}/kv/k/{dice.randrange(KEYS)}"
            what = dice.random()
            if what < 0.45:
                await connection.request("GET", target, expected=(200, 404))
            elif what < 0.70:
                await connection.request("PUT", target, self.bytes(dice.randrange(100, 1500)))
            elif what < 0.78:
                await connection.request("PUT", f"{target}?ttl={dice.randrange(1, 30)}", self.bytes(500))
            elif what < 0.83:
                await connection.request("DELETE", target, expected=(204, 404))
            elif what < 0.88:
                await connection.request("POST", f"{namespace}/kv/count/{dice.randrange(100)}", b'{"op":"increment"}')
            elif what < 0.94:
                operations = [{"op": "put", "key": f"k/{dice.randrange(KEYS)}", "value": {"n": i}} for i in range(5)]
                operations.append({"op": "increment", "key": "total"})
                await connection.request("POST", f"{namespace}/transactions",
                                         json.dumps({"operations": operations}).encode())
            else:
                await connection.request("GET", f"{namespace}/kv?prefix=k/{dice.randrange(100)}&limit=50&values=true")

    async def files(self):
        connection, dice = self.connection(), self.random
        while True:
            target = f"{dice.choice(NAMESPACES)}/files/f{dice.randrange(FILES)}"
            what = dice.random()
            if what < 0.45:
                await connection.request("GET", target, expected=(200, 404))
            elif what < 0.9:
                await connection.request("PUT", target, self.bytes(dice.choice(FILE_BYTES)))
            else:
                await connection.request("DELETE", target, expected=(204, 404))
            await asyncio.sleep(0.02)

    async def renames(self):
        """Each makes an event, which is kept for 30 days: so not many."""
        connection, first, last = self.connection(), [0] * USERS, [0] * USERS
        while True:
            user = self.random.randrange(USERS)
            name = f"user{user}-"
            body = {"external_id_renames": [{"current_external_id": f"{name}{last[user]}",
                                             "new_external_id": f"{name}{last[user] + 1}"}]}
            answer = await connection.call("POST", "/users/external_ids/rename", body, IN_WORKSPACE)
            last[user] += 1
            if answer["rename_errors"]:
                self.figures.error(str(answer))
            if last[user] - first[user] > DEPRECATED_IDS:
                await connection.call("POST", "/users/external_ids/remove",
                                      {"external_ids": [f"{name}{first[user]}"]}, IN_WORKSPACE)
                first[user] += 1
            await asyncio.sleep(1)

    async def hooks(self):
        connection = self.connection()
        while True:
            await connection.request("PUT", f"{WORKSPACE}/kv/hook/{self.random.randrange(50)}", self.bytes(200))
            await asyncio.sleep(0.05)

    async def watch(self, frames_of):
        """One watch after the other, each from where the one before was; some of them are torn off."""
        cursor = None
        while True:
            namespace, seconds = self.random.choice(NAMESPACES), self.random.uniform(2, 40)
            if cursor is None or self.random.random() < 0.3:
                watched, start = namespace, self.random.choice(["now", "snapshot"])
            else:
                start = cursor
            target = f"{watched}/watch?prefix=k/{self.random.randrange(10)}&from={start}"
            try:
                async with asyncio.timeout(seconds), contextlib.aclosing(
                        frames_of(self.port, self.key, target)) as frames:
                    async for frame in frames:
                        cursor = frame.get("cursor") or cursor
                        self.figures.watch_events += len(frame.get("events", ()))
                        if frame["t"] == "reset":
                            cursor = None
                            break
                        if frame["t"] in ("end", "error"):
                            self.figures.error(str(frame))
            except TimeoutError:
                pass  # torn off
            except (OSError, EOFError) as error:
                self.figures.error(f"watch: {error!r}")

    async def polls(self):
        connection = self.connection()
        while True:
            target = f"{WORKSPACE}/kv/absent/{self.random.randrange(10)}?wait=3"
            await connection.request("GET", target, expected=(404,), counted=False)

    async def visitors(self):
        """Connections for one request, and such as go without an answer."""
        while True:
            connection = self.connection()
            await connection.request("GET", f"{WORKSPACE}/kv/k/{self.random.randrange(KEYS)}", expected=(200, 404))
            connection.close()
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(f"PUT {WORKSPACE}/files/cut HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.key}\r\n"
                         f"Content-Length: 100000\r\n\r\n".encode() + self.bytes(30_000))
            await asyncio.sleep(0.05)
            writer.transport.abort()

    async def report(self):
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            print(json.dumps(self.figures.take()), flush=True)

    async def run(self):
        await self.set_up()
        print("ready", flush=True)
        kinds = [*[self.keys] * 12, *[self.files] * 3, self.renames, self.hooks, *[self.polls] * 5, self.visitors]
        tasks = [asyncio.create_task(kind()) for kind in kinds]
        for frames_of in [web_socket_frames] * 15 + [event_stream_frames] * 15:
            tasks.append(asyncio.create_task(self.watch(frames_of)))
        tasks.append(asyncio.create_task(self.report()))
        tasks.append(asyncio.create_task(asyncio.to_thread(sys.stdin.read)))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for task in done:
            task.result()


if __name__ == "__main__":
    asyncio.run(Load(int(sys.argv[1]), sys.argv[2]).run())
