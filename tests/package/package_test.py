"""The Debian package, for real: installed, started as its unit says, upgraded, removed and purged.

Run by tests/package/in_copy in a copy of the machine: python3 tests/package/package_test.py PACKAGE.deb
The last line is "N passed, N failed".
"""
import http.server
import json
import os
import pathlib
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import tomllib
import unittest
import urllib.error
import urllib.request

from unit import Service, read_service

package = ""  # the file
configuration = pathlib.Path("/etc/alcove/alcove.toml")
environment = pathlib.Path("/etc/alcove/alcove.env")
data = pathlib.Path("/var/lib/alcove")
unit = "/lib/systemd/system/alcove.service"
wanted = pathlib.Path("/etc/systemd/system/multi-user.target.wants/alcove.service")
exposure_max = 2.0  # by systemd's measure, from 0 to 10


def run(*command, status=0):
    """What it prints. Fails when it does not end as expected."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"})
    if done.returncode != status:
        raise AssertionError(f"{' '.join(command)}: ended with {done.returncode}\n{done.stdout}")
    return done.stdout


def install(file, *options, status=0):
    return run("dpkg", "--install", *options, str(file), status=status)


def state_of_package():
    """"ii" installed, "rc" removed, "un" unknown."""
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}", "alcove"], capture_output=True, text=True,
                            check=False)
    return listed.stdout.strip() or "un"


def admin_key():
    for line in environment.read_text().splitlines():
        if line.startswith("ALCOVE_ROOT_KEY="):
            return line.split("=", 1)[1]
    raise AssertionError("no admin key in alcove.env")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def ask(method, path, body=None, content_type="application/json"):
    """The answer's body to a request of the administrator. Where the unit listens is in the package's configuration."""
    request = urllib.request.Request(f"http://127.0.0.1:7411/api/v1{path}", data=body, method=method)
    request.add_header("Authorization", f"Bearer {admin_key()}")
    if body is not None:
        request.add_header("Content-Type", content_type)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read()
    except urllib.error.HTTPError as refusal:
        raise AssertionError(f"{method} {path}: {refusal.code} {refusal.read()}") from refusal


def ask_json(method, path, body):
    return json.loads(ask(method, path, json.dumps(body).encode()))


def traces():
    """What the system has under the name of Alcove."""
    return set(run("find", "/etc", "/usr", "/var", "-xdev", "-name", "*alcove*", "-print", "-prune").split())


def next_version(folder):
    """The package once more, with a higher version and another configuration in it."""
    content = folder / "content"
    run("dpkg-deb", "--raw-extract", package, str(content))
    control = content / "DEBIAN/control"
    version = run("dpkg-deb", "--field", package, "Version").strip()
    control.write_text(control.read_text().replace(f"Version: {version}\n", f"Version: {version}+next\n"))
    shipped = content / "etc/alcove/alcove.toml"
    shipped.write_text("# The next version.\n" + shipped.read_text())
    file = folder / "next.deb"
    run("dpkg-deb", "--root-owner-group", "--build", str(content), str(file))
    return file


class Receiver:
    """Takes one delivery of a webhook."""

    def __init__(self):
        receiver = self
        self.came = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204)
                self.end_headers()
                receiver.came.set()

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://localhost:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Package(unittest.TestCase):
    def setUp(self):
        # The copy may have what the machine has.
        if state_of_package() != "un":
            run("dpkg", "--purge", "alcove")
        for folder in (data, configuration.parent):
            shutil.rmtree(folder, ignore_errors=True)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.journal = str(self.folder / "journal")

    def serve(self):
        """The service, ready."""
        service = Service(unit, self.journal)
        self.addCleanup(service.close)
        self.assertEqual(service.told(), "READY=1")
        return service

    def end(self, service):
        self.assertEqual(service.stop(), 0, service.printed())
        self.assertEqual(service.told(), "STOPPING=1")

    def test_a_first_install_makes_user_key_and_configuration_and_enables_the_service(self):
        said = run("apt-get", "install", "-qy", "--no-install-recommends", package)  # as dpkg, and what it depends on
        self.assertIn("alcove: the admin key is in /etc/alcove/alcove.env, for root alone\n", said)
        self.assertNotIn(admin_key(), said)
        self.assertRegex(admin_key(), "^alc_[0-9a-f]{64}$")
        self.assertEqual((mode(environment), os.stat(environment).st_uid), (0o600, 0))
        self.assertEqual((mode(configuration), os.stat(configuration).st_uid), (0o644, 0))
        user = pwd.getpwnam("alcove")
        self.assertEqual((user.pw_dir, user.pw_shell), (str(data), "/usr/sbin/nologin"))
        self.assertEqual(os.readlink(wanted), unit)
        self.assertEqual(run("dpkg", "--verify", "alcove"), "")

    def test_the_configuration_is_the_shipped_one_but_for_the_data_folder(self):
        install(package)
        shipped = pathlib.Path("config/alcove.toml").read_text().splitlines()
        packaged = configuration.read_text().splitlines()
        different = [new for old, new in zip(shipped, packaged, strict=True) if old != new and not new.startswith("#")]
        self.assertEqual(different, ['data = "/var/lib/alcove"'])

    def test_the_unit_is_valid_and_little_exposed(self):
        install(package)
        self.assertEqual(run("systemd-analyze", "verify", "--man=no", unit), "")
        said = run("systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={int(exposure_max * 10)}", unit)
        print(said.strip().splitlines()[-1])

    def test_the_unit_leaves_room_for_what_the_configuration_asks_for(self):
        install(package)
        service = read_service(unit)
        server = tomllib.loads(configuration.read_text())["server"]
        self.assertGreater(int(service["TimeoutStopSec"][0]), 2 * server["shutdown_seconds"])
        self.assertGreater(int(service["LimitNOFILE"][0]), 2 * server["connections_max"])

    def test_the_program_is_stripped_and_names_the_terms_of_what_is_in_it(self):
        install(package)
        self.assertNotIn(".debug_info", run("readelf", "--section-headers", "--wide", "/usr/bin/alcove"))
        terms = pathlib.Path("/usr/share/doc/alcove/copyright").read_text()
        for name in ("The Alcove authors", "Henry Schreiner", "Gabi Melman", "Mark Gillard", "Yann Collet", "Milo Yip"):
            self.assertTrue(name in terms, name)

    def test_the_service_does_its_work_confined_as_the_unit_says(self):
        install(package)
        with environment.open("a") as file:
            file.write("ALCOVE_WEBHOOKS_ALLOW_PRIVATE_TARGETS=true\n")
        service = self.serve()
        ids = " ".join([str(pwd.getpwnam("alcove").pw_uid)] * 4)
        status = service.status()
        self.assertEqual(status["Uid"].split(), ids.split())
        self.assertEqual((status["CapBnd"], status["CapEff"]), ("0" * 16, "0" * 16))
        self.assertEqual((status["NoNewPrivs"], status["Seccomp"]), ("1", "2"))

        # Of everything that the server does something: a call that the unit's filter lacks would kill it.
        receiver = Receiver()
        ask_json("POST", "/workspaces", {"name": "Acme", "slug": "acme"})
        ask_json("POST", "/end-users", {"workspaceId": "acme", "externalId": "user_1"})
        ask_json("POST", "/workspaces/acme/integrations", {"integrationName": "kv-store"})
        ask_json("POST", "/triggers/enable", {"integrationName": "kv-store", "triggerName": "key_changed", "input": {},
                                              "callbackUrl": receiver.url, "workspaceId": "acme", "endUserId": "user_1"})
        ask("PUT", "/workspaces/acme/end-users/user_1/kv/greeting", b"hello", "text/plain")
        self.assertEqual(ask("GET", "/workspaces/acme/end-users/user_1/kv/greeting"), b"hello")
        os.kill(service.pid, signal.SIGHUP)  # ExecReload
        content = os.urandom(3 << 20)
        ask("PUT", "/workspaces/acme/files/content", content, "application/octet-stream")
        self.assertEqual(ask("GET", "/workspaces/acme/files/content"), content)
        self.assertTrue(receiver.came.wait(30), "no webhook came\n" + service.printed())

        self.assertEqual((mode(data), os.stat(data).st_uid), (0o700, pwd.getpwnam("alcove").pw_uid))
        self.assertEqual({mode(path) & 0o077 for path in data.rglob("*")}, {0})
        self.end(service)
        self.assertNotIn(admin_key(), service.printed())

    def test_an_upgrade_asks_about_a_changed_configuration_and_keeps_data_key_and_choices(self):
        install(package)
        key = admin_key()
        service = self.serve()
        ask_json("POST", "/workspaces", {"name": "Acme", "slug": "acme"})
        ask("PUT", "/workspaces/acme/kv/greeting", b"hello", "text/plain")
        self.end(service)
        own = configuration.read_text().replace("access_log = false", "access_log = true")
        configuration.write_text(own)
        run("systemctl", "disable", "alcove")

        following = next_version(self.folder)
        self.assertIn("end of file on stdin at conffile prompt", install(following, status=1))
        install(following, "--force-confold")
        self.assertIn("+next", run("dpkg-query", "-W", "-f", "${Version}", "alcove"))
        self.assertEqual(configuration.read_text(), own)
        self.assertTrue(configuration.with_suffix(".toml.dpkg-dist").read_text().startswith("# The next version."))
        self.assertEqual(admin_key(), key)
        self.assertFalse(wanted.exists())
        service = self.serve()
        self.assertEqual(ask("GET", "/workspaces/acme/kv/greeting"), b"hello")
        self.end(service)

    def test_a_removed_package_leaves_configuration_key_and_data_for_when_it_comes_back(self):
        install(package)
        key = admin_key()
        service = self.serve()
        ask_json("POST", "/workspaces", {"name": "Acme", "slug": "acme"})
        self.end(service)
        run("dpkg", "--remove", "alcove")
        self.assertEqual(state_of_package(), "rc")
        self.assertFalse(os.path.exists("/usr/bin/alcove") or os.path.exists(unit))
        self.assertTrue(configuration.exists())
        self.assertEqual(admin_key(), key)
        install(package)
        self.assertEqual(admin_key(), key)
        service = self.serve()
        self.assertIn(b"acme", ask("GET", "/workspaces/acme"))
        self.end(service)

    def test_a_purge_takes_configuration_and_key_and_leaves_only_data(self):
        before = traces()
        install(package)
        service = self.serve()
        ask_json("POST", "/workspaces", {"name": "Acme", "slug": "acme"})
        self.end(service)
        said = run("dpkg", "--purge", "alcove")
        self.assertIn("alcove: the data in /var/lib/alcove is kept.", said)
        self.assertEqual(state_of_package(), "un")
        self.assertFalse(configuration.parent.exists())
        self.assertFalse(os.path.lexists(wanted))
        self.assertTrue((data / "index/data.mdb").exists())
        self.assertEqual(traces() - before, {str(data)})

    def test_a_purge_without_data_leaves_nothing(self):
        install(package)
        data.mkdir()
        self.assertNotIn("is kept", run("dpkg", "--purge", "alcove"))
        self.assertFalse(data.exists())


if __name__ == "__main__":
    package = os.path.abspath(sys.argv.pop(1))
    # Else each installation makes man-db's index anew, which takes longer than all the rest.
    pathlib.Path("/var/lib/man-db/auto-update").unlink(missing_ok=True)
    result = unittest.main(exit=False, verbosity=2).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed", flush=True)
    sys.exit(0 if bad == 0 and result.testsRun else 1)
