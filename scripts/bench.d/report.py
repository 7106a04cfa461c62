"""Turns the figures of the runs into tables: on the terminal, and as docs/benchmarks.md."""

import dataclasses
import statistics

import file_scenarios
import noisy_scenarios
import watch_scenarios

TITLES = {
    "get": "GET, 64 connections",
    "list": "LIST of 100 keys by prefix with values, 64 connections",
    "put": "Durable PUT, 64 connections",
    "put256": "Durable PUT, 256 connections",
    "lone": "A lone writer",
    "large": "Many keys",
    "memory": "Memory",
    "watch": "One writer, 1,000 watchers",
    "watch_writes": "Durable PUT, 64 connections, while others watch other namespaces",
    "watch_idle": "Memory of idle watchers",
    "watch_lag": "Memory of watchers that fall behind",
    "files": "Files of 64 MiB, 4 connections",
    "files_small": "GET, 64 connections, beside uploads of 64 MiB files",
    "files_memory": "Memory of a file of 1 GiB",
    "noisy": "Requests to many namespaces, 8 connections, beside a noisy one",
    "rename": "Renaming external ids",
}

NAMES = {
    "nginx": "nginx `return 200`",
    "nginx, own client": "nginx, the bench's own client",
    "alcove, own client": "Alcove, the bench's own client",
    "redis": "Redis + webdis",
    "redis raw": "Redis + webdis, `.raw`",
    "etcd": "etcd, JSON gateway",
    "deno": "Deno KV + `Deno.serve`",
    "alcove": "Alcove",
    "alcove end_user": "Alcove, scope end_user",
    "alcove external": "Alcove, scope external",
    "alcove alias": "Alcove, by alias and external id",
    "alcove no history": "Alcove, history off",
    "alcove few": "Alcove, few keys",
    "alcove many": "Alcove, many keys",
    "broadcast": "bare broadcast on Boost.Beast",
    "broadcast in turn": "bare broadcast, in turn",
    "broadcast paced": "bare broadcast, paced",
    "alcove in turn": "Alcove, in turn",
    "alcove paced": "Alcove, paced",
    "unwatched": "nobody watching",
    "watched": "1,000 watchers, each of a namespace of its own",
    "idle": "told of nothing yet",
    "idle again": "after 10 events for each",
    "behind": "100 watchers, which read nothing meanwhile",
    "rename many": "in a workspace of many end users",
    "rename few": "in a workspace of 1,000",
    "nginx down": "nginx, download, `sendfile off`",
    "nginx sendfile down": "nginx, download, `sendfile on`",
    "nginx buffers down": "nginx, download, `sendfile off`, buffers of 256 KiB",
    "alcove down": "Alcove, download",
    "nginx up": "nginx, upload by `dav_methods PUT`, then fsync",
    "nginx buffers up": "nginx, upload likewise, buffers of 256 KiB",
    "alcove up": "Alcove, upload",
    "small": "no uploads",
    "small beside paced": "uploads of 100 MiB/s",
    "small beside uploads": "uploads at full speed",
    "quiet get": "GET, nothing else",
    "quiet get beside noise": "GET beside 64 connections that put into one namespace without a pause",
    "quiet put": "durable PUT, nothing else",
    "quiet put beside noise": "durable PUT beside the same",
    "large up": "the upload, just started",
    "large down": "the download after it",
    "fresh": "just started on the loaded folder",
    "used": "after all of the runs above",
    "append": "bare append + fdatasync",
    "overwrite": "bare overwrite (preallocated) + fdatasync",
}


@dataclasses.dataclass
class Ratio:
    """ours / theirs in one figure of one scenario, and what it has to reach."""

    title: str
    scenario: str
    ours: str
    theirs: str
    figure: str = "rate"
    at_least: float = 0
    at_most: float = 0
    aim: float = 0


RATIOS = [
    Ratio("GET / nginx `return 200`", "get", "alcove", "nginx", at_least=0.90),
    Ratio("… per busy second of the server core", "get", "alcove", "nginx", "rate_per_core"),
    Ratio("… with the bench's own client", "get", "alcove, own client", "nginx, own client"),
    Ratio("GET / Redis + webdis", "get", "alcove", "redis", at_least=2),
    Ratio("GET / etcd", "get", "alcove", "etcd"),
    Ratio("GET in scope end_user / in scope workspace", "get", "alcove end_user", "alcove"),
    Ratio("GET in scope external / in scope workspace", "get", "alcove external", "alcove"),
    Ratio("GET by alias and external id / by workspace", "get", "alcove alias", "alcove", at_least=0.85),
    Ratio("PUT, 64 connections / Redis + webdis", "put", "alcove", "redis", at_least=1.2, aim=1.5),
    Ratio("PUT, 64 connections / etcd", "put", "alcove", "etcd", at_least=5, aim=8),
    Ratio("PUT, 256 connections / Redis + webdis", "put256", "alcove", "redis", at_least=1.5),
    Ratio("PUT with history / without", "put", "alcove", "alcove no history"),
    Ratio("PUT alone, p50 / bare append + fdatasync", "lone", "alcove", "append", "p50_us", at_most=1.5),
    Ratio("PUT alone, p50 / Redis + webdis", "lone", "alcove", "redis", "p50_us"),
    Ratio("LIST of 100 / Redis `ZRANGEBYLEX` + webdis", "list", "alcove", "redis", at_least=2),
    Ratio("LIST of 100 / the same as `.raw`, not JSON", "list", "alcove", "redis raw"),
    Ratio("LIST of 100 / Deno KV", "list", "alcove", "deno", at_least=10),
    Ratio("GET over many keys / over 10,000", "large", "alcove many", "alcove few", at_least=0.75),
    Ratio("Events to 1,000 watchers / bare broadcast", "watch", "alcove", "broadcast", at_least=0.70),
    Ratio("… per busy second of the server core", "watch", "alcove", "broadcast", "rate_per_core"),
    Ratio("… one write at a time", "watch", "alcove in turn", "broadcast in turn"),
    Ratio("… paced, p99 from write to receipt", "watch", "alcove paced", "broadcast paced", "p99_us", at_most=3),
    Ratio("Events to 1,000 watchers / Redis `SUBSCRIBE` + webdis", "watch", "alcove", "redis"),
    Ratio("Events to 1,000 watchers / etcd `/v3/watch`", "watch", "alcove", "etcd"),
    Ratio("PUT with 1,000 watchers elsewhere / without", "watch_writes", "watched", "unwatched", at_least=0.90),
    Ratio("Download of 64 MiB files / nginx, `sendfile off`", "files", "alcove down", "nginx down", at_least=0.5),
    Ratio("… / nginx, `sendfile on`", "files", "alcove down", "nginx sendfile down", at_least=0.5),
    Ratio("… / nginx, `sendfile off` and buffers of 256 KiB", "files", "alcove down", "nginx buffers down"),
    Ratio("Durable upload of 64 MiB files / nginx + fsync", "files", "alcove up", "nginx up", at_least=0.5),
    Ratio("… / nginx, buffers of 256 KiB, + fsync", "files", "alcove up", "nginx buffers up"),
    Ratio("GET beside uploads of 100 MiB/s / alone", "files_small", "small beside paced", "small", at_least=0.70),
    Ratio("… beside uploads at full speed", "files_small", "small beside uploads", "small", at_least=0.70),
    Ratio("p99 of GET beside a noisy namespace / alone", "noisy", "quiet get beside noise", "quiet get", "p99_us", at_most=2),
    Ratio("p99 of PUT beside a noisy namespace / alone", "noisy", "quiet put beside noise", "quiet put", "p99_us", at_most=2),
    Ratio("50 renames among many end users / 1,000", "rename", "rename many", "rename few", "p50_us", at_most=1.5),
]

STALL_MS_MAX = 250
MEMORY_MIB_MAX = 64
WATCHER_KIB_MAX = 12
LAG_MIB_MAX = 32
BESIDE_UPLOADS_MS_MAX = 10
FILE_MIB_MAX = 96


def median(runs, figure):
    return statistics.median(run[figure] for run in runs)


def _verdict(met, aimed=False):
    return ("met, and the aim" if aimed else "met") if met else "MISSED"


def _ratio_row(ratio, results):
    scenario = results.get(ratio.scenario, {})
    ours, theirs = scenario.get(ratio.ours), scenario.get(ratio.theirs)
    if not ours or not theirs:
        return None
    value = median(ours, ratio.figure) / median(theirs, ratio.figure)
    rounds = [a[ratio.figure] / b[ratio.figure] for a, b in zip(ours, theirs)]
    spread = f"{min(rounds):.2f} to {max(rounds):.2f}"
    if ratio.at_least:
        target = f"≥ {ratio.at_least:.2f}" + (f" (aim {ratio.aim:.2f})" if ratio.aim else "")
        verdict = _verdict(value >= ratio.at_least, ratio.aim and value >= ratio.aim)
    elif ratio.at_most:
        target, verdict = f"≤ {ratio.at_most:.2f}", _verdict(value <= ratio.at_most)
    else:
        target, verdict = "", ""
    return [ratio.title, f"{value:.2f}", spread, target, verdict]


def ratio_rows(results):
    rows = [row for row in (_ratio_row(ratio, results) for ratio in RATIOS) if row]
    if "sustained" in results.get("large", {}):
        run = results["large"]["sustained"][0]
        title = f"PUT sustained for {run['seconds']:.0f} s over many keys: longest gap between answers"
        rows.append(_limit_row(title, run["gap_max_ms"], STALL_MS_MAX, "ms"))
        rows.append(_limit_row("… and the slowest single answer", run["max_us"] / 1000, STALL_MS_MAX, "ms"))
    if "memory" in results:
        run = results["memory"]["fresh"][0]
        title = f"Resident beside the map, {run['connections']:,} idle connections, just started"
        rows.append(_limit_row(title, run["beside_map"], MEMORY_MIB_MAX, "MiB"))
        run = results["memory"]["used"][0]
        rows.append(_limit_row("… and after all of the runs above", run["beside_map"], MEMORY_MIB_MAX, "MiB"))
    if "watch_idle" in results:
        runs = results["watch_idle"]
        title = f"Resident beside the map for each of {runs['idle'][0]['watchers']:,} idle watchers"
        rows.append(_limit_row(title, runs["idle"][0]["kib_each"], WATCHER_KIB_MAX, "KiB"))
        run = runs["idle again"][0]
        rows.append(_limit_row("… and after 10 events for each", run["kib_each"], WATCHER_KIB_MAX, "KiB"))
    if "watch_lag" in results:
        run = results["watch_lag"]["behind"][0]
        title = f"Resident beside the map for {run['watchers']} watchers that {run['writes']:,} values wait for"
        rows.append(_limit_row(title, run["growth"], LAG_MIB_MAX, "MiB"))
    if "files_small" in results:
        for label in ("small beside paced", "small beside uploads"):
            p99_ms = median(results["files_small"][label], "p99_us") / 1000
            rows.append(_limit_row(f"GET beside {NAMES[label]}: p99", p99_ms, BESIDE_UPLOADS_MS_MAX, "ms"))
    if "files_memory" in results:
        peak = max(runs[0]["peak"] for runs in results["files_memory"].values())
        rows.append(_limit_row("Resident beside the map for a file of 1 GiB, up and down", peak, FILE_MIB_MAX, "MiB"))
    return rows


def _limit_row(title, value, limit, unit):
    digits = 0 if limit > 20 else 1
    return [title, f"{value:.{digits}f} {unit}", "", f"< {limit} {unit}", _verdict(value < limit)]


RATIO_HEAD = ["", "ratio of medians", "in single rounds", "target", ""]


def _figures_table(runs_of, counted="requests"):
    """One scenario: a row for each target."""
    with_rate = any("rate" in run for runs in runs_of.values() for run in runs)
    head = ["", "p50 µs", "p99 µs", "server core busy", "load core busy"]
    if with_rate:
        head[1:1] = [f"{counted}/s, median", "min", "max"]
    else:
        head[1:1] = []
    rows = []
    for label, runs in runs_of.items():
        row = [NAMES.get(label, label)]
        if with_rate:
            rates = [run["rate"] for run in runs if "rate" in run]
            row += [f"{f(rates):,.0f}" for f in (statistics.median, min, max)] if rates else ["", "", ""]
        row += [f"{median(runs, figure):,.0f}" for figure in ("p50_us", "p99_us")]
        row += [f"{median(runs, figure):.0%}" for figure in ("server_busy", "load_busy")]
        rows.append(row)
    return markdown_table(head, rows)


def markdown_table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i == 0 else "--:" for i in range(len(head))) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def text_table(head, rows):
    """The same for a terminal, in columns."""
    cells = [[cell.replace("`", "") for cell in row] for row in [head, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)


def _large_section(runs_of, options):
    tables = {label: runs for label, runs in runs_of.items() if label != "sustained"}
    parts = [f"Few is 10,000, many is {options['large_keys']:,}; 64 connections.", _figures_table(tables)]
    if "sustained" in runs_of:
        run = runs_of["sustained"][0]
        seconds = run["per_second"]
        parts.append(
            f"PUT sustained for {run['seconds']:.0f} s over many keys: {run['rate']:,.0f}/s, "
            f"p50 {run['p50_us']:,.0f} µs, p99 {run['p99_us']:,.0f} µs, slowest answer {run['max_us'] / 1000:,.0f} ms, "
            f"longest time without any answer {run['gap_max_ms']:,.0f} ms, "
            f"fewest answers in {run['window_ms']} ms: {run['window_min']:,}, in a second: {min(seconds):,}."
        )
    return "\n\n".join(parts)


def _memory_section(runs_of):
    head = ["MiB resident", "beside the map", "heap and stacks", "program and libraries", "of the map"]
    rows = []
    for label, runs in runs_of.items():
        figures = (runs[0][name] for name in ("beside_map", "heap and stacks", "files", "map"))
        rows.append([NAMES[label], *(f"{figure:.1f}" for figure in figures)])
    text = f"With {runs_of['fresh'][0]['connections']:,} open connections that made one GET each, and no write under way."
    return f"{text}\n\n{markdown_table(head, rows)}"


def _rename_section(runs_of, options):
    head = ["", "calls", "p50 µs", "min of the runs", "max", "slowest call µs"]
    rows = []
    for label, runs in runs_of.items():
        medians = [run["p50_us"] for run in runs]
        figures = [statistics.median(medians), min(medians), max(medians), max(run["max_us"] for run in runs)]
        calls = sum(run["requests"] for run in runs)
        rows.append([NAMES[label], str(calls), *(f"{figure:,.0f}" for figure in figures)])
    text = f"One call renames 50 end users, drawn at random, each once; many is {options['keys']:,}. One call at a time."
    return f"{text}\n\n{markdown_table(head, rows)}"


def _watch_section(runs_of):
    frames = [
        f"{NAMES[label]} {median(runs, 'told') / median(runs, 'frames'):.2f}"
        for label, runs in runs_of.items()
    ]
    text = (
        f"Saturated: {watch_scenarios.WINDOW} writes are under way, which are those that are not yet answered, or "
        f"not yet told to every watcher. In turn: one is. Paced: {watch_scenarios.PACED_WRITES} writes a second. "
        "Events in a frame: "
    )
    return f"{text}{', '.join(frames)}.\n\n{_figures_table(runs_of, 'events')}"


def _watch_idle_section(runs_of):
    head = [f"{runs_of['idle'][0]['watchers']:,} watchers", "KiB each", "MiB beside the map", "without them"]
    rows = []
    for label, (run, *_) in runs_of.items():
        rows.append([NAMES[label], *(f"{run[figure]:.1f}" for figure in ("kib_each", "beside_map", "before"))])
    return markdown_table(head, rows)


def _watch_lag_section(runs_of):
    run = runs_of["behind"][0]
    head = ["", "s until written", "until told to all", "MiB beside the map before", "at most"]
    rows = []
    for label, (each, *_) in runs_of.items():
        times = [f"{each[figure]:.0f}" for figure in ("write_seconds", "seconds")]
        rows.append([NAMES[label], *times, *(f"{each[figure]:.1f}" for figure in ("first", "peak"))])
    seconds = [max(run["curve"][at : at + 10]) for at in range(0, len(run["curve"]), 10)]
    text = (
        f"{run['writes']:,} values of {watch_scenarios.LAG_VALUE_BYTES // 1000} KB. The watchers read nothing for "
        f"{run['stalled_seconds']:.0f} s, and then got all of them, each once and in order. The most that was "
        f"resident beside the map, sampled every 100 ms, second by second in MiB: "
    )
    return f"{markdown_table(head, rows)}\n\n{text}{', '.join(f'{mib:.0f}' for mib in seconds)}."


def _files_small_section(runs_of):
    uploaded = [
        f"{NAMES[label]} {median(runs, 'uploaded'):,.0f}" for label, runs in runs_of.items() if "uploaded" in runs[0]
    ]
    text = (
        "The uploads share both cores with the GETs; at full speed they take what those leave. "
        f"MiB uploaded in a second meanwhile: {', '.join(uploaded)}."
    )
    return f"{text}\n\n{_figures_table(runs_of)}"


def _noisy_section(runs_of):
    rates = [
        f"{median(runs, 'served'):,.0f} served and {median(runs, 'refused'):,.0f} refused"
        for runs in runs_of.values()
        if "served" in runs[0]
    ]
    text = (
        f"`rate_limits.namespace_requests_per_second` is {noisy_scenarios.LIMIT:,}. Those who make the noise do not heed "
        f"`Retry-After`; of their requests there were in a second: {'; '.join(rates)}."
    )
    return f"{text}\n\n{_figures_table(runs_of)}"


def _files_memory_section(runs_of):
    head = ["", "MiB/s", "MiB beside the map before", "at most"]
    rows = []
    for label, (run, *_) in runs_of.items():
        rows.append([NAMES[label], f"{run['rate']:,.0f}", *(f"{run[figure]:.1f}" for figure in ("first", "peak"))])
    every_ms = file_scenarios.SAMPLE_SECONDS * 1000
    text = f"Over one connection. What is resident and no file is behind (`RssAnon`), sampled every {every_ms:.0f} ms."
    return f"{text}\n\n{markdown_table(head, rows)}"


def _section(scenario, runs_of, options):
    if scenario == "watch":
        body = _watch_section(runs_of)
    elif scenario == "watch_idle":
        body = _watch_idle_section(runs_of)
    elif scenario == "watch_lag":
        body = _watch_lag_section(runs_of)
    elif scenario == "files":
        body = _figures_table(runs_of, "MiB")
    elif scenario == "files_small":
        body = _files_small_section(runs_of)
    elif scenario == "noisy":
        body = _noisy_section(runs_of)
    elif scenario == "files_memory":
        body = _files_memory_section(runs_of)
    elif scenario == "memory":
        body = _memory_section(runs_of)
    elif scenario == "large":
        body = _large_section(runs_of, options)
    elif scenario == "rename":
        body = _rename_section(runs_of, options)
    else:
        body = _figures_table(runs_of)
    return f"### {TITLES[scenario]}\n\n{body}"


METHOD = """\
- One server core and one load core: each server, with everything behind it (Redis and webdis; Alcove's writer and
  applier), is pinned to core {server_core}, the load to core {load_core}. Everything talks over 127.0.0.1.
- `wrk` with one thread and keep-alive. Values are {value_bytes} bytes; keys are `k0000000` and up, drawn at random over
  all that are loaded: {keys:,} in every store.
- {runs} runs of {seconds} s of each target, interleaved (A B C D, A B C D, …) after a warm-up; before each run the
  machine has to be idle. Medians, smallest and largest. A run with an answer that is not 2xx, or a socket error, is
  thrown away and repeated; one answer of each target is checked by content first.
- Each run of durable PUT follows a lead-in of the same load that is not counted: what a server defers is inside the
  measured time as much as it is left behind at its end.
- nginx answers the very requests that Alcove gets, token included, with a constant of {value_bytes} bytes.
- Redis has `appendonly yes`, `appendfsync always` and no rewrite of the log; webdis one thread and its default pool.
  GET is `/GET/key.txt`, PUT is `PUT /SET/key`, LIST is `ZRANGEBYLEX` over a sorted set of as many members, each key and
  value together; webdis answers it as JSON, as the others do, and for comparison in Redis's own protocol (`.raw`).
- etcd is one member behind its own JSON gateway: `/v3/kv/range` and `/v3/kv/put`.
- Deno KV lists by `kv.list({{prefix}}, {{limit: 100}})` over its own file and answers JSON by `Deno.serve`.
- Alcove runs `alcove serve --server-threads 1` with its defaults: authentication, routing and resolution are on, every
  PUT is answered after its fdatasync. All of its figures are of the scope workspace where nothing else is said.
- Renames go to one server that holds all of the workspaces, in turns: a call in the workspace of many end users, a call
  in one of few. The end users were made one by one, over HTTP.
- Watches are measured with the bench's own client (`scripts/bench.d/watch_client.cpp`), and every watcher must be
  told of every write once; in order too, save by webdis, which turns around what comes to it at once. Times are
  from the sending of a write to its receipt by a watcher. Watchers of Alcove and of the bare broadcast
  (`scripts/bench.d/broadcast.cpp`, which keeps nothing and tells of each write in a frame of its own, as long as
  Alcove's) have a WebSocket, those of webdis `/SUBSCRIBE`, those of etcd `/v3/watch`. The writer has one
  connection, with up to {watch_window} writes at once: PUT, `PUT /PUBLISH`, `/v3/kv/put`, or messages.
- The memory of idle watchers is what a server that was just started grows by. Watchers fall behind on a server
  with `--store-overlay-bytes=4MiB`, so that what waits for the index does not hide them, and are held against the
  same writes with nobody watching.
- Files go up and down with the bench's own client (`scripts/bench.d/file_client.cpp`), which drops what it takes.
  nginx has a folder on the same disk, `sendfile` as said, and its default buffers where
  nothing else is said. What is downloaded is in memory, in the
  kernel's cache of the disk. An upload replaces one of a few files, and counts once it is answered and durable: nginx
  does not sync, so the client syncs the file then. p50 and p99 are of whole files. What was begun within the run's time
  is brought to its end and counts.
- The lone writer has one connection; the bare loop writes {value_bytes} bytes and calls fdatasync, in the same file
  system.
- "Busy" is the share of time that the core was not idle, the kernel's work included. With a load core at 100% the
  server could have done more than the figure says: `wrk` needs more of its core for a request than nginx does.
  Therefore GET beside nginx is also given per busy second of the server core, and with the bench's own client
  (`scripts/bench.d/client.cpp`), which makes fewer system calls.
"""


def markdown(run):
    """The whole page. `run` is what the driver saved in results.json."""
    options, results = run["options"], run["results"]
    parts = [
        "# Benchmarks",
        "Written by `scripts/bench`. The targets are those that the project set itself; ratios are between medians of "
        "interleaved runs on one machine, and are what carries over to another one.",
        "## Ratios",
        markdown_table(RATIO_HEAD, ratio_rows(results)),
        "## Machine",
        markdown_table(["", ""], [list(pair) for pair in run["machine"]]),
        "Versions: " + ", ".join(f"{name} {version}" for name, version in run["versions"].items()) + ".",
        "## Figures",
        *[_section(scenario, runs_of, options) for scenario, runs_of in results.items()],
        "## How it is measured",
        METHOD.format(**options, watch_window=watch_scenarios.WINDOW),
        "## To reproduce",
        "```sh\n" + run["command"] + "\n```",
        "It installs what is missing from Debian's packages (nginx-light, redis-server, webdis, etcd-server, wrk) and "
        "Deno from the npm package `deno` into `build/bench`, builds Alcove, starts its own instances with their own "
        "configuration and data below `build/bench`, stops them, and writes this page. Nothing else should run on the "
        f"machine meanwhile. This run took {run['minutes']:.0f} minutes. `scripts/bench --help` tells how to measure "
        "less.",
    ]
    if run["notes"]:
        parts.append("Notes of this run: " + "; ".join(run["notes"]) + ".")
    return "\n\n".join(part.strip() for part in parts) + "\n"
