"""The WebSocket of watches byte by byte, as RFC 6455 has it: watch_frames.py URL ADMIN_KEY

Frames are sent as they should be and as they should not. The server must allow no origins. Exit status 0 and a line per
claim, or what was not so.
"""

import base64
import contextlib
import hashlib
import json
import os
import random
import socket
import sys
import threading

from raw_websocket import (BINARY, CLOSE, CONTINUATION, MESSAGE_BYTES_MAX, PATIENCE_SECONDS, PING, PONG, TEXT, WATCH,
                           Peer, bearer, close, expect_healthy, frame, opened, padded_ping, text, text_in_pieces,
                           upgrade_lines, upgraded)
from server import Claims, Server, put


NORMAL, PROTOCOL_ERROR, UNSUPPORTED, BAD_DATA, TOO_BIG = 1000, 1002, 1003, 1007, 1009

NAMESPACE = "/workspaces/acme/external/frames"
NAMESPACE_MEMBER = {"workspace": "acme", "externalId": "frames"}

claims = Claims()
claim = claims.claim


def answer_to(server, changes=None, **request):
    """Status and headers that come to an upgrade; the administrator's, unless the changes say otherwise."""
    with Peer(server) as peer:
        peer.send(upgrade_lines(peer, {**bearer(server), **(changes or {})}, **request))
        return peer.head()


def expect_status(expected, server, changes=None, **request):
    status, headers = answer_to(server, changes, **request)
    assert status == expected, f"{status} to {changes} {request} instead of {expected}"
    return headers


def expect_close_of(server, data, *codes):
    with opened(server) as peer:
        peer.send(data)
        try:
            peer.expect_close(*codes)
        except (AssertionError, EOFError, OSError) as error:
            shown = data if len(data) <= 64 else data[:64] + b"..."
            raise AssertionError(f"to {shown.hex(' ')} ({len(data)} bytes): {type(error).__name__} {error}") from error


def expect_alive_behind(server, data):
    with opened(server) as peer:
        peer.send(data)
        peer.expect_alive()


# ---- the handshake

@claim("the accept value is that of the RFC's sample key")
def accept_value(server):
    headers = expect_status(101, server)
    assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", headers
    assert headers["upgrade"].lower() == "websocket" and headers["connection"].lower() == "upgrade", headers
    assert headers.get("x-request-id"), headers


@claim("the accept value is that of any key")
def accept_value_of_any_key(server):
    for _ in range(20):
        key = base64.b64encode(os.urandom(16)).decode()
        headers = expect_status(101, server, {"Sec-WebSocket-Key": key})
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert headers["sec-websocket-accept"] == base64.b64encode(digest).decode(), headers


@claim("headers are compared without case, and Connection is a list")
def header_spelling(server):
    expect_status(101, server, {"Connection": "keep-alive, upgrade", "Upgrade": "WebSocket"})
    expect_status(101, server, {"Connection": None, "CONNECTION": "UPGRADE", "Upgrade": None, "uPGRADE": "WEBSOCKET"})


@claim("an upgrade that arrives byte by byte is one")
def slow_upgrade(server):
    with Peer(server) as peer:
        peer.send_slowly(upgrade_lines(peer, bearer(server)))
        assert peer.head()[0] == 101
        peer.expect("hello")
        peer.expect_alive()


@claim("a key that is missing, or is not 16 bytes in base64, is 400")
def bad_keys(server):
    sizes = [base64.b64encode(bytes(size)).decode() for size in (0, 1, 15, 17, 32)]
    spellings = ["dGhlIHNhbXBsZSBub25jZQ", "dGhl!HNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ===", "x" * 24]
    for key in [None, *sizes, *spellings]:
        expect_status(400, server, {"Sec-WebSocket-Key": key})


@claim("another version than 13 is 426 and told the right one")
def versions(server):
    for version in ("8", "14", "0", "12", "130"):
        headers = expect_status(426, server, {"Sec-WebSocket-Version": version})
        assert headers.get("sec-websocket-version") == "13", headers
    status, _ = answer_to(server, {"Sec-WebSocket-Version": None})
    assert status in (400, 426), status


@claim("without an upgrade to websocket it is 426, which says what to upgrade to")
def no_upgrade(server):
    for changes in ({"Upgrade": None, "Connection": None}, {"Upgrade": "h2c"}, {"Upgrade": None}):
        headers = expect_status(426, server, changes)
        assert headers.get("upgrade", "").lower() == "websocket", headers
    status, _ = answer_to(server, {"Connection": "keep-alive"})
    assert status in (400, 426), status


@claim("the subprotocol is alcove.v1 when it is offered, and none when none is")
def subprotocols(server):
    for offered in ("alcove.v1", "chat, alcove.v1", "alcove.v1, chat", "chat,alcove.v1 , superchat"):
        headers = expect_status(101, server, {"Sec-WebSocket-Protocol": offered})
        assert headers.get("sec-websocket-protocol") == "alcove.v1", headers
    headers = expect_status(101, server)
    assert "sec-websocket-protocol" not in headers, headers


@claim("who offers other subprotocols alone is refused with 400")
def other_subprotocols(server):
    for offered in ("chat", "alcove.v2", "chat, superchat", "alcove.v11", "ALCOVE.V1"):
        expect_status(400, server, {"Sec-WebSocket-Protocol": offered})


@claim("compression is not negotiated")
def extensions(server):
    headers = expect_status(101, server, {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"})
    assert "sec-websocket-extensions" not in headers, headers


@claim("another method is 405 with Allow")
def other_methods(server):
    for method in ("POST", "PUT", "DELETE"):
        headers = expect_status(405, server, {"Content-Length": "0"}, method=method)
        assert "GET" in headers.get("allow", ""), headers


@claim("an upgrade with HTTP/1.0 is refused")
def old_http(server):
    status, _ = answer_to(server, version="1.0")
    assert 400 <= status <= 505, status


@claim("a token that is unknown is 401")
def unknown_token(server):
    for token in ("Bearer alc_unknown_unknown_unknown", "Bearer ", "Basic YTpi", "Bearer wst_unknown"):
        expect_status(401, server, {"Authorization": token})


@claim("pages of an origin that is not listed are refused with 403")
def foreign_origins(server):
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        expect_status(403, server, {"Origin": origin})
        expect_status(403, server, {"Origin": origin, "Authorization": None})


@claim("a parameter that is unknown is 400")
def unknown_parameter(server):
    expect_status(400, server, path=WATCH + "?colour=blue")
    expect_status(400, server, path=f"/api/v1{NAMESPACE}/watch?colour=blue")


@claim("bytes right behind the request are taken as frames")
def pipelined(server):
    behind = text({"t": "ping", "n": 1}) + frame(PING, b"x") + text({"t": "ping", "n": 2})[:3]
    with upgraded(server, behind=behind) as peer:
        peer.expect("hello")
        assert peer.expect("pong")["n"] == 1
        peer.expect_pong(b"x")
    with upgraded(server, {}, behind=text({"t": "auth", "token": server.key})) as peer:
        peer.expect("hello")
        peer.expect_alive()
    with upgraded(server, behind=frame(BINARY, b"x")) as peer:
        peer.expect("hello")
        peer.expect_close(UNSUPPORTED)


# ---- messages

@claim("a text message may come in fragments")
def fragments(server):
    single_bytes = [bytes([byte]) for byte in padded_ping(200)]
    for payloads in ((b'{"t":', b'"ping","n":1}'), (b"", b'{"t":"ping","n":1}', b""), single_bytes):
        with opened(server) as peer:
            peer.send(text_in_pieces(*payloads))
            assert peer.message() == {"t": "pong", "n": 1}
            peer.expect_alive()


@claim("control frames between fragments are answered at once")
def control_between_fragments(server):
    with opened(server) as peer:
        peer.send(frame(TEXT, b'{"t":"pi', fin=False) + frame(PING, b"one"))
        peer.expect_pong(b"one")
        peer.send(frame(CONTINUATION, b'ng"', fin=False) + frame(PONG, b"unasked") + frame(PING, b"two"))
        peer.expect_pong(b"two")
        peer.send(frame(CONTINUATION, b',"n":1}'))
        assert peer.message() == {"t": "pong", "n": 1}
        peer.expect_alive()


@claim("a close between fragments is a close")
def close_between_fragments(server):
    expect_close_of(server, frame(TEXT, b"{", fin=False) + close(NORMAL), NORMAL)


@claim("a ping of 0 to 125 bytes is answered with the same")
def pings(server):
    with opened(server) as peer:
        for size in (0, 1, 124, 125):
            payload = os.urandom(size)
            peer.send(frame(PING, payload))
            peer.expect_pong(payload)
        peer.expect_alive()


@claim("pongs that nobody asked for are ignored")
def unasked_pongs(server):
    expect_alive_behind(server, frame(PONG) + frame(PONG, b"x" * 125))


@claim("frames may arrive byte by byte")
def slow_frames(server):
    with opened(server) as peer:
        peer.send_slowly(text_in_pieces(b'{"t":"ping",', b'"n":1}') + frame(PING, b"slow") + text(padded_ping(200)))
        assert peer.message() == {"t": "pong", "n": 1}
        peer.expect_pong(b"slow")
        assert peer.message() == {"t": "pong", "n": 1}


@claim("many frames may arrive at once")
def many_frames(server):
    with opened(server) as peer:
        peer.send(b"".join(text({"t": "ping", "n": n}) for n in range(500)) + frame(PING, b"last"))
        for n in range(500):
            assert peer.message() == {"t": "pong", "n": n}
        peer.expect_pong(b"last")
        peer.expect_alive()


@claim("messages of the server come in one frame with the shortest length")
def frames_of_the_server(server):
    namespace = NAMESPACE + "-sizes"
    member = {"workspace": "acme", "externalId": "frames-sizes"}
    server.write(namespace, *(put(f"k{size}", "x" * size) for size in (1, 300, 70_000, 200_000)))
    with opened(server) as peer:
        peer.send(text({"t": "watch", "id": 3, "namespace": member, "from": "snapshot"}))
        peer.expect("ok")
        sizes = []
        while (message := peer.message())["t"] == "snapshot":
            sizes += [len(item["value"]) for item in message["items"]]
        assert message["t"] == "synced" and sizes == [1, 200_000, 300, 70_000], (message, sizes)
        for size in (1, 60, 125, 300, 65_000, 66_000):
            server.write(namespace, put("k1", "y" * size))
            events = peer.expect("events")["events"]
            assert len(events) == 1 and events[0]["value"] == "y" * size, events


# ---- frames that are wrong

@claim("a ping of more than 125 bytes is 1002")
def long_ping(server):
    for opcode in (PING, PONG, CLOSE):
        expect_close_of(server, frame(opcode, b"\x03\xe8" + b"x" * 124), PROTOCOL_ERROR)
        expect_close_of(server, frame(opcode, claimed=70_000), PROTOCOL_ERROR)


@claim("a control frame in fragments is 1002")
def fragmented_control(server):
    for opcode in (PING, PONG, CLOSE):
        expect_close_of(server, frame(opcode, b"", fin=False), PROTOCOL_ERROR)
    expect_close_of(server, frame(PING, b"a", fin=False) + frame(CONTINUATION, b"b"), PROTOCOL_ERROR)


@claim("reserved bits, as compression would set them, are 1002")
def reserved_bits(server):
    for reserved in range(1, 8):
        expect_close_of(server, text({"t": "ping"}, reserved=reserved), PROTOCOL_ERROR)
    for reserved in (1, 2, 4):
        expect_close_of(server, frame(PING, reserved=reserved), PROTOCOL_ERROR)
        later = frame(CONTINUATION, b"}", reserved=reserved)
        expect_close_of(server, frame(TEXT, b"{", fin=False) + later, PROTOCOL_ERROR)


@claim("reserved opcodes are 1002")
def reserved_opcodes(server):
    for opcode in (*range(0x3, 0x8), *range(0xB, 0x10)):
        expect_close_of(server, frame(opcode), PROTOCOL_ERROR)
        expect_close_of(server, frame(opcode, b"payload"), PROTOCOL_ERROR)


@claim("a continuation of nothing is 1002")
def continuation_of_nothing(server):
    expect_close_of(server, frame(CONTINUATION, b"{}"), PROTOCOL_ERROR)
    expect_close_of(server, frame(CONTINUATION, b"{}", fin=False), PROTOCOL_ERROR)
    with opened(server) as peer:
        peer.send(text_in_pieces(b'{"t":"ping"', b',"n":1}') + frame(CONTINUATION, b"more"))
        assert peer.message() == {"t": "pong", "n": 1}
        peer.expect_close(PROTOCOL_ERROR)


@claim("a new message inside of one in fragments is 1002")
def message_inside_message(server):
    for opcode in (TEXT, BINARY):
        for fin in (True, False):
            expect_close_of(server, frame(TEXT, b"{", fin=False) + frame(opcode, b"{}", fin=fin), PROTOCOL_ERROR)


@claim("a frame without a mask is 1002")
def unmasked(server):
    for opcode, payload in ((TEXT, b'{"t":"ping"}'), (TEXT, b""), (PING, b""), (CLOSE, b"\x03\xe8")):
        expect_close_of(server, frame(opcode, payload, is_masked=False), PROTOCOL_ERROR)
    later = frame(CONTINUATION, b"}", is_masked=False)
    expect_close_of(server, frame(TEXT, b"{", fin=False) + later, PROTOCOL_ERROR)


@claim("a length that is not said in the shortest way is 1002")
def long_lengths(server):
    for size, encoding in ((18, 16), (125, 16), (18, 64), (125, 64), (126, 64), (65_535, 64)):
        expect_close_of(server, text(padded_ping(size), encoding=encoding), PROTOCOL_ERROR)
    expect_close_of(server, frame(PING, b"", encoding=16), PROTOCOL_ERROR)
    expect_close_of(server, frame(PING, b"x", encoding=64), PROTOCOL_ERROR)


@claim("a length with its top bit set is 1002")
def top_bit(server):
    for length in (1 << 63, (1 << 64) - 1, 1 << 63 | 18):
        expect_close_of(server, frame(TEXT, claimed=length), PROTOCOL_ERROR)


@claim("a binary message is 1003")
def binary(server):
    in_fragments = frame(BINARY, b"x", fin=False) + frame(CONTINUATION, b"x")
    for data in (frame(BINARY), frame(BINARY, b'{"t":"ping"}'), in_fragments):
        expect_close_of(server, data, UNSUPPORTED)


# ---- UTF-8

NOT_UTF8 = [
    b"\xff", b"\xfe", b"\x80", b"\xc3", b"\xc3A", b"\xe2\x82", b"\xe2\x82A", b"\xf0\x9f\x98",  # no or half a code point
    b"\xc0\x80", b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf",  # longer than need be
    b"\xed\xa0\x80", b"\xed\xbf\xbf",  # surrogates
    b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80",  # beyond U+10FFFF
]


@claim("text that is no UTF-8 is 1007")
def not_utf8(server):
    for wrong in NOT_UTF8:
        expect_close_of(server, text(b'{"t":"ping","x":"' + wrong + b'"}'), BAD_DATA)
        expect_close_of(server, text(wrong), BAD_DATA)
    expect_close_of(server, text(b"x" * 1000 + b"\xff" + b"x" * 1000), BAD_DATA)


@claim("text that is no UTF-8 across fragments is 1007")
def not_utf8_in_fragments(server):
    for wrong in NOT_UTF8:
        for cut in range(len(wrong) + 1):
            expect_close_of(server, text_in_pieces(b'{"x":"' + wrong[:cut], wrong[cut:] + b'"}'), BAD_DATA)
    expect_close_of(server, text_in_pieces(b'"\xc3', b"", b"\xa9\xc3", b'"'), BAD_DATA)
    expect_close_of(server, text_in_pieces(b"good", b"\xf0\x9f\x98"), BAD_DATA)


@claim("a code point may be split between fragments")
def split_code_point(server):
    prefix = "é€\U0001f600\U0010ffff\ud7ff\ue000"
    watch = {"t": "watch", "id": 1, "namespace": NAMESPACE_MEMBER, "prefix": prefix}
    message = json.dumps(watch, ensure_ascii=False).encode()
    first = message.index("é".encode())
    for cut in range(first, first + len(prefix.encode()) + 1):
        with opened(server) as peer:
            peer.send(text_in_pieces(message[:cut], message[cut:]))
            assert peer.expect("ok")["id"] == 1
            peer.expect_alive()
    with opened(server) as peer:
        peer.send(text_in_pieces(*(message[i:i + 1] for i in range(len(message)))))
        assert peer.expect("ok")["id"] == 1
        version = server.write(NAMESPACE, put(prefix + "k", prefix))
        event = peer.expect("events")["events"][0]
        assert (event["key"], event["value"], event["version"]) == (prefix + "k", prefix, version), event


# ---- sizes

@claim("a message of 64 KiB is taken")
def largest_message(server):
    for size in (125, 126, 127, 65_535, MESSAGE_BYTES_MAX):
        expect_alive_after_padded(server, text(padded_ping(size)))
    half = padded_ping(MESSAGE_BYTES_MAX)
    expect_alive_after_padded(server, text_in_pieces(*(half[i:i + 4096] for i in range(0, len(half), 4096))))


def expect_alive_after_padded(server, data):
    with opened(server) as peer:
        peer.send(data)
        assert peer.message() == {"t": "pong", "n": 1}
        peer.expect_alive()


@claim("a larger message is 1009")
def too_large(server):
    for size in (MESSAGE_BYTES_MAX + 1, 200_000):
        expect_close_of(server, text(padded_ping(size)), TOO_BIG)


@claim("a larger message is 1009 as soon as its header claims that")
def too_large_by_header(server):
    for length in (MESSAGE_BYTES_MAX + 1, 1 << 32, 1 << 40, (1 << 63) - 1):
        expect_close_of(server, frame(TEXT, claimed=length), TOO_BIG)
    expect_close_of(server, frame(TEXT, b"x" * 40_000, fin=False) + frame(CONTINUATION, claimed=30_000), TOO_BIG)


@claim("a larger message is 1009 in fragments of any size")
def too_large_in_fragments(server):
    whole = padded_ping(MESSAGE_BYTES_MAX + 1)
    for size in (64, 4096, MESSAGE_BYTES_MAX):
        expect_close_of(server, text_in_pieces(*(whole[i:i + size] for i in range(0, len(whole), size))), TOO_BIG)


# ---- the end

@claim("codes of a close are answered with the same")
def close_codes(server):
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        expect_close_of(server, close(code), code)
    expect_close_of(server, close(1000, "größe".encode()), 1000)
    expect_close_of(server, close(4000, b"x" * 123), 4000)


@claim("a close without a code is answered so, or with 1000")
def empty_close(server):
    expect_close_of(server, frame(CLOSE), None, NORMAL)


@claim("a close of one byte is 1002")
def short_close(server):
    expect_close_of(server, frame(CLOSE, b"\x03"), PROTOCOL_ERROR)


@claim("codes that nobody may send are 1002")
def bad_close_codes(server):
    for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535):
        expect_close_of(server, close(code), PROTOCOL_ERROR)


@claim("a reason that is no UTF-8 is 1007")
def bad_close_reason(server):
    for reason in NOT_UTF8:
        expect_close_of(server, close(NORMAL, reason), BAD_DATA, PROTOCOL_ERROR)


@claim("what comes behind a close is ignored")
def behind_close(server):
    expect_close_of(server, close(NORMAL) + text({"t": "ping", "n": 1}) + frame(PING, b"x"), NORMAL)
    expect_close_of(server, close(3000) + frame(BINARY) + close(4000) + b"\xff" * 100, 3000)
    namespace = {"workspace": "acme", "externalId": "frames-closed"}
    expect_close_of(server, close(NORMAL) + text({"t": "watch", "id": 1, "namespace": namespace}), NORMAL)


@claim("what comes before a wrong frame is still answered")
def before_wrong_frame(server):
    with opened(server) as peer:
        peer.send(text({"t": "ping", "n": 5}) + frame(PING, b"x") + frame(0x3))
        assert peer.message() == {"t": "pong", "n": 5}
        peer.expect_pong(b"x")
        peer.expect_close(PROTOCOL_ERROR)


# ---- hostile and unlucky clients

@claim("10,000 pings of who does not read are answered in the end, or the connection is closed")
def ping_flood(server):
    with opened(server, receive_bytes=4096) as peer:
        flood = b"".join(frame(PING, b"%0125d" % n) for n in range(10_000))
        left = send_until_stuck(peer, flood)
        expect_healthy(server)
        with sending(peer, left + frame(PING, b"last")):
            expect_pongs_to_the_last(peer)
    expect_healthy(server)


@claim("10,000 messages of who does not read are answered in order, or the connection is closed")
def message_flood(server):
    with opened(server, receive_bytes=4096) as peer:
        left = send_until_stuck(peer, b"".join(text({"t": "ping", "n": n}) for n in range(10_000)))
        expect_healthy(server)
        with sending(peer, left):
            expect_pongs_to_messages(peer, 10_000)
    expect_healthy(server)


def send_until_stuck(peer, data):
    """Sends without reading until the other side takes nothing for two seconds; gives what was not sent."""
    peer.socket.settimeout(2)
    sent = 0
    with contextlib.suppress(TimeoutError, ConnectionError):
        while sent < len(data):
            sent += peer.socket.send(data[sent:sent + (1 << 16)])
    peer.socket.settimeout(PATIENCE_SECONDS)
    return data[sent:]


@contextlib.contextmanager
def sending(peer, data):
    """Sends meanwhile; what was not sent at the end is not sent at all."""
    sender = threading.Thread(target=peer.send, args=(data,))
    sender.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            peer.socket.shutdown(socket.SHUT_RDWR)
        sender.join()


def expect_pongs_to_the_last(peer):
    """In order. The RFC lets a server answer the most recent ping alone."""
    latest = -1
    with contextlib.suppress(EOFError, ConnectionResetError):
        while (got := peer.frame())[0] != CLOSE:
            opcode, payload = got
            assert opcode == PONG, got
            if payload == b"last":
                peer.expect_alive()
                return
            assert latest < int(payload), (latest, payload)
            latest = int(payload)


def expect_pongs_to_messages(peer, count):
    with contextlib.suppress(EOFError, ConnectionResetError):
        for n in range(count):
            opcode, payload = peer.frame()
            if opcode == CLOSE:
                return
            assert json.loads(payload) == {"t": "pong", "n": n}, (n, payload)


@claim("a client that sends no more is let go")
def half_closed(server):
    for behind in (b"", text({"t": "ping"})[:4], frame(TEXT, b"{", fin=False),
                   text({"t": "watch", "id": 1, "namespace": NAMESPACE_MEMBER, "from": "snapshot"})):
        with opened(server) as peer:
            peer.send(behind)
            peer.socket.shutdown(socket.SHUT_WR)
            with contextlib.suppress(EOFError, ConnectionResetError):
                while peer.frame()[0] != CLOSE:
                    pass
    expect_healthy(server)


@claim("resets at any point leave the server well")
def resets(server):
    watch = text({"t": "watch", "id": 1, "namespace": NAMESPACE_MEMBER, "from": "snapshot"})
    for behind in (b"", b"\x81", text({"t": "ping"})[:4], frame(TEXT, b"{", fin=False), watch,
                   frame(PING, b"x" * 125) * 100, close(NORMAL), frame(0x3), frame(TEXT, claimed=MESSAGE_BYTES_MAX)):
        for read_first in (True, False):
            peer = opened(server) if read_first else upgraded(server)
            peer.send(behind)
            peer.reset()
    for cut in range(1, 200, 20):
        peer = Peer(server)
        peer.send(upgrade_lines(peer, bearer(server))[:cut])
        peer.reset()
    expect_healthy(server)


@claim("a reset while events flow leaves the server and other watches well")
def reset_while_events_flow(server):
    watch = text({"t": "watch", "id": 1, "namespace": NAMESPACE_MEMBER, "prefix": "flow/"})
    with opened(server) as steady:
        steady.send(watch)
        steady.expect("ok")
        for n in range(50):
            peer = opened(server)
            peer.send(watch)
            peer.expect("ok")
            server.write(NAMESPACE, put("flow/n", n))
            peer.reset()
            assert [event["value"] for event in steady.expect("events")["events"]] == [n]
    expect_healthy(server)


@claim("random bytes end their connection and nothing else")
def random_bytes(server):
    source = random.Random(1)
    for _ in range(300):
        with opened(server) as peer:
            peer.send(random_frames(source))
            with contextlib.suppress(ConnectionError):
                peer.socket.shutdown(socket.SHUT_WR)
            with contextlib.suppress(EOFError, ConnectionResetError):
                while peer.frame()[0] != CLOSE:
                    pass
    expect_healthy(server)


def random_frames(source):
    """Some frames that are mostly right, cut and changed somewhere."""
    def one():
        return frame(source.choice([TEXT, TEXT, CONTINUATION, PING, PONG, CLOSE, source.randrange(16)]),
                     source.choice([b'{"t":"ping"}', b"", source.randbytes(source.randrange(200))]),
                     fin=source.random() < 0.8, is_masked=source.random() < 0.95)
    data = bytearray(b"".join(one() for _ in range(source.randint(1, 8))))
    if source.random() < 0.5:
        data[source.randrange(len(data))] = source.randrange(256)
    return bytes(data[:source.randint(1, len(data))])


def main():
    url, key = sys.argv[1:3]
    server = Server(url, key)
    server.call("POST", "/workspaces", {"name": "Acme", "slug": "acme"})
    server.write(NAMESPACE, put("a", 1), put("b", "two"))
    return claims.hold_against(server)


if __name__ == "__main__":
    sys.exit(main())
