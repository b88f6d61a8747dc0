"""
Tests for L{penstock.resources.trusted}.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address, UNIXAddress

from penstock.core.accesslog import AccessLog
from penstock.core.content import Buffer
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.resources.trusted import TrustedProxies
from penstock.transports.http1 import HTTPFactory, connectHTTP
from penstock.transports.memory import MemoryClient, MemoryRequester

from ..http1.wires import Server, Wire, answerAtOnce
from ..loop import Loop


class Facts(Resource):
    """
    Says what is known.
    """

    policy = Buffer()

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def locateChild(self, request: Any, segments: tuple[str, ...]) -> Any:
        return self, ()

    def render_POST(self, request: Any) -> str:
        return self.render_GET(request)

    def render_GET(self, request: Any) -> str:
        self.seen.append(request)
        info = request.connectionInfo
        fields = [
            name.decode()
            for name, _ in request.in_headers
            if b"forwarded" in name.lower() or b"real" in name.lower()
        ]
        return f"{getattr(info.peer, 'host', None)} {request.scheme.decode()} {fields}"


FIELDS = [
    ("X-Forwarded-For", "192.0.2.1"),
    ("X-Forwarded-Proto", "https"),
    ("Forwarded", "for=198.51.100.1;proto=https"),
    ("X-Real-IP", "198.51.100.1"),
    ("X_Forwarded_For", "198.51.100.1"),
]


def asked(
    networks: list[str] | None = None,
    policy: str = "x-forwarded",
    peer: Any = None,
    fields: list[tuple[str, str]] = FIELDS,
    target: str = "/a",
) -> str:
    """
    @return: what is known of a request from C{peer}.
    """

    class From(Wire):
        def getPeer(self) -> Any:
            return peer or IPv4Address("TCP", "10.0.0.1", 1)

    lines: list[str] = []
    root = TrustedProxies(
        Facts(), ["10.0.0.0/8"] if networks is None else networks, policy
    )
    server = Server(answerAtOnce)
    factory = HTTPFactory(Site(root, AccessLog(lines.append)), server.clock)
    channel, wire = factory.buildProtocol(None), From()
    if channel is None:
        raise RuntimeError("not taken")
    channel.makeConnection(wire)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    channel.dataReceived(f"GET {target} HTTP/1.1\r\nHost: a\r\n{head}\r\n".encode())
    answer = wire.sent.partition(b"\r\n\r\n")[2].decode()
    # The log knows as much.
    peer = answer.partition(" ")[0]
    assert f" {peer.replace('None', '/run/a')} " in lines[0]
    return answer


@pytest.mark.parametrize("target", ["/", "/a", "/a/b?c", "http://a", "http://a/b"])
def test_believed(target: str) -> None:
    assert asked(target=target) == "192.0.2.1 https []"


def test_policy() -> None:
    assert asked(policy="forwarded") == "198.51.100.1 https []"


def test_strangers() -> None:
    """
    H1: what they say is dropped.
    """
    assert asked(["10.1.0.0/16"]) == "10.0.0.1 http []"
    assert asked([]) == "10.0.0.1 http []"


def test_unix() -> None:
    """
    H3.
    """
    peer = UNIXAddress("/run/a")
    assert asked(["unix"], peer=peer) == "192.0.2.1 https []"
    assert asked(["10.0.0.0/8"], peer=peer) == "None http []"


@pytest.mark.parametrize(
    ("peer", "known"),
    [
        (IPv4Address("TCP", "127.0.0.1", 1), "192.0.2.1 https []"),
        (IPv4Address("TCP", "10.0.0.1", 1), "10.0.0.1 http []"),
        (UNIXAddress("/run/a"), "192.0.2.1 https []"),
        (None, "None http []"),
    ],
    ids=str,
)
def test_near(peer: Any, known: str) -> None:
    """
    By default: who is on this machine; and not who is nowhere.
    """
    with MemoryClient(TrustedProxies(Facts()), peer=peer) as client:
        assert client.get("/", headers=FIELDS).text == known


def test_theHopIsStillKnown() -> None:
    root = Facts()
    server = Server(answerAtOnce)
    factory = HTTPFactory(Site(TrustedProxies(root, ["192.0.2.1"])), server.clock)
    server.factory = factory
    server.channel, server.wire = server.connect()
    server.receive(
        b"POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.1\r\n"
        b"Content-Length: 3\r\n\r\nabc"
    )
    (request,) = root.seen
    assert request.connectionInfo.peer.host == "203.0.113.1"
    assert request.chanRequest.connectionInfo.peer.host == "192.0.2.1"
    assert request.connectionInfo.requestId == (
        request.chanRequest.connectionInfo.requestId
    )
    assert request.body == b"abc"


@pytest.mark.parametrize(
    ("networks", "policy"),
    [(["10.0.0.1/8"], "forwarded"), (["example.com"], "forwarded"), ([], "X")],
    ids=str,
)
def test_refused(networks: list[str], policy: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        TrustedProxies(Facts(), networks, policy)
    if policy == "X":
        with pytest.raises(ValueError, match=r"."):
            Forward(None, policy)


# Behind a gateway of our own


@pytest.mark.parametrize("policy", ["x-forwarded", "forwarded"])
def test_gateway(loop: Loop, policy: str) -> None:
    """
    What the client says of itself stops at the gateway; what the gateway says
    reaches the resource behind it.
    """
    behind = TrustedProxies(Facts(), ["127.0.0.1"], policy)
    port = loop.listen(HTTPFactory(Site(behind)))
    requester = connectHTTP(loop.reactor, f"http://127.0.0.1:{port}")
    gateway = Forward(requester, policy)
    peer = IPv4Address("TCP", "203.0.113.5", 1)
    front = MemoryRequester(Site(gateway), loop.reactor, peer=peer, secure=True)
    response = loop.run(front.call("GET", "/", headers=Headers(FIELDS)))
    assert response.body == b"203.0.113.5 https []"
    loop.run(requester.close())


@pytest.mark.parametrize("policy", ["x-forwarded", "forwarded", None])
def test_gatewayIsNotBelieved(loop: Loop, policy: str | None) -> None:
    port = loop.listen(HTTPFactory(Site(Facts())))
    requester = connectHTTP(loop.reactor, f"http://127.0.0.1:{port}")
    front = MemoryRequester(Site(Forward(requester, policy)), loop.reactor)
    response = loop.run(front.call("GET", "/", headers=Headers(FIELDS)))
    fields = {
        "x-forwarded": ["X-Forwarded-For", "X-Forwarded-Proto"],
        "forwarded": ["Forwarded"],
        None: [],
    }[policy]
    assert response.body.decode() == f"127.0.0.1 http {fields}"
    loop.run(requester.close())
