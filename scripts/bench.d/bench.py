"""Measures Alcove beside its peers and writes the report: the driver behind scripts/bench."""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import file_scenarios
import machine
import noisy_scenarios
import report
import scenarios
import watch_scenarios
from peers import Alcove, AlcoveEndUsers, Broadcast, DenoKv, Etcd, Nginx, NginxFiles, RedisWebdis
from processes import LOAD_CORE, SERVER_CORE, BenchError, Processes, first_line, require
from template import VALUE_BYTES

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FOLDER = ROOT / "build" / "bench"

FREE_BYTES_MIN = 32 << 30  # all stores loaded, their logs, the files and the large folder
FREE_BYTES_MIN_SMALL = 12 << 30
# Alcove applies what it logged every 5 s: a lead-in of that length puts as much of it into a run as the run leaves
# behind, and idling longer than that keeps it out of the next target's run.
LEAD_IN_SECONDS = 5
APPLIED_SECONDS = 6
SETTLE_SECONDS_MAX = 60
SETTLE_SECONDS_BUSY = 8  # on a machine that was found not to become idle

FULL = {"runs": 5, "seconds": 10, "keys": 1_000_000, "large_keys": 10_000_000}
SECONDS_MIN = 5  # of a run that counts as a full measurement


class Context:
    """What the scenarios share: options, tools, and the servers, started and loaded when first asked for."""

    def __init__(self, options, processes, binary):
        self.options = options
        self.processes = processes
        self.binary = binary
        self.folder = FOLDER
        self.data = FOLDER / "data"
        self.lua = HERE / "requests.lua"
        self.wrk = require("wrk")
        self.client = compiled("client")
        self.append = compiled("append")
        self.watch_client = compiled("watch_client")
        self.file_client = compiled("file_client")
        self.lead_in_seconds = 1 if options.quick else LEAD_IN_SECONDS
        self.applied_seconds = 0.5 if options.quick else APPLIED_SECONDS
        self.settle_seconds_max = 2 if options.quick else SETTLE_SECONDS_MAX
        self.leaves_seconds = 0.5  # what the last run left behind, see measure.Target
        self.sustained_seconds = 10 if options.quick else scenarios.SUSTAINED_SECONDS
        self.notes = []
        self._servers = {}

    def say(self, text):
        print(text, flush=True)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)
            self.say(f"  note: {text}")

    def settle(self):
        """Waits until the machine is idle, and has been for long enough."""
        if not machine.settle([SERVER_CORE, LOAD_CORE], self.leaves_seconds, self.settle_seconds_max):
            self.note("the machine was not idle before some runs")
            self.settle_seconds_max = min(self.settle_seconds_max, SETTLE_SECONDS_BUSY)

    def template_file(self, label, template):
        file = self.folder / "templates" / f"{label.replace(' ', '_')}.http"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(template.encode())
        return file

    def server(self, name):
        if name not in self._servers:
            server, keys = self._make(name)
            begin = time.monotonic()
            server.start().load(keys)
            self.say(f"  {name}: loaded {keys:,} keys in {time.monotonic() - begin:.0f} s")
            self._servers[name] = server
        return self._servers[name]

    def stop_servers(self):
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def _make(self, name):
        folder, keys = self.data / name.replace(" ", "_"), self.options.keys
        common = (self.processes, folder)
        scopes = tuple(Alcove.SCOPES) if "get" in self.options.only else ("workspace",)
        if name.startswith("alcove") and not self.binary:
            raise BenchError("no Alcove to measure")
        return {
            "nginx": lambda: (Nginx(*common), keys),
            "redis": lambda: (RedisWebdis(*common), keys),
            "etcd": lambda: (Etcd(*common), keys),
            "deno": lambda: (DenoKv(*common, deno_binary(), HERE / "deno_kv.js"), keys),
            "alcove": lambda: (Alcove(*common, self.binary, scopes=scopes), keys),
            "alcove no history": lambda: (Alcove(*common, self.binary, ["--store-history=false"]), keys),
            "alcove few": lambda: (Alcove(*common, self.binary), scenarios.SMALL_KEYS),
            "alcove end users": lambda: (
                AlcoveEndUsers(*common, self.binary, self, few_workspaces=self.options.runs),
                keys,
            ),
            "alcove many": lambda: (Alcove(*common, self.binary), self.options.large_keys),
            "broadcast": lambda: (Broadcast(*common, compiled("broadcast")), 0),
            "redis watched": lambda: (RedisWebdis(*common), watch_scenarios.KEYS),
            "etcd watched": lambda: (Etcd(*common), watch_scenarios.KEYS),
            "alcove watched": lambda: (
                Alcove(*common, self.binary, watch_scenarios.WATCHED_FLAGS),
                watch_scenarios.KEYS,
            ),
            "nginx files": lambda: (NginxFiles(*common, "sendfile off;"), 0),
            "nginx sendfile": lambda: (NginxFiles(*common, "sendfile on;"), 0),
            "nginx buffers": lambda: (NginxFiles(*common, file_scenarios.NGINX_BUFFERS), 0),
            "alcove files": lambda: (Alcove(*common, self.binary), file_scenarios.KEYS),
            "alcove limited": lambda: (Alcove(*common, self.binary, noisy_scenarios.LIMITED_FLAGS), noisy_scenarios.NAMESPACES),
            "alcove lag": lambda: (Alcove(*common, self.binary, watch_scenarios.LAG_FLAGS), watch_scenarios.KEYS),
        }[name]()


def compiled(name):
    """Compiles a helper of this folder unless it is up to date."""
    source, binary = HERE / f"{name}.cpp", FOLDER / name
    changed = max(file.stat().st_mtime for file in [source, *HERE.glob("watch/*.hpp")])
    if not binary.exists() or binary.stat().st_mtime < changed:
        subprocess.run(["clang++-19", "-std=c++20", "-O2", "-o", binary, source], check=True)
    return binary


def deno_binary():
    """The program itself: npm's own `deno` command may be a script that starts it as a child."""
    found = next((FOLDER / "npm" / "node_modules" / "@deno").glob("*/deno"), None)
    if found is None:
        raise BenchError("deno is not installed; scripts/bench installs it")
    return found


def build_alcove():
    """The release binary; ALCOVE_BINARY names another one."""
    if os.environ.get("ALCOVE_BINARY"):
        return pathlib.Path(os.environ["ALCOVE_BINARY"]).resolve()
    subprocess.run([ROOT / "scripts" / "build", "release", "alcove"], check=True)
    return ROOT / "build" / "release" / "alcove"


def parse(arguments):
    page = "A full measurement replaces docs/benchmarks.md, a smaller one writes build/bench/benchmarks.md."
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, epilog=page)
    names = ", ".join(scenarios.ALL)
    parser.add_argument("--quick", action="store_true", help="few keys and short runs: proves the machinery, not speed")
    parser.add_argument("--only", default=",".join(scenarios.ALL), help=f"scenarios, with commas between: {names}")
    parser.add_argument("--runs", type=int, help="interleaved runs of each target (5)")
    parser.add_argument("--seconds", type=int, help="length of one run (10)")
    parser.add_argument("--keys", type=int, help="keys in every store (1,000,000)")
    parser.add_argument("--large-keys", type=int, help="keys of the large folder (10,000,000)")
    parser.add_argument("--skip-10m", action="store_true", help="leave out the scenario `large`")
    options = parser.parse_args(arguments)
    quick = {"runs": 2, "seconds": 2, "keys": 100_000, "large_keys": 500_000}
    for name, default in (quick if options.quick else FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, default)
    options.only = [name.strip() for name in options.only.split(",")]
    if unknown := [name for name in options.only if name not in scenarios.ALL]:
        parser.error(f"unknown scenario {unknown[0]}; there are {names}")
    if options.skip_10m and "large" in options.only:
        options.only.remove("large")
    _check_bounds(parser, options)
    return options


def _check_bounds(parser, options):
    bounds = {
        "runs": (1, 100),
        "seconds": (1, 600),
        "keys": (1_000, 10_000_000),
        "large_keys": (scenarios.SMALL_KEYS, 10_000_000),
    }
    for name, (low, high) in bounds.items():
        if not low <= getattr(options, name) <= high:
            parser.error(f"--{name.replace('_', '-')} lies between {low:,} and {high:,}")


def check_machine(options):
    if (os.cpu_count() or 1) < 2:
        raise BenchError("one core for the server and one for the load are needed; this machine has one")
    needed = FREE_BYTES_MIN if "large" in options.only and not options.quick else FREE_BYTES_MIN_SMALL
    if shutil.disk_usage(FOLDER).free < needed:
        raise BenchError(f"{needed >> 30} GiB of free disk are needed below {FOLDER}")


def run_scenarios(context):
    """In the order of the table; those of the bench's largest stores have the machine to themselves."""
    results = {}
    for name, scenario in scenarios.ALL.items():
        if name not in context.options.only:
            continue
        if name in ("large", "rename"):
            context.stop_servers()
        context.say(f"{report.TITLES[name]}:")
        results[name] = scenario(context)
    return results


def versions(binary, compared_with_deno):
    """Of everything that is measured or measures."""
    peers = {
        "nginx": Nginx,
        "Redis": RedisWebdis,
        "etcd": Etcd,
    }
    found = {name: kind(None, FOLDER).version() for name, kind in peers.items()}
    if compared_with_deno:
        found["Deno"] = first_line([deno_binary(), "--version"])
    found["wrk"] = first_line([require("wrk"), "-v"])
    found["Alcove"] = first_line([binary, "--version"])
    return found


def write(run, complete):
    """Saves the figures; only a complete run replaces the page in docs."""
    (FOLDER / "results.json").write_text(json.dumps(run, indent=1))
    page = (ROOT / "docs" if complete else FOLDER) / "benchmarks.md"
    page.parent.mkdir(exist_ok=True)
    page.write_text(report.markdown(run))
    print("\n" + report.text_table(report.RATIO_HEAD, report.ratio_rows(run["results"])))
    print(f"\nwritten: {page.relative_to(ROOT)}")


def is_complete(options):
    """A full measurement: every scenario, with no fewer runs and keys than the targets are set for."""
    enough = all(getattr(options, name) >= FULL[name] for name in ("runs", "keys", "large_keys"))
    return enough and options.seconds >= SECONDS_MIN and set(options.only) == set(scenarios.ALL)


def command_line(arguments):
    return " ".join(["scripts/bench", *arguments])


def main(arguments):
    options = parse(arguments)
    FOLDER.mkdir(parents=True, exist_ok=True)
    check_machine(options)
    binary = build_alcove()
    os.sched_setaffinity(0, {LOAD_CORE})
    scenarios.raise_file_limit()
    processes, begin = Processes(), time.monotonic()
    context = Context(options, processes, binary)
    shutil.rmtree(context.data, ignore_errors=True)
    try:
        results = run_scenarios(context)
    finally:
        processes.stop_all()
        shutil.rmtree(context.data, ignore_errors=True)
    settings = {**vars(options), "value_bytes": VALUE_BYTES, "server_core": SERVER_CORE, "load_core": LOAD_CORE}
    run = {
        "command": command_line(arguments),
        "machine": machine.describe(FOLDER),
        "versions": versions(binary, "list" in options.only),
        "options": settings,
        "notes": context.notes,
        "minutes": (time.monotonic() - begin) / 60,
        "results": results,
    }
    write(run, is_complete(options))


def interrupted(number, _frame):
    """Turns a signal into an exception, so that every `finally` runs."""
    signal.signal(number, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, interrupted)
    try:
        main(sys.argv[1:])
    except (BenchError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
