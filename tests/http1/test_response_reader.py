"""
Reading responses, without a connection.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.response_reader import (
    Event,
    Head,
    Interim,
    ResponseReader,
)

from .responses import OK, SMALL, joined, pieces, read


class Whole(NamedTuple):
    """
    What becomes of a response that is whole.
    """

    code: int
    content: bytes = b""
    persistent: bool = True
    reason: bytes = b"OK"
    fields: list[tuple[bytes, bytes]] = []
    trailers: Any = None


def complete(events: list[Event], persistent: bool) -> Whole:
    """
    C{events} as a L{Whole}.
    """
    head, *content, end = [e for e in events if type(e) is not Interim]
    assert type(head) is Head
    assert type(end) is End
    data = b"".join(e.data for e in content if type(e) is Data)
    return Whole(
        head.code, data, persistent, head.reason, list(head.headers), end.trailers
    )


WHOLE: dict[str, tuple[bytes, Whole]] = {
    "length": (
        OK + b"Content-Length: 5\r\n\r\nhello",
        Whole(200, b"hello", fields=[(b"Content-Length", b"5")]),
    ),
    "length of nothing": (
        OK + b"Content-Length: 0\r\n\r\n",
        Whole(200, fields=[(b"Content-Length", b"0")]),
    ),
    "length with zeros before it": (
        OK + b"Content-Length: 005\r\n\r\nhello",
        Whole(200, b"hello", fields=[(b"Content-Length", b"005")]),
    ),
    "length, twice the same": (
        OK + b"Content-Length: 2\r\nA: b\r\nContent-Length: 2\r\n\r\nhi",
        Whole(200, b"hi", fields=[(b"Content-Length", b"2"), (b"A", b"b")]),
    ),
    "length, a list of the same": (
        OK + b"Content-Length: 2, 2\r\n\r\nhi",
        Whole(200, b"hi", fields=[(b"Content-Length", b"2")]),
    ),
    "chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\n",
        Whole(200, b"hello"),
    ),
    "chunks, in other letters": (
        OK + b"TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n",
        Whole(200),
    ),
    "trailers": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
        Whole(200, b"a", trailers=((b"X", b"y"),)),
    ),
    "trailers that don't belong there": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nSet-Cookie: a=b\r\nX: y\r\n\r\n",
        Whole(200, trailers=((b"X", b"y"),)),
    ),
    "no content": (
        b"HTTP/1.1 204 No Content\r\n\r\n",
        Whole(204, reason=b"No Content"),
    ),
    "not modified, with a length": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
        Whole(304, reason=b"Not Modified", fields=[(b"Content-Length", b"7")]),
    ),
    "not modified, with chunks": (
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        Whole(304, reason=b"Not Modified"),
    ),
    "reset content": (
        b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n",
        Whole(205, reason=b"Reset", fields=[(b"Content-Length", b"0")]),
    ),
    "close": (
        OK + b"Connection: close\r\nContent-Length: 1\r\n\r\na",
        Whole(200, b"a", False, fields=[(b"Content-Length", b"1")]),
    ),
    "close, among others": (
        OK + b"Connection: x, CLOSE\r\nX: y\r\nContent-Length: 0\r\n\r\n",
        Whole(200, b"", False, fields=[(b"Content-Length", b"0")]),
    ),
    "close, in another line": (
        OK + b"Connection: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        Whole(200, b"", False, fields=[(b"Content-Length", b"0")]),
    ),
    "HTTP/1.0": (
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
        Whole(200, b"a", False, fields=[(b"Content-Length", b"1")]),
    ),
    "HTTP/1.0 that stays": (
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na",
        Whole(200, b"a", fields=[(b"Content-Length", b"1")]),
    ),
    "without a reason": (
        b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        Whole(200, reason=b"", fields=[(b"Content-Length", b"0")]),
    ),
    "without a reason and its space": (
        b"HTTP/1.1 204\r\n\r\n",
        Whole(204, reason=b""),
    ),
    "any reason": (
        b"HTTP/1.1 204  a\tb\xe9 \r\n\r\n",
        Whole(204, reason=b" a\tb\xe9 "),
    ),
    "a code that nobody knows": (
        b"HTTP/1.1 799 ?\r\nContent-Length: 0\r\n\r\n",
        Whole(799, reason=b"?", fields=[(b"Content-Length", b"0")]),
    ),
    "fields of the hop": (
        OK + b"A: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\n"
        b"Connection: b\r\nB: 2\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
        Whole(200, fields=[(b"A", b"1"), (b"Content-Length", b"0")]),
    ),
    "Connection that names what matters": (
        OK + b"Connection: set-cookie, content-length\r\nSet-Cookie: a=b\r\n"
        b"Content-Length: 0\r\n\r\n",
        Whole(200, fields=[(b"Set-Cookie", b"a=b"), (b"Content-Length", b"0")]),
    ),
    "interim": (
        (
            b"HTTP/1.1 100 Continue\r\n\r\n"
            b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n"
            b"HTTP/1.1 204 OK\r\n\r\n"
        ),
        Whole(204),
    ),
    "interim from HTTP/1.0": (
        b"HTTP/1.0 100 Continue\r\n\r\nHTTP/1.1 204 OK\r\n\r\n",
        Whole(204),
    ),
    "interim that says close": (
        b"HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\nHTTP/1.1 204 OK\r\n\r\n",
        Whole(204),
    ),
}

whole = pytest.mark.parametrize(("data", "expected"), WHOLE.values(), ids=WHOLE)


@whole
def test_whole(data: bytes, expected: Whole) -> None:
    """
    A response in one piece.
    """
    reader, events = read([data])
    assert complete(events, reader.persistent) == expected


@whole
def test_bytewise(data: bytes, expected: Whole) -> None:
    """
    The same response, one octet at a time.
    """
    reader, events = read([bytes([octet]) for octet in data])
    assert complete(events, reader.persistent) == expected


@whole
def test_cut(data: bytes, expected: Whole) -> None:
    """
    The same response, cut in two anywhere.
    """
    for cut in range(1, len(data)):
        reader, events = read(pieces(data, [cut]))
        assert complete(events, reader.persistent) == expected


@whole
@pytest.mark.requirement("9112-8-2", "9112-6.3-8")
def test_truncated(data: bytes, expected: Whole) -> None:
    """
    The connection ends before the response does: it is never whole.
    """
    for end in range(len(data)):
        reader, events = read([data[:end]])
        assert not any(type(event) in (End, Rejected) for event in events)
        for clean in (True, False):
            assert type(read([data[:end]])[0].receiveEnd(clean)) is Rejected
        reader.receiveEnd(True)
        assert reader.receive(data[end:]) == []


@whole
@pytest.mark.requirement("9112-6.3-15", "9112-9.2-3")
def test_surplus(data: bytes, expected: Whole) -> None:
    """
    What follows the response is no other, however it is cut.
    """
    data += b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    last = Rejected(400, "octets that nobody asked for")
    for cut in range(1, len(data)):
        reader, events = read(pieces(data, [cut]))
        if expected.persistent:
            assert events.pop() == last
        assert complete(events, expected.persistent) == expected
        assert not reader.persistent
        assert reader.receiveEnd(True) is None


@pytest.mark.parametrize(
    "head",
    [
        OK + b"Content-Length: 5\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n",
        OK + b"\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n",
    ],
    ids=["length", "chunks", "nothing", "404"],
)
@pytest.mark.requirement("9110-6-1")
def test_head(head: bytes) -> None:
    """
    A response to HEAD ends with its head, and leaves the connection in order.
    """
    reader, events = read([head], isHead=True)
    assert [type(event) for event in events] == [Head, End]
    assert reader.persistent
    reader.expect(False)
    assert len(reader.receive(b"HTTP/1.1 204 OK\r\n\r\n")) == 2


def test_untilClosed() -> None:
    """
    Content without a length ends with the connection.
    """
    reader, events = read([OK + b"A: b\r\n\r\n", b"hel", b"lo"])
    assert events[1:] == [Data(b"hello")]
    assert not reader.persistent
    assert reader.receiveEnd(True) == End()


@pytest.mark.requirement("9112-9.8-1")
def test_untilBroken() -> None:
    """
    Content without a length is lost if the connection breaks.
    """
    reader, _ = read([OK + b"\r\nhello"])
    assert type(reader.receiveEnd(False)) is Rejected


def test_broken() -> None:
    """
    Content with a length that is whole is, however the connection ends.
    """
    reader, events = read([OK + b"Content-Length: 1\r\n\r\na"])
    assert type(events[-1]) is End
    assert reader.receiveEnd(False) is None


def test_oneAfterAnother() -> None:
    """
    A connection carries any number of responses, whatever came before.
    """
    reader = ResponseReader(Limits())
    for _ in range(3):
        for data, expected in WHOLE.values():
            if expected.persistent:
                reader.expect(False)
                assert reader.awaitsHead
                assert reader.isUntouched
                events = joined(reader.receive(data))
                assert complete(events, reader.persistent) == expected
                assert not reader.isUntouched


@pytest.mark.requirement("9110-15.2-2")
def test_intermediate() -> None:
    """
    Interim responses come with their fields, without those of the hop.
    """
    _, events = read(
        [b"HTTP/1.1 103 Early\r\nLink: a\r\nConnection: b\r\nB: c\r\n\r\n"]
    )
    [event] = events
    assert type(event) is Interim
    assert (event.code, list(event.headers)) == (103, [(b"Link", b"a")])


@pytest.mark.requirement("9112-9.2-3")
def test_unasked() -> None:
    """
    Without a request there is no response.
    """
    reader = ResponseReader(Limits())
    assert reader.receive(b"HTTP/1.1 408 Too Slow\r\nConnection: close\r\n\r\n") == [
        Rejected(400, "octets that nobody asked for")
    ]
    assert reader.receive(b"HTTP/1.1 200 OK\r\n\r\n") == []
    assert not reader.persistent


def test_misuse() -> None:
    """
    A reader takes one response at a time.
    """
    reader, _ = read([])
    with pytest.raises(RuntimeError):
        reader.expect(False)


def _fragments() -> st.SearchStrategy[bytes]:
    return st.lists(
        st.sampled_from(
            [
                b"HTTP/1.1 200 OK\r\n",
                b"HTTP/1.0 200 OK\r\n",
                b"HTTP/1.1 100 C\r\n",
                b"HTTP/1.1 204 N\r\n",
                b"HTTP/1.1 ",
                b"Content-Length: 3\r\n",
                b"Content-Length: 3, 3\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"Connection: close\r\n",
                b"A: b\r\n",
                b"A: " + b"b" * 20 + b"\r\n",
                b"3\r\nabc\r\n",
                b"1;a=b\r\n",
                b"0\r\n",
                b"abc",
                b"a" * 30,
                b"\r\n",
                b"\r",
                b"\n",
                b"\x00",
                b": ",
                b" ",
            ]
        ),
        max_size=14,
    ).map(b"".join)


@given(
    data=_fragments() | st.binary(max_size=60).map(b"HTTP/1.1 200 OK\r\n".__add__),
    cuts=st.lists(st.integers(0, 120), max_size=6),
    isHead=st.booleans(),
)
@example(data=OK + b"A: " + b"b" * 58 + b"\r\r\n", cuts=[70], isHead=False)
@example(data=b"HTTP/1.1 200 " + b"b" * 28 + b"\n\r\n", cuts=[41], isHead=False)
@example(data=b"HTTP/1.1 200 " + b"b" * 27 + b"\rb\r\n", cuts=[41], isHead=False)
def test_cutsDontMatter(data: bytes, cuts: list[int], isHead: bool) -> None:
    """
    However the octets are cut, the events are the same, and so is what the
    end of the connection means.
    """
    cuts = [cut for cut in cuts if cut <= len(data)]
    whole, expected = read([data], isHead, SMALL)
    for parts in (pieces(data, cuts), [bytes([octet]) for octet in data]):
        reader, events = read(parts, isHead, SMALL)
        assert events == expected
        assert reader.persistent == whole.persistent
        assert reader.receiveEnd(True) == read([data], isHead, SMALL)[0].receiveEnd(
            True
        )


@given(data=st.binary(max_size=200).filter(lambda it: not it.startswith(b"HTTP/1.")))
@pytest.mark.requirement("9110-2.3-1")
def test_garbage(data: bytes) -> None:
    """
    Garbage gives one rejection and nothing else.
    """
    reader, events = read([data])
    if b"HTTP/1.".startswith(data):
        # It could still become something.
        assert events == []
        assert type(reader.receiveEnd(True)) is Rejected
    else:
        assert events == [Rejected(400, "malformed status line")]
