"""What is measured of files, scenario by scenario. Each returns {label: [figures of each round]}."""

import hashlib

import machine
from http_client import exchange_bytes
from measure import Target, beside, client_target, interleave
from peers import get_file, put_file
from processes import BenchError, run_load
from template import fill

MIB = 1 << 20
FILE_BYTES = 64 * MIB
CONNECTIONS = 4
UPLOAD_PATHS = 4  # of each connection, replaced in turns: what is uploaded never takes more than 1 GiB
# Far from nginx's defaults, and faster.
NGINX_BUFFERS = "sendfile off; output_buffers 2 256k; client_body_buffer_size 256k;"

KEYS = 10_000
# At full speed uploads take whatever they get of the server core, and GET what is left. Paced ones cost the same
# whoever is served first, so that what they do to GET can be held against a target.
PACED_BYTES = 100 * MIB  # a second

LARGE_BYTES = 1 << 30
LARGE_SECONDS_MAX = 300
SAMPLE_SECONDS = 0.02


def files(context):
    """Downloads of a few files, the same from all servers, and uploads that are durable before they count."""
    names = ("nginx files", "nginx sendfile", "nginx buffers", "alcove files")
    servers = {name.removesuffix(" files"): context.server(name) for name in names}
    _store_files(context, servers)
    targets = [
        file_target(f"{label} down", context, server, get_file("down", server.port))
        for label, server in servers.items()
    ]
    for label in ("nginx", "nginx buffers"):
        targets.append(_up(f"{label} up", context, servers[label], sync=servers[label].files / "up"))
    targets.append(_up("alcove up", context, servers["alcove"]))
    return interleave(context, "files", targets)


def _store_files(context, servers):
    """One file for each connection, by PUT on every server."""
    contents = set()
    for label, server in servers.items():
        file = context.template_file(f"{label} store", put_file("down", server.port, FILE_BYTES))
        _run_once(context, server, file, count=CONNECTIONS, paths=CONNECTIONS)
        status, body = exchange_bytes(server.port, fill(get_file("down", server.port), 0))
        if status != 200 or len(body) != FILE_BYTES:
            raise BenchError(f"{label}: a stored file is answered {status} and {len(body):,} bytes")
        contents.add(hashlib.sha256(body).digest())
    if len(contents) != 1:
        raise BenchError("the servers do not hold the same file")


def file_target(label, context, server, template, leaves_seconds=0.5, **words):
    """A target under file_client with these words. Its rate is in MiB/s."""
    file = context.template_file(label, template)

    def measure(seconds, _seed):
        return _run(context, server, file, seconds, seconds=seconds, connections=CONNECTIONS, **words)

    return Target(label, measure, leaves_seconds=leaves_seconds)


def _up(label, context, server, **words):
    template = put_file("up", server.port, FILE_BYTES)
    leaves = context.applied_seconds if label.startswith("alcove") else 0.5
    return file_target(label, context, server, template, leaves, paths=UPLOAD_PATHS, **words)


def _run(context, server, file, seconds_max, **words):
    """A run of file_client, whose requests are counted in MiB."""
    words = {"port": server.port, "request": file, **words}
    argv = [context.file_client, *(f"{name}={content}" for name, content in words.items())]
    figures = run_load(argv, seconds_max)
    return {**figures, "requests": figures["bytes"] / MIB}


def _run_once(context, server, file, **words):
    """So many requests over one connection; all must succeed."""
    figures = _run(context, server, file, LARGE_SECONDS_MAX, connections=1, **words)
    if figures["bad_status"] or figures["socket_errors"]:
        raise BenchError(f"{file.name}: {figures['bad_status']} answers not 2xx, {figures['socket_errors']} errors")
    return figures


def files_small(context):
    """GET of small values, alone and beside uploads to the same server from the same load core."""
    alcove = context.server("alcove files")
    alone = client_target("small", context, alcove, alcove.get, KEYS, connections=64)
    targets = [
        alone,
        beside("small beside paced", alone, _up("alcove up, paced", context, alcove, rate=PACED_BYTES), _with_uploads),
        beside("small beside uploads", alone, _up("alcove up", context, alcove), _with_uploads),
    ]
    return interleave(context, "files_small", targets)


def _with_uploads(figures, meanwhile):
    for name in ("bad_status", "socket_errors"):
        figures[name] += meanwhile[name]
    return {**figures, "uploaded": meanwhile["requests"] / meanwhile["seconds"]}


def files_memory(context):
    """The memory that one large upload takes on a server that was just started, and then the download of it."""
    alcove = context.server("alcove files")
    alcove.stop()
    alcove.start()
    templates = {
        "large up": put_file("large", alcove.port, LARGE_BYTES),
        "large down": get_file("large", alcove.port),
    }
    context.leaves_seconds = context.applied_seconds
    context.settle()
    return {label: [_large(context, alcove, label, template)] for label, template in templates.items()}


def _large(context, alcove, label, template):
    file = context.template_file(label, template)
    with machine.Samples(lambda: machine.anonymous(alcove.process.pid), SAMPLE_SECONDS) as samples:
        figures = _run_once(context, alcove, file, count=1)
    if figures["bytes"] != LARGE_BYTES:
        raise BenchError(f"{label}: {figures['bytes']:,} bytes instead of {LARGE_BYTES:,}")
    rate = figures["requests"] / figures["seconds"]
    context.say(f"  {label}: {rate:,.0f} MiB/s, at most {max(samples.mib):.1f} MiB beside the map")
    return {**figures, "rate": rate, "first": samples.mib[0], "peak": max(samples.mib)}


ALL = {
    "files": files,
    "files_small": files_small,
    "files_memory": files_memory,
}
