"""The little HTTP that the bench speaks itself: probes before a measurement, and loading over a few connections."""

import http.client
import itertools
import socket
import threading
import time

from processes import BenchError
from template import fill

ATTEMPTS_MAX = 50  # of one batch, when the server says that it is overloaded


def exchange(port, raw_request):
    """Sends one raw request; returns (status, body)."""
    status, body = exchange_bytes(port, raw_request)
    return status, body.decode(errors="replace")


def exchange_bytes(port, raw_request):
    """The same for a body that is no text."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(raw_request.encode())
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def probe(port, template, number, expected=""):
    """Fails unless the request for one key is answered with 2xx and a body that contains what is expected."""
    status, body = exchange(port, fill(template, number))
    if not 200 <= status < 300 or expected not in body:
        line = template.split("\r\n", 1)[0]
        raise BenchError(f"{line}: answered {status} {body[:200]!r}, expected {expected[:60]!r} in it")
    return len(body)


def post_all(port, path, headers, bodies, connections):
    """Posts every body, over several connections at once; all must be answered 2xx."""
    bodies, lock, failures = iter(bodies), threading.Lock(), []

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        try:
            while not failures:
                with lock:
                    body = next(bodies, None)
                if body is None:
                    return
                _post(connection, path, headers, body)
        except (OSError, http.client.HTTPException, BenchError) as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise BenchError(f"loading {path}: {failures[0]}")


def _post(connection, path, headers, body):
    for attempt in itertools.count(1):
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if 200 <= answer.status < 300:
            return
        if answer.status not in (429, 503) or attempt == ATTEMPTS_MAX:
            raise BenchError(f"{answer.status} {text[:200]!r}")
        time.sleep(0.1)
