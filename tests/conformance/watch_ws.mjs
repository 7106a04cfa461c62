// Watches as the library `ws` for Node meets them: node watch_ws.mjs URL ADMIN_KEY
// Exit status 0 and a line per claim, or what was not so.
import assert from "node:assert/strict";
import WebSocket from "ws";

const [url, adminKey] = process.argv.slice(2);
const patienceMs = 20_000;

// ---- the API

async function call(method, path, body, { key = adminKey, type = "application/json" } = {}) {
  const headers = { Authorization: `Bearer ${key}`, ...(body === undefined ? {} : { "Content-Type": type }) };
  const sent = type === "application/json" ? JSON.stringify(body) : body;
  const response = await fetch(`${url}/api/v1${path}`, { method, headers, body: sent });
  const text = await response.text();
  assert(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return { etag: response.headers.get("etag")?.replaceAll('"', ""), ...(text && JSON.parse(text)) };
}

const write = async (path, ...operations) => (await call("POST", `${path}/transactions`, { operations })).version;
const put = (key, value, more = {}) => ({ op: "put", key, value, ...more });
const ticketFor = async (namespace) => (await call("POST", "/watch-tickets", { namespace })).ticket;

// An external namespace that no other claim uses.
let namespaces = 0;
function freshNamespace() {
  const externalId = `ws-${(namespaces += 1)}`;
  return { path: `/workspaces/acme/external/${externalId}`, member: { workspace: "acme", externalId } };
}

// ---- sockets

function byPatience(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not in time`)), patienceMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const connect = (path, protocols = [], headers = {}) =>
  new WebSocket(`${url.replace("http", "ws")}/api/v1${path}`, protocols, { headers });

// Its frames wait in a queue until they are asked for.
class Socket {
  constructor(socket) {
    this.raw = socket;
    this.frames = [];
    this.waiting = null;
    this.closed = new Promise((resolve) => socket.on("close", resolve));
    socket.on("message", (data, isBinary) => this.#take(isBinary ? { t: "binary" } : JSON.parse(data)));
    socket.on("error", ({ message }) => this.#take({ t: "failure", message }));
    socket.on("close", (code) => this.#take({ t: "close", code }));
  }

  // A socket whose hello has been read.
  static async open(path = "/watch", { protocols = [], token = adminKey } = {}) {
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    const opened = new Socket(connect(path, protocols, headers));
    await opened.expect("hello");
    return opened;
  }

  // As above, with the token in a frame.
  static async authenticated(token) {
    const opened = new Socket(connect("/watch", "alcove.v1"));
    opened.raw.on("open", () => opened.send({ t: "auth", token }));
    return { socket: opened, hello: await opened.expect("hello") };
  }

  #take(frame) {
    this.frames.push(frame);
    this.waiting?.();
  }

  async next() {
    if (this.frames.length === 0) {
      await byPatience(new Promise((resolve) => (this.waiting = resolve)), "the next frame");
    }
    return this.frames.shift();
  }

  async expect(kind) {
    let frame = await this.next();
    while (frame.t === "progress" && kind !== "progress") frame = await this.next();
    assert.equal(frame.t, kind, JSON.stringify(frame));
    return frame;
  }

  send(frame) {
    this.raw.send(JSON.stringify(frame));
  }

  async watch(id, namespace, more = {}) {
    this.send({ t: "watch", id, namespace, ...more });
    const ok = await this.expect("ok");
    assert.equal(ok.id, id);
    return ok;
  }

  // The keys of a snapshot with what is said of them; leaves what comes behind `synced`.
  async snapshot() {
    const items = [];
    let frame = await this.expect("snapshot");
    for (; frame.t === "snapshot"; frame = await this.next()) items.push(...frame.items);
    assert.equal(frame.t, "synced", JSON.stringify(frame));
    return { items, cursor: frame.cursor };
  }

  // So many events of one watch, and the cursor behind them.
  async events(count) {
    const events = [];
    let cursor = null;
    while (events.length < count) {
      const frame = await this.expect("events");
      assert.equal(frame.more, false, JSON.stringify(frame));
      events.push(...frame.events);
      cursor = frame.cursor;
    }
    assert.equal(events.length, count, JSON.stringify(events));
    return { events, cursor };
  }

  // The frames until all that these watches had to tell of what is written by now has come.
  async toldUntilNow(...ids) {
    for (const id of ids) this.send({ t: "sync", id });
    const missing = new Set(ids);
    const frames = [];
    while (missing.size > 0) {
      const frame = await this.next();
      assert.notEqual(frame.t, "close", JSON.stringify(frame));
      if (frame.t === "progress") missing.delete(frame.id);
      else frames.push(frame);
    }
    return frames;
  }

  async close(code = 1000) {
    this.raw.close(code);
    return byPatience(this.closed, "the close");
  }
}

const brief = (events) => events.map(({ op, key, value }) => (op === "put" ? `${op} ${key} ${value}` : `${op} ${key}`));
const eventsOf = (frames, watch = null) =>
  frames.filter(({ t, id }) => t === "events" && (watch ?? id) === id).flatMap(({ events }) => events);
const versionsAscend = (events) =>
  events.every(({ version }, i) => i === 0 || BigInt(events[i - 1].version) <= BigInt(version));

// The status that refuses an upgrade.
function refusal(path, { protocols = [], headers = {} } = {}) {
  const socket = connect(path, protocols, headers);
  const status = new Promise((resolve, reject) => {
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode);
    });
    socket.on("open", () => reject(new Error(`${path} was not refused`)));
    socket.on("error", () => {});
  });
  return byPatience(status, "a refusal");
}

// ---- claims

const claims = [];
const claim = (text, check) => claims.push({ text, check });

claim("the library accepts the handshake, and no extension is on", async () => {
  const socket = await Socket.open("/watch", { protocols: ["alcove.v1"] });
  assert.equal(socket.raw.protocol, "alcove.v1");
  assert.equal(socket.raw.extensions, "");
  assert.equal(await socket.close(), 1000);
});

claim("who sends a token in a frame is told hello", async () => {
  const { socket, hello } = await Socket.authenticated(adminKey);
  assert.equal(typeof hello.connection, "string");
  assert.equal(typeof hello.limits, "object");
  assert.equal(typeof hello.heartbeat, "number");
  await socket.close();
});

claim("a watch tells what is written behind it, and nothing before", async () => {
  const { path, member } = freshNamespace();
  await write(path, put("before", 1));
  const socket = await Socket.open();
  const { cursor } = await socket.watch(1, member);
  assert.equal(typeof cursor, "string");
  const version = await write(path, put("a", { n: 1 }));
  const { events } = await socket.events(1);
  assert.deepEqual(events, [
    { op: "put", key: "a", version, contentType: "application/json", created: true, value: { n: 1 } },
  ]);
  await socket.close();
});

claim("values look as in other answers: JSON, text, base64", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member);
  await call("PUT", `${path}/kv/t`, "größe", { type: "text/plain; charset=utf-8" });
  await call("PUT", `${path}/kv/b`, new Uint8Array([0, 255, 7]), { type: "application/octet-stream" });
  await call("PUT", `${path}/kv/j`, null);
  const { events } = await socket.events(3);
  assert.deepEqual(events.map(({ value }) => value), ["größe", { base64: "AP8H" }, null]);
  assert.deepEqual(events.map(({ contentType }) => contentType),
    ["text/plain; charset=utf-8", "application/octet-stream", "application/json"]);
  await socket.close();
});

claim("put, replace, touch, delete, deletePrefix and expiry are told as such", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member);
  await write(path, put("a", 1));
  await write(path, put("a", 2));
  await write(path, { op: "touch", key: "a", ttl: 1000 });
  await write(path, { op: "delete", key: "a" });
  await write(path, put("p/1", 1), put("p/2", 2), put("q", 3));
  const emptied = await write(path, { op: "deletePrefix", prefix: "p/" });
  await write(path, put("gone", 1, { ttl: 0.3 }));
  const { events } = await socket.events(11);
  assert.deepEqual(brief(events), ["put a 1", "put a 2", "put a 2", "delete a", "put p/1 1", "put p/2 2", "put q 3",
    "delete p/1", "delete p/2", "put gone 1", "expire gone"]);
  assert.deepEqual(events.slice(0, 3).map(({ created }) => created), [true, false, false]);
  assert.deepEqual(events[3], { op: "delete", key: "a", version: events[3].version });
  assert.deepEqual(events.slice(7, 9).map(({ version }) => version), [emptied, emptied]);
  assert.deepEqual(events[10], { op: "expire", key: "gone", version: events[10].version });
  assert(versionsAscend(events), JSON.stringify(events));
  await socket.close();
});

claim("a transaction is told whole, at one version", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member);
  const version = await write(path, ...Array.from({ length: 100 }, (_, n) => put(`k${n}`, n)));
  const frame = await socket.expect("events");
  assert.equal(frame.events.length, 100);
  assert(frame.events.every((event) => event.version === version) && frame.more === false);
  await socket.close();
});

claim("the events of a version come in the byte order of their keys, one for each", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member);
  await write(path, put("z", 1), put("\u{1f600}", 1), put("a", 1), put("\u{ffee}", 1), put("a", 2));
  const told = eventsOf(await socket.toldUntilNow(1));
  assert.deepEqual(brief(told), ["put a 2", "put z 1", "put \u{ffee} 1", "put \u{1f600} 1"]);
  await socket.close();
});

claim("a snapshot comes in byte order, synced behind it, and then the stream", async () => {
  const { path, member } = freshNamespace();
  const keys = ["", "a", "a/b", "a0", "z", "é", "€", "\u{1f600}"].map((key) => `k${key}`);
  await write(path, ...[...keys].reverse().map((key) => put(key, key)));
  const socket = await Socket.open();
  await socket.watch(5, member, { from: "snapshot" });
  const { items, cursor } = await socket.snapshot();
  assert.deepEqual(items.map(({ key }) => key), keys);
  assert.deepEqual(Object.keys(items[0]).sort(), ["contentType", "key", "value", "version"]);
  assert.equal(typeof cursor, "string");
  await write(path, put("new", 1));
  assert.deepEqual(brief((await socket.events(1)).events), ["put new 1"]);
  await socket.close();
});

claim("a snapshot of nothing is synced at once", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member, { from: "snapshot" });
  let frame = await socket.next();
  if (frame.t === "snapshot") {
    assert.deepEqual(frame.items, []);
    frame = await socket.next();
  }
  assert.equal(frame.t, "synced");
  await write(path, put("first", 1));
  assert.deepEqual(brief((await socket.events(1)).events), ["put first 1"]);
  await socket.close();
});

claim("500 watches on one socket are each told of their own namespace", async () => {
  const all = Array.from({ length: 500 }, freshNamespace);
  const socket = await Socket.open();
  all.forEach(({ member }, i) => socket.send({ t: "watch", id: i, namespace: member }));
  for (const i of all.keys()) assert.deepEqual((({ t, id }) => ({ t, id }))(await socket.next()), { t: "ok", id: i });
  for (const [i, { path }] of all.entries()) await write(path, put("mine", i));
  const told = new Map();
  while (told.size < all.length) {
    const { id, events } = await socket.expect("events");
    assert(!told.has(id), `the watch ${id} was told twice`);
    told.set(id, brief(events));
  }
  for (const i of all.keys()) assert.deepEqual(told.get(i), [`put mine ${i}`]);
  await socket.close();
});

claim("several watches of one namespace are each told", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  for (const id of [1, 2, 3]) await socket.watch(id, member, id === 3 ? { prefix: "b" } : {});
  await write(path, put("a", 1));
  await write(path, put("b", 2));
  const frames = await socket.toldUntilNow(1, 2, 3);
  assert.deepEqual(brief(eventsOf(frames, 1)), ["put a 1", "put b 2"]);
  assert.deepEqual(brief(eventsOf(frames, 2)), ["put a 1", "put b 2"]);
  assert.deepEqual(brief(eventsOf(frames, 3)), ["put b 2"]);
  await socket.close();
});

claim("the watch behind the thousandth is refused, and there is room again behind an unwatch", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  for (let id = 0; id < 1000; id += 1) socket.send({ t: "watch", id, namespace: member, prefix: `${id}/` });
  for (let id = 0; id < 1000; id += 1) await socket.expect("ok");
  socket.send({ t: "watch", id: 1000, namespace: member });
  assert.equal((await socket.expect("error")).id, 1000);
  socket.send({ t: "unwatch", id: 7 });
  assert.deepEqual(await socket.expect("end"), { t: "end", id: 7, why: "unwatch" });
  await socket.watch(1000, member, { prefix: "new/" });
  await write(path, put("999/a", 1), put("new/a", 1), put("7/a", 1));
  const frames = await socket.toldUntilNow(999, 1000);
  assert.deepEqual(eventsOf(frames).map(({ key }) => key).sort(), ["999/a", "new/a"]);
  await socket.close();
});

claim("a watch from a cursor tells what came strictly behind it", async () => {
  const { path, member } = freshNamespace();
  const first = await Socket.open();
  const { cursor: start } = await first.watch(1, member);
  const cursors = [start];
  for (let n = 0; n < 5; n += 1) {
    await write(path, put("n", n));
    cursors.push((await first.events(1)).cursor);
  }
  first.raw.terminate();
  await write(path, put("n", 5));
  const second = await Socket.open();
  for (const [i, cursor] of cursors.entries()) {
    await second.watch(i, member, { from: { cursor } });
    const { events } = await second.events(6 - i);
    assert.deepEqual(events.map(({ value }) => value), [0, 1, 2, 3, 4, 5].slice(i));
    second.send({ t: "unwatch", id: i });
    await second.expect("end");
  }
  await second.close();
});

claim("the cursors of ok, synced and progress can be gone on from", async () => {
  const { path, member } = freshNamespace();
  await write(path, put("a", 1));
  const socket = await Socket.open();
  const ok = await socket.watch(1, member);
  await socket.watch(2, member, { from: "snapshot" });
  const synced = await socket.snapshot();
  socket.send({ t: "sync", id: 1 });
  const progress = await socket.expect("progress");
  socket.send({ t: "unwatch", id: 1 });
  socket.send({ t: "unwatch", id: 2 });
  for (const id of [1, 2]) assert.equal((await socket.expect("end")).id, id);
  await write(path, put("b", 2));
  for (const { cursor } of [ok, synced, progress]) {
    await socket.watch(3, member, { from: { cursor } });
    assert.deepEqual(brief((await socket.events(1)).events), ["put b 2"]);
    socket.send({ t: "unwatch", id: 3 });
    await socket.expect("end");
  }
  await socket.close();
});

claim("a prefix holds for snapshot and events, byte by byte", async () => {
  const { path, member } = freshNamespace();
  await write(path, put("a", 1), put("a/1", 1), put("a/2", 1), put("a0", 1), put("b", 1));
  const socket = await Socket.open();
  await socket.watch(1, member, { from: "snapshot", prefix: "a/" });
  assert.deepEqual((await socket.snapshot()).items.map(({ key }) => key), ["a/1", "a/2"]);
  await write(path, put("a/3", 1), put("a", 2), { op: "delete", key: "a/1" }, put("a0", 2));
  await write(path, put("b", 2));
  const told = eventsOf(await socket.toldUntilNow(1));
  assert.deepEqual(brief(told), ["delete a/1", "put a/3 1"]);
  await socket.close();
});

claim("`operations` says which are told", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  const kinds = ["put", "delete", "expire"];
  await socket.watch(0, member);
  for (const [i, kind] of kinds.entries()) await socket.watch(i + 1, member, { operations: [kind] });
  await socket.watch(4, member, { operations: ["delete", "expire"] });
  await write(path, put("a", 1), put("b", 1, { ttl: 0.2 }));
  await write(path, { op: "delete", key: "a" });
  const frames = [];
  while (!brief(eventsOf(frames, 0)).includes("expire b")) frames.push(await socket.expect("events"));
  frames.push(...(await socket.toldUntilNow(1, 2, 3, 4)));
  assert.deepEqual(brief(eventsOf(frames, 1)), ["put a 1", "put b 1"]);
  assert.deepEqual(brief(eventsOf(frames, 2)), ["delete a"]);
  assert.deepEqual(brief(eventsOf(frames, 3)), ["expire b"]);
  assert.deepEqual(brief(eventsOf(frames, 4)), ["delete a", "expire b"]);
  await socket.close();
});

claim("with `values` false neither snapshot nor events have values", async () => {
  const { path, member } = freshNamespace();
  await write(path, put("a", 1));
  const socket = await Socket.open();
  await socket.watch(1, member, { from: "snapshot", values: false });
  const { items } = await socket.snapshot();
  assert.deepEqual(items.map(({ key, ...rest }) => [key, "value" in rest]), [["a", false]]);
  await write(path, put("a", 2));
  const { events } = await socket.events(1);
  assert.equal("value" in events[0], false, JSON.stringify(events));
  assert.equal(events[0].key, "a");
  await socket.close();
});

claim("with `previous` what was replaced or removed stands beside it", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member, { previous: true });
  const first = await write(path, put("a", { n: 1 }));
  const second = await write(path, put("a", { n: 2 }));
  await write(path, { op: "delete", key: "a" });
  await write(path, put("a", { n: 3 }));
  const { events } = await socket.events(4);
  const before = (version, value) => ({ version, contentType: "application/json", value });
  assert.deepEqual(events.map(({ previous }) => previous ?? null),
    [null, before(first, { n: 1 }), before(second, { n: 2 }), null]);
  await socket.close();
});

claim("`latest` tells of a key only once in what is sent together, and its last state always", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  const { cursor } = await socket.watch(1, member);
  for (let n = 0; n < 50; n += 1) await write(path, put("busy", n), put(`quiet/${n % 5}`, n));
  await write(path, { op: "delete", key: "quiet/0" });
  const reader = await Socket.open();
  await reader.watch(1, member, { from: { cursor }, mode: "latest" });
  const frames = await reader.toldUntilNow(1);
  for (const { events } of frames) {
    assert.equal(new Set(events.map(({ key }) => key)).size, events.length, JSON.stringify(events));
  }
  const events = eventsOf(frames);
  assert(events.length < 101, `${events.length} events`);
  assert(versionsAscend(events), JSON.stringify(events));
  const state = new Map(events.map((event) => [event.key, brief([event])[0]]));
  assert.deepEqual([...state.values()].sort(),
    ["delete quiet/0", "put busy 49", "put quiet/1 46", "put quiet/2 47", "put quiet/3 48", "put quiet/4 49"]);
  await reader.close();
  await socket.close();
});

claim("what was acknowledged before a sync is told before its progress", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member);
  for (let n = 0; n < 200; n += 1) {
    await write(path, put("n", n));
    assert.deepEqual(brief(eventsOf(await socket.toldUntilNow(1))), [`put n ${n}`]);
  }
  await socket.close();
});

claim("a watch that ended tells nothing more, and its id is free", async () => {
  const { path, member } = freshNamespace();
  const socket = await Socket.open();
  await socket.watch(1, member);
  await socket.watch(2, member);
  socket.send({ t: "unwatch", id: 1 });
  assert.deepEqual(await socket.expect("end"), { t: "end", id: 1, why: "unwatch" });
  await write(path, put("a", 1));
  assert.deepEqual((await socket.toldUntilNow(2)).map(({ id }) => id), [2]);
  await socket.watch(1, member, { from: "snapshot" });
  assert.deepEqual((await socket.snapshot()).items.map(({ key }) => key), ["a"]);
  await socket.close();
});

claim("pings of both kinds are answered", async () => {
  const socket = await Socket.open();
  socket.send({ t: "ping", n: 7 });
  assert.deepEqual(await socket.next(), { t: "pong", n: 7 });
  socket.send({ t: "ping" });
  assert.deepEqual(await socket.next(), { t: "pong" });
  const pong = new Promise((resolve) => socket.raw.on("pong", (data) => resolve(`${data}`)));
  socket.raw.ping("are you there?");
  assert.equal(await byPatience(pong, "a pong"), "are you there?");
  await socket.close();
});

claim("the path of a namespace takes the members as parameters", async () => {
  const { path, member } = freshNamespace();
  await write(path, put("a/1", 1), put("b", 1));
  const snapshot = await Socket.open(`${path}/watch?from=snapshot&prefix=a%2F&values=false`);
  assert.equal((await snapshot.expect("ok")).id, 1);
  const { items, cursor } = await snapshot.snapshot();
  assert.deepEqual(items.map(({ key, ...rest }) => [key, "value" in rest]), [["a/1", false]]);
  await snapshot.close();
  await write(path, put("a/1", 2), put("a/2", 2), put("b", 2));
  await write(path, { op: "delete", key: "a/1" });
  const resumed = await Socket.open(
    `${path}/watch?from=${encodeURIComponent(cursor)}&operations=put,delete&previous=true&mode=every&prefix=a/`);
  await resumed.expect("ok");
  const { events } = await resumed.events(3);
  assert.deepEqual(brief(events), ["put a/1 2", "put a/2 2", "delete a/1"]);
  assert.deepEqual(events.map(({ previous }) => previous?.value), [1, undefined, 2]);
  await resumed.watch(2, member);
  await resumed.close();
});

claim("a wrong parameter is refused with 400", async () => {
  const { path } = freshNamespace();
  const headers = { Authorization: `Bearer ${adminKey}` };
  const unknown = ["from=then", "mode=all", "values=yes", "previous=1", "operations=put,puts", "x=1"];
  for (const query of [...unknown, "prefix=a&prefix=b", `token=${adminKey}`]) {
    assert.equal(await refusal(`${path}/watch?${query}`, { headers }), 400, query);
  }
});

claim("whose path does not exist is refused with 404", async () => {
  const headers = { Authorization: `Bearer ${adminKey}` };
  for (const path of ["/workspaces/nobody", "/workspaces/acme/end-users/nobody"]) {
    assert.equal(await refusal(`${path}/watch`, { headers }), 404, path);
  }
});

claim("a ticket beside the subprotocol opens its namespace, once", async () => {
  const { path, member } = freshNamespace();
  await write(path, put("a", 1));
  const ticket = await ticketFor(member);
  assert(ticket.startsWith("wst_"), ticket);
  const socket = await Socket.open(`${path}/watch?from=snapshot`, { protocols: ["alcove.v1", ticket], token: null });
  assert.equal(socket.raw.protocol, "alcove.v1");
  await socket.expect("ok");
  assert.deepEqual((await socket.snapshot()).items.map(({ key }) => key), ["a"]);
  await write(path, put("b", 2));
  assert.deepEqual(brief((await socket.events(1)).events), ["put b 2"]);
  assert.equal(await refusal(`${path}/watch`, { protocols: ["alcove.v1", ticket] }), 401);
  await socket.close();
  assert.equal(await refusal(`${path}/watch`, { protocols: ["alcove.v1", ticket] }), 401);
});

claim("a ticket opens no other namespace", async () => {
  const mine = freshNamespace();
  const other = freshNamespace();
  const status = await refusal(`${other.path}/watch`, { protocols: ["alcove.v1", await ticketFor(mine.member)] });
  assert([401, 403].includes(status), status);
  const { socket } = await Socket.authenticated(await ticketFor(mine.member));
  socket.send({ t: "watch", id: 1, namespace: other.member });
  assert(["FORBIDDEN", "SCOPE_DENIED"].includes((await socket.expect("error")).code));
  await socket.watch(1, mine.member);
  await write(mine.path, put("a", 1));
  assert.deepEqual(brief((await socket.events(1)).events), ["put a 1"]);
  await socket.close();
});

claim("a ticket goes with the token that made it", async () => {
  const { path, member } = freshNamespace();
  const body = { name: "backend", permissions: ["kv:read"], workspaceIds: null };
  const { apiKey, plainKey } = await call("POST", "/api-keys", body);
  const make = async () => (await call("POST", "/watch-tickets", { namespace: member }, { key: plainKey })).ticket;
  const [used, unused] = [await make(), await make()];
  const socket = await Socket.open(`${path}/watch`, { protocols: ["alcove.v1", used], token: null });
  await socket.expect("ok");
  await call("DELETE", `/api-keys/${apiKey.id}`);
  assert.deepEqual(await socket.expect("end"), { t: "end", id: 1, why: "auth" });
  assert.equal(await refusal(`${path}/watch`, { protocols: ["alcove.v1", unused] }), 401);
  socket.raw.terminate();
});

claim("codes that the client closes with come back", async () => {
  for (const code of [1000, 1001, 1011, 3000, 4999]) {
    const socket = await Socket.open();
    assert.equal(await socket.close(code), code);
  }
});

claim("a binary message is closed with 1003, one of more than 64 KiB with 1009", async () => {
  const messages = [[Buffer.from("{}"), 1003], ["x".repeat(65_537), 1009], ["x".repeat(5_000_000), 1009]];
  for (const [message, code] of messages) {
    const socket = await Socket.open();
    socket.raw.send(message);
    assert.equal(await byPatience(socket.closed, "a close"), code);
  }
});

claim("messages in fragments of the library's are taken", async () => {
  const socket = await Socket.open();
  const message = JSON.stringify({ t: "ping", n: 12 });
  for (let i = 0; i < message.length; i += 1) socket.raw.send(message[i], { fin: i === message.length - 1 });
  assert.deepEqual(await socket.next(), { t: "pong", n: 12 });
  await socket.close();
});

// ---- all of them

let failed = 0;
await call("POST", "/workspaces", { name: "Acme", slug: "acme" });
for (const { text, check } of claims) {
  console.log(text);
  try {
    await check();
  } catch (error) {
    failed += 1;
    console.log(`FAILED: ${error.stack}`);
  }
}
console.log(failed === 0 ? "done" : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
