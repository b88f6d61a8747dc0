"""
What is told of requests that nobody takes: one line each, whatever it was and
however it came (N4).
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock

from penstock.core.accesslog import AccessLog
from penstock.core.content import Buffer, Stream
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits, Timeouts

from .messages import HOST
from .wires import Wire, cuts

LIMITS = Limits(startLine=100, fieldBlock=200, fields=3, trailers=20)
TIMEOUTS = Timeouts(head=2, content=2, answer=3)


class Page(Resource):
    def render_GET(self, request: Any) -> bytes:
        return b"12345"


class Upload(Resource):
    policy = Buffer(100)

    def render_PUT(self, request: Any) -> bytes:
        return b"taken"


class Reads(Resource):
    """
    Has begun to answer before the content has come.
    """

    policy = Stream()

    async def render_PUT(self, request: Any) -> None:
        request.write(b"so far")
        async for _ in request.content:
            pass


class Never(Resource):
    def render_GET(self, request: Any) -> None:
        return None


class Logged:
    """
    A site on a wire, and what its access log says, without the time.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.clock = Clock()
        self._lines: list[str] = []
        root = Resource()
        root.putChild("page", Page())
        root.putChild("upload", Upload())
        root.putChild("reads", Reads())
        root.putChild("never", Never())
        log = AccessLog(self._lines.append, lambda: 0.0, lambda: 0.0)
        self.factory = HTTPFactory(Site(root, log), self.clock, limits, TIMEOUTS)

    @property
    def lines(self) -> list[str]:
        before = "1970-01-01T00:00:00Z http1 192.0.2.1 "
        assert all(line.startswith(before) for line in self._lines)
        assert all(line.endswith("\n") for line in self._lines)
        return [line.removeprefix(before)[:-1] for line in self._lines]

    def connect(self) -> Any:
        channel: Any = self.factory.buildProtocol(IPv4Address("TCP", "192.0.2.1", 9))
        channel.makeConnection(Wire())
        return channel

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.clock.advance(0.25)


PUT = b"PUT /upload HTTP/1.1\r\n" + HOST

CASES: dict[str, tuple[bytes, str]] = {
    "target": (b"GET page HTTP/1.1\r\n", '"GET page HTTP/1.1" 400 - - "malformed'),
    "version": (b"GET / HTTP/3.0\r\n", '"GET / HTTP/3.0" 505 - - "neither'),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", '"GET / HTTP/1.1" 400 - - "no Host"'),
    "quote": (b'G"T\\ / HTTP/1.1\r\n', '"G\\x22T\\\\ / HTTP/1.1" 400 - - "malformed'),
    "bare LF": (b"GET / HTTP/1.1\n", '"GET / HTTP/1.1" 400 - - "line end without'),
    "LF in a field": (
        b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        '"GET / HTTP/1.1" 400 - - "line end without',
    ),
    "too long": (b"GET /" + b"a" * 120, '"GET /aaaaaaaaaaaaaaaaaaaaaaaa'),
    "too many": (
        b"GET / HTTP/1.1\r\n" + HOST + b"A:\r\nB:\r\nC:\r\n\r\n",
        '"GET / HTTP/1.1" 431 - - "too many fields"',
    ),
    "too large": (
        b"GET / HTTP/1.1\r\n" + HOST + b"A:" + b"a" * 300,
        '"GET / HTTP/1.1" 431 - - "fields too large"',
    ),
    "coding": (
        PUT + b"Transfer-Encoding: foo, chunked\r\n\r\n",
        '"PUT /upload HTTP/1.1" 501 - - "unknown transfer coding"',
    ),
    "connect": (
        b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        '"CONNECT a:443" 501 - - "CONNECT"',
    ),
    "chunk": (
        PUT + b"Transfer-Encoding: chunked\r\n\r\n5z",
        '"PUT /upload" 400- 0 0.0ms "malformed chunk size"',
    ),
    "trailers": (
        PUT + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: " + b"b" * 50,
        '"PUT /upload" 431- 0 0.0ms "trailers too large"',
    ),
    "begun": (
        b"PUT /reads HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5z",
        '"PUT /reads" 200- 6 0.0ms "malformed chunk size"',
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(case: str) -> None:
    data, told = CASES[case]
    for pieces in cuts(data):
        logged = Logged()
        channel = logged.connect()
        for piece in pieces:
            channel.dataReceived(piece)
        channel.dataReceived(b"GET /page HTTP/1.1\r\n\r\n\r\n")
        (line,) = logged.lines
        assert line.startswith(told)


def test_tls() -> None:
    """
    Somebody speaks TLS where there is none.
    """
    logged = Logged()
    logged.connect().dataReceived(b"\x16\x03\x01\x00\xf4\x01\r\n\x00")
    (line,) = logged.lines
    assert line == '"\\x16\\x03\\x01\\x00\\xf4\\x01" 400 - - "malformed request line"'


def test_afterOthers() -> None:
    """
    The line of a bad request comes after those of the ones before it.
    """
    logged = Logged()
    good = b"GET /page HTTP/1.1\r\n" + HOST + b"\r\n"
    logged.connect().dataReceived(good + b"BAD\r\n\r\n" + good)
    assert logged.lines == [
        '"GET /page" 200 5 0.0ms',
        '"BAD" 400 - - "malformed request line"',
    ]


def test_contentNobodyWanted() -> None:
    """
    What is wrong with content after the answer has no line of its own.
    """
    logged = Logged()
    logged.connect().dataReceived(
        b"PUT /none HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5z"
    )
    (line,) = logged.lines
    assert line.startswith('"PUT /none" 404 ')


def test_late() -> None:
    """
    Heads, content and answers that take too long.
    """
    logged = Logged()
    logged.connect().dataReceived(b"GET /page HT")
    logged.connect().dataReceived(PUT + b"Content-Length: 5\r\n\r\nabc")
    logged.connect().dataReceived(b"GET /never HTTP/1.1\r\n" + HOST + b"\r\n")
    logged.wait(6)
    assert logged.lines == [
        '"GET /page HT" 408 - - "head takes too long"',
        '"PUT /upload" 408- 0 0.0ms "content took too long"',
        '"GET /never" 503- 0 0.0ms "there was no answer in time"',
    ]


def test_silent() -> None:
    """
    Who has asked for nothing isn't worth a line.
    """
    logged = Logged()
    channel = logged.connect()
    logged.wait(60)
    assert channel.transport.closed
    assert not logged.lines


def test_full() -> None:
    logged = Logged(Limits(connections=1))
    logged.connect()
    logged.connect().dataReceived(b"GET /page?a HTTP/1.1\r\n" + HOST + b"\r\n")
    assert logged.lines == ['"GET /page?a" 503 - - "too many connections"']
