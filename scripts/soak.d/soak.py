"""Runs a server under load.py, looks at it every ten seconds, and judges what it saw."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import machine
import report
from processes import free_port, tail

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALCOVE = ROOT / "build/release/alcove"
KEY = "alc_the-root-key-of-the-soak-test"
WRITTEN_MINUTES_MIN = 20  # shorter runs are trials, and write no document
CONFIGURATION = {
    "ALCOVE_ROOT_KEY": KEY,
    # So that the history is full, and trimmed, long before the first quarter is over.
    "ALCOVE_STORE_SEGMENT_BYTES": "8MiB",
    "ALCOVE_STORE_HISTORY_BYTES": "32MiB",
    "ALCOVE_EXTERNAL_ID_RENAME_ENABLED": "true",
    "ALCOVE_WEBHOOKS_ALLOW_PRIVATE_TARGETS": "true",
    "ALCOVE_WEBHOOKS_RETRY_FIRST_SECONDS": "0.1",
    "ALCOVE_WEBHOOKS_RETRY_MAX_SECONDS": "1",
    "ALCOVE_WEBHOOKS_ATTEMPTS_MAX": "1000",
}


class SoakError(Exception):
    """Something that ends the run with a sentence instead of a stack trace."""


def environment():
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ALCOVE_")}
    return {**plain, **CONFIGURATION}


def folder_bytes(folder):
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:  # removed meanwhile
            pass
    return total


def look(pid, data):
    """What a server holds, in MiB and descriptors."""
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    mib = 1 << 20
    return {
        "anonymous": machine.anonymous(pid),
        "resident": int(fields["VmRSS"].split()[0]) / 1024,
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "index": (data / "index/data.mdb").stat().st_blocks * 512 / mib,
        "log": folder_bytes(data / "log") / mib,
        "blobs": folder_bytes(data / "blobs") / mib,
    }


def start_server(data, port, log):
    with open(log, "ab") as out:
        server = subprocess.Popen([ALCOVE, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"], stdout=out,
                                  stderr=out, stdin=subprocess.DEVNULL, env=environment())
    deadline = time.monotonic() + 30
    while "listening on" not in log.read_text():
        if server.poll() is not None or time.monotonic() > deadline:
            raise SoakError(f"the server did not start: {tail(log)}")
        time.sleep(0.05)
    return server


def measure(server, data, port, minutes):
    """One sample for each interval of the load."""
    argv = [sys.executable, pathlib.Path(__file__).with_name("load.py"), str(port), KEY]
    load = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    samples, error = [], ""
    try:
        load.stdout.readline()  # "ready"
        begin = time.monotonic()
        while time.monotonic() - begin < minutes * 60:
            line = load.stdout.readline()
            if not line or server.poll() is not None:
                raise SoakError("the load ended by itself" if not line else "the server ended by itself")
            figures = json.loads(line)
            error = error or figures.pop("first_error")
            samples.append({"seconds": time.monotonic() - begin, **figures, **look(server.pid, data)})
            print(report.line(samples[-1]), flush=True)
    finally:
        load.stdin.close()
        load.wait(60)
    return samples, error


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak", description="See the head of scripts/soak.")
    parser.add_argument("minutes", nargs="?", type=float, default=20)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory(prefix="alcove-soak-") as name:
        folder = pathlib.Path(name)
        data, log, port = folder / "data", folder / "server.log", free_port()
        server = start_server(data, port, log)
        try:
            samples, error = measure(server, data, port, minutes)
            server.terminate()
            stopped = server.wait(60)
        finally:
            server.kill()
            server.wait()
        checked = subprocess.run([ALCOVE, "check", "--data", data], capture_output=True, text=True, timeout=600)
        described = machine.describe(folder)
        complaints = tail(log, 5)
    verdicts = report.judge(samples, error)
    verdicts.append(report.Verdict("the server stopped with status 0", stopped == 0, f"status {stopped}"))
    last_line = (checked.stdout.strip().splitlines() or [""])[-1]
    verdicts.append(report.Verdict("`alcove check` finds no problem", checked.returncode == 0, last_line))
    text = report.document(described, minutes, samples, verdicts)
    if minutes >= WRITTEN_MINUTES_MIN:
        (ROOT / "docs/soak.md").write_text(text)
    print(text)
    if all(verdict.holds for verdict in verdicts):
        return 0
    print(f"The last lines of the server's log:\n{complaints}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SoakError as failure:
        sys.exit(f"soak: {failure}")
