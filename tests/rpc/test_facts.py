"""
Tests for L{penstock.transports.rpc.facts}, from one end to the other.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID
from OpenSSL import crypto
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.task import Clock

from penstock.core.errors import DeadlineExceeded
from penstock.core.forwarding import Unnamed
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.transports.rpc.factory import RPCFactory
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import AbortConnection, Reason

from ..pipe import Pipe
from .wires import RawPeer, Scene, Served, request

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
    scene.peer.requester.startRequest(b"GET", b"/", Headers(), _Nobody(), info=info)
    scene.settle()
    known = scene.served[0].exchange.connectionInfo
    assert known.requestId == "edge-2"
    assert known.peer == IPv6Address("TCP", "2001:db8::1", 7)
    assert known.secure is True
    assert known.deadline == 9.0


@pytest.mark.parametrize(
    "facts",
    [
        ("peer", "unknown"),
        ("peer", "nobody", "port", 1),
        ("peer", "192.0.2.7", "port", 65536),
        ("peer", "192.0.2.7"),
        ("peer", "192.0.2.7", "port", True),
        ("peer", "::x", "port", 1),
        ("peer", None, "local", "x", "localPort", 1, "certificate", b"x"),
        ("peer", 1, "certificate", "x"),
    ],
    ids=str,
)
def test_clientThatNobodyKnows(facts: tuple[Any, ...]) -> None:
    """
    It isn't taken for the gateway, who may be trusted with more.
    """
    scene = Scene(trustFacts=True)
    scene.say(request(1, facts=facts))
    info = scene.served[0].exchange.connectionInfo
    assert info.peer == Unnamed()
    assert info.local == IPv4Address("TCP", "127.0.0.1", 1)
    assert info.secure is False
    assert info.peerCertificate is None


@pytest.mark.parametrize("peer", [None, UNIXAddress(b"/run/x"), Unnamed("_a")], ids=str)
def test_clientWithoutAddress(peer: Any) -> None:
    scene = Scene(trustFacts=True, other=RPCLimits())
    info = ConnectionInfo("http1", "edge-2", peer, None, True)
    scene.peer.requester.startRequest(b"GET", b"/", Headers(), _Nobody(), info=info)
    scene.settle()
    known = scene.served[0].exchange.connectionInfo
    assert known.peer == Unnamed()
    assert known.secure is True


def test_whatIsKnownOfTLS() -> None:
    """
    The client's certificate, and what it has connected to.
    """
    certificate = crypto.X509.from_cryptography(_certificate())
    scene = Scene(trustFacts=True, other=RPCLimits())
    info = ConnectionInfo(
        "http1",
        "edge-2",
        IPv4Address("TCP", "192.0.2.7", 9),
        IPv4Address("TCP", "192.0.2.1", 443),
        True,
        certificate,
    )
    for _ in range(2):
        scene.peer.requester.startRequest(b"GET", b"/", Headers(), _Nobody(), info=info)
    scene.settle()
    first, second = (served.exchange.connectionInfo for served in scene.served)
    assert first.local == IPv4Address("TCP", "192.0.2.1", 443)
    assert first.peerCertificate.to_cryptography() == certificate.to_cryptography()
    assert second.peerCertificate is first.peerCertificate


def test_certificateOfAStranger() -> None:
    scene = Scene(other=RPCLimits())
    certificate = crypto.X509.from_cryptography(_certificate())
    info = ConnectionInfo("http1", "edge-2", None, None, True, certificate)
    scene.peer.requester.startRequest(b"GET", b"/", Headers(), _Nobody(), info=info)
    scene.settle()
    known = scene.served[0].exchange.connectionInfo
    assert known.peerCertificate is None
    assert known.secure is False
    assert known.peer == IPv4Address("TCP", "127.0.0.1", 2)


def test_strangeCertificate() -> None:
    """
    What is no certificate of pyOpenSSL doesn't go along.
    """
    scene = Scene(trustFacts=True, other=RPCLimits())
    info = ConnectionInfo("http1", "edge-2", None, None, True, object())
    scene.peer.requester.startRequest(b"GET", b"/", Headers(), _Nobody(), info=info)
    scene.settle()
    assert scene.served[0].exchange.connectionInfo.peerCertificate is None


@pytest.mark.parametrize("trustFacts", [True, False])
def test_deadline(trustFacts: bool) -> None:
    """
    When nobody waits any longer, nobody works on it any longer.
    """
    scene = Scene(trustFacts=trustFacts)
    scene.say(
        request(1, facts=("deadline", 9)),
        request(3, facts=("deadline", 2.5)),
        request(5),
        request(7, facts=("deadline", 1)),
    )
    first, second, third, fourth = scene.served
    fourth.answer(b"soon")
    scene.settle()
    scene.clock.advance(2.4)
    scene.settle()
    assert second.calls == ["complete"]
    scene.clock.advance(0.1)
    scene.settle()
    assert second.calls == ["complete", "lost"]
    assert isinstance(second.problem, DeadlineExceeded)
    (abort,) = scene.peer.take(AbortConnection)
    assert abort[:2] == (3, Reason.DEADLINE)
    assert first.calls == third.calls == fourth.calls == ["complete"]
    first.answer(b"in time")
    scene.settle()
    scene.clock.advance(10)
    scene.settle()
    assert first.calls == third.calls == ["complete"]
    assert not scene.isClosed


def test_manyDeadlines() -> None:
    """
    Exchanges that are over are forgotten, however long they might have taken.
    """
    scene = Scene()
    for number in range(1, 1001, 2):
        scene.say(request(number, facts=("deadline", 10**6)))
        scene.served.pop().answer()
    scene.settle()
    deadlines: Any = scene.session._deadlines
    assert len(deadlines._heap) < 100
    scene.session.abort()
    scene.settle()
    assert not scene.clock.getDelayedCalls()


@pytest.mark.parametrize(
    ("trustFacts", "address", "believed"),
    [
        (True, IPv4Address("TCP", "192.0.2.7", 9), True),
        (False, IPv4Address("TCP", "192.0.2.7", 9), False),
        (["192.0.2.0/24"], IPv4Address("TCP", "192.0.2.7", 9), True),
        (["192.0.2.0/24"], IPv4Address("TCP", "198.51.100.7", 9), False),
        (["unix"], UNIXAddress(None), True),
        (["192.0.2.0/24"], UNIXAddress(None), False),
        ([], None, False),
    ],
    ids=str,
)
def test_whoIsBelieved(trustFacts: Any, address: Any, believed: bool) -> None:
    clock = Clock()
    served: list[Served] = []

    def factory(*args: Any) -> Served:
        served.append(Served(*args))
        return served[-1]

    listening = RPCFactory(factory, reactor=clock, trustFacts=trustFacts)
    session = listening.buildProtocol(address)
    assert session is not None
    peer = RawPeer(True)
    pipe = Pipe(session, peer, clock)
    pipe.settle()
    peer.say(request(1, facts=FACTS))
    pipe.settle()
    assert (served[0].exchange.connectionInfo.requestId == "edge-1") is believed


def _certificate() -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ada")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )


class _Nobody:
    def requestStarted(self, exchange: Any) -> None:
        pass
