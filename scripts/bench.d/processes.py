"""Starts the servers of the bench, each on its core, and stops exactly those, by process id."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

SERVER_CORE = 0
LOAD_CORE = 1


class BenchError(Exception):
    """Something that ends the bench with a sentence instead of a stack trace."""


def on_core(core, argv):
    """argv pinned to a core; it also ends when this process dies without a chance to stop it."""
    return ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(core), *map(str, argv)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tail(path, lines=5):
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


class Processes:
    """The processes that are running. Not thread-safe: start and stop from the main thread only."""

    def __init__(self):
        self._running = []

    def start(self, argv, log, port, env=None, seconds=30):
        """Starts argv on the server core and returns its Popen once something listens on the port."""
        with open(log, "ab") as out:
            process = subprocess.Popen(
                on_core(SERVER_CORE, argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=log.parent,
                env={**_plain_environment(), **(env or {})},
                start_new_session=True,
            )
        self._running.append(process)
        deadline = time.monotonic() + seconds
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"{argv[0]} did not start: {tail(log)}")
            time.sleep(0.05)
        return process

    def stop(self, process, seconds=30):
        if process in self._running:
            self._running.remove(process)
        if process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop_all(self):
        for process in reversed(self._running[:]):
            self.stop(process)


def _plain_environment():
    """Without the variables that would configure Alcove."""
    return {name: content for name, content in os.environ.items() if not name.startswith("ALCOVE_")}


def _listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def run_load(argv, seconds, core=LOAD_CORE):
    """Runs a load tool and returns the JSON line that it prints last."""
    command = on_core(core, argv)
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines or not lines[-1].startswith("{"):
        raise BenchError(f"{argv[0]} failed: {done.stdout[-300:]} {done.stderr[-300:]}")
    return json.loads(lines[-1])


def first_line(argv, pattern=r"\d+\.\d+[\w.]*"):
    """The version that a command prints."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30)
    found = re.search(pattern, done.stdout + done.stderr)
    return found.group(0) if found else "unknown"


def require(tool):
    path = shutil.which(tool, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise BenchError(f"{tool} is not installed")
    return path
