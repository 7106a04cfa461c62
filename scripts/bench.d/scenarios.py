"""What is measured, scenario by scenario. Each returns {label: [figures of each round]}."""

import http.client
import random
import resource
import socket
import statistics
import time

import file_scenarios
import machine
import noisy_scenarios
import watch_scenarios
from http_client import probe
from measure import append_target, client_target, interleave, wrk_target
from processes import BenchError
from template import GROUP_KEYS, VALUE_BYTES, base64_of, fill, key, value

IDLE_CONNECTIONS = 1000
SUSTAINED_SECONDS = 60
SMALL_KEYS = 10_000
RENAMES_MAX = 50  # of one call
LONE_SECONDS_MAX = 4  # some ten thousand samples of a lone writer are enough


def get(context):
    nginx, redis, etcd, alcove = (context.server(name) for name in ("nginx", "redis", "etcd", "alcove"))
    keys = context.options.keys
    targets = [
        wrk_target("nginx", context, nginx, nginx.get, keys, expected=value(0)),
        wrk_target("redis", context, redis, redis.get, keys),
        wrk_target("etcd", context, etcd, etcd.get, keys, expected="{value64}"),
        wrk_target("alcove", context, alcove, alcove.get, keys),
        wrk_target("alcove end_user", context, alcove, alcove.get_in("end_user"), keys),
        wrk_target("alcove external", context, alcove, alcove.get_in("external"), keys),
        wrk_target("alcove alias", context, alcove, alcove.get_by_alias(), keys),
        client_target("nginx, own client", context, nginx, nginx.get, keys, connections=64),
        client_target("alcove, own client", context, alcove, alcove.get, keys, connections=64),
    ]
    return interleave(context, "get", targets)


def list_keys(context):
    redis, deno, alcove = (context.server(name) for name in ("redis", "deno", "alcove"))
    keys = context.options.keys // GROUP_KEYS * GROUP_KEYS
    last = "{group}99"
    targets = [
        wrk_target("redis", context, redis, redis.list, keys, expected=last),
        wrk_target("redis raw", context, redis, redis.list_raw, keys, expected=last),
        wrk_target("deno", context, deno, deno.list, keys, expected=last),
        wrk_target("alcove", context, alcove, alcove.list, keys, expected=last),
    ]
    return interleave(context, "list", targets)


def put(context):
    servers = {name: context.server(name) for name in ("redis", "etcd", "alcove", "alcove no history")}
    return _put(context, "put", servers, connections=64)


def put256(context):
    servers = {name: context.server(name) for name in ("redis", "alcove")}
    return _put(context, "put256", servers, connections=256)


def _put(context, scenario, servers, connections):
    keys = context.options.keys
    targets = []
    for label, server in servers.items():
        _check_put(server, keys)
        settings = {"lead_in_seconds": context.lead_in_seconds, "leaves_seconds": _leaves(context, label)}
        targets.append(wrk_target(label, context, server, server.put, keys, connections, expected="", **settings))
    return interleave(context, scenario, targets)


def _leaves(context, label):
    """Alcove applies what it logged some seconds behind: that is not charged to the next target."""
    return context.applied_seconds if label.startswith("alcove") else 0.5


def _check_put(server, keys):
    """A value that was put is the value that is read."""
    number, other = keys - 1, value(keys)
    changed = server.put.replace("{value}", other).replace("{value64}", base64_of(other))
    probe(server.port, changed, number)
    probe(server.port, server.get, number, base64_of(other) if "{value64}" in server.put else other)
    probe(server.port, server.put, number)


def lone(context):
    redis, alcove = context.server("redis"), context.server("alcove")
    keys = context.options.keys
    targets = [
        append_target("append", context, "append", len(value(0))),
        append_target("overwrite", context, "overwrite", len(value(0))),
        client_target("redis", context, redis, redis.put, keys, connections=1),
        client_target("alcove", context, alcove, alcove.put, keys, 1, leaves_seconds=_leaves(context, "alcove")),
    ]
    return interleave(context, "lone", targets, min(context.options.seconds, LONE_SECONDS_MAX))


def large(context):
    """GET over few and over many keys, then PUT sustained over the many."""
    many_keys = context.options.large_keys
    few, many = context.server("alcove few"), context.server("alcove many")
    targets = [
        wrk_target("alcove few", context, few, few.get, SMALL_KEYS),
        wrk_target("alcove many", context, many, many.get, many_keys),
    ]
    context.leaves_seconds = context.applied_seconds
    results = interleave(context, "large", targets)
    context.settle()
    sustained = client_target("sustained", context, many, many.put, many_keys, connections=64)
    figures = sustained.measure(context.sustained_seconds, 1)
    if figures["bad_status"] or figures["socket_errors"]:
        raise BenchError(f"sustained PUT: {figures['bad_status']} answers not 2xx, {figures['socket_errors']} errors")
    context.say(f"  sustained: {figures['requests']:,} puts, longest gap {figures['gap_max_ms']:.0f} ms")
    figures["rate"] = figures["requests"] / figures["seconds"]
    results["sustained"] = [figures]
    return results


def rename(context):
    """Calls of RENAMES_MAX renames, one in a workspace of many end users, one in a workspace of few, and so on, on an
    otherwise idle server. Every end user is renamed once: the few are used up by one run, so each has its own."""
    alcove = context.server("alcove end users")
    context.leaves_seconds = context.applied_seconds
    results = {"rename many": [], "rename few": []}
    calls = alcove.FEW // RENAMES_MAX
    all_many = _draw(context.options.keys, calls * context.options.runs)
    for number in range(context.options.runs):
        context.settle()
        few, many = _draw(alcove.FEW, calls), all_many[number * calls : (number + 1) * calls]
        times = {"rename many": [], "rename few": []}
        with socket.create_connection(("127.0.0.1", alcove.port), timeout=30) as connection:
            for call, (some_few, some_many) in enumerate(zip(few, many)):
                pair = [("rename few", f"few{number}", some_few), ("rename many", "many", some_many)]
                for label, workspace, end_users in pair if call % 2 else reversed(pair):
                    times[label].append(_rename(connection, alcove, workspace, end_users, f"-{number}"))
        for label, taken in times.items():
            taken.sort()
            figures = {"requests": len(taken), "p50_us": statistics.median(taken), "max_us": taken[-1]}
            results[label].append(figures)
            context.say(f"  rename {number + 1}/{context.options.runs} {label}: p50 {figures['p50_us']:,.0f} µs")
    return results


def _draw(end_users, calls):
    """Random end users, in groups for one call each; nobody twice."""
    if calls * RENAMES_MAX > end_users:
        raise BenchError(f"{calls * RENAMES_MAX:,} end users are renamed; give so many --keys, or fewer --runs")
    drawn = random.Random(calls).sample(range(end_users), calls * RENAMES_MAX)
    return [drawn[i * RENAMES_MAX : (i + 1) * RENAMES_MAX] for i in range(calls)]


def _rename(connection, alcove, workspace, end_users, suffix):
    """The microseconds that one call takes; all of it must succeed."""
    raw = alcove.rename(workspace, [(key(i), key(i) + suffix) for i in end_users]).encode()
    begin = time.perf_counter()
    connection.sendall(raw)
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    body = answer.read()
    taken = (time.perf_counter() - begin) * 1e6
    if answer.status != 201 or not body.endswith(b'"rename_errors":[]}'):
        raise BenchError(f"rename in {workspace}: {answer.status} {body[:200]!r}")
    return taken


def memory(context):
    """With many connections that made one request each: the server as it is, and just started on its folder."""
    alcove = context.server("alcove")
    used = _memory_of(context, alcove)
    alcove.stop()
    alcove.start()
    return {"fresh": [_memory_of(context, alcove)], "used": [used]}


def _memory_of(context, alcove):
    context.leaves_seconds = context.applied_seconds
    context.settle()
    connections = []
    try:
        for number in range(IDLE_CONNECTIONS):
            connections.append(_use_once(alcove, number % context.options.keys))
        time.sleep(1)
        return {**machine.resident(alcove.process.pid), "connections": IDLE_CONNECTIONS}
    finally:
        for connection in connections:
            connection.close()


def _use_once(server, number):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(fill(server.get, number).encode())
    answer = b""
    while len(answer.partition(b"\r\n\r\n")[2]) < VALUE_BYTES:
        received = connection.recv(4096)
        if not received:
            raise BenchError(f"connection closed instead of an answer for {key(number)}")
        answer += received
    return connection


def raise_file_limit():
    """10,000 connections on each side need more descriptors than some shells allow."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


ALL = {
    "get": get,
    "list": list_keys,
    "put": put,
    "put256": put256,
    "lone": lone,
    "memory": memory,
    **watch_scenarios.ALL,
    **file_scenarios.ALL,
    **noisy_scenarios.ALL,
    "large": large,
    "rename": rename,
}
