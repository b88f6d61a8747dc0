"""
Responses that can't be taken, or just so.
"""

from __future__ import annotations

import pytest

from penstock.transports.http1.events import End, Rejected
from penstock.transports.http1.response_reader import MAX_INTERIM, Event, Head, Interim

from .responses import NORMAL, OK, SMALL, pieces, read

BAD: dict[str, tuple[bytes, int]] = {
    # Status line.
    "another protocol": (b"SSH-2.0-OpenSSH_9\r\n", 400),
    "another protocol, without a line end": (b"220 mail", 400),
    "TLS": (b"\x15\x03\x01\x00\x02\x02", 400),
    "an empty line first": (b"\r\n" + OK + b"\r\n", 400),
    "HTTP/0.9": (b"HTTP/0.9 200 OK\r\n\r\n", 400),
    "HTTP/1.2": (b"HTTP/1.2 200 OK\r\n\r\n", 400),
    "HTTP/2.0": (b"HTTP/2.0 200 OK\r\n\r\n", 400),
    "HTTP/1.1 in Arabic": (b"HTTP/1.\xd9\xa1 200 OK\r\n\r\n", 400),
    "http/1.1": (b"http/1.1 200 OK\r\n\r\n", 400),
    "two digits": (b"HTTP/1.1 20 OK\r\n\r\n", 400),
    "four digits": (b"HTTP/1.1 2000 OK\r\n\r\n", 400),
    "less than 100": (b"HTTP/1.1 099 OK\r\n\r\n", 400),
    "a sign": (b"HTTP/1.1 +20 OK\r\n\r\n", 400),
    "two spaces before the code": (b"HTTP/1.1  200 OK\r\n\r\n", 400),
    "tab before the code": (b"HTTP/1.1\t200 OK\r\n\r\n", 400),
    "tab after the code": (b"HTTP/1.1 200\tOK\r\n\r\n", 400),
    "control character in the reason": (b"HTTP/1.1 200 O\x00K\r\n\r\n", 400),
    "CR in the reason": (b"HTTP/1.1 200 O\rK\r\n\r\n", 400),
    "LF in the reason": (b"HTTP/1.1 200 OK\nA: b\r\n\r\n", 400),
    "LF after the reason": (b"HTTP/1.1 200 OK\n\n", 400),
    "a request": (b"GET / HTTP/1.1\r\n\r\n", 400),
    # Fields.
    "LF after a field": (OK + b"A: b\nC: d\r\n\r\n", 400),
    "LF before a field": (OK + b"\nC: d\r\n\r\n", 400),
    "CR in a field": (OK + b"A: b\rC: d\r\n\r\n", 400),
    "LF for the empty line": (OK + b"A: b\r\n\n", 400),
    "NUL in a field": (OK + b"A: \x00\r\n\r\n", 400),
    "what splitlines would split": (OK + b"A: a\x0bB: c\r\n\r\n", 400),
    "a fold before all fields": (OK + b" A: b\r\nC: d\r\n\r\n", 400),
    "a fold instead of fields": (OK + b" \r\n\r\n", 400),
    "an empty fold": (OK + b"A: b\r\n \r\nC: d\r\n\r\n", 400),
    "an empty fold at the end": (OK + b"A: b\r\n\t\r\n\r\n", 400),
    "a fold after an empty one": (OK + b"A: b\r\n \r\n c\r\n\r\n", 400),
    "a folded name": (OK + b"A\r\n : b\r\n\r\n", 400),
    "a folded line without a colon": (OK + b"A\r\n b\r\n\r\n", 400),
    "a fold with a control character": (OK + b"A: b\r\n \x00\r\n\r\n", 400),
    "a fold with a bare LF": (OK + b"A: b\n c\r\n\r\n", 400),
    "a fold beside a bad field": (OK + b"A: b\r\n c\r\nD : e\r\n\r\n", 400),
    **{
        f"a folded {name!r}": (OK + name + b":" + before + b"\r\n " + after, 400)
        for name, before, after in (
            (b"Content-Length", b"", b"0\r\n\r\n"),
            (b"Content-Length", b" 1", b"0\r\n\r\n"),
            (b"cONTENT-lENGTH", b" 0,", b"0\r\n\r\n"),
            (b"Content-Length ", b"", b"0\r\n\r\n"),
            (b"Transfer-Encoding", b"", b"chunked\r\n\r\n"),
            (b"Transfer-Encoding", b" gzip,", b"chunked\r\n\r\n"),
            (b"Connection", b"", b"close\r\nContent-Length: 0\r\n\r\n"),
            (b"Keep-Alive", b" a", b"b\r\nContent-Length: 0\r\n\r\n"),
            (b"Upgrade", b" a,", b"b\r\nContent-Length: 0\r\n\r\n"),
        )
    },
    "space before the colon": (OK + b"Content-Length : 0\r\n\r\n", 400),
    "no colon": (OK + b"A\r\n\r\n", 400),
    "no name": (OK + b": b\r\n\r\n", 400),
    "a name with a space": (OK + b"A B: c\r\n\r\n", 400),
    "a name with other letters": (OK + b"\xc3\xa9: c\r\n\r\n", 400),
    # Content-Length.
    **{
        f"length {value!r}": (OK + b"Content-Length: " + value + b"\r\n\r\n", 400)
        for value in (
            b"",
            b"+1",
            b"-1",
            b"1_0",
            b"0x1",
            b"1 1",
            b"1.0",
            b"\xb2",
            b"1,2",
            b"1,",
            b",",
            b"01, 1",
            b"1" * 19,
            b"9" * 5000,
        )
    },
    "two lengths": (OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "no length and one": (OK + b"Content-Length:\r\nContent-Length: 2\r\n\r\nab", 400),
    "a bad length where it frames nothing": (
        b"HTTP/1.1 304 OK\r\nContent-Length: x\r\n\r\n",
        400,
    ),
    # Transfer-Encoding.
    **{
        f"coding {value!r}": (OK + b"Transfer-Encoding: " + value + b"\r\n\r\n", code)
        for value, code in (
            (b"", 400),
            (b"identity", 400),
            (b"xchunked", 400),
            (b"chunked, identity", 400),
            (b"chunked, chunked", 400),
            (b",chunked", 400),
            (b"chunked;x", 400),
            (b"gzip, chunked", 501),
            (b"\xa0chunked", 400),
        )
    },
    "two codings": (
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "length and chunks": (
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    "chunks in HTTP/1.0": (
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        400,
    ),
    # Interim.
    "switching protocols": (
        b"HTTP/1.1 101 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        400,
    ),
    "too many interim": (
        b"HTTP/1.1 102 Processing\r\n\r\n" * (MAX_INTERIM + 1),
        431,
    ),
    # Sizes.
    "a long status line": (b"HTTP/1.1 200 " + b"a" * 20_000, 431),
    "a long status line that ends": (
        b"HTTP/1.1 200 " + b"a" * 20_000 + b"\r\n\r\n",
        431,
    ),
    "a long field": (OK + b"A: " + b"a" * 70_000, 431),
    "a long field that ends": (OK + b"A: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "many fields": (OK + b"A: b\r\n" * 129 + b"\r\n", 431),
}

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

BAD_CHUNKS: dict[str, bytes] = {
    "0x": b"0x5\r\nhello\r\n",
    "sign": b"+5\r\nhello\r\n",
    "underscore": b"0_5\r\nhello\r\n",
    "space before": b" 5\r\nhello\r\n",
    "space after": b"5 \r\nhello\r\n",
    "nothing": b"\r\n",
    "not hexadecimal": b"g\r\n",
    "too large": b"10000000000000000\r\n",
    "LF": b"5\nhello\n",
    "no CRLF after it": b"5\r\nhelloXX0\r\n\r\n",
    "LF after it": b"5\r\nhello\n0\r\n\r\n",
    "LF in an extension": b"5;a\nb\r\nhello\r\n",
    "open quote": b'5;a="\r\nhello\r\n',
    "endless extension": b"5;" + b"a" * 2000,
    "endless trailers": b"0\r\n" + b"A: b\r\n" * 5000,
    "bad trailer": b"0\r\nA\r\n\r\n",
    "empty fold in a trailer": b"0\r\nA: b\r\n \r\n c\r\n\r\n",
    "fold before the first trailer": b"0\r\n A: b\r\n\r\n",
}


def verdict(events: list[Event]) -> Rejected:
    """
    The rejection that ends C{events}; there is no end before it.
    """
    last = events[-1]
    assert type(last) is Rejected
    assert not any(type(event) in (End, Rejected) for event in events[:-1])
    return last


FOLDED: dict[str, tuple[bytes, list[tuple[bytes, bytes]]]] = {
    "once": (b"A: b\r\n c\r\n", [(b"A", b"b c")]),
    "with much space": (b"A: b \t\r\n\t  c \t\r\n", [(b"A", b"b c")]),
    "often": (b"A: b\r\n c\r\n\td\r\n e\r\n", [(b"A", b"b c d e")]),
    "from the first line on": (b"A:\r\n b\r\n", [(b"A", b"b")]),
    "the middle one": (
        b"A: b\r\nC: d\r\n e\r\nF: g\r\n",
        [(b"A", b"b"), (b"C", b"d e"), (b"F", b"g")],
    ),
    "what looks like a field": (
        b"A: b\r\n Content-Length: 3\r\n",
        [(b"A", b"b Content-Length: 3")],
    ),
    "Content-Type": (
        b"Content-Type: multipart/mixed;\r\n boundary=x\r\n",
        [(b"Content-Type", b"multipart/mixed; boundary=x")],
    ),
}


@pytest.mark.parametrize(("lines", "fields"), FOLDED.values(), ids=FOLDED)
@pytest.mark.requirement("9112-5.2-4")
def test_folded(lines: bytes, fields: list[tuple[bytes, bytes]]) -> None:
    """
    A folded field is one field, in heads, interim ones too, and in trailers;
    however it is cut.
    """
    data = (
        b"HTTP/1.1 103 Early Hints\r\n"
        + (lines + b"\r\n" + OK)
        + (lines + b"Transfer-Encoding: chunked\r\n\r\n0\r\n")
        + (lines + b"\r\n")
    )
    expected = read([data])[1]
    hints, head, end = expected
    assert type(hints) is Interim
    assert type(head) is Head
    assert type(end) is End
    assert list(hints.headers) == fields
    assert list(head.headers) == fields
    # What may not be a trailer is dropped there.
    assert list(end.trailers or ()) in (fields, [])
    for cut in range(1, len(data)):
        assert read(pieces(data, [cut]))[1] == expected


def test_foldedFields() -> None:
    """
    Folds are lines, not fields; and cost no more than they are long.
    """
    assert type(read([OK + b"A: b" + b"\r\n c" * 50 + b"\r\n\r\n"])[1][0]) is Head
    block = b"A: b" + b"\r\n c" * 15_000 + b"\r\nContent-Length: 0\r\n\r\n"
    head, end = read([OK + block])[1]
    assert type(head) is Head
    assert type(end) is End
    assert head.headers.getRaw(b"A") == (b"b" + b" c" * 15_000,)
    many = b"".join(b"A: b\r\n c\r\n" for _ in range(NORMAL.fields + 1))
    assert verdict(read([OK + many + b"\r\n"])[1]).code == 431


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=BAD)
@pytest.mark.requirement("9112-8-2")
def test_rejected(data: bytes, code: int) -> None:
    """
    A head that can't be taken: one rejection, and then nothing.
    """
    reader, events = read([data])
    assert verdict(events).code == code
    assert not any(type(event) is Head for event in events)
    assert not reader.persistent
    assert reader.receive(OK + b"Content-Length: 0\r\n\r\n") == []
    assert reader.receiveEnd(True) is None


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=BAD)
def test_rejectedBytewise(data: bytes, code: int) -> None:
    """
    The same rejection, however the head is cut.
    """
    expected = read([data])[1]
    assert read([bytes([octet]) for octet in data])[1] == expected
    step = max(1, len(data) // 50)
    for cut in range(1, len(data), step):
        assert read(pieces(data, [cut]))[1] == expected


@pytest.mark.parametrize("data", BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_rejectedChunks(data: bytes) -> None:
    """
    Chunks that can't be taken, whole and cut.
    """
    expected = read([CHUNKED + data])[1]
    verdict(expected)
    assert read([bytes([octet]) for octet in CHUNKED + data])[1] == expected
    assert read([CHUNKED, data])[1] == expected


@pytest.mark.requirement("9110-2.3-1")
def test_limits() -> None:
    """
    What is just as long as it may be is taken.
    """
    status = b"HTTP/1.1 200 ".ljust(SMALL.startLine, b"x") + b"\r\n"
    fields = b"Content-Length: 0\r\nA: ".ljust(SMALL.fieldBlock, b"x") + b"\r\n\r\n"
    for parts in ([status + fields], [bytes([octet]) for octet in status + fields]):
        assert type(read(parts, limits=SMALL)[1][-1]) is End
    tooLong = [b"x".join(status.split(b"\r")) + fields, status + b"x" + fields]
    tooLong[0] = status[:-2] + b"x\r\n" + fields
    tooLong[1] = status + fields[:-4] + b"x\r\n\r\n"
    for data in tooLong:
        for parts in ([data], [bytes([octet]) for octet in data]):
            assert verdict(read(parts, limits=SMALL)[1]).code == 431
