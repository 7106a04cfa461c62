"""The servers that stand side by side, each with its own configuration, data folder and port, and how to fill it.

A server has `start()`, `load(keys)`, `stop()`, the `port` to measure, and `get`, `put` and `list` templates and a
`watch` where it can do these. Everything listens on 127.0.0.1 and keeps its files below the folder that it is
given.
"""

import json
import os
import socket
import subprocess

from http_client import exchange, post_all, probe
from processes import LOAD_CORE, BenchError, first_line, free_port, on_core, require, run_load
from template import VALUE_BYTES, base64_of, key, request, value, websocket
from watchers import Watch

LOAD_SECONDS_MAX = 3600  # for end users made one by one
CURSOR_BYTES = 30  # of Alcove, for such a version
BATCH = 128  # operations of one transaction, both Alcove's and etcd's limit


def batches(keys, size):
    for begin in range(0, keys, size):
        yield range(begin, min(begin + size, keys))


class Server:
    """What all have in common. `start` and `stop` may alternate; the data stays."""

    name = ""
    get = put = list = watch = None

    def __init__(self, processes, folder):
        self.processes = processes
        self.folder = folder
        self.running = []
        self.port = 0

    def _run(self, argv, port, log, env=None):
        process = self.processes.start(argv, self.folder / log, port, env)
        self.running.append(process)
        return process

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self._launch()
        return self

    def stop(self):
        for process in reversed(self.running):
            self.processes.stop(process)
        self.running.clear()

    def load(self, keys):
        pass


class Nginx(Server):
    """`return 200` with a constant body: the ceiling of HTTP on one core. It is sent the very requests that Alcove
    gets, the token included."""

    name = "nginx"

    # The folder belongs to who runs the bench: a worker of another user could not write there.
    CONFIG = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_time 1d;
    keepalive_timeout 1h;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type text/plain;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {location}
    }}
}}
"""

    def _launch(self):
        self.port = free_port()
        config = self.folder / "nginx.conf"
        config.write_text(self.CONFIG.format(folder=self.folder, port=self.port, location=self._location()))
        argv = [require("nginx"), "-p", self.folder, "-e", self.folder / "error.log", "-c", config]
        self._run(argv, self.port, "nginx.log")
        self.get = alcove_request("GET", f"{Alcove.SCOPES['workspace']}/kv/{{key}}", self.port)

    def _location(self):
        return f'location / {{ return 200 "{value(0)}"; }}'

    def version(self):
        return first_line([require("nginx"), "-v"])


class NginxFiles(Nginx):
    """nginx on a folder: it sends the files there, and PUT replaces them. The paths are Alcove's."""

    LOCATION = """
        location {path}/ {{
            alias {files}/;
            {settings}
            dav_methods PUT;
            create_full_put_path on;
            client_max_body_size 0;
        }}
"""

    def __init__(self, processes, folder, settings):
        super().__init__(processes, folder)
        self.settings = settings
        self.files = folder / "files"

    def _location(self):
        return self.LOCATION.format(path=Alcove.FILES, files=self.files, settings=self.settings)


class Broadcast(Server):
    """A bare broadcast on Boost.Beast: the ceiling of watches on one core. Its messages are what Alcove tells of one
    write."""

    name = "broadcast"

    EVENT = (
        '{"op":"put","key":"{key}","version":"10001","contentType":"text/plain","created":false,'
        '"value":"{value}"}'
    )

    def __init__(self, processes, folder, binary):
        super().__init__(processes, folder)
        self.binary = binary

    def _launch(self):
        self.port = free_port()
        self._run([self.binary, self.port], self.port, "broadcast.log")
        told = f'{{"t":"events","id":1,"cursor":"{"M" * CURSOR_BYTES}","more":false,"events":[{self.EVENT}]}}'
        upgrade = websocket("/publish", self.port)
        self.watch = Watch(websocket("/watch", self.port), '"t":"ok"', told, upgrade=upgrade)


class RedisWebdis(Server):
    """Redis with every write synced, behind webdis with one thread and its default pool."""

    name = "redis + webdis"

    REDIS = """
bind 127.0.0.1
port {port}
dir {folder}
daemonize no
save ""
appendonly yes
appendfsync no
auto-aof-rewrite-percentage 0
"""

    def _launch(self):
        self.redis_port, self.port = free_port(), free_port()
        redis = self.folder / "redis.conf"
        redis.write_text(self.REDIS.format(port=self.redis_port, folder=self.folder))
        self._run([require("redis-server"), redis], self.redis_port, "redis.log")
        webdis = self.folder / "webdis.json"
        webdis.write_text(json.dumps(self._webdis()))
        self._run([require("webdis"), webdis], self.port, "webdis.log")
        self.get = request("GET", "/GET/{key}.txt", self.port)
        self.put = request("PUT", "/SET/{key}", self.port, body="{value}")
        lex = "/ZRANGEBYLEX/list/[{group}/({group}~/LIMIT/0/100"
        self.list = request("GET", lex, self.port)
        self.list_raw = request("GET", f"{lex}.raw", self.port)
        publish = request("PUT", "/PUBLISH/watch", self.port, body="{value}")
        subscribe = request("GET", "/SUBSCRIBE/watch", self.port)
        self.watch = Watch(subscribe, '["subscribe"', publish, in_order=False)

    def _webdis(self):
        return {
            "redis_host": "127.0.0.1",
            "redis_port": self.redis_port,
            "http_host": "127.0.0.1",
            "http_port": self.port,
            "threads": 1,
            "daemonize": False,
            "verbosity": 0,
            "logfile": str(self.folder / "webdis.messages"),
        }

    def load(self, keys):
        """The keys as strings, and again as one sorted set for ZRANGEBYLEX; synced at the end, and from then on with
        every write."""
        with socket.create_connection(("127.0.0.1", self.redis_port)) as redis:
            answers = redis.makefile("rb")
            for numbers in batches(keys, 1000):
                commands = [_resp("SET", key(i), value(i)) for i in numbers]
                members = [part for i in numbers for part in ("0", f"{key(i)}:{value(i)}")]
                self._send(redis, answers, [*commands, _resp("ZADD", "list", *members)])
            self._send(redis, answers, [_resp("CONFIG", "SET", "appendfsync", "always")])
            redis.sendall(_resp("DBSIZE").encode())
            if answers.readline() != f":{keys + 1}\r\n".encode():
                raise BenchError("redis does not hold the keys that were loaded")

    @staticmethod
    def _send(redis, answers, commands):
        redis.sendall("".join(commands).encode())
        for _ in commands:
            answer = answers.readline()
            if answer[:1] not in b"+:":
                raise BenchError(f"redis answered {answer!r}")

    def version(self):
        redis = first_line([require("redis-server"), "--version"])
        return f"{redis}, webdis {first_line(['dpkg-query', '-W', '-f', '${Version}', 'webdis'])}"


def _resp(*words):
    parts = [f"*{len(words)}\r\n"]
    parts += [f"${len(word)}\r\n{word}\r\n" for word in words]
    return "".join(parts)


class Etcd(Server):
    """One etcd member, through its JSON gateway."""

    name = "etcd"

    def _launch(self):
        self.port, peer_port = free_port(), free_port()
        client, peer = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer_port}"
        arguments = {
            "name": "bench",
            "data-dir": self.folder / "data",
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"bench={peer}",
            "quota-backend-bytes": 16 << 30,
            "logger": "zap",
            "log-level": "error",
        }
        argv = [f"--{name}={content}" for name, content in arguments.items()]
        self._run([require("etcd"), *argv], self.port, "etcd.log")
        self.get = request("POST", "/v3/kv/range", self.port, body='{"key":"{key64}"}')
        self.put = request("POST", "/v3/kv/put", self.port, body='{"key":"{key64}","value":"{value64}"}')
        every_key = f'{{"create_request":{{"key":"{base64_of("k")}","range_end":"{base64_of("l")}"}}}}'
        watch = request("POST", "/v3/watch", self.port, body=every_key)
        self.watch = Watch(watch, '"created":true', self.put, value64=True)

    def load(self, keys):
        post_all(self.port, "/v3/kv/txn", {}, map(self._transaction, batches(keys, BATCH)), connections=16)
        everything = '{"key":"AA==","range_end":"AA==","count_only":true}'
        _, body = exchange(self.port, request("POST", "/v3/kv/range", self.port, body=everything))
        if f'"count":"{keys}"' not in body:
            raise BenchError(f"etcd does not hold the keys that were loaded: {body[:200]}")

    @staticmethod
    def _transaction(numbers):
        puts = [f'{{"requestPut":{{"key":"{base64_of(key(i))}","value":"{base64_of(value(i))}"}}}}' for i in numbers]
        return f'{{"success":[{",".join(puts)}]}}'

    def version(self):
        return first_line([require("etcd"), "--version"])


class DenoKv(Server):
    """Deno KV on its own file, behind Deno.serve."""

    name = "deno kv"

    def __init__(self, processes, folder, deno, script):
        super().__init__(processes, folder)
        self.deno = deno
        self.script = script
        self.env = {"DENO_DIR": str(folder / "deno"), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}

    def _argv(self, mode, number):
        return [self.deno, "run", "--unstable-kv", "-A", self.script, mode, self.folder / "kv.sqlite", number]

    def start(self):
        """Deno opens its file alone, so that it is filled before it is served: see `load`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def load(self, keys):
        env = {**os.environ, **self.env}
        done = subprocess.run(on_core(LOAD_CORE, self._argv("load", keys)), env=env, capture_output=True, text=True)
        if done.returncode != 0:
            raise BenchError(f"deno could not fill its store: {done.stderr[-300:]}")
        self.port = free_port()
        self._run(self._argv("serve", self.port), self.port, "deno.log", self.env)
        self.list = request("GET", "/list/{group}", self.port)

    def version(self):
        return first_line([self.deno, "--version"])


ROOT_KEY = "alc_benchmark_key_0123456789"


def alcove_request(method, target, port, body="", value_bytes=VALUE_BYTES):
    headers = [f"Authorization: Bearer {ROOT_KEY}"]
    if body:
        headers.append("Content-Type: text/plain")
    return request(method, target, port, headers, body, value_bytes)


def get_file(folder, port):
    return alcove_request("GET", f"{Alcove.FILES}/{folder}/{{key}}", port)


def put_file(folder, port, file_bytes):
    """The head alone: its body is the sender's."""
    headers = [f"Authorization: Bearer {ROOT_KEY}", "Content-Type: application/octet-stream"]
    target = f"{Alcove.FILES}/{folder}/{{key}}"
    return request("PUT", target, port, [*headers, f"Content-Length: {file_bytes}"])


class Alcove(Server):
    """Alcove with one I/O thread; its writer and applier share the same core."""

    name = "alcove"

    SCOPES = {
        "workspace": "/api/v1/workspaces/bench",
        "end_user": "/api/v1/workspaces/bench/end-users/u1",
        "external": "/api/v1/workspaces/bench/external/acme",
    }
    FILES = f"{SCOPES['workspace']}/files"
    ALIAS = "/api/v1/workspaces/bench/integrations/mine"  # keeps its data per end user

    def __init__(self, processes, folder, binary, flags=(), scopes=("workspace",)):
        super().__init__(processes, folder)
        self.binary = binary
        self.flags = flags
        self.scopes = scopes

    def _launch(self):
        self.port = free_port()
        argv = [self.binary, "serve", "--data", self.folder / "data", "--listen", f"127.0.0.1:{self.port}"]
        argv += ["--server-threads", "1", *self.flags]
        self.process = self._run(argv, self.port, "alcove.log", {"ALCOVE_ROOT_KEY": ROOT_KEY})
        workspace = self.SCOPES["workspace"]
        self.get = self.get_in("workspace")
        self.put = self.put_of(VALUE_BYTES)
        listing = f"{workspace}/kv?prefix={{group}}&limit=100&values=true"
        self.list = alcove_request("GET", listing, self.port)
        self.watch = self.watch_in(workspace, self.put)

    def get_in(self, scope):
        return alcove_request("GET", f"{self.SCOPES[scope]}/kv/{{key}}", self.port)

    def put_of(self, value_bytes):
        target = f"{self.SCOPES['workspace']}/kv/{{key}}"
        return alcove_request("PUT", target, self.port, "{value}", value_bytes)

    def watch_in(self, namespace, publish=""):
        """Of a namespace's path, which may hold {key}."""
        target = f"{namespace}/watch?from=now"
        return Watch(websocket(target, self.port, [f"Authorization: Bearer {ROOT_KEY}"]), '"t":"ok"', publish)

    def get_by_alias(self):
        return alcove_request("GET", f"{self.ALIAS}/kv/{{key}}?endUserId=u1", self.port)

    def load(self, keys):
        self._create("/api/v1/workspaces", '{"name":"Bench","slug":"bench"}')
        if "end_user" in self.scopes:
            self._create("/api/v1/end-users", '{"workspaceId":"bench","externalId":"u1"}')
            integration = '{"integrationName":"kv-store","alias":"mine"}'
            self._create("/api/v1/workspaces/bench/integrations", integration)
        headers = {"Authorization": f"Bearer {ROOT_KEY}", "Content-Type": "application/json"}
        for scope in self.scopes:
            bodies = map(self._transaction, batches(keys, BATCH))
            post_all(self.port, f"{self.SCOPES[scope]}/transactions", headers, bodies, connections=8)
            for number in (0, keys // 2, keys - 1):
                probe(self.port, self.get_in(scope), number, value(number))

    def _create(self, path, body):
        headers = [f"Authorization: Bearer {ROOT_KEY}", "Content-Type: application/json"]
        status, answer = exchange(self.port, request("POST", path, self.port, headers, body))
        if status != 201:
            raise BenchError(f"POST {path}: {status} {answer[:200]}")

    @staticmethod
    def _transaction(numbers):
        put = '{"op":"put","key":"%s","text":"%s","contentType":"text/plain"}'
        return f'{{"operations":[{",".join([put % (key(i), value(i)) for i in numbers])}]}}'

    def version(self):
        return first_line([self.binary, "--version"])


class AlcoveEndUsers(Alcove):
    """Alcove with a workspace of many end users, `many`, and some of few, `few0` and up, all made one by one; an end
    user's external id is `key(number)`."""

    name = "alcove"

    FEW = 1_000

    def __init__(self, processes, folder, binary, context, few_workspaces):
        super().__init__(processes, folder, binary, ["--external-id-rename-enabled=true"])
        self.context = context
        self.few_workspaces = few_workspaces

    def load(self, keys):
        sizes = {"many": keys, **{f"few{i}": self.FEW for i in range(self.few_workspaces)}}
        for workspace, end_users in sizes.items():
            self._create("/api/v1/workspaces", f'{{"name":"{workspace}","slug":"{workspace}"}}')
            self._create_end_users(workspace, end_users)

    def _create_end_users(self, workspace, count):
        headers = [f"Authorization: Bearer {ROOT_KEY}", "Content-Type: application/json"]
        body = f'{{"workspaceId":"{workspace}","externalId":"{{key}}"}}'
        template = request("POST", "/api/v1/end-users", self.port, headers, body)
        file = self.context.template_file(f"end users of {workspace}", template)
        done = run_load([self.context.client, self.port, file, count, 64, 0, 1], LOAD_SECONDS_MAX)
        if done["requests"] != count or done["bad_status"] or done["socket_errors"]:
            raise BenchError(f"only {done['requests'] - done['bad_status']} of {count} end users were made")

    def rename(self, workspace, renames):
        """The raw request of one call: [(current, new)]."""
        headers = [f"Authorization: Bearer {ROOT_KEY}", f"Alcove-Workspace: {workspace}"]
        items = [{"current_external_id": current, "new_external_id": new} for current, new in renames]
        body = json.dumps({"external_id_renames": items})
        return request("POST", "/users/external_ids/rename", self.port, headers, body)
