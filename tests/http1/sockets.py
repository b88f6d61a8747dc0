"""
The serving end and its clients on real sockets.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.transports.http1.factory import HTTPFactory

from ..loop import Loop
from .wires import Asked, answerComplete

DATE_LENGTH = len(b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n")


class Client:
    """
    A blocking client's socket, used only when something is there.
    """

    def __init__(self, loop: Loop, port: int, receiveBuffer: int = 0) -> None:
        self.loop = loop
        self.socket = socket.socket()
        if receiveBuffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receiveBuffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setblocking(False)
        self.received = b""
        self.ended = False

    def send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self.socket.send(view) :]
            except BlockingIOError:
                self.loop.turn(0.001)

    def poll(self) -> None:
        try:
            data = self.socket.recv(1 << 20)
        except BlockingIOError:
            return
        self.received += data
        if not data:
            self.ended = True

    def read(self, size: int) -> bytes:
        """
        Wait for C{size} octets.
        """

        def enough() -> bool:
            self.poll()
            return len(self.received) >= size or self.ended

        self.loop.run(enough)
        data, self.received = self.received[:size], self.received[size:]
        return data

    def readAll(self, seconds: float = 5) -> bytes:
        """
        Wait for the end.
        """

        def ended() -> bool:
            self.poll()
            return self.ended

        self.loop.run(ended, seconds)
        return self.received

    def reset(self) -> None:
        self.socket.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        self.socket.close()


# Octets of a slow reader's buffer.  Loopback's segments have 64 KiB: a window
# that has no room for two can cost the sender 200 ms for each of them.
SLOW = 400000


class Server:
    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.asked: list[Asked] = []
        self.clients: list[Client] = []
        self.react: Any = answerComplete

    def make(self, *arguments: Any) -> Asked:
        request = Asked.__new__(Asked)
        self.asked.append(request)
        request.__init__(self.react, *arguments)  # type: ignore[misc]
        return request

    def listen(self, react: Any = answerComplete, **options: Any) -> None:
        self.react = react
        self.factory = HTTPFactory(self.make, **options)
        self.port = self.loop.listen(self.factory)

    def listenThrough(self, react: Any, wrapper: Any) -> None:
        self.react = react
        self.factory = HTTPFactory(self.make)
        self.port = self.loop.listen(wrapper(self.factory))

    def connect(self, receiveBuffer: int = 0) -> Client:
        client = Client(self.loop, self.port, receiveBuffer)
        self.clients.append(client)
        return client

    def begun(self, count: int = 1) -> Asked:
        self.loop.run(lambda: len(self.asked) >= count)
        return self.asked[count - 1]


@pytest.fixture
def server(loop: Loop) -> Iterator[Server]:
    server = Server(loop)
    yield server
    for client in server.clients:
        client.socket.close()


def withoutDate(data: bytes) -> bytes:
    parts = data.split(b"Date: ")
    return parts[0] + b"".join(part[DATE_LENGTH - 6 :] for part in parts[1:])
