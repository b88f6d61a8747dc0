"""
A server is told to end while its clients are at work: whatever it has begun to
serve is served, and it ends in time.
"""

from __future__ import annotations

import re
import signal
import socket
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..cli.process import PATIENCE, Process

TREE = """
from twisted.internet.task import deferLater

from penstock.core.resource import Resource
from penstock.core.response import Response

def root():
    from twisted.internet import reactor

    class Quick(Resource):
        def render_GET(self, request):
            return b"answered"

    class Slow(Resource):
        async def render_GET(self, request):
            await deferLater(reactor, 0.2)
            return b"answered"

    class Events(Resource):
        def render_GET(self, request):
            return Response(self.events())

        async def events(self):
            while True:
                yield b"data: tick\\n\\n"
                await deferLater(reactor, 0.1)

    root = Resource()
    root.putChild("quick", Quick())
    root.putChild("slow", Slow())
    root.putChild("events", Events())
    return root
"""

STREAMS = 20
CLIENTS = 4

# Requests that are answered before the signal.
BEFORE = 200


class Client(threading.Thread):
    """
    Asks, again and again, until nobody is there.
    """

    def __init__(self, port: int, path: str, fields: str) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.path = path
        self.request = f"GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode()
        self.outcomes: Counter[str] = Counter()

    def run(self) -> None:
        while True:
            try:
                wire = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
            except OSError:
                self.outcomes["refused"] += 1
                return
            with wire:
                while self.ask(wire):
                    pass

    def ask(self, wire: socket.socket) -> bool:
        """
        @return: whether to ask again on the same connection.
        """
        data = b""
        try:
            wire.sendall(self.request)
            while not data.endswith(b"\r\n\r\nanswered"):
                piece = wire.recv(4096)
                if not piece:
                    raise EOFError
                data += piece
        except (OSError, EOFError):
            self.outcomes["cut off" if data else "not taken"] += 1
            return False
        self.outcomes["answered"] += 1
        return b"Connection: close" not in data


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
def test_nothingIsLost(tmp_path: Path, number: int) -> None:
    """
    As many answers as requests that it has begun, no half ones, nobody new; and
    event streams, which have no end, don't hold it up beyond its deadline.
    """
    (tmp_path / "ours.py").write_text(TREE)
    arguments = ("serve", "ours:root", "--http", "0", "--drain", "1.5")
    with ExitStack() as stack:
        process = stack.enter_context(Process(*arguments, cwd=tmp_path))
        port = urlsplit(process.listening()[0]).port or 0
        streams = []
        for _ in range(STREAMS):
            stream = socket.create_connection(("127.0.0.1", port), PATIENCE)
            streams.append(stack.enter_context(stream))
            stream.sendall(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            assert stream.recv(12) == b"HTTP/1.1 200"
        kinds = [("/quick", ""), ("/quick", "Connection: close\r\n"), ("/slow", "")]
        clients = [
            Client(port, path, fields) for path, fields in kinds for _ in range(CLIENTS)
        ]
        for client in clients:
            client.start()
        process.expect(b'"GET /quick" 200 ', times=BEFORE)
        process.expect(b'"GET /slow" 200 ', times=CLIENTS)
        process.interrupt(number)
        assert process.end() == 0
        for client in clients:
            client.join(PATIENCE)
            assert not client.is_alive()
    begun = Counter(re.findall(r'"GET (/\w+)" 200 ', process.said.decode()))
    for path in ("/quick", "/slow"):
        mine = [client for client in clients if client.path == path]
        assert sum(client.outcomes["answered"] for client in mine) == begun[path]
    assert not any(client.outcomes["cut off"] for client in clients)
    assert all(client.outcomes["refused"] == 1 for client in clients)
    assert process.said.count(b'"GET /events" 200- ') == STREAMS
