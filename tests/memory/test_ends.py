"""
How exchanges in memory end, wherever they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.errors import (
    Cancelled,
    DeadlineExceeded,
    LocalProtocolError,
    PeerGone,
)
from penstock.core.headers import Headers
from penstock.core.testing.recorder import PushSource

from .pair import Pair

_STAGES: dict[str, Callable[[Any, Any], None]] = {
    "head": lambda client, server: None,
    "some content": lambda client, server: client.exchange.writeData(b"abc"),
    "held content": lambda client, server: (
        server.exchange.pauseProducing(),
        client.exchange.writeData(b"abc"),
    )[0],
    "whole request": lambda client, server: client.exchange.finish(),
    "interim response": lambda client, server: (
        server.exchange.writeIntermediateResponse(100)
    ),
    "response's head": lambda client, server: server.exchange.writeHeaders(
        200, Headers()
    ),
    "response's content": lambda client, server: (
        server.exchange.writeHeaders(200, Headers()),
        server.exchange.writeData(b"abc"),
    )[0],
    "unread content": lambda client, server: (
        client.exchange.pauseProducing(),
        server.exchange.writeHeaders(200, Headers()),
        server.exchange.writeData(b"abc"),
    )[0],
    "a producer": lambda client, server: (
        client.exchange.pauseProducing(),
        server.exchange.writeHeaders(200, Headers()),
        PushSource(server.exchange, 10_000_000).register(),
    )[0],
}

_ENDS: dict[str, tuple[Callable[[Any, Any], None], Any, Any]] = {
    "caller gives up": (
        lambda client, server: client.exchange.abortConnection(),
        None,
        Cancelled,
    ),
    "server gives up": (
        lambda client, server: server.exchange.abortConnection(),
        Cancelled,
        None,
    ),
    "connection breaks": (
        lambda client, server: client.exchange.breakConnection(),
        PeerGone,
        PeerGone,
    ),
    "connection times out": (
        lambda client, server: client.exchange.breakConnection(DeadlineExceeded("")),
        DeadlineExceeded,
        DeadlineExceeded,
    ),
}


def _reason(end: Any) -> Any:
    assert end.names.count("connectionLost") <= 1
    if end.lost:
        assert end.names[-1] == "connectionLost"
        return type(end.reason.value)
    return None


@pytest.mark.parametrize("stage", _STAGES)
@pytest.mark.parametrize("end", _ENDS)
def test_endsAtEachStage(stage: str, end: str) -> None:
    """
    Whoever ends it and when: the other side is told once, last, at once; and
    nothing that comes after it does anything.
    """
    pair = Pair()
    client, server = pair.upload()
    _STAGES[stage](client, server)
    call, toClient, toServer = _ENDS[end]
    call(client, server)
    assert (_reason(client), _reason(server)) == (toClient, toServer)
    before = (list(client.names), list(server.names))
    call(client, server)
    client.exchange.writeData(b"late")
    client.exchange.finish()
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"late")
    server.exchange.finish()
    client.exchange.resumeProducing()
    server.exchange.resumeProducing()
    pair.settle()
    assert (client.names, server.names) == before
    assert pair.requester.underWay == ()
    assert pair.idle


def test_aWholeResponseOutlivesItsConnection() -> None:
    """
    What has come whole and wasn't read yet isn't lost with the connection.
    """
    pair = Pair()
    client, server = pair.download()
    client.exchange.pauseProducing()
    server.exchange.writeData(b"abc")
    server.exchange.finish()
    client.exchange.breakConnection()
    assert not client.lost
    client.exchange.resumeProducing()
    assert client.content == b"abc"
    assert client.complete


def test_earlyAnswerEndsTheRequest() -> None:
    """
    A complete answer ends a request that isn't, and its producer is stopped.
    """
    pair = Pair()
    client, server = pair.upload()
    server.exchange.pauseProducing()
    source = PushSource(client.exchange, 10_000_000)
    source.register()
    server.answer(b"enough")
    assert client.complete
    assert source.stops == 1
    client.exchange.writeData(b"late")
    assert client.exchange.lateCalls == ("writeData",)
    assert server.names == []


def test_shortMessages() -> None:
    """
    A message that is shorter than it promised is lost for the other side.
    """
    pair = Pair()
    client, server = pair.upload([("Content-Length", "5")])
    client.exchange.writeData(b"abc")
    with pytest.raises(LocalProtocolError, match="shorter"):
        client.exchange.finish()
    assert server.lost
    client, server = pair.download([("Content-Length", "5")])
    with pytest.raises(LocalProtocolError, match="shorter"):
        server.exchange.finish()
    assert client.lost
