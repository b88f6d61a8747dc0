"""
C{penstock serve}, in a process of its own, asked by Python's own client.
"""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from .process import PATIENCE, Process, run

MODULE = """
import gc
import os

from twisted.internet.task import deferLater

from penstock.core.resource import Resource
from penstock.core.response import Response


def root():
    from twisted.internet import reactor

    class Reactor(Resource):
        def render_GET(self, request):
            return type(reactor).__name__

    class Slow(Resource):
        async def render_GET(self, request):
            while not os.path.exists("go"):
                await deferLater(reactor, 0.02)
            return "slow"

    class Endless(Resource):
        def render_GET(self, request):
            return Response(self.endless())

        async def endless(self):
            while True:
                yield b"more"
                await deferLater(reactor, 0.05)

    class Broken(Resource):
        def render_GET(self, request):
            raise ZeroDivisionError("it was the resource")

    class Who(Resource):
        def render_GET(self, request):
            named = b"x-forwarded-for" in request.in_headers
            peer = getattr(request.connectionInfo.peer, "host", "?")
            return f"{peer} {request.scheme.decode()} {named}"

    class Frozen(Resource):
        def render_GET(self, request):
            return str(gc.get_freeze_count())

    class Chatty(Resource):
        def render_GET(self, request):
            print("resources may print")
            return "printed"

    root = Resource()
    root.putChild("reactor", Reactor())
    root.putChild("slow", Slow())
    root.putChild("endless", Endless())
    root.putChild("broken", Broken())
    root.putChild("who", Who())
    root.putChild("chatty", Chatty())
    root.putChild("frozen", Frozen())
    return root


def fail():
    raise ZeroDivisionError("it was the target")
"""

Serve = Callable[..., Process]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "ours.py").write_text(MODULE)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "page.txt").write_text("A page.\n")
    return tmp_path


@pytest.fixture
def serve(folder: Path) -> Iterator[Serve]:
    """
    Starts C{penstock serve} in the folder.
    """
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        process = Process("serve", *arguments, cwd=folder)
        started.append(process)
        return process.__enter__()

    yield start
    for process in started:
        process.__exit__(None, None, None)


def connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, PATIENCE)


def get(url: str, path: str) -> tuple[int, bytes]:
    with closing(connect(url)) as connection:
        connection.request("GET", path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_folder(serve: Serve, number: int) -> None:
    """
    It says where it is, serves, writes a line for each exchange, and ends
    well when it is told to.
    """
    process = serve("files", "--http", "0")
    (url,) = process.listening()
    assert url.startswith("http://127.0.0.1:")
    assert get(url, "/page.txt") == (200, b"A page.\n")
    code, listing = get(url, "/")
    assert code == 200
    assert b"page.txt" in listing
    process.expect(b"\n", times=3)
    process.interrupt(number)
    assert process.end() == 0
    first, second = process.said.split(b"\n")[1:3]
    assert b'http1 127.0.0.1 "GET /page.txt" 200 8 ' in first
    assert b'http1 127.0.0.1 "GET /" 200 ' in second
    assert process.complained == b""


def test_noAccessLog(serve: Serve) -> None:
    process = serve("files", "--http", "0", "--no-access-log")
    (url,) = process.listening()
    assert get(url, "/page.txt")[0] == 200
    process.interrupt()
    assert process.end() == 0
    assert process.said.count(b"\n") == 1


def test_limits(serve: Serve) -> None:
    """
    A full house says so, and a slow client has been given a time.
    """
    process = serve(
        *("files", "--http", "0", "--limit", "connections=1"),
        *("--timeout", "first=0.5", "--timeout", "idle=none"),
    )
    (url,) = process.listening()
    with closing(connect(url)) as first, closing(connect(url)) as second:
        first.request("GET", "/page.txt")
        response = first.getresponse()
        assert (response.status, response.read()) == (200, b"A page.\n")
        second.request("GET", "/page.txt")
        refused = second.getresponse()
        assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        refused.read()
        first.request("GET", "/page.txt")
        assert first.getresponse().status == 200
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), PATIENCE) as slow:
        assert slow.recv(1) == b""


def who(url: str, **headers: str) -> str:
    with closing(connect(url)) as connection:
        connection.request("GET", "/who", headers={"Connection": "close", **headers})
        return connection.getresponse().read().decode()


SAYING = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        ((), "127.0.0.1 http True"),
        (("--trust", "127.0.0.1"), "192.0.2.1 https False"),
        (("--trust", "10.0.0.0/8", "--trust", "127.0.0.0/8"), "192.0.2.1 https False"),
        (("--trust", "10.0.0.0/8"), "127.0.0.1 http False"),
        (("--trust", "unix"), "127.0.0.1 http False"),
        (
            ("--trust", "127.0.0.1", "--trusted-fields", "forwarded"),
            "198.51.100.1 http False",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_trust(serve: Serve, arguments: tuple[str, ...], known: str) -> None:
    process = serve("ours:root", "--http", "0", *arguments)
    (url,) = process.listening()
    assert who(url, Forwarded="for=198.51.100.1", **SAYING) == known


def proxied(where: Any, preamble: bytes) -> bytes:
    """
    @return: the answer to a request behind C{preamble}.
    """
    family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
    with socket.socket(family) as wire:
        wire.settimeout(PATIENCE)
        wire.connect(where)
        wire.sendall(
            preamble + b"GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"X-Forwarded-For: 198.51.100.9\r\n\r\n"
        )
        answer = b""
        try:
            while data := wire.recv(65536):
                answer += data
        except ConnectionResetError:
            pass
        return answer.partition(b"\r\n\r\n")[2]


ONE = b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 80\r\n"
TWO = (
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c"
    + bytes([192, 0, 2, 8, 10, 0, 0, 1])
    + b"\x13\x88\x00\x50"
)


@pytest.mark.parametrize("place", ["tcp", "unix"])
def test_proxyProtocol(serve: Serve, folder: Path, place: str) -> None:
    """
    H4: whoever is trusted says for whom it connects; and what this one says of
    itself isn't believed.
    """
    path = str(folder / "socket")
    text = (
        "haproxy:tcp:0:interface=127.0.0.1"
        if place == "tcp"
        else f"haproxy:unix:{path}"
    )
    trust = "127.0.0.1" if place == "tcp" else "unix"
    process = serve("ours:root", "--http", text, "--trust", trust)
    (url,) = process.listening()
    where: Any = (
        path if place == "unix" else (urlsplit(url).hostname, urlsplit(url).port)
    )
    assert proxied(where, ONE) == b"192.0.2.7 http False"
    assert proxied(where, TWO) == b"192.0.2.8 http False"
    # Who doesn't speak it gets nothing.
    assert proxied(where, b"") == b""
    process.expect(b'http1 192.0.2.7 "GET /who"')


def test_proxyProtocolOfAnybody(serve: Serve) -> None:
    process = serve(
        *("ours:root", "--http", "haproxy:tcp:0:interface=127.0.0.1"),
        *("--trust", "10.0.0.0/8"),
    )
    (url,) = process.listening()
    assert proxied((urlsplit(url).hostname, urlsplit(url).port), ONE) == b""


def test_manyFiles(folder: Path) -> None:
    """
    It may have as many connections as its limit says, whatever the shell says.
    """
    code = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 900))
from penstock.cli import serving
from penstock.transports.http1 import Limits
for connections in (200, 700, None):
    serving.raiseDescriptors(Limits(connections=connections))
    print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    ).stdout
    assert said == "328 900\n828 900\n900 900\n"


def test_manyPorts(serve: Serve) -> None:
    process = serve(
        "files", "--http", "0", "--http", "[::1]:0", "--http", "localhost:0"
    )
    urls = process.listening(3)
    assert urls[1].startswith("http://[::1]:")
    for url in urls:
        assert get(url, "/page.txt")[0] == 200


def test_host(serve: Serve) -> None:
    process = serve("files", "--http", "0", "--host", "::1")
    (url,) = process.listening()
    assert url.startswith("http://[::1]:")


def test_unixSocket(serve: Serve, folder: Path) -> None:
    path = str(folder / "site.sock")
    process = serve("files", "--http", f"unix:{path}")
    (url,) = process.listening()
    assert url.startswith("http+unix://")
    assert unquote(urlsplit(url).netloc) == path
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(PATIENCE)
        client.connect(path)
        client.sendall(b"GET /page.txt HTTP/1.0\r\n\r\n")
        assert client.makefile("rb").read().endswith(b"A page.\n")
    process.interrupt()
    assert process.end() == 0
    assert not os.path.exists(path)


@pytest.mark.parametrize(
    ("name", "reactor"),
    [
        ("select", "SelectReactor"),
        ("poll", "PollReactor"),
        ("asyncio", "AsyncioSelectorReactor"),
    ],
)
def test_reactor(serve: Serve, name: str, reactor: str) -> None:
    """
    The chosen reactor is the one that the target gets.
    """
    process = serve("ours:root", "--http", "0", "--reactor", name)
    (url,) = process.listening()
    assert get(url, "/reactor") == (200, reactor.encode())
    process.interrupt()
    assert process.end() == 0
    assert process.complained == b""


def test_finishesWhatIsUnderWay(serve: Serve, folder: Path) -> None:
    """
    A response that has been asked for comes whole; nobody else is let in.
    """
    process = serve("ours:root", "--http", "0")
    (url,) = process.listening()
    with closing(connect(url)) as connection:
        connection.request("GET", "/slow")
        # The answer to another says that the first has been read.
        assert get(url, "/reactor")[0] == 200
        process.interrupt()
        process.expect(b"Finishing what is under way", "complained")
        with pytest.raises(ConnectionError):
            get(url, "/reactor")
        (folder / "go").touch()
        assert connection.getresponse().read() == b"slow"
    assert process.end() == 0


def call(url: str, *arguments: str) -> bytes:
    """
    @return: what C{penstock call} gets.
    """
    done = run("call", url, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sameBytesOverBoth(serve: Serve) -> None:
    """
    One tree, two carriers, and one log for both.
    """
    process = serve("files", "--http", "0", "--rpc", "0")
    http_, rpc = process.listening(2)
    assert rpc.startswith("rpc://127.0.0.1:")
    for path in ("page.txt", ""):
        assert call(http_ + path) == call(rpc + path) == get(http_, "/" + path)[1]
    process.expect(b'rpc 127.0.0.1 "GET /page.txt" 200 8 ')
    process.interrupt()
    assert process.end() == 0
    assert process.complained == b""


@pytest.mark.parametrize("carrier", ["http", "rpc"])
def test_forward(serve: Serve, folder: Path, carrier: str) -> None:
    """
    Another server's tree, through either.
    """
    (folder / "go").touch()
    worker = serve("ours:root", f"--{carrier}", "0")
    (behind,) = worker.listening()
    gateway = serve("--forward", behind, "--http", "0")
    (url,) = gateway.listening()
    assert get(url, "/slow") == (200, b"slow")
    assert get(url, "/none")[0] == 404
    worker.interrupt()
    assert worker.end() == 0
    assert get(url, "/slow")[0] == 503
    gateway.interrupt()
    assert gateway.end() == 0
    assert gateway.complained == b""


@pytest.mark.parametrize("carrier", ["http", "rpc"])
def test_unixSocketIsCalled(serve: Serve, folder: Path, carrier: str) -> None:
    """
    What it says where it listens is what can be called.
    """
    process = serve("files", f"--{carrier}", f"unix:{folder}/site.sock")
    (url,) = process.listening()
    assert call(url + "page.txt") == b"A page.\n"


def underWay(process: Process) -> http.client.HTTPConnection:
    """
    @return: a connection with a response that never ends.
    """
    (url,) = process.listening()
    connection = connect(url)
    connection.request("GET", "/endless")
    assert connection.getresponse().read(4) == b"more"
    return connection


def test_drainIsBounded(serve: Serve) -> None:
    process = serve("ours:root", "--http", "0", "--drain", "0.3")
    with closing(underWay(process)):
        began = time.monotonic()
        process.interrupt()
        assert process.end() == 0
        assert 0.3 <= time.monotonic() - began < PATIENCE
    assert b'"GET /endless" 200- ' in process.said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_twiceEndsAtOnce(serve: Serve, number: int) -> None:
    process = serve("ours:root", "--http", "0", "--drain", "1000")
    with closing(underWay(process)):
        process.interrupt(number)
        process.expect(b"Ctrl-C again quits at once", "complained")
        process.interrupt(number)
        assert process.end() == 128 + number


def test_idleConnectionsDontHoldItUp(serve: Serve) -> None:
    process = serve("files", "--http", "0", "--drain", "1000")
    (url,) = process.listening()
    with closing(connect(url)) as connection:
        connection.request("GET", "/page.txt")
        assert connection.getresponse().read() == b"A page.\n"
        process.interrupt()
        assert process.end() == 0


def test_failingResource(serve: Serve) -> None:
    """
    What happened is told to who runs it, and not to who asked.
    """
    process = serve("ours:root", "--http", "0")
    (url,) = process.listening()
    code, page = get(url, "/broken")
    assert code == 500
    assert b"ZeroDivisionError" not in page
    process.expect(b"ZeroDivisionError: it was the resource", "complained")
    process.expect(b'"GET /broken" 500 ')


def exchange(url: str, data: bytes) -> bytes:
    """
    @return: all that C{data} is answered.
    """
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), PATIENCE) as wire:
        wire.sendall(data)
        answer = b""
        while more := wire.recv(65536):
            answer += more
        return answer


def test_refusedRequests(serve: Serve) -> None:
    """
    N4: whoever runs it sees one line for each, and none that a peer wrote.
    """
    process = serve("files", "--http", "0", "--rpc", "0", "--timeout", "head=0.5")
    url, rpc = process.listening(2)
    assert exchange(url, b"\r\nG\nT / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    process.expect(b'http1 127.0.0.1 "G" 400 - - "line end without CR"\n')
    assert exchange(url, b"GET /page").startswith(b"HTTP/1.1 408 ")
    process.expect(b'http1 127.0.0.1 "GET /page" 408 - - "head takes too long"\n')
    exchange(rpc, b"GET / HTTP/1.0\r\n\r\n")
    process.expect(b'rpc 127.0.0.1 "-" 000- - - "')
    process.interrupt()
    assert process.end() == 0
    assert process.said.count(b"\n") == 5
    assert process.complained == b""


def test_nobodyThere(serve: Serve) -> None:
    """
    A gateway says why it couldn't ask.
    """
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    process = serve("--forward", f"http://127.0.0.1:{port}", "--http", "0")
    (url,) = process.listening()
    code, page = get(url, "/page.txt")
    assert code == 503
    assert b"refused" not in page
    process.expect(b'"GET /page.txt" 503 ')
    process.expect(b'ms "no connection: Connection was refused')


@pytest.mark.parametrize(
    ("arguments", "known"),
    [
        (("--trust", "127.0.0.1"), "192.0.2.1 https False"),
        ((), "127.0.0.1 http True"),
    ],
    ids=["trusted", "not trusted"],
)
def test_clientOfAGateway(serve: Serve, arguments: Any, known: str) -> None:
    """
    A worker sees who the gateway's client is, if it trusts the gateway; the
    client here is one that the gateway knows from a proxy.
    """
    worker = serve("ours:root", "--rpc", "0", *arguments)
    (rpc,) = worker.listening()
    gateway = serve("--forward", rpc, "--http", "0", "--trust", "127.0.0.1")
    (url,) = gateway.listening()
    assert who(url, **SAYING) == known
    peer = known.partition(" ")[0]
    worker.expect(f'rpc {peer} "GET /who" 200 '.encode())


def test_debug(serve: Serve) -> None:
    """
    Developer mode shows what happened to who asked, and says that it does.
    """
    process = serve("ours:root", "--http", "0", "--debug")
    (url,) = process.listening()
    process.expect(b"Warning: developer mode: ", "complained")
    code, page = get(url, "/broken")
    assert code == 500
    assert b"ZeroDivisionError: it was the resource" in page


def test_frozen(serve: Serve) -> None:
    """
    The garbage collector doesn't look at what was there at the start.
    """
    process = serve("ours:root", "--http", "0")
    (url,) = process.listening()
    code, count = get(url, "/frozen")
    assert code == 200
    assert int(count) > 10000


def test_printing(serve: Serve) -> None:
    process = serve("ours:root", "--http", "0")
    (url,) = process.listening()
    assert get(url, "/chatty")[0] == 200
    process.expect(b"resources may print\n")


def test_nobodyReadsTheLog(serve: Serve) -> None:
    process = serve("files", "--http", "0")
    (url,) = process.listening()
    process.closeOutput()
    for _ in range(3):
        assert get(url, "/page.txt")[0] == 200
    process.interrupt()
    assert process.end() == 0
    assert process.complained == b""


def test_portInUse(folder: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        done = run("serve", "files", "--http", str(port), cwd=folder)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr == (
        b"Error: can't listen on %d: Address already in use\n" % port
    )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nothing"], 2, b"Error: there is no folder 'nothing'"),
        (["nothing:root"], 2, b"Error: there is no module 'nothing'"),
        (["ours:nothing"], 2, b"Error: ours has no 'nothing'"),
        (["files", "--reactor", "steam"], 2, b"Error: there is no reactor 'steam'"),
        (["files", "--http", "none:at:all"], 2, b"Error: 'none:at:all': Unknown"),
        (
            ["files", "--http", "tcp:many"],
            2,
            b"Error: Invalid value for '--http': 'tcp:many': tcp: must be followed by",
        ),
        (["files", "--http", "ssl:0:privateKey=none"], 1, b"Error: ssl:0:"),
        (["files", "--http", "unix:/none/such"], 1, b"Error: can't listen on unix:"),
        (["files", "--http", "192.0.2.1:0"], 1, b"Error: can't listen on 192.0.2.1:0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes(folder: Path, arguments: list[str], status: int, said: bytes) -> None:
    """
    One clear line each.
    """
    done = run("serve", "--http", "0", *arguments, cwd=folder)
    assert done.returncode == status
    assert done.stderr.split(b"\n")[-2].startswith(said)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--limit", "conections=1"), b"unknown name; there are startLine, "),
        (("--limit", "connections=1.5"), b"whole number"),
        (("--limit", "startLine=none"), b"startLine must be a number"),
        (("--timeout", "connections=1"), b"unknown name; there are head, "),
        (("--trust", "10.0.0.1/8"), b"--trust: 10.0.0.1/8 has host bits set"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bounds(folder: Path, arguments: list[str], said: bytes) -> None:
    ended = run("serve", "files", *arguments, cwd=folder)
    assert ended.returncode == 2
    assert said in ended.stderr


def test_failingTarget(folder: Path) -> None:
    """
    A mistake in the target's own code comes with its traceback.
    """
    done = run("serve", "ours:fail", cwd=folder)
    assert done.returncode == 2
    first, second, *lines = done.stderr.decode().split("\n")
    assert first == "Error: can't load ours:fail: ZeroDivisionError: it was the target"
    assert second == "Traceback (most recent call last):"
    assert lines[-2:] == ["ZeroDivisionError: it was the target", ""]
    assert "penstock" not in "".join(lines)
