"""
A call, on a tree in memory.
"""

import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from penstock.cli.calling import Caller, Order
from penstock.cli.failures import Status, explain
from penstock.cli.location import Location
from penstock.cli.upload import Upload
from penstock.core.content import Stream
from penstock.core.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidField,
    LimitExceeded,
    PeerGone,
    PeerProtocolError,
    Unavailable,
)
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Site
from penstock.transports.memory import MemoryRequester

from ..loop import Loop

# More than anything on the way holds.
BIG = os.urandom(3 * 1024 * 1024)


class Tree(Resource):
    """
    Answers in the ways that a call may meet.
    """

    isLeaf = True
    policy = Stream()

    def __init__(self, clock: Any) -> None:
        super().__init__()
        self.clock = clock
        self.gone = False

    def render_GET(self, request: Any) -> Any:
        match request.postpath:
            case ("big",):
                return BIG
            case ("missing",):
                return Response("nothing", 404)
            case ("broken",):
                return Response(self.broken())
            case ("silent",):
                request.whenDone().addCallback(self.leave)
                return deferLater(self.clock, 3600)
            case ("endless",):
                request.whenDone().addCallback(self.leave)
                return Response(self.endless())
            case ("code", code):
                challenge = ("www-authenticate", 'Basic realm="a"')
                return Response(f"Why: {code}", int(code), [challenge])
            case ("dead",):
                request.abort()
                return None
            case _:
                return Response("hello", headers=[("x-one", "1")])

    def leave(self, ignored: None) -> None:
        self.gone = True

    async def broken(self) -> AsyncIterator[bytes]:
        yield b"some"
        raise PeerGone("the source")

    async def endless(self) -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await deferLater(self.clock, 0.001)

    async def render_PUT(self, request: Any) -> str:
        digest = hashlib.sha256()
        async for chunk in request.content:
            digest.update(chunk)
        length = request.in_headers.get("content-length")
        return f"{length and int(length)} {digest.hexdigest()}"


class Call:
    """
    Runs calls to their end.
    """

    def __init__(self, loop: Loop, folder: Path) -> None:
        self.loop = loop
        self.output = folder / "output"
        self.tree = Tree(loop.reactor)
        self.caller: Any = None

    def begin(self, path: str = "/", **changes: Any) -> Deferred[int]:
        order: dict[str, Any] = {
            "method": b"GET",
            "location": Location("memory://h", path),
            "headers": Headers(),
            "upload": None,
            "output": str(self.output),
            "head": False,
            "fail": False,
            "maxTime": None,
            "progress": False,
            "reactor": None,
            **changes,
        }
        requester = MemoryRequester(Site(self.tree), self.loop.reactor)
        self.caller = Caller(self.loop.reactor, Order(**order), requester)
        status: Deferred[int] = self.caller.run()
        return status

    def __call__(self, path: str = "/", **changes: Any) -> int:
        status: int = self.loop.run(self.begin(path, **changes))
        return status

    @property
    def written(self) -> bytes:
        return self.output.read_bytes()


@pytest.fixture
def call(loop: Loop, tmp_path: Path) -> Call:
    return Call(loop, tmp_path)


def test_get(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    assert call.written == b"hello"
    assert capsys.readouterr() == ("", "")


def test_big(call: Call) -> None:
    assert call("/big") == 0
    assert call.written == BIG


def test_head(call: Call) -> None:
    assert call("/big", method=b"HEAD", head=True) == 0
    head = call.written
    assert head.startswith(b"HTTP/1.1 200 OK\n")
    assert b"\ncontent-length: %d\n" % len(BIG) in head.lower()
    assert head.endswith(b"\n\n")


def test_include(call: Call) -> None:
    assert call(head=True) == 0
    head, _, content = call.written.partition(b"\n\n")
    assert b"\nx-one: 1\n" in head + b"\n"
    assert content == b"hello"


def digest(data: bytes, length: int | None) -> bytes:
    return f"{length} {hashlib.sha256(data).hexdigest()}".encode()


def test_text(call: Call) -> None:
    assert call(method=b"PUT", upload=Upload(b"text")) == 0
    assert call.written == digest(b"text", 4)


def test_emptyText(call: Call) -> None:
    assert call(method=b"PUT", upload=Upload(b"")) == 0
    assert call.written == digest(b"", 0)


@pytest.mark.parametrize("progress", [False, True])
@pytest.mark.parametrize("data", [b"", b"a", BIG], ids=["empty", "small", "big"])
def test_file(call: Call, tmp_path: Path, data: bytes, progress: bool) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    status = call(method=b"PUT", upload=Upload(path=str(file)), progress=progress)
    assert status == 0
    assert call.written == digest(data, len(data))


def test_pipe(call: Call, tmp_path: Path) -> None:
    """
    What has no length is sent all the same.
    """
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    descriptor = os.open(pipe, os.O_RDWR)
    try:
        status = call.begin(method=b"PUT", upload=Upload(path=str(pipe)))
        for number in range(10):
            os.write(descriptor, b"%d" % number)
            call.loop.turns(0.002)
    finally:
        os.close(descriptor)
    assert call.loop.run(status) == 0
    assert call.written == digest(b"0123456789", None)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"path": "/missing"}, 0, ""),
        ({"path": "/missing", "fail": True}, 22, "the server says 404 Not Found"),
        ({"path": "/broken"}, 18, "the response broke off"),
        ({"path": "/dead"}, 52, "there was no response"),
        ({"path": "/silent", "maxTime": 0.02}, 28, "longer than --max-time"),
        ({"path": "/endless", "maxTime": 0.02}, 28, "longer than --max-time"),
        ({"output": "/none/such"}, 23, "can't write /none/such: No such file"),
        ({"upload": Upload(path="/none")}, 26, "can't read /none: No such file"),
        ({"output": "/dev/full"}, 23, "can't write /dev/full: No space left"),
    ],
    ids=lambda value: " ".join(map(str, value.values())) if type(value) is dict else "",
)
def test_status(
    call: Call,
    capsys: pytest.CaptureFixture[str],
    loggedErrors: Any,
    changes: dict[str, Any],
    status: int,
    said: str,
) -> None:
    """
    Each end has a number, and one line at most.
    """
    assert call(**changes) == status
    output, errors = capsys.readouterr()
    assert not output
    assert errors.count("\n") == bool(said)
    assert said in errors
    loggedErrors.flush("the resource failed")


@pytest.mark.requirement("9110-15.5-2", "9110-15.6-2", "9110-15.5.2-3")
@pytest.mark.parametrize("code", [400, 401, 404, 409, 499, 500, 503, 599])
def test_explanationIsShown(call: Call, code: int) -> None:
    """
    What a server has to say of an error, the user sees; a second time, too.
    """
    for _ in range(2):
        assert call(f"/code/{code}") == 0
        assert call.written == b"Why: %d" % code


def test_partIsKept(call: Call, loggedErrors: Any) -> None:
    assert call("/broken") == 18
    assert call.written == b"some"
    loggedErrors.flush("the resource failed")


def test_failWritesNothing(call: Call) -> None:
    call.output.write_bytes(b"before")
    assert call("/missing", fail=True) == 22
    assert call.written == b"before"


@pytest.mark.parametrize("path", ["/silent", "/endless"])
def test_interrupted(call: Call, path: str) -> None:
    """
    Whoever is asked learns that nobody waits any more.
    """
    status = call.begin(path)
    call.loop.turns(0.02)
    assert not call.tree.gone
    call.caller.stop(2)
    assert call.loop.run(status) == 130
    assert call.tree.gone


def test_nobodyReads(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A reader that has had enough is no error to speak of.
    """
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb", 0) as file:
        monkeypatch.setattr("sys.stdout", file)
        assert call("/big", output=None) == 23


def test_standardOutputIsClosed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    assert call("/big", output=None) == 23


@pytest.mark.parametrize(
    ("problem", "answered", "status"),
    [
        (Unavailable("refused"), False, Status.CONNECT),
        (PeerGone(), False, Status.NOTHING),
        (PeerGone(), True, Status.TRUNCATED),
        (Cancelled(), False, Status.NOTHING),
        (Cancelled(), True, Status.TRUNCATED),
        (PeerProtocolError("no"), False, Status.STRANGE),
        (PeerProtocolError("no"), True, Status.TRUNCATED),
        (LimitExceeded("no"), False, Status.STRANGE),
        (DeadlineExceeded("no"), False, Status.TIMEOUT),
        (DeadlineExceeded("no"), True, Status.TIMEOUT),
        (InvalidField("no"), False, Status.USAGE),
    ],
    ids=lambda value: str(value) if isinstance(value, bool) else type(value).__name__,
)
def test_explain(problem: Exception, answered: bool, status: Status) -> None:
    found = explain(problem, answered)
    assert found.status is status
    assert str(problem) in str(found)


def test_ourFault() -> None:
    """
    What nobody expected is not explained away.
    """
    with pytest.raises(ZeroDivisionError):
        explain(ZeroDivisionError(), False)
