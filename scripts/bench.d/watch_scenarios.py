"""What is measured of watches, scenario by scenario. Each returns {label: [figures of each round]}."""

import resource
import time

import machine
from measure import Target, interleave, wrk_target
from processes import BenchError
from watchers import Watchers

WATCHERS = 1_000
KEYS = 1_000  # that watch_client writes, one after the other
WINDOW = 16  # writes that are not yet told to all: enough that a server never waits for the next
PACED_WRITES = 25  # a second: a fifth to a half of what the bare broadcast does

IDLE_WATCHERS = 10_000
IDLE_SECONDS = 20  # longer than a heartbeat
WATCHED_FLAGS = ["--server-connections-max=20000"]

LAG_WATCHERS = 100
LAG_VALUES = 3_000
LAG_VALUE_BYTES = 100_000
LAG_WINDOW = 8
LAG_STALL_SECONDS = 24  # a connection that takes nothing is closed after 30
LAG_SECONDS_MAX = 240
LAG_SAMPLE_SECONDS = 0.1
# What waits for the index would hide what the watchers take.
LAG_FLAGS = ["--store-overlay-bytes=4MiB"]


def watch(context):
    """One writer, and what it writes told to many. Saturated; one write at a time, so that no frame can hold two
    events; and so slow that nothing queues up."""
    names = ("broadcast", "redis watched", "etcd watched", "alcove watched")
    servers = {name.removesuffix(" watched"): context.server(name) for name in names}
    targets = [watch_target(label, context, server, window=WINDOW) for label, server in servers.items()]
    for label in ("broadcast", "alcove"):
        targets.append(watch_target(f"{label} in turn", context, servers[label], window=1))
        targets.append(watch_target(f"{label} paced", context, servers[label], rate=PACED_WRITES))
    return interleave(context, "watch", targets)


def watch_target(label, context, server, **order):
    watchers = Watchers(context, label, server, server.watch, WATCHERS)

    def measure(seconds, _seed):
        return watchers.run(seconds, **order)

    leaves = context.applied_seconds if label.startswith("alcove") else 0.5
    return Target(label, measure, leaves_seconds=leaves, around=watchers)


def watch_writes(context):
    """Durable PUT, with and without watchers of other namespaces, each of its own."""
    alcove = context.server("alcove")
    others = alcove.watch_in("/api/v1/workspaces/bench/external/{key}")
    watchers = Watchers(context, "others", alcove, others, WATCHERS)
    settings = {"lead_in_seconds": context.lead_in_seconds, "leaves_seconds": context.applied_seconds}
    keys = context.options.keys
    targets = [
        wrk_target("unwatched", context, alcove, alcove.put, keys, expected="", **settings),
        wrk_target("watched", context, alcove, alcove.put, keys, expected="", around=watchers, **settings),
    ]
    return interleave(context, "watch_writes", targets)


def watch_idle(context):
    """Resident memory with and without many watchers: told of nothing yet, and idle again after some events."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < IDLE_WATCHERS + 100:
        raise BenchError(f"{IDLE_WATCHERS:,} watchers need more open files than `ulimit -Hn` allows, {files:,}")
    alcove = context.server("alcove watched")
    alcove.stop()
    alcove.start()
    context.leaves_seconds = context.applied_seconds
    context.settle()
    before = machine.resident(alcove.process.pid)
    with Watchers(context, "idle", alcove, alcove.watch, IDLE_WATCHERS) as watchers:
        results = {"idle": [_idle(context, alcove, before)]}
        told = watchers.run(60, count=10, window=1)
        if told["socket_errors"]:
            raise BenchError(f"{told['socket_errors']} of {IDLE_WATCHERS:,} watchers were closed")
        results["idle again"] = [_idle(context, alcove, before)]
    return results


def _idle(context, alcove, before):
    time.sleep(2 if context.options.quick else IDLE_SECONDS)
    used = machine.resident(alcove.process.pid)
    each = (used["beside_map"] - before["beside_map"]) * 1024 / IDLE_WATCHERS
    context.say(f"  {IDLE_WATCHERS:,} watchers: {each:.1f} KiB each")
    return {**used, "before": before["beside_map"], "watchers": IDLE_WATCHERS, "kib_each": each}


def watch_lag(context):
    """Memory while watchers read nothing of what is written, and then all, beside the same writes unwatched."""
    alcove = context.server("alcove lag")
    _lag(context, alcove, 0)
    alone = _lag(context, alcove, 0)
    watched = _lag(context, alcove, LAG_WATCHERS)
    watched["growth"] = watched["peak"] - alone["peak"]
    context.say(f"  {LAG_WATCHERS} watchers behind: {watched['growth']:.1f} MiB more than without")
    return {"unwatched": [alone], "behind": [watched]}


def _lag(context, alcove, count):
    context.leaves_seconds = context.applied_seconds
    context.settle()
    put = alcove.put_of(LAG_VALUE_BYTES)
    watch = alcove.watch_in(alcove.SCOPES["workspace"], put)
    with Watchers(context, f"lag {count}", alcove, watch, count, LAG_VALUE_BYTES) as watchers:
        with machine.Samples(lambda: machine.resident(alcove.process.pid)["beside_map"], LAG_SAMPLE_SECONDS) as samples:
            order = {"count": LAG_VALUES, "window": LAG_WINDOW, "stall": LAG_STALL_SECONDS if count else 0}
            figures = watchers.run(LAG_SECONDS_MAX, **order)
    if figures["socket_errors"] or figures["bad_status"] or figures["writes"] != LAG_VALUES:
        raise BenchError(f"with {count} watchers behind: {figures}")
    if count and figures["stalled_seconds"] < figures["write_seconds"]:
        context.note("watchers began to read again before everything was written")
    curve = samples.mib
    context.say(f"  {count} watchers: {figures['seconds']:.0f} s, at most {max(curve):.1f} MiB beside the map")
    return {**figures, "watchers": count, "first": curve[0], "peak": max(curve), "curve": curve}


ALL = {
    "watch": watch,
    "watch_writes": watch_writes,
    "watch_idle": watch_idle,
    "watch_lag": watch_lag,
}
