"""
Compression, over each transport.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater

from penstock.core.body import FilePart
from penstock.core.codings import CODINGS
from penstock.core.encoding import encodeBody
from penstock.core.errors import HTTPError
from penstock.core.events import EventStream
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site
from penstock.resources.compressed import Compressed
from penstock.resources.file import File

from ..core.fakes import Wire, ask, gone

TEXT = b"".join(b"line %d of a text\n" % number for number in range(100_000))
SHORT = TEXT[:20_000]
HTML = ("content-type", "text/html; charset=utf-8")
LENGTHS = {"bytes": TEXT, "short": SHORT}


def expanded(coding: str, data: bytes) -> bytes:
    """
    All of C{data}, which must be whole.
    """
    decoder = CODINGS[coding].decoder()
    made = decoder.feed(data, 1 << 20)
    while decoder.pending:
        made += decoder.feed(b"", 1 << 20)
    decoder.finish()
    return made


class Kinds(Resource):
    """
    The same text in every form.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / "data"
        self.path.write_bytes(TEXT)
        self.closed: list[str] = []
        for kind in ("bytes", "short", "file", "iterator", "async", "one block"):
            self.putChild(kind.replace(" ", ""), One(self, kind))


class One(Resource):
    def __init__(self, kinds: Kinds, kind: str) -> None:
        super().__init__()
        self.kinds = kinds
        self.kind = kind

    def render_GET(self, request: Request) -> Response:
        body: Any = self.blocks()
        if self.kind in LENGTHS:
            body = LENGTHS[self.kind]
        elif self.kind == "file":
            body = self.kinds.path.open("rb")
        elif self.kind == "async":
            body = self.later()
        elif self.kind == "one block":
            body = iter([TEXT])
        return Response(body, headers=[HTML, ("etag", '"v1"')])

    def blocks(self) -> Iterator[bytes]:
        try:
            for at in range(0, len(TEXT), 5000):
                yield TEXT[at : at + 5000]
        finally:
            self.kinds.closed.append(self.kind)

    async def later(self) -> AsyncIterator[bytes]:
        for block in self.blocks():
            yield block


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "kind", ["bytes", "short", "file", "iterator", "async", "oneblock"]
)
def test_compressed(way: Any, tmp_path: Path, kind: str, coding: str) -> None:
    """
    What comes is smaller, and the same.
    """
    before = len(os.listdir("/proc/self/fd"))
    root = Compressed(Kinds(tmp_path))
    fields = [("accept-encoding", coding)]
    answer = way.ask(root, target=f"/{kind}", fields=fields)
    whole = LENGTHS.get(kind, TEXT)
    assert answer.code == 200
    assert answer.headers.get("content-encoding") == coding.encode()
    assert answer.headers.get("vary") == b"accept-encoding"
    assert answer.headers.get("etag") == b'W/"v1-%s"' % coding.encode()
    assert len(answer.body) < len(whole) / 3
    assert expanded(coding, answer.body) == whole
    if kind == "short":
        length = answer.headers.get("content-length")
        assert length == b"%d" % len(answer.body)
    else:
        assert answer.headers.get("content-length") is None
    head = way.ask(root, "HEAD", f"/{kind}", fields)
    assert (head.code, head.body) == (200, b"")
    for name in ("content-encoding", "etag", "vary", "content-length"):
        assert head.headers.get(name) == answer.headers.get(name)
    again = [*fields, ("if-none-match", f'"v0", W/"v1-{coding}"')]
    assert way.ask(root, "GET", f"/{kind}", again).code == 304
    way.settle()
    if hasattr(way.clock, "advance"):
        assert len(os.listdir("/proc/self/fd")) == before


class Whole(Resource):
    """
    A response with whatever fields.
    """

    def __init__(
        self, body: Any = TEXT, fields: Any = (HTML,), code: int = 200
    ) -> None:
        super().__init__()
        self.answer = (body, code, fields)

    def render_GET(self, request: Request) -> Response:
        return Response(*self.answer)


def get(
    resource: Any, fields: Any = (("accept-encoding", "gzip"),), **named: Any
) -> Wire:
    raw = [(name.encode(), value.encode()) for name, value in fields]
    wire, _ = ask(Site(resource), headers=raw, **named)
    wire.turn()
    return wire


CHOICES: list[tuple[str | None, bytes | None]] = [
    (None, None),
    ("", None),
    ("gzip", b"gzip"),
    ("br, gzip", b"br"),
    ("br;q=0.5, gzip;q=0.6", b"gzip"),
    ("br;q=0, *", b"zstd"),
    ("*", b"br"),
    ("gzip;q=0", None),
    ("compress", None),
    ("identity, gzip;q=0.5", None),
    ("gzip, identity", b"gzip"),
    ("x-gzip", b"gzip"),
    ("identity;q=0, compress", None),
    ("nonsense;;;", None),
]


@pytest.mark.everywhere
@pytest.mark.parametrize(("accept", "coding"), CHOICES)
def test_choice(accept: str | None, coding: bytes | None) -> None:
    """
    The client has the choice, and everybody is told that it has.
    """
    fields = [] if accept is None else [("accept-encoding", accept)]
    wire = get(Compressed(Whole()), fields)
    assert wire.headers.get(b"content-encoding") == coding
    assert wire.headers.get(b"vary") == b"accept-encoding"
    if coding is None:
        assert wire.body == TEXT


ALONE: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "coded": (Whole(TEXT, [HTML, ("content-encoding", "br")]), []),
    "no transform": (Whole(TEXT, [HTML, ("cache-control", "no-transform")]), []),
    "nobody knows": (Whole(TEXT, [HTML, ("cache-control", "=,;")]), []),
    "picture": (Whole(TEXT, [("content-type", "image/png")]), []),
    "no type": (Whole(TEXT, []), []),
    "small": (Whole(TEXT[:1023]), []),
    "a range already": (
        Whole(TEXT, [HTML, ("content-range", "bytes 0-9/100")], 206),
        [],
    ),
    "asked for as a range": (Whole(TEXT), [("range", "bytes=0-9")]),
    "asked for as ranges": (Whole(TEXT), [("range", "bytes=0-9,20-29")]),
    "not smaller": (Whole(os.urandom(5000)), []),
}


@pytest.mark.everywhere
@pytest.mark.parametrize(("resource", "fields"), ALONE.values(), ids=ALONE.keys())
def test_leftAlone(resource: Any, fields: Any) -> None:
    """
    What is not to be compressed goes as it is.
    """
    asked = [("accept-encoding", "gzip"), *fields]
    wire, plain = get(Compressed(resource), asked), get(resource, asked)
    assert wire.code == plain.code
    if wire.headers.get(b"content-range") is None and wire.code == 206:
        assert len(wire.body) == len(plain.body)
    else:
        assert wire.body == plain.body
    said = wire.headers.get(b"content-encoding")
    assert said == plain.headers.get(b"content-encoding")
    assert wire.headers.get(b"content-length") is not None


@pytest.mark.everywhere
def test_leftAloneWhereTheyWriteThemselves() -> None:
    """
    What a resource writes by itself is its own.
    """

    class Driving(Resource):
        def render_GET(self, request: Request) -> None:
            request.out_headers.setRaw(*HTML)
            request.write(TEXT)
            request.finish()

    wire = get(Compressed(Driving()))
    assert (wire.body, b"content-encoding" in wire.headers) == (TEXT, False)


@pytest.mark.everywhere
def test_plainAnswers() -> None:
    """
    Plain octets and text are compressed as well as what has been given fields.
    """

    class Plain(Resource):
        def render_GET(self, request: Request) -> str:
            return SHORT.decode()

    class Octets(Plain):
        contentType = "text/css"

        def render_GET(self, request: Request) -> Any:
            return SHORT

    for resource in (Plain(), Octets()):
        wire = get(Compressed(resource))
        assert expanded("gzip", wire.body) == SHORT


@pytest.mark.everywhere
def test_fieldsOfContent() -> None:
    """
    What holds for the content as it was isn't said of what it has become.
    """
    fields = [
        HTML,
        ("accept-ranges", "bytes"),
        ("content-length", str(len(TEXT))),
        ("content-digest", "sha-256=:AAAA:"),
        ("repr-digest", "sha-256=:AAAA:"),
        ("etag", 'W/"v1"'),
        ("x-other", "stays"),
    ]
    headers = get(Compressed(Whole(iter([TEXT]), fields))).headers
    for name in ("accept-ranges", "content-length", "content-digest", "repr-digest"):
        assert name not in headers
    assert headers.get(b"x-other") == b"stays"
    assert headers.get(b"etag") == b'W/"v1-gzip"'


@pytest.mark.everywhere
def test_errors() -> None:
    """
    Pages of errors are small enough; a larger one is compressed as others are.
    """

    class Failing(Resource):
        def render_GET(self, request: Request) -> Any:
            raise HTTPError(404, request.uri.decode() * 500)

    wire = get(Compressed(Failing()), target=b"/")
    assert wire.code == 404
    wire = get(Compressed(Whole(TEXT, code=404)))
    assert (wire.code, wire.headers.get(b"content-encoding")) == (404, b"gzip")


@pytest.mark.everywhere
def test_ranges(tmp_path: Path) -> None:
    """
    A range is of the text, and only for who has the text.
    """
    root = Compressed(Kinds(tmp_path))
    for tag, code in [('"v1"', 206), ('W/"v1-gzip"', 200), ('"v1-gzip"', 200)]:
        asked = [
            ("accept-encoding", "gzip"),
            ("range", "bytes=5-9"),
            ("if-range", tag),
        ]
        wire = get(root, asked, target=b"/bytes")
        assert wire.code == code
        assert wire.headers.get(b"content-encoding") is None
        assert wire.body == (TEXT[5:10] if code == 206 else TEXT)


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (("if-match", '"v1"'), 200),
        (("if-match", 'W/"v1-gzip"'), 200),
        (("if-match", '"v1-br"'), 200),
        (("if-match", '"v0-gzip", "v1-gzip"'), 200),
        (("if-match", '"v0-gzip"'), 412),
        (("if-match", '"v1-other"'), 412),
        (("if-match", "*"), 200),
        (("if-none-match", 'W/"v1-gzip"'), 412),
    ],
)
def test_changing(way: Any, field: Any, code: int) -> None:
    """
    Who changes what it has got compressed says so by the tag that it has got.
    """

    class Changing(Resource):
        def render_PUT(self, request: Request) -> Any:
            request.out_headers.setRaw("etag", '"v1"')
            return b"" if request.checkPreconditions() else None

    answer = way.ask(Compressed(Changing()), "PUT", "/", [field], b"x")
    assert answer.code == code


@pytest.mark.parametrize(
    ("field", "code"),
    [
        (("if-match", '"now-gzip"'), 200),
        (("if-match", '"now-gzip-br"'), 200),
        (("if-match", '"now"'), 412),
        (("if-none-match", '"now-gzip"'), 412),
        (("if-none-match", '"now"'), 200),
    ],
)
def test_ownTags(way: Any, field: Any, code: int) -> None:
    """
    A resource's own tags may look like ours.
    """

    class Changing(Resource):
        def render_PUT(self, request: Request) -> Any:
            request.out_headers.setRaw("etag", '"now-gzip"')
            return b"" if request.checkPreconditions() else None

    answer = way.ask(Compressed(Changing()), "PUT", "/", [field], b"x")
    assert answer.code == code


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [0, 1000, 64 * 1024, 1024 * 1024])
def test_takesTurns(coding: str, size: int) -> None:
    """
    However much becomes nothing, others get a turn after each 64 KiB of it.
    """
    blocks = (bytes(size) for _ in range(200))
    made = encodeBody(blocks, CODINGS[coding].encoder(), flush=False)
    turns = sum(1 for _ in made)
    assert turns >= (200 * size / 66_000 if size else 200)


@pytest.mark.everywhere
def test_vary() -> None:
    """
    What depended on something before depends on more now.
    """
    wire = get(Compressed(Whole(TEXT, [HTML, ("vary", "Cookie")])))
    assert wire.headers.get(b"vary") == b"Cookie, accept-encoding"


@pytest.mark.everywhere
def test_twice() -> None:
    """
    Two around each other compress once.
    """
    wire = get(Compressed(Compressed(Whole())))
    assert wire.headers.getRaw(b"content-encoding") == (b"gzip",)
    assert expanded("gzip", wire.body) == TEXT


@pytest.mark.parametrize("coding", CODINGS)
def test_eventsAtOnce(coding: str) -> None:
    """
    Each event reaches the client when it happens.
    """
    clock = Clock()

    class Streaming(Resource):
        def render_GET(self, request: Request) -> Response:
            return EventStream(self.events(), clock).response()

        async def events(self) -> AsyncIterator[str]:
            for number in range(3):
                yield f"event {number}"
                await deferLater(clock, 1)

    wire = get(Compressed(Streaming()), [("accept-encoding", coding)])
    decoder = CODINGS[coding].decoder()
    for number in range(3):
        got, wire.body = wire.body, b""
        assert decoder.feed(got, 1 << 16) == b"data: event %d\n\n" % number
        clock.advance(1)
    assert wire.ended
    decoder.feed(wire.body, 1 << 16)
    decoder.finish()


def test_iteratedEventsAtOnce() -> None:
    """
    So does each that an iterator has ready.
    """
    wire = Wire()
    body = iter([b"data: 1\n\n", b"data: 2\n\n"])
    site = Site(Compressed(Whole(body, [("content-type", "text/event-stream")])))
    fields = [(b"host", b"x"), (b"accept-encoding", b"gzip")]
    wire.begin(site, b"GET", b"/", (1, 1), Headers(fields), 0)
    decoder = CODINGS["gzip"].decoder()
    assert decoder.feed(wire.body, 100) == b"data: 1\n\ndata: 2\n\n"


def test_slowReader(tmp_path: Path) -> None:
    """
    Nothing is compressed that the client doesn't take.
    """
    made = 0

    def blocks() -> Iterator[bytes]:
        nonlocal made
        while True:
            made += 1
            yield os.urandom(10_000)

    wire = Wire()
    wire.outputBlocked()
    site = Site(Compressed(Whole(blocks())))
    fields = [(b"host", b"x"), (b"accept-encoding", b"gzip")]
    wire.begin(site, b"GET", b"/", (1, 1), Headers(fields), 0)
    wire.turn()
    # The first one is made before the head goes out.
    assert made == 1
    wire.lose(gone())


def test_disconnect(tmp_path: Path) -> None:
    """
    What was to be compressed is closed when the client leaves.
    """
    before = len(os.listdir("/proc/self/fd"))
    closed: list[bool] = []

    async def endless() -> AsyncIterator[bytes]:
        try:
            yield b"x"
            await Deferred()
        finally:
            closed.append(True)

    root = Kinds(tmp_path)
    root.putChild("endless", Whole(endless()))
    for target in (b"/file", b"/iterator", b"/endless"):
        wire = Wire()
        wire.outputBlocked()
        fields = [(b"host", b"x"), (b"accept-encoding", b"gzip")]
        site = Site(Compressed(root))
        wire.begin(site, b"GET", target, (1, 1), Headers(fields), 0)
        wire.lose(gone())
    assert closed == [True]
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("length", [len(TEXT) + 1, len(TEXT) * 2])
def test_shrinkingFile(tmp_path: Path, length: int, loggedErrors: Any) -> None:
    """
    A file that has become shorter never looks whole.
    """
    path = tmp_path / "a"
    path.write_bytes(TEXT)
    wire = get(Compressed(Whole(FilePart(path.open("rb"), 0, length))))
    assert (wire.ended, wire.aborted) == (False, True)
    assert [type(each) for each in loggedErrors.flush()] == [EOFError]


@pytest.mark.everywhere
def test_partOfAFile(tmp_path: Path) -> None:
    """
    A part of a file is compressed as a part.
    """
    path = tmp_path / "a"
    path.write_bytes(TEXT)
    part = FilePart(path.open("rb"), 10_000, 500_000)
    wire = get(Compressed(Whole(part)))
    assert expanded("gzip", wire.body) == TEXT[10_000:510_000]


def test_realFiles(way: Any, tmp_path: Path) -> None:
    """
    Files are compressed as everything else is.
    """
    (tmp_path / "a.txt").write_bytes(TEXT)
    fields = [("accept-encoding", "gzip")]
    answer = way.ask(Compressed(File(tmp_path)), target="/a.txt", fields=fields)
    assert expanded("gzip", answer.body) == TEXT


def test_unknownCoding() -> None:
    """
    Who asks for what isn't there is told.
    """
    with pytest.raises(ValueError, match="compress"):
        Compressed(Whole(), ["compress"])
