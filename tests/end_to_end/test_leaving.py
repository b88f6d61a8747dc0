"""
The client goes away in the middle: at each stage, on each transport and
through a gateway the resource learns of it within a second, and nothing is
logged as an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from penstock.core.accesslog import AccessLog
from penstock.core.content import Stream
from penstock.core.resource import Resource
from penstock.core.server import Request

from ..loop import Loop
from .ways import WAYS, Caller, throughGateway

SECOND = 1.0


class Watched(Resource):
    """
    Keeps its requests.
    """

    policy = Stream()

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self.told: list[bool] = []
        self.taken = 0

    def keep(self, request: Request) -> None:
        self.requests.append(request)
        request.whenDone().addCallback(lambda _: self.told.append(request.disconnected))


class Waiting(Watched):
    """
    Never answers.
    """

    def render_GET(self, request: Request) -> Any:
        self.keep(request)
        return Deferred()


class Reading(Watched):
    """
    Reads what comes.
    """

    async def render_PUT(self, request: Request) -> bytes:
        self.keep(request)
        async for chunk in request.content:
            self.taken += len(chunk)
        return b"done"


class NotReading(Watched):
    """
    Lets what comes wait.
    """

    def render_PUT(self, request: Request) -> Any:
        self.keep(request)
        return Deferred()


class Writing(Watched):
    """
    Writes without end.
    """

    def render_GET(self, request: Request) -> AsyncIterator[bytes]:
        self.keep(request)
        return self.blocks()

    async def blocks(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 65536
            yield b"x" * 65536


class Trickling(Watched):
    """
    Writes a little, and then waits.
    """

    async def render_GET(self, request: Request) -> AsyncIterator[bytes]:
        self.keep(request)
        self.taken += 1
        yield b"x"
        await Deferred()


def waiting(loop: Loop, caller: Caller, resource: Watched) -> None:
    caller.start("GET", "/", 0)
    loop.run(lambda: bool(resource.requests))


def uploading(loop: Loop, caller: Caller, resource: Watched) -> None:
    caller.start("PUT", "/", None)
    loop.run(lambda: bool(resource.requests))
    caller.send(b"x" * 1000)
    loop.run(lambda: resource.taken == 1000)


def stuckInUpload(loop: Loop, caller: Caller, resource: Watched) -> None:
    caller.start("PUT", "/", None)
    loop.run(lambda: bool(resource.requests))
    # More than the resource's side takes before it stops reading; and less than
    # what then fits into the kernel.  Beyond that the word that the client has
    # gone waits in the client's own kernel, behind what it couldn't send.
    for _ in range(2):
        caller.send(b"x" * 65536)
        loop.turns(0.02)


def downloading(loop: Loop, caller: Caller, resource: Watched) -> None:
    caller.start("GET", "/", 0)
    loop.run(lambda: caller.received > 300_000)


def stuckInDownload(loop: Loop, caller: Caller, resource: Watched) -> None:
    caller.start("GET", "/", 0)
    before = -1
    while before != resource.taken or not resource.taken:
        before = resource.taken
        loop.turns(0.05)


def afterSome(loop: Loop, caller: Caller, resource: Watched) -> None:
    caller.start("GET", "/", 0)
    loop.run(lambda: caller.received > 0)


STAGES: dict[str, tuple[type[Watched], Callable[[Loop, Caller, Watched], None]]] = {
    "before the answer": (Waiting, waiting),
    "in the upload": (Reading, uploading),
    "in an upload that nobody reads": (NotReading, stuckInUpload),
    "in the download": (Writing, downloading),
    "in a download that it doesn't read": (Writing, stuckInDownload),
    "between events": (Trickling, afterSome),
}


# Those that don't read leave in the same ways.
LOGGED = {name: stage for name, stage in STAGES.items() if "read" not in name}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("stage", LOGGED.values(), ids=LOGGED.keys())
def test_isLogged(way: Any, stage: Any, loop: Loop) -> None:
    """
    The access log has a line for it too, with who it was, on each hop.
    """
    serve, callerClass, reset = way
    resourceClass, reach = stage
    lines: list[str] = []
    resource = resourceClass()
    port = serve(loop, resource, AccessLog(lines.append))
    caller = callerClass(loop, port, reset)
    reach(loop, caller, resource)
    caller.leave()
    hops = 2 if serve is throughGateway else 1
    loop.run(lambda: len(lines) == hops, SECOND)
    for line in lines:
        assert " 127.0.0.1 " in line
        assert ("200- " if callable(getattr(resource, "blocks", None)) else "") in line


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES.keys())
def test_leaves(way: Any, stage: Any, loop: Loop, request: Any) -> None:
    """
    The resource is told within a second.
    """
    serve, callerClass, reset = way
    resourceClass, reach = stage
    if callerClass.__name__ == "RPCCaller" and reach is stuckInDownload:
        # An exchange of the calling end reads by itself: it has to be paused.
        def reach(loop: Loop, caller: Any, resource: Watched) -> None:
            caller.start("GET", "/", 0)
            caller.exchange.pauseProducing()
            loop.run(lambda: resource.taken > 0)
            loop.turns(0.1)

    resource = resourceClass()
    port = serve(loop, resource)
    caller = callerClass(loop, port, reset)
    reach(loop, caller, resource)
    assert resource.told == []
    caller.leave()
    loop.run(lambda: bool(resource.told), SECOND)
    assert resource.told == [True]
