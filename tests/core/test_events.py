"""
Tests for L{penstock.core.events} and L{penstock.resources.events}.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock, deferLater

from penstock.core.errors import InvalidField
from penstock.core.events import Event, EventStream, lastEventId
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site
from penstock.resources.events import Channel

from .fakes import Wire, ask, gone

WRITTEN: dict[str, tuple[Event, bytes]] = {
    "data": (Event("a"), b"data: a\n\n"),
    "empty": (Event(""), b"data: \n\n"),
    "nothing": (Event(), b"\n"),
    "lines": (
        Event("a\nb\r\nc\rd\n"),
        b"data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n",
    ),
    "other line ends": (Event("a\x0bb\u2028c"), "data: a\x0bb\u2028c\n\n".encode()),
    "space": (Event(" a"), b"data:  a\n\n"),
    "kind": (Event("a", "k"), b"event: k\ndata: a\n\n"),
    "id": (Event("a", id="1"), b"id: 1\ndata: a\n\n"),
    "no id any more": (Event("a", id=""), b"id: \ndata: a\n\n"),
    "retry": (Event(retry=100), b"retry: 100\n\n"),
    "all": (Event("a", "k", "1", 0), b"event: k\nid: 1\nretry: 0\ndata: a\n\n"),
    "UTF-8": (Event("ä"), "data: ä\n\n".encode()),
}


@pytest.mark.parametrize(("event", "written"), WRITTEN.values(), ids=WRITTEN.keys())
def test_written(event: Event, written: bytes) -> None:
    assert bytes(event) == written


@pytest.mark.parametrize(
    "event",
    [
        Event(event="a\nb"),
        Event(event="a\rb"),
        Event(id="a\nb"),
        Event(id="a\rb"),
        Event(id="a\0b"),
        Event(retry=-1),
        Event(retry=True),
        Event("\ud800"),
        Event(id="\udfff"),
        Event(retry="1\ndata: x"),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_refused(event: Event) -> None:
    """
    Nothing can be put in by way of a name.
    """
    with pytest.raises(InvalidField):
        bytes(event)


def understood(stream: str) -> list[tuple[str, str, str]]:
    """
    Read a stream as HTML, section 9.2.6 has it.
    """
    events = []
    kind = data = last = ""
    for line in re.split("\r\n|\r|\n", stream):
        if not line:
            if data:
                events.append((kind or "message", data[:-1], last))
            kind = data = ""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data += value + "\n"
        elif name == "event":
            kind = value
        elif name == "id":
            last = value
    return events


names = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), min_size=1)


@given(
    st.lists(st.tuples(st.text(st.characters(codec="utf-8")), names, names), max_size=4)
)
def test_roundTrip(events: list[tuple[str, str, str]]) -> None:
    """
    A browser sees what was sent.
    """
    stream = b"".join(bytes(Event(*event)) for event in events).decode()
    expected = [
        (kind, re.sub("\r\n|\r", "\n", data), last) for data, kind, last in events
    ]
    assert understood(stream) == expected


class Streaming(Resource):
    """
    Events from a generator.
    """

    def __init__(self, events: Any, clock: Clock, keepAlive: float | None = 10) -> None:
        super().__init__()
        self.events = events
        self.clock = clock
        self.keepAlive = keepAlive

    def render_GET(self, request: Request) -> Response:
        return EventStream(self.events(), self.clock, self.keepAlive).response()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_stream(clock: Clock) -> None:
    """
    Events are sent as they come, with a comment where none does.
    """

    async def events() -> AsyncIterator[Event | str]:
        yield "first"
        yield Event("second")
        await deferLater(clock, 25)
        yield "third"
        await deferLater(clock, 9)

    wire, _ = ask(Site(Streaming(events, clock)))
    assert wire.code == 200
    assert wire.headers.get(b"content-type") == b"text/event-stream"
    assert wire.headers.get(b"cache-control") == b"no-store"
    assert wire.body == b"data: first\n\ndata: second\n\n"
    wire.body = b""
    clock.advance(9)
    assert wire.body == b""
    clock.advance(1)
    assert wire.body == b":\n\n"
    clock.advance(10)
    assert wire.body == b":\n\n" * 2
    clock.advance(5)
    assert wire.body == b":\n\n" * 2 + b"data: third\n\n"
    clock.advance(9)
    assert wire.ended
    assert clock.getDelayedCalls() == []


def test_noKeepAlive(clock: Clock) -> None:
    """
    Without it nothing is sent, and no timer runs.
    """

    async def events() -> AsyncIterator[Event]:
        await Deferred()
        yield Event()

    wire, _ = ask(Site(Streaming(events, clock, None)))
    assert clock.getDelayedCalls() == []
    wire.lose(gone())


def test_clientGoes(clock: Clock, loggedErrors: Any) -> None:
    """
    The generator is closed where it waits, and no timer is left.
    """
    closed: list[str] = []

    async def events() -> AsyncIterator[Event]:
        try:
            yield Event("a")
            await deferLater(clock, 100)
        except CancelledError:
            closed.append("cancelled")
            raise
        finally:
            closed.append("closed")

    for advance in (0, 10, 15):
        wire, request = ask(Site(Streaming(events, clock)))
        clock.advance(advance)
        wire.lose(gone())
        assert closed == ["cancelled", "closed"]
        assert clock.getDelayedCalls() == []
        closed.clear()
    assert loggedErrors.events == []


def test_slowReader(clock: Clock) -> None:
    """
    Who doesn't read gets neither events nor comments, and nothing piles up.
    """
    made: list[int] = []

    async def events() -> AsyncIterator[Event]:
        for number in range(5):
            made.append(number)
            yield Event(str(number))
            await deferLater(clock, 1)

    wire = Wire()
    wire.outputBlocked()
    site = Site(Streaming(events, clock))
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    wire.contentEnded()
    clock.pump([1] * 100)
    assert made == [0]
    assert wire.body == b"data: 0\n\n"
    wire.outputReady()
    clock.pump([1] * 10)
    assert made == [0, 1, 2, 3, 4]
    assert wire.ended


def test_slowReaderWhileOneComes(clock: Clock) -> None:
    """
    What comes while the client doesn't read is there when it does.
    """

    async def events() -> AsyncIterator[str]:
        await deferLater(clock, 15)
        yield "late"

    wire, _ = ask(Site(Streaming(events, clock)))
    clock.advance(9)
    wire.outputBlocked()
    clock.advance(1)
    assert wire.body == b":\n\n"
    clock.advance(20)
    assert wire.body == b":\n\n"
    wire.outputReady()
    assert wire.body == b":\n\ndata: late\n\n"
    assert wire.ended
    assert clock.getDelayedCalls() == []


def test_failure(clock: Clock, loggedErrors: Any) -> None:
    """
    A generator that fails breaks the stream off visibly.
    """

    async def events() -> AsyncIterator[str]:
        yield "a"
        await deferLater(clock, 1)
        raise ZeroDivisionError

    async def atOnce() -> AsyncIterator[Any]:
        yield Event(id="\n")

    wire, _ = ask(Site(Streaming(events, clock)))
    clock.advance(1)
    assert (wire.ended, wire.aborted) == (False, True)
    wire, _ = ask(Site(Streaming(atOnce, clock)))
    assert (wire.ended, wire.aborted) == (False, True)
    kinds = [type(problem) for problem in loggedErrors.flush()]
    assert kinds == [ZeroDivisionError, InvalidField]
    assert clock.getDelayedCalls() == []


@pytest.mark.everywhere
def test_head(clock: Clock) -> None:
    """
    HEAD is answered at once.
    """

    async def events() -> AsyncIterator[str]:
        raise ZeroDivisionError
        yield ""

    wire, _ = ask(Site(Streaming(events, clock)), b"HEAD")
    assert (wire.code, wire.ended, wire.body) == (200, True, b"")


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ([], None),
        ([b"5"], "5"),
        ([b""], None),
        (["ä".encode()], "ä"),
        ([b"\xff"], None),
    ],
)
def test_lastEventId(raw: list[bytes], expected: str | None) -> None:
    seen: list[Any] = []

    class Looking(Resource):
        def render_GET(self, request: Request) -> bytes:
            seen.append(lastEventId(request))
            return b""

    ask(Site(Looking()), headers=[(b"last-event-id", value) for value in raw])
    assert seen == [expected]


# Channels


def listen(channel: Channel, last: str | None = None) -> Wire:
    fields = [] if last is None else [(b"last-event-id", last.encode())]
    return ask(Site(channel), headers=fields)[0]


def seen(wire: Wire) -> list[tuple[str, str]]:
    return [(last, data) for _, data, last in understood(wire.body.decode())]


def test_channel(clock: Clock) -> None:
    """
    All who listen are told, and those who come back get what they missed.
    """
    channel = Channel(clock, history=3, prefix="")
    channel.publish("before")
    first = listen(channel)
    second = listen(channel)
    assert channel.listeners == 2
    channel.publish(Event("a", "kind"))
    first.lose(gone())
    assert channel.listeners == 1
    channel.publish("b")
    assert seen(first) == [("2", "a")]
    assert seen(second) == [("2", "a"), ("3", "b")]
    assert seen(listen(channel, "2")) == [("3", "b")]
    assert seen(listen(channel, "3")) == []
    # Something else, or longer ago than anybody remembers.
    assert seen(listen(channel, "x")) == [("1", "before"), ("2", "a"), ("3", "b")]
    channel.publish("c")
    assert seen(listen(channel, "0")) == [("2", "a"), ("3", "b"), ("4", "c")]


def test_channelRefuses(clock: Clock) -> None:
    """
    Who publishes nonsense is told, and nobody else.
    """
    channel = Channel(clock, prefix="")
    wire = listen(channel)
    with pytest.raises(InvalidField):
        channel.publish(Event(event="a\nb"))
    channel.publish("fine")
    assert seen(wire) == [("1", "fine")]


def test_channelSlowListener(clock: Clock) -> None:
    """
    Who doesn't read is sent away, and holds up nobody.
    """
    channel = Channel(clock, queue=2, prefix="")
    slow, fast = listen(channel), listen(channel)
    slow.outputBlocked()
    for number in range(10):
        channel.publish(str(number))
    assert len(seen(fast)) == 10
    slow.outputReady()
    assert slow.ended
    last, _ = seen(slow)[-1]
    assert seen(slow) == [(str(n + 1), str(n)) for n in range(int(last))]
    assert int(last) < 10
    back = listen(channel, last)
    assert seen(slow) + seen(back) == seen(fast)
    assert channel.listeners == 2
