"""Request templates: one raw HTTP request with placeholders, which wrk, the C++ client and the probe fill in alike."""

import base64

VALUE_BYTES = 100
GROUP_KEYS = 100  # keys that share a prefix of six characters


def key(number):
    return f"k{number:07d}"


def value(number):
    """A value that differs from its neighbours', always of VALUE_BYTES."""
    return (f"{number:020d}" * 5)[:VALUE_BYTES]


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


def fill(template, number):
    """The request for one key."""
    text = value(number)
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


def request(method, target, port, headers=(), body=""):
    """The template of a request; its Content-Length counts the body as it is once filled in."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", *headers]
    if body:
        lines.append(f"Content-Length: {len(fill(body, 0))}")
    return "\r\n".join(lines) + "\r\n\r\n" + body
