"""
Other clients: how long they wait while somebody is a nuisance.

A process of its own, that asks for C{/} all the time.  Some of its clients keep
their connections, some connect anew each time.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Self

# Clients of each kind, and seconds from one request of a client to its next.
CLIENTS = 4
EVERY = 0.1

# Seconds after which a client gives up.
PATIENCE = 10.0

CONTENT = b"Hello, world!"


class Client(threading.Thread):
    """
    Asks.
    """

    def __init__(self, port: int, keeps: bool) -> None:
        super().__init__(daemon=True)
        self.port = port
        self.keeps = keeps
        close = "" if keeps else "Connection: close\r\n"
        self.request = f"GET / HTTP/1.1\r\nHost: a\r\n{close}\r\n".encode()
        self.wire: socket.socket | None = None
        self.took: list[float] = []
        self.failed: Counter[str] = Counter()

    def run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self.ask()
                self.took.append((time.monotonic() - began) * 1000)
            except (OSError, EOFError, ValueError) as problem:
                self.hangUp()
                self.failed[f"{type(problem).__name__} {problem}".strip()] += 1
            time.sleep(max(0.0, EVERY - (time.monotonic() - began)))

    def hangUp(self) -> None:
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    def ask(self) -> None:
        if self.wire is None:
            self.wire = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.wire.sendall(self.request)
        data = b""
        while not data.endswith(CONTENT):
            piece = self.wire.recv(4096)
            if not piece:
                raise EOFError(data[9:12].decode("latin-1"))
            data += piece
        if not data.startswith(b"HTTP/1.1 200"):
            raise ValueError(data[9:12].decode("latin-1"))
        if not self.keeps or b"Connection: close" in data:
            self.hangUp()


def summary(clients: list[Client]) -> dict[str, Any]:
    """
    @return: what these have got since the last time.
    """
    took: list[float] = []
    failed: Counter[str] = Counter()
    for client in clients:
        mine, client.took = client.took, []
        took += mine
        problems, client.failed = client.failed, Counter()
        failed += problems
    took.sort()
    waits = [took[int(len(took) * part)] for part in (0.5, 0.99)] if took else []
    return {"answers": len(took), "waits": [*waits, *took[-1:]], "failed": dict(failed)}


class Others:
    """
    The process, for who starts it.
    """

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ignored: object) -> None:
        self._process.kill()
        self._process.wait()

    def take(self) -> str:
        """
        @return: what they have got since the last time, as a sentence.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipes")
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        said = []
        for kind, got in json.loads(self._process.stdout.readline()).items():
            waits = "/".join(f"{wait:.1f}" for wait in got["waits"])
            failed = sum(got["failed"].values())
            why = f" {got['failed']}" if failed else ""
            said.append(f"{kind} {got['answers']} in {waits} ms, {failed} failed{why}")
        return "; ".join(said)


def main() -> None:
    port = int(sys.argv[1])
    kinds = {
        "kept": [Client(port, True) for _ in range(CLIENTS)],
        "new": [Client(port, False) for _ in range(CLIENTS)],
    }
    for clients in kinds.values():
        for client in clients:
            client.start()
    for _ in sys.stdin:
        print(json.dumps({kind: summary(them) for kind, them in kinds.items()}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
