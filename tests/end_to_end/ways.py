"""
One tree, and every way to it over real sockets: HTTP, RPC, and HTTP to a
gateway that passes on over RPC.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Any

from twisted.internet.endpoints import TCP4ClientEndpoint

from penstock.core.headers import Headers
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.http1 import HTTPFactory
from penstock.transports.rpc import RPCClient, RPCFactory

from ..loop import Loop


class Caller:
    """
    A client that can leave at any time.
    """

    def start(self, method: str, target: str, length: int | None) -> None:
        """
        Send a head.

        @param length: of the content, 0 for none, L{None} if unknown.
        """
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        """
        Send content.
        """
        raise NotImplementedError

    def leave(self) -> None:
        """
        Go away without a word.
        """
        raise NotImplementedError

    @property
    def received(self) -> int:
        """
        Octets of the response that have come.
        """
        raise NotImplementedError


class HTTPCaller(Caller):
    """
    A socket, which reads only when it is asked what it has received.
    """

    def __init__(self, loop: Loop, port: int, reset: bool = False) -> None:
        self.loop = loop
        self.reset = reset
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setblocking(False)
        self._received = 0

    def start(self, method: str, target: str, length: int | None) -> None:
        framing = (
            "Transfer-Encoding: chunked\r\n"
            if length is None
            else f"Content-Length: {length}\r\n"
        )
        head = f"{method} {target} HTTP/1.1\r\nHost: a\r\n{framing}\r\n"
        self.socket.sendall(head.encode())

    def send(self, data: bytes) -> None:
        """
        Chunks of what the kernel takes; the rest is forgotten.
        """
        try:
            self.socket.send(b"%x\r\n%s\r\n" % (len(data), data))
        except BlockingIOError:
            pass

    def leave(self) -> None:
        if self.reset:
            self.socket.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
        self.socket.close()

    @property
    def received(self) -> int:
        try:
            self._received += len(self.socket.recv(1 << 20))
        except BlockingIOError:
            pass
        return self._received


class RPCCaller(Caller):
    """
    An exchange of the calling end.
    """

    def __init__(self, loop: Loop, port: int, reset: bool = False) -> None:
        self.client = RPCClient(
            loop.reactor, TCP4ClientEndpoint(loop.reactor, "127.0.0.1", port)
        )
        self._received = 0
        self.exchange: Any = None

    def start(self, method: str, target: str, length: int | None) -> None:
        self.exchange = self.client.startRequest(
            method.encode(), target.encode(), Headers(), self, length != 0
        )

    def send(self, data: bytes) -> None:
        self.exchange.writeData(data)

    def leave(self) -> None:
        self.exchange.abortConnection()

    @property
    def received(self) -> int:
        return self._received

    def requestStarted(self, clientRequest: Any) -> None:
        pass

    def handleIntermediateResponse(self, code: int, headers: Headers) -> None:
        pass

    def handleHeaders(self, code: int, headers: Headers, message: Any = None) -> None:
        self._received += 1

    def handleContentChunk(self, data: bytes) -> None:
        self._received += len(data)

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        pass

    def connectionLost(self, reason: Any) -> None:
        pass


def overHTTP(loop: Loop, root: Any, log: Any = None) -> int:
    return loop.listen(HTTPFactory(Site(root, log), loop.reactor))


def overRPC(loop: Loop, root: Any, log: Any = None) -> int:
    return loop.listen(RPCFactory(Site(root, log), reactor=loop.reactor))


def throughGateway(loop: Loop, root: Any, log: Any = None) -> int:
    port = overRPC(loop, root, log)
    worker = RPCClient(
        loop.reactor, TCP4ClientEndpoint(loop.reactor, "127.0.0.1", port)
    )
    return overHTTP(loop, Forward(worker), log)


Way = tuple[Callable[..., int], Callable[..., Caller], bool]

WAYS: dict[str, Way] = {
    "http": (overHTTP, HTTPCaller, False),
    "http reset": (overHTTP, HTTPCaller, True),
    "rpc": (overRPC, RPCCaller, False),
    "gateway": (throughGateway, HTTPCaller, False),
    "gateway reset": (throughGateway, HTTPCaller, True),
}
