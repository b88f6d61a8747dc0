"""
The serving end behind TLS, and on unix sockets.
"""

from __future__ import annotations

import datetime
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
)
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from penstock.core.errors import PeerGone
from penstock.core.headers import Headers
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Timeouts

from ..loop import Loop
from .messages import BAD, HELLO, get, ok, put
from .sockets import withoutDate
from .test_sockets import FileReaction
from .wires import Asked, answerComplete, answerNothing


@implementer(IOpenSSLServerConnectionCreator)
class ServerContext:
    """
    A certificate of our own.
    """

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        self.context = SSL.Context(SSL.TLS_METHOD)
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:
        connection = SSL.Connection(self.context, None)
        connection.set_accept_state()
        return connection


@implementer(IOpenSSLClientConnectionCreator)
class ClientContext:
    """
    Trusts anybody.
    """

    def clientConnectionForTLS(self, protocol: object) -> SSL.Connection:
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
        connection.set_connect_state()
        return connection


@pytest.fixture(scope="module")
def certificate() -> ServerContext:
    return ServerContext()


class Client(Protocol):
    def __init__(self) -> None:
        self.received = b""
        self.connectedNow = False
        self.ended = False

    def connectionMade(self) -> None:
        self.connectedNow = True

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.ended = True


class Encrypted:
    def __init__(self, loop: Loop, certificate: ServerContext) -> None:
        self.loop = loop
        self.certificate = certificate
        self.asked: list[Asked] = []

    def listen(self, react: Any, **options: Any) -> None:
        def make(*arguments: Any) -> Asked:
            request = Asked(react, *arguments)
            self.asked.append(request)
            return request

        self.factory = HTTPFactory(make, **options)
        # With a clock: small writes wait for the reactor, which by default is
        # the global one.
        self.port = self.loop.listen(
            TLSMemoryBIOFactory(
                self.certificate, False, self.factory, clock=self.loop.reactor
            )
        )

    def connect(self) -> Client:
        client = Client()
        factory: Any = ClientFactory()
        factory.protocol = lambda: client
        factory.noisy = False
        self.loop.reactor.connectTCP(
            "127.0.0.1",
            self.port,
            TLSMemoryBIOFactory(
                ClientContext(), True, factory, clock=self.loop.reactor
            ),
        )
        self.loop.run(lambda: client.connectedNow)
        return client

    def begun(self) -> Asked:
        self.loop.run(lambda: bool(self.asked))
        return self.asked[0]


class Raw:
    """
    A client that does nothing by itself.
    """

    def __init__(self, tls: Encrypted, version: int = SSL.TLS1_3_VERSION) -> None:
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(version)
        self.connection = SSL.Connection(context, None)
        self.connection.set_connect_state()
        self.loop = tls.loop
        self.below = socket.create_connection(("127.0.0.1", tls.port))
        self.below.setblocking(False)
        self.loop.run(self._isConnected)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *problem: object) -> None:
        self.below.close()

    def _isConnected(self) -> bool:
        try:
            self.connection.do_handshake()
        except SSL.WantReadError:
            self.turn()
            return False
        return True

    def turn(self) -> None:
        """
        Send what there is, and take what has come.
        """
        with suppress(SSL.WantReadError):
            while True:
                self.below.sendall(self.connection.bio_read(1 << 16))
        self.loop.turn()
        with suppress(BlockingIOError):
            self.connection.bio_write(self.below.recv(1 << 16))

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def readAll(self) -> bytes:
        """
        @return: all that comes before the server's close_notify.
        """
        received = b""

        def ended() -> bool:
            nonlocal received
            self.turn()
            try:
                received += self.connection.recv(1 << 16)
            except SSL.WantReadError:
                return False
            except SSL.ZeroReturnError:
                return True
            return False

        self.loop.run(ended, seconds=2)
        return received

    def isAtEnd(self) -> bool:
        """
        Whether the connection beneath has ended.

        @raise ConnectionResetError: if it was reset.
        """
        with suppress(SSL.WantReadError):
            self.below.sendall(self.connection.bio_read(1 << 16))
        try:
            return not self.below.recv(1 << 16)
        except BlockingIOError:
            return False


# More than a transport takes before it asks for a pause.
LONG = 100_000


def answerLong(asked: Asked, what: str) -> None:
    if what == "complete":
        asked.answer(bytes(LONG))


@pytest.fixture
def tls(loop: Loop, certificate: ServerContext) -> Encrypted:
    return Encrypted(loop, certificate)


def write(client: Client, data: bytes) -> None:
    transport: Any = client.transport
    transport.write(data)


@pytest.mark.requirement("9112-9.7-1")
def test_exchanges(tls: Encrypted) -> None:
    tls.listen(answerComplete)
    client = tls.connect()
    write(client, HELLO + put(b"abc") + get(b"/", b"Connection: close\r\n"))
    tls.loop.run(lambda: client.ended)
    assert withoutDate(client.received) == (
        ok(b"") + ok(b"abc") + ok(b"", b"Connection: close\r\n")
    )
    assert tls.asked[0].channel.connectionInfo.secure
    tls.loop.run(lambda: not len(tls.factory._sweep))


def test_file(tls: Encrypted, tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(range(250)) * 12000)
    tls.listen(FileReaction(path, 5, 2000000, "length"))
    client = tls.connect()
    write(client, get(b"/", b"Connection: close\r\n"))
    tls.loop.run(lambda: client.ended)
    assert client.received.partition(b"\r\n\r\n")[2] == (path.read_bytes()[5:2000005])


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
@pytest.mark.requirement("9112-9.8-6")
def test_badRequestIsReadable(tls: Encrypted, version: int) -> None:
    """
    Who is refused while it sends is told that nothing more comes, long before
    any deadline; and what it sends on is taken.
    """
    tls.listen(answerComplete)
    with Raw(tls, version) as client:
        client.send(BAD)
        assert client.readAll().endswith(b"Bad Request\n")
        for _ in range(20):
            client.send(bytes(30_000))
            client.turn()
        client.connection.shutdown()
        tls.loop.run(client.isAtEnd)


def test_closeIsNoReset(tls: Encrypted) -> None:
    """
    A peer that has its answer, and neither says nor sends anything more, isn't
    reset: where a system forgets then what wasn't read, it would lose that.
    """
    tls.listen(answerComplete, timeouts=Timeouts(linger=0.5))
    with Raw(tls) as client:
        client.send(BAD)
        assert client.readAll().endswith(b"Bad Request\n")
        tls.loop.run(client.isAtEnd)
    tls.loop.run(lambda: not len(tls.factory._sweep))


@pytest.mark.parametrize(
    "data",
    [HELLO, b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"],
    ids=["HTTP", "an empty ClientHello"],
)
def test_noTLS(tls: Encrypted, data: bytes) -> None:
    """
    Who can't speak TLS gets no answer, but a line in the log.
    """
    told: list[Any] = []
    tls.listen(answerComplete)
    tls.factory.refused = lambda *refusal: told.append(refusal)
    with socket.create_connection(("127.0.0.1", tls.port)) as below:
        below.send(data)
        tls.loop.run(lambda: bool(told))
        [(info, *refusal)] = told
        assert refusal == [None, "no TLS", b""]
        assert info.secure
        assert info.peer.port == below.getsockname()[1]


def test_silent(tls: Encrypted) -> None:
    """
    Who only looks whether somebody is there isn't worth a line.
    """
    told: list[Any] = []
    tls.listen(answerComplete)
    tls.factory.refused = lambda *refusal: told.append(refusal)
    with socket.create_connection(("127.0.0.1", tls.port)):
        tls.loop.run(lambda: len(tls.factory._sweep) == 1)
    tls.loop.run(lambda: not len(tls.factory._sweep))
    assert not told


@pytest.mark.parametrize("fields", [b"", b"Connection: close\r\n"], ids=["", "close"])
def test_stall(tls: Encrypted, fields: bytes) -> None:
    """
    K2: the kernel has it all, and the peer takes none of it.
    """

    def react(asked: Asked, what: str) -> None:
        if what == "process":
            beneath.pauseProducing()
            asked.answer(bytes(100_000))

    tls.listen(react, timeouts=Timeouts(write=0.6, idle=None, linger=None))
    client = tls.connect()
    beneath: Any = client.transport.transport  # type: ignore[union-attr]
    beneath.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    write(client, get(b"/", fields))
    tls.begun()
    tls.loop.run(lambda: not len(tls.factory._sweep), seconds=4)
    beneath.resumeProducing()
    tls.loop.run(lambda: client.ended)


def test_goneWhilePaused(tls: Encrypted) -> None:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.pauseProducing()

    tls.listen(react)
    client = tls.connect()
    write(client, put(bytes(1000))[:-1])
    asked = tls.begun()
    transport: Any = client.transport
    transport.abortConnection()
    tls.loop.run(lambda: asked.lost is not None, seconds=1.2)
    assert type(asked.lost) is PeerGone


@pytest.mark.requirement("9112-9.5-2")
def test_closedWhileWaiting(tls: Encrypted) -> None:
    tls.listen(answerNothing)
    client = tls.connect()
    write(client, HELLO)
    asked = tls.begun()
    transport: Any = client.transport
    transport.loseConnection()
    tls.loop.run(lambda: asked.lost is not None)
    tls.loop.run(lambda: client.ended)


def test_closedWhileBlocked(tls: Encrypted) -> None:
    """
    The peer says that it closes, when it hasn't read all of the answer.
    """
    tls.listen(answerLong)
    with Raw(tls) as client:
        client.send(HELLO)
        client.connection.shutdown()
        client.below.sendall(client.connection.bio_read(1 << 16))
        received = 0

        def ended() -> bool:
            nonlocal received
            try:
                data = client.below.recv(1 << 16)
            except BlockingIOError:
                return False
            received += len(data)
            return not data

        # Long before any deadline.
        tls.loop.run(ended)
        assert received > LONG


def test_abort(tls: Encrypted) -> None:
    def react(asked: Asked, what: str) -> None:
        if what == "process":
            asked.channel.writeHeaders(200, Headers())
            asked.channel.writeData(b"a")
            asked.channel.abortConnection()

    tls.listen(react)
    client = tls.connect()
    write(client, get(b"/", b"", b"1.0"))
    tls.loop.run(lambda: client.ended)
    tls.loop.run(lambda: not len(tls.factory._sweep))


def test_drain(tls: Encrypted) -> None:
    tls.listen(answerComplete)
    client = tls.connect()
    write(client, HELLO)
    tls.loop.run(lambda: b"200 OK" in client.received)
    tls.loop.run(tls.factory.drain(2))
    assert client.ended


def test_unixSocket(loop: Loop, tmp_path: Path) -> None:
    big = tmp_path / "big"
    big.write_bytes(bytes(range(250)) * 1000)
    factory = HTTPFactory(lambda *a: Asked(FileReaction(big, 0, 250000, "length"), *a))
    path = str(tmp_path / "socket")
    port = loop.reactor.listenUNIX(path, factory)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.send(get(b"/", b"Connection: close\r\n"))
        client.setblocking(False)
        received = []

        def ended() -> bool:
            try:
                received.append(client.recv(1 << 20))
            except BlockingIOError:
                return False
            return not received[-1]

        loop.run(ended)
    assert b"".join(received).endswith(big.read_bytes())
    loop.run(port.stopListening())
