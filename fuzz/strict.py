"""
Requests as RFC 9112 has them, read in the plainest way: the grammar as
patterns, one line after the other, and of all that a recipient MAY forgive
nothing forgiven.  It has all octets before it begins, and no limits.  Only of
Transfer-Encoding it takes less than the grammar: C{chunked} and nothing else.

Nothing of it is shared with the reader that it is compared with.
"""

from __future__ import annotations

import re
from typing import Final

from peers import Message, Outcome, Verdict, endToEnd

_TCHAR: Final = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"

# Section 3, with the versions that there are.
_REQUEST_LINE: Final = re.compile(
    rb"(" + _TCHAR + rb"+) ([\x21-\x7e]+) HTTP/([0-9]\.[0-9])"
)

# Section 3.2, as far as the beginning of a target goes.
_ORIGIN: Final = re.compile(rb"/.*")
_ABSOLUTE: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.\-]*://[^/?#]+.*")
_AUTHORITY: Final = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[^\[\]:/?#@]+):[0-9]+")

# Section 5.
_FIELD: Final = re.compile(
    rb"(" + _TCHAR + rb"+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*", re.DOTALL
)

# RFC 9110, section 7.2, and RFC 3986, section 3.2.2.
_HOST: Final = re.compile(
    rb"(\[[0-9A-Za-z:.\-_~!$&'()*+,;=]+\]"
    rb"|([A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f][0-9A-Fa-f])*)(:[0-9]*)?"
)

# Section 7.1.
_QUOTED: Final = rb'"([\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_CHUNK: Final = re.compile(
    rb"([0-9A-Fa-f]+)([ \t]*;[ \t]*" + _TCHAR + rb"+([ \t]*=[ \t]*(" + _TCHAR + rb"+|"
    rb"" + _QUOTED + rb"))?)*"
)


class _Refused(Exception):
    """
    It isn't a request.
    """


class _TooShort(Exception):
    """
    It isn't whole.
    """


class _Octets:
    """
    What is left to read.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    @property
    def empty(self) -> bool:
        return self.position == len(self._data)

    def line(self) -> bytes:
        """
        @return: what comes before the next CRLF.
        """
        end = self._data.find(b"\r\n", self.position)
        if end < 0:
            raise _TooShort
        line = self._data[self.position : end]
        if b"\n" in line or b"\r" in line:
            raise _Refused("CR or LF alone")
        self.position = end + 2
        return line

    def take(self, size: int) -> bytes:
        """
        @return: the next C{size} octets.
        """
        taken = self._data[self.position : self.position + size]
        if len(taken) < size:
            raise _TooShort
        self.position += size
        return taken


def _fields(octets: _Octets) -> list[tuple[bytes, bytes]]:
    fields = []
    while line := octets.line():
        found = _FIELD.fullmatch(line)
        if found is None:
            raise _Refused("field")
        fields.append((found[1].lower(), found[2]))
    return fields


def _chunks(octets: _Octets) -> bytes:
    content = b""
    while True:
        line = octets.line()
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise _Refused("chunk-size line")
        size = int(found[1], 16)
        if not size:
            _fields(octets)
            return content
        content += octets.take(size)
        if octets.take(2) != b"\r\n":
            raise _Refused("chunk without CRLF")


def _target(method: bytes, target: bytes) -> bool:
    if method == b"CONNECT":
        return _AUTHORITY.fullmatch(target) is not None
    if target == b"*":
        return method == b"OPTIONS"
    return bool(_ORIGIN.fullmatch(target) or _ABSOLUTE.fullmatch(target))


def _message(octets: _Octets) -> Message:
    while not (line := octets.line()):
        pass
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise _Refused("request line")
    method, target, version = found[1], found[2], found[3].decode()
    if version not in ("1.0", "1.1"):
        raise _Refused("version")
    if not _target(method, target):
        raise _Refused("target")
    fields = _fields(octets)

    def values(name: bytes) -> list[bytes]:
        return [value for known, value in fields if known == name]

    hosts = values(b"host")
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        raise _Refused("number of Host")
    if hosts and _HOST.fullmatch(hosts[0]) is None:
        raise _Refused("Host")
    lengths, codings = values(b"content-length"), values(b"transfer-encoding")
    options = [
        option.strip(b" \t")
        for value in values(b"connection")
        for option in value.lower().split(b",")
    ]
    close = b"close" in options or (version == "1.0" and b"keep-alive" not in options)
    content = b""
    if codings:
        if lengths or version == "1.0":
            raise _Refused("Transfer-Encoding where none may be")
        if len(codings) > 1 or codings[0].lower() != b"chunked":
            raise _Refused("Transfer-Encoding")
    elif lengths:
        if len(lengths) > 1 or re.fullmatch(rb"[0-9]+", lengths[0]) is None:
            raise _Refused("Content-Length")
    if method == b"CONNECT":
        close = True
    elif codings:
        content = _chunks(octets)
    elif lengths:
        content = octets.take(_number(lengths[0]))
    return Message(method, target, version, endToEnd(fields), content, close)


def _number(digits: bytes) -> int:
    return int(digits) if len(digits) < 4000 else 1 << 64


def strict(data: bytes) -> Outcome:
    """
    @return: what RFC 9112 makes of C{data}.
    """
    octets = _Octets(data)
    messages: list[Message] = []
    try:
        while not octets.empty:
            # Empty lines, and nothing yet.
            start = octets.position
            if set(data[start:]) <= set(b"\r\n"):
                while not octets.empty:
                    if octets.line():
                        raise _Refused("CR or LF alone")
                break
            messages.append(_message(octets))
            if messages[-1].last:
                return Outcome(Verdict.CLOSED, tuple(messages), "")
    except _Refused as problem:
        return Outcome(Verdict.REJECTED, tuple(messages), str(problem))
    except _TooShort:
        return Outcome(Verdict.INCOMPLETE, tuple(messages), "")
    return Outcome(Verdict.OPEN, tuple(messages), "")
