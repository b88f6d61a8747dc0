"""
The calling end on real sockets: against servers that do as a script says, and
against our own serving end.
"""

from __future__ import annotations

import hashlib
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, UNIXClientEndpoint
from twisted.internet.error import ConnectionAborted
from twisted.internet.ssl import (
    Certificate,
    PrivateCertificate,
    optionsForClientTLS,
)
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure

from penstock.core.endpoints import TLSEndpoint
from penstock.core.errors import ExchangeLost, PeerGone, Unavailable
from penstock.core.headers import Headers
from penstock.core.testing.recorder import RequestRecorder, ResponseRecorder
from penstock.transports.http1 import HTTPClient, HTTPFactory, connectHTTP

from ..loop import Loop
from .scripted import OK, Server, reset


def test_reuse(loop: Loop) -> None:
    """
    One request after another, on one connection.
    """
    server = Server(loop, *[[OK]] * 5)
    for _ in range(5):
        assert server.get() == (200, b"hi")
    assert len(server.factory.made) == 1
    server.close()


def test_untilClosed(loop: Loop) -> None:
    """
    Content that ends with the connection.
    """
    server = Server(loop, [b"HTTP/1.0 200 OK\r\n\r\n", b"hi", None])
    assert server.get() == (200, b"hi")
    server.close()


@pytest.mark.parametrize(
    "script",
    [
        [None],
        ["reset"],
        [b"HTTP/1.1 200", None],
        [b"garbage\r\n"],
    ],
    ids=["closed", "reset", "half a head", "garbage"],
)
def test_noAnswer(loop: Loop, script: list[Any]) -> None:
    """
    A server that doesn't answer properly.
    """
    server = Server(loop, script)
    with pytest.raises(ExchangeLost):
        server.get()
    server.close()


@pytest.mark.requirement("9110-9.2.2-1")
def test_stale(loop: Loop) -> None:
    """
    A server that closes a kept connection when the next request is on its
    way: it is sent once more, and answered.
    """
    server = Server(loop, [OK], [None], [OK])
    assert server.get() == (200, b"hi")
    assert server.get() == (200, b"hi")
    assert len(server.factory.made) == 2
    server.close()


@pytest.mark.requirement("9110-9.2.2-1")
def test_staleForPost(loop: Loop) -> None:
    """
    What isn't idempotent isn't sent twice.
    """
    server = Server(loop, [OK], ["reset"], [OK])
    assert server.get() == (200, b"hi")
    with pytest.raises(PeerGone):
        server.get("POST", b"a")
    assert server.get() == (200, b"hi")
    server.close()


@pytest.mark.requirement("9112-9.5-2")
def test_closedUnnoticed(loop: Loop) -> None:
    """
    A kept connection whose end has come, but wasn't read yet, isn't used for
    anything.
    """
    server = Server(loop, [OK], [OK])
    assert server.get() == (200, b"hi")
    [made] = server.factory.made
    made.transport.socket.shutdown(socket.SHUT_WR)
    assert server.get("POST", b"a") == (200, b"hi")
    assert len(server.factory.made) == 2
    server.close()


@pytest.mark.requirement("9112-9.2-3")
def test_unaskedUnnoticed(loop: Loop) -> None:
    """
    What has come before a request, but wasn't read yet, isn't its response.
    """
    server = Server(loop, [OK], [OK])
    assert server.get() == (200, b"hi")
    [made] = server.factory.made
    made.transport.socket.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    assert server.get() == (200, b"hi")
    assert len(server.factory.made) == 2
    server.close()


def test_refused(loop: Loop) -> None:
    """
    There is no server.
    """
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    taken.close()
    client = connectHTTP(loop.reactor, f"http://127.0.0.1:{port}")
    with pytest.raises(Unavailable, match="refused"):
        loop.run(client.request("GET", "/"))
    loop.run(client.close())


@pytest.mark.requirement("9112-9.5-5")
def test_earlyAnswer(loop: Loop) -> None:
    """
    A server that answers before it has read the request, and closes.
    """
    early = b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
    server = Server(loop, [early], [OK])

    def endless() -> Any:
        while True:
            yield b"x" * 65536

    assert server.get("PUT", endless()) == (413, b"no")
    assert server.get() == (200, b"hi")
    server.close()


@pytest.mark.parametrize("size", [10, 1_000_000])
@pytest.mark.requirement("9112-9.5-5")
def test_earlyAnswerThenReset(loop: Loop, size: int) -> None:
    """
    An answer that has come isn't lost because the connection breaks under
    the rest of the request, which is noticed first.
    """
    content = b"n" * size
    early = b"HTTP/1.1 413 No\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    server = Server(loop)
    caller = ResponseRecorder()
    exchange = server.client.startRequest(b"PUT", b"/", Headers(), caller, True)
    loop.run(lambda: bool(server.factory.made))
    exchange.writeData(b"x")
    loop.run(lambda: server.factory.made[0].everything.endswith(b"x\r\n"))
    [connection] = server.client._connections
    near: Any = connection.transport
    far = server.factory.made[0].transport
    # All that follows happens without the client reading anything.
    far.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * size)
    near.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * size)
    sent = far.socket.send(early % size + content)
    reset(far)
    far.connectionLost(Failure(ConnectionAborted()))
    exchange.writeData(b"y" * 100)
    why = near.doWrite()
    while why is None:
        exchange.writeData(b"y" * 100)
        why = near.doWrite()
    loop.reactor._disconnectSelectable(near, why, False)
    whole = sent == len(early % size + content)
    assert (caller.code, caller.complete) == (413, whole)
    assert whole or caller.lost
    assert len(caller.content) == sent - len(early % size)
    server.close()


HEADS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
    "until closed": b"HTTP/1.1 200 OK\r\n\r\n",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n",
}
"""Of responses with 100,000 octets."""

ENDS = {"length": b"", "until closed": b"", "chunks": b"\r\n0\r\n\r\n"}


class Paused(Server):
    """
    A response whose caller has paused, so that nothing is read any more.
    """

    def __init__(self, loop: Loop, head: bytes, size: int) -> None:
        super().__init__(loop, [head + b"x" * size])
        self.caller = ResponseRecorder(
            {"handleHeaders": lambda it: it.exchange.pauseProducing()}
        )
        self.client.startRequest(b"GET", b"/", Headers(), self.caller)
        [connection] = self.client._connections
        loop.run(lambda: not connection._reading)
        self.transport = self.factory.made[0].transport


@pytest.mark.parametrize("kind", HEADS)
def test_resetWhilePaused(loop: Loop, kind: str) -> None:
    """
    That the server has gone is noticed while nothing is read.
    """
    server = Paused(loop, HEADS[kind], 90_000)
    reset(server.transport)
    loop.run(lambda: server.caller.lost, 2.0)
    assert server.caller.content == b""
    server.close()


@pytest.mark.parametrize("kind", HEADS)
def test_closedWhilePaused(loop: Loop, kind: str) -> None:
    """
    A response whose rest is on its way isn't lost with its connection.
    """
    server = Paused(loop, HEADS[kind], 90_000)
    server.transport.write(b"x" * 10_000 + ENDS[kind])
    server.transport.loseConnection()
    loop.turns(1.2)
    assert not server.caller.lost
    server.caller.exchange.resumeProducing()
    loop.run(lambda: server.caller.complete)
    assert len(server.caller.content) == 100_000
    server.close()


@pytest.mark.parametrize("kind", ["length", "chunks"])
def test_truncatedWhilePaused(loop: Loop, kind: str) -> None:
    """
    One whose rest will never come is.
    """
    server = Paused(loop, HEADS[kind], 90_000)
    server.transport.loseConnection()
    loop.run(lambda: server.caller.lost, 2.0)
    server.close()


# With our own serving end.


def _echo(
    chanRequest: Any, command: bytes, path: bytes, version: Any, in_headers: Headers
) -> RequestRecorder:
    """
    Answers with what it gets, as it gets it.
    """

    class Echo(RequestRecorder):
        def handleContentChunk(self, data: bytes) -> None:
            self.exchange.writeData(data)

        def handleContentComplete(self, trailers: Headers | None = None) -> None:
            self.exchange.finish(trailers)

        def pauseProducing(self) -> None:
            self.exchange.pauseProducing()

        def resumeProducing(self) -> None:
            self.exchange.resumeProducing()

        def stopProducing(self) -> None:
            pass

    if in_headers.hasHeader(b"expect"):
        chanRequest.writeIntermediateResponse(100)
    chanRequest.writeHeaders(200, Headers([(b"x-path", path)]))
    return Echo(chanRequest, command, path, version, in_headers)


@pytest.mark.parametrize("expect", [False, True])
def test_echo(loop: Loop, expect: bool) -> None:
    """
    Large content both ways at once, in order and whole.
    """
    factory = HTTPFactory(_echo, loop.reactor)
    client = connectHTTP(loop.reactor, f"http://127.0.0.1:{loop.listen(factory)}")
    block = bytes(range(256)) * 256
    sent = hashlib.sha256(block * 64)
    got = hashlib.sha256()
    headers = Headers([(b"Expect", b"100-continue")] if expect else [])

    def blocks() -> Any:
        for _ in range(64):
            yield block

    async def exchange() -> Any:
        response = await client.request("PUT", "/a", headers, blocks())
        async for data in response.content:
            got.update(data)
        return response

    response = loop.run(Deferred.fromCoroutine(exchange()))
    assert response.headers.get(b"x-path") == b"/a"
    assert [code for code, _ in response.intermediate] == ([100] if expect else [])
    assert got.digest() == sent.digest()
    loop.run(client.close())


def test_many(loop: Loop) -> None:
    """
    Many requests at once, over few connections, each with its own answer.
    """
    factory = HTTPFactory(_echo, loop.reactor)
    port = loop.listen(factory)
    client = connectHTTP(loop.reactor, f"http://127.0.0.1:{port}", maxConnections=6)

    async def one(number: int) -> bool:
        body = b"%d" % number * 100
        response = await client.request("POST", f"/{number}", body=body)
        path = response.headers.get(b"x-path")
        return path == b"/%d" % number and await response.read() == body

    done = gatherResults([Deferred.fromCoroutine(one(number)) for number in range(300)])
    assert loop.run(done) == [True] * 300
    assert len(client._connections) <= 6
    loop.run(client.close())


def test_unix(loop: Loop, tmp_path: Any) -> None:
    """
    Any endpoint will do.
    """
    path = str(tmp_path / "s")
    port = loop.reactor.listenUNIX(path, HTTPFactory(_echo, loop.reactor))
    client = HTTPClient(loop.reactor, UNIXClientEndpoint(loop.reactor, path))

    response = loop.run(client.request("PUT", "/", body=b"hello"))
    assert loop.run(response.read()) == b"hello"
    loop.run(client.close())
    loop.run(port.stopListening())


# TLS.

# Twisted's own use of pyOpenSSL.
ignoresItsAge = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL")


@pytest.fixture(scope="module")
def certificate() -> bytes:
    """
    A certificate for localhost, and its key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.PEM) + key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _secure(
    loop: Loop, certificate: bytes, trust: bool, inner: Any = None
) -> HTTPClient:
    own = PrivateCertificate.loadPEM(certificate)
    if inner is None:
        inner = HTTPFactory(_echo, loop.reactor)
    port = loop.listen(TLSMemoryBIOFactory(own.options(), False, inner, loop.reactor))
    options = optionsForClientTLS(
        "localhost", Certificate.loadPEM(certificate) if trust else None
    )
    endpoint = TCP4ClientEndpoint(loop.reactor, "127.0.0.1", port)
    return HTTPClient(
        loop.reactor,
        TLSEndpoint(loop.reactor, "localhost", endpoint, options),
        secure=True,
    )


@ignoresItsAge
@pytest.mark.requirement("9112-9.7-1")
def test_tls(loop: Loop, certificate: bytes) -> None:
    """
    Encrypted, content both ways.
    """
    client = _secure(loop, certificate, True)
    body = b"x" * 300_000
    for _ in range(2):
        caller = ResponseRecorder()
        exchange = client.startRequest(
            b"PUT", b"/", Headers([(b"Content-Length", b"300000")]), caller, True
        )
        exchange.writeData(body)
        exchange.finish()
        loop.run(lambda caller=caller: caller.complete or caller.lost)
        assert caller.content == body
    caller = ResponseRecorder()
    exchange = client.startRequest(b"GET", b"/", Headers(), caller)
    assert exchange.connectionInfo.secure
    assert exchange.connectionInfo.peerCertificate is not None
    loop.run(client.close())
    assert caller.complete


@ignoresItsAge
@pytest.mark.requirement("9112-9.2-3")
@pytest.mark.parametrize("farewell", [True, False])
def test_tlsSpokeWhileIdle(loop: Loop, certificate: bytes, farewell: bool) -> None:
    """
    What a server says while a connection is idle is no answer to the next
    request, even if it wasn't read yet.
    """
    inner = Server(loop, [OK], [OK.replace(b"hi", b"ho")]).factory
    client = _secure(loop, certificate, True, inner)
    loop.run(client.call("GET", "/"))
    [connection] = client._connections
    near: Any = connection.transport
    near.pauseProducing()
    transport = inner.made[0].transport
    if farewell:
        transport.loseConnection()
    else:
        transport.write(b"HTTP/1.1 408 X\r\nConnection: close\r\n\r\n")
    loop.run(lambda: not connection.isQuiet)
    reply = loop.run(client.call("POST", "/", None, b"a"))
    assert (reply.code, reply.body) == (200, b"ho")
    assert len(inner.made) == 2
    loop.run(client.close())


@ignoresItsAge
@pytest.mark.requirement("9110-4.3.4-1")
def test_tlsStranger(loop: Loop, certificate: bytes) -> None:
    """
    Nothing is sent to who isn't trusted.
    """
    client = _secure(loop, certificate, False)
    with pytest.raises(Unavailable):
        loop.run(client.request("GET", "/"))
    loop.run(client.close())


# URLs.


@pytest.mark.parametrize(
    ("url", "host", "secure"),
    [
        ("http://example.org/a?b", b"example.org", False),
        ("http://Example.org:80", b"example.org", False),
        ("http://example.org:8080/", b"example.org:8080", False),
        ("https://example.org:443", b"example.org", True),
        ("https://example.org:80", b"example.org:80", True),
        ("http://[::1]:8080/", b"[::1]:8080", False),
        ("http://127.0.0.1", b"127.0.0.1", False),
    ],
)
def test_url(loop: Loop, url: str, host: bytes, secure: bool) -> None:
    """
    From a URL to a Host field.
    """
    client = connectHTTP(loop.reactor, url)
    assert (client._host, client.secure) == (host, secure)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org",
        "http://",
        "http:///a",
        "http://a b",
        "http://a:b",
        "http://a:99999",
        "http://[x]",
        "http://user@example.org",
        "http://\u00e9.example",
    ],
)
@pytest.mark.requirement("9110-4.2.1-1")
def test_notAURL(loop: Loop, url: str) -> None:
    """
    What nobody can connect to.
    """
    with pytest.raises(ValueError):
        connectHTTP(loop.reactor, url)
