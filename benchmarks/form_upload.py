"""
A gibibyte as a file in a form, against the same octets as plain content: how
fast it is taken, how much processor time and memory that needs, how long the
event loop is kept busy at most, and whether a temporary file is left.

Run as C{python form_upload.py [MEBIBYTES [BOUNDARY]]}.  The caller costs next to
nothing over HTTP (sendfile); over RPC it is the project's own.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from process import cpuSeconds, memory, serving
from twisted.internet import reactor, task
from twisted.internet.defer import ensureDeferred

from penstock.core.headers import Headers
from penstock.transports.rpc import connectRPC

MEBIBYTE = 1024 * 1024
BLOCK = 256 * 1024

SIZE = int(sys.argv[1]) if len(sys.argv) > 1 else 1024

# As Chromium makes them.  Of a shorter one, less can be jumped over at a time
# where it is looked for.
BOUNDARY = (
    sys.argv[2] if len(sys.argv) > 2 else "----WebKitFormBoundary7MA4YWxkTrZu0gW0"
)

BEFORE = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"'
    "\r\nContent-Type: application/octet-stream\r\n\r\n"
).encode("ascii")
AFTER = f"\r\n--{BOUNDARY}--\r\n".encode("ascii")
TYPE = f"multipart/form-data; boundary={BOUNDARY}"

# Of so many runs the best one counts.
RUNS = 3

# What is done with it as a form, and without one.
PAIRS = [
    ("dropped", "PartsDropped", "RawDropped"),
    ("hashed", "PartsHashed", "RawHashed"),
    ("kept", "FormKept", "RawKept"),
]


class Run(NamedTuple):
    """
    @ivar speed: mebibytes a second.
    @ivar cpu: seconds of the server.
    @ivar memory: mebibytes that it needed at most, beyond what it had.
    @ivar longest: milliseconds that its event loop did one thing.
    """

    speed: float
    cpu: float
    memory: float
    longest: float


def overHTTP(port: int, path: Path | None, target: str, isForm: bool) -> bytes:
    """
    @param path: of what is sent; L{None} for a GET.

    @return: the response's content.
    """
    if path is None:
        with urlopen(f"http://127.0.0.1:{port}/{target}") as response:
            asked: bytes = response.read()
            return asked
    size = path.stat().st_size
    before, after = (BEFORE, AFTER) if isForm else (b"", b"")
    head = (
        f"{'POST' if isForm else 'PUT'} /{target} HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: {TYPE if isForm else 'application/octet-stream'}\r\n"
        f"Content-Length: {len(before) + size + len(after)}\r\n"
        "Connection: close\r\n\r\n"
    )
    with (
        socket.create_connection(("127.0.0.1", port)) as connection,
        path.open("rb") as file,
    ):
        connection.sendall(head.encode("ascii") + before)
        connection.sendfile(file)
        connection.sendall(after)
        came = b""
        while data := connection.recv(BLOCK):
            came += data
    return came.partition(b"\r\n\r\n")[2]


def blocks(path: Path, isForm: bool) -> Iterator[bytes]:
    """
    @return: the content, piece by piece.
    """
    if isForm:
        yield BEFORE
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
    if isForm:
        yield AFTER


async def overRPC(client: Any, path: Path | None, target: str, isForm: bool) -> bytes:
    """
    As L{overHTTP}.
    """
    if path is None:
        reply = await client.call("GET", f"/{target}")
        asked: bytes = reply.body
        return asked
    response = await client.request(
        "POST" if isForm else "PUT",
        f"/{target}",
        Headers([("content-type", TYPE if isForm else "application/octet-stream")]),
        blocks(path, isForm),
    )
    content: bytes = await response.read()
    return content


def openFiles(pid: int) -> set[str]:
    """
    @return: the files without a name that process C{pid} has open.
    """
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            to = os.readlink(link)
        except OSError:
            continue
        if "(deleted)" in to:
            found.add(to)
    return found


@contextmanager
def temporaryFilesIn(folder: str) -> Iterator[None]:
    """
    Have the servers that are started keep theirs there.
    """
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = folder
    yield
    os.environ.pop("TMPDIR")
    if before is not None:
        os.environ["TMPDIR"] = before


class Server:
    """
    What is sent to, and looked at.
    """

    def __init__(self, pid: int, call: Any, path: Path) -> None:
        """
        @param call: sends it, and returns what came back.
        """
        self._pid = pid
        self._call = call
        self._path = path
        self._size = path.stat().st_size

    async def warm(self, target: str, isForm: bool) -> None:
        """
        What is loaded on first use is loaded before it counts.
        """
        await self._call(Path(__file__), target, isForm)

    async def measure(self, target: str, isForm: bool) -> Run:
        """
        Send it once.
        """
        await self._call(None, "longest", False)
        idle, cpu = self._begin()
        begin = time.perf_counter()
        came = json.loads(await self._call(self._path, target, isForm))
        took = time.perf_counter() - begin
        cpu = cpuSeconds(self._pid) - cpu
        if came["size"] != self._size:
            raise RuntimeError(f"{came['size']} octets came of {self._size}")
        # It is answered when that is over which came after the upload's answer.
        longest = json.loads(await self._call(None, "longest", False))
        self._findNothingLeft()
        peak = memory(self._pid, "VmHWM") - idle
        return Run(self._size / MEBIBYTE / took, cpu, peak, longest * 1000)

    def _begin(self) -> tuple[float, float]:
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")
        return memory(self._pid), cpuSeconds(self._pid)

    def _findNothingLeft(self) -> None:
        deadline = time.monotonic() + 5
        while left := [*os.listdir(os.environ["TMPDIR"]), *openFiles(self._pid)]:
            if time.monotonic() > deadline:
                raise RuntimeError(f"left behind: {left}")
            time.sleep(0.05)


async def compare() -> None:
    """
    Print a row for each way.
    """
    with (
        tempfile.NamedTemporaryFile() as file,
        tempfile.TemporaryDirectory() as folder,
        temporaryFilesIn(folder),
        serving("form_upload_servers.py", "http") as http,
        serving("form_upload_servers.py", "rpc") as rpc,
    ):
        block = os.urandom(MEBIBYTE)
        for number in range(SIZE):
            file.write(number.to_bytes(4, "big") + block[4:])
        file.flush()
        path = Path(file.name)
        client = connectRPC(reactor, f"rpc://127.0.0.1:{rpc[1]}")

        async def byHTTP(path: Path | None, target: str, isForm: bool) -> bytes:
            return overHTTP(http[1], path, target, isForm)

        async def byRPC(path: Path | None, target: str, isForm: bool) -> bytes:
            return await overRPC(client, path, target, isForm)

        for name, server in (
            ("HTTP", Server(http[0], byHTTP, path)),
            ("RPC", Server(rpc[0], byRPC, path)),
        ):
            for what, form, raw in PAIRS:
                await server.warm(form, True)
                await server.warm(raw, False)
                plains, formeds = [], []
                for _ in range(RUNS):
                    plains.append(await server.measure(raw, False))
                    formeds.append(await server.measure(form, True))
                plain, formed = best(plains), best(formeds)
                print(
                    f"{name:4} {what:7} raw {shown(plain)}  form {shown(formed)}  "
                    f"ratio {formed.speed / plain.speed:.2f}, "
                    f"of processor time {plain.cpu / formed.cpu:.2f}",
                    flush=True,
                )
        await client.close()


def best(runs: list[Run]) -> Run:
    """
    @return: the one that was disturbed least, with the most memory and the longest
        wait of all.
    """
    return min(runs, key=lambda run: run.cpu)._replace(
        memory=max(run.memory for run in runs),
        longest=max(run.longest for run in runs),
    )


def shown(run: Run) -> str:
    """
    @return: C{run} in some columns.
    """
    return (
        f"{run.speed:5.0f} MiB/s {run.cpu:5.2f} s +{run.memory:.1f} MiB "
        f"{run.longest:6.1f} ms"
    )


def main() -> None:
    """
    Run until it is compared.
    """
    task.react(lambda reactor: ensureDeferred(compare()))


if __name__ == "__main__":
    main()
