"""What the figures depend on and stand beside them: the machine, and how busy its cores were."""

import datetime
import os
import pathlib
import platform
import re
import subprocess
import threading
import time


def _read(path):
    try:
        return pathlib.Path(path).read_text().strip()
    except OSError:
        return ""


def _field(text, name):
    for line in text.splitlines():
        key, _, value = line.partition(":" if ":" in line else "=")
        if key.strip() == name:
            return value.strip().strip('"')
    return "unknown"


def _output(argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=10).stdout.strip()
    except OSError:
        return ""


def _disk(folder):
    source = _output(["findmnt", "-no", "SOURCE", "--target", folder])
    kind = _output(["findmnt", "-no", "FSTYPE,OPTIONS", "--target", folder])
    device = " ".join(_output(["lsblk", "-sndo", "NAME,SIZE,MODEL", source]).split()) or source
    return f"{device}, {' '.join(kind.split())}"


def describe(folder):
    """Pairs of name and text for the head of the report."""
    memory_kib = int(_field(_read("/proc/meminfo"), "MemTotal").split()[0])
    return [
        ("CPU", _field(_read("/proc/cpuinfo"), "model name")),
        ("Cores", str(os.cpu_count())),
        ("Memory", f"{memory_kib / 1024 / 1024:.1f} GiB"),
        ("Kernel", platform.release()),
        ("System", _field(_read("/etc/os-release"), "PRETTY_NAME")),
        ("Disk", _disk(folder)),
        ("Date", datetime.date.today().isoformat()),
    ]


class CoreUse:
    """How busy some cores are between two looks at /proc/stat, as fractions of 1."""

    def __init__(self, cores):
        self._cores = cores
        self._before = self._look()

    def _look(self):
        times = {}
        for line in _read("/proc/stat").splitlines():
            name, *rest = line.split()
            if name in [f"cpu{core}" for core in self._cores]:
                user, nice, system, idle, iowait, irq, softirq, steal = map(int, rest[:8])
                total = user + nice + system + idle + iowait + irq + softirq + steal
                times[int(name[3:])] = (total, idle + iowait, steal)
        return times

    def since(self):
        """{core: (busy, stolen)}; both of the time since the object was made."""
        now, use = self._look(), {}
        for core in self._cores:
            total, idle, steal = (b - a for a, b in zip(self._before[core], now[core]))
            use[core] = ((total - idle) / max(total, 1), steal / max(total, 1))
        return use


def settle(cores, quiet_seconds=0.5, seconds_max=30, busy_max=0.10):
    """Waits until the cores have been idle for a while: what one server left behind is not charged to the next.
    False when they never were."""
    deadline, quiet = time.monotonic() + seconds_max, 0.0
    while quiet < quiet_seconds:
        if time.monotonic() > deadline:
            return False
        use = CoreUse(cores)
        time.sleep(0.25)
        idle = all(busy <= busy_max for busy, _ in use.since().values())
        quiet = quiet + 0.25 if idle else 0.0
    return True


def resident(pid):
    """Resident MiB of a process by kind of mapping; the LMDB map apart."""
    kinds, kind = {"map": 0, "heap and stacks": 0, "files": 0}, ""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as lines:
        for line in lines:
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                path = line.split(maxsplit=5)[5].strip() if len(line.split()) > 5 else ""
                kind = "map" if path.endswith("data.mdb") else "files" if path.startswith("/") else "heap and stacks"
            elif line.startswith("Rss:"):
                kinds[kind] += int(line.split()[1])
    mib = {name: kib / 1024 for name, kib in kinds.items()}
    return {**mib, "beside_map": mib["heap and stacks"] + mib["files"]}


def anonymous(pid):
    """Resident MiB of a process that no file is behind: neither the LMDB map nor the program."""
    return int(_field(_read(f"/proc/{pid}/status"), "RssAnon").split()[0]) / 1024


class Samples:
    """A context: what `look()` sees, in MiB, again and again, in `mib`."""

    def __init__(self, look, every_seconds):
        self.mib = []
        self._look = look
        self._every_seconds = every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _work(self):
        while True:
            self.mib.append(self._look())
            if self._over.wait(self._every_seconds):
                return
