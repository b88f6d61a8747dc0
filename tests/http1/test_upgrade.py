"""
Connections that go on with another protocol (RFC 9110, section 7.8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from zope.interface import implementer
from zope.interface.verify import verifyObject

from penstock.core.accesslog import AccessLog
from penstock.core.content import Buffer
from penstock.core.errors import InvalidField, LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.interfaces import IUpgradable
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.core.unwelcome import Unwelcome
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.limits import Limits
from penstock.transports.memory import MemoryClient

from ..loop import Loop
from .messages import BAD, CLOSE, HELLO, get, ok
from .sockets import Client
from .test_deadlines import TIMES
from .test_tls import Encrypted, ServerContext, certificate, tls, write
from .wires import Asked, Server, answerAtOnce, answerComplete, answerNothing, cuts

# pytest finds them here.
__all__ = ["ServerContext", "certificate", "tls"]

UPGRADE = b"Connection: upgrade\r\nUpgrade: echo\r\n"
ASK = get(b"/", UPGRADE)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n"
)


class Echo(Protocol):
    """
    Sends back what it gets, in capitals.
    """

    def __init__(self) -> None:
        self.got = b""
        self.made = 0
        self.lost: Any = None
        self.ends: list[str] = []

    def connectionMade(self) -> None:
        self.made += 1
        self.out.write(b"ready;")

    @property
    def out(self) -> Any:
        return self.transport

    def dataReceived(self, data: bytes) -> None:
        if self.lost is not None:
            raise RuntimeError("data after the end")
        self.got += data
        self.out.write(data.upper())

    def connectionLost(self, reason: Any = connectionDone) -> None:
        if self.lost is not None:
            raise RuntimeError("lost twice")
        self.lost = reason


@implementer(IHalfCloseableProtocol)
class HalfEcho(Echo):
    def readConnectionLost(self) -> None:
        self.ends.append("read")

    def writeConnectionLost(self) -> None:
        self.ends.append("write")


class Upgrading:
    """
    Upgrades when it is told C{when}.
    """

    def __init__(self, when: str = "process", protocol: type[Echo] = Echo) -> None:
        self.when = when
        self.echo = protocol()

    def __call__(self, asked: Asked, what: str) -> None:
        if what == self.when:
            asked.channel.upgrade(b"echo", self.echo, Headers([("x-y", "1")]))


def upgraded(
    when: str = "process", protocol: type[Echo] = Echo, **options: Any
) -> tuple[Server, Echo]:
    upgrading = Upgrading(when, protocol)
    server = Server(upgrading, **options)
    return server, upgrading.echo


OFFERS: dict[str, tuple[bytes, tuple[bytes, ...]]] = {
    "one": (UPGRADE, (b"echo",)),
    "versions": (
        b"Connection: Upgrade\r\nUpgrade: HTTP/2.0, SHTTP/1.3\r\nUpgrade: IRC/6.9\r\n",
        (b"http/2.0", b"shttp/1.3", b"irc/6.9"),
    ),
    "among others": (
        b"Connection: x, UPGRADE\r\nUpgrade: WebSocket\r\n",
        (b"websocket",),
    ),
    "empty elements": (b"Connection: upgrade\r\nUpgrade: ,a,, b ,\r\n", (b"a", b"b")),
    "not listed": (b"Upgrade: echo\r\n", ()),
    "nothing": (b"Connection: upgrade\r\n", ()),
    "no protocol": (b"Connection: upgrade\r\nUpgrade: a, b c\r\n", ()),
    "no version": (b"Connection: upgrade\r\nUpgrade: a/\r\n", ()),
    "no fields": (b"", ()),
}


@pytest.mark.requirement("9110-7.8-2", "9110-7.8-3")
@pytest.mark.parametrize(("fields", "offers"), OFFERS.values(), ids=OFFERS)
def test_offers(fields: bytes, offers: tuple[bytes, ...]) -> None:
    server = Server(answerNothing)
    server.receive(get(b"/", fields))
    assert server.asked[0].channel.upgradeOffers == offers


@pytest.mark.requirement("9110-7.8-12")
def test_oldClientsOfferNothing() -> None:
    server = Server(answerNothing)
    server.receive(get(b"/", UPGRADE, b"1.0"))
    assert server.asked[0].channel.upgradeOffers == ()


def test_interface() -> None:
    server = Server(answerNothing)
    server.receive(ASK)
    verifyObject(IUpgradable, server.asked[0].channel)


CONTENT = {
    "none": ASK,
    "length": b"POST / HTTP/1.1\r\nHost: a\r\n%bContent-Length: 3\r\n\r\nabc" % UPGRADE,
    "chunks": b"POST / HTTP/1.1\r\nHost: a\r\n%bTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n0\r\na: b\r\n\r\n" % UPGRADE,
}


@pytest.mark.requirement("9110-7.8-4", "9110-7.8-11", "9110-15.2.2-1")
@pytest.mark.parametrize("when", ["process", "complete"])
@pytest.mark.parametrize("request_", CONTENT.values(), ids=CONTENT)
def test_upgrade(request_: bytes, when: str) -> None:
    """
    E9: the content is read first; what comes behind it is for the protocol,
    also if it looks like a request; however it is cut.
    """
    for pieces in cuts(request_ + HELLO):
        server, echo = upgraded(when)
        server.receive(*pieces)
        assert echo.got == HELLO
        assert echo.made == 1
        assert len(server.asked) == 1
        assert server.take() == SWITCHED + b"x-y: 1\r\n\r\nready;" + HELLO.upper()


def test_whenAskedLater() -> None:
    """
    What has come meanwhile isn't lost.
    """
    server, echo = upgraded("never")
    server.receive(ASK + b"one ")
    server.receive(b"two")
    assert server.take() == b""
    server.asked[0].channel.upgrade(b"ECHO", echo)
    assert server.take() == SWITCHED.replace(b"echo", b"ECHO") + b"\r\nready;ONE TWO"
    server.receive(b"three")
    assert server.take() == b"THREE"
    assert echo.got == b"one twothree"


def test_laterWithoutContentSoFar() -> None:
    """
    A request that doesn't read doesn't stand in the way.
    """
    server, echo = upgraded("never")
    server.receive(CONTENT["length"][:-3])
    server.asked[0].channel.pauseProducing()
    assert not server.wire.reading
    server.asked[0].channel.upgrade(b"echo", echo)
    assert server.wire.reading
    assert server.take() == b""
    server.receive(b"abcd")
    assert echo.got == b"d"


def test_afterAnother() -> None:
    """
    In its turn.
    """
    server, echo = upgraded("never")
    server.receive(HELLO + ASK + b"abc")
    assert len(server.asked) == 1
    server.asked[0].answer(b"1")
    server.asked[1].channel.upgrade(b"echo", echo)
    assert server.take() == ok(b"1") + SWITCHED + b"\r\nready;ABC"


@pytest.mark.requirement("9110-7.8-13")
def test_continueFirst() -> None:
    server, echo = upgraded()
    server.receive(
        CONTENT["length"][:-3].replace(b"Host", b"Expect: 100-continue\r\nHost")
    )
    assert server.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    server.receive(b"abc")
    assert server.take().startswith(SWITCHED)
    assert echo.made == 1


def test_hopFieldsAreOurs() -> None:
    server = Server(answerNothing)
    server.receive(ASK)
    echo = Echo()
    server.asked[0].channel.upgrade(
        b"echo",
        echo,
        Headers(
            [
                ("Connection", "close"),
                ("Content-Length", "3"),
                ("Transfer-Encoding", "chunked"),
                ("Upgrade", "other"),
                ("Sec-Echo", "1"),
            ]
        ),
    )
    assert server.take() == SWITCHED + b"Sec-Echo: 1\r\n\r\nready;"


@pytest.mark.requirement("9110-7.8-6")
def test_notOffered() -> None:
    server = Server(answerNothing)
    server.receive(ASK)
    echo = Echo()
    for name in (b"other", b"", b"echo, other", b"echo\r\nX: y"):
        with pytest.raises(LocalProtocolError):
            server.asked[0].channel.upgrade(name, echo)
    server.asked[0].answer(b"ok")
    assert server.take() == ok(b"ok")
    assert not echo.made


def test_afterTheHead() -> None:
    server = Server(answerNothing)
    server.receive(ASK)
    channel = server.asked[0].channel
    channel.writeHeaders(200, Headers())
    with pytest.raises(LocalProtocolError):
        channel.upgrade(b"echo", Echo())


def test_overForTheRequest() -> None:
    """
    It is told nothing more, and what it does is late.
    """
    server, echo = upgraded()
    server.receive(CONTENT["length"])
    asked = server.asked[0]
    assert (asked.chunks, asked.complete) == ([], False)
    asked.channel.writeHeaders(200, Headers())
    asked.channel.abortConnection()
    asked.channel.upgrade(b"echo", Echo())
    assert asked.channel.lateCalls == ("writeHeaders", "abortConnection", "upgrade")
    server.lose()
    assert asked.lost is None
    assert echo.lost is not None


def test_goneBefore() -> None:
    server, echo = upgraded("never")
    server.receive(ASK)
    server.lose()
    assert type(server.asked[0].lost) is PeerGone
    server.asked[0].channel.upgrade(b"echo", echo)
    assert not echo.made


def test_goneInTheContent() -> None:
    server, echo = upgraded()
    server.receive(CONTENT["length"][:-1])
    server.channel.readConnectionLost()
    assert server.wire.closed
    server.lose()
    assert not echo.made
    assert server.take() == b""


CHUNKED = CONTENT["chunks"].partition(b"3\r\n")[0]

BROKEN: dict[str, tuple[bytes, int, dict[str, Any]]] = {
    "long": (
        b"PUT / HTTP/1.1\r\nHost: a\r\n%bContent-Length: 300000\r\n\r\n" % UPGRADE,
        413,
        {},
    ),
    "long chunks": (
        CHUNKED + b"ff\r\n" + bytes(0xFF) + b"\r\n",
        413,
        {"limits": Limits(drain=100)},
    ),
    "malformed": (CHUNKED + b"x\r\n", 400, {}),
    "slow": (CONTENT["length"][:-1], 408, {"timeouts": TIMES}),
}


@pytest.mark.parametrize(("request_", "code", "options"), BROKEN.values(), ids=BROKEN)
def test_contentIsNotWhole(request_: bytes, code: int, options: dict[str, Any]) -> None:
    """
    Then there is another answer.
    """
    server, echo = upgraded(**options)
    server.receive(request_)
    server.wait(7)
    assert server.codes == [code]
    assert server.wire.halfClosed or server.wire.closed
    server.receive(b"abc")
    assert not echo.made


def test_shutDownInTheContent() -> None:
    server, echo = upgraded()
    server.receive(CONTENT["length"][:-1])
    server.factory.drain(10)
    assert server.codes == [503]


def test_noDeadline() -> None:
    """
    Time is the protocol's own affair.
    """
    server, echo = upgraded(timeouts=TIMES)
    server.receive(ASK)
    server.wait(1000)
    assert server.wire.open
    server.receive(b"abc")
    assert echo.got == b"abc"


def test_stillCounted() -> None:
    server, echo = upgraded(limits=Limits(connections=1, overflow=0))
    server.receive(ASK)
    assert isinstance(server.factory.buildProtocol(None), Unwelcome)
    server.lose()
    assert not isinstance(server.factory.buildProtocol(None), Unwelcome)


def test_shutDown() -> None:
    """
    A server that ends waits for it, as long as it waits for anything.
    """
    server, echo = upgraded()
    server.receive(ASK)
    ended: list[None] = []
    server.factory.drain(10).addCallback(ended.append)
    server.wait(9)
    assert server.wire.open
    server.receive(b"abc")
    assert echo.got == b"abc"
    server.wait(2)
    assert server.wire.aborted
    server.lose()
    assert echo.lost is not None
    assert ended == [None]


def test_theTransportIsFree() -> None:
    """
    It has no producer, and is being read.
    """
    server, echo = upgraded()
    server.receive(ASK)
    assert server.wire.producer is None
    echo.out.pauseProducing()
    # Nothing that was ours interferes.
    server.wait(5)
    assert not server.wire.reading
    echo.out.loseConnection()
    assert server.wire.closed


@pytest.mark.parametrize("protocol", [Echo, HalfEcho])
def test_halfClose(protocol: type[Echo]) -> None:
    server, echo = upgraded(protocol=protocol)
    server.receive(ASK)
    server.channel.readConnectionLost()
    server.channel.writeConnectionLost()
    if protocol is HalfEcho:
        assert echo.ends == ["read", "write"]
        assert server.wire.open
    else:
        assert server.wire.closed
    server.lose()
    assert echo.lost is not None


def test_failingProtocol(loggedErrors: Any) -> None:
    class Failing(Echo):
        def connectionMade(self) -> None:
            raise ZeroDivisionError

    server, echo = upgraded(protocol=Failing)
    server.receive(ASK)
    assert server.wire.aborted
    assert len(loggedErrors.flush("A protocol failed")) == 1


def test_declined() -> None:
    """
    Requests that follow are neither lost nor served twice.
    """
    for pieces in cuts(CONTENT["length"] + get(b"/2") + get(b"/3", CLOSE)):
        server = Server(answerComplete)
        server.receive(*pieces)
        assert server.codes == [200] * 3
        assert [each.path for each in server.asked] == [b"/", b"/2", b"/3"]


def test_refusedInput() -> None:
    """
    There is nothing left to switch after bad input.
    """
    server, echo = upgraded()
    server.receive(BAD + ASK)
    assert server.codes == [400]
    assert not echo.made


# In a resource


class Doors(Resource):
    """
    Goes on with C{echo} where that is offered.
    """

    policy = Buffer()
    headers: Headers | None = None

    def __init__(self, made: Callable[[], Echo] = Echo) -> None:
        super().__init__()
        self.echo = made()

    def render_POST(self, request: Any) -> Any:
        return self.render_GET(request)

    def render_GET(self, request: Any) -> Any:
        if b"echo" not in request.upgradeOffers:
            return b"no echo"
        request.upgrade(b"echo", self.echo, self.headers)
        return None


def site(resource: Resource) -> tuple[Server, list[str]]:
    lines: list[str] = []
    server = Server(answerAtOnce)
    server.factory = HTTPFactory(Site(resource, AccessLog(lines.append)), server.clock)
    server.channel, server.wire = server.connect()
    return server, lines


def test_resource() -> None:
    doors = Doors()
    server, lines = site(doors)
    server.receive(CONTENT["length"] + b"def")
    assert server.take().startswith(SWITCHED)
    assert doors.echo.got == b"def"
    assert ' "POST /" 101 0 ' in lines[0]


def test_resourceIsNotAsked() -> None:
    server, _ = site(Doors())
    server.receive(HELLO + HELLO)
    assert server.codes == [200, 200]


def test_resourceThatAnswersWithABadField(loggedErrors: Any) -> None:
    """
    F1.
    """
    doors = Doors()
    with pytest.raises(InvalidField):
        doors.headers = Headers([("x", "a\r\nb: c")])
    server, _ = site(doors)
    server.receive(ASK)
    assert server.codes == [101]


def test_inMemory() -> None:
    """
    A carrier that shares its connection offers nothing.
    """
    with MemoryClient(Doors()) as client:
        response = client.get(
            "/", headers=[("connection", "upgrade"), ("upgrade", "echo")]
        )
        assert response.body == b"no echo"


def test_inMemoryAllTheSame(loggedErrors: Any) -> None:
    class Forced(Resource):
        def render_GET(self, request: Any) -> Any:
            request.upgrade(b"echo", Echo())

    with MemoryClient(Forced()) as client, pytest.raises(LocalProtocolError):
        client.get("/")
    loggedErrors.flush()


# On real sockets


def test_socket(loop: Loop) -> None:
    doors = Doors()
    factory = HTTPFactory(Site(doors))
    client = Client(loop, loop.listen(factory))
    client.send(ASK + b"one")
    expected = SWITCHED + b"\r\nready;ONE"
    assert client.read(len(expected)) == expected
    big = b"x" * 3_000_000
    client.send(big[:100])
    assert client.read(100) == b"X" * 100
    doors.echo.out.loseConnection()
    assert client.readAll() == b""
    loop.run(lambda: doors.echo.lost is not None)
    assert doors.echo.lost.check(ConnectionDone)
    assert not len(factory._sweep)
    client.socket.close()


def test_socketIsReset(loop: Loop) -> None:
    doors = Doors()
    factory = HTTPFactory(Site(doors))
    client = Client(loop, loop.listen(factory))
    client.send(ASK)
    client.read(len(SWITCHED))
    client.reset()
    loop.run(lambda: doors.echo.lost is not None)
    assert not len(factory._sweep)


def test_encrypted(tls: Encrypted) -> None:
    upgrading = Upgrading()
    tls.listen(upgrading)
    client = tls.connect()
    write(client, ASK + b"abc")
    tls.loop.run(lambda: client.received.endswith(b"ready;ABC"))
    write(client, b"def")
    tls.loop.run(lambda: client.received.endswith(b"ready;ABCDEF"))
    upgrading.echo.out.loseConnection()
    tls.loop.run(lambda: client.ended)
