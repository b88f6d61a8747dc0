"""
What RFC 9110 and 9112 ask of HTTP over TLS, at both ends.

The other side is OpenSSL in memory, so that alerts can be seen.
"""

from __future__ import annotations

import datetime
import ipaddress
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL
from service_identity import CertificateError, VerificationError
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import Certificate, optionsForClientTLS
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.endpoints import TLSEndpoint
from penstock.core.errors import Unavailable
from penstock.core.identity import VerifiedServer
from penstock.core.server import Site
from penstock.transports.http1.connect import connectHTTP
from penstock.transports.http1.factory import HTTPFactory

from ..http1.calling import FakeTransport
from ..http1.wires import Wire
from .ends import HELLO, Caller, Seen, answers, questions

# Twisted's own use of pyOpenSSL.
pytestmark = pytest.mark.filterwarnings("ignore:Passing pyOpenSSL")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@implementer(IOpenSSLServerConnectionCreator)
class Identity:
    """
    A certificate and its key.
    """

    def __init__(self, common: str = "localhost", *names: str) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])
        now = datetime.datetime.now(datetime.UTC)
        day = datetime.timedelta(days=1)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.BasicConstraints(True, None), critical=True)
        )
        if names:
            alternatives = [
                x509.IPAddress(ipaddress.ip_address(each))
                if each[0] in "0123456789"
                else x509.DNSName(each)
                for each in names
            ]
            builder = builder.add_extension(
                x509.SubjectAlternativeName(alternatives), critical=False
            )
        made = builder.sign(key, hashes.SHA256())
        self.public = Certificate.loadPEM(made.public_bytes(Encoding.PEM))
        self.context = SSL.Context(SSL.TLS_METHOD)
        self.context.use_certificate(made)
        self.context.use_privatekey(key)

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:
        connection = SSL.Connection(self.context, None)
        connection.set_accept_state()
        return connection


class Other:
    """
    The other side of a connection.

    @ivar received: what came, decrypted.
    @ivar said: whether it was told that nothing more comes.
    """

    def __init__(self, connection: Any, protocol: Any, take: Any, clock: Any) -> None:
        self.connection = connection
        self.protocol = protocol
        self.clock = clock
        self.received = b""
        self.said = False
        self.failed = False
        self._take = take

    def pump(self) -> None:
        """
        Carry what there is, both ways.
        """
        for _ in range(20):
            self.clock.advance(0)
            data = self._take()
            if data:
                self.connection.bio_write(data)
            try:
                while True:
                    self.received += self.connection.recv(65536)
            except SSL.WantReadError:
                pass
            except SSL.ZeroReturnError:
                self.said = True
            except SSL.Error:
                self.failed = True
            try:
                self.protocol.dataReceived(self.connection.bio_read(65536))
            except SSL.WantReadError:
                if not data:
                    break

    def send(self, data: bytes) -> None:
        self.pump()
        self.connection.send(data)
        self.pump()


class Below(Wire):
    """
    Beneath TLS, whose producer is no reason not to close.
    """

    def loseConnection(self) -> None:
        self.producer = None
        super().loseConnection()


class BelowCaller(FakeTransport):
    """
    The same, for the calling end.
    """

    def loseConnection(self) -> None:
        self.producer = None
        super().loseConnection()


class Secured:
    """
    A serving end, and who calls it.
    """

    def __init__(self, answer: Any = "hello") -> None:
        self.root = Seen(answer)
        caller = Caller()
        self.clock = caller.clock
        self.factory = HTTPFactory(Site(self.root), self.clock)
        protocol: Any = TLSMemoryBIOFactory(
            Identity("x", "a"), False, self.factory, self.clock
        ).buildProtocol(None)  # type: ignore[arg-type]
        self.wire = Below()
        protocol.makeConnection(self.wire)
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
        connection.set_connect_state()
        self.sentRaw = b""
        self.other = Other(connection, protocol, self._take, self.clock)
        try:
            connection.do_handshake()
        except SSL.WantReadError:
            self.other.pump()

    def _take(self) -> bytes:
        sent, self.wire.sent = self.wire.sent, b""
        self.sentRaw += sent
        return sent


@pytest.mark.requirement("9112-9.7-1")
def test_encrypted() -> None:
    """
    All of it is application data; the connection persists as any other.
    """
    secured = Secured()
    for _ in range(3):
        secured.other.send(HELLO)
        (answer,) = answers(secured.other.received)
        assert answer.content == b"hello"
        secured.other.received = b""
    assert b"hello" not in secured.sentRaw
    assert b"HTTP" not in secured.sentRaw
    assert secured.root.seen[0].connectionInfo.secure


@pytest.mark.requirement("9112-9.8-6", "9112-9.8-7")
@pytest.mark.parametrize(
    "data",
    [HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), b"x\r\n\r\n"],
    ids=["asked to", "after an error"],
)
def test_serverSaysThatItCloses(data: bytes) -> None:
    secured = Secured()
    secured.other.send(data)
    for _ in range(40):
        secured.clock.advance(0.25)
    secured.other.pump()
    assert answers(secured.other.received)[0].get(b"connection") == b"close"
    assert secured.other.said


@pytest.mark.requirement("9112-9.8-6", "9112-9.5-1")
def test_serverSaysThatItClosesIdle() -> None:
    secured = Secured()
    secured.other.send(HELLO)
    for _ in range(400):
        secured.clock.advance(0.25)
        secured.other.pump()
    assert secured.other.said


@pytest.mark.requirement("9112-9.8-5")
@pytest.mark.parametrize("busy", [False, True])
def test_clientDoesNotSay(busy: bool) -> None:
    """
    A client that just goes is no trouble.
    """
    secured = Secured()
    secured.other.send(HELLO[:-2] if busy else HELLO)
    secured.other.protocol.connectionLost(Failure(ConnectionLost()))
    assert not len(secured.factory._sweep)


class Calling(Caller):
    """
    A calling end, and who is called.
    """

    transport = BelowCaller

    def __init__(self, host: str, identity: Identity, trust: bool = True) -> None:
        super().__init__(secure=True)
        trusted = optionsForClientTLS(host, identity.public if trust else None)
        options = VerifiedServer(host, trusted)
        self.client._endpoint = TLSEndpoint(self.clock, host, self.endpoint, options)
        self.problems = self.call()
        connection = identity.serverConnectionForTLS(None)
        self.sentRaw = b""
        self.other = Other(connection, self.wire.protocol, self._take, self.clock)
        self.other.pump()

    def _take(self) -> bytes:
        sent: bytes = self.wire.take()
        self.sentRaw += sent
        return sent


IDENTITIES = {
    "name": ("example.org", Identity("x", "example.org"), True),
    "wildcard": ("a.example.org", Identity("x", "*.example.org"), True),
    "address": ("192.0.2.1", Identity("x", "192.0.2.1"), True),
    "another name": ("example.org", Identity("example.org", "example.com"), False),
    "another address": ("192.0.2.1", Identity("192.0.2.1", "192.0.2.2"), False),
    "only the common name": ("example.org", Identity("example.org"), False),
    "an address as a common name": ("192.0.2.1", Identity("192.0.2.1"), False),
    "an address for a name": ("example.org", Identity("x", "192.0.2.1"), False),
}


@pytest.mark.requirement(
    "9110-4.3.4-1",
    "9110-4.3.4-2",
    "9110-4.3.4-3",
    "9110-4.3.4-4",
    "9110-4.3.4-5",
    "9110-4.3.4-6",
    "9110-4.3.4-7",
    "9110-4.2.2-3",
)
@pytest.mark.parametrize(
    ("host", "identity", "matches"), IDENTITIES.values(), ids=IDENTITIES
)
def test_identity(host: str, identity: Identity, matches: bool) -> None:
    """
    Nothing is sent before it is known to whom; who can't be told hears why, and
    so does the log.
    """
    with capturedLogs() as events:
        calling = Calling(host, identity)
    warned = [formatEvent(it) for it in events if it["log_level"] is LogLevel.warn]
    start = f"The certificate of {host} is not valid: "
    assert [it.startswith(start) for it in warned] == ([] if matches else [True])
    if matches:
        (asked,) = questions(calling.other.received)
        assert asked.start[0] == b"GET"
        calling.other.send(OK)
        assert calling.problems.content == b"hi"
    else:
        calling.wire.lose()
        problem = calling.problems.lost
        assert isinstance(problem, Unavailable)
        assert isinstance(problem.__cause__, (VerificationError, CertificateError))
        assert calling.other.received == b""
    assert b"GET" not in calling.sentRaw


@pytest.mark.requirement("9110-4.3.4-1", "9110-4.3.4-9", "9110-4.3.4-8", "9110-4.3.4-6")
def test_stranger() -> None:
    """
    Our choice: identities are verified unless somebody supplies another
    context; who isn't trusted gets nothing.
    """
    with capturedLogs() as events:
        calling = Calling("example.org", Identity("x", "example.org"), False)
    calling.wire.lose()
    assert "The certificate of example.org is not valid" in formatEvent(events[0])
    assert isinstance(calling.problems.lost, Unavailable)
    assert calling.other.received == b""
    client = connectHTTP(calling.clock, "https://192.0.2.1")
    assert client.secure
    assert isinstance(client._endpoint, TLSEndpoint)
    assert isinstance(client._endpoint._options, VerifiedServer)


@pytest.mark.requirement("9112-9.8-3", "9112-9.8-4", "9112-9.7-1")
@pytest.mark.parametrize("how", ["asked to", "idle", "closed"])
def test_clientSaysThatItCloses(how: str) -> None:
    calling = Calling("example.org", Identity("x", "example.org"))
    close = b"Connection: close\r\n" if how == "asked to" else b""
    # Long enough that what is encrypted doesn't have it in it by chance.
    content = b"not for everybody"
    head = b"HTTP/1.1 200 OK\r\n" + close + b"Content-Length: %d\r\n\r\n"
    calling.other.send(head % len(content) + content)
    assert calling.problems.content == content
    assert content not in calling.sentRaw
    if how == "idle":
        calling.wait(40)
    elif how == "closed":
        calling.client.close()
    calling.other.pump()
    assert calling.other.said


@pytest.mark.requirement("9112-9.8-3")
@pytest.mark.parametrize("how", ["cancelled", "malformed", "late"])
def test_clientGivesUp(how: str) -> None:
    """
    Also where it breaks off.
    """
    calling = Calling("example.org", Identity("x", "example.org"))
    if how == "cancelled":
        calling.other.send(OK[:-1])
        calling.problems.response.cancel()
    elif how == "malformed":
        calling.other.send(b"x\r\n\r\n")
    else:
        calling.wait(200)
    calling.other.pump()
    assert calling.other.said
