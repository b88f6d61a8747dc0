"""
Tests for forms: L{penstock.core.formparts}, L{penstock.core.formdata} and
L{penstock.core.parts}.

The ids name rows of what went wrong elsewhere: I1 is too many parts, and so
on.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.content import Form, Parts
from penstock.core.errors import LimitExceeded, MalformedContent, MissingField
from penstock.core.formdata import Submitted
from penstock.core.formparts import FormParser
from penstock.core.mediatype import parseMediaType
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site

from .fakes import Wire, ask, gone

URL = b"application/x-www-form-urlencoded"
MULTI = b"multipart/form-data; boundary=xx"

SMALL = Form(
    limit=5000,
    fields=3,
    fieldSize=20,
    fieldsSize=30,
    files=2,
    fileSize=50,
    memory=10,
    partFields=3,
    partFieldSize=200,
)


def part(head: bytes, content: bytes = b"v") -> bytes:
    return b"--xx\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def field(name: bytes = b"a", content: bytes = b"v", more: bytes = b"") -> bytes:
    return part(b'Content-Disposition: form-data; name="' + name + b'"' + more, content)


def file(name: bytes = b"f", called: bytes = b"x", content: bytes = b"v") -> bytes:
    return field(name, content, b'; filename="' + called + b'"')


END = b"--xx--\r\n"

Row = tuple[bytes, bytes, Any]

# Media type, content, and the code, or the fields and files that come of it.
ROWS: dict[str, Row] = {
    "empty": (URL, b"", ({}, {})),
    "one": (URL, b"a=1", ({"a": ["1"]}, {})),
    "order": (URL, b"a=1&b=2&a=3", ({"a": ["1", "3"], "b": ["2"]}, {})),
    "blank": (URL, b"a=&b&=c", ({"a": [""], "b": [""], "": ["c"]}, {})),
    "nothing between": (URL, b"&&a=1&&", ({"a": ["1"]}, {})),
    "escapes": (URL, b"a+b=%C3%A4%26%3D+%2B", ({"a b": ["ä&= +"]}, {})),
    "half an escape": (URL, b"a=%4&b=%zz%", ({"a": ["%4"], "b": ["%zz%"]}, {})),
    "raw octets": (URL, "a=ä".encode(), ({"a": ["ä"]}, {})),
    "equals": (URL, b"a==b=", ({"a": ["=b="]}, {})),
    "semicolon": (URL, b"a=1;b=2", ({"a": ["1;b=2"]}, {})),
    "charset": (URL + b"; charset=ISO-8859-1", b"a=%E4", ({"a": ["ä"]}, {})),
    "unknown charset": (URL + b"; charset=klingon", b"a=1", 415),
    "punycode is none": (URL + b"; charset=punycode", b"a=1", 415),
    "not UTF-8": (URL, b"a=%E4", 400),
    "name not UTF-8": (URL, b"%E4=a", 400),
    "I3 count": (URL, b"a=1&a=1&a=1&a=1", 413),
    "I3 names count": (URL, b"a&b&c&d", 413),
    "I3 field": (URL, b"a=" + b"x" * 21, 413),
    "I3 escaped field": (URL, b"a=" + b"%41" * 20, ({"a": ["A" * 20]}, {})),
    "I3 together": (URL, b"a=" + b"x" * 20 + b"&b=" + b"x" * 20, 413),
    "I3 name": (URL, b"x" * 31, 413),
    "I3 never ends": (URL, b"%41" * 60, 413),
    "multipart": (MULTI, field() + END, ({"a": ["v"]}, {})),
    "several": (
        MULTI,
        field(b"a", b"1") + field(b"b", b"2") + field(b"a", b"3") + END,
        ({"a": ["1", "3"], "b": ["2"]}, {}),
    ),
    "file": (MULTI, file() + END, ({}, {"f": [("x", "v")]})),
    "I15 files of one name": (
        MULTI,
        file(b"f", b"x", b"1") + file(b"f", b"y", b"2") + END,
        ({}, {"f": [("x", "1"), ("y", "2")]}),
    ),
    "no parts": (MULTI, b"--xx--\r\n", ({}, {})),
    "no line after it": (MULTI, field() + b"--xx--", ({"a": ["v"]}, {})),
    "line before it": (MULTI, b"\r\n" + field() + END, ({"a": ["v"]}, {})),
    "empty field": (MULTI, field(content=b"") + END, ({"a": [""]}, {})),
    "no file chosen": (MULTI, file(called=b"", content=b"") + END, ({}, {})),
    "file without a name": (
        MULTI,
        file(called=b"", content=b"v") + END,
        ({}, {"f": [("", "v")]}),
    ),
    "empty file": (MULTI, file(content=b"") + END, ({}, {"f": [("x", "")]})),
    "text of a part": (
        MULTI,
        part(
            b"Content-Disposition: form-data; name=a\r\n"
            b"Content-Type: text/plain; charset=iso-8859-1",
            b"\xe4",
        )
        + END,
        ({"a": ["ä"]}, {}),
    ),
    "text not in its charset": (MULTI, field(content=b"\xe4") + END, 400),
    "any octets in a file": (
        MULTI,
        file(content=b"\r\n--x\r\n--xy\r-\n\0") + END,
        ({}, {"f": [("x", "\r\n--x\r\n--xy\r-\n\0")]}),
    ),
    "boundary within": (MULTI, file(content=b"\r\n--xx!") + END, 400),
    "name in UTF-8": (MULTI, field("ä".encode()) + END, ({"ä": ["v"]}, {})),
    "name as browsers write it": (
        MULTI,
        field(b"a%22b%0D%0Ac") + END,
        ({'a"b\r\nc': ["v"]}, {}),
    ),
    "I1 fields": (MULTI, field() * 4 + END, 413),
    "I1 files": (MULTI, file() * 3 + END, 413),
    "I1 both": (MULTI, field() * 3 + file() * 3 + END, 413),
    "I2 field": (MULTI, field(content=b"x" * 21) + END, 413),
    "I2 together": (MULTI, field(content=b"x" * 20) * 2 + END, 413),
    "I2 name": (MULTI, field(b"x" * 31) + END, 413),
    "file size": (MULTI, file(content=b"x" * 51) + END, 413),
    "files count as files": (
        MULTI,
        file(content=b"x" * 50) * 2 + END,
        ({}, {"f": [("x", "x" * 50)] * 2}),
    ),
    "whole": (MULTI, file() + END + b"x" * 5000, 413),
    "I4 full of line ends": (MULTI, file(content=b"\r" * 50) + END, ({}, ...)),
    "I4 nearly boundaries": (MULTI, file(content=b"\r\n--x" * 10) + END, ({}, ...)),
    "I5 preamble": (MULTI, b"hello\r\n" + field() + END, 400),
    "I5 line ends before": (MULTI, b"\r\n\r\n" + field() + END, 400),
    "I5 epilogue": (MULTI, field() + END + b"\r\nbye" * 100, ({"a": ["v"]}, {})),
    "I5 parts after the end": (
        MULTI,
        field() + END + field() + END,
        ({"a": ["v"]}, {}),
    ),
    "I6 header count": (
        MULTI,
        part(b"content-disposition: form-data; name=a" + b"\r\nX: y" * 3) + END,
        413,
    ),
    "I6 header size": (MULTI, field(more=b"; x=" + b"y" * 200) + END, 413),
    "I6 header name": (
        MULTI,
        part(b"x" * 300 + b": y\r\ncontent-disposition: form-data; name=a") + END,
        413,
    ),
    "I6 header never ends": (MULTI, b"--xx\r\n" + b"x" * 300, 413),
    "I6 boundary of 70": (
        b"multipart/form-data; boundary=" + b"y" * 70,
        (field() + END).replace(b"--xx", b"--" + b"y" * 70),
        ({"a": ["v"]}, {}),
    ),
    "I6 boundary of 71": (
        b"multipart/form-data; boundary=" + b"y" * 71,
        (field() + END).replace(b"--xx", b"--" + b"y" * 71),
        400,
    ),
    "boundary in quotes": (
        b'multipart/form-data; boundary="x x:y"',
        (field() + END).replace(b"--xx", b"--x x:y"),
        ({"a": ["v"]}, {}),
    ),
    "no boundary": (b"multipart/form-data", field() + END, 400),
    "empty boundary": (b'multipart/form-data; boundary=""', field() + END, 400),
    "boundary with a line end": (
        b'multipart/form-data; boundary="x\tx"',
        field() + END,
        400,
    ),
    "another boundary": (b"multipart/form-data; boundary=yy", field() + END, 400),
    "I7 CR in a header": (MULTI, field(more=b"\rX: y") + END, 400),
    "I7 LF in a header": (MULTI, field(more=b"\nX: y") + END, 400),
    "I7 NUL in a header": (MULTI, field(more=b"\0") + END, 400),
    "I7 LF ends": (MULTI, (field() + END).replace(b"\r\n", b"\n"), 400),
    "header not UTF-8": (MULTI, field(b"\xe4") + END, 400),
    "I8 path": (MULTI, file(called=b"/etc/x") + END, ({}, {"f": [("x", "v")]})),
    "I8 other path": (MULTI, file(called=b"C:\\a\\x") + END, ({}, {"f": [("x", "v")]})),
    "I8 dots": (MULTI, file(called=b"../..") + END, ({}, {"f": [("", "v")]})),
    "I8 semicolon": (
        MULTI,
        file(called=b"a;name=b") + END,
        ({}, {"f": [("a;name=b", "v")]}),
    ),
    "I8 filename* is none": (
        MULTI,
        field(more=b"; filename*=UTF-8''x") + END,
        ({"a": ["v"]}, {}),
    ),
    "I8 filename and filename*": (
        MULTI,
        file(called=b"x", content=b"v").replace(b'"x"', b"\"x\"; filename*=UTF-8''%2fy")
        + END,
        ({}, {"f": [("x", "v")]}),
    ),
    "disposition twice": (
        MULTI,
        part(
            b"Content-Disposition: form-data; name=a\r\n"
            b"Content-Disposition: form-data; name=b"
        )
        + END,
        400,
    ),
    "no disposition": (MULTI, part(b"Content-Type: text/plain") + END, 400),
    "no name": (MULTI, part(b"Content-Disposition: form-data") + END, 400),
    "no name, but a filename": (
        MULTI,
        part(b'Content-Disposition: form-data; filename="x"') + END,
        400,
    ),
    "empty name": (MULTI, field(b"") + END, ({"": ["v"]}, {})),
    "another disposition": (MULTI, part(b"Content-Disposition: inline") + END, 400),
    "I11 nested": (
        MULTI,
        part(
            b"Content-Disposition: form-data; name=a\r\n"
            b"Content-Type: multipart/mixed; boundary=yy",
            b"--yy\r\n\r\n--yy--",
        )
        + END,
        ({"a": ["--yy\r\n\r\n--yy--"]}, {}),
    ),
    "I12 encoded": (
        MULTI,
        part(
            b"Content-Disposition: form-data; name=a\r\n"
            b"Content-Transfer-Encoding: base64"
        )
        + END,
        415,
    ),
    "7bit": (
        MULTI,
        part(
            b"Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: 7Bit"
        )
        + END,
        ({"a": ["v"]}, {}),
    ),
    "length of a part": (
        MULTI,
        part(b"Content-Disposition: form-data; name=a\r\nContent-Length: 2") + END,
        400,
    ),
    "breaks off in a part": (MULTI, field()[:-2], 400),
    "breaks off in a head": (MULTI, field()[:30], 400),
    "breaks off in the end": (MULTI, field() + END[:-3], 400),
    "breaks off at once": (MULTI, b"-", 400),
    "type": (b"text/plain", b"a=1", 415),
    "other multipart": (b"multipart/mixed; boundary=xx", field() + END, 415),
    "no type": (b"", b"a=1", 415),
}


class Whole(Resource):
    """
    Says what came.
    """

    def __init__(self, policy: Form = SMALL) -> None:
        super().__init__()
        self.policy = policy
        self.uploads: list[Any] = []
        self.rendered = 0

    def render_POST(self, request: Request) -> Response:
        assert request.form is not None
        assert request.files is not None
        self.rendered += 1
        self.uploads += [each for some in request.files.values() for each in some]
        files = {
            name: [(each.filename, each.read().decode("latin-1")) for each in some]
            for name, some in request.files.items()
        }
        return Response.json([request.form, files])


class Streamed(Resource):
    """
    Says what came, part by part.
    """

    def __init__(self, policy: Form = SMALL) -> None:
        super().__init__()
        names = Form.__dataclass_fields__
        self.policy = Parts(**{name: getattr(policy, name) for name in names})

    async def render_POST(self, request: Request) -> Response:
        fields: dict[str, list[str]] = {}
        files: dict[str, list[Any]] = {}
        assert request.parts is not None
        async for part in request.parts:
            if part.isFile:
                content = await part.read()
                if content or part.filename:
                    found = (part.filename, content.decode("latin-1"))
                    files.setdefault(part.name, []).append(found)
            else:
                fields.setdefault(part.name, []).append(await part.text())
        return Response.json([fields, files])


def post(
    root: Any, kind: bytes, body: bytes, cut: Any, length: int | None = -1
) -> Wire:
    """
    Send a form in pieces.
    """
    fields = [(b"content-type", kind)] if kind else []
    if length == -1:
        length = len(body)
    wire, _ = ask(Site(root), b"POST", headers=fields, body=None, length=length)
    for piece in cut(body):
        if wire.ended:
            break
        wire.contentReceived(piece)
    if not wire.ended:
        wire.contentEnded()
    return wire


def whole(body: bytes) -> list[bytes]:
    return [body] if body else []


def bytewise(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


def everyCut(body: bytes) -> list[list[bytes]]:
    return [[body[:at], body[at:]] for at in range(1, min(len(body), 300))]


def same(wire: Wire, expected: Any) -> None:
    assert wire.ended
    if isinstance(expected, int):
        assert wire.code == expected
        return
    assert wire.code == 200
    got = json.loads(wire.body)
    assert got[0] == expected[0]
    if expected[1] is not ...:
        assert got[1] == json.loads(json.dumps(expected[1]))


@pytest.mark.everywhere
@pytest.mark.parametrize("resource", [Whole, Streamed])
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_rows(resource: Any, row: Row) -> None:
    """
    Each form comes to the same however it is cut, read whole or in parts.
    """
    kind, body, expected = row
    if resource is Streamed and not body:
        return
    before = descriptors()
    for cut in (whole, bytewise):
        same(post(resource(), kind, body, cut), expected)
        same(post(resource(), kind, body, cut, None), expected)
    for pieces in everyCut(body):
        same(post(resource(), kind, body, lambda body: pieces), expected)  # noqa: B023
    assert descriptors() == before


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.everywhere
@pytest.mark.parametrize(("size", "onDisk"), [(10, False), (11, True)])
def test_spooled(size: int, onDisk: bool) -> None:
    """
    A file is in memory up to a size, on disk beyond it, and closed at the end.
    """
    seen: list[Any] = []

    class Looking(Whole):
        def render_POST(self, request: Request) -> Response:
            assert request.files is not None
            upload = request.files["f"][0]
            file: Any = upload.file
            seen.append((file._rolled, upload.size, file.tell()))
            return super().render_POST(request)

    root = Looking()
    same(
        post(root, MULTI, file(content=b"x" * size) + END, whole),
        ({}, {"f": [("x", "x" * size)]}),
    )
    assert seen == [(onDisk, size, 0)]
    assert root.uploads[0].file.closed


@pytest.mark.everywhere
@pytest.mark.parametrize("size", [0, 1, 20])
def test_nothingInMemory(size: int) -> None:
    """
    Who wants none of a file in memory gets none.
    """
    seen: list[Any] = []

    class Looking(Whole):
        policy = replace(SMALL, memory=0)

        def render_POST(self, request: Request) -> Response:
            assert request.files is not None
            seen.append(request.files["f"][0].file.fileno())
            return super().render_POST(request)

    before = descriptors()
    same(
        post(Looking(), MULTI, file(content=b"x" * size) + END, whole),
        ({}, {"f": [("x", "x" * size)]}),
    )
    assert len(seen) == 1
    assert descriptors() == before


@pytest.mark.parametrize("leaves", [False, True], ids=["whole", "leaves midway"])
def test_largeFilesAreRemovedByAThread(
    leaves: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What takes the system long is done beside the event loop.  The file is
    closed at once all the same.
    """
    monkeypatch.setattr("penstock.core.formdata.LARGE", 20)
    started: list[Any] = []

    class Late:
        def __init__(self, target: Any, args: Any, name: str) -> None:
            self.run = lambda: target(*args)

        def start(self) -> None:
            started.append(self.run)

    monkeypatch.setattr("penstock.core.formdata.Thread", Late)
    before = descriptors()
    root = Whole()
    body = file(content=b"x" * 21) + file(content=b"x" * 20)
    fields = [(b"content-type", MULTI)]
    wire, _ = ask(
        Site(root), b"POST", headers=fields, body=None, length=len(body + END)
    )
    wire.contentReceived(body)
    if leaves:
        wire.lose(gone())
    else:
        wire.contentReceived(END)
        wire.contentEnded()
        assert [upload.file.closed for upload in root.uploads] == [True, True]
    assert (len(started), descriptors()) == (1, before + 1)
    started[0]()
    assert descriptors() == before


@pytest.mark.everywhere
def test_largeFileThatSomebodyClosed(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Then there is nothing to do.
    """
    monkeypatch.setattr("penstock.core.formdata.LARGE", 20)

    class Closing(Whole):
        def render_POST(self, request: Request) -> Response:
            assert request.files is not None
            request.files["f"][0].file.close()
            request.files["f"][1].detach().close()
            return Response(b"")

    before = descriptors()
    body = file(content=b"x" * 30) * 2 + END
    assert post(Closing(), MULTI, body, whole).code == 200
    assert descriptors() == before


@pytest.mark.everywhere
def test_largeFileAndNoThread(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Then it is removed at once.
    """
    monkeypatch.setattr("penstock.core.formdata.LARGE", 20)

    def start(thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Thread, "start", start)
    before = descriptors()
    body = file(content=b"x" * 21) + END
    same(post(Whole(), MULTI, body, whole), ({}, {"f": [("x", "x" * 21)]}))
    assert descriptors() == before


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("body", "code"), [(file(), 400), (file() + END, 500)], ids=["begun", "whole"]
)
def test_fullDisk(
    body: bytes, code: int, monkeypatch: pytest.MonkeyPatch, loggedErrors: Any
) -> None:
    """
    What can't be written is forgotten all the same.
    """
    full: list[Any] = []

    def make() -> Any:
        full.append(open("/dev/full", "w+b"))
        return full[-1]

    monkeypatch.setattr("penstock.core.formdata.TemporaryFile", make)
    before = descriptors()
    wire = post(Whole(replace(SMALL, memory=0)), MULTI, body, whole)
    assert wire.code == code
    assert len(loggedErrors.flush("the resource failed")) == (code == 500)
    assert [each.closed for each in full] == [True]
    assert descriptors() == before


@pytest.mark.everywhere
@pytest.mark.parametrize("where", ["form", "files", "args"])
def test_missing(where: str) -> None:
    """
    Whoever asks for a field that isn't there may say what that means; else it is
    the client's mistake.
    """

    class Asking(Resource):
        policy = SMALL

        async def render_POST(self, request: Request) -> Response:
            fields = getattr(request, where)
            assert fields.get("title") is None
            assert "title" not in fields
            with pytest.raises(KeyError):
                fields["title"]
            assert not fields
            return Response(fields["title"])

    for body in (b"", END):
        wire = post(Asking(), MULTI, body, whole)
        assert wire.code == 400
        assert b"The field &#x27;title&#x27; is missing." in wire.body


@pytest.mark.everywhere
def test_closedAfterFailure(loggedErrors: Any) -> None:
    """
    Files are gone when the resource fails.
    """

    class Failing(Whole):
        def render_POST(self, request: Request) -> Response:
            super().render_POST(request)
            raise ZeroDivisionError

    root = Failing()
    assert post(root, MULTI, file(content=b"x" * 20) + END, whole).code == 500
    assert root.uploads[0].file.closed
    assert len(loggedErrors.flush()) == 1


@pytest.mark.parametrize("at", range(0, 200, 7))
def test_closedAfterDisconnect(at: int) -> None:
    """
    Files are gone, and nothing is rendered, when the client leaves midway.
    """
    before = descriptors()
    root = Whole()
    body = file(content=b"x" * 40) * 2 + END
    wire, request = ask(
        Site(root),
        b"POST",
        headers=[(b"content-type", MULTI)],
        body=None,
        length=len(body),
    )
    wire.contentReceived(body[: at + 1])
    wire.lose(gone())
    assert request.done
    assert descriptors() == before
    assert root.rendered == 0


@pytest.mark.everywhere
def test_detach() -> None:
    """
    Who takes a file away has it for as long as it is wanted.
    """
    kept: list[Any] = []

    class Taking(Whole):
        def render_POST(self, request: Request) -> Response:
            assert request.files is not None
            kept.append(request.files["f"][0].detach())
            return Response(b"")

    assert post(Taking(), MULTI, file(content=b"x" * 20) + END, whole).code == 200
    assert kept[0].read() == b"x" * 20
    kept[0].close()


@pytest.mark.everywhere
def test_sentBack() -> None:
    """
    An uploaded file can be the answer.
    """

    class Echo(Whole):
        def render_POST(self, request: Request) -> Response:
            assert request.files is not None
            return Response(request.files["f"][0].file)

    wire = post(Echo(), MULTI, file(content=b"x" * 20) + END, whole)
    wire.turn()
    assert (wire.body, wire.ended) == (b"x" * 20, True)


@pytest.mark.everywhere
def test_continueOnlyForForms() -> None:
    """
    100 is sent when the form will be read, and not before a refusal.
    """
    for resource in (Whole, Streamed):
        for kind, sent in [(MULTI, [100]), (b"text/plain", [])]:
            wire, _ = ask(
                Site(resource()),
                b"POST",
                headers=[(b"expect", b"100-continue"), (b"content-type", kind)],
                body=None,
                length=100,
            )
            assert wire.intermediate == sent


@pytest.mark.everywhere
def test_refusedBeforeItComes() -> None:
    """
    A form that is announced too long is refused at once.
    """
    for resource in (Whole, Streamed):
        wire, _ = ask(
            Site(resource()),
            b"POST",
            headers=[(b"content-type", MULTI)],
            body=None,
            length=5001,
        )
        assert (wire.code, wire.ended) == (413, True)


@pytest.mark.everywhere
def test_skippedParts() -> None:
    """
    What isn't read of a part is dropped, and an old part has no more.
    """

    class Skipping(Streamed):
        async def render_POST(self, request: Request) -> Response:
            assert request.parts is not None
            names = []
            old = None
            async for part in request.parts:
                names.append(part.name)
                if old is None:
                    async for block in part:
                        names.append(block.decode())
                        break
                else:
                    assert [block async for block in old] == []
                old = part
            return Response.json(names)

    body = field(b"a", b"1") + file(b"b", b"x", b"2") + field(b"c", b"3") + END
    for cut in (whole, bytewise):
        assert post(Skipping(), MULTI, body, cut).body == b'["a", "1", "b", "c"]'


@pytest.mark.everywhere
def test_absorbing() -> None:
    """
    After what is malformed nothing is taken for a part any more.
    """
    seen: list[Any] = []

    class Stubborn(Streamed):
        async def render_POST(self, request: Request) -> Response:
            parts = request.parts
            assert parts is not None
            for _ in range(5):
                try:
                    seen.append((await anext(parts)).name)
                except (MalformedContent, LimitExceeded, StopAsyncIteration) as problem:
                    seen.append(type(problem))
            return Response(b"")

    post(Stubborn(), MULTI, field() + part(b"no") + field(b"b") + END, whole)
    assert seen == ["a", *[MalformedContent] * 4]


def test_backPressure() -> None:
    """
    Nobody reads, so the client waits.
    """

    class Stuck(Streamed):
        def render_POST(self, request: Request) -> None:  # type: ignore[override]
            pass

    root = Stuck(replace(SMALL, limit=None, fileSize=None))
    wire, request = ask(
        Site(root), b"POST", headers=[(b"content-type", MULTI)], body=None, length=None
    )
    wire.contentReceived(file(content=b"x" * 100_000))
    assert wire.paused


@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.binary(max_size=30), st.booleans()),
        max_size=5,
    ),
    st.data(),
)
def test_roundTrip(parts: list[tuple[str, bytes, bool]], data: Any) -> None:
    """
    What a browser would send comes out, however it is cut.
    """
    body = b""
    expected = []
    for name, content, isFile in parts:
        escaped = (
            name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
        ).encode("utf-8", "replace")
        if any(octet < 32 or octet == 127 for octet in escaped) or b"\\" in escaped:
            continue
        expected.append((escaped.decode(), content.replace(b"--xx", b"")))
        content = expected[-1][1]
        body += file(escaped, b"x", content) if isFile else field(escaped, content)
    body += END
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=6)))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    parser = FormParser(parseMediaType(MULTI), Form())
    found: list[Any] = []
    for piece in filter(None, pieces):
        for event in parser.feed(piece):
            if isinstance(event, bytes):
                found[-1] = (found[-1][0], found[-1][1] + event)
            elif event is not None:
                found.append((event.name, b""))
    assert list(parser.close()) == []
    names = [
        (
            name.replace("%0D", "\r").replace("%0A", "\n").replace("%22", '"'),
            content,
        )
        for name, content in expected
    ]
    assert found == names


@given(st.binary(max_size=200), st.sampled_from([URL, MULTI]))
def test_garbage(data: bytes, kind: bytes) -> None:
    """
    Anything at all is taken or refused, and nothing else.
    """
    parser = FormParser(parseMediaType(kind), SMALL)
    try:
        if data:
            list(parser.feed(data))
        list(parser.close())
    except (LimitExceeded, MalformedContent):
        pass


SLOW: dict[str, tuple[bytes, bytes]] = {
    "I4 line ends": (MULTI, b"\r\n" * 200_000),
    "I4 carriage returns": (MULTI, b"\r" * 400_000),
    "I4 nearly boundaries": (MULTI, b"\r\n--x" * 80_000),
    "I9 no field at all": (URL, b"&" * 400_000),
    "escapes": (URL, b"a=" + b"%" * 400_000),
}


@pytest.mark.parametrize(("kind", "content"), SLOW.values(), ids=SLOW.keys())
@pytest.mark.parametrize("size", [1 << 16, 61])
def test_linear(kind: bytes, content: bytes, size: int) -> None:
    """
    No form takes time that grows faster than it does.
    """
    limits = Form(limit=None, fieldSize=1 << 20)
    body = file(content=content) if kind is MULTI else content
    parser = FormParser(parseMediaType(kind), limits)
    started = time.process_time()
    for at in range(0, len(body), size):
        for _ in parser.feed(body[at : at + size]):
            pass
    assert time.process_time() - started < 1.0


def test_first() -> None:
    """
    The first value of a name is what most want of it.
    """
    submitted = Submitted({"a": ["1", "2"]})
    assert submitted.first("a") == submitted.first("a", None) == "1"
    assert submitted.first("b", None) is None
    with pytest.raises(MissingField):
        submitted.first("b")
