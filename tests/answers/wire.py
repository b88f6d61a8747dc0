"""
Responses as they stand on the wire, read by nothing that the project has.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol

from ..loop import Loop

Fields = list[tuple[bytes, bytes]]


class Message(NamedTuple):
    """
    A response.

    @ivar isWhole: L{False} for one that still goes on.
    """

    version: bytes
    code: bytes
    phrase: bytes
    fields: Fields
    body: bytes = b""
    trailers: Fields = []
    isWhole: bool = True

    def get(self, name: bytes) -> bytes | None:
        """
        The first field called C{name}.
        """
        for key, value in self.fields:
            if key.lower() == name:
                return value
        return None


class TooShort(Exception):
    """
    More is to come.
    """


class Octets:
    """
    What has arrived.
    """

    def __init__(self, data: bytes) -> None:
        self.left = data

    def upTo(self, end: bytes) -> bytes:
        found, sep, left = self.left.partition(end)
        if not sep:
            raise TooShort
        self.left = left
        return found

    def take(self, size: int) -> bytes:
        if len(self.left) < size:
            raise TooShort
        taken, self.left = self.left[:size], self.left[size:]
        return taken


def fieldsOf(lines: list[bytes]) -> Fields:
    """
    @param lines: as they stand; empty ones are left out.
    """
    pairs = [line.split(b":", 1) for line in lines if line]
    return [(name, value.strip(b" \t")) for name, value in pairs]


def messages(raw: bytes, method: str, partly: bool = False) -> list[Message]:
    """
    @param partly: whether some of the last one's content is enough.

    @return: the interim responses and the final one.
    @raise TooShort: if they aren't complete.
    """
    octets = Octets(raw)
    found: list[Message] = []
    while True:
        first, *lines = octets.upTo(b"\r\n\r\n").split(b"\r\n")
        version, code, phrase = first.split(b" ", 2)
        head = Message(version.removeprefix(b"HTTP/"), code, phrase, fieldsOf(lines))
        if code[:1] == b"1":
            found.append(head)
            continue
        if method == "HEAD" or code in (b"204", b"304"):
            body, trailers = b"", []
        elif head.get(b"transfer-encoding") == b"chunked":
            body, trailers, whole = _chunked(octets, partly)
            head = head._replace(isWhole=whole)
        else:
            length = head.get(b"content-length")
            if length is None:
                raise ValueError("a response without an end")
            body, trailers = octets.take(int(length)), []
        if octets.left:
            raise ValueError("more than was asked for")
        return [*found, head._replace(body=body, trailers=trailers)]


def _chunked(octets: Octets, partly: bool) -> tuple[bytes, Fields, bool]:
    body = b""
    while True:
        if partly and body and not octets.left:
            return body, [], False
        size = int(octets.upTo(b"\r\n"), 16)
        if not size:
            break
        body += octets.take(size)
        octets.upTo(b"\r\n")
    lines = []
    while line := octets.upTo(b"\r\n"):
        lines.append(line)
    return body, fieldsOf(lines), True


class Collector(Protocol):
    """
    Sends, and keeps what comes.
    """

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.came = b""

    def connectionMade(self) -> None:
        transport: Any = self.transport
        transport.write(self.request)

    def dataReceived(self, data: bytes) -> None:
        self.came += data


def exchange(
    loop: Loop,
    port: int,
    method: str,
    target: str,
    fields: Fields,
    body: bytes,
    partly: bool = False,
) -> list[Message]:
    """
    Ask on a connection of its own.

    @return: what L{messages} does.
    """
    lines = [b"%s %s HTTP/1.1" % (method.encode(), target.encode())]
    lines += [name + b": " + value for name, value in fields]
    if body:
        lines.append(b"Content-Length: %d" % len(body))
    request = b"\r\n".join([*lines, b"", body])
    collector = Collector(request)
    endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", port)
    loop.run(connectProtocol(endpoint, collector))
    found: list[Message] = []

    def done() -> bool:
        try:
            found[:] = messages(collector.came, method, partly)
        except TooShort:
            return False
        return True

    try:
        loop.run(done)
    finally:
        transport: Any = collector.transport
        transport.abortConnection()
        loop.settle()
    return found
