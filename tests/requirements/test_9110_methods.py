"""
RFC 9110, sections 8 to 12 and 15, at the serving end: representations,
methods, expectations and status codes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.content import Buffer, Form, Stream
from penstock.core.dates import formatDate, parseDate
from penstock.core.errors import HTTPError
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.data import Data
from penstock.resources.file import File
from penstock.resources.redirect import Redirect

from .ends import HELLO, Origin, Seen, answers, plain


def blocks() -> Iterator[bytes]:
    return iter([b"hel", b"lo"])


# Section 8


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
def test_contentType(answer: Any, type: bytes | None) -> None:
    """
    Content has a type, unless all that is known is that it is octets.
    """
    assert Origin(Seen(answer)).get().get(b"content-type") == type


@pytest.mark.requirement(
    "9110-8.3-1", "9110-8.8.2.1-1", "9110-8.8.3.1-1", "9110-15.3.1-1"
)
def test_fieldsOfAFile(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("hello")
    os.utime(tmp_path / "a.html", (784111777, 784111777))
    origin = Origin(File(tmp_path))
    for method in (b"GET", b"HEAD"):
        answer = origin.get(target=b"/a.html", method=method)
        assert answer.get(b"content-type") == b"text/html; charset=utf-8"
        assert answer.get(b"last-modified") == b"Sun, 06 Nov 1994 08:49:37 GMT"
        assert (answer.get(b"etag") or b"").startswith(b'"')


@pytest.mark.requirement("9110-8.8.3.1-1", "9110-8.8.3-1", "9110-15.3.1-1")
def test_tagOfData() -> None:
    """
    A strong one, made of the octets.
    """
    one = Origin(Data(b"one")).get().get(b"etag")
    other = Origin(Data(b"other")).get().get(b"etag")
    same = Origin(Data(b"one")).get().get(b"etag")
    assert one == same != other
    assert one is not None
    assert one.startswith(b'"')


@pytest.mark.requirement("9110-8.8.3-1")
@pytest.mark.parametrize(("age", "strong"), [(0, False), (1, False), (3, True)])
def test_tagOfAFileThatMayChange(tmp_path: Path, age: int, strong: bool) -> None:
    """
    Weak, as long as there may be another change at the same time.
    """
    path = tmp_path / "a"
    path.write_bytes(b"one")
    changed = os.stat(path).st_mtime_ns
    origin = Origin(File(tmp_path, seconds=lambda: changed / 1e9 + age))
    first = origin.get(target=b"/a").get(b"etag") or b""
    path.write_bytes(b"two")
    os.utime(path, ns=(changed, changed))
    second = origin.get(target=b"/a").get(b"etag") or b""
    assert first == second
    assert first.startswith(b'"') is strong


@pytest.mark.requirement("9110-8.8.2.1-3", "9110-8.8.2.1-4")
@pytest.mark.parametrize("ahead", [1, 3600, 10**8])
def test_fileFromTheFuture(tmp_path: Path, ahead: int) -> None:
    now = int(time.time())
    (tmp_path / "a").write_bytes(b"x")
    os.utime(tmp_path / "a", (now + ahead, now + ahead))
    clock: Any = Clock()
    clock.advance(now + 0.5)
    origin = Origin(File(tmp_path, seconds=clock.seconds), clock=clock)
    answer = origin.get(target=b"/a")
    assert answer.get(b"last-modified") == answer.get(b"date") == formatDate(now)


@pytest.mark.requirement("9110-8.8.2.1-2")
def test_fileIsLookedAtForEachAnswer(tmp_path: Path) -> None:
    """
    What is said of a file is what it is when the answer is made.
    """
    path = tmp_path / "a"
    path.write_bytes(b"x")
    os.utime(path, (10, 10))
    origin = Origin(File(tmp_path))
    first = origin.get(target=b"/a")
    path.write_bytes(b"xy")
    os.utime(path, (20, 20))
    second = origin.get(target=b"/a")
    assert parseDate(first.get(b"last-modified") or b"").second == 10
    assert parseDate(second.get(b"last-modified") or b"").second == 20
    assert second.content == b"xy"


BODIES: dict[str, Any] = {
    "text": lambda request: "hello",
    "octets": lambda request: b"hello",
    "page": lambda request: Response.html("<p>"),
    "unknown length": lambda request: Response(blocks()),
    "nothing": lambda request: Response(),
    "error": lambda request: Response("no", 404),
    "redirect": lambda request: Response.redirect("/"),
}


@pytest.mark.requirement(
    "9110-9.3.2-1", "9110-9.3.2-2", "9110-9.3.2-3", "9110-8.6-3", "9110-8.6-4"
)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_head(body: Any) -> None:
    """
    All that GET has, but its content: so also the length.
    """
    origin = Origin(Seen(body))
    get = origin.get()
    origin.send(HELLO.replace(b"GET", b"HEAD"))
    raw = origin.take()
    assert raw.endswith(b"\r\n\r\n")
    (head,) = answers(raw, b"HEAD")
    assert head.fields == get.fields
    assert head.start == get.start
    assert origin.get().content == get.content


@pytest.mark.requirement("9110-9.3.2-2", "9110-8.6-4", "9110-9.1-1")
@pytest.mark.parametrize("name", ["a", "none", ""])
def test_headOfAFile(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    origin = Origin(File(tmp_path, listing=True))
    target = b"/" + name.encode()
    get, head = origin.get(target=target), origin.get(target=target, method=b"HEAD")
    assert head.fields == get.fields
    assert head.code == get.code


class Putting(Resource):
    """
    Can be put, in whole.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.content: dict[bytes, bytes] = {}

    def render_PUT(self, request: Any) -> Response:
        self.content[request.path] = request.body
        return Response(code=204)


@pytest.mark.requirement("9110-8.7-2", "9110-8.7-4")
@pytest.mark.parametrize("place", [b"/b", b"http://evil/b", b"../b"])
def test_contentLocationOfARequest(place: bytes) -> None:
    origin = Origin(Putting())
    assert (
        origin.get(
            b"Content-Location: " + place + b"\r\n", b"/a", b"PUT", content=b"x"
        ).code
        == 204
    )
    assert origin.root.content == {b"/a": b"x"}


@pytest.mark.requirement("9110-14.5-1", "9110-14.4-3")
def test_contentRangeOfAPut() -> None:
    origin = Origin(Putting())
    field = b"Content-Range: bytes 0-0/5\r\n"
    assert origin.get(field, b"/a", b"PUT", content=b"x").code == 400
    assert origin.root.content == {}
    origin.root.partialPut = True
    assert origin.get(field, b"/a", b"PUT", content=b"x").code == 204


@pytest.mark.requirement("9110-14.4-3")
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"DELETE"])
def test_contentRangeOfOthers(method: bytes) -> None:
    origin = Origin()
    assert origin.get(b"Content-Range: bytes 0-0/5\r\n", method=method).code == 200


# Section 9


@pytest.mark.requirement("9110-9.1-1")
@pytest.mark.parametrize("root", [Data(b"x"), Seen(), File(os.devnull)])
def test_getAndHead(root: Any) -> None:
    """
    Every resource of penstock has both; whether they find anything or not.
    """
    origin = Origin(root)
    for method in (b"GET", b"HEAD"):
        assert origin.get(method=method).code in (200, 404)


@pytest.mark.requirement("9110-9.1-3")
@pytest.mark.parametrize(
    "method", [b"FROB", b"get", b"Get", b"M" * 100, b"!#$%&'*+-.^_`|~"]
)
@pytest.mark.parametrize("root", [Data(b"x"), Seen()])
def test_unknownMethod(method: bytes, root: Any) -> None:
    assert Origin(root).get(method=method).code == 501


@pytest.mark.requirement(
    "9110-9.1-4", "9110-10.2.1-1", "9110-15.5.6-1", "9110-9.3.8-1", "9110-9.3.8-3"
)
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE"])
def test_methodThatIsNotThere(method: bytes) -> None:
    """
    Our choice also for TRACE.
    """
    answer = Origin(Data(b"x")).get(b"Cookie: secret\r\n", method=method)
    assert answer.code == 405
    assert answer.get(b"allow") == b"GET, HEAD, OPTIONS"
    assert b"secret" not in answer.content


def raised(request: Any) -> Any:
    raise HTTPError(405)


class Nowhere(Resource):
    """
    Refuses before there is a resource.
    """

    def locateChild(self, request: Any, segments: Any) -> Any:
        raise HTTPError(405)


@pytest.mark.requirement("9110-10.2.1-1", "9110-15.5.6-1")
@pytest.mark.parametrize(
    ("root", "allow"),
    [
        (Seen(raised), b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        (Seen(Response("no", 405)), b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        (Seen(plain("no", ("Allow", "PUT"), code=405)), b"PUT"),
        (Nowhere(), b""),
    ],
    ids=["raised", "returned", "its own", "nowhere"],
)
def test_405(root: Any, allow: bytes) -> None:
    """
    Also where an application says so, and no more.
    """
    answer = Origin(root).get()
    assert (answer.code, answer.get(b"allow")) == (405, allow)


@pytest.mark.requirement("9110-9.3.7-1", "9110-10.2.1-2", "9110-9.1-2")
@pytest.mark.parametrize(
    ("target", "allow"),
    [
        (b"/", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        (b"*", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    ],
)
def test_options(target: bytes, allow: bytes) -> None:
    answer = Origin().get(target=target, method=b"OPTIONS")
    assert (answer.code, answer.get(b"allow")) == (200, allow)
    assert Origin(Data(b"x")).get(method=b"OPTIONS").get(b"allow") == (
        b"GET, HEAD, OPTIONS"
    )


@pytest.mark.requirement("9110-9.3.1-2", "9110-9.3.2-5")
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_contentOfGet(method: bytes) -> None:
    """
    It is read and means nothing: what a resource gets is the same.
    """
    origin = Origin()
    assert origin.get(method=method, content=b"abc").code == 200
    assert origin.get(method=method).code == 200
    one, two = origin.root.seen
    assert one.body == two.body == b""


@pytest.mark.requirement("9110-9.3.6-2")
@pytest.mark.parametrize(
    "target",
    [b"a", b"a:", b"a:x", b"a:99999", b"a:123456", b":80", b"a:80:80", b"/", b"u@a:80"],
)
def test_connectWithoutAPort(target: bytes) -> None:
    (answer,) = Origin().ask(b"CONNECT " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert 400 <= answer.code < 600
    assert answer.get(b"connection") == b"close"


# Section 10


@pytest.mark.requirement("9110-10.1.1-7", "9110-15.2-1")
def test_expectationOfOld() -> None:
    origin = Origin(Putting())
    found = origin.ask(
        b"PUT / HTTP/1.0\r\nHost: a\r\n"
        b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
    )
    assert [it.code for it in found] == [204]


@pytest.mark.requirement("9110-15.2-1")
@pytest.mark.parametrize("code", [100, 102, 103])
def test_noInterimForOld(code: int) -> None:
    def render(request: Any) -> str:
        request.chanRequest.writeIntermediateResponse(code)
        return "hello"

    origin = Origin(Seen(render))
    assert [it.code for it in origin.ask(HELLO)] == [code, 200]
    assert [it.code for it in origin.ask(HELLO.replace(b"1.1", b"1.0"))] == [200]


EXPECT = (
    b"PUT %b HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: %d\r\n\r\n"
)


class Choosy(Resource):
    """
    Refuses what is below /no.
    """

    isLeaf = True

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy
        self.rendered = 0

    def locateChild(self, request: Any, segments: Any) -> Any:
        if segments[0] == "no":
            raise HTTPError(403)
        return super().locateChild(request, segments)

    async def render_PUT(self, request: Any) -> str:
        self.rendered += 1
        if request.content is not None:
            await request.content.read()
        return "done"


@pytest.mark.requirement("9110-10.1.1-11", "9110-10.1.1-12", "9110-10.1.1-9")
@pytest.mark.parametrize("policy", [Buffer(), Stream()], ids=["buffer", "stream"])
def test_continue(policy: Any) -> None:
    """
    100 at once, before any content; and then the answer.
    """
    origin = Origin(Choosy(policy))
    origin.send(EXPECT % (b"/", 3))
    assert [it.code for it in answers(origin.take())] == [100]
    origin.send(b"abc")
    (answer,) = answers(origin.take())
    assert (answer.code, answer.content) == (200, b"done")


@pytest.mark.requirement("9110-10.1.1-11", "9110-5.6.1.2-1")
@pytest.mark.parametrize(
    "lines",
    [
        b"Expect: x=y, 100-continue\r\n",
        b"Expect: ,100-Continue, ,\r\n",
        b"Expect: x\r\nExpect: 100-continue\r\n",
    ],
)
@pytest.mark.parametrize("policy", [Buffer(), Stream()], ids=["buffer", "stream"])
def test_continueAmongOthers(lines: bytes, policy: Any) -> None:
    data = (EXPECT % (b"/", 3)).replace(b"Expect: 100-Continue\r\n", lines)
    origin = Origin(Choosy(policy))
    origin.send(data)
    assert [it.code for it in answers(origin.take())] == [100]
    origin.send(b"abc")
    assert [it.code for it in answers(origin.take())] == [200]


@pytest.mark.requirement("9110-10.1.1-9")
def test_continueAndFailure(loggedErrors: Any) -> None:
    """
    There is a final answer even if all goes wrong.
    """

    def render(request: Any) -> Any:
        raise RuntimeError

    origin = Origin(Seen(render))
    origin.send(EXPECT % (b"/", 3))
    assert [it.code for it in answers(origin.take())] == [100]
    origin.send(b"abc")
    assert [it.code for it in answers(origin.take())] == [500]
    assert len(loggedErrors.flush()) == 1


@pytest.mark.requirement("9110-10.1.1-11", "9110-10.1.1-10")
@pytest.mark.parametrize(
    ("target", "length", "code"), [(b"/no", 3, 403), (b"/", 10, 413), (b"/%00", 3, 400)]
)
def test_refusedBeforeContent(target: bytes, length: int, code: int) -> None:
    """
    A final answer instead, that says that the connection ends.
    """
    origin = Origin(Choosy(Buffer(5)))
    origin.send(EXPECT % (target, length))
    (answer,) = answers(origin.take())
    assert answer.code == code
    assert answer.get(b"connection") == b"close"
    assert not origin.wire.open
    assert origin.root.rendered == 0


@pytest.mark.requirement("9110-10.1.1-10", "9110-15.5.14-1", "9110-15.5.14-2")
@pytest.mark.parametrize(("length", "kept"), [(1000, True), (10_000_000, False)])
def test_earlyAnswerSaysWhatWillBe(length: int, kept: bool) -> None:
    """
    Our choice: it reads on through little, and closes on much.
    """
    origin = Origin(Choosy(Buffer(5)))
    origin.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length)
    (answer,) = answers(origin.take())
    assert answer.code == 413
    assert answer.get(b"connection") == (None if kept else b"close")
    assert origin.wire.open is kept


@pytest.mark.requirement("9110-10.1.1-8", "9110-10.1.1-1")
@pytest.mark.parametrize(
    "data",
    [
        (EXPECT % (b"/", 0)),
        HELLO[:-2] + b"Expect: 100-continue\r\n\r\n",
        HELLO[:-2] + b"Expect: something\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: x=y\r\nContent-Length: 1\r\n\r\nx",
    ],
)
def test_noContinue(data: bytes) -> None:
    """
    Our choice: no 100 where no content follows, and nothing said of other
    expectations.
    """
    assert [it.code for it in Origin().ask(data)] == [200]


@pytest.mark.requirement(
    "9110-10.2.4-1",
    "9110-10.2.4-2",
    "9110-10.2.4-3",
    "9110-10.1.5-2",
    "9110-10.1.5-3",
    "9110-10.1.5-4",
)
@pytest.mark.parametrize("data", [HELLO, b"x\r\n\r\n", HELLO.replace(b"GET", b"FROB")])
def test_noServerField(data: bytes) -> None:
    """
    Our choice: penstock doesn't say what it is.
    """
    (answer,) = Origin().ask(data)
    assert b"server" not in answer.names
    assert b"penstock" not in answer.content.lower()


# Section 12


@pytest.mark.requirement("9110-12.5.3-2")
@pytest.mark.parametrize(
    "coding", [b"", b"gzip", b"br, zstd", b"*", b"identity", b"gzip;q=1, *;q=0.1", b"x"]
)
@pytest.mark.parametrize("root", [Data("hello"), Seen()])
def test_noCoding(coding: bytes, root: Any) -> None:
    answer = Origin(root).get(b"Accept-Encoding: " + coding + b"\r\n")
    assert b"content-encoding" not in answer.names
    assert answer.content == b"hello"


@pytest.mark.requirement("9110-12.5.3-3")
def test_415() -> None:
    root = Seen()
    root.policy = Form()
    answer = Origin(root).get(b"Content-Type: text/x\r\n", method=b"POST", content=b"x")
    assert answer.code == 415
    assert b"accept-encoding" not in answer.names


# Section 15


@pytest.mark.requirement("9110-15.3.6-1")
@pytest.mark.parametrize("body", [b"", b"hello", blocks], ids=["none", "some", "any"])
def test_205(body: Any) -> None:
    def render(request: Any) -> Response:
        return Response(body() if callable(body) else body, 205)

    origin = Origin(Seen(render))
    found = origin.ask(HELLO + HELLO)
    assert [(it.code, it.content) for it in found] == [(205, b"")] * 2


@pytest.mark.requirement(
    "9110-15.4.2-1", "9110-15.4.3-1", "9110-15.4.8-2", "9110-15.4.9-1"
)
@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_location(code: int) -> None:
    answer = Origin(Redirect("/there", code)).get()
    assert (answer.code, answer.get(b"location")) == (code, b"/there")


def boom(request: Any) -> Any:
    raise RuntimeError("secret")


@pytest.mark.requirement("9110-15.5-1", "9110-15.6-1")
@pytest.mark.parametrize(
    ("root", "data"),
    [
        (Seen(), b"x\r\n\r\n"),
        (Seen(), HELLO.replace(b" /", b" /%zz")),
        (Seen(), HELLO.replace(b"GET", b"FROB")),
        (Data(b""), HELLO.replace(b"GET", b"PUT")),
        (Resource(), HELLO.replace(b" /", b" /x")),
        (Seen(boom), HELLO),
        (Seen(), HELLO.replace(b"1.1", b"7.1")),
        (Seen(), HELLO[:-2] + b"X: " + b"a" * 100_000),
    ],
)
def test_errorsExplain(root: Any, data: bytes, loggedErrors: Any) -> None:
    """
    In words, with the code's meaning, and without what is nobody's business.
    """
    (answer,) = Origin(root).ask(data)
    assert answer.code >= 400
    assert (answer.get(b"content-type") or b"").startswith(b"text/")
    assert answer.start[2] in answer.content
    assert b"secret" not in answer.content
    loggedErrors.flush()


@pytest.mark.requirement("9110-15.5-1")
def test_ownPages() -> None:
    """
    What an application has to say is said.
    """

    def render(request: Any) -> Any:
        raise HTTPError(409, "Somebody else has <changed> it.", Headers([("X", "1")]))

    answer = Origin(Seen(render)).get()
    assert (answer.code, answer.get(b"x")) == (409, b"1")
    assert b"Somebody else has &lt;changed&gt; it." in answer.content
