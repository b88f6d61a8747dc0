"""
C{penstock call}, in a process of its own, on both carriers.
"""

import hashlib
import os
import pty
import select
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest

from .process import COMMAND, PATIENCE, Process, run

# More than sockets and pipes hold together.
BIG = os.urandom(8 * 1024 * 1024)

MODULE = """
import hashlib

from twisted.internet.task import deferLater

from penstock.core.content import Stream
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.file import File


def root():
    from twisted.internet import reactor

    class Hash(Resource):
        policy = Stream()
        isLeaf = True

        async def render_PUT(self, request):
            digest = hashlib.sha256()
            async for chunk in request.content:
                digest.update(chunk)
            length = request.in_headers.get("content-length")
            return (length or b"chunked") + b" " + digest.hexdigest().encode()

        render_POST = render_PUT

    class Echo(Resource):
        policy = Stream()

        async def render_POST(self, request):
            request.write(b"")
            async for chunk in request.content:
                request.write(chunk)

    class Endless(Resource):
        def render_GET(self, request):
            return Response(self.endless())

        async def endless(self):
            while True:
                yield b"more"
                await deferLater(reactor, 0.05)

    class Cut(Resource):
        def render_GET(self, request):
            request.out_headers.setRaw("content-length", "100")
            request.write(b"half")
            # What is aborted at once need not have been sent at all.
            reactor.callLater(0.1, request.abort)

    root = File(".")
    root.putChild("hash", Hash())
    root.putChild("echo", Echo())
    root.putChild("endless", Endless())
    root.putChild("cut", Cut())
    return root
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """
    Where the tree is, by carrier.
    """
    folder = tmp_path_factory.mktemp("served")
    (folder / "ours.py").write_text(MODULE)
    (folder / "big").write_bytes(BIG)
    arguments = ("serve", "ours:root", "--http", "0", "--rpc", "0")
    with Process(*arguments, "--no-access-log", cwd=folder) as process:
        http, rpc = process.listening(2)
        yield {"http": http, "rpc": rpc}
        process.interrupt()
        assert process.end() == 0
        assert process.complained == b""


@pytest.fixture(params=["http", "rpc"])
def url(request: pytest.FixtureRequest, served: dict[str, str]) -> str:
    return served[request.param]


def digest(data: bytes, length: str) -> bytes:
    return f"{length} {hashlib.sha256(data).hexdigest()}".encode()


def test_download(url: str) -> None:
    done = run("call", url + "big")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == BIG


def test_downloadToFile(url: str, tmp_path: Path) -> None:
    done = run("call", url + "big", "-o", "copy", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "copy").read_bytes() == BIG


def test_head(url: str) -> None:
    done = run("call", url + "big", "-I")
    assert done.returncode == 0
    assert done.stdout.startswith(b"HTTP/1.1 200 OK\n")
    assert b"content-length: %d\n" % len(BIG) in done.stdout.lower()


def test_fields(url: str) -> None:
    done = run("call", url + "big", "-H", "Range: bytes=10-19", "-i")
    head, _, content = done.stdout.partition(b"\n\n")
    assert head.startswith(b"HTTP/1.1 206 Partial Content\n")
    assert content == BIG[10:20]


def test_uploadFile(url: str, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BIG)
    done = run("call", url + "hash/", "-T", "big", cwd=tmp_path)
    assert done.stdout == digest(BIG, str(len(BIG)))


def test_uploadFileAsStandardInput(url: str, tmp_path: Path) -> None:
    """
    A file that is redirected has a length all the same.
    """
    (tmp_path / "big").write_bytes(BIG)
    with open(tmp_path / "big", "rb") as file:
        file.seek(100)
        done = run("call", url + "hash", "-d", "@-", stdin=file)
    assert done.stdout == digest(BIG[100:], str(len(BIG) - 100))


def test_uploadPipe(url: str) -> None:
    done = run("call", url + "hash", "-T", "-", input=BIG)
    assert done.stdout == digest(BIG, "chunked")


def test_uploadNothing(url: str) -> None:
    """
    A pipe may turn out to have nothing in it.
    """
    done = run("call", url + "hash", "-T", "-", input=b"")
    assert done.stdout == digest(b"", "chunked")


def test_text(url: str) -> None:
    done = run("call", url + "hash", "-d", "a=b", "-d", "c=d")
    assert done.stdout == digest(b"a=b&c=d", "7")


def test_bothWaysAtOnce(url: str) -> None:
    """
    What comes back is written while more is sent.
    """
    with Process("call", url + "echo", "-d", "@-", stdin=subprocess.PIPE) as process:
        pipe = process.process.stdin
        assert pipe is not None
        for number in range(5):
            line = b"line %d\n" % number
            pipe.write(line)
            process.expect(line)
        pipe.close()
        assert process.end() == 0


def test_slowReader(url: str) -> None:
    """
    Whoever reads slowly gets all of it.
    """
    with Process("call", url + "big") as process:
        process.process.stdout.read(1)  # type: ignore[union-attr]
        deadline = time.monotonic() + 0.3
        select.select([], [], [], max(0, deadline - time.monotonic()))
        assert process.process.poll() is None
        assert process.end() == 0
        assert process.said == BIG[1:]


def test_readerHasHadEnough(url: str) -> None:
    with Process("call", url + "big") as process:
        process.expect(BIG[:100])
        process.closeOutput()
        assert process.end() == 23
        assert process.complained == b""


def test_interrupted(url: str) -> None:
    with Process("call", url + "endless") as process:
        process.expect(b"more")
        process.interrupt()
        assert process.end() == 128 + signal.SIGINT
        assert process.complained == b""


def test_interruptedWhileNobodyReads(url: str) -> None:
    """
    A full pipe doesn't keep it from ending.
    """
    with Process("call", url + "big") as process:
        assert select.select([process.process.stdout], [], [], PATIENCE)[0]
        process.interrupt()
        assert process.process.wait(PATIENCE) == 128 + signal.SIGINT


def test_interruptedWhileItWaitsForInput(url: str) -> None:
    with Process("call", url + "echo", "-d", "@-", stdin=subprocess.PIPE) as process:
        pipe = process.process.stdin
        assert pipe is not None
        pipe.write(b"something")
        process.expect(b"something")
        process.interrupt(signal.SIGTERM)
        assert process.end() == 128 + signal.SIGTERM
        pipe.close()


def test_maxTime(url: str) -> None:
    done = run("call", url + "endless", "--max-time", "0.3")
    assert done.returncode == 28
    assert done.stderr == b"Error: it took longer than --max-time\n"


@pytest.mark.parametrize(
    ("path", "arguments", "status", "said"),
    [
        ("none", [], 0, b""),
        ("none", ["--fail"], 22, b"Error: the server says 404 Not Found\n"),
        ("cut", [], 18, b"Error: the response broke off: "),
        ("big", ["-o", "/none/such"], 23, b"Error: can't write /none/such: "),
        ("hash", ["-T", "/none"], 26, b"Error: can't read /none: No such file"),
    ],
)
def test_status(
    url: str, path: str, arguments: list[str], status: int, said: bytes
) -> None:
    done = run("call", url + path, *arguments)
    assert done.returncode == status
    assert done.stderr.startswith(said)
    assert done.stderr.count(b"\n") == bool(said)


@pytest.mark.parametrize(
    ("closed", "status"),
    [("<&-", 26), (">&-", 23), ("2>&-", 0)],
    ids=["input", "output", "errors"],
)
def test_closedStreams(served: dict[str, str], closed: str, status: int) -> None:
    """
    A number that isn't open must not be taken for something else that is.
    """
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND]
        + ["call", served["http"] + "hash", "-T", "-"],
        input=b"abc",
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == status
    assert done.stderr.count(b"\n") == bool(status)
    if not status:
        assert done.stdout == digest(b"abc", "chunked")


@pytest.fixture
def free() -> int:
    """
    A port where nobody listens.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize("scheme", ["http", "https", "rpc"])
def test_nobodyThere(scheme: str, free: int) -> None:
    done = run("call", f"{scheme}://127.0.0.1:{free}/")
    assert done.returncode == 7
    assert done.stderr.startswith(b"Error: can't connect: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("scheme", ["http", "rpc"])
def test_noSuchName(scheme: str) -> None:
    done = run("call", f"{scheme}://nowhere.invalid/")
    assert done.returncode == 7
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"", 52),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 18),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", 18),
        (b"SSH-2.0-none of ours\r\n\r\n", 8),
    ],
    ids=["nothing", "short", "unfinished", "another protocol"],
)
def test_badServer(answer: bytes, status: int) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(PATIENCE)

        def serve() -> None:
            connection, _ = server.accept()
            with closing(connection):
                connection.settimeout(PATIENCE)
                connection.recv(65536)
                connection.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        done = run("call", f"http://127.0.0.1:{server.getsockname()[1]}/")
        thread.join(PATIENCE)
    assert done.returncode == status
    assert done.stderr.count(b"\n") == 1


def onTerminal(*arguments: str, stdout: int) -> tuple[int, bytes]:
    """
    Run C{penstock} with a terminal as its standard error.

    @param stdout: L{subprocess.DEVNULL}, or -1 for the same terminal.
    @return: its status, and what was to be seen.
    """
    master, slave = pty.openpty()
    try:
        with subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=slave if stdout == -1 else stdout,
            stderr=slave,
        ) as process:
            os.close(slave)
            seen = b""
            while select.select([master], [], [], PATIENCE)[0]:
                try:
                    seen += os.read(master, 65536)
                except OSError:
                    # Linux has it that the other end is closed.
                    break
            return process.wait(PATIENCE), seen
    finally:
        os.close(master)


def test_progressOfDownload(url: str) -> None:
    status, seen = onTerminal("call", url + "big", stdout=subprocess.DEVNULL)
    assert status == 0
    assert b"Receiving" in seen
    assert b"100%" in seen
    assert b"8.0 MiB" in seen


def test_progressOfUpload(url: str, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BIG)
    status, seen = onTerminal(
        *("call", url + "hash", "-T", str(tmp_path / "big")),
        stdout=subprocess.DEVNULL,
    )
    assert status == 0
    assert b"Sending" in seen
    assert b"8.0 MiB" in seen


@pytest.mark.parametrize(
    ("arguments", "stdout", "shown"),
    [
        ([], -1, False),
        (["--progress"], -1, True),
        (["-o", os.devnull], -1, True),
        (["--no-progress"], subprocess.DEVNULL, False),
    ],
    ids=["to the terminal", "wanted", "to a file", "unwanted"],
)
def test_whenProgressIsShown(
    served: dict[str, str], arguments: list[str], stdout: int, shown: bool
) -> None:
    url = served["http"] + "ours.py"
    status, seen = onTerminal("call", url, *arguments, stdout=stdout)
    assert status == 0
    assert (b"Receiving" in seen) is shown
    if stdout == -1 and not arguments:
        assert seen.replace(b"\r\n", b"\n") == MODULE.encode()
