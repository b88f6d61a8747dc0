"""
RFC 9110, section 8, at the serving end: what a response says of its content.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.dates import formatDate, parseDate
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.data import Data
from penstock.resources.file import File

from .ends import Seen, blocks, plain
from .ways import Facility, Serve


@pytest.mark.requirement("9110-8.3-1")
@pytest.mark.parametrize(
    ("answer", "type"),
    [
        ("hello", b"text/plain; charset=utf-8"),
        (b"hello", b"application/octet-stream"),
        (Response("hello"), b"text/plain; charset=utf-8"),
        (Response.html("<p>"), b"text/html; charset=utf-8"),
        (Response.json([1]), b"application/json"),
        (Response(b"hello"), None),
        (plain(b"hello", ("Content-Type", "image/png")), b"image/png"),
    ],
)
def test_contentType(serve: Serve, answer: Any, type: bytes | None) -> None:
    """
    Content has a type, unless all that is known is that it is octets.
    """
    assert serve(Seen(answer)).get().get(b"content-type") == type


@pytest.mark.requirement(
    "9110-8.3-1", "9110-8.8.2.1-1", "9110-8.8.3.1-1", "9110-15.3.1-1"
)
def test_fieldsOfAFile(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("hello")
    os.utime(tmp_path / "a.html", (784111777, 784111777))
    origin = serve(File(tmp_path))
    for method in (b"GET", b"HEAD"):
        answer = origin.get(target=b"/a.html", method=method)
        assert answer.get(b"content-type") == b"text/html; charset=utf-8"
        assert answer.get(b"last-modified") == b"Sun, 06 Nov 1994 08:49:37 GMT"
        assert (answer.get(b"etag") or b"").startswith(b'"')


@pytest.mark.requirement("9110-8.8.3.1-1", "9110-8.8.3-1", "9110-15.3.1-1")
def test_tagOfData(serve: Serve) -> None:
    """
    A strong one, made of the octets.
    """
    one = serve(Data(b"one")).get().get(b"etag")
    other = serve(Data(b"other")).get().get(b"etag")
    same = serve(Data(b"one")).get().get(b"etag")
    assert one == same != other
    assert one is not None
    assert one.startswith(b'"')


@pytest.mark.requirement("9110-8.8.3-1")
@pytest.mark.parametrize(("age", "strong"), [(0, False), (1, False), (3, True)])
def test_tagOfAFileThatMayChange(
    serve: Serve, tmp_path: Path, age: int, strong: bool
) -> None:
    """
    Weak, as long as there may be another change at the same time.
    """
    path = tmp_path / "a"
    path.write_bytes(b"one")
    changed = os.stat(path).st_mtime_ns
    origin = serve(File(tmp_path, seconds=lambda: changed / 1e9 + age))
    tag = origin.get(target=b"/a").get(b"etag") or b""
    assert tag.startswith(b'"' if strong else b"W/")


@pytest.mark.requirement("9110-8.8.2.1-3", "9110-8.8.2.1-4")
@pytest.mark.parametrize("ahead", [1, 3600, 10**8])
def test_fileFromTheFuture(serve: Serve, tmp_path: Path, ahead: int) -> None:
    now = int(time.time())
    (tmp_path / "a").write_bytes(b"x")
    os.utime(tmp_path / "a", (now + ahead, now + ahead))
    clock: Any = Clock()
    clock.advance(now + 0.5)
    origin = serve(File(tmp_path, seconds=clock.seconds), clock=clock)
    answer = origin.get(target=b"/a")
    assert answer.get(b"last-modified") == formatDate(now)
    if Facility.DATE in origin.facilities:
        assert answer.get(b"date") == formatDate(now)


@pytest.mark.requirement("9110-8.8.2.1-2")
def test_fileIsLookedAtForEachAnswer(serve: Serve, tmp_path: Path) -> None:
    """
    What is said of a file is what it is when the answer is made.
    """
    path = tmp_path / "a"
    path.write_bytes(b"x")
    os.utime(path, (10, 10))
    origin = serve(File(tmp_path))
    first = origin.get(target=b"/a")
    path.write_bytes(b"xy")
    os.utime(path, (20, 20))
    second = origin.get(target=b"/a")
    assert parseDate(first.get(b"last-modified") or b"").second == 10
    assert parseDate(second.get(b"last-modified") or b"").second == 20
    assert second.content == b"xy"


class Stored(Resource):
    """
    Keeps what is put, and checks conditions first.
    """

    isLeaf = True

    def render_PUT(self, request: Any) -> Response | None:
        request.out_headers.setRaw("ETag", '"before"')
        request.out_headers.setRaw("Last-Modified", DATE)
        if not request.checkPreconditions():
            return None
        if request.path == b"/new":
            request.out_headers.setRaw("ETag", '"after"')
        return Response(code=204)

    render_POST = render_DELETE = render_PATCH = render_PUT


DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.requirement("9110-9.3.4-6")
@pytest.mark.parametrize("method", [b"PUT", b"POST", b"PATCH", b"DELETE"])
@pytest.mark.parametrize("fields", [b"", b'If-Match: "before"\r\n'])
def test_validatorsOfAChange(serve: Serve, method: bytes, fields: bytes) -> None:
    """
    Those that were checked against are not sent: only what the resource says
    afterwards, and with 412, where they still hold.
    """
    origin = serve(Stored())
    content = None if method == b"DELETE" else b"x"
    answer = origin.get(fields, method=method, content=content)
    assert answer.code == 204
    assert not {b"etag", b"last-modified"} & set(answer.names)
    answer = origin.get(fields, b"/new", method, content)
    assert answer.all(b"etag") == [b'"after"']
    assert b"last-modified" not in answer.names
    answer = origin.get(b'If-Match: "x"\r\n', b"/", method, content)
    assert (answer.code, answer.get(b"etag")) == (412, b'"before"')


@pytest.mark.requirement("9110-6.6.2-1")
@pytest.mark.parametrize("names", [["X-Sum"], ["X-Sum", "X-Time", "x-sum"]])
def test_trailersAreAnnounced(serve: Serve, names: list[str]) -> None:
    made = Headers([(name, "1") for name in [*names, "Host"]])
    origin = serve(Seen(lambda request: Response(blocks(), trailers=made)))
    answer = origin.get()
    said = {it.strip().lower() for it in (answer.get(b"trailer") or b"").split(b",")}
    assert said == {name.lower() for name, _ in answer.trailers}
    assert said == {name.lower().encode() for name in names}


@pytest.mark.requirement("9110-6.6.2-1")
def test_noTrailersAnnounced(serve: Serve) -> None:
    """
    Not where there won't be any; and what a resource says itself counts.
    """
    made = Headers([("X-Sum", "1")])
    for answer in (Response(blocks()), Response(b"x", trailers=made)):
        root = Seen(lambda request, it=answer: it)
        assert b"trailer" not in serve(root).get().names
    root = Seen(
        lambda request: Response(blocks(), headers=[("Trailer", "x")], trailers=made)
    )
    assert serve(root).get().get(b"trailer") == b"x"
