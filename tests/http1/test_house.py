"""
How many connections there may be, and what becomes of more.
"""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.logger import LogEvent, LogLevel, globalLogPublisher

from penstock.core.unwelcome import Unwelcome
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.http1.gate import PAUSE
from penstock.transports.http1.limits import Limits, Timeouts
from penstock.transports.http1.turned_away import TurnedAway

from ..loop import Loop
from .messages import BAD, CLOSE, HELLO, get, put
from .sockets import Client
from .sockets import Server as SocketServer
from .wires import Server, Wire, answerAtOnce, answerNothing


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """
    What was logged as a warning.
    """
    found: list[str] = []

    def observe(event: LogEvent) -> None:
        if event["log_level"] is LogLevel.warn:
            found.append(event["log_format"])

    globalLogPublisher.addObserver(observe)
    yield found
    globalLogPublisher.removeObserver(observe)


def ipv4(host: str) -> IPv4Address:
    return IPv4Address("TCP", host, 4321)


def ipv6(host: str) -> IPv6Address:
    return IPv6Address("TCP", host, 4321)


def connect(server: Server, address: Any = None) -> tuple[Any, Wire]:
    """
    @return: the channel, L{None} if it was closed at once; and its wire.
    """
    channel = server.factory.buildProtocol(address)
    wire = Wire()
    wire.protocol = channel
    channel.makeConnection(wire)
    if isinstance(channel, Unwelcome):
        assert wire.closed
        return None, wire
    return channel, wire


def taken(server: Server, address: Any = None) -> str:
    channel, _ = connect(server, address)
    if channel is None:
        return "refused"
    return "turned away" if isinstance(channel, TurnedAway) else "served"


def house(**limits: Any) -> Server:
    """
    A server with one connection.
    """
    return Server(answerAtOnce, limits=Limits(**limits))


def test_full() -> None:
    server = house(connections=2, overflow=2)
    channel, wire = connect(server)
    assert [taken(server) for _ in range(4)] == ["turned away"] * 2 + ["refused"] * 2
    channel.connectionLost()
    assert taken(server) == "served"
    assert taken(server) == "refused"


def test_unlimited() -> None:
    server = house(connections=None, connectionsPerAddress=None, requests=None)
    assert {taken(server, ipv4("192.0.2.1")) for _ in range(1000)} == {"served"}


def test_none() -> None:
    server = house(connections=1, overflow=0)
    assert taken(server) == "refused"


def turnedAway() -> tuple[Server, Any, Wire]:
    server = house(connections=1)
    channel, wire = connect(server)
    assert isinstance(channel, TurnedAway)
    return server, channel, wire


FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 20\r\n"
    b"Retry-After: 5\r\n"
    b"Connection: close\r\n"
    b"\r\n"
)


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (HELLO, FULL + b"Service Unavailable\n"),
        (HELLO + HELLO, FULL + b"Service Unavailable\n"),
        (put(bytes(1000))[:-10], FULL + b"Service Unavailable\n"),
        (HELLO.replace(b"GET", b"HEAD"), FULL),
    ],
    ids=["request", "two", "content", "HEAD"],
)
def test_turnedAway(request_: bytes, response: bytes) -> None:
    """
    There is an answer to what was asked, and a close.
    """
    server, channel, wire = turnedAway()
    assert wire.sent == b""
    for place in range(0, len(request_), 7):
        channel.dataReceived(request_[place : place + 7])
    assert wire.sent == response
    assert wire.halfClosed
    server.wait(7)
    assert wire.closed
    assert server.asked == []


def test_turnedAwayWithoutSense() -> None:
    server, channel, wire = turnedAway()
    channel.dataReceived(BAD)
    assert wire.sent.startswith(b"HTTP/1.1 400 ")


def test_turnedAwayAndSilent() -> None:
    server, channel, wire = turnedAway()
    server.wait(17)
    assert wire.closed


def test_turnedAwayWhenDraining() -> None:
    server, channel, wire = turnedAway()
    ended: list[None] = []
    server.factory.drain(10).addCallback(ended.append)
    server.wait(2)
    assert wire.closed
    channel.connectionLost()
    assert not ended
    server.lose()
    assert ended == [None]


PER_ADDRESS: dict[str, tuple[list[Any], str]] = {
    "one": ([ipv4("192.0.2.1")] * 3, "turned away"),
    "several": ([ipv4(f"192.0.2.{n}") for n in range(3)], "served"),
    "one network": ([ipv6(f"2001:db8:1:2::{n:x}") for n in range(3)], "turned away"),
    "networks": ([ipv6(f"2001:db8:1:{n:x}::1") for n in range(3)], "served"),
    "mapped": (
        [ipv4("192.0.2.1"), ipv6("::ffff:192.0.2.1"), ipv6("::ffff:c000:201")],
        "turned away",
    ),
    "zone": ([ipv6("fe80::1%eth0"), ipv6("fe80::1"), ipv6("fe80::2")], "turned away"),
    "loopback": ([ipv4("127.0.0.1")] * 3, "served"),
    "loopback 6": ([ipv6("::1")] * 3, "served"),
    "loopback, mapped": ([ipv6("::ffff:127.0.0.1")] * 3, "served"),
    "unix": ([UNIXAddress(None)] * 3, "served"),
    "unknown": ([None] * 3, "served"),
    "trusted": ([ipv4("203.0.113.7")] * 3, "served"),
}


@pytest.mark.parametrize(("peers", "third"), PER_ADDRESS.values(), ids=PER_ADDRESS)
def test_perAddress(peers: list[Any], third: str) -> None:
    server = Server()
    server.factory = HTTPFactory(
        server.factory.requestFactory,
        server.clock,
        Limits(connectionsPerAddress=2),
        trusted=["203.0.113.0/24"],
    )
    assert [taken(server, peer) for peer in peers] == ["served", "served", third]


def test_perAddressIsCountedDown(warnings: list[str]) -> None:
    server = house(connectionsPerAddress=2, overflow=0)
    address = ipv4("192.0.2.1")
    for _ in range(5):
        channels = [connect(server, address)[0] for _ in range(2)]
        assert taken(server, address) == "refused"
        for channel in channels:
            channel.connectionLost()
    assert server.factory._house._byAddress == {}
    # And that isn't logged each time.
    assert len(warnings) == 1


def test_peers() -> None:
    """
    H4: who isn't listed isn't spoken to.
    """
    factory = HTTPFactory(answerNothing, peers=["192.0.2.0/24"])  # type: ignore[arg-type]
    assert not isinstance(factory.buildProtocol(ipv4("192.0.2.1")), Unwelcome)
    for address in (ipv4("192.0.3.1"), UNIXAddress(None), None):
        assert isinstance(factory.buildProtocol(address), Unwelcome)


def test_requests() -> None:
    """
    The last one says so.
    """
    server = house(requests=3)
    server.receive(HELLO, HELLO)
    assert CLOSE not in server.wire.sent
    server.receive(HELLO + HELLO)
    assert server.codes == [200] * 3
    assert server.wire.sent.count(CLOSE) == 1
    assert server.wire.halfClosed


def test_requestsOfOldClients() -> None:
    server = house(requests=2)
    old = get(b"/", b"Connection: keep-alive\r\n", b"1.0")
    server.receive(old, old)
    assert server.codes == [200] * 2
    assert server.wire.sent.count(b"Connection: keep-alive\r\n") == 1
    assert server.wire.sent.count(CLOSE) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"connections": -1},
        {"startLine": None},
        {"fields": "many"},
        {"drain": True},
        {"requests": float("nan")},
    ],
    ids=str,
)
def test_noLimit(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be a number, 0 at least"):
        Limits(**values)


def test_noTimeout() -> None:
    with pytest.raises(ValueError, match="idle must be"):
        Timeouts(idle=-1)


# On real sockets


@pytest.fixture
def server(loop: Loop) -> Iterator[SocketServer]:
    server = SocketServer(loop)
    yield server
    for client in server.clients:
        client.socket.close()


def test_nobodyIsAcceptedWhenEvenTheOverflowIsFull(
    server: SocketServer, warnings: list[str]
) -> None:
    server.listen(answerAtOnce, limits=Limits(connections=1, overflow=1))
    first, second, third, fourth = (server.connect() for _ in range(4))
    server.loop.settle()
    second.send(HELLO)
    assert second.readAll().startswith(b"HTTP/1.1 503 ")
    # The other two wait, and don't know it; or were accepted in the same turn
    # as the second, and closed.
    assert len(server.factory._sweep) == 2
    first.send(HELLO)
    assert first.read(12) == b"HTTP/1.1 200"
    first.socket.close()
    second.socket.close()
    server.loop.settle()
    last = server.connect()
    last.send(HELLO)
    assert last.read(12) == b"HTTP/1.1 200"
    assert warnings == ["There are as many connections as there may be"]


def test_shutGateOpens(server: SocketServer) -> None:
    """
    Who came when nobody was accepted gets its turn.
    """
    server.listen(answerAtOnce, limits=Limits(connections=1, overflow=0))
    first = server.connect()
    server.loop.settle()
    second = server.connect()
    second.send(HELLO)
    server.loop.settle()
    assert len(server.factory._sweep) == 1
    assert server.asked == []
    first.socket.close()
    assert second.read(12) == b"HTTP/1.1 200"


def test_shutGateOpensForFew(server: SocketServer) -> None:
    """
    Where there is room for one, the others go on waiting.
    """
    server.listen(answerAtOnce, limits=Limits(connections=5, overflow=0))
    crowd = [server.connect() for _ in range(5)]
    server.loop.run(lambda: server.factory._house._gate.shut)
    server.loop.settle()
    server.loop._ports[-1].numberAccepts = 100
    others = [server.connect() for _ in range(30)]
    crowd.pop().socket.close()
    server.loop.run(lambda: not server.factory._house._gate.shut)
    server.loop.run(lambda: server.factory._house._gate.shut)
    server.loop.settle()
    for each in others:
        each.poll()
    assert not any(each.ended for each in others)


@pytest.fixture
def fewDescriptors() -> Iterator[int]:
    """
    A process that may open 40 more files.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    inUse = max(map(int, os.listdir("/proc/self/fd")))
    few = inUse + 40
    resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
    yield few
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_descriptorsAreLeft(
    server: SocketServer, fewDescriptors: int, warnings: list[str]
) -> None:
    """
    Connections don't take the last ones.
    """
    server.listen(answerAtOnce, limits=Limits(descriptors=20))
    before = len(os.listdir("/proc/self/fd"))
    crowd: list[Client] = []
    while not server.factory._house._gate.shut:
        crowd.append(server.connect())
        server.loop.settle()
    free = fewDescriptors - len(os.listdir("/proc/self/fd"))
    assert 15 <= free <= 21
    assert len(crowd) >= 5
    late = server.connect()
    late.send(HELLO)
    server.loop.settle()
    assert len(server.factory._sweep) == len(crowd)
    crowd.pop().socket.close()
    assert late.read(12) == b"HTTP/1.1 200"
    assert any("descriptors" in each for each in warnings)
    for each in [*crowd, late]:
        each.socket.close()
    server.loop.run(lambda: not len(server.factory._sweep))
    server.loop.settle()
    assert len(os.listdir("/proc/self/fd")) == before


class Failing:
    """
    A listening socket that can't accept.
    """

    def __init__(self, socket: Any, number: int) -> None:
        self._socket = socket
        self._number = number
        self.tried = 0

    def accept(self) -> Any:
        self.tried += 1
        raise OSError(self._number, os.strerror(self._number))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


@pytest.mark.parametrize("number", [errno.ENFILE, errno.ENOMEM])
def test_failingAccept(server: SocketServer, number: int, warnings: list[str]) -> None:
    """
    Where nobody can be accepted, nobody is for a while: the loop doesn't spin.
    """
    # Machines that are shared stand still for longer than the deadline.
    server.listen(answerAtOnce, timeouts=Timeouts(first=None))
    first = server.connect()
    server.loop.run(lambda: len(server.factory._sweep) == 1)
    port = server.loop._ports[-1]
    working = port.socket
    failing = port.socket = Failing(working, number)
    second = server.connect()
    server.loop.run(lambda: bool(warnings), seconds=3)
    before = failing.tried
    assert before > 2
    server.loop.turns(PAUSE * 1.2)
    assert failing.tried - before < 20
    # Others are served all the time.
    first.send(HELLO)
    assert first.read(12) == b"HTTP/1.1 200"
    port.socket = working
    second.send(HELLO)
    assert second.read(12) == b"HTTP/1.1 200"


def test_noDescriptorAtAll(server: SocketServer, fewDescriptors: int) -> None:
    """
    Who comes then is closed by Twisted, and nothing spins.
    """
    server.listen(answerAtOnce, limits=Limits(descriptors=0))
    first = server.connect()
    server.loop.settle()
    late = server.connect()
    hoard = []
    try:
        while True:
            hoard.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    server.loop.settle()
    try:
        first.send(HELLO)
        assert first.read(12) == b"HTTP/1.1 200"
        late.poll()
    except ConnectionResetError:
        late.ended = True
    finally:
        for each in hoard:
            os.close(each)
    assert late.ended
    again = server.connect()
    again.send(HELLO)
    assert again.read(12) == b"HTTP/1.1 200"
