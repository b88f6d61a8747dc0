"""
Connections that aren't taken are closed, whatever is around their factory.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import StringTransport
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from twisted.protocols.policies import WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory

from penstock.core.unwelcome import Unwelcome
from penstock.transports.http1 import HTTPFactory
from penstock.transports.http1.limits import Limits
from penstock.transports.rpc import RPCFactory

from ..loop import Loop
from .test_tls import ServerContext
from .wires import answerNothing


def encrypted(factory: Any, loop: Loop) -> Any:
    return TLSMemoryBIOFactory(ServerContext(), False, factory, loop.reactor)


AROUND: dict[str, Callable[[Any, Loop], Any]] = {
    "nothing": lambda factory, loop: factory,
    "TLS": encrypted,
    "PROXY": lambda factory, loop: HAProxyWrappingFactory(factory),
    "both": lambda factory, loop: HAProxyWrappingFactory(encrypted(factory, loop)),
    "something": lambda factory, loop: WrappingFactory(factory),
}


def strangers(loop: Loop) -> Any:
    return HTTPFactory(answerNothing, loop.reactor, peers=["192.0.2.1"])  # type: ignore[arg-type]


def full(loop: Loop) -> Any:
    limits = Limits(connections=0, overflow=0)
    return HTTPFactory(answerNothing, loop.reactor, limits)  # type: ignore[arg-type]


def draining(loop: Loop) -> Any:
    factory = HTTPFactory(answerNothing, loop.reactor)  # type: ignore[arg-type]
    factory.drain(1)
    return factory


def drainingRPC(loop: Loop) -> Any:
    factory = RPCFactory(answerNothing, reactor=loop.reactor)  # type: ignore[arg-type]
    factory.drain(1)
    return factory


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
@pytest.mark.parametrize("make", [strangers, full, draining, drainingRPC])
def test_closed(
    loop: Loop,
    make: Callable[[Loop], Any],
    around: Callable[[Any, Loop], Any],
    loggedErrors: Any,
) -> None:
    """
    At once, also who says nothing; nothing is kept, and nobody complains.
    """
    port = loop.listen(around(make(loop), loop))
    loop.turn()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        client = socket.create_connection(("127.0.0.1", port))
        client.setblocking(False)
        ended = []

        def over(client: Any = client, ended: list[bool] = ended) -> bool:
            try:
                ended.append(client.recv(100) == b"")
            except BlockingIOError:
                return False
            except ConnectionError:
                ended.append(True)
            return True

        loop.run(over)
        assert ended == [True]
        client.close()
    assert len(os.listdir("/proc/self/fd")) == before
    assert loggedErrors.events == []


def test_unix(loop: Loop, tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    port = loop.reactor.listenUNIX(path, HAProxyWrappingFactory(strangers(loop)))
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    client.setblocking(False)

    def over() -> bool:
        try:
            return client.recv(100) == b""
        except BlockingIOError:
            return False

    loop.run(over)
    client.close()
    port.stopListening()


def test_whatItDoes() -> None:
    transport = StringTransport()
    protocol = Unwelcome()
    protocol.makeConnection(transport)
    assert transport.disconnecting
    protocol.dataReceived(b"GET / HTTP/1.1\r\n\r\n")
    assert transport.value() == b""
