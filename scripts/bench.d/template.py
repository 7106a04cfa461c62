"""Request templates: one raw HTTP request with placeholders, which wrk, the C++ client and the probe fill in alike."""

import base64

VALUE_BYTES = 100
GROUP_KEYS = 100  # keys that share a prefix of six characters


def key(number):
    return f"k{number:07d}"


def value(number, value_bytes=VALUE_BYTES):
    """A value that differs from its neighbours'."""
    return (f"{number:020d}" * (value_bytes // 20 + 1))[:value_bytes]


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


def fill(template, number, value_bytes=VALUE_BYTES):
    """The request for one key."""
    text = value(number, value_bytes)
    fields = {
        "{key}": key(number),
        "{key64}": base64_of(key(number)),
        "{group}": key(number)[:6],
        "{value}": text,
        "{value64}": base64_of(text),
    }
    for name, content in fields.items():
        template = template.replace(name, content)
    return template


def request(method, target, port, headers=(), body="", value_bytes=VALUE_BYTES):
    """The template of a request; its Content-Length counts the body as it is once filled in."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers]
    if body:
        lines.append(f"Content-Length: {len(fill(body, 0, value_bytes))}")
    return "\r\n".join(lines) + "\r\n\r\n" + body


def websocket(target, port, headers=()):
    """The template of a request for a WebSocket. Its key is the one of RFC 6455: nobody checks the answer's."""
    upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    return request("GET", target, port, [*headers, *upgrade, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="])
