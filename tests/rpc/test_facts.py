"""
Tests for L{penstock.transports.rpc.facts}, from one end to the other.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.transports.rpc.limits import RPCLimits

from .wires import Scene, request

FACTS = (
    "id",
    "edge-1",
    "secure",
    True,
    "peer",
    "192.0.2.7",
    "port",
    999,
    "deadline",
    2.5,
    "colour",
    (1, 2),
)


def test_factsOfWhomIsTrusted() -> None:
    scene = Scene(trustFacts=True)
    scene.say(request(1, facts=FACTS))
    info = scene.served[0].exchange.connectionInfo
    assert info == ConnectionInfo(
        "rpc",
        "edge-1",
        IPv4Address("TCP", "192.0.2.7", 999),
        IPv4Address("TCP", "127.0.0.1", 1),
        True,
        None,
        2.5,
    )


def test_factsOfAStranger() -> None:
    """
    Only how long it will wait is taken.
    """
    scene = Scene()
    scene.say(request(1, facts=FACTS))
    info = scene.served[0].exchange.connectionInfo
    assert info.peer == IPv4Address("TCP", "127.0.0.1", 2)
    assert info.requestId.startswith("rpc-")
    assert info.secure is False
    assert info.deadline == 2.5


@pytest.mark.parametrize(
    "facts",
    [
        ("id", "a\nb"),
        ("id", "x" * 129),
        ("id", ""),
        ("id", 1),
        ("peer", "nobody", "port", 1),
        ("peer", "192.0.2.7", "port", 65536),
        ("peer", "192.0.2.7"),
        ("peer", "192.0.2.7", "port", True),
        ("peer", "::x", "port", 1),
        ("secure", 1),
        ("secure", "yes"),
        ("deadline", -1),
        ("deadline", float("nan")),
        ("deadline", float("inf")),
        ("deadline", True),
        ("deadline", "soon"),
        ("deadline", 10**15),
    ],
    ids=str,
)
def test_factsWithoutSense(facts: tuple[Any, ...]) -> None:
    scene = Scene(trustFacts=True)
    scene.say(request(1, facts=facts), request(3))
    first, second = (served.exchange.connectionInfo for served in scene.served)
    assert first._replace(requestId="") == second._replace(requestId="")
    assert first.requestId.startswith("rpc-")


def test_factsGoOn() -> None:
    """
    What is known of the first hop goes with a request.
    """
    scene = Scene(trustFacts=True, other=RPCLimits())
    info = ConnectionInfo(
        "http1", "edge-2", IPv6Address("TCP", "2001:db8::1", 7), None, True, None, 9.0
    )
    scene.peer.startRequest(b"GET", b"/", Headers(), _Nobody(), info=info)
    scene.settle()
    known = scene.served[0].exchange.connectionInfo
    assert known.requestId == "edge-2"
    assert known.peer == IPv6Address("TCP", "2001:db8::1", 7)
    assert known.secure is True
    assert known.deadline == 9.0


class _Nobody:
    def requestStarted(self, exchange: Any) -> None:
        pass
