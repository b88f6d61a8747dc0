"""
Server-sent events, over each transport.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from penstock.core.events import Event, EventStream
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.events import Channel


def test_events(way: Any) -> None:
    """
    An event comes when it is published, and the listener's leaving is noticed.
    """
    channel = Channel(way.clock, prefix="")
    response = way.wait(way.start(channel, "GET", "/"))
    assert response.headers.get("content-type") == b"text/event-stream"
    way.settle()
    for number in range(3):
        channel.publish(f"event {number}")
        came = way.wait(response.content.next())
        assert came == b"id: %d\ndata: event %d\n\n" % (number + 1, number)
    assert channel.listeners == 1
    response.cancel()
    way.settle()
    assert channel.listeners == 0


def test_keepAlive(way: Any) -> None:
    """
    A comment comes where nothing happens.
    """
    channel = Channel(way.clock, keepAlive=0.05)
    response = way.wait(way.start(channel, "GET", "/"))
    coming = response.content.next()
    if hasattr(way.clock, "advance"):
        way.clock.advance(0.05)
    assert way.wait(coming) == b":\n\n"
    response.cancel()
    way.settle()
    assert channel.listeners == 0


class Counting(Resource):
    """
    Counts up to three, from where the client has got to.

    @ivar closed: how often a stream was given up or came to its end.
    """

    def __init__(self, clock: Any, fails: bool = False) -> None:
        super().__init__()
        self.clock = clock
        self.fails = fails
        self.closed = 0

    async def events(self, last: str | None) -> AsyncIterator[Event | str]:
        try:
            for number in range(int(last or 0) + 1, 4):
                yield Event(f"{number}", "count", id=f"{number}", retry=5000)
            if self.fails:
                raise ZeroDivisionError
        finally:
            self.closed += 1

    def render_GET(self, request: Any) -> Response:
        last = request.in_headers.getHeader("last-event-id")
        return EventStream(self.events(last), self.clock, None).response()


LINES = [
    b"event: count\nid: %d\nretry: 5000\ndata: %d\n\n" % (number, number)
    for number in (1, 2, 3)
]


@pytest.mark.parametrize("last", [None, "1", "3"])
def test_lastEventId(way: Any, last: str | None) -> None:
    """
    All that a client has missed, with everything that is said of it.
    """
    root = Counting(way.clock)
    fields = [] if last is None else [("last-event-id", last)]
    answer = way.ask(root, fields=fields)
    assert answer.code == 200
    assert answer.headers.get("cache-control") == b"no-store"
    assert answer.body == b"".join(LINES[int(last or 0) :])
    assert root.closed == 1


def test_failure(way: Any, loggedErrors: Any) -> None:
    """
    A stream that fails breaks off, and isn't taken for whole.
    """
    root = Counting(way.clock, fails=True)
    assert way.ask(root).body is None
    way.settle()
    assert root.closed == 1
    assert [type(it) for it in loggedErrors.flush()] == [ZeroDivisionError]


def test_missed(way: Any) -> None:
    """
    A channel sends again what came after the last event that the client has.
    """
    channel = Channel(way.clock, prefix="")
    for number in range(5):
        channel.publish(f"event {number}")
    response = way.wait(way.start(channel, "GET", "/", [("last-event-id", "3")]))
    came = b""
    while came.count(b"\n\n") < 2:
        came += way.wait(response.content.next())
    assert came == b"id: 4\ndata: event 3\n\nid: 5\ndata: event 4\n\n"
    response.cancel()
    way.settle()
    assert channel.listeners == 0


def test_restarted(way: Any) -> None:
    """
    Who has seen events of the channel that was there before has seen none of
    this one, whatever their numbers are.
    """
    before, channel = Channel(way.clock), Channel(way.clock)
    ids = []
    for made in (before, channel):
        response = way.wait(way.start(made, "GET", "/"))
        way.settle()
        made.publish("one")
        came = way.wait(response.content.next())
        ids.append(came.removeprefix(b"id: ").partition(b"\n")[0])
        response.cancel()
        way.settle()
    assert ids[0] != ids[1]
    said = [b"one"]
    for last, seen in ((ids[0], 0), (ids[1], 1), (b"", None)):
        fields = [("last-event-id", last)]
        response = way.wait(way.start(channel, "GET", "/", fields))
        way.settle()
        said.append(b"after %d" % len(said))
        channel.publish(said[-1].decode())
        came = b""
        while said[-1] not in came:
            came += way.wait(response.content.next())
        missed = said[-1:] if seen is None else said[seen:]
        assert re.findall(rb"data: (.*)\n", came) == missed
        response.cancel()
        way.settle()
