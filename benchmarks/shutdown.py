"""
What becomes of requests when a server is told to end.

Runs C{penstock serve} with a hundred open event streams, idle connections, slow
downloads, and clients that ask all the time: some on connections that they keep,
some on new ones.  Then sends a signal, and compares what the server has begun, by
its log, with what the clients have got.

Run as C{python shutdown.py [--clients own|wrk] [--drain SECONDS] [--rounds N]
[--signal TERM|INT] [--twice]}.  Everything is on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

# Of each kind.
STREAMS = 100
IDLE = 100
DOWNLOADS = 10
CLIENTS = 16

# Octets of a download, and how fast it goes: more than one second, less than
# the time that the server has.
LARGE = 3_000_000
SPEED = 1_000_000

# Seconds from the first request to the signal.
BEFORE = 2

TREE = f"""
from twisted.internet.task import deferLater

from penstock.core.resource import Resource
from penstock.core.response import Response

def root():
    from twisted.internet import reactor

    class Quick(Resource):
        def render_GET(self, request):
            return b"Hello, world!"

    class Slow(Resource):
        async def render_GET(self, request):
            await deferLater(reactor, 0.2)
            return b"Hello, world!"

    class Large(Resource):
        def render_GET(self, request):
            return bytes({LARGE})

    class Events(Resource):
        def render_GET(self, request):
            return Response(self.events())

        async def events(self):
            while True:
                yield b"data: tick\\n\\n"
                await deferLater(reactor, 0.5)

    root = Resource()
    root.putChild("quick", Quick())
    root.putChild("slow", Slow())
    root.putChild("large", Large())
    root.putChild("events", Events())
    return root
"""


class Client(threading.Thread):
    """
    Asks, and asks again, until nobody is there.
    """

    def __init__(self, port: int, path: str, keeps: bool) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.path = path
        self.keeps = keeps
        fields = "" if keeps else "Connection: close\r\n"
        self.request = f"GET {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode()
        self.outcomes: Counter[str] = Counter()

    def run(self) -> None:
        while True:
            try:
                wire = socket.create_connection(("127.0.0.1", self.port), 30)
            except ConnectionRefusedError:
                self.outcomes["refused"] += 1
                return
            except OSError as problem:
                self.outcomes[f"connecting: {type(problem).__name__}"] += 1
                return
            with wire:
                while True:
                    outcome = self.ask(wire)
                    self.outcomes[outcome] += 1
                    if outcome != "answered" or not self.keeps:
                        break

    def ask(self, wire: socket.socket) -> str:
        data = b""
        try:
            wire.sendall(self.request)
            while not data.endswith(b"\r\n\r\nHello, world!"):
                piece = wire.recv(4096)
                if not piece:
                    raise EOFError
                data += piece
        except (OSError, EOFError):
            return "cut off" if data else "not taken"
        if not data.startswith(b"HTTP/1.1 200 "):
            return data[9:12].decode("latin-1")
        if self.keeps and b"Connection: close" in data:
            return "answered, told to close"
        return "answered"


class Download(threading.Thread):
    """
    Takes its time.
    """

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.wire = connected(port, "/large")
        self.outcomes: Counter[str] = Counter()

    def run(self) -> None:
        size = 0
        try:
            with self.wire:
                # Its head is somewhat longer than nothing.
                while size <= LARGE and (piece := self.wire.recv(SPEED // 20)):
                    size += len(piece)
                    time.sleep(len(piece) / SPEED)
        except OSError:
            pass
        self.outcomes["whole" if size > LARGE else "cut off"] += 1


def connected(port: int, path: str) -> socket.socket:
    """
    @return: a connection, on which something was asked.
    """
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    wire.settimeout(30)
    wire.connect(("127.0.0.1", port))
    wire.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    return wire


class Ending:
    """
    One run.
    """

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.options = options
        self.log = folder / "log"
        arguments = ("--http", "0", "--drain", str(options.drain))
        with self.log.open("w") as writing:
            self.server = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "penstock.cli",
                    "serve",
                    "ending:root",
                    *arguments,
                ],
                cwd=folder,
                stdout=writing,
                stderr=subprocess.DEVNULL,
            )
        while "\n" not in self.log.read_text():
            time.sleep(0.05)
        self.port = urlsplit(self.log.read_text().split()[2]).port or 0
        self.told = self.ended = 0.0

    def wait(self) -> None:
        self.server.wait()
        self.ended = time.monotonic()

    def tell(self) -> None:
        time.sleep(BEFORE)
        number = signal.Signals[f"SIG{self.options.signal}"]
        self.server.send_signal(number)
        self.told = time.monotonic()
        if self.options.twice:
            time.sleep(0.5)
            self.server.send_signal(number)

    def own(self) -> dict[str, dict[str, int]]:
        """
        @return: what our own clients have got, by what they are.
        """
        kinds = [("/quick", True), ("/quick", False), ("/slow", True)]
        clients = [Client(self.port, *kind) for kind in kinds for _ in range(CLIENTS)]
        downloads = [Download(self.port) for _ in range(DOWNLOADS)]
        for each in [*clients, *downloads]:
            each.start()
        self.tell()
        got: dict[str, Counter[str]] = {}
        for client in clients:
            client.join(60)
            kind = client.path if client.keeps else f"{client.path}, new connections"
            got.setdefault(kind, Counter()).update(client.outcomes)
        for download in downloads:
            download.join(60)
            got.setdefault("/large", Counter()).update(download.outcomes)
        return {kind: dict(outcomes) for kind, outcomes in got.items()}

    def wrk(self) -> str:
        """
        @return: what wrk says.
        """
        url = f"http://127.0.0.1:{self.port}/quick"
        running = subprocess.Popen(
            ["wrk", "-t1", "-c32", "-d4s", url], stdout=subprocess.PIPE, text=True
        )
        self.tell()
        said, _ = running.communicate()
        found = re.findall(r".*requests in.*|.*Socket errors.*|.*Non-2xx.*", said)
        return "; ".join(line.strip() for line in found)

    def run(self) -> None:
        with ExitStack() as stack:
            stack.callback(self.server.kill)
            for _ in range(STREAMS):
                wire = stack.enter_context(connected(self.port, "/events"))
                if wire.recv(12) != b"HTTP/1.1 200":
                    raise RuntimeError("no stream")
            for _ in range(IDLE):
                wire = stack.enter_context(connected(self.port, "/quick"))
                if wire.recv(12) != b"HTTP/1.1 200":
                    raise RuntimeError("no answer")
            waiting = threading.Thread(target=self.wait, daemon=True)
            waiting.start()
            got = self.wrk() if self.options.clients == "wrk" else self.own()
            waiting.join(self.options.drain + 30)
            took = self.ended - self.told
        lines = re.findall(r'"GET (/\w+)" (\w+-?) ', self.log.read_text())
        served = Counter(f"{path} {code}" for path, code in lines)
        # The idle ones have asked once, too.
        served["/quick 200"] -= IDLE
        print(
            f"ended with {self.server.returncode}, {took:.2f} s after the signal,"
            f" of {self.options.drain:g}"
        )
        print(f"    the server's log: {dict(sorted(served.items()))}")
        print(f"    the clients: {got}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--clients", choices=["own", "wrk"], default="own")
    parser.add_argument("--drain", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--signal", choices=["TERM", "INT"], default="TERM")
    parser.add_argument("--twice", action="store_true")
    options = parser.parse_args()
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "ending.py").write_text(TREE)
            Ending(Path(folder), options).run()


if __name__ == "__main__":
    main()
