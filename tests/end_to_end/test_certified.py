"""
Requests that come over TLS, for hosts that the certificate is valid for and
for others: over each transport, HTTP and RPC with real sockets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from penstock.core.headers import Headers
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.http1 import HTTPClient, HTTPFactory
from penstock.transports.memory import MemoryClient, MemoryRequester
from penstock.transports.rpc import RPCClient, RPCFactory

from ..loop import Loop
from ..requirements.ends import Message, Seen, answers
from ..requirements.test_tls import Identity
from ..rpc.test_tls import Encrypted

# Twisted's own use of pyOpenSSL.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL")

NAMES = ("localhost", "*.example.org", "192.0.2.1", "2001:db8::1")

IDENTITY = Identity("other.example", *NAMES)

NOBODY = Identity("localhost")


def listen(loop: Loop, factory: Any, identity: Any = IDENTITY) -> int:
    return loop.listen(TLSMemoryBIOFactory(identity, False, factory, loop.reactor))


def overHTTP(loop: Loop, site: Any, trusted: bool = False) -> HTTPClient:
    factory = HTTPFactory(site, trusted=["127.0.0.1"] if trusted else [])
    endpoint = Encrypted(loop.reactor, listen(loop, factory))
    return HTTPClient(loop.reactor, endpoint, secure=True)


def overRPC(loop: Loop, site: Any, trusted: bool = False) -> RPCClient:
    trust = ["127.0.0.1"] if trusted else False
    factory = RPCFactory(site, reactor=loop.reactor, trustFacts=trust)
    endpoint = Encrypted(loop.reactor, listen(loop, factory))
    return RPCClient(loop.reactor, endpoint, authority=b"localhost")


def inMemory(loop: Loop, site: Any, trusted: bool = False) -> MemoryRequester:
    return MemoryRequester(
        site,
        loop.reactor,
        secure=True,
        certifiedHosts=None if trusted else NAMES,
    )


Way = Callable[..., Any]

WAYS: dict[str, Way] = {"http": overHTTP, "rpc": overRPC, "memory": inMemory}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    made: Way = request.param
    return made


HOSTS = {
    "localhost": 200,
    "LocalHost:8443": 200,
    "a.example.org.": 200,
    "xn--bcher-kva.example.org": 200,
    "192.0.2.1": 200,
    "[2001:DB8::0:1]:443": 200,
    "other.example": 421,
    "example.org": 421,
    "a.b.example.org": 421,
    "127.0.0.1": 421,
    "[::1]": 421,
}


@pytest.mark.requirement("9110-7.4-2")
def test_hosts(loop: Loop, way: Way) -> None:
    """
    By Host or by the whole URI, one after another on one connection.
    """
    root = Seen()
    requester = way(loop, Site(root))

    def code(uri: str, *fields: tuple[str, str]) -> int:
        found: int = loop.run(requester.call("GET", uri, Headers(fields))).code
        return found

    assert {host: code("/", ("Host", host)) for host in HOSTS} == HOSTS
    assert {host: code(f"https://{host}/a") for host in HOSTS} == HOSTS
    assert {host: code(f"http://{host}/a") for host in HOSTS} == HOSTS
    assert len(root.seen) == 3 * list(HOSTS.values()).count(200)
    loop.run(requester.close())


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE"])
def test_methods(loop: Loop, way: Way, method: str) -> None:
    root = Seen()
    requester = way(loop, Site(root))
    reply = loop.run(requester.call(method, "/", Headers([("Host", "a")])))
    assert (reply.code, root.seen) == (421, [])
    if method != "HEAD":
        assert b"It is valid for *.example.org, 192.0.2.1, " in reply.body
    loop.run(requester.close())


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize("how", ["trusted", "any host"])
def test_exempt(loop: Loop, way: Way, how: str) -> None:
    """
    A gateway that is trusted may ask for any; everybody, if the site says so.
    """
    site = Site(Seen(), anyHost=how == "any host")
    requester = way(loop, site, how == "trusted")
    reply = loop.run(requester.call("GET", "/", Headers([("Host", "a")])))
    assert reply.body == b"hello"
    loop.run(requester.close())


@pytest.mark.parametrize(
    ("anyHost", "trusted", "code"),
    [(True, True, 200), (False, True, 421), (True, False, 421)],
    ids=["nobody refuses", "the gateway", "a worker that doesn't trust it"],
)
def test_gateway(loop: Loop, anyHost: bool, trusted: bool, code: int) -> None:
    """
    What a gateway has let in, a worker that trusts it doesn't refuse.
    """
    root = Seen()
    worker = overRPC(loop, Site(root), trusted)
    client = overHTTP(loop, Site(Forward(worker), anyHost=anyHost))
    reply = loop.run(client.call("GET", "/", Headers([("Host", "a")])))
    assert reply.code == code
    assert len(root.seen) == (code == 200)
    loop.run(client.close())
    loop.run(worker.close())


@pytest.mark.parametrize("trustFacts", [True, False])
def test_dialled(loop: Loop, trustFacts: bool) -> None:
    """
    Who has dialled and is asked has no certificate, and has chosen its peer.
    """
    sessions: list[Any] = []
    factory = RPCFactory(reactor=loop.reactor, onSession=sessions.append)
    client = RPCClient(
        loop.reactor,
        Encrypted(loop.reactor, listen(loop, factory)),
        requestFactory=Site(Seen()),
        trustFacts=trustFacts,
    )
    loop.run(client.connect())
    loop.run(lambda: bool(sessions))
    asking = sessions[0].requester.call("GET", "/", Headers([("Host", "a")]))
    assert loop.run(asking).code == 200
    loop.run(client.close())


@pytest.mark.parametrize(("trusted", "code"), [(True, 200), (False, 421)])
def test_gatewayInMemory(trusted: bool, code: int) -> None:
    worker = MemoryRequester(
        Site(Seen()), trustFacts=trusted, certifiedHosts=["worker"]
    )
    with MemoryClient(Forward(worker), worker.clock) as client:
        assert client.get("/").code == code


@implementer(IOpenSSLClientConnectionCreator)
class Named:
    """
    Trusts anybody, and says whom it wants.
    """

    def __init__(self, name: bytes) -> None:
        self._name = name

    def clientConnectionForTLS(self, protocol: object) -> SSL.Connection:
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
        connection.set_tlsext_host_name(self._name)
        connection.set_connect_state()
        return connection


class Client(Protocol):
    received = b""
    ended = False

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.ended = True


def ask(loop: Loop, port: int, data: bytes, name: bytes = b"a") -> Message:
    client = Client()
    factory: Any = ClientFactory()
    factory.protocol = lambda: client
    factory.noisy = False
    wrapper = TLSMemoryBIOFactory(Named(name), True, factory, loop.reactor)
    loop.reactor.connectTCP("127.0.0.1", port, wrapper)
    loop.run(lambda: client.transport is not None)
    transport: Any = client.transport
    transport.write(data)
    loop.run(lambda: client.received != b"")
    # Over TLS, who refuses waits for this.
    transport.loseConnection()
    loop.run(lambda: client.ended)
    (answer,) = answers(client.received)
    return answer


LINES = {
    "absolute-form": (b"GET https://a/ HTTP/1.1\r\nHost: localhost", 421),
    "absolute-form, valid": (b"GET https://localhost/ HTTP/1.1\r\nHost: a", 200),
    "absolute-form of http": (b"GET http://a/ HTTP/1.1\r\nHost: localhost", 421),
    "asterisk-form": (b"OPTIONS * HTTP/1.1\r\nHost: a", 421),
    "asterisk-form, valid": (b"OPTIONS * HTTP/1.1\r\nHost: localhost", 200),
    "authority-form": (b"CONNECT a:443 HTTP/1.1\r\nHost: localhost", 501),
    "no Host": (b"GET / HTTP/1.0", 200),
    "empty Host": (b"GET / HTTP/1.1\r\nHost:", 400),
}


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize(("lines", "code"), LINES.values(), ids=LINES)
def test_forms(loop: Loop, lines: bytes, code: int) -> None:
    port = listen(loop, HTTPFactory(Site(Seen())))
    answer = ask(loop, port, lines + b"\r\nConnection: close\r\n\r\n")
    assert answer.code == code


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_onlyACommonName(loop: Loop, version: bytes) -> None:
    """
    It doesn't count, and the answer says what to do.
    """
    port = listen(loop, HTTPFactory(Site(Seen())), NOBODY)
    host = b"Host: localhost\r\n" if version == b"1.1" else b""
    data = b"GET / HTTP/%b\r\n%bConnection: close\r\n\r\n" % (version, host)
    answer = ask(loop, port, data)
    assert answer.code == 421
    assert b"-addext subjectAltName=" in answer.content


@implementer(IOpenSSLServerConnectionCreator)
class Several:
    """
    Has a certificate for whom the client wants.
    """

    def __init__(self, default: Identity, **others: Identity) -> None:
        self._default = default
        default.context.set_tlsext_servername_callback(self._choose)
        self._others = {name.encode(): each for name, each in others.items()}

    def _choose(self, connection: SSL.Connection) -> None:
        found = self._others.get(connection.get_servername() or b"")
        if found is not None:
            connection.set_context(found.context)

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        return self._default.serverConnectionForTLS(protocol)


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize(
    ("name", "host", "code"),
    [
        (b"a", b"a", 200),
        (b"b", b"b", 200),
        (b"a", b"b", 421),
        (b"b", b"a", 421),
        (b"c", b"a", 200),
        (b"c", b"b", 421),
    ],
)
def test_severalCertificates(loop: Loop, name: bytes, host: bytes, code: int) -> None:
    """
    What counts is the one that the client got.
    """
    several = Several(Identity("x", "a"), b=Identity("x", "b"))
    port = listen(loop, HTTPFactory(Site(Seen())), several)
    data = b"GET / HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % host
    assert ask(loop, port, data, name).code == code
