"""
A server on real sockets that does as a script says, and a client of it.
"""

from __future__ import annotations

import socket
import struct
from typing import Any

from twisted.internet.protocol import Factory, Protocol

from penstock.transports.http1 import connectHTTP

from ..loop import Loop

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class Scripted(Protocol):
    """
    A server that answers each head with the next part of a script, and closes
    where it has L{None}, or resets where it has C{"reset"}.

    @ivar everything: that has come.
    """

    received = b""
    everything = b""

    def connectionMade(self) -> None:
        self.factory.made.append(self)

    def dataReceived(self, data: bytes) -> None:
        self.received += data
        self.everything += data
        transport: Any = self.transport
        script = self.factory.script
        while b"\r\n\r\n" in self.received and script:
            _, _, self.received = self.received.partition(b"\r\n\r\n")
            for part in script.pop(0):
                if part is None:
                    transport.loseConnection()
                elif part == "reset":
                    reset(transport)
                else:
                    transport.write(part)


def reset(transport: Any) -> None:
    """
    Close with a RST.
    """
    transport.socket.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    transport.abortConnection()


class Server:
    """
    A scripted server and a client of it.
    """

    def __init__(self, loop: Loop, *script: list[Any], **options: Any) -> None:
        self.loop = loop
        self.factory: Any = Factory.forProtocol(Scripted)
        self.factory.noisy = False
        self.factory.script = list(script)
        self.factory.made = []
        self.client = connectHTTP(
            loop.reactor, f"http://127.0.0.1:{loop.listen(self.factory)}/x", **options
        )

    def get(self, method: str = "GET", body: Any = None) -> tuple[int, bytes]:
        """
        A whole response.
        """
        response = self.loop.run(self.client.request(method, "/", body=body))
        return response.code, self.loop.run(response.read())

    def close(self) -> None:
        """
        Close the client, and see that it is.
        """
        self.loop.run(self.client.close())
