"""
Tests for L{penstock.core.server} and L{penstock.core.resource}.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed

from penstock.core.content import Buffer, Discard, Form, Stream
from penstock.core.errors import HTTPError, LimitExceeded, PeerGone
from penstock.core.headers import Headers
from penstock.core.resource import Resource, Wrapper
from penstock.core.response import Response
from penstock.core.server import Request, Site

from .fakes import Wire, ask, gone


class Answering(Resource):
    """
    Answers whatever it is given.
    """

    def __init__(self, answer: Any) -> None:
        super().__init__()
        self.answer = answer

    def render_GET(self, request: Request) -> Any:
        return self.answer(request) if callable(self.answer) else self.answer


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


# Content


class Taking(Resource):
    """
    Echoes content under a policy.
    """

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy

    async def render_POST(self, request: Request) -> Any:
        if isinstance(self.policy, Stream):
            assert request.content is not None
            return await request.content.read()
        if isinstance(self.policy, Form):
            return Response.json(request.form)
        return request.body


EXPECT = [(b"expect", b"100-continue")]


def test_buffer() -> None:
    """
    Buffered content is whole when it is rendered, and is asked for at once.
    """
    wire, request = ask(
        Site(Taking(Buffer())), b"POST", headers=EXPECT, body=None, length=4
    )
    assert wire.intermediate == [100]
    wire.contentReceived(b"ab")
    wire.contentReceived(b"cd")
    assert wire.events == [100]
    wire.contentEnded()
    assert (wire.code, wire.body) == (200, b"abcd")


@pytest.mark.everywhere
def test_stream() -> None:
    """
    A stream is rendered at once, and its content asked for when it is read.
    """
    begin: Deferred[None] = Deferred()
    got: list[bytes] = []

    class Upload(Resource):
        policy = Stream()

        async def render_PUT(self, request: Request) -> Any:
            await begin
            assert request.content is not None
            async for chunk in request.content:
                got.append(chunk)
            return b"done"

    wire, request = ask(Site(Upload()), b"PUT", headers=EXPECT, body=None, length=None)
    assert wire.intermediate == []
    begin.callback(None)
    assert wire.intermediate == [100]
    wire.contentReceived(b"ab")
    assert got == [b"ab"]
    wire.contentReceived(b"cd")
    wire.contentEnded()
    assert got == [b"ab", b"cd"]
    assert wire.body == b"done"


@pytest.mark.everywhere
@pytest.mark.parametrize("policy", [Buffer(3), Stream(3), Discard(), Form(3)])
def test_noContentNo100(policy: Any) -> None:
    """
    Refusing never sends 100.
    """
    fields = [*EXPECT, (b"content-type", b"application/x-www-form-urlencoded")]
    wire, _ = ask(Site(Taking(policy)), b"POST", headers=fields, body=None, length=4)
    assert wire.intermediate == []
    assert wire.code == (200 if isinstance(policy, Discard) else 413)
    assert wire.ended


@pytest.mark.everywhere
@pytest.mark.parametrize("policy", [Buffer(3), Stream(3)])
def test_tooLongUnannounced(policy: Any) -> None:
    """
    Content that turns out too long is refused when it does.
    """
    wire, _ = ask(Site(Taking(policy)), b"POST", body=None, length=None)
    wire.contentReceived(b"abc")
    assert not wire.ended
    wire.contentReceived(b"d")
    assert wire.code == 413
    assert wire.ended


@pytest.mark.everywhere
def test_form() -> None:
    """
    A form's fields are decoded.
    """
    wire, _ = ask(
        Site(Taking(Form())),
        b"POST",
        headers=[(b"content-type", b"application/x-www-form-urlencoded")],
        body=b"a=1&b=%C3%A4&a=2&c=",
    )
    assert wire.body == '{"a": ["1", "2"], "b": ["ä"], "c": [""]}'.encode()


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("type", "body", "code"),
    [
        (b"text/plain", b"a=1", 415),
        (b"nonsense", b"a=1", 415),
        (b"application/x-www-form-urlencoded", b"a=%ff", 400),
        (b"application/x-www-form-urlencoded", b"a=\xff", 400),
        (b"application/x-www-form-urlencoded", b"&".join([b"a=1"] * 1001), 413),
    ],
)
def test_badForm(type: bytes, body: bytes, code: int) -> None:
    """
    What isn't a form is refused.
    """
    wire, _ = ask(
        Site(Taking(Form())), b"POST", headers=[(b"content-type", type)], body=body
    )
    assert wire.code == code


@pytest.mark.everywhere
def test_unwantedContentIsDropped() -> None:
    """
    A GET's content, and that for a method which isn't allowed, is never read.
    """
    for method, code in [(b"GET", 405), (b"PUT", 405)]:
        wire, request = ask(Site(Taking(Buffer())), method, body=b"xyz")
        assert wire.code == code
        assert request.body == b""


def test_slowReaderPauses() -> None:
    """
    Content that nobody reads pauses the transport, and reading resumes it.
    """

    class Slow(Resource):
        policy = Stream()

        def render_PUT(self, request: Request) -> None:
            pass

    wire, request = ask(Site(Slow()), b"PUT", body=None, length=None)
    for _ in range(4):
        wire.contentReceived(b"x" * 32768)
    assert wire.paused
    assert wire.held == 2 * 32768
    got = [request.content.next().result for _ in range(4)]
    assert b"".join(got) == b"x" * 4 * 32768
    assert not wire.paused


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


# The client goes away


def test_disconnectCancels(loggedErrors: Any) -> None:
    """
    A rendering coroutine is cancelled, whenDone fires, and nothing is logged.
    """
    outcome: list[Any] = []

    async def rendering(request: Request) -> bytes:
        try:
            await Deferred()
        except CancelledError:
            outcome.append("cancelled")
            raise
        return b""

    wire, request = ask(Site(Answering(rendering)))
    request.whenDone().addCallback(lambda _: outcome.append("done"))
    wire.lose(gone())
    assert outcome == ["done", "cancelled"]
    assert request.disconnected
    request.whenDone().addCallback(lambda _: outcome.append("late"))
    assert outcome[-1] == "late"
    request.write(b"x")
    request.finish()
    assert loggedErrors.events == []


def test_disconnectUncancelled() -> None:
    """
    A resource may say that its rendering goes on.
    """
    never: Deferred[bytes] = Deferred()
    resource = Answering(lambda r: never)
    resource.cancelOnDisconnect = False
    wire, request = ask(Site(resource))
    wire.lose(gone())
    assert not never.called
    never.callback(b"too late")
    assert wire.body == b""


@pytest.mark.parametrize("policy", [Buffer(), Stream(), Form()])
def test_disconnectInContent(policy: Any, loggedErrors: Any) -> None:
    """
    Truncated content is never rendered as if it were whole.
    """
    wire, request = ask(
        Site(Taking(policy)),
        b"POST",
        headers=[(b"content-type", b"application/x-www-form-urlencoded")],
        body=None,
        length=10,
    )
    wire.contentReceived(b"abc")
    wire.lose(gone())
    assert request.disconnected
    assert wire.code == 0
    assert loggedErrors.events == []


def test_disconnectInGenerator(loggedErrors: Any) -> None:
    """
    An asynchronous generator is closed.
    """
    closed: list[bool] = []

    async def endless(request: Request) -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await Deferred()
        finally:
            closed.append(True)

    wire, request = ask(Site(Answering(endless)))
    assert wire.body == b"x"
    wire.lose(gone())
    assert closed == [True]
    assert loggedErrors.events == []


async def pieces() -> AsyncIterator[bytes]:
    yield b"x"
    await Deferred()


@pytest.mark.parametrize("kind", ["generator", "iterator", "file"])
def test_disconnectInBody(kind: str, tmp_path: Any) -> None:
    """
    Whoever waits for the end is told that it wasn't a good one, and so is the
    access log.
    """
    told: list[bool] = []
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_000_000)
    body: Any = pieces()
    if kind == "iterator":
        body = iter([b"x"] * 1000)
    elif kind == "file":
        body = path.open("rb")

    def rendering(request: Request) -> Response:
        request.whenDone().addCallback(lambda _: told.append(request.disconnected))
        return Response(body)

    wire = Wire()
    site = Site(Answering(rendering))
    wire.outputBlocked()
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    assert told == []
    wire.lose(gone())
    assert told == [True]


def test_backPressureOnGenerator() -> None:
    """
    An asynchronous generator waits while the wire takes no more.
    """
    made: list[int] = []

    async def numbers(request: Request) -> AsyncIterator[bytes]:
        for n in range(5):
            made.append(n)
            yield b"%d" % n

    wire = Wire()
    site = Site(Answering(numbers))
    wire.outputBlocked()
    wire.begin(site, b"GET", b"/", (1, 1), Headers([(b"host", b"x")]), 0)
    wire.contentEnded()
    assert made == [0]
    wire.outputReady()
    assert made == [0, 1, 2, 3, 4]
    assert wire.ended


def test_contentLost() -> None:
    """
    Who reads a stream is told why it ends.
    """
    told: list[Any] = []

    class Upload(Resource):
        policy = Stream()
        cancelOnDisconnect = False

        async def render_PUT(self, request: Request) -> Any:
            assert request.content is not None
            try:
                await request.content.read()
            except PeerGone as problem:
                told.append(problem)
            return b""

    wire, _ = ask(Site(Upload()), b"PUT", body=None, length=None)
    wire.lose(gone())
    assert len(told) == 1


@pytest.mark.everywhere
def test_readLimit() -> None:
    """
    read() has a limit of its own.
    """

    class Upload(Resource):
        policy = Stream()

        async def render_PUT(self, request: Request) -> Any:
            assert request.content is not None
            try:
                return await request.content.read(2)
            except LimitExceeded:
                return b"too long"

    wire, _ = ask(Site(Upload()), b"PUT", body=b"abc")
    assert wire.body == b"too long"
