"""
Tests for L{penstock.core.server} and L{penstock.core.resource}: how answers are
found and made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from penstock.core.errors import HTTPError
from penstock.core.resource import Resource, Wrapper
from penstock.core.response import Response
from penstock.core.server import Request, Site

from .fakes import Answering, Wire, ask


def get(answer: Any, **named: Any) -> Wire:
    wire, _ = ask(Site(Answering(answer)), **named)
    wire.turn()
    return wire


async def coroutine(request: Request) -> bytes:
    return b"ok"


async def waiting(request: Request) -> bytes:
    await succeed(None)
    return b"ok"


async def generator(request: Request) -> AsyncIterator[bytes]:
    yield b"o"
    await succeed(None)
    yield b"k"


def driving(request: Request) -> None:
    request.write(b"o")
    request.write(b"k")
    request.finish()


async def drivingLater(request: Request) -> None:
    await succeed(None)
    request.write(b"ok")


ANSWERS: list[tuple[str, Any]] = [
    ("bytes", b"ok"),
    ("str", "ok"),
    ("response", Response(b"ok")),
    ("response str", Response("ok")),
    ("response iterable", lambda r: Response([b"o", b"", b"k"])),
    ("response async", lambda r: Response(generator(r))),
    ("response file", lambda r: Response(open(__file__, "rb"))),
    ("deferred", lambda r: succeed(b"ok")),
    ("deferred of coroutine", lambda r: succeed(b"ok").addCallback(lambda b: b)),
    ("coroutine", coroutine),
    ("waiting coroutine", waiting),
    ("async generator", generator),
    ("driving", driving),
    ("driving coroutine", drivingLater),
]


@pytest.mark.everywhere
@pytest.mark.parametrize("answer", [a[1] for a in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_answers(answer: Any) -> None:
    """
    Whatever a resource may return is sent.
    """
    wire = get(answer)
    assert wire.code == 200
    assert wire.ended
    expected = b"ok"
    if callable(answer) and wire.body != b"ok":
        expected = Path(__file__).read_bytes()
    assert wire.body == expected


@pytest.mark.everywhere
@pytest.mark.parametrize("answer", [a[1] for a in ANSWERS], ids=[a[0] for a in ANSWERS])
def test_head(answer: Any) -> None:
    """
    HEAD is answered as GET is, without content.
    """
    wire = get(answer, method=b"HEAD")
    assert (wire.code, wire.body, wire.ended) == (200, b"", True)


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("answer", "type", "length"),
    [
        (b"ab", b"application/octet-stream", b"2"),
        ("ä", b"text/plain; charset=utf-8", b"2"),
        (Response.json({"a": 1}), b"application/json", b"8"),
        (Response.html("<p>"), b"text/html; charset=utf-8", b"3"),
    ],
)
def test_fields(answer: Any, type: bytes, length: bytes) -> None:
    """
    The type and length of an answer are filled in.
    """
    wire = get(answer)
    assert wire.headers.get(b"content-type") == type
    assert wire.headers.get(b"content-length") == length


@pytest.mark.everywhere
def test_nothingFromCoroutine() -> None:
    """
    A coroutine that comes to nothing is done: 204.
    """

    async def nothing(request: Request) -> None:
        pass

    wire = get(nothing)
    assert (wire.code, wire.ended) == (204, True)


@pytest.mark.everywhere
@pytest.mark.parametrize("answer", [42, object(), lambda r: succeed(42)])
def test_notAnAnswer(answer: Any, loggedErrors: Any) -> None:
    """
    Something else is a mistake: 500, and one record.
    """
    wire = get(answer)
    assert (wire.code, wire.ended) == (500, True)
    assert [type(problem) for problem in loggedErrors.flush()] == [TypeError]


def raising(request: Request) -> Any:
    raise ZeroDivisionError("secret")


async def raisingLater(request: Request) -> Any:
    await succeed(None)
    raise ZeroDivisionError("secret")


@pytest.mark.everywhere
@pytest.mark.parametrize("answer", [raising, raisingLater])
def test_failure(answer: Any, loggedErrors: Any) -> None:
    """
    An exception is one record and a 500 without internals.
    """
    wire = get(answer)
    assert (wire.code, wire.ended) == (500, True)
    assert b"secret" not in wire.body
    assert b"ZeroDivision" not in wire.body
    assert [type(problem) for problem in loggedErrors.flush()] == [ZeroDivisionError]


def test_failureMidway(loggedErrors: Any) -> None:
    """
    After the head is out, a failure breaks the response off visibly.
    """

    async def breaking(request: Request) -> AsyncIterator[bytes]:
        yield b"half"
        raise ZeroDivisionError

    wire = get(breaking)
    assert (wire.code, wire.body, wire.ended, wire.aborted) == (
        200,
        b"half",
        False,
        True,
    )
    assert len(loggedErrors.flush()) == 1


@pytest.mark.everywhere
def test_httpError() -> None:
    """
    HTTPError is answered with a page; its message is escaped.
    """

    def teapot(request: Request) -> Any:
        raise HTTPError(418, "<script>")

    wire = get(teapot)
    assert wire.code == 418
    assert b"&lt;script&gt;" in wire.body
    assert b"<script>" not in wire.body


# Methods


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("method", "code", "allow"),
    [
        (b"GET", 200, None),
        (b"OPTIONS", 200, b"GET, HEAD, OPTIONS"),
        (b"POST", 405, b"GET, HEAD, OPTIONS"),
        (b"TRACE", 405, b"GET, HEAD, OPTIONS"),
        (b"BREW", 501, b"GET, HEAD, OPTIONS"),
        (b"get", 501, b"GET, HEAD, OPTIONS"),
        (b"__init__", 501, b"GET, HEAD, OPTIONS"),
    ],
)
def test_methods(method: bytes, code: int, allow: bytes | None) -> None:
    """
    What a resource doesn't do is said with what it does.
    """
    wire = get(b"", method=method)
    assert (wire.code, wire.headers.get(b"allow")) == (code, allow)


@pytest.mark.everywhere
def test_optionsAsterisk() -> None:
    """
    OPTIONS * asks about the server.
    """
    wire = get(b"", method=b"OPTIONS", target=b"*")
    assert wire.code == 200
    assert b"GET" in (wire.headers.get(b"allow") or b"")


# Finding


def tree() -> Resource:
    root = Answering(b"root")
    a = Answering(b"a")
    root.putChild("a", a)
    a.putChild("b/c", Answering(b"slash"))
    a.putChild("ä", Answering(b"umlaut"))
    leaf = Answering(lambda r: "|".join(r.postpath))
    leaf.isLeaf = True
    root.putChild("leaf", leaf)
    wild = Answering(b"wild")
    wild.putWildcard(lambda name: Answering(name.upper()))
    root.putChild("wild", wild)
    later = Answering(b"later")

    async def find(name: str) -> Any:
        await succeed(None)
        return Answering(name) if name != "none" else None

    later.putWildcard(find)
    root.putChild("later", later)
    return root


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", b"root"),
        (b"/?q", b"root"),
        (b"/a", b"a"),
        (b"/a/", b"a"),
        (b"/a//", None),
        (b"/a/b%2Fc", b"slash"),
        (b"/a/b/c", None),
        (b"/a/%C3%A4", b"umlaut"),
        (b"/A", None),
        (b"/none", None),
        (b"/leaf/x/y/", b"x|y|"),
        (b"/leaf", b""),
        (b"/wild/x", b"X"),
        (b"/later/x", b"x"),
        (b"/later/none", None),
        (b"http://other.example/a", b"a"),
    ],
)
def test_find(target: bytes, expected: bytes | None) -> None:
    """
    A path leads to its resource, or nowhere.
    """
    wire, _ = ask(Site(tree()), target=target)
    if expected is None:
        assert wire.code == 404
    else:
        assert (wire.code, wire.body) == (200, expected)


@pytest.mark.parametrize("target", [b"/%zz", b"/%ff", b"/%00", b"x", b"*"])
def test_badTarget(target: bytes) -> None:
    """
    What is not a target gets a 400.
    """
    wire, _ = ask(Site(tree()), target=target)
    assert wire.code == 400


def test_findLaterHoldsContent() -> None:
    """
    While a child is being looked for, nothing of the content comes.
    """
    found: Deferred[Any] = Deferred()

    class Upload(Resource):
        def render_POST(self, request: Request) -> bytes:
            return request.body

    root = Resource()
    root.putWildcard(lambda name: found)
    wire, request = ask(Site(root), b"POST", b"/x", body=b"content")
    assert wire.paused
    assert wire.events == []
    found.callback(Upload())
    assert (wire.code, wire.body) == (200, b"content")


@pytest.mark.everywhere
def test_noProgress(loggedErrors: Any) -> None:
    """
    A resource that finds itself is a mistake, not a hang.
    """

    class Loop(Resource):
        def locateChild(self, request: Request, segments: tuple[str, ...]) -> Any:
            return self, segments

    wire, _ = ask(Site(Loop()))
    assert wire.code == 500
    assert [type(problem) for problem in loggedErrors.flush()] == [RecursionError]


@pytest.mark.everywhere
def test_wrapper() -> None:
    """
    A wrapper sees each request once, whether it is found or passed.
    """
    seen: list[bytes] = []

    class Watching(Wrapper):
        def before(self, request: Request) -> Any:
            seen.append(request.uri)
            if request.uri == b"/secret":
                raise HTTPError(403)
            return super().before(request)

    inner = tree()
    inner.putChild("watched", Watching(Answering(b"watched")))
    for target, code in [(b"/", 200), (b"/a", 200), (b"/secret", 403)]:
        wire, _ = ask(Site(Watching(inner)), target=target)
        assert wire.code == code
    assert seen == [b"/", b"/a", b"/secret"]
    del seen[:]
    wire, _ = ask(Site(inner), target=b"/watched")
    assert wire.body == b"watched"
    assert seen == [b"/watched"]


# Conditions and ranges


FIELDS = [
    (b"etag", b'"v1"'),
    (b"last-modified", b"Sun, 06 Nov 1994 08:49:37 GMT"),
]


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("fields", "code", "body"),
    [
        ([], 200, b"0123456789"),
        ([(b"if-none-match", b'"v1"')], 304, b""),
        ([(b"if-none-match", b'W/"v1"')], 304, b""),
        ([(b"if-none-match", b'"v2"')], 200, b"0123456789"),
        ([(b"if-modified-since", FIELDS[1][1])], 304, b""),
        ([(b"if-match", b'"v2"')], 412, None),
        ([(b"range", b"bytes=2-4")], 206, b"234"),
        ([(b"range", b"bytes=-3")], 206, b"789"),
        ([(b"range", b"bytes=8-100")], 206, b"89"),
        ([(b"range", b"bytes=10-")], 416, None),
        ([(b"range", b"lines=1-2")], 200, b"0123456789"),
        ([(b"range", b"bytes=2-4"), (b"if-range", b'"v1"')], 206, b"234"),
        ([(b"range", b"bytes=2-4"), (b"if-range", b'"v2"')], 200, b"0123456789"),
        ([(b"range", b"bytes=2-4"), (b"if-none-match", b'"v1"')], 304, b""),
    ],
)
def test_selection(fields: Any, code: int, body: bytes | None) -> None:
    """
    Conditions and ranges work without the resource's help.
    """
    wire = get(lambda r: Response(b"0123456789", headers=FIELDS), headers=fields)
    assert wire.code == code
    if body is not None:
        assert wire.body == body
    if code == 304:
        assert wire.headers.get(b"etag") == b'"v1"'
        assert b"content-length" not in wire.headers
    if code == 416:
        assert wire.headers.get(b"content-range") == b"bytes */10"
    if code == 206:
        assert wire.headers.get(b"content-length") == b"%d" % len(wire.body)


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ([(b"if-match", b'"v1"')], 412),
        ([(b"if-match", b"*")], 200),
        ([(b"if-none-match", b"*")], 304),
        ([(b"if-none-match", b'"v1"')], 200),
        ([(b"range", b"bytes=0-0")], 206),
    ],
)
def test_selectionWithoutValidators(fields: Any, code: int) -> None:
    """
    Conditions hold or fail for a representation without validators too.
    """
    assert get(b"0123456789", headers=fields).code == code


@pytest.mark.everywhere
def test_checkPreconditions() -> None:
    """
    A resource that changes something checks before it does.
    """
    changed: list[bytes] = []

    class Changing(Resource):
        def render_PUT(self, request: Request) -> Any:
            request.out_headers.setRaw(b"etag", b'"v1"')
            if request.checkPreconditions():
                changed.append(request.body)
                return b""
            return None

    for tag, code in [(b'"v0"', 412), (b'"v1"', 200)]:
        wire, _ = ask(
            Site(Changing()), b"PUT", headers=[(b"if-match", tag)], body=b"new"
        )
        assert (wire.code, wire.ended) == (code, True)
    assert changed == [b"new"]
