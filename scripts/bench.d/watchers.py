"""Watchers of a server and the writer of what they are told, in a process of their own: see watch_client.cpp."""

import dataclasses
import json
import os
import select
import subprocess
import time

from processes import LOAD_CORE, BenchError, on_core, tail
from template import VALUE_BYTES

OPENING_SECONDS_MAX = 90
STOPPING_SECONDS_MAX = 10


@dataclasses.dataclass
class Watch:
    """How a server is watched, and told what its watchers are to hear."""

    request: str  # a template; {key} is the watcher's number
    ready: str  # in what a watcher is told before all else
    publish: str = ""  # the template of one write; without one nothing is written
    first: str = ""  # a text frame that a watcher sends once it is connected
    upgrade: str = ""  # the request behind which writes are text frames; without one they are requests
    value64: bool = False  # values are told in base64
    in_order: bool = True  # webdis turns around what comes to it at once


class Watchers:
    """A context: while it is entered, so many watchers are connected. It may be entered again and again."""

    def __init__(self, context, label, server, watch, count, value_bytes=VALUE_BYTES):
        self._argv = [context.watch_client, f"port={server.port}", f"watchers={count}", f"ready={watch.ready}"]
        self._argv += [f"value_bytes={value_bytes}", f"value64={int(watch.value64)}"]
        for name in ("request", "first", "publish", "upgrade"):
            if template := getattr(watch, name):
                file = context.template_file(f"watch {label} {name}", template)
                self._argv.append(f"{name}={file}")
        self._in_order = watch.in_order
        self._log = context.folder / "watch_client.log"
        self._process = None

    def __enter__(self):
        with open(self._log, "ab") as log:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log}
            self._process = subprocess.Popen(on_core(LOAD_CORE, self._argv), start_new_session=True, **pipes)
        try:
            self._answer(OPENING_SECONDS_MAX)
        except BaseException:
            self.__exit__()
            raise
        return self

    def run(self, seconds, **order):
        """One run, as the client describes it, and its figures."""
        words = [f"{name}={content}" for name, content in {"seconds": seconds, **order}.items()]
        try:
            os.write(self._process.stdin.fileno(), " ".join(words).encode() + b"\n")
        except BrokenPipeError:
            pass  # it ended, and has no answer
        figures = self._answer(seconds + 60)
        if figures["disorder"] and self._in_order:
            raise BenchError(f"{figures['disorder']} events were not the next of their watcher")
        if figures["missing"] and not figures["socket_errors"]:
            raise BenchError(f"{figures['missing']} events did not come")
        return figures

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(STOPPING_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self, seconds):
        """The next line that the client prints."""
        deadline, line, out = time.monotonic() + seconds, b"", self._process.stdout.fileno()
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([out], [], [], max(0, deadline - time.monotonic()))
            received = os.read(out, 65536) if ready else b""
            if not received:
                raise BenchError(f"watch_client {'ended' if ready else 'does not answer'}: {tail(self._log)}")
            line += received
        return json.loads(line)
