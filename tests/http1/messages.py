"""
Requests and responses, as octets.
"""

from __future__ import annotations

HOST = b"Host: a\r\n"
CLOSE = b"Connection: close\r\n"
GET = b"GET / HTTP/1.1\r\n"
AFTER = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HELLO = GET + HOST + b"\r\n"
BAD = b"GET bad HTTP/1.1\r\n\r\n"


def head(block: bytes) -> bytes:
    return GET + HOST + block + b"\r\n"


def line(start: bytes) -> bytes:
    return start + b"\r\n" + HOST + b"\r\n"


def get(target: bytes, fields: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"GET %b HTTP/%b\r\nHost: a\r\n%b\r\n" % (target, version, fields)


def put(content: bytes, fields: bytes = b"") -> bytes:
    return b"PUT / HTTP/1.1\r\nHost: a\r\n%bContent-Length: %d\r\n\r\n%b" % (
        fields,
        len(content),
        content,
    )


def ok(body: bytes, fields: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bcontent-length: %d\r\n\r\n%b" % (
        fields,
        len(body),
        body,
    )
