"""Turns the figures of the runs into tables: on the terminal, and as docs/benchmarks.md."""

import dataclasses
import statistics

TITLES = {
    "get": "GET, 64 connections",
    "list": "LIST of 100 keys by prefix with values, 64 connections",
    "put": "Durable PUT, 64 connections",
    "put256": "Durable PUT, 256 connections",
    "lone": "A lone writer",
    "large": "Many keys",
    "memory": "Memory",
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
    "rename many": "in a workspace of many end users",
    "rename few": "in a workspace of 1,000",
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
    Ratio("50 renames among many end users / 1,000", "rename", "rename many", "rename few", "p50_us", at_most=1.5),
]

STALL_MS_MAX = 250
MEMORY_MIB_MAX = 64


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
    return rows


def _limit_row(title, value, limit, unit):
    return [title, f"{value:.0f} {unit}", "", f"< {limit} {unit}", _verdict(value < limit)]


RATIO_HEAD = ["", "ratio of medians", "in single rounds", "target", ""]


def _figures_table(runs_of):
    """One scenario: a row for each target."""
    with_rate = any("rate" in run for runs in runs_of.values() for run in runs)
    head = ["", "p50 µs", "p99 µs", "server core busy", "load core busy"]
    if with_rate:
        head[1:1] = ["requests/s, median", "min", "max"]
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


def _section(scenario, runs_of, options):
    if scenario == "memory":
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
        METHOD.format(**options),
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
