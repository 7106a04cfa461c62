"""Watches as the library `websockets` for Python meets them: watch_websockets.py URL ADMIN_KEY

Holds what is told against what was written: nothing is missing, nothing comes twice, whatever comes between. Exit
status 0 and a line per claim, or what was not so.
"""

import asyncio
import contextlib
import json
import random
import sys
import threading

import websockets

from server import Claims, Server, put

PATIENCE_SECONDS = 20
FRAME_BYTES_MAX = 1 << 20

claims = Claims()
claim = claims.claim


# ---- watches

def external(name):
    """A namespace that no other claim uses: its path, and the member of frames."""
    return f"/workspaces/acme/external/{name}", {"workspace": "acme", "externalId": name}


class Socket:
    def __init__(self, raw):
        self.raw = raw

    async def send(self, **frame):
        await self.raw.send(json.dumps(frame))

    async def next(self, patience_seconds=PATIENCE_SECONDS):
        message = await asyncio.wait_for(self.raw.recv(), patience_seconds)
        assert isinstance(message, str), "a binary message"
        frame = json.loads(message)
        count = len(frame.get("events") or frame.get("items") or [])
        size = len(message.encode())
        assert size <= FRAME_BYTES_MAX or count == 1, f"{size} bytes with {count} of {frame['t']}"
        return frame

    async def expect(self, kind):
        frame = await self.next()
        while frame["t"] == "progress" and kind != "progress":
            frame = await self.next()
        assert frame["t"] == kind, f"{str(frame)[:500]} instead of {kind!r}"
        return frame

    async def watch(self, watch_id, namespace, **more):
        await self.send(t="watch", id=watch_id, namespace=namespace, **more)
        ok = await self.expect("ok")
        assert ok["id"] == watch_id, ok
        return ok

    async def authenticate(self, token):
        await self.send(t="auth", token=token)
        return await self.expect("hello")


def connection(server, path="/watch", **more):
    url = f"{server.url.replace('http', 'ws', 1)}/api/v1{path}"
    return websockets.connect(url, subprotocols=["alcove.v1"], max_size=None, **more)


@contextlib.asynccontextmanager
async def opened(server, token=None):
    async with connection(server) as raw:
        socket = Socket(raw)
        await socket.authenticate(token or server.key)
        yield socket


class Told:
    """What a watch told, applied in its order. Checks that order."""

    def __init__(self, cursor=None):
        self.cursor = cursor  # behind the last whole version; none before a snapshot
        self.state = {}
        self.events = []
        self.version = 0
        self.is_partial = False
        self.page_end = b""

    @property
    def is_synced(self):
        return self.cursor is not None

    def apply(self, frame):
        kind = frame["t"]
        if kind == "snapshot":
            self.apply_snapshot(frame["items"])
        elif kind == "events":
            self.apply_events(frame)
        elif kind in ("synced", "progress"):
            self.cursor = frame["cursor"]
        else:
            raise AssertionError(f"unexpected: {frame}")

    def apply_snapshot(self, items):
        keys = [item["key"].encode() for item in items]
        assert keys == sorted(set(keys)), "a page is not in byte order"
        assert not keys or keys[0] > self.page_end, f"{keys[0]} comes behind {self.page_end}"
        self.state |= {item["key"]: item["value"] for item in items}
        self.page_end = keys[-1] if keys else self.page_end

    def apply_events(self, frame):
        assert frame["events"], "a frame without events"
        assert not self.is_partial or int(frame["events"][0]["version"]) == self.version, "a version is not whole"
        assert self.is_synced == (frame["cursor"] is not None), f"the cursor {frame['cursor']}"
        for event in frame["events"]:
            self.apply_event(event)
        self.is_partial = frame["more"]
        self.cursor = frame["cursor"]

    def apply_event(self, event):
        key, version = event["key"], int(event["version"])
        is_same = version == self.version and self.is_partial
        assert version > self.version or is_same, f"{version} behind {self.version}"
        assert not is_same or key.encode() > self.events[-1]["key"].encode(), f"{key} comes late in {version}"
        assert self.is_synced or key.encode() <= self.page_end, f"{key} was not passed yet: {self.page_end}"
        self.version, self.is_partial = version, True
        self.events.append(event)
        if event["op"] == "put":
            self.state[key] = event["value"]
        else:
            self.state.pop(key, None)

    def drop_partial(self):
        """Forgets what was told of a version that did not come whole: it is told again from the cursor."""
        if self.is_partial:
            self.events = [event for event in self.events if int(event["version"]) < self.version]
            self.version = max((int(event["version"]) for event in self.events), default=0)
            self.is_partial = False


async def told_until_now(socket, told, watch_id=1):
    """Everything that was acknowledged by now."""
    await socket.send(t="sync", id=watch_id)
    while (frame := await socket.next())["t"] != "progress":
        told.apply(frame)
    told.apply(frame)


class Writer:
    """Writes in a thread of its own, until it is done or told to stop, and keeps what was acknowledged in its order."""

    def __init__(self, server, path, keys, count, seed=1):
        self.server, self.path, self.keys, self.count = server, path, keys, count
        self.random = random.Random(seed)
        self.acknowledged = []  # version, and operations as they are told
        self.present = set()
        self.failure = None
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        if self.failure:
            raise self.failure

    def run(self):
        try:
            for n in range(self.count):
                self.write(n)
        except Exception as error:
            self.failure = error

    def write(self, n):
        keys = self.random.sample(self.keys, self.random.randint(1, 3))
        operations = [self.one(key, n) for key in keys]
        version = self.server.write(self.path, *operations)
        told = [(op["op"], op["key"], op.get("value")) for op in operations
                if op["op"] == "put" or op["key"] in self.present]
        for op in operations:
            (self.present.add if op["op"] == "put" else self.present.discard)(op["key"])
        if told:
            self.acknowledged.append((version, told))

    def one(self, key, n):
        return put(key, n) if self.random.random() < 0.7 else {"op": "delete", "key": key}

    @property
    def is_done(self):
        return not self.thread.is_alive()

    def events(self):
        return [(version, *event) for version, told in self.acknowledged for event in told]


def brief(events):
    return [(event["version"], event["op"], event["key"], event.get("value")) for event in events]


def same(told, written):
    """Both are in the order of versions; within one, what is told comes in the byte order of keys."""
    written = sorted(written, key=in_order)
    for i, (got, expected) in enumerate(zip(told, written)):
        assert got == expected, f"event {i} is {got} instead of {expected}"
    assert len(told) == len(written), f"{len(told)} events instead of {len(written)}"


def in_order(event):
    return int(event[0]), event[2].encode()


def stored(server, path):
    """All keys with their values, by lists."""
    found, cursor = {}, ""
    while cursor is not None:
        page = server.call("GET", f"{path}/kv?values=true&limit=1000" + (f"&cursor={cursor}" if cursor else ""))
        found |= {item["key"]: item["value"] for item in page["items"]}
        cursor = page["cursor"]
    return found


# ---- claims

@claim("the library accepts the handshake, and no extension is on")
async def handshake(server):
    async with connection(server, extra_headers={"Authorization": f"Bearer {server.key}"}) as raw:
        assert raw.subprotocol == "alcove.v1", raw.subprotocol
        assert raw.extensions == [], raw.extensions
        await Socket(raw).expect("hello")
        await asyncio.wait_for(await raw.ping(), PATIENCE_SECONDS)
    assert raw.close_code == 1000, raw.close_code


@claim("a token in the first frame opens the connection")
async def auth_frame(server):
    async with connection(server) as raw:
        socket = Socket(raw)
        hello = await socket.authenticate(server.key)
        assert hello["connection"] and hello["heartbeat"] > 0, hello
        await socket.send(t="ping", n=7)
        assert await socket.next() == {"t": "pong", "n": 7}


@claim("snapshot and stream make the state at every sync")
async def snapshot_and_stream(server):
    path, member = external("stream")
    server.write(path, *(put(f"k{n:03}", n) for n in range(100)))
    async with opened(server) as socket:
        told = Told()
        await socket.watch(1, member, **{"from": "snapshot"})
        while not told.is_synced:
            told.apply(await socket.next())
        assert told.state == {f"k{n:03}": n for n in range(100)}, told.state
        writer = Writer(server, path, [f"k{n:03}" for n in range(120)], 0)
        writer.present = set(told.state)
        for n in range(50):
            await asyncio.to_thread(writer.write, n)
            await told_until_now(socket, told)
            assert told.state == stored(server, path), n
        same(brief(told.events), writer.events())


def same_state(told, stored):
    for key in sorted(told.keys() | stored.keys()):
        got, expected = told.get(key), stored.get(key)
        assert got == expected, f"{key} is {str(got)[:50]} instead of {str(expected)[:50]}"


@claim("a snapshot that is read while others write comes to the right state")
async def snapshot_while_writing(server):
    path, member = external("moving")
    keys = [f"k{n:04}" for n in range(3000)]
    filler = "x" * 1000
    for i in range(0, len(keys), 100):
        server.write(path, *(put(key, filler) for key in keys[i:i + 100]))
    with Writer(server, path, keys + [f"{key}+" for key in keys[::7]], 600) as writer:
        async with opened(server) as socket:
            while True:
                told = Told()
                await socket.watch(1, member, **{"from": "snapshot"})
                while not told.is_synced:
                    told.apply(await socket.next())
                await told_until_now(socket, told)
                if writer.is_done:
                    break
                await socket.send(t="unwatch", id=1)
                while (frame := await socket.next())["t"] != "end":
                    told.apply(frame)
            writer.thread.join()
            await told_until_now(socket, told)
    same_state(told.state, stored(server, path))


@claim("who reconnects again and again with the last cursor is told everything once")
async def resume_while_writing(server):
    path, member = external("resumed")
    source = random.Random(2)
    async with opened(server) as socket:
        told = Told((await socket.watch(1, member))["cursor"])
    connections = 0
    with Writer(server, path, [f"k{n}" for n in range(50)], 1500) as writer:
        while not writer.is_done:
            connections += 1
            async with opened(server) as socket:
                await socket.watch(1, member, **{"from": {"cursor": told.cursor}})
                with contextlib.suppress(asyncio.TimeoutError):
                    for _ in range(source.randint(0, 40)):
                        told.apply(await socket.next(0.5))
                if source.random() < 0.5:
                    socket.raw.transport.abort()
            told.drop_partial()
    async with opened(server) as socket:
        await socket.watch(1, member, **{"from": {"cursor": told.cursor}})
        await told_until_now(socket, told)
    assert connections > 5, connections
    same(brief(told.events), writer.events())


@claim("a version that is larger than a frame comes in several, and counts when it is whole")
async def large_versions(server):
    path, member = external("large")
    async with opened(server) as socket:
        start = (await socket.watch(1, member))["cursor"]
        told = Told(start)
        operations = [put(f"k{n}", "x" * 200_000) for n in range(16)]
        versions = [await asyncio.to_thread(server.write, path, *operations) for _ in range(3)]
        frames = []
        while len(told.events) < 48:
            frames.append(await socket.expect("events"))
            told.apply(frames[-1])
        assert not told.is_partial
        assert [event["version"] for event in told.events] == [version for version in versions for _ in range(16)]
        assert sum(frame["more"] for frame in frames) >= 3, [frame["more"] for frame in frames]
        inside = next(frame for frame in frames if frame["more"])
        await resumes_with_whole_versions(socket, member, inside, versions)


async def resumes_with_whole_versions(socket, member, inside, versions):
    """From a cursor of a frame that ended inside of a version, that version is told from its beginning."""
    await socket.watch(2, member, **{"from": {"cursor": inside["cursor"]}})
    frame = await socket.expect("events")
    version = inside["events"][-1]["version"]
    assert version in versions and frame["id"] == 2, frame["id"]
    assert (frame["events"][0]["version"], frame["events"][0]["key"]) == (version, "k0"), frame["events"][0]["key"]


@claim("one event may be larger than a frame")
async def large_event(server):
    path, member = external("huge")
    # JSON takes six bytes for each of these.
    huge = "\x01" * 500_000
    async with opened(server) as socket:
        await socket.watch(1, member)
        operations = put("small", 1), {"op": "put", "key": "huge", "text": huge}, put("tail", 2)
        version = await asyncio.to_thread(server.write, path, *operations)
        events = []
        while len(events) < 3:
            events += (await socket.expect("events"))["events"]
        written = (("small", 1), ("huge", huge), ("tail", 2))
        same(brief(events), [(version, "put", key, value) for key, value in written])


@claim("who reads slowly is told everything all the same")
async def slow_reader(server):
    path, member = external("slow")
    async with opened(server) as socket:
        told = Told((await socket.watch(1, member))["cursor"])
        expected = []
        for n in range(60):
            version = await asyncio.to_thread(server.write, path, put("k", f"{n:03}" * 100_000))
            expected.append((version, "put", "k", f"{n:03}" * 100_000))
        await told_until_now(socket, told)
        same(brief(told.events), expected)


@claim("a deleted token ends its watches, and others go on")
async def deleted_token(server):
    path, member = external("tokens")
    made = server.call("POST", "/api-keys", {"name": "short", "permissions": ["kv:read"], "workspaceIds": None})
    async with opened(server, made["plainKey"]) as socket, opened(server) as other:
        await socket.watch(1, member)
        await socket.watch(2, member)
        await other.watch(1, member)
        server.call("DELETE", f"/api-keys/{made['apiKey']['id']}")
        ends = sorted([await socket.expect("end"), await socket.expect("end")], key=lambda end: end["id"])
        assert ends == [{"t": "end", "id": watch_id, "why": "auth"} for watch_id in (1, 2)], ends
        server.write(path, put("a", 1))
        assert (await other.expect("events"))["events"][0]["key"] == "a"


@claim("another token ends the watches that it does not reach, and no others")
async def replaced_token(server):
    path, member = external("replaced")
    beta = server.call("GET", "/workspaces/beta")["workspace"]["id"]
    narrow = server.call("POST", "/api-keys", {"name": "beta", "permissions": ["kv:read"], "workspaceIds": [beta]})
    async with opened(server) as socket:
        await socket.watch(1, member)
        await socket.watch(2, {"workspace": "beta"})
        await socket.authenticate(narrow["plainKey"])
        assert await socket.expect("end") == {"t": "end", "id": 1, "why": "auth"}
        server.write(path, put("a", 1))
        server.write("/workspaces/beta", put("b", 1))
        frame = await socket.expect("events")
        assert (frame["id"], frame["events"][0]["key"]) == (2, "b"), frame
        await socket.send(t="watch", id=3, namespace=member)
        assert (await socket.expect("error"))["id"] == 3


@claim("a token that may not read keys may not watch them")
async def missing_permission(server):
    _, member = external("forbidden")
    blind = server.call("POST", "/api-keys", {"name": "blind", "permissions": ["kv:write"], "workspaceIds": None})
    async with opened(server, blind["plainKey"]) as socket:
        await socket.send(t="watch", id=1, namespace=member)
        error = await socket.expect("error")
        assert (error["id"], error["code"]) == (1, "FORBIDDEN"), error


@claim("an end user's token watches its own namespace and no other")
async def end_user_token(server):
    user = server.call("POST", "/end-users", {"workspaceId": "acme", "externalId": "ada"})["endUser"]
    server.call("POST", "/end-users", {"workspaceId": "acme", "externalId": "bob"})
    token = server.call("POST", f"/end-users/{user['id']}/connect-token", {})["token"]
    async with opened(server, token) as socket:
        await socket.watch(1, {"workspace": "acme", "endUserId": "ada"})
        for i, namespace in enumerate(({}, {"endUserId": "bob"}, {"externalId": "ada"})):
            await socket.send(t="watch", id=10 + i, namespace={"workspace": "acme", **namespace})
            error = await socket.expect("error")
            assert error["id"] == 10 + i and error["code"] in ("FORBIDDEN", "SCOPE_DENIED"), error
        server.write("/workspaces/acme/end-users/ada", put("a", 1))
        assert (await socket.expect("events"))["events"][0]["key"] == "a"


@claim("the watches of a deleted end user and of a deleted workspace end")
async def deleted_namespace(server):
    user = server.call("POST", "/end-users", {"workspaceId": "beta", "externalId": "gone"})["endUser"]
    gone = {"workspace": "beta", "endUserId": "gone"}
    async with opened(server) as socket:
        await socket.watch(1, gone, **{"from": "snapshot"})
        await socket.expect("synced")
        await socket.watch(2, {"workspace": "beta", "externalId": "x"})
        server.call("DELETE", f"/end-users/{user['id']}")
        assert await socket.expect("end") == {"t": "end", "id": 1, "why": "namespace_deleted"}
        await socket.send(t="watch", id=1, namespace=gone)
        assert (await socket.expect("error"))["code"] == "END_USER_NOT_FOUND"
        server.call("DELETE", "/workspaces/beta")
        assert await socket.expect("end") == {"t": "end", "id": 2, "why": "namespace_deleted"}
        await socket.send(t="ping")
        assert await socket.expect("pong") == {"t": "pong"}


@claim("the watches of a namespace that is emptied are reset, and go on from there")
async def emptied(server):
    path, member = external("emptied")
    server.write(path, put("a", 1))
    async with opened(server) as socket:
        before = (await socket.watch(1, member, **{"from": "snapshot"}))["cursor"]
        while (await socket.next())["t"] != "synced":
            pass
        version = server.call("DELETE", f"{path}/data")["version"]
        await is_reset(socket, 1)
        await socket.watch(1, member, **{"from": "snapshot"})
        assert (await socket.next())["t"] == "synced"
        later = server.write(path, put("b", 2))
        assert int(later) > int(version)
        assert brief((await socket.expect("events"))["events"]) == [(later, "put", "b", 2)]
        await socket.send(t="watch", id=2, namespace=member, **{"from": {"cursor": before}})
        oldest = (await is_reset(socket, 2))["oldest"]
        await socket.watch(3, member, **{"from": {"cursor": oldest}})
        assert brief((await socket.expect("events"))["events"]) == [(later, "put", "b", 2)]


async def is_reset(socket, watch_id):
    frame = await socket.next()
    while frame["t"] in ("ok", "progress"):
        frame = await socket.next()
    assert (frame["t"], frame["id"], frame["why"]) == ("reset", watch_id, "emptied"), frame
    assert isinstance(frame["oldest"], str), frame
    return frame


@claim("an integration leads to the namespace of its policy")
async def integration_alias(server):
    server.call("POST", "/end-users", {"workspaceId": "acme", "externalId": "eve"})
    server.call("POST", "/workspaces/acme/integrations", {"integrationName": "slack"})
    async with opened(server) as socket:
        await socket.watch(1, {"workspace": "acme", "integrationAlias": "slack", "endUserId": "eve"})
        server.write("/workspaces/acme/end-users/eve", put("a", 1))
        assert (await socket.expect("events"))["events"][0]["key"] == "a"
        await socket.send(t="watch", id=2, namespace={"workspace": "acme", "integrationAlias": "slack"})
        error = await socket.expect("error")
        assert (error["id"], error["code"]) == (2, "VALIDATION_ERROR"), error


def main():
    url, key = sys.argv[1:3]
    server = Server(url, key)
    for slug in ("acme", "beta"):
        server.call("POST", "/workspaces", {"name": slug, "slug": slug})
    return claims.hold_against(server)


if __name__ == "__main__":
    sys.exit(main())
