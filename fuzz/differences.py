"""
The disagreements that are explained in C{docs/differences.md}, by what they
are recognized.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Final, NamedTuple


class Difference(NamedTuple):
    """
    Where two parsers part.
    """

    peer: str

    kind: str
    """
    C{we refuse}: they have a message, or wait for one, where we reject.
    C{they refuse}: the other way round.  C{message}: both have a message, and
    not the same; this is where smuggling begins.  C{end}: the same messages,
    and then one goes on where the other doesn't.
    """

    reason: str
    """Of who refuses; or what isn't the same."""


def _has(pattern: bytes) -> Callable[[bytes], bool]:
    """
    @return: whether an input has something in it, in whatever case.
    """
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda data: compiled.search(data) is not None


def _any(data: bytes) -> bool:
    return True


# What the reader refuses, and other parsers may take: all that it ever says.
OURS: Final = frozenset(
    {
        "Content-Length is not a number",
        "Transfer-Encoding does not end in one chunked",
        "Transfer-Encoding in HTTP/1.0",
        "both Content-Length and Transfer-Encoding",
        "chunk not followed by CRLF",
        "chunk-size line too long",
        "control character in a field",
        "empty lines instead of a request",
        "field name is not a token",
        "field without a colon",
        "fields too large",
        "line end without CR",
        "malformed Host",
        "malformed Transfer-Encoding",
        "malformed chunk size",
        "malformed request line",
        "malformed request target",
        "neither HTTP/1.0 nor HTTP/1.1",
        "no Host",
        "request line too long",
        "several Content-Length",
        "several Content-Type",
        "several Host",
        "several Transfer-Encoding",
        "too many chunk extensions",
        "too many fields",
        "trailers too large",
        "unknown transfer coding",
    }
)

_HOSTS: Final = re.compile(rb"host:[ \t]*\[([^]\r\n]*)\]", re.IGNORECASE)

_PORTS: Final = re.compile(rb"host:[^\r\n]*:([0-9]{5})[ \t]*\r\n", re.IGNORECASE)


def _isAddress(text: bytes) -> bool:
    try:
        IPv6Address(text.decode("latin-1"))
    except ValueError:
        return False
    return True


def _oddHost(data: bytes) -> bool:
    """
    @return: whether a Host has what is in the grammar only in the widest sense:
        no host, a port that there can't be, or brackets around something else
        than an address of IPv6.
    """
    return (
        _has(rb"host:[ \t]*(\r\n|:|[^\r\n]*:[0-9]{6,})")(data)
        or any(int(port) > 65535 for port in _PORTS.findall(data))
        or any(not _isAddress(text) for text in _HOSTS.findall(data))
    )


# What it refuses, and the plain reading of RFC 9112 takes; and what an input
# must have for that.
STRICTER: Final[dict[str, Callable[[bytes], bool]]] = {
    "Content-Length is not a number": _has(rb"[0-9]{19}"),
    "chunk-size line too long": lambda data: len(data) > 1024,
    "empty lines instead of a request": _has(rb"(\r\n){3}"),
    "fields too large": lambda data: len(data) > 65536,
    "malformed Host": _oddHost,
    "malformed chunk size": _has(rb"[0-9A-F]{16}"),
    "malformed request target": _has(rb"CONNECT [^ ]+ "),
    "request line too long": lambda data: len(data) > 16384,
    "several Content-Type": _has(rb"content-type.*content-type"),
    "too many chunk extensions": lambda data: len(data) > 16384,
    "too many fields": lambda data: data.count(b"\r\n") > 32,
    "trailers too large": lambda data: len(data) > 8192,
}

# Where another parser isn't what we, and the plain reading, are.
_TRAILER: Final = _has(rb"chunked.*\r\n0[^\r\n]*\r\n")
_EXTENSION: Final = _has(rb"chunked.*;")
_UPGRADE: Final = _has(rb"upgrade.*upgrade")

THEIRS: Final[dict[Difference, Callable[[bytes], bool]]] = {
    Difference(*key): has
    for key, has in {
        ("h11", "they refuse", "no request line received"): _has(rb"(^|\n)\r?\n"),
        ("h11", "they refuse", "illegal chunk header"): _EXTENSION,
        ("h11", "they refuse", "bad Content-Length"): _TRAILER,
        ("h11", "they refuse", "conflicting Content-Length headers"): _TRAILER,
        ("h11", "they refuse", "Only Transfer-Encoding"): _TRAILER,
        ("h11", "they refuse", "multiple Transfer-Encoding headers"): _TRAILER,
        ("httptools", "message", "last"): _has(
            rb"proxy-connection|HTTP/1\.0.*close|close.*HTTP/1\.0"
        ),
        ("httptools", "end", "content taken for another protocol"): _UPGRADE,
        # Where it closes after the message, it has it without its content.
        ("httptools", "message", "content"): _UPGRADE,
        ("httptools", "message", "content, last"): _UPGRADE,
        ("httptools", "end", "incomplete, open"): _has(rb"\r\Z"),
        ("httptools", "end", "closed, incomplete"): _has(rb"PRI "),
        ("httptools", "they refuse", "Invalid method encountered"): _any,
        ("httptools", "they refuse", "Expected space after method"): _any,
        ("httptools", "they refuse", "Expected HTTP/2 Connection Preface"): _has(
            rb"PRI "
        ),
        ("httptools", "they refuse", "Unexpected char in url schema"): _has(rb"://"),
        ("httptools", "they refuse", "Unexpected char in url server"): _has(rb"://"),
        ("httptools", "they refuse", "Data after `Connection"): _TRAILER,
        ("httptools", "they refuse", "Empty Transfer-Encoding"): _TRAILER,
        (
            "httptools",
            "they refuse",
            "Content-Length can't be present with Transfer-Encoding",
        ): _TRAILER,
        (
            "httptools",
            "they refuse",
            "Invalid `Transfer-Encoding` header value",
        ): _TRAILER,
        ("httptools", "they refuse", "Request has invalid `Transfer-Encoding`"): _has(
            rb"chunked[ \t]|chunked.*\r\n0[^\r\n]*\r\n"
        ),
        ("httptools", "they refuse", "Invalid character in chunk size"): _EXTENSION,
        (
            "httptools",
            "they refuse",
            "Invalid character in chunk extensions",
        ): _EXTENSION,
        (
            "httptools",
            "they refuse",
            "Invalid character in chunk extensions name",
        ): _EXTENSION,
        (
            "httptools",
            "they refuse",
            "Invalid character in chunk extensions value",
        ): _EXTENSION,
    }.items()
}


def explained(difference: Difference, data: bytes) -> bool:
    """
    @return: whether C{difference}, for C{data}, stands in the page.
    """
    if difference.kind == "we refuse":
        if difference.peer != "strict":
            # That the plain reading refuses it too, or why not, is looked at
            # with the same input.
            return difference.reason in OURS
        found = STRICTER.get(difference.reason)
    else:
        found = THEIRS.get(difference)
    return found is not None and found(data)
