"""A systemd unit, started by hand as systemd would, where no systemd runs.

What a setting means is done with the same means of the kernel: the user, limits, capabilities, a read-only file system, filters
for system calls. A setting that stands neither in a method here nor in `left_to_systemd` fails, so that none is forgotten.
"""
import ctypes
import grp
import os
import pwd
import re
import resource
import shlex
import signal
import socket
import stat
import subprocess
import time
import traceback

import seccomp

# What concerns systemd itself, and what the filter of system calls and the lack of capabilities rule out here anyway.
left_to_systemd = {
    "Type", "ExecReload", "Restart", "RestartSec", "TimeoutStartSec", "TimeoutStopSec", "OOMScoreAdjust", "RemoveIPC",
    "ConfigurationDirectory", "ProtectClock", "ProtectHostname", "ProtectControlGroups", "ProtectKernelLogs",
    "ProtectKernelModules", "ProtectKernelTunables", "LockPersonality", "RestrictNamespaces", "RestrictRealtime",
    "RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallErrorNumber",
}

CLONE_NEWNS = 0x20000
PR_CAPBSET_DROP = 24
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000


def read_service(path):
    """The settings of [Service]: name → values, in their order."""
    settings, section = {}, None
    with open(path, encoding="utf-8") as file:
        for line in map(str.strip, file):
            if line.startswith("["):
                section = line
            elif line and line[0] not in "#;" and section == "[Service]":
                name, value = line.split("=", 1)
                settings.setdefault(name, []).append(value)
    return settings


def system_calls(group):
    """All names of a group such as @system-service."""
    if not group.startswith("@"):
        return {group}
    lines = subprocess.run(["systemd-analyze", "syscall-filter", group], check=True, capture_output=True, text=True).stdout
    members = [line.strip() for line in lines.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*map(system_calls, members))


class Service:
    """One run of the unit. `printed` is what systemd would write to the journal."""

    def __init__(self, path, journal):
        self.settings = read_service(path)
        self.journal = journal
        self.used = set(left_to_systemd)
        self.user = pwd.getpwnam(self.last("User"))
        self.group = grp.getgrnam(self.last("Group")).gr_gid
        self.state = os.path.join("/var/lib", self.last("StateDirectory"))
        self.make_state()
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.settimeout(20)
        self.socket_path = f"/run/notify-{time.monotonic_ns()}"
        self.manager.bind(self.socket_path)
        os.chmod(self.socket_path, 0o777)
        arguments, environment = shlex.split(self.last("ExecStart")), self.environment()
        # What can be found out is found out here, and only done between fork and exec.
        steps = [self.confine_files(), self.set_limits(), self.drop_rights(), self.filter_calls()]
        unknown = set(self.settings) - self.used
        if unknown:
            raise ValueError(f"unit.py does not know {sorted(unknown)}")
        self.ended = False
        self.pid = os.fork()
        if self.pid == 0:
            try:
                output = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                os.dup2(output, 1)
                os.dup2(output, 2)
                for step in steps:
                    step()
                os.execve(arguments[0], arguments, environment)
            except BaseException:  # the parent's code must not run twice
                os.write(2, traceback.format_exc().encode())
            os._exit(200)

    def values(self, name):
        self.used.add(name)
        return self.settings.get(name, [])

    def last(self, name, default=None):
        return (self.values(name) or [default])[-1]

    def make_state(self):
        os.makedirs(self.state, exist_ok=True)
        os.chmod(self.state, int(self.last("StateDirectoryMode", "0755"), 8))
        os.chown(self.state, self.user.pw_uid, self.group)

    def environment(self):
        out = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "HOME": self.user.pw_dir, "USER": self.user.pw_name,
               "NOTIFY_SOCKET": self.socket_path, "STATE_DIRECTORY": self.state}
        for path in self.values("EnvironmentFile"):
            if not os.path.exists(path.removeprefix("-")) and path.startswith("-"):
                continue
            with open(path.removeprefix("-"), encoding="utf-8") as file:
                out.update(line.strip().split("=", 1) for line in file if line.strip() and line[0] not in "#;")
        return out

    def confine_files(self):
        folder = self.last("WorkingDirectory", "/")
        assert self.last("ProtectSystem") == "strict" and self.last("ProtectHome") == "yes"
        assert self.last("PrivateTmp") == "yes" and self.last("PrivateDevices") == "yes"
        proc = f"subset={self.last('ProcSubset')},hidepid={self.last('ProtectProc')}"

        def mount(*arguments):
            subprocess.run(["mount", *arguments], check=True)

        def confine():
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
                raise OSError(ctypes.get_errno(), "unshare")
            mount("--bind", self.state, self.state)
            for hidden in ("/home", "/root"):
                mount("-t", "tmpfs", "-o", "ro,mode=0", "tmpfs", hidden)
            for own in ("/tmp", "/var/tmp"):
                mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", own)
            devices = {name: os.stat(f"/dev/{name}") for name in ("null", "zero", "full", "random", "urandom", "tty")}
            mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/dev")
            for name, status in devices.items():
                os.mknod(f"/dev/{name}", stat.S_IFCHR, status.st_rdev)
                os.chmod(f"/dev/{name}", 0o666)
            mount("-t", "proc", "-o", proc, "proc", "/proc")
            for read_only in ("/run", "/"):
                mount("-o", "remount,bind,ro", read_only)
            os.chdir(folder)

        return confine

    def set_limits(self):
        umask = int(self.last("UMask", "0022"), 8)
        limits = [(resource.RLIMIT_NOFILE, int(self.last("LimitNOFILE"))), (resource.RLIMIT_CORE, int(self.last("LimitCORE")))]

        def limit():
            os.umask(umask)
            for which, bound in limits:
                most = resource.getrlimit(which)[1]  # not every machine lets root raise it
                bound = bound if most == resource.RLIM_INFINITY else min(bound, most)
                resource.setrlimit(which, (bound, bound))

        return limit

    def drop_rights(self):
        assert self.last("CapabilityBoundingSet") == ""

        def drop():
            libc = ctypes.CDLL(None, use_errno=True)
            capability = 0
            while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
                capability += 1
            os.setgroups([self.group])
            os.setgid(self.group)
            os.setuid(self.user.pw_uid)

        return drop

    def filter_calls(self):
        assert self.last("NoNewPrivileges") == "yes"  # set with the first filter
        assert self.last("MemoryDenyWriteExecute") == "yes"
        allowed = {"execve"}
        for group in self.values("SystemCallFilter"):
            if group.startswith("~"):
                allowed -= system_calls(group[1:])
            else:
                allowed |= system_calls(group)
        families = {getattr(socket, name) for name in self.last("RestrictAddressFamilies").split()}

        refusals = seccomp.SyscallFilter(seccomp.ALLOW)
        for family in set(range(1, 64)) - families:
            refusals.add_rule(seccomp.ERRNO(97), "socket", seccomp.Arg(0, seccomp.EQ, family))  # EAFNOSUPPORT
        for call, bits in (("mmap", PROT_WRITE | PROT_EXEC), ("mprotect", PROT_EXEC), ("shmat", SHM_EXEC)):
            refusals.add_rule(seccomp.ERRNO(1), call, seccomp.Arg(2, seccomp.MASKED_EQ, bits, bits))
        # The unit has them fail; here they kill, so that none goes unseen.
        calls = seccomp.SyscallFilter(seccomp.KILL_PROCESS)
        for name in allowed:
            if seccomp.resolve_syscall(seccomp.Arch(), name) >= 0:
                calls.add_rule(seccomp.ALLOW, name)

        def confine():
            refusals.load()
            calls.load()

        return confine

    def told(self):
        """What the service told last by NOTIFY_SOCKET; waits for it."""
        try:
            return self.manager.recv(1000).decode()
        except TimeoutError:
            return "nothing; it printed\n" + self.printed()

    def printed(self):
        with open(self.journal, encoding="utf-8") as file:
            return file.read()

    def status(self):
        """/proc/<pid>/status as a dictionary."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return dict(re.split(r":\s+", line.rstrip("\n"), maxsplit=1) for line in file)

    def stop(self):
        """As `systemctl stop`; returns how it ended, as subprocess does."""
        return self.end_with(signal.SIGTERM)

    def close(self):
        if not self.ended:
            self.end_with(signal.SIGKILL)
        self.manager.close()

    def end_with(self, number):
        os.kill(self.pid, number)
        self.ended = True
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
