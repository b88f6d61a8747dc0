"""
The responses of the showcase, read by a linter of HTTP messages.

It must find nothing bad; and what it warns of must have a reason here.
"""

from __future__ import annotations

import gzip
import re
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from httplint.message import HttpRequestLinter, HttpResponseLinter
from httplint.note import levels

from penstock.core.dates import formatDate
from penstock.core.server import Site
from penstock.transports.http1 import HTTPFactory

from ..loop import Loop
from .wire import Fields, Message, exchange, fieldsOf

ROOT: Final = Path(__file__).resolve().parent.parent.parent

FORM: Final = (b"Content-Type", b"application/x-www-form-urlencoded")
MULTIPART: Final = (b"Content-Type", b"multipart/form-data; boundary=xx")
PICTURE: Final = (
    b'--xx\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n'
    b'--xx\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n'
    b"Content-Type: image/png\r\n\r\nabc\r\n--xx--\r\n"
)
JSON: Final = (b"Content-Type", b"application/json")
LIKES_JSON: Final = (b"Accept", b"application/json")
ANY: Final = (b"If-Match", b"*")


class Case(NamedTuple):
    """
    A request, and the code of its answer.

    C{{etag}} and C{{modified}} in a field stand for those of a GET before.
    """

    code: int
    method: str
    target: str
    fields: Fields = []
    body: bytes = b""


CASES: Final = {
    "page": Case(200, "GET", "/"),
    "page head": Case(200, "HEAD", "/"),
    "allowed": Case(200, "OPTIONS", "/article"),
    "allowed anywhere": Case(200, "OPTIONS", "*"),
    "article": Case(200, "GET", "/article"),
    "language": Case(200, "GET", "/article", [(b"Accept-Language", b"de")]),
    "type": Case(200, "GET", "/article", [LIKES_JSON]),
    "no such type": Case(406, "GET", "/article", [(b"Accept", b"image/png")]),
    "not modified": Case(304, "GET", "/article", [(b"If-None-Match", b"{etag}")]),
    "head not modified": Case(304, "HEAD", "/article", [(b"If-None-Match", b"{etag}")]),
    "another state": Case(412, "GET", "/article", [(b"If-Match", b'"x"')]),
    "no such method": Case(405, "POST", "/article", [], b"x"),
    "unheard method": Case(501, "BREW", "/article"),
    "no tracing": Case(405, "TRACE", "/article"),
    "stream": Case(200, "GET", "/report"),
    "stream head": Case(200, "HEAD", "/report"),
    "stream gzip": Case(200, "GET", "/report", [(b"Accept-Encoding", b"gzip")]),
    "stream br": Case(200, "GET", "/report", [(b"Accept-Encoding", b"br")]),
    "stream zstd": Case(200, "GET", "/report", [(b"Accept-Encoding", b"zstd")]),
    "JSON": Case(200, "GET", "/notes"),
    "JSON put": Case(200, "PUT", "/notes", [JSON, ANY], b'["a"]'),
    "unconditional put": Case(428, "PUT", "/notes", [JSON], b"[]"),
    "another's put": Case(412, "PUT", "/notes", [JSON, (b"If-Match", b'"x"')], b"[]"),
    "wrong JSON": Case(422, "PUT", "/notes", [JSON, ANY], b"[1]"),
    "problem": Case(422, "PUT", "/notes", [JSON, ANY, LIKES_JSON], b"[1]"),
    "no JSON": Case(400, "PUT", "/notes", [JSON, ANY], b"{"),
    "not JSON": Case(415, "PUT", "/notes", [FORM, ANY], b"[]"),
    "large": Case(413, "PUT", "/notes", [JSON, ANY], b"x" * 20_000),
    "form": Case(200, "GET", "/contact"),
    "form sent": Case(303, "POST", "/contact", [FORM], b"name=Ada"),
    "form with files": Case(303, "POST", "/contact", [MULTIPART], PICTURE),
    "no text": Case(400, "POST", "/contact", [FORM], b"name=%ff"),
    "no form": Case(415, "POST", "/contact", [JSON], b"{}"),
    "cookie": Case(200, "GET", "/theme", [(b"Cookie", b"theme=dark")]),
    "set cookie": Case(303, "POST", "/theme", [FORM], b"theme=dark"),
    "folder": Case(308, "GET", "/files"),
    "index": Case(200, "GET", "/files/"),
    "listing": Case(200, "GET", "/files/images/"),
    "listing head": Case(200, "HEAD", "/files/images/?sort=-size"),
    "file": Case(200, "GET", "/files/data.bin"),
    "style": Case(200, "GET", "/files/style.css"),
    "sibling": Case(200, "GET", "/files/style.css", [(b"Accept-Encoding", b"gzip")]),
    "range": Case(206, "GET", "/files/data.bin", [(b"Range", b"bytes=0-99")]),
    "suffix": Case(206, "GET", "/files/data.bin", [(b"Range", b"bytes=-1")]),
    "ranges": Case(206, "GET", "/files/data.bin", [(b"Range", b"bytes=0-9,500-509")]),
    "range of sibling": Case(
        206,
        "GET",
        "/files/style.css",
        [(b"Accept-Encoding", b"gzip"), (b"Range", b"bytes=0-9")],
    ),
    "range of page": Case(206, "GET", "/article", [(b"Range", b"bytes=0-9")]),
    "ranges of page": Case(206, "GET", "/article", [(b"Range", b"bytes=0-1,9-")]),
    "range still current": Case(
        206,
        "GET",
        "/article",
        [(b"Range", b"bytes=5-9"), (b"If-Range", b"{etag}")],
    ),
    "range of the past": Case(
        200, "GET", "/article", [(b"Range", b"bytes=5-9"), (b"If-Range", b'"x"')]
    ),
    "range of a head": Case(
        200, "HEAD", "/files/data.bin", [(b"Range", b"bytes=0-99")]
    ),
    "problem of range": Case(
        416, "GET", "/article", [(b"Range", b"bytes=9999-"), LIKES_JSON]
    ),
    "no such range": Case(
        416, "GET", "/files/data.bin", [(b"Range", b"bytes=9999999-")]
    ),
    "file not modified": Case(
        304, "GET", "/files/data.bin", [(b"If-Modified-Since", b"{modified}")]
    ),
    "modified": Case(
        412,
        "GET",
        "/files/data.bin",
        [(b"If-Unmodified-Since", b"Mon, 01 Jan 2001 00:00:00 GMT")],
    ),
    "not found": Case(404, "GET", "/none"),
    "problem not found": Case(404, "GET", "/none", [LIKES_JSON]),
    "malformed": Case(400, "GET", "/%zz"),
    "redirect": Case(301, "GET", "/old"),
    "events": Case(200, "GET", "/events"),
}

# Why a warning is none of ours: by its name, and the cases that it is about.
REASONS: Final = {
    "STATUS_BAD_REQUEST": (
        r"no JSON|no text|malformed",
        "The request was bad indeed.",
    ),
    "FRESHNESS_HEURISTIC": (
        r"index|listing.*|file|style|.*sibling|ranges?( of a head)?|suffix|redirect",
        (
            "Files don't know how long they hold. RFC 9111, section 4.2.2, says what"
            " caches make of that, and the validators are there."
        ),
    ),
    "DATE_CLOCKLESS": (
        r"hints of .*",
        (
            "RFC 9110, section 6.6.1: a 1xx need not have a Date, and the response"
            " follows soon."
        ),
    ),
}

# RFC 9110, section 15.3.7.2: there must be no Content-Range in the head of a
# multipart/byteranges; the parts have it.  The linter misses it there, since it
# doesn't look at the media type.  So it is given each part as a response, too.
MISSED_IN_HEAD: Final = "PARTIAL_WITHOUT_RANGE"

SEVERAL: Final = re.compile(rb"multipart/byteranges; boundary=([0-9A-Za-z]+)")


def noted(notes: Any) -> Iterator[Any]:
    for note in notes:
        yield note
        yield from noted(note.subnotes)


def partsOf(response: Message) -> list[Message]:
    """
    What a response with several ranges consists of: for each of them, the
    response that it would be alone.  Nothing of any other response.
    """
    found = SEVERAL.fullmatch(response.get(b"content-type") or b"")
    if found is None or response.get(b"content-range") is not None:
        return []
    opening, *pieces, end = (b"\r\n" + response.body).split(b"\r\n--" + found[1])
    assert (opening, end) == (b"", b"--\r\n")
    parts = []
    for piece in pieces:
        head, _, body = piece.partition(b"\r\n\r\n")
        own = fieldsOf(head.split(b"\r\n"))
        names = {b"content-length", *(name.lower() for name, _ in own)}
        fields = [
            *(field for field in response.fields if field[0].lower() not in names),
            *own,
            (b"Content-Length", b"%d" % len(body)),
        ]
        parts.append(response._replace(fields=fields, body=body))
    return parts


def complaints(
    name: str,
    case: Case,
    fields: Fields,
    response: Message,
) -> list[str]:
    """
    What the linter has to say of a response, and of its parts, but for that
    which has a reason.
    """
    parts = partsOf(response)
    found = [
        f"{note.level.name} {type(note).__name__}: {note.summary}"
        for note in noticed(case, fields, response)
        if not isExplained(name, type(note).__name__, bool(parts))
    ]
    for part in parts:
        found += complaints(name, case, fields, part)
    return found


def isExplained(name: str, kind: str, hasParts: bool) -> bool:
    if kind == MISSED_IN_HEAD:
        return hasParts
    cases, _ = REASONS.get(kind, ("", ""))
    return re.fullmatch(cases, name) is not None


def noticed(case: Case, fields: Fields, response: Message) -> list[Any]:
    """
    The notes that are bad, and the warnings.
    """
    now = time.time()
    asked = HttpRequestLinter(start_time=now)
    asked.process_request_topline(case.method.encode(), case.target.encode(), b"1.1")
    asked.process_headers(fields)
    asked.feed_content(case.body)
    asked.finish_content(True)
    answered = HttpResponseLinter(
        start_time=now, no_content=case.method == "HEAD" or response.code[:1] == b"1"
    )
    answered.request = asked
    answered.process_response_topline(response.version, response.code, response.phrase)
    answered.process_headers(response.fields)
    answered.feed_content(response.body)
    answered.finish_content(response.isWhole, response.trailers)
    return [
        note
        for note in noted(answered.notes)
        if note.level in (levels.BAD, levels.WARN)
    ]


def filled(case: Case, before: Message | None) -> Fields:
    """
    The fields of C{case}, as they are sent.
    """
    fields = [(b"Host", b"localhost"), (b"User-Agent", b"test"), *case.fields]
    if before is not None:
        values = {b"{etag}": b"etag", b"{modified}": b"last-modified"}
        fields = [
            (key, (before.get(values[value]) or b"") if value in values else value)
            for key, value in fields
        ]
    return fields


def needsOneBefore(case: Case) -> bool:
    return any(value[:1] == b"{" for _, value in case.fields)


@pytest.fixture
def showcase(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """
    Makes its tree, around a folder with compressed siblings.
    """
    files = tmp_path / "files"
    shutil.copytree(ROOT / "examples" / "files", files)
    (files / "data.bin").write_bytes(bytes(range(256)) * 40)
    style = files / "style.css"
    Path(f"{style}.gz").write_bytes(gzip.compress(style.read_bytes()))
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    before = set(sys.modules)
    made = import_module("examples.showcase")
    yield lambda clock: made.tree(clock, files)
    for name in set(sys.modules) - before:
        if name.split(".")[0] == "examples":
            del sys.modules[name]


@pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES.keys())
def test_onTheWire(loop: Loop, showcase: Any, name: str, case: Case) -> None:
    """
    The octets of HTTP/1.1, interim responses and trailers, too.
    """
    site = Site(showcase(loop.reactor))
    port = loop.listen(HTTPFactory(site, loop.reactor))
    before = None
    if needsOneBefore(case):
        plain = filled(case._replace(fields=[]), None)
        before = exchange(loop, port, "GET", case.target, plain, b"")[-1]
    fields = filled(case, before)
    *interim, final = exchange(
        loop, port, case.method, case.target, fields, case.body, name == "events"
    )
    assert int(final.code) == case.code
    assert len(interim) == (case.target == "/")
    found = complaints(name, case, fields, final)
    for response in interim:
        found += complaints(f"hints of {name}", case, fields, response)
    assert found == []


@pytest.mark.parametrize("name", CASES)
def test_overEachTransport(way: Any, showcase: Any, name: str) -> None:
    """
    What callers are given, whatever carried it.
    """
    case = CASES[name]
    root = showcase(way.clock)

    def ask(method: str, fields: Fields, body: bytes) -> Message:
        started = way.start(root, method, case.target, fields, body or None)
        response = way.wait(started)
        isWhole = name != "events"
        wanted = response.read() if isWhole else response.content.next()
        body = way.wait(wanted)
        trailers = list(response.trailers or ())
        if not isWhole:
            response.cancel()
            way.settle()
        code = b"%d" % response.code
        headers = response.headers.copy()
        if b"date" not in headers:
            # Each hop of HTTP's writes one where it passes something on that
            # has none.
            headers.setHeader("date", datetime.now(UTC))
        return Message(b"1.1", code, b"", list(headers), body, trailers, isWhole)

    before = None
    if needsOneBefore(case):
        before = ask("GET", filled(case._replace(fields=[]), None), b"")
    fields = filled(case, before)
    answer = ask(case.method, fields, case.body)
    assert int(answer.code) == case.code
    assert complaints(name, case, fields, answer) == []


def test_reasonsAreNeeded() -> None:
    """
    Each names a note that there is.
    """
    names = set()
    for module in list(sys.modules.values()):
        if module.__name__.startswith("httplint"):
            names.update(vars(module))
    assert names.issuperset({*REASONS, MISSED_IN_HEAD})


def partial(
    kind: bytes = b"multipart/byteranges; boundary=x",
    ranges: tuple[bytes, ...] = (b"bytes 0-2/9", b"bytes 6-8/9"),
    *fields: tuple[bytes, bytes],
) -> Message:
    """
    @return: a 206 with parts of three octets.
    """
    body = b"".join(
        b"--x\r\nContent-Type: image/png\r\nContent-Range: %s\r\n\r\nabc\r\n" % it
        for it in ranges
    )
    body += b"--x--\r\n"
    return Message(
        b"1.1",
        b"206",
        b"Partial Content",
        [
            (b"Cache-Control", b"max-age=60"),
            (b"ETag", b'"1"'),
            (b"Content-Type", kind),
            (b"Content-Length", b"%d" % len(body)),
            *fields,
        ],
        body,
    )


RANGE: Final = (b"Content-Range", b"bytes 0-2/9")


@pytest.mark.parametrize(
    ("response", "kinds"),
    [
        (partial(), []),
        (partial(ranges=(b"bytes 0-2/9",)), []),
        (partial(kind=b"text/plain"), [MISSED_IN_HEAD]),
        (partial(kind=b"multipart/mixed; boundary=x"), [MISSED_IN_HEAD]),
        (partial(b"text/plain", (), RANGE), []),
        (
            partial(ranges=(b"bytes 6-8/9", b"bytes 0-2")),
            ["CONTENT_RANGE_MISSING_SLASH"],
        ),
    ],
    ids=["several", "one", "no parts", "other parts", "in the head", "bad part"],
)
def test_parts(response: Message, kinds: list[str]) -> None:
    """
    Of a response with several ranges, the linter complains of nothing but the
    Content-Range that it mustn't have; what is wrong with a part is found; and
    nothing else may go without that field.
    """
    case = Case(206, "GET", "/", [(b"Range", b"bytes=0-2,6-8")])
    fields = filled(case, None)
    response.fields.append((b"Date", formatDate(int(time.time()))))
    ofHead = [type(note).__name__ for note in noticed(case, fields, response)]
    assert ofHead == ([] if RANGE in response.fields else [MISSED_IN_HEAD])
    found = complaints("ranges", case, fields, response)
    assert [line.split(" ")[1].rstrip(":") for line in found] == kinds
