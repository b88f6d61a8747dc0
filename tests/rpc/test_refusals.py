"""
What is told of requests over RPC that nobody takes, and of peers that don't
speak it (N4).
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.accesslog import AccessLog
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.transports.rpc.codec import MAGIC, frame
from penstock.transports.rpc.factory import RPCFactory
from penstock.transports.rpc.greeting import Greeting
from penstock.transports.rpc.heads import FieldReader, Malformed
from penstock.transports.rpc.messages import Ping, Request

from ..pipe import Pipe
from .wires import RawPeer, request


class Logged:
    """
    A site that a raw peer has dialled, and what its access log says.
    """

    def __init__(self, greets: bool = True) -> None:
        self._lines: list[str] = []
        log = AccessLog(self._lines.append, lambda: 0.0, lambda: 0.0)
        clock = Clock()
        factory = RPCFactory(Site(Resource(), log), reactor=clock)
        self.peer = RawPeer(True, greets)
        session = factory.buildProtocol(None)
        if session is None:
            raise RuntimeError("not taken")
        self.pipe = Pipe(session, self.peer, clock)
        self.pipe.settle()

    @property
    def lines(self) -> list[str]:
        before = "1970-01-01T00:00:00Z rpc 127.0.0.1 "
        assert all(line.startswith(before) for line in self._lines)
        return [line.removeprefix(before)[:-1] for line in self._lines]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (request(1), '"GET /" 405 '),
        (request(1, b"A", b"b\nc"), '"GET /" 400 - - "control character in a field"'),
        (request(1, path=b"/ \n"), '"GET / \\n" 400 - - "'),
        (request(1, method=b'"'), '"\\x22 /" 400 - - "'),
        (request(1, method=b"A" * 300), f'"{"A" * 256}" 501 - - "'),
    ],
    ids=["taken", "field", "target", "method", "long"],
)
def test_requests(message: Request, told: str) -> None:
    logged = Logged()
    logged.peer.say(message)
    logged.pipe.settle()
    (line,) = logged.lines
    assert line.startswith(told)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "not this protocol"),
        (MAGIC + frame(Ping(0, 1)), "hello"),
        (MAGIC + frame(Greeting().hello(False)), "same side"),
    ],
    ids=["http", "no hello", "echo"],
)
def test_strangers(data: bytes, told: str) -> None:
    logged = Logged(greets=False)
    logged.peer.write(data)
    logged.pipe.settle()
    (line,) = logged.lines
    assert line.startswith('"-" 000- - - "')
    assert told in line


def test_silence() -> None:
    """
    Who connects and goes is nobody's business.
    """
    logged = Logged(greets=False)
    transport: Any = logged.peer.transport
    transport.loseConnection()
    logged.pipe.settle()
    assert not logged.lines


def test_typesOfARequest() -> None:
    """
    Several are refused, the same ones again too, though not in a response.
    """
    fields = (b"Content-Type", b"a/b", b"content-type", b"a/c")
    requests = FieldReader(9, 999, ofRequests=True)
    responses = FieldReader(9, 999)
    for _ in range(3):
        with pytest.raises(Malformed, match="several Content-Type"):
            requests.read(fields)
        headers, _ = responses.read(fields)
        assert len(headers) == 2
        assert requests.read(fields[:2])[0].get(b"content-type") == b"a/b"
