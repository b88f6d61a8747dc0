"""
RFC 9110, sections 13 and 14, and 15.3.7, 15.4.5 and 15.5.17, at the serving
end: conditions and ranges.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.compressed import Compressed
from penstock.resources.data import Data
from penstock.resources.file import File

from .ends import Message, Seen, plain
from .ways import Facility, Serve

TAG = b'"now"'
BEFORE = b"Sun, 06 Nov 1994 08:49:36 GMT"
DATE = b"Sun, 06 Nov 1994 08:49:37 GMT"
AFTER = b"Sun, 06 Nov 1994 08:49:38 GMT"
CONTENT = b"0123456789"

CACHED = (
    ("Content-Location", "/here"),
    ("Vary", "accept"),
    ("Cache-Control", "max-age=5"),
    ("Expires", AFTER.decode()),
)
DESCRIBED = (
    ("Content-Language", "de"),
    ("Content-Encoding", "x"),
    ("Content-Type", "text/x"),
)


class Thing(Resource):
    """
    Has a state, and validators for it; says how often it was changed.
    """

    isLeaf = True

    def __init__(
        self, tag: bytes | None = TAG, date: bytes | None = DATE, code: int = 200
    ) -> None:
        super().__init__()
        self.validators = [
            (name, value)
            for name, value in (("ETag", tag), ("Last-Modified", date))
            if value is not None
        ]
        self.code = code
        self.changes = 0

    def render_GET(self, request: Any) -> Response:
        headers = [*self.validators, *CACHED, *DESCRIBED, ("X-Other", "1")]
        return Response(CONTENT, self.code, headers)

    def render_PUT(self, request: Any) -> Response | None:
        for name, value in self.validators:
            request.out_headers.setRaw(name, value)
        if not request.checkPreconditions():
            return None
        self.changes += 1
        request.out_headers.removeHeader("etag")
        request.out_headers.removeHeader("last-modified")
        return Response(code=204)

    render_POST = render_DELETE = render_PUT


def ask(
    serve: Serve, fields: bytes, method: bytes = b"GET", root: Any = None
) -> tuple[Message, int]:
    """
    @return: the answer, and how often something was changed.
    """
    origin = serve(Thing() if root is None else root)
    content = b"x" if method in (b"PUT", b"POST") else None
    answer = origin.get(fields, method=method, content=content)
    return answer, getattr(origin.root, "changes", 0)


# The fields of a request, what GET is answered with, and whether PUT changes
# anything.
MATCH = {
    "If-Match: same": (b"If-Match: " + TAG, 200, True),
    "If-Match: among others": (b'If-Match: "x", ' + TAG, 200, True),
    "If-Match: lines": (b'If-Match: "x"\r\nIf-Match: ' + TAG, 200, True),
    "If-Match: any": (b"If-Match: *", 200, True),
    "If-Match: other": (b'If-Match: "x"', 412, False),
    "If-Match: weak": (b"If-Match: W/" + TAG, 412, False),
    "If-Match: malformed": (b"If-Match: now", 412, False),
}
NONE_MATCH = {
    "If-None-Match: same": (b"If-None-Match: " + TAG, 304, False),
    "If-None-Match: weak": (b"If-None-Match: W/" + TAG, 304, False),
    "If-None-Match: among others": (b'If-None-Match: "x", , W/' + TAG, 304, False),
    "If-None-Match: any": (b"If-None-Match: *", 304, False),
    "If-None-Match: other": (b'If-None-Match: "x"', 200, True),
}
MODIFIED = {
    "If-Modified-Since: same": (b"If-Modified-Since: " + DATE, 304, True),
    "If-Modified-Since: later": (b"If-Modified-Since: " + AFTER, 304, True),
    "If-Modified-Since: earlier": (b"If-Modified-Since: " + BEFORE, 200, True),
}
MODIFIED_IGNORED = {
    "If-Modified-Since: no date": (b"If-Modified-Since: now", 200, True),
    "If-Modified-Since: two": (
        b"If-Modified-Since: " + AFTER + b", " + AFTER,
        200,
        True,
    ),
    "If-Modified-Since: two lines": (
        b"If-Modified-Since: " + AFTER + b"\r\nIf-Modified-Since: " + AFTER,
        200,
        True,
    ),
}
MODIFIED_FORMATS = {
    "If-Modified-Since: RFC 850": (
        b"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT",
        304,
        True,
    ),
    "If-Modified-Since: asctime": (
        b"If-Modified-Since: Sun Nov  6 08:49:37 1994",
        304,
        True,
    ),
}
UNMODIFIED = {
    "If-Unmodified-Since: same": (b"If-Unmodified-Since: " + DATE, 200, True),
    "If-Unmodified-Since: later": (b"If-Unmodified-Since: " + AFTER, 200, True),
    "If-Unmodified-Since: earlier": (b"If-Unmodified-Since: " + BEFORE, 412, False),
}
UNMODIFIED_IGNORED = {
    "If-Unmodified-Since: no date": (b"If-Unmodified-Since: then", 200, True),
    "If-Unmodified-Since: two": (
        b"If-Unmodified-Since: " + BEFORE + b", " + BEFORE,
        200,
        True,
    ),
}
OVERRIDDEN = {
    "If-Match before If-Unmodified-Since": (
        b"If-Match: " + TAG + b"\r\nIf-Unmodified-Since: " + BEFORE,
        200,
        True,
    ),
    "false If-Match before If-Unmodified-Since": (
        b'If-Match: "x"\r\nIf-Unmodified-Since: ' + AFTER,
        412,
        False,
    ),
}
OVERRIDDEN_MODIFIED = {
    "If-None-Match before If-Modified-Since": (
        b'If-None-Match: "x"\r\nIf-Modified-Since: ' + AFTER,
        200,
        True,
    ),
    "false If-None-Match before If-Modified-Since": (
        b"If-None-Match: " + TAG + b"\r\nIf-Modified-Since: " + BEFORE,
        304,
        False,
    ),
}
ORDER = {
    "If-Match first": (b'If-Match: "x"\r\nIf-None-Match: ' + TAG, 412, False),
    "If-Match, then If-None-Match": (
        b"If-Match: " + TAG + b"\r\nIf-None-Match: " + TAG,
        304,
        False,
    ),
    "If-Unmodified-Since first": (
        b"If-Unmodified-Since: " + BEFORE + b"\r\nIf-None-Match: " + TAG,
        412,
        False,
    ),
    "If-Unmodified-Since, then If-Modified-Since": (
        b"If-Unmodified-Since: " + DATE + b"\r\nIf-Modified-Since: " + DATE,
        304,
        True,
    ),
    "If-None-Match before Range": (
        b"If-None-Match: " + TAG + b"\r\nRange: bytes=0-0",
        304,
        False,
    ),
    "If-Match before Range": (b'If-Match: "x"\r\nRange: bytes=0-0', 412, False),
    "Range last": (b"If-Match: " + TAG + b"\r\nRange: bytes=0-0", 206, True),
}


def rows(table: dict[str, tuple[bytes, int, bool]], *ids: str) -> list[Any]:
    """
    The rows of a table as parameters that prove C{ids}.
    """
    return [
        pytest.param(*row, id=name, marks=pytest.mark.requirement(*ids))
        for name, row in table.items()
    ]


@pytest.mark.parametrize(
    ("fields", "code", "changes"),
    [
        *rows(
            MATCH,
            "9110-13.1.1-1",
            "9110-13.1.1-2",
            "9110-13.1.1-3",
            "9110-13.1.1-4",
            "9110-13.1.1-6",
        ),
        *rows(
            NONE_MATCH,
            "9110-13.1.2-1",
            "9110-13.1.2-3",
            "9110-13.1.2-4",
            "9110-13.1.2-5",
            "9110-5.6.1.2-1",
        ),
        *rows(
            MODIFIED,
            "9110-13.1.3-4",
            "9110-13.1.3-5",
            "9110-13.1.3-6",
            # It doesn't count for PUT, and so there is a change.
            "9110-13.1.3-2",
        ),
        *rows(MODIFIED_IGNORED, "9110-13.1.3-2"),
        *rows(MODIFIED_FORMATS, "9110-5.6.7-1"),
        *rows(
            UNMODIFIED,
            "9110-13.1.4-4",
            "9110-13.1.4-5",
            "9110-13.1.4-6",
            "9110-13.1.4-7",
            "9110-13.1.4-9",
        ),
        *rows(UNMODIFIED_IGNORED, "9110-13.1.4-2"),
        *rows(OVERRIDDEN, "9110-13.1.4-1", "9110-13.2.2-1"),
        *rows(OVERRIDDEN_MODIFIED, "9110-13.1.3-1", "9110-13.2.2-1"),
        *rows(ORDER, "9110-13.2.2-1"),
    ],
)
def test_conditions(serve: Serve, fields: bytes, code: int, changes: bool) -> None:
    for method in (b"GET", b"HEAD"):
        answer, _ = ask(serve, fields + b"\r\n", method)
        # There are no ranges for HEAD.
        assert answer.code == (200 if (method, code) == (b"HEAD", 206) else code)
        assert (answer.content == CONTENT) is (method == b"GET" and code == 200)
    for method in (b"PUT", b"POST", b"DELETE"):
        answer, changed = ask(serve, fields + b"\r\n", method)
        assert (answer.code, changed) == ((204, 1) if changes else (412, 0))


@pytest.mark.requirement("9110-13.1.3-3", "9110-13.1.4-3")
@pytest.mark.parametrize("field", [b"If-Modified-Since: ", b"If-Unmodified-Since: "])
@pytest.mark.parametrize("date", [BEFORE, AFTER])
def test_datesWithoutDate(serve: Serve, field: bytes, date: bytes) -> None:
    root = Thing(date=None)
    assert ask(serve, field + date + b"\r\n", root=root)[0].code == 200
    assert ask(serve, field + date + b"\r\n", b"PUT", root)[1] == 1


@pytest.mark.requirement("9110-13.1.1-5", "9110-13.1.4-8")
def test_doneAlready(serve: Serve) -> None:
    """
    Our choice: 412 also where the change seems to be made already.
    """
    assert ask(serve, b'If-Match: "x"\r\n', b"PUT")[0].code == 412
    assert (
        ask(serve, b"If-Unmodified-Since: " + BEFORE + b"\r\n", b"PUT")[0].code == 412
    )


class Failing(Thing):
    """
    Answers with something else.
    """

    def render_GET(self, request: Any) -> Response:
        return plain("x", ("ETag", TAG.decode()), code=self.code)


FALSE = b'If-Match: "x"\r\nIf-Unmodified-Since: ' + BEFORE + b"\r\n"
TRUE = b"If-None-Match: *\r\n"


@pytest.mark.requirement("9110-13.2.1-2")
@pytest.mark.parametrize("code", [301, 304, 400, 403, 404, 410, 500, 503])
@pytest.mark.parametrize("fields", [FALSE, TRUE, b"If-None-Match: " + TAG + b"\r\n"])
def test_conditionsOfFailures(serve: Serve, code: int, fields: bytes) -> None:
    assert ask(serve, fields, root=Failing(code=code))[0].code == code


@pytest.mark.requirement("9110-13.2.1-1")
@pytest.mark.parametrize("code", [200, 203, 299])
def test_conditionsOfSuccess(serve: Serve, code: int) -> None:
    assert ask(serve, FALSE, root=Failing(code=code))[0].code == 412
    assert ask(serve, TRUE, root=Failing(code=code))[0].code == 304


@pytest.mark.requirement("9110-13.2.1-1", "9110-13.2.1-2")
@pytest.mark.parametrize(
    ("method", "target", "code"),
    [(b"PATCH", b"/", 405), (b"FROB", b"/", 501), (b"GET", b"/../x", 400)],
)
def test_otherChecksFirst(
    serve: Serve, method: bytes, target: bytes, code: int
) -> None:
    origin = serve(Thing())
    assert origin.get(FALSE, target, method).code == code


@pytest.mark.requirement("9110-13.2.1-5")
@pytest.mark.parametrize("fields", [FALSE, TRUE])
@pytest.mark.parametrize(("method", "code"), [(b"OPTIONS", 200), (b"TRACE", 405)])
def test_methodsWithoutConditions(
    serve: Serve, fields: bytes, method: bytes, code: int
) -> None:
    assert ask(serve, fields, method)[0].code == code


@pytest.mark.requirement(
    "9110-15.4.5-1", "9110-15.4.5-2", "9110-13.1.3-7", "9110-8.6-5", "9110-8.6-6"
)
@pytest.mark.parametrize(
    "fields", [b"If-None-Match: " + TAG, b"If-Modified-Since: " + DATE]
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_304(serve: Serve, fields: bytes, method: bytes) -> None:
    full = dict(ask(serve, b"")[0].fields)
    answer, _ = ask(serve, fields + b"\r\n", method)
    assert answer.code == 304
    for name in (
        b"content-location",
        b"etag",
        b"vary",
        b"cache-control",
        b"expires",
        *([b"date"] if Facility.DATE in serve.facilities else []),
    ):
        (value,) = answer.all(name)
        assert value in full.values()
    for name in (
        b"content-type",
        b"content-language",
        b"content-encoding",
        b"content-length",
    ):
        assert name not in answer.names
    assert answer.content == b""


@pytest.mark.requirement("9110-15.4.5-1", "9110-15.4.5-2")
@pytest.mark.parametrize("accept", [b"gzip", b"identity"])
def test_304OfCompressed(serve: Serve, accept: bytes) -> None:
    """
    It has the tag and the Vary of the variant that would be sent.
    """
    fields = b"Accept-Encoding: " + accept + b"\r\n"
    root = Compressed(Data("Once upon a time. " * 200))
    full, _ = ask(serve, fields, root=root)
    tag = full.get(b"etag") or b""
    answer, _ = ask(serve, fields + b"If-None-Match: " + tag + b"\r\n", root=root)
    assert answer.code == 304
    assert answer.get(b"etag") == tag
    assert answer.get(b"vary") == full.get(b"vary") == b"accept-encoding"
    assert b"content-encoding" not in answer.names
    # That of the other variant is another.
    other = b"identity" if accept == b"gzip" else b"gzip"
    fields = b"Accept-Encoding: %b\r\nIf-None-Match: %b\r\n" % (other, tag)
    assert ask(serve, fields, root=root)[0].code == 200


@pytest.mark.requirement("9110-15.4.5-1")
def test_304OfAFile(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    origin = serve(File(tmp_path))
    full = origin.get(target=b"/a")
    for line in (
        b"If-None-Match: " + (full.get(b"etag") or b""),
        b"If-Modified-Since: " + (full.get(b"last-modified") or b""),
    ):
        answer = origin.get(line + b"\r\n", b"/a")
        assert (answer.code, answer.get(b"etag")) == (304, full.get(b"etag"))


# Ranges


@pytest.mark.requirement(
    "9110-14.2-9", "9110-15.3.7.1-1", "9110-14.4-4", "9110-15.3.7.2-6"
)
@pytest.mark.parametrize(
    ("value", "start", "stop"),
    [
        (b"bytes=0-0", 0, 1),
        (b"bytes=2-4", 2, 5),
        (b"bytes=5-", 5, 10),
        (b"bytes=-3", 7, 10),
        (b"bytes=-30", 0, 10),
        (b"bytes=5-100", 5, 10),
        (b"Bytes=1-2", 1, 3),
        (b"bytes=, 1-2 ,", 1, 3),
        (b"bytes=1-2,3-4", 1, 5),
        (b"bytes=1-2,50-60", 1, 3),
    ],
)
def test_range(serve: Serve, value: bytes, start: int, stop: int) -> None:
    answer, _ = ask(serve, b"Range: " + value + b"\r\n")
    assert (answer.code, answer.content) == (206, CONTENT[start:stop])
    assert answer.get(b"content-range") == b"bytes %d-%d/10" % (start, stop - 1)
    assert answer.get(b"content-length") == b"%d" % (stop - start)
    assert answer.get(b"content-type") == b"text/x"


@pytest.mark.requirement("9110-14.1.2-1")
@pytest.mark.parametrize(
    ("value", "code", "content"),
    [
        (b"bytes=5-" + b"9" * 30, 206, b"56789"),
        (b"bytes=5-" + b"9" * 4000, 206, b"56789"),
        (b"bytes=-" + b"9" * 30, 206, CONTENT),
        (b"bytes=%d-" % 2**64, 416, None),
        (b"bytes=%d-%d" % (2**64, 2**64 + 1), 416, None),
        (b"bytes=" + b"0" * 30 + b"5-7", 206, b"567"),
    ],
)
def test_hugeRange(
    serve: Serve, value: bytes, code: int, content: bytes | None
) -> None:
    answer, _ = ask(serve, b"Range: " + value + b"\r\n")
    assert answer.code == code
    assert content is None or answer.content == content


@pytest.mark.requirement("9110-14.2-10", "9110-14.4-6", "9110-15.5.17-1")
@pytest.mark.parametrize(
    "value", [b"bytes=10-", b"bytes=10-20", b"bytes=-0", b"bytes=20-30,40-"]
)
def test_unsatisfiable(serve: Serve, value: bytes) -> None:
    answer, _ = ask(serve, b"Range: " + value + b"\r\n")
    assert (answer.code, answer.get(b"content-range")) == (416, b"bytes */10")


class Plain(Thing):
    """
    Without a coding, and so with several ranges at once.
    """

    def __init__(self, mediaType: str | None = "text/x") -> None:
        super().__init__()
        self.mediaType = mediaType

    def render_GET(self, request: Any) -> Response:
        headers = [*self.validators, *CACHED]
        if self.mediaType is not None:
            headers.append(("Content-Type", self.mediaType))
        return Response(CONTENT, 200, headers)


_PART = re.compile(
    rb"--([0-9A-Za-z]+)\r\n"
    rb"(?:Content-Type: ([^\r\n]*)\r\n)?Content-Range: bytes (\d+)-(\d+)/(\d+)\r\n"
    rb"\r\n((?s:.*?))\r\n(?=--)"
)


@pytest.mark.requirement(
    "9110-8.3.3-1",
    "9110-14.2-9",
    "9110-14.4-4",
    "9110-15.3.7-2",
    "9110-15.3.7.2-1",
    "9110-15.3.7.2-2",
    "9110-15.3.7.2-3",
    "9110-15.3.7.2-4",
    "9110-15.3.7.2-9",
)
@pytest.mark.parametrize("mediaType", ["text/x", "text/x; charset=utf-8", None])
@pytest.mark.parametrize(
    ("value", "ranges"),
    [
        (b"bytes=0-0,9-9", [(0, 0), (9, 9)]),
        (b"bytes=8-9, 0-1", [(8, 9), (0, 1)]),
        (b"bytes=-1,0-1,50-60,4-5", [(9, 9), (0, 1), (4, 5)]),
        (b"bytes=6-8,0-1,1-2,3-3", [(6, 8), (0, 3)]),
    ],
)
def test_severalRanges(
    serve: Serve, value: bytes, ranges: list[tuple[int, int]], mediaType: str | None
) -> None:
    """
    Parts, in the order they were asked in, each with what it is and where it
    belongs, and nothing between them but CRLF and the boundary.
    """
    full, _ = ask(serve, b"", root=Plain(mediaType))
    answer, _ = ask(serve, b"Range: " + value + b"\r\n", root=Plain(mediaType))
    assert answer.code == 206
    assert b"content-range" not in answer.names
    assert answer.get(b"content-length") == b"%d" % len(answer.content)
    start = b"multipart/byteranges; boundary="
    kind = answer.get(b"content-type") or b""
    assert kind.startswith(start)
    boundary = kind.removeprefix(start)
    position, found = 0, []
    while (part := _PART.match(answer.content, position)) is not None:
        assert part[1] == boundary
        assert part[2] == (mediaType.encode() if mediaType is not None else None)
        assert part[5] == b"10"
        first, last = int(part[3]), int(part[4])
        assert part[6] == CONTENT[first : last + 1]
        found.append((first, last))
        position = part.end()
    assert answer.content[position:] == b"--" + boundary + b"--\r\n"
    assert found == ranges
    for name in (b"etag", b"vary", b"cache-control", b"expires", b"content-location"):
        assert answer.all(name) == full.all(name) != []


@pytest.mark.requirement("9110-14.2-1", "9110-15.3.7.2-6")
@pytest.mark.parametrize(
    "answer",
    [
        lambda: plain(CONTENT, ("Content-Encoding", "x")),
        lambda: plain(iter([CONTENT]), ("Content-Length", "10")),
        lambda: plain(iter([CONTENT])),
    ],
    ids=["coded", "in order", "of unknown length"],
)
def test_whereSeveralAreIgnored(serve: Serve, answer: Any) -> None:
    """
    Our choice: where they can't be told apart, or only be had in order.
    """
    root = Seen(lambda request: answer())
    got, _ = ask(serve, b"Range: bytes=0-0,9-9\r\n", root=root)
    assert (got.code, got.content) == (200, CONTENT)


@pytest.mark.requirement("9110-14.2-3", "9110-14.2-5", "9110-14.2-1", "9110-14.2-7")
@pytest.mark.parametrize(
    "value",
    [
        b"lines=0-0",
        b"x=1",
        b"bytes=4-2",
        b"bytes=x",
        b"bytes=",
        b"bytes 0-0",
        b"0-0",
        b"bytes=0-0,2-2",
        b"bytes=" + b"0-0," * 200,
        b"bytes=0-0\r\nRange: bytes=1-1",
    ],
)
def test_ignoredRange(serve: Serve, value: bytes) -> None:
    """
    Our choice: what is no range, or too many, is answered with all.
    """
    answer, _ = ask(serve, b"Range: " + value + b"\r\n")
    assert (answer.code, answer.content) == (200, CONTENT)
    assert serve(Seen(b"")).get(b"Range: bytes=0-\r\n").code == 200


@pytest.mark.requirement("9110-14.2-2")
@pytest.mark.parametrize("method", [b"HEAD", b"PUT", b"POST", b"DELETE", b"OPTIONS"])
@pytest.mark.parametrize("value", [b"bytes=0-0", b"bytes=50-"])
def test_rangeOfOtherMethods(serve: Serve, method: bytes, value: bytes) -> None:
    answer, _ = ask(serve, b"Range: " + value + b"\r\n", method)
    assert answer.code in (200, 204)
    assert b"content-range" not in answer.names
    if method == b"HEAD":
        assert answer.get(b"content-length") == b"10"


@pytest.mark.requirement(
    "9110-13.1.5-6", "9110-13.1.5-7", "9110-13.1.5-8", "9110-13.2.2-1"
)
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (TAG, 206),
        (b'"x"', 200),
        (b"W/" + TAG, 200),
        (DATE, 206),
        (BEFORE, 200),
        (AFTER, 200),
        (b"now", 200),
        (b"", 200),
    ],
)
def test_ifRange(serve: Serve, value: bytes, code: int) -> None:
    answer, _ = ask(serve, b"Range: bytes=0-0\r\nIf-Range: " + value + b"\r\n")
    assert answer.code == code
    answer, _ = ask(serve, b"Range: bytes=50-\r\nIf-Range: " + value + b"\r\n")
    assert answer.code == (416 if code == 206 else 200)


@pytest.mark.requirement("9110-13.1.5-7", "9110-8.8.3-1")
def test_ifRangeWithAWeakTag(serve: Serve) -> None:
    root = Thing(tag=b'W/"now"', date=None)
    answer, _ = ask(serve, b'Range: bytes=0-0\r\nIf-Range: W/"now"\r\n', root=root)
    assert answer.code == 200


@pytest.mark.requirement("9110-13.1.5-2")
@pytest.mark.parametrize("value", [TAG, b'"x"', DATE, b"x"])
def test_ifRangeWithoutRange(serve: Serve, value: bytes) -> None:
    for method in (b"GET", b"HEAD", b"PUT"):
        answer, _ = ask(serve, b"If-Range: " + value + b"\r\n", method)
        assert answer.code in (200, 204)


@pytest.mark.requirement("9110-13.1.5-3", "9110-14-1")
@pytest.mark.parametrize("value", [TAG, b'"x"'])
def test_ifRangeWithoutRanges(serve: Serve, value: bytes) -> None:
    """
    Content of unknown length has none.
    """
    root = Seen(lambda request: plain(iter([b"a"]), ("ETag", TAG.decode())))
    answer, _ = ask(
        serve, b"Range: bytes=0-0\r\nIf-Range: " + value + b"\r\n", root=root
    )
    assert (answer.code, answer.content) == (200, b"a")


@pytest.mark.requirement("9110-15.3.7-2", "9110-15.3.7-4", "9110-15.3.7-3")
@pytest.mark.parametrize("fields", [b"", b"If-Range: " + TAG + b"\r\n"])
def test_fieldsOf206(serve: Serve, fields: bytes) -> None:
    """
    All that the 200 has; our choice also with If-Range.
    """
    full, _ = ask(serve, b"")
    part, _ = ask(serve, b"Range: bytes=0-0\r\n" + fields)
    assert part.code == 206
    differs = {b"content-length", b"content-range"}
    assert {it for it in part.fields if it[0].lower() not in differs} == {
        it for it in full.fields if it[0].lower() not in differs
    }


@pytest.mark.requirement("9110-15.3.7.2-5", "9110-15.3.7.2-7", "9110-15.3.7.2-6")
@pytest.mark.parametrize(
    "value", [b"bytes=0-3,2-5", b"bytes=3-5,0-2", b"bytes=0-5,9999-"]
)
def test_joinedRanges(serve: Serve, value: bytes) -> None:
    """
    Our choice: what comes to one range is sent as one.
    """
    answer, _ = ask(serve, b"Range: " + value + b"\r\n")
    assert (answer.code, answer.content) == (206, CONTENT[:6])
    assert answer.get(b"content-type") == b"text/x"
