"""What a namespace that is asked far too often does to others. Each returns {label: [figures of each round]}."""

from measure import beside, client_target, interleave
from peers import Alcove, alcove_request
from processes import BenchError, run_load

NAMESPACES = 1_000
LIMIT = 2_000  # requests a second of one namespace
LIMITED_FLAGS = [f"--rate-limits-namespace-requests-per-second={LIMIT}"]
CONNECTIONS = 8
NOISY_CONNECTIONS = 64
STORE_SECONDS_MAX = 60


def noisy(context):
    """Requests to many namespaces, alone and while another namespace is asked as fast as its clients can."""
    alcove = context.server("alcove limited")
    put = _request("PUT", alcove, "{key}")
    _store(context, alcove, put)
    noise = client_target(
        "noise", context, alcove, _request("PUT", alcove, "noisy"), NAMESPACES, connections=NOISY_CONNECTIONS
    )
    targets = []
    for label, template in (("quiet get", _request("GET", alcove, "{key}")), ("quiet put", put)):
        quiet = client_target(label, context, alcove, template, NAMESPACES, connections=CONNECTIONS)
        targets += [quiet, beside(f"{label} beside noise", quiet, noise, _with_noise)]
    return interleave(context, "noisy", targets)


def _request(method, alcove, subject):
    body = "{value}" if method == "PUT" else ""
    return alcove_request(method, f"/api/v1/workspaces/bench/external/{subject}/kv/x", alcove.port, body)


def _store(context, alcove, put):
    """One key in each namespace."""
    file = context.template_file("quiet store", put)
    figures = run_load([context.client, alcove.port, file, NAMESPACES, CONNECTIONS, 0, 1], STORE_SECONDS_MAX)
    if figures["requests"] != NAMESPACES or figures["bad_status"]:
        raise BenchError(f"{figures['bad_status']} of {NAMESPACES} namespaces were refused")


def _with_noise(figures, meanwhile):
    """Refusals are what the noise is meant to get."""
    served = meanwhile["requests"] - meanwhile["bad_status"]
    rates = {name: count / meanwhile["seconds"] for name, count in (("served", served), ("refused", meanwhile["bad_status"]))}
    return {**figures, **rates}


ALL = {"noisy": noisy}
