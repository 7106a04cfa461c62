"""What messages of watches say, right and wrong ones: watch_messages.py URL ADMIN_KEY

Whatever is malformed or refused is answered with an error, and the socket stays open. Exit status 0 and a line per
claim, or what was not so.
"""

import contextlib
import json
import struct
import sys
import time

from raw_websocket import CLOSE, MESSAGE_BYTES_MAX, PING, TEXT, frame, opened, padded_ping, text, upgraded
from server import Claims, Server, put

AUTH_SECONDS = 5
FIRST_BYTES_MAX = 4 << 10
POLICY, TOO_BIG = 1008, 1009

NAMESPACE = "/workspaces/acme/external/messages"
NAMESPACE_MEMBER = {"workspace": "acme", "externalId": "messages"}

claims = Claims()
claim = claims.claim


@claim("who connected is told so first")
def hello(server):
    with upgraded(server) as peer:
        message = peer.expect("hello")
        assert isinstance(message["connection"], str) and message["connection"], message
        assert isinstance(message["limits"], dict), message
        assert message["heartbeat"] > 0, message
        peer.expect_alive()


@claim("a namespace's own path begins its watch without a frame")
def watch_of_path(server):
    with opened(server, path=f"/api/v1{NAMESPACE}/watch?prefix=path/") as peer:
        ok = peer.expect("ok")
        assert ok["id"] == 1 and isinstance(ok["cursor"], str), ok
        version = server.write(NAMESPACE, put("path/a", 1))
        events = peer.expect("events")
        assert [(e["key"], e["version"], e["value"]) for e in events["events"]] == [("path/a", version, 1)], events


@claim("`n` of a ping is any number, or absent")
def numbers_of_pings(server):
    with opened(server) as peer:
        for n in (0, -1, 1.5, -0.25, 1e300, 2**53, 2**63, -(2**63)):
            peer.send(text({"t": "ping", "n": n}))
            message = peer.expect("pong")
            assert float(message["n"]) == n, f"{message} to {n}"
        peer.send(text({"t": "ping"}))
        assert peer.message() == {"t": "pong"}


# ---- what frames say

EITHER = ("INVALID_JSON", "VALIDATION_ERROR")


def expect_error(server, message, field=None, codes=("VALIDATION_ERROR",), watch_id=None):
    """`field` is the member at fault, or what holds it."""
    with opened(server) as peer:
        peer.send(text(message))
        error = peer.message()
        assert error["t"] == "error", f"{error} to {message!r}"
        assert error.get("code") in codes, f"{error} to {message!r} instead of {codes}"
        assert isinstance(error.get("message"), str) and error["message"], error
        assert isinstance(error.get("field", ""), str), error
        assert set(error) <= {"t", "id", "code", "message", "field"}, error
        if field is not None:
            at_fault = error.get("field", "").split(".")[0].split("[")[0]
            assert at_fault == field, f"{error} to {message!r} instead of the field {field!r}"
        if watch_id is not None:
            assert error.get("id") == watch_id, f"{error} to {message!r} instead of the id {watch_id}"
        peer.send(text({"t": "ping", "n": 7}))
        pong = peer.message()
        assert pong == {"t": "pong", "n": 7}, f"{pong} behind {message!r}"


def expect_watch_error(server, field=None, codes=("VALIDATION_ERROR",), **members):
    expect_error(server, {"t": "watch", "id": 4, "namespace": NAMESPACE_MEMBER, **members}, field, codes, 4)


@claim("malformed JSON is told so, and the socket stays open")
def malformed(server):
    for message in ("", " ", "{", "}", '{"t"}', '{"t":}', '{"t":"ping",}', '{"t":"ping"} x', '{"t":"ping"}{"t":"ping"}',
                    "{'t':'ping'}", '{t:"ping"}', '{"t":"ping","n":NaN}', '{"t":"ping","n":01}', '{"t":"ping","n":+1}',
                    '{"t":"ping","n":1.}', '{"t":"ping","n":.5}', '{"t":"ping","n":Infinity}', '{"t":"ping"',
                    '{"t":"ping', '{"t":"pi\nng"}', '{"t":"pi\0ng"}', '{"t":"ping"}\0', '/**/{"t":"ping"}',
                    '{"t":"\\x70ing"}', "nul", "ping"):
        expect_error(server, message, codes=("INVALID_JSON",))
    nested = '{"t":"ping","n":' + "[" * 100 + "]" * 100 + "}"
    for message in ('{"t":"\\ud800"}', '\ufeff{"t":"ping"}', "[" * 60_000, nested, '{"t":"ping","n":1e999}'):
        expect_error(server, message, codes=EITHER)


@claim("what is no object is told so")
def no_object(server):
    for message in ("[]", "7", '"ping"', "null", "true", '[{"t":"ping"}]'):
        expect_error(server, message)


@claim("an unknown kind of frame is told so")
def unknown_kind(server):
    for kind in ("nope", "", "PING", "pong", "hello", "events", 7, None, ["ping"], True):
        expect_error(server, {"t": kind}, "t")
    expect_error(server, {}, "t")
    for message in ({"T": "ping"}, {"n": 1}):
        expect_error(server, message)


@claim("a missing member is told so")
def missing_members(server):
    for message, field in (({"t": "watch", "namespace": NAMESPACE_MEMBER}, "id"), ({"t": "unwatch"}, "id"),
                           ({"t": "sync"}, "id"), ({"t": "auth"}, "token")):
        expect_error(server, message, field)
    expect_error(server, {"t": "watch", "id": 4}, "namespace", watch_id=4)
    for namespace in ({}, {"externalId": "x"}, {"endUserId": "x"}):
        expect_watch_error(server, "namespace", namespace=namespace)


@claim("a member that occurs twice is told so")
def duplicate_members(server):
    for message in ('{"t":"ping","t":"ping"}', '{"t":"ping","n":1,"n":1}', '{"t":"sync","id":1,"id":1}',
                    '{"t":"ping","n":1,"\\u006e":1}',
                    '{"t":"watch","id":4,"namespace":{"workspace":"acme","workspace":"acme"}}',
                    '{"t":"watch","id":4,"prefix":"a","prefix":"b","namespace":{"workspace":"acme"}}'):
        expect_error(server, message)


@claim("a member that is unknown is told so")
def unknown_members(server):
    for message, field in (({"t": "ping", "x": 1}, "x"), ({"t": "ping", "id": 1}, "id"),
                           ({"t": "auth", "token": "x", "user": "y"}, "user"),
                           ({"t": "auth", "token": "x", "id": 1}, "id"), ({"t": "sync", "id": 1, "n": 1}, "n"),
                           ({"t": "unwatch", "id": 1, "x": 1}, "x")):
        expect_error(server, message, field)
    expect_watch_error(server, "colour", colour="blue")
    expect_watch_error(server, "namespace", namespace={**NAMESPACE_MEMBER, "colour": "blue"})
    expect_watch_error(server, "from", **{"from": {"cursor": "x", "colour": "blue"}})


WRONG_MEMBERS = {
    "prefix": (7, None, ["a"], {}),
    "from": ("then", "", 7, None, {}, [], {"cursor": 7}, {"cursor": None}),
    "mode": ("all", 1, None),
    "values": ("yes", 1, None),
    "previous": ("true", 1, None),
    "operations": ("put", ["puts"], [1], {}, None, ["put", None]),
    "namespace": ("acme", 7, None, [], {"workspace": 7}, {"workspace": None}, {"workspace": "acme", "externalId": 7},
                  {"workspace": "acme", "endUserId": ["u"]},
                  {"workspace": "acme", "externalId": "x", "endUserId": "y"}),
}


@claim("a member of the wrong type is told so")
def wrong_types(server):
    for n in ("7", None, True, [1], {}):
        expect_error(server, {"t": "ping", "n": n}, "n")
    for token in (7, None, ["x"]):
        expect_error(server, {"t": "auth", "token": token}, "token")
    for member, values in WRONG_MEMBERS.items():
        for value in values:
            expect_watch_error(server, member, **{member: value})


@claim("an id is a whole number of 0 to 2^53-1")
def ids(server):
    for wrong in ("1", 1.5, -1, 1 << 53, 1 << 64, 1e300, None, True, [1], {}):
        for message in ({"t": "watch", "namespace": NAMESPACE_MEMBER}, {"t": "unwatch"}, {"t": "sync"}):
            expect_error(server, {**message, "id": wrong}, "id")
    for good in (0, 1, (1 << 53) - 1):
        with opened(server) as peer:
            peer.send(text({"t": "watch", "id": good, "namespace": NAMESPACE_MEMBER}))
            assert peer.expect("ok")["id"] == good
            peer.send(text({"t": "unwatch", "id": good}))
            assert peer.message() == {"t": "end", "id": good, "why": "unwatch"}


@claim("a cursor that the server never gave is told so")
def bad_cursors(server):
    for cursor in ("", "x", "AAAA", "%", "MDE5", "\0", "é", "A" * 10_000, "00000000000000000000"):
        expect_watch_error(server, "from", **{"from": {"cursor": cursor}})


@claim("what does not exist is told so")
def absent(server):
    for codes, namespace in ((("NOT_FOUND",), {"workspace": "nobody"}),
                             (("END_USER_NOT_FOUND",), {"workspace": "acme", "endUserId": "nobody"}),
                             (("INTEGRATION_NOT_FOUND",), {"workspace": "acme", "integrationAlias": "none"})):
        expect_watch_error(server, codes=codes, namespace=namespace)
    for kind in ("unwatch", "sync"):
        expect_error(server, {"t": kind, "id": 4}, codes=("NOT_FOUND", "VALIDATION_ERROR"), watch_id=4)


@claim("an id that is in use is told so, and its watch goes on")
def id_in_use(server):
    with opened(server) as peer:
        watch = text({"t": "watch", "id": 4, "namespace": NAMESPACE_MEMBER, "prefix": "twice/"})
        peer.send(watch + watch)
        peer.expect("ok")
        error = peer.expect("error")
        assert error["id"] == 4 and error["code"] in ("VALIDATION_ERROR", "DUPLICATE"), error
        server.write(NAMESPACE, put("twice/a", 1))
        assert peer.expect("events")["events"][0]["key"] == "twice/a"


# ---- who it is

@claim("who does not authenticate within 5 seconds is closed with 1008")
def no_auth(server):
    with upgraded(server, {}) as peer:
        begun = time.monotonic()
        peer.send(frame(PING, b"still here"))
        peer.expect_pong(b"still here")
        peer.expect_close(POLICY)
        took = time.monotonic() - begun
        assert AUTH_SECONDS - 1 < took < AUTH_SECONDS + 3, took


@claim("a wrong token gets no hello, and a close with 1008")
def wrong_auth(server):
    expect_refusal(server, *({"t": "auth", "token": token} for token in (
        "alc_unknown_unknown_unknown", "wst_unknown", "", "x" * 1000, server.key + "x", server.key.upper())))


@claim("nothing is told to who did not authenticate")
def unauthenticated(server):
    expect_refusal(server, {"t": "watch", "id": 1, "namespace": NAMESPACE_MEMBER, "from": "snapshot"},
                   {"t": "sync", "id": 1}, {"t": "unwatch", "id": 1}, {"t": "nope"})


def expect_refusal(server, *messages):
    """A close with 1008, perhaps behind an error that says why; each on a connection of its own."""
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(upgraded(server, {})) for _ in messages]
        for peer, message in zip(peers, messages):
            peer.send(text(message))
        for peer, message in zip(peers, messages):
            opcode, payload = peer.frame()
            if opcode == TEXT:
                assert json.loads(payload)["t"] == "error", f"{payload} to {message}"
                opcode, payload = peer.frame()
            assert (opcode, payload[:2]) == (CLOSE, struct.pack(">H", POLICY)), f"{opcode:#x} {payload} to {message}"


@claim("a wrong token changes nothing")
def wrong_token(server):
    wrong = text({"t": "auth", "token": "alc_unknown_unknown_unknown"})
    with upgraded(server, {}) as peer:
        peer.send(wrong)
        assert peer.expect("error")["code"] == "UNAUTHENTICATED"
        peer.send(text({"t": "auth", "token": server.key}))
        peer.expect("hello")
        peer.send(text({"t": "watch", "id": 1, "namespace": NAMESPACE_MEMBER, "prefix": "still/"}))
        peer.expect("ok")
        peer.send(wrong)
        assert peer.expect("error")["code"] == "UNAUTHENTICATED"
        server.write(NAMESPACE, put("still/a", 1))
        assert peer.expect("events")["events"][0]["key"] == "still/a"


@claim("who did not authenticate may send 4 KiB, and 64 KiB then")
def first_frame(server):
    auth = json.dumps({"t": "auth", "token": server.key}).encode()
    with upgraded(server, {}) as peer:
        peer.send(text(auth.ljust(FIRST_BYTES_MAX)))
        peer.expect("hello")
        peer.send(text(padded_ping(MESSAGE_BYTES_MAX)))
        peer.expect("pong")
    with upgraded(server, {}) as peer:
        peer.send(text(auth.ljust(FIRST_BYTES_MAX + 1)))
        peer.expect_close(TOO_BIG)


@claim("who authenticates with a frame is told so")
def auth_frame(server):
    with upgraded(server, {}) as peer:
        peer.send(text({"t": "auth", "token": server.key}))
        peer.expect("hello")
        peer.expect_alive()
        time.sleep(AUTH_SECONDS + 1)
        peer.expect_alive()


def main():
    url, key = sys.argv[1:3]
    server = Server(url, key)
    server.call("POST", "/workspaces", {"name": "Acme", "slug": "acme"})
    return claims.hold_against(server)


if __name__ == "__main__":
    sys.exit(main())
