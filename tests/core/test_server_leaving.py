"""
What becomes of answers whose client goes away, or takes no more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred

from penstock.core.headers import Headers
from penstock.core.response import Response
from penstock.core.server import Request, Site

from .fakes import Answering, Wire, ask, gone


def test_disconnectCancels(loggedErrors: Any) -> None:
    """
    A rendering coroutine is cancelled, whenDone fires, and nothing is logged.
    """
    outcome: list[Any] = []

    async def rendering(request: Request) -> bytes:
        try:
            await Deferred()
        except CancelledError:
            outcome.append("cancelled")
            raise
        return b""

    wire, request = ask(Site(Answering(rendering)))
    request.whenDone().addCallback(lambda _: outcome.append("done"))
    wire.lose(gone())
    assert outcome == ["done", "cancelled"]
    assert request.disconnected
    request.whenDone().addCallback(lambda _: outcome.append("late"))
    assert outcome[-1] == "late"
    request.write(b"x")
    request.finish()
    assert loggedErrors.events == []


def test_disconnectUncancelled() -> None:
    """
    A resource may say that its rendering goes on.
    """
    never: Deferred[bytes] = Deferred()
    resource = Answering(lambda r: never)
    resource.cancelOnDisconnect = False
    wire, request = ask(Site(resource))
    wire.lose(gone())
    assert not never.called
    never.callback(b"too late")
    assert wire.body == b""


def test_disconnectInGenerator(loggedErrors: Any) -> None:
    """
    An asynchronous generator is closed.
    """
    closed: list[bool] = []

    async def endless(request: Request) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await Deferred()
        finally:
            closed.append(True)

    wire, request = ask(Site(Answering(endless)))
    assert wire.body == b"x"
    wire.lose(gone())
    assert closed == [True]
    assert loggedErrors.events == []


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"
    await Deferred()


@pytest.mark.parametrize("kind", ["generator", "iterator", "file"])
def test_disconnectInBody(kind: str, tmp_path: Any) -> None:
    """
    Whoever waits for the end is told that it wasn't a good one, and so is the
    access log.
    """
    told: list[bool] = []
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_000_000)
    body: Any = pieces()
    if kind == "iterator":
        body = iter([b"x"] * 1000)
    elif kind == "file":
        body = path.open("rb")

    def rendering(request: Request) -> Response:
        request.whenDone().addCallback(lambda _: told.append(request.disconnected))
        return Response(body)

    wire = Wire()
    site = Site(Answering(rendering))
    wire.outputBlocked()
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    assert told == []
    wire.lose(gone())
    assert told == [True]


def test_backPressureOnGenerator() -> None:
    """
    An asynchronous generator waits while the wire takes no more.
    """
    made: list[int] = []

    async def numbers(request: Request) -> AsyncIterator[bytes]:
        for n in range(5):
            made.append(n)
            yield b"%d" % n

    wire = Wire()
    site = Site(Answering(numbers))
    wire.outputBlocked()
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    wire.contentEnded()
    assert made == [0]
    wire.outputReady()
    assert made == [0, 1, 2, 3, 4]
    assert wire.ended
