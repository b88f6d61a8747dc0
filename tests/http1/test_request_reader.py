"""
What a server makes of bytes: each input whole, cut in two everywhere, and
octet by octet.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_head import RequestHead
from penstock.transports.http1.request_reader import RequestReader

from .messages import AFTER, CHUNKED, GET, HOST, POST, head, line
from .rejected import REJECTED, REJECTED_CONTENT
from .wires import cuts, events


def someCuts(data: bytes) -> list[tuple[bytes, ...]]:
    """
    All cuts of what is short, and a few of what is long.
    """
    if len(data) < 600:
        return list(cuts(data))
    places = [1, 10, 25, 40, len(data) // 2, len(data) - 1]
    return [
        (data,),
        *((data[:place], data[place:]) for place in places),
        tuple(data[place : place + 7] for place in range(0, len(data), 7)),
    ]


@pytest.mark.parametrize(("code", "data"), REJECTED.values(), ids=REJECTED)
@pytest.mark.requirement("9112-2.2-10")
def test_rejected(code: int, data: bytes) -> None:
    whole = events((data + AFTER,))
    assert [type(event) for event in whole] == [Rejected]
    assert whole[0].code == code
    assert not re.search("smuggled|Foo|Injected", whole[0].reason)
    for pieces in someCuts(data):
        assert events((*pieces, AFTER)) == whole, pieces


@pytest.mark.parametrize(
    ("code", "data"), REJECTED_CONTENT.values(), ids=REJECTED_CONTENT
)
@pytest.mark.requirement("9112-7.1-3", "9112-2.2-10")
def test_rejectedContent(code: int, data: bytes) -> None:
    whole = events((CHUNKED + data + AFTER,))
    assert type(whole[0]) is RequestHead
    assert type(whole[-1]) is Rejected
    assert whole[-1].code == code
    assert {type(event) for event in whole[1:-1]} <= {Data}
    for pieces in someCuts(data):
        assert events((CHUNKED, *pieces, AFTER)) == whole, pieces


def contents(data: bytes) -> list[tuple[bytes, bytes, bytes, bool]]:
    """
    What requests there are: method, target, content, whether it is whole.
    """
    found: list[tuple[bytes, bytes, bytes, bool]] = []
    for event in events((data,)):
        if type(event) is RequestHead:
            found.append((event.method, event.target, b"", False))
        else:
            method, target, content, _ = found.pop()
            if type(event) is Data:
                found.append((method, target, content + event.data, False))
            else:
                assert type(event) is End
                found.append((method, target, content, True))
    return found


TAKEN: dict[str, tuple[bytes, list[tuple[bytes, bytes, bytes, bool]]]] = {
    "plain": (head(b""), [(b"GET", b"/", b"", True)]),
    "A2 lower case is another method": (
        line(b"get / HTTP/1.1"),
        [(b"get", b"/", b"", True)],
    ),
    "A2 odd token": (line(b"!#$% / HTTP/1.1"), [(b"!#$%", b"/", b"", True)]),
    "A5 OPTIONS *": (line(b"OPTIONS * HTTP/1.1"), [(b"OPTIONS", b"*", b"", True)]),
    "A5 CONNECT": (
        line(b"CONNECT a.b:443 HTTP/1.1"),
        [(b"CONNECT", b"a.b:443", b"", True)],
    ),
    "absolute": (
        line(b"GET http://b/c HTTP/1.1"),
        [(b"GET", b"http://b/c", b"", True)],
    ),
    "odd targets": (
        line(b'GET //a/..;%00?[]{}|^`"<>\\ HTTP/1.1'),
        [(b"GET", b'//a/..;%00?[]{}|^`"<>\\', b"", True)],
    ),
    "two empty lines": (b"\r\n\r\n" + head(b""), [(b"GET", b"/", b"", True)]),
    "empty lines between": (
        head(b"") + b"\r\n" + head(b"") + b"\r\n\r\n" + head(b""),
        [(b"GET", b"/", b"", True)] * 3,
    ),
    "HTTP/1.0 without fields": (
        b"GET / HTTP/1.0\r\n\r\n" * 2,
        [(b"GET", b"/", b"", True)] * 2,
    ),
    "B2 obs-text": (head(b"Foo: \x80\x85\xa0\xff\r\n"), [(b"GET", b"/", b"", True)]),
    "empty value": (head(b"Foo:\r\nBar: \t \r\n"), [(b"GET", b"/", b"", True)]),
    "as many fields as may be": (
        head(b"A: b\r\n" * 127),
        [(b"GET", b"/", b"", True)],
    ),
    "C1 leading zeros": (
        POST + b"Content-Length: 010\r\n\r\n0123456789" + head(b""),
        [(b"POST", b"/", b"0123456789", True), (b"GET", b"/", b"", True)],
    ),
    "C4 short": (
        POST + b"Content-Length: 5\r\n\r\nhell",
        [(b"POST", b"/", b"hell", False)],
    ),
    "C5 GET with content": (
        GET + HOST + b"Content-Length: 5\r\n\r\nhello" + head(b""),
        [(b"GET", b"/", b"hello", True), (b"GET", b"/", b"", True)],
    ),
    "C5 HEAD with a request as content": (
        b"HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(AFTER)
        + AFTER,
        [(b"HEAD", b"/", AFTER, True)],
    ),
    "D2 case": (
        POST + b"Transfer-Encoding: \tCHUNKED \r\n\r\n1\r\na\r\n0\r\n\r\n",
        [(b"POST", b"/", b"a", True)],
    ),
    "D4 zeros and case": (
        CHUNKED + b"000A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
        [(b"POST", b"/", b"01234567890123456789", True)],
    ),
    "D5 extensions": (
        CHUNKED + b'1;a\r\nx\r\n1 ; b = "c\\"\t;\x80" ;d=e\r\ny\r\n0;f\r\n\r\n',
        [(b"POST", b"/", b"xy", True)],
    ),
    "D8 no end": (CHUNKED + b"1\r\na\r\n0\r\n", [(b"POST", b"/", b"a", False)]),
    "a chunk like a chunk": (
        CHUNKED + b"7\r\n0\r\n\r\n0\r\n0\r\n\r\n"[:0] + b"5\r\n0\r\n\r\n\r\n0\r\n\r\n",
        [(b"POST", b"/", b"0\r\n\r\n", True)],
    ),
}


@pytest.mark.parametrize(("data", "expected"), TAKEN.values(), ids=TAKEN)
def test_taken(data: bytes, expected: list[tuple[bytes, bytes, bytes, bool]]) -> None:
    assert contents(data) == expected
    whole = events((data,))
    for pieces in cuts(data):
        assert events(pieces) == whole, pieces


FIELDS: dict[str, tuple[bytes, tuple[tuple[bytes, bytes], ...]]] = {
    "as received": (b"FoO: bAr\r\n", ((b"FoO", b"bAr"),)),
    "trimmed": (b"Foo: \t bar \t\r\n", ((b"Foo", b"bar"),)),
    "not trimmed": (b"Foo: \xa0bar\x85\r\n", ((b"Foo", b"\xa0bar\x85"),)),
    "inner": (b"Foo: a  b:c\r\n", ((b"Foo", b"a  b:c"),)),
    "hop": (
        (
            b"Connection: close, X-Foo\r\nx-foo: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
            b"Proxy-Connection: a\r\nUpgrade: h2c\r\nBar: 2\r\n"
        ),
        ((b"Bar", b"2"),),
    ),
    "B12 Connection can't hide": (
        (
            b"Connection: authorization, X-Forwarded-For , content-length\r\n"
            b"Authorization: b\r\nX-Forwarded-For: c\r\nContent-Length: 0\r\n"
        ),
        (
            (b"Authorization", b"b"),
            (b"X-Forwarded-For", b"c"),
            (b"Content-Length", b"0"),
        ),
    ),
}


@pytest.mark.parametrize(("block", "fields"), FIELDS.values(), ids=FIELDS)
def test_fields(block: bytes, fields: tuple[tuple[bytes, bytes], ...]) -> None:
    event = events((head(block),))[0]
    assert tuple(event.fields) == ((b"Host", b"a"), *fields)


PERSISTENT: dict[str, tuple[bytes, bytes, bool]] = {
    "1.1": (b"1.1", b"", True),
    "1.1 close": (b"1.1", b"Connection: close\r\n", False),
    "1.1 Close in a list": (b"1.1", b"Connection: a,\t Close ,,b\r\n", False),
    "1.1 close in another line": (
        b"1.1",
        b"Connection: a\r\n" * 2 + b"Connection: close\r\n",
        False,
    ),
    "1.1 both": (b"1.1", b"Connection: keep-alive, close\r\n", False),
    "1.1 closer": (b"1.1", b"Connection: closer\r\n", True),
    "1.0": (b"1.0", b"", False),
    "1.0 keep-alive": (b"1.0", b"Connection: Keep-Alive\r\n", True),
    "1.0 both": (b"1.0", b"Connection: close, keep-alive\r\n", False),
}


@pytest.mark.parametrize(
    ("version", "block", "keepAlive"), PERSISTENT.values(), ids=PERSISTENT
)
@pytest.mark.requirement("9112-9.6-4")
def test_keepAlive(version: bytes, block: bytes, keepAlive: bool) -> None:
    data = b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + block + b"\r\n"
    assert events((data,))[0].keepAlive is keepAlive


EXPECT: dict[str, tuple[bytes, bytes, bool]] = {
    "waits": (b"1.1", b"Expect: 100-Continue\r\nContent-Length: 1\r\n", True),
    "chunked": (
        b"1.1",
        b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n",
        True,
    ),
    "no content": (b"1.1", b"Expect: 100-continue\r\n", False),
    "1.0": (b"1.0", b"Expect: 100-continue\r\nContent-Length: 1\r\n", False),
    "something else": (b"1.1", b"Expect: magic\r\nContent-Length: 1\r\n", False),
}


@pytest.mark.parametrize(("version", "block", "expects"), EXPECT.values(), ids=EXPECT)
def test_expect(version: bytes, block: bytes, expects: bool) -> None:
    data = b"POST / HTTP/" + version + b"\r\nHost: a\r\n" + block + b"\r\n"
    assert events((data,))[0].expectContinue is expects


@pytest.mark.requirement("9112-7.1.2-2")
def test_trailers() -> None:
    """
    D9: fields that don't belong there are dropped, the rest is apart.
    """
    trailers = (
        b"X-Sum: 1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: b\r\n"
        b"Authorization: c\r\nContent-Type: d\r\n"
        b"Set-Cookie: e\r\nX-Forwarded-For: f\r\n"
        b"Connection: g\r\nIf-Match: h\r\nx-sum: 2\r\n"
    )
    data = CHUNKED + b"1\r\na\r\n0\r\n" + trailers + b"\r\n" + AFTER
    whole = events((data,))
    assert whole[2] == End(((b"X-Sum", b"1"), (b"x-sum", b"2")))
    assert tuple(whole[0].fields) == ((b"Host", b"a"),)
    for pieces in cuts(data):
        assert events(pieces) == whole


def test_noTrailers() -> None:
    assert events((CHUNKED + b"0\r\n\r\n",))[1:] == [End(None)]


def test_oneLookAtAnIdenticalHead() -> None:
    """
    What was parsed once is recognized, and only what is identical.
    """
    reader = RequestReader(Limits())
    heads = []
    for block in (b"A: 1\r\n", b"A: 1\r\n", b"A: 2\r\n", b"A: 1\r\n"):
        reader.receive(head(block))
        heads.append(reader.nextEvent())
        assert reader.nextEvent() == End()
    assert heads[0] is heads[1]
    assert isinstance(heads[2], RequestHead)
    assert list(heads[2].fields)[1] == (b"A", b"2")
    assert heads[3] == heads[0]
    reader.receive(b"GET /other HTTP/1.1\r\n" + HOST + b"A: 1\r\n\r\n")
    other = reader.nextEvent()
    assert isinstance(other, RequestHead)
    assert isinstance(heads[3], RequestHead)
    assert other.target == b"/other"
    assert other.fields is heads[3].fields


def test_recognize() -> None:
    """
    A whole request that came before is known at a glance; nothing else is.
    """
    reader = RequestReader(Limits())
    request = head(b"A: 1\r\n")
    assert reader.recognize(request) is None
    reader.receive(request)
    first = reader.nextEvent()
    # Its end wasn't taken yet.
    assert reader.recognize(request) is None
    assert reader.nextEvent() == End()
    assert reader.recognize(request) is first
    assert reader.nextEvent() is None
    assert reader.recognize(request + b"x") is None
    assert reader.recognize(request[:-1]) is None
    assert reader.recognize(b"") is None
    reader.receive(request[:5])
    assert reader.recognize(request) is None
    reader.receive(request[5:])
    assert reader.nextEvent() == first


def test_recognizeNoContent() -> None:
    """
    What is followed by content isn't a whole request.
    """
    reader = RequestReader(Limits())
    request = head(b"Content-Length: 1\r\n")
    for _ in range(2):
        reader.receive(request + b"x")
        assert isinstance(reader.nextEvent(), RequestHead)
        assert reader.nextEvent() == Data(b"x")
        assert reader.nextEvent() == End()
        assert reader.recognize(request) is None


def test_theRecognizedHeadBeginsAnew() -> None:
    """
    A repeated head with content has content each time.
    """
    request = POST + b"Content-Length: 3\r\n\r\n"
    found = events((request + b"abc" + request + b"def" + request + b"gh",))
    assert [event for event in found if type(event) is not RequestHead] == [
        Data(b"abc"),
        End(),
        Data(b"def"),
        End(),
        Data(b"gh"),
    ]


def test_nothingIsParsedAhead() -> None:
    reader = RequestReader(Limits())
    reader.receive(head(b"") + b"nonsense\r\n\r\n")
    assert type(reader.nextEvent()) is RequestHead
    assert reader.buffered == len(b"nonsense\r\n\r\n")
    assert reader.nextEvent() == End()
    assert type(reader.nextEvent()) is Rejected
    assert reader.buffered == 0
    reader.receive(head(b""))
    assert reader.nextEvent() is None


def test_dataBetweenContentAndItsEnd() -> None:
    """
    What is received after the last content was taken isn't lost.
    """
    reader = RequestReader(Limits())
    reader.receive(POST + b"Content-Length: 1\r\n\r\na" + GET)
    assert type(reader.nextEvent()) is RequestHead
    assert reader.nextEvent() == Data(b"a")
    reader.receive(HOST + b"\r\n")
    assert reader.nextEvent() == End()
    assert type(reader.nextEvent()) is RequestHead


def test_bigContentIsNotCopied() -> None:
    reader = RequestReader(Limits())
    reader.receive(POST + b"Content-Length: 300000\r\n\r\n")
    assert type(reader.nextEvent()) is RequestHead
    block = bytes(100000)
    for _ in range(2):
        reader.receive(block)
        event = reader.nextEvent()
        assert type(event) is Data
        assert event.data is block


def test_manyChunksAreOneData() -> None:
    """
    D11: chunks of one octet cost a little each, and no event each.
    """
    reader = RequestReader(Limits())
    reader.receive(CHUNKED + b"1\r\nx\r\n" * 20000 + b"0\r\n\r\n")
    assert type(reader.nextEvent()) is RequestHead
    assert reader.nextEvent() == Data(b"x" * 20000)
    assert reader.nextEvent() == End()


@given(
    st.lists(
        st.sampled_from(
            [data for _, data in REJECTED.values() if len(data) < 300]
            + [
                CHUNKED + data
                for _, data in REJECTED_CONTENT.values()
                if len(data) < 300
            ]
            + [data for data, _ in TAKEN.values() if len(data) < 300]
        ),
        min_size=1,
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_cuttingChangesNothing(inputs: list[bytes], random: object) -> None:
    data = b"".join(inputs)
    places = sorted(
        {random.randrange(1, len(data)) for _ in range(8)}  # type: ignore[attr-defined]
    )
    pieces = tuple(
        data[start:end]
        for start, end in zip([0, *places], [*places, len(data)], strict=True)
    )
    assert events(pieces) == events((data,))


@given(st.binary(max_size=200))
@pytest.mark.requirement("9110-2.3-1")
def test_garbage(data: bytes) -> None:
    """
    Garbage is rejected, or waited for; nothing else comes of it, and nothing
    is raised.
    """
    found = events((b"POST /" + data,))
    bytewise = events(
        tuple(b"POST /"[i : i + 1] for i in range(6))
        + tuple(data[i : i + 1] for i in range(len(data)))
    )
    assert found == bytewise


@given(st.binary(max_size=200))
@pytest.mark.requirement("9110-2.3-1")
def test_garbageAsChunks(data: bytes) -> None:
    found = events((CHUNKED + data,))
    assert found == events((CHUNKED, *(data[i : i + 1] for i in range(len(data)))))


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=10), st.data())
@pytest.mark.requirement("9112-7.1-2")
def test_chunksRoundTrip(blocks: list[bytes], data: st.DataObject) -> None:
    from penstock.transports.http1.writer import LAST_CHUNK, chunk

    wire = CHUNKED + b"".join(map(chunk, blocks)) + LAST_CHUNK + AFTER
    place = data.draw(st.integers(1, len(wire) - 1))
    content = b"".join(blocks)
    found = events((wire[:place], wire[place:]))
    assert found[1:-2] == ([Data(content)] if content else []) + [End()]


@pytest.mark.parametrize(
    "host",
    [
        b"a" * 255 + b":65535",
        b"a:",
        b"a:0",
        b"192.0.2.1:8080",
        b"[2001:DB8::0:1]:443",
        b"[::ffff:192.0.2.1]",
        b"x%C3%a4.example",
        b"a_b.example:00080",
    ],
)
def test_hosts(host: bytes) -> None:
    """
    What could be a host and port is taken, as it was written.
    """
    reader = RequestReader(Limits())
    reader.receive(GET + b"Host: " + host + b"\r\n\r\n")
    event = reader.nextEvent()
    assert isinstance(event, RequestHead)
    assert tuple(event.fields) == ((b"Host", host),)
