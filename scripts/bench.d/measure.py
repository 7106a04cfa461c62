"""Interleaved runs: every round measures each target once, so that a drift of the machine meets all alike."""

import concurrent.futures
import contextlib
import dataclasses
import random
import time

from http_client import probe
from machine import CoreUse
from processes import LOAD_CORE, SERVER_CORE, BenchError, run_load
from template import fill

RETRIES_MAX = 2  # of one invalid run
STOLEN_MAX = 0.02  # of a core, by the hypervisor
WARM_UP_SECONDS = 2  # of a target without a lead-in, once per scenario
AHEAD_SECONDS = 0.5  # by which what goes on beside a run begins before it and ends after it
CORES = [SERVER_CORE, LOAD_CORE]


@dataclasses.dataclass
class Target:
    """Something that is measured: `measure(seconds, seed)` runs it once and returns a dictionary of figures."""

    label: str
    measure: object
    lead_in_seconds: float = 0  # measured but not counted, right before each run
    leaves_seconds: float = 0.5  # how long the machine has to be idle after a run until all of its work is done
    around: object = contextlib.nullcontext()  # what a run needs, not counted as part of it; entered for each


def wrk_target(label, context, server, template, keys, connections=64, expected="{value}", **settings):
    """A target under wrk. One answer is checked by content before; in the runs wrk counts what is not 2xx or 3xx.
    `expected` is a template too."""
    number = random.Random(label).randrange(keys)
    probe(server.port, template, number, fill(expected, number))
    file = context.template_file(label, template)

    def measure(seconds, seed):
        argv = [context.wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", context.lua]
        return run_load([*argv, f"http://127.0.0.1:{server.port}", "--", file, keys, seed], seconds)

    return Target(label, measure, **settings)


def client_target(label, context, server, template, keys, connections, **settings):
    """A target under the bench's own client, which sees gaps and takes exact percentiles."""
    file = context.template_file(label, template)

    def measure(seconds, seed):
        return run_load([context.client, server.port, file, keys, connections, seconds, seed], seconds)

    return Target(label, measure, **settings)


def append_target(label, context, mode, record_bytes):
    """The bare write + fdatasync loop, on the servers' core and in the file system of their data."""
    file = context.folder / "append.bin"

    def measure(seconds, _seed):
        return run_load([context.append, file, record_bytes, seconds, mode], seconds, SERVER_CORE)

    return Target(label, measure)


def beside(label, target, other, combine):
    """The target, while the other is under way from before its run until after it. `combine` makes one dictionary of the
    figures of the two."""

    def measure(seconds, seed):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            meanwhile = pool.submit(other.measure, seconds + 2 * AHEAD_SECONDS, seed)
            time.sleep(AHEAD_SECONDS)
            figures = measure_cores(target, seconds, seed)
        return combine(figures, meanwhile.result())

    return Target(label, measure, leaves_seconds=other.leaves_seconds)


def measure_cores(target, seconds, seed):
    """The figures of a run, with those of the cores meanwhile unless it has them already: of a part of its time."""
    use = CoreUse(CORES)
    figures = target.measure(seconds, seed)
    cores = use.since()
    server_busy, server_stolen = cores[SERVER_CORE]
    load_busy, load_stolen = cores[LOAD_CORE]
    busy = {"server_busy": server_busy, "load_busy": load_busy}
    return {**busy, "server_stolen": server_stolen, "load_stolen": load_stolen, **figures}


def _once(context, target, seconds, seed):
    """One run with what it says about itself and the machine; None when it is invalid for good."""
    for _ in range(1 + RETRIES_MAX):
        with target.around:
            context.settle()
            context.leaves_seconds = target.leaves_seconds
            if target.lead_in_seconds:
                target.measure(target.lead_in_seconds, seed + 500)
            figures = measure_cores(target, seconds, seed)
        if max(figures["server_stolen"], figures["load_stolen"]) > STOLEN_MAX:
            context.note(f"the hypervisor took more than {STOLEN_MAX:.0%} of a core in some runs")
        if "seconds" in figures:
            figures["rate"] = figures["requests"] / figures["seconds"]
            figures["rate_per_core"] = figures["rate"] / max(figures["server_busy"], 0.01)
        bad, broken = figures.get("bad_status", 0), figures.get("socket_errors", 0)
        if bad == 0 and broken == 0 and figures["requests"] > 0:
            return figures
        context.note(f"{target.label}: run thrown away, {bad} answers not 2xx, {broken} socket errors")
    return None


def interleave(context, scenario, targets, seconds=None):
    """All rounds of a scenario: {label: [figures of each round]}. A warm-up of each target comes first."""
    seconds = seconds or context.options.seconds
    for target in targets:
        if not target.lead_in_seconds:
            with target.around:
                target.measure(min(WARM_UP_SECONDS, seconds), 1)
    results = {target.label: [] for target in targets}
    for number in range(context.options.runs):
        for target in targets:
            figures = _once(context, target, seconds, 1000 + number)
            if figures is None:
                raise BenchError(f"{scenario}, {target.label}: {1 + RETRIES_MAX} invalid runs in a row")
            results[target.label].append(figures)
            context.say(f"  {scenario} {number + 1}/{context.options.runs} {target.label}: {_short(figures)}")
    return results


def _short(figures):
    rate = f"{figures['rate']:,.0f}/s, " if "rate" in figures else ""
    busy = f"server core {figures['server_busy']:.0%}, load core {figures['load_busy']:.0%}"
    return f"{rate}p50 {figures['p50_us']:,.0f} µs, p99 {figures['p99_us']:,.0f} µs, {busy}"
