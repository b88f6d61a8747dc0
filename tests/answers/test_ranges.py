"""
Conditions and ranges, over each transport.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.body import FilePart
from penstock.core.dates import formatDate
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site
from penstock.resources.file import File

from ..core.fakes import Wire, ask, gone

DATA = bytes(range(256)) * 4000
LENGTH = len(DATA)
TAG = '"v1"'
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
FIELDS = [
    ("content-type", "text/x-test"),
    ("etag", TAG),
    ("last-modified", DATE),
    ("accept-ranges", "bytes"),
]


class Kinds(Resource):
    """
    The same representation in every form.
    """

    def __init__(self, folder: Path, data: bytes = DATA) -> None:
        super().__init__()
        self.path = folder / "data"
        self.path.write_bytes(data)
        self.data = data
        self.closed: list[str] = []
        for kind in ("bytes", "file", "part", "iterator", "async", "unknown"):
            self.putChild(kind, One(self, kind))


class One(Resource):
    def __init__(self, kinds: Kinds, kind: str) -> None:
        super().__init__()
        self.kinds = kinds
        self.kind = kind

    def render_GET(self, request: Request) -> Response:
        body: Any
        fields = list(FIELDS)
        data = self.kinds.data
        if self.kind == "bytes":
            body = data
        elif self.kind == "file":
            body = self.kinds.path.open("rb")
        elif self.kind == "part":
            body = FilePart(self.kinds.path.open("rb"), 0, len(data))
        elif self.kind == "async":
            body = self.later()
            fields.append(("content-length", str(len(data))))
        else:
            body = self.blocks()
            if self.kind == "iterator":
                fields.append(("content-length", str(len(data))))
        return Response(body, headers=fields)

    def blocks(self) -> Iterator[bytes]:
        try:
            for at in range(0, len(self.kinds.data), 1000):
                yield self.kinds.data[at : at + 1000]
        finally:
            self.kinds.closed.append(self.kind)

    async def later(self) -> AsyncIterator[bytes]:
        try:
            for block in self.blocks():
                yield block
        finally:
            self.kinds.closed.append("later")


def parsed(answer: Any) -> list[tuple[int, int, bytes]]:
    """
    The parts of multipart/byteranges, with all that must be there.
    """
    kind = answer.headers.get("content-type")
    found = re.fullmatch(rb"multipart/byteranges; boundary=([0-9a-f]+)", kind)
    assert found is not None
    assert answer.headers.get("content-range") is None
    assert answer.headers.get("content-length") == b"%d" % len(answer.body)
    first, *parts, last = (b"\r\n" + answer.body).split(b"\r\n--" + found[1])
    assert (first, last) == (b"", b"--\r\n")
    ranges = []
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        assert lines[:2] == [b"", b"Content-Type: text/x-test"]
        field = re.fullmatch(rb"Content-Range: bytes (\d+)-(\d+)/(\d+)", lines[2])
        assert field is not None
        start, stop, whole = int(field[1]), int(field[2]) + 1, int(field[3])
        assert whole == LENGTH or whole < 1000
        assert len(content) == stop - start
        ranges.append((start, stop, content))
    return ranges


# Range, and what is sent: one range, several, 416, or the whole.
ROWS: dict[str, tuple[str, Any]] = {
    "first": ("bytes=0-0", (0, 1)),
    "middle": ("bytes=1000-1999", (1000, 2000)),
    "across blocks": ("bytes=999-1000", (999, 1001)),
    "rest": ("bytes=500-", (500, LENGTH)),
    "last": ("bytes=-500", (LENGTH - 500, LENGTH)),
    "J2 oversize suffix": ("bytes=-99999999999999999999", (0, LENGTH)),
    "beyond the end": (f"bytes=1-{LENGTH + 5}", (1, LENGTH)),
    "all": ("bytes=0-", (0, LENGTH)),
    "J4 case": ("BYTES=1-2", (1, 3)),
    "two": ("bytes=0-0,-1", [(0, 1), (LENGTH - 1, LENGTH)]),
    "out of order": ("bytes=500-599, 100-199", [(500, 600), (100, 200)]),
    "overlap": ("bytes=0-99, 50-149", (0, 150)),
    "touch": ("bytes=0-99, 100-149", (0, 150)),
    "overlap and another": ("bytes=0-9,5-14,20-29", [(0, 15), (20, 30)]),
    "one of two": ("bytes=0-9, 99999999-", (0, 10)),
    "many": (
        "bytes=" + ",".join(f"{at}-{at}" for at in range(0, 200, 2)),
        [(at, at + 1) for at in range(0, 200, 2)],
    ),
    "J2 too many": ("bytes=" + ",".join(f"{at}-{at}" for at in range(0, 202, 2)), None),
    "J1 very many": ("bytes=" + "0-," * 5000, None),
    "unsatisfiable": (f"bytes={LENGTH}-", 416),
    "unsatisfiable suffix": ("bytes=-0", 416),
    "J2 inverted": ("bytes=4-2", None),
    "other unit": ("lines=1-2", None),
    "malformed": ("bytes=a-b", None),
    "empty": ("bytes=", None),
}


@pytest.mark.parametrize("kind", ["bytes", "file", "part", "iterator", "async"])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_ranges(way: Any, tmp_path: Path, kind: str, row: tuple[str, Any]) -> None:
    """
    Ranges of bytes, of files and of what has a known length.
    """
    field, expected = row
    before = len(os.listdir("/proc/self/fd"))
    root = Kinds(tmp_path)
    answer = way.ask(root, target=f"/{kind}", fields=[("range", field)])
    if type(expected) is list and kind in ("iterator", "async"):
        # It can't go back.
        expected = None
    if expected is None:
        assert (answer.code, answer.body) == (200, DATA)
        assert answer.headers.get("content-range") is None
    elif expected == 416:
        assert answer.code == 416
        assert answer.headers.get("content-range") == b"bytes */%d" % LENGTH
    else:
        assert answer.code == 206
        assert answer.headers.get("etag") == TAG.encode()
        if type(expected) is list:
            got = parsed(answer)
            assert got == [(a, b, DATA[a:b]) for a, b in expected]
        else:
            start, stop = expected
            assert answer.body == DATA[start:stop]
            field = f"bytes {start}-{stop - 1}/{LENGTH}"
            assert answer.headers.get("content-range") == field.encode()
            assert answer.headers.get("content-length") == b"%d" % (stop - start)
    way.settle()
    if kind in ("iterator", "async") and expected != 416:
        assert root.closed.count("iterator" if kind == "iterator" else "later") == 1
    if way.clock is None or hasattr(way.clock, "advance"):
        assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("kind", ["bytes", "file", "iterator", "async"])
@pytest.mark.parametrize(
    ("method", "fields", "code"),
    [
        ("GET", [("if-range", TAG)], 206),
        ("GET", [("if-range", DATE)], 206),
        ("GET", [("if-range", '"v2"')], 200),
        ("GET", [("if-range", "Sun, 06 Nov 1994 08:49:38 GMT")], 200),
        ("GET", [("if-range", "nonsense")], 200),
        ("GET", [("if-none-match", TAG)], 304),
        ("GET", [("if-match", '"v2"')], 412),
        ("HEAD", [], 200),
    ],
)
def test_conditions(
    way: Any, tmp_path: Path, kind: str, method: str, fields: Any, code: int
) -> None:
    """
    A range is only sent of what the client has the rest of, and not to HEAD.
    """
    asked = [("range", "bytes=0-9"), *fields]
    answer = way.ask(Kinds(tmp_path), method, f"/{kind}", asked)
    assert answer.code == code
    lengths = {206: b"10", 200: b"%d" % LENGTH, 304: None}
    if code in lengths:
        assert answer.headers.get("content-length") == lengths[code]
    if code == 304:
        assert answer.headers.get("etag") == TAG.encode()
        for name in ("content-type", "last-modified", "accept-ranges"):
            assert answer.headers.get(name) is None


def test_unknownLength(way: Any, tmp_path: Path) -> None:
    """
    What has no length has no ranges.
    """
    asked = [("range", "bytes=0-9")]
    answer = way.ask(Kinds(tmp_path), target="/unknown", fields=asked)
    assert (answer.code, answer.body) == (200, DATA)


def test_realFiles(way: Any, tmp_path: Path) -> None:
    """
    Files have all ranges.
    """
    (tmp_path / "a.txt").write_bytes(DATA)
    asked = [("range", "bytes=0-9,-10,100-199")]
    answer = way.ask(File(tmp_path), target="/a.txt", fields=asked)
    assert answer.code == 206
    for start, stop in [(0, 10), (LENGTH - 10, LENGTH), (100, 200)]:
        assert DATA[start:stop] in answer.body
    assert b"Content-Type: text/plain; charset=utf-8" in answer.body


class Whole(Resource):
    """
    A representation with whatever fields.
    """

    def __init__(self, body: Any, fields: Any = (), code: int = 200) -> None:
        super().__init__()
        self.answer = (body, code, fields)

    def render_GET(self, request: Request) -> Response:
        return Response(*self.answer)


def get(resource: Any, field: str, **named: Any) -> Wire:
    wire, _ = ask(Site(resource), headers=[(b"range", field.encode())], **named)
    wire.turn()
    return wire


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("resource", "code"),
    [
        (Whole(DATA, code=201), 201),
        (Whole(DATA, code=404), 404),
        (Whole(b""), 200),
        (Whole(DATA, [("content-encoding", "gzip")]), 200),
        (lambda: Whole(iter([DATA]), [("content-length", str(LENGTH))]), 200),
    ],
    ids=["J3 201", "J3 404", "empty", "coded", "in order"],
)
def test_whereTheyDoNotApply(resource: Any, code: int) -> None:
    """
    Several ranges are ignored where they can't be sent.
    """
    wire = get(resource() if callable(resource) else resource, "bytes=0-0,-1")
    assert wire.code == code
    assert b"content-range" not in wire.headers


@pytest.mark.everywhere
def test_oneRangeOfCoded() -> None:
    """
    One range of what has a coding is a range of its octets.
    """
    wire = get(Whole(DATA, [("content-encoding", "gzip")]), "bytes=0-9")
    assert (wire.code, wire.body) == (206, DATA[:10])
    assert wire.headers.get(b"content-encoding") == b"gzip"


@pytest.mark.everywhere
def test_errorsAreNotTheRepresentation() -> None:
    """
    What is said of the representation isn't said of the page.
    """
    fields = [
        ("content-encoding", "gzip"),
        ("content-language", "de"),
        ("cache-control", "max-age=1000"),
        ("etag", TAG),
    ]
    wire = get(Whole(DATA, fields), f"bytes={LENGTH}-")
    assert wire.code == 416
    for name in ("content-encoding", "content-language", "cache-control"):
        assert name not in wire.headers
    assert wire.headers.get(b"content-length") == b"%d" % len(wire.body)


async def later() -> AsyncIterator[bytes]:
    yield b"abc"


@pytest.mark.parametrize("make", [lambda: iter([b"abc"]), later])
def test_lyingLength(make: Any, loggedErrors: Any) -> None:
    """
    What is shorter than it said breaks off, and never looks whole.
    """
    wire = get(Whole(make(), [("content-length", "10")]), "bytes=1-5")
    assert wire.code == 206
    assert (wire.ended, wire.aborted) == (False, True)
    loggedErrors.flush()


def test_shrinkingFile(tmp_path: Path, loggedErrors: Any) -> None:
    """
    J2: a file that shrinks in the middle breaks the answer off.
    """
    path = tmp_path / "a"
    path.write_bytes(b"x" * 100)
    wire = get(Whole(FilePart(path.open("rb"), 0, 200)), "bytes=0-9,90-199")
    assert (wire.code, wire.ended, wire.aborted) == (206, False, True)
    loggedErrors.flush("shorter")


@pytest.mark.everywhere
def test_slowReader(tmp_path: Path) -> None:
    """
    Nothing is read from the file that the client doesn't take.
    """
    root = Kinds(tmp_path)
    wire = Wire()
    wire.outputBlocked()
    headers = ask(Site(Resource()), headers=[(b"range", b"bytes=0-9,100-")])[1]
    wire.begin(Site(root), b"GET", b"/file", (1, 1), headers.in_headers, 0)
    wire.contentEnded()
    wire.turn()
    assert len(wire.body) < 1000
    wire.outputReady()
    wire.turn()
    assert len(wire.body) > LENGTH - 100
    assert wire.ended


@pytest.mark.everywhere
def test_disconnect(tmp_path: Path) -> None:
    """
    A file is closed when the client leaves between two ranges.
    """
    before = len(os.listdir("/proc/self/fd"))
    wire = Wire()
    wire.outputBlocked()
    headers = ask(Site(Resource()), headers=[(b"range", b"bytes=0-9,100-")])[1]
    site = Site(Kinds(tmp_path))
    wire.begin(site, b"GET", b"/file", (1, 1), headers.in_headers, 0)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    wire.lose(gone())
    assert len(os.listdir("/proc/self/fd")) == before


def test_skippingTakesTurns() -> None:
    """
    Whoever wants the end of what is made in order doesn't keep all others from
    being served while the rest of it is made.
    """
    made: list[int] = []

    def blocks() -> Iterator[bytes]:
        for number in range(1000):
            made.append(number)
            yield b"x" * 1000

    root = Whole(blocks(), [("content-length", "1000000")])
    wire, _ = ask(Site(root), headers=[(b"range", b"bytes=-5")])
    assert len(made) < 20
    assert not wire.ended
    wire.turn()
    assert (wire.code, wire.body, wire.ended) == (206, b"x" * 5, True)


def test_emptyBlocks() -> None:
    """
    Nor does whoever makes many empty blocks.
    """
    made: list[int] = []

    def blocks() -> Iterator[bytes]:
        for number in range(1000):
            made.append(number)
            yield b"" if number < 999 else b"x"

    wire, _ = ask(Site(Whole(blocks())))
    assert len(made) < 20
    wire.turn()
    assert (wire.code, wire.body, wire.ended) == (200, b"x", True)


class Described(Resource):
    """
    Says all that there is to say of a representation.
    """

    isLeaf = True
    kept = (
        ("etag", TAG),
        ("content-location", "/here"),
        ("vary", "accept"),
        ("cache-control", "max-age=5"),
        ("expires", DATE),
        ("content-security-policy", "default-src 'self'"),
        ("set-cookie", "a=b"),
    )
    digests = (
        ("content-digest", "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"),
        ("content-md5", "Q2hlY2sgSW50ZWdyaXR5IQ=="),
        ("repr-digest", "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"),
    )
    described = (
        ("content-type", "text/x-test"),
        ("content-language", "de"),
        ("content-disposition", "inline"),
        ("last-modified", DATE),
        ("accept-ranges", "bytes"),
        *digests,
    )

    def render_GET(self, request: Request) -> Any:
        return Response(DATA, headers=self.kept + self.described)

    def render_PUT(self, request: Request) -> Any:
        for name, value in self.kept + self.described:
            request.out_headers.setRaw(name, value)
        return b"" if request.checkPreconditions() else None

    def render_SEARCH(self, request: Request) -> Any:
        # Writes its response by itself, but is a GET for what it checks.
        request.method = b"GET"
        return self.render_PUT(request)


def names(answer: Any) -> set[str]:
    return {name.decode() for name in answer.headers.names()} - {"date", "server"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "SEARCH"])
def test_notModified(way: Any, method: str) -> None:
    """
    A 304 has the fields that it must have and none of the representation,
    whoever has looked at the conditions.
    """
    answer = way.ask(Described(), method, "/", [("if-none-match", TAG)])
    assert (answer.code, answer.body) == (304, b"")
    assert names(answer) == {name for name, _ in Described.kept}


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_preconditionFailed(way: Any, method: str) -> None:
    """
    A 412 has a page, and nothing of the representation but its validators.
    """
    body = b"x" if method == "PUT" else b""
    answer = way.ask(Described(), method, "/", [("if-match", '"v2"')], body)
    assert answer.code == 412
    assert answer.headers.get("content-type") == b"text/html; charset=utf-8"
    assert answer.headers.get("content-length") == b"%d" % len(answer.body)
    assert answer.headers.get("etag") == TAG.encode()
    assert answer.headers.get("vary") == b"accept"
    assert answer.headers.get("set-cookie") == b"a=b"
    assert names(answer).isdisjoint(
        ("content-language", "content-disposition", "cache-control", "expires")
    )
    assert names(answer).isdisjoint(name for name, _ in Described.digests)


class Slot(Resource):
    """
    May have something, or not; without validators.
    """

    isLeaf = True

    def __init__(self, full: bool) -> None:
        super().__init__()
        self.full = full

    def render_PUT(self, request: Request) -> Any:
        if not request.checkPreconditions(exists=self.full):
            return None
        self.full = True
        return Response(code=204)

    def render_DELETE(self, request: Request) -> Any:
        if request.checkPreconditions(exists=self.full):
            self.full = False
            return Response(code=204)
        return None


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(
    ("field", "whenEmpty", "whenFull"),
    [
        (("if-match", "*"), 412, 204),
        (("if-none-match", "*"), 204, 412),
        (("if-match", '"a"'), 412, 412),
        (("if-none-match", '"a"'), 204, 204),
        (("if-unmodified-since", DATE), 204, 204),
        (("if-modified-since", DATE), 204, 204),
    ],
)
def test_withoutValidators(
    way: Any,
    method: str,
    full: bool,
    field: tuple[str, str],
    whenEmpty: int,
    whenFull: int,
) -> None:
    """
    What is made where nothing was, or taken away, asks whether there is
    something.
    """
    root = Slot(full)
    answer = way.ask(root, method, "/", [field], b"x" if method == "PUT" else None)
    assert answer.code == (whenFull if full else whenEmpty)
    changed = answer.code == 204
    assert root.full is ((method == "PUT") if changed else full)


def test_digestsOfParts(way: Any) -> None:
    """
    The digest of all the content isn't that of a part; that of the
    representation holds for both.
    """
    for field in ("bytes=0-9", "bytes=0-9,20-29"):
        answer = way.ask(Described(), fields=[("range", field)])
        assert answer.code == 206
        assert names(answer).isdisjoint(("content-digest", "content-md5"))
        assert answer.headers.get("repr-digest") is not None
    for asked in [("range", f"bytes={LENGTH}-")]:
        answer = way.ask(Described(), fields=[asked])
        assert answer.code == 416
        assert names(answer).isdisjoint(name for name, _ in Described.digests)


def test_noRangesHere(way: Any) -> None:
    """
    A resource that says that it has no ranges has none.
    """
    root = Whole(DATA, [("accept-ranges", "none")])
    for field in ("bytes=0-9", "bytes=0-9,20-29", f"bytes={LENGTH}-"):
        answer = way.ask(root, fields=[("range", field)])
        assert (answer.code, answer.body) == (200, DATA)


def test_recentDate(way: Any) -> None:
    """
    What was changed within this second may change once more, and its date
    stays: nobody gets a part of it by its date.
    """
    date = formatDate(time.time() + 5).decode("ascii")
    root = Whole(DATA, [("last-modified", date)])
    asked = [("range", "bytes=0-9"), ("if-range", date)]
    assert way.ask(root, fields=asked).code == 200
    root = Whole(DATA, [("last-modified", DATE)])
    asked = [("range", "bytes=0-9"), ("if-range", DATE)]
    assert way.ask(root, fields=asked).code == 206


@pytest.mark.parametrize("field", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"])
def test_nothingToTakeAPartOf(way: Any, tmp_path: Path, field: str) -> None:
    """
    What is empty is sent as it is, by whatever it is made.
    """
    root = Kinds(tmp_path, b"")
    for kind in ("bytes", "file", "part", "iterator", "async"):
        answer = way.ask(root, target=f"/{kind}", fields=[("range", field)])
        assert (answer.code, answer.body) == (200, b"")
        assert answer.headers.get("content-length") == b"0"
        assert answer.headers.get("content-range") is None


positions = st.integers(0, 300)
interval = st.one_of(
    positions.map(lambda first: f"{first}-"),
    positions.map(lambda last: f"-{last}"),
    st.tuples(positions, positions).map(lambda p: f"{min(p)}-{max(p)}"),
)


@pytest.mark.everywhere
@given(st.lists(interval, min_size=1, max_size=6))
def test_anyRanges(intervals: list[str]) -> None:
    """
    Whatever is asked for, what comes is what it says.
    """
    data = bytes(range(256))
    wire = get(
        Whole(data, [("content-type", "text/x-test")]), "bytes=" + ",".join(intervals)
    )
    if wire.code == 206 and wire.headers.get(b"content-range") is None:
        parts = parsed(wire)
        assert len(parts) > 1
        assert all(data[start:stop] == content for start, stop, content in parts)
    else:
        assert wire.code in (206, 416)
