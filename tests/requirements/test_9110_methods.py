"""
RFC 9110, sections 8 to 12 and 15, at the serving end: representations,
methods, expectations and status codes.
"""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.choice import chooseLanguage, chooseType
from penstock.core.codings import CODINGS
from penstock.core.content import Buffer, Form, Stream
from penstock.core.dates import formatDate, parseDate
from penstock.core.errors import HTTPError, InvalidField, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Site
from penstock.resources.compressed import Compressed
from penstock.resources.data import Data
from penstock.resources.file import File
from penstock.resources.redirect import Redirect

from .ends import HELLO, Message, Origin, Seen, answers, plain
from .ways import Facility, Serve


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
    first = origin.get(target=b"/a").get(b"etag") or b""
    path.write_bytes(b"two")
    os.utime(path, ns=(changed, changed))
    second = origin.get(target=b"/a").get(b"etag") or b""
    assert first == second
    assert first.startswith(b'"') is strong


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
def test_head(serve: Serve, body: Any) -> None:
    """
    All that GET has, but its content: so also the length.
    """
    origin = serve(Seen(body))
    get, head = origin.get(), origin.get(method=b"HEAD")
    assert (head.code, head.fields) == (get.code, get.fields)
    assert head.content == b""
    assert origin.get().content == get.content


@pytest.mark.requirement("9110-9.3.2-1", "9110-9.3.2-2", "9110-9.3.2-3")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_headInOctets(body: Any) -> None:
    """
    Framing, too; and the head is the last of it.
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
def test_headOfAFile(serve: Serve, tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    origin = serve(File(tmp_path, listing=True))
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
def test_contentLocationOfARequest(serve: Serve, place: bytes) -> None:
    origin = serve(Putting())
    assert (
        origin.get(
            b"Content-Location: " + place + b"\r\n", b"/a", b"PUT", content=b"x"
        ).code
        == 204
    )
    assert origin.root.content == {b"/a": b"x"}


@pytest.mark.requirement("9110-14.5-1", "9110-14.4-3")
def test_contentRangeOfAPut(serve: Serve) -> None:
    origin = serve(Putting())
    field = b"Content-Range: bytes 0-0/5\r\n"
    assert origin.get(field, b"/a", b"PUT", content=b"x").code == 400
    assert origin.root.content == {}
    origin.root.partialPut = True
    assert origin.get(field, b"/a", b"PUT", content=b"x").code == 204


@pytest.mark.requirement("9110-14.4-3")
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"DELETE"])
def test_contentRangeOfOthers(serve: Serve, method: bytes) -> None:
    origin = serve()
    assert origin.get(b"Content-Range: bytes 0-0/5\r\n", method=method).code == 200


# Section 9


@pytest.mark.requirement("9110-9.1-1")
@pytest.mark.parametrize("root", [Data(b"x"), Seen(), File(os.devnull)])
def test_getAndHead(serve: Serve, root: Any) -> None:
    """
    Every resource of penstock has both; whether they find anything or not.
    """
    origin = serve(root)
    for method in (b"GET", b"HEAD"):
        assert origin.get(method=method).code in (200, 404)


@pytest.mark.requirement("9110-9.1-3")
@pytest.mark.parametrize(
    "method", [b"FROB", b"get", b"Get", b"M" * 100, b"!#$%&'*+-.^_`|~"]
)
@pytest.mark.parametrize("root", [Data(b"x"), Seen()])
def test_unknownMethod(serve: Serve, method: bytes, root: Any) -> None:
    assert serve(root).get(method=method).code == 501


@pytest.mark.requirement(
    "9110-9.1-4", "9110-10.2.1-1", "9110-15.5.6-1", "9110-9.3.8-1", "9110-9.3.8-3"
)
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE"])
def test_methodThatIsNotThere(serve: Serve, method: bytes) -> None:
    """
    Our choice also for TRACE.
    """
    answer = serve(Data(b"x")).get(b"Cookie: secret\r\n", method=method)
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
def test_405(serve: Serve, root: Any, allow: bytes) -> None:
    """
    Also where an application says so, and no more.
    """
    answer = serve(root).get()
    assert (answer.code, answer.get(b"allow")) == (405, allow)


@pytest.mark.requirement("9110-9.3.7-1", "9110-10.2.1-2", "9110-9.1-2")
@pytest.mark.parametrize(
    ("target", "allow"),
    [
        (b"/", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        (b"*", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    ],
)
def test_options(serve: Serve, target: bytes, allow: bytes) -> None:
    answer = serve().get(target=target, method=b"OPTIONS")
    assert (answer.code, answer.get(b"allow")) == (200, allow)
    assert serve(Data(b"x")).get(method=b"OPTIONS").get(b"allow") == (
        b"GET, HEAD, OPTIONS"
    )


@pytest.mark.requirement("9110-9.3.1-2", "9110-9.3.2-5")
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_contentOfGet(serve: Serve, method: bytes) -> None:
    """
    It is read and means nothing: what a resource gets is the same.
    """
    origin = serve()
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


EXPECTS = b"Expect: 100-Continue\r\n"
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
        if isinstance(self.policy, Stream):
            await request.content.read()
        return "done"


@pytest.mark.requirement("9110-10.1.1-11", "9110-10.1.1-12", "9110-10.1.1-9")
@pytest.mark.parametrize("policy", [Buffer(), Stream()], ids=["buffer", "stream"])
@pytest.mark.parametrize("length", [3, None])
def test_continue(serve: Serve, policy: Any, length: int | None) -> None:
    """
    100 at once, before any content; and then the answer.
    """
    talk = serve(Choosy(policy)).talk(b"PUT", b"/", EXPECTS, length)
    assert talk.codes == [100]
    talk.write(b"abc")
    talk.end()
    assert talk.codes == [100, 200]
    assert talk.answers[-1].content == b"done"


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
def test_continueAmongOthers(serve: Serve, lines: bytes, policy: Any) -> None:
    talk = serve(Choosy(policy)).talk(b"PUT", b"/", lines, 3)
    assert talk.codes == [100]
    talk.write(b"abc")
    talk.end()
    assert talk.codes == [100, 200]


@pytest.mark.requirement("9110-10.1.1-9")
def test_continueAndFailure(serve: Serve, loggedErrors: Any) -> None:
    """
    There is a final answer even if all goes wrong.
    """

    def render(request: Any) -> Any:
        raise RuntimeError

    talk = serve(Seen(render)).talk(b"PUT", b"/", EXPECTS, 3)
    assert talk.codes == [100]
    talk.write(b"abc")
    talk.end()
    assert talk.codes == [100, 500]
    assert len(loggedErrors.flush()) == 1


REFUSALS = [(b"/no", 3, 403), (b"/", 10, 413), (b"/%00", 3, 400)]


@pytest.mark.requirement("9110-10.1.1-11")
@pytest.mark.parametrize(("target", "length", "code"), REFUSALS)
def test_refusedInsteadOf100(
    serve: Serve, target: bytes, length: int, code: int
) -> None:
    origin = serve(Choosy(Buffer(5)))
    assert origin.talk(b"PUT", target, EXPECTS, length).codes == [code]
    assert origin.root.rendered == 0


@pytest.mark.requirement("9110-10.1.1-11", "9110-10.1.1-10")
@pytest.mark.parametrize(("target", "length", "code"), REFUSALS)
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
    ("method", "fields", "content"),
    [
        (b"PUT", EXPECTS, b""),
        (b"GET", EXPECTS, None),
        (b"GET", b"Expect: something\r\n", None),
        (b"PUT", b"Expect: x=y\r\n", b"x"),
    ],
)
def test_noContinue(
    serve: Serve, method: bytes, fields: bytes, content: bytes | None
) -> None:
    """
    Our choice: no 100 where no content follows, and nothing said of other
    expectations.
    """
    found = serve().ask(method, b"/", fields, content)
    assert [it.code for it in found] == [200]


@pytest.mark.requirement(
    "9110-10.2.4-1",
    "9110-10.2.4-2",
    "9110-10.2.4-3",
    "9110-10.1.5-2",
    "9110-10.1.5-3",
    "9110-10.1.5-4",
)
@pytest.mark.parametrize("method", [b"GET", b"FROB", b"TRACE"])
def test_noServerField(serve: Serve, method: bytes) -> None:
    """
    Our choice: penstock doesn't say what it is.
    """
    answer = serve().get(method=method)
    assert b"server" not in answer.names
    assert b"penstock" not in answer.content.lower()


@pytest.mark.requirement("9110-10.2.4-1")
@pytest.mark.parametrize("data", [HELLO, b"x\r\n\r\n", HELLO.replace(b"GET", b"FROB")])
def test_noServerFieldInOctets(data: bytes) -> None:
    """
    Nor where no resource answers.
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
def test_noCoding(serve: Serve, coding: bytes, root: Any) -> None:
    answer = serve(root).get(b"Accept-Encoding: " + coding + b"\r\n")
    assert b"content-encoding" not in answer.names
    assert answer.content == b"hello"


@pytest.mark.requirement("9110-12.5.3-3")
def test_415(serve: Serve) -> None:
    root = Seen()
    root.policy = Form()
    answer = serve(root).get(b"Content-Type: text/x\r\n", method=b"POST", content=b"x")
    assert answer.code == 415
    assert b"accept-encoding" not in answer.names


class Coded(Resource):
    """
    Takes content in any coding there is.
    """

    isLeaf = True
    policy = Buffer(decode=True)

    def render_PUT(self, request: Any) -> bytes:
        content: bytes = request.body
        return content


@pytest.mark.requirement("9110-8.4-3", "9110-8.4.1.3-1")
@pytest.mark.parametrize(
    ("coding", "code"),
    [
        (b"gzip", 200),
        (b"x-gzip", 200),
        (b"GZIP", 200),
        (b"frob", 415),
        (b"gzip, frob", 415),
        (b"frob, gzip", 415),
    ],
)
def test_codingOfContent(serve: Serve, coding: bytes, code: int) -> None:
    """
    Our choice: taken off if it is known and wanted; else 415, with those that
    would be taken.
    """
    field = b"Content-Encoding: " + coding + b"\r\n"
    content = gzip.compress(b"hello")
    answer = serve(Coded()).get(field, method=b"PUT", content=content)
    assert answer.code == code
    if code == 200:
        assert answer.content == b"hello"
    else:
        assert b"gzip" in (answer.get(b"accept-encoding") or b"")


TEXT = b"Once upon a time. " * 200


def unpacked(answer: Message) -> bytes:
    """
    The content, by what its fields say.
    """
    content = answer.content
    for coding in reversed((answer.get(b"content-encoding") or b"").split(b", ")):
        if coding:
            content = CODINGS[coding.decode()].decoder().feed(content, 1 << 20)
    return content


@pytest.mark.requirement("9110-8.4-1", "9110-8.4-2", "9110-12.5.3-2")
@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (b"gzip", b"gzip"),
        (b"br", b"br"),
        (b"zstd", b"zstd"),
        (b"deflate", b"deflate"),
        (b"br;q=0.1, gzip;q=0.5", b"gzip"),
        (b"identity", None),
        (b"frob", None),
        (b"gzip;q=0", None),
        (b"", None),
    ],
)
def test_codingIsSaid(serve: Serve, accept: bytes, coding: bytes | None) -> None:
    """
    What is applied, and nothing else: never that there is none.
    """
    root = Compressed(Data(TEXT, "text/plain"))
    answer = serve(root).get(b"Accept-Encoding: " + accept + b"\r\n")
    assert answer.all(b"content-encoding") == ([] if coding is None else [coding])
    assert (answer.content == TEXT) is (coding is None)
    assert unpacked(answer) == TEXT


@pytest.mark.requirement("9110-8.4-1", "9110-8.4-2")
def test_codingOnACoding(serve: Serve) -> None:
    """
    A resource that has applied one says so; it isn't covered up.
    """
    packed = plain(
        gzip.compress(TEXT), ("Content-Encoding", "gzip"), ("Content-Type", "text/x")
    )
    root = Compressed(Seen(lambda request: packed))
    answer = serve(root).get(b"Accept-Encoding: br, gzip\r\n")
    assert answer.all(b"content-encoding") == [b"gzip"]
    assert unpacked(answer) == TEXT


@pytest.mark.requirement("9110-8.4-1", "9110-8.4-2")
@pytest.mark.parametrize("accept", [b"gzip", b"identity"])
def test_codingOfAFile(serve: Serve, tmp_path: Path, accept: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT))
    origin = serve(File(tmp_path, precompressed=True))
    answer = origin.get(b"Accept-Encoding: " + accept + b"\r\n", b"/a.txt")
    assert answer.all(b"content-encoding") == ([b"gzip"] if accept == b"gzip" else [])
    assert unpacked(answer) == TEXT


def chosen(request: Any) -> Any:
    kind = chooseType(request, ["text/html", "application/json"])
    if kind is None:
        raise HTTPError(406)
    return plain("x", ("Content-Type", kind))


def chosenLanguage(request: Any) -> str:
    return chooseLanguage(request, ["de", "en"]) or "de"


@pytest.mark.requirement("9110-12.5.5-3")
@pytest.mark.parametrize(
    ("root", "field", "values"),
    [
        (Seen(chosen), b"accept", [b"application/json", b"*/*", b"image/png"]),
        (Seen(chosenLanguage), b"accept-language", [b"en", b"de", b"x"]),
        (
            Compressed(Data(TEXT, "text/plain")),
            b"accept-encoding",
            [b"gzip", b"identity", b""],
        ),
        # The page of an error.
        (Resource(), b"accept", [b"text/html", b"application/json"]),
    ],
    ids=["type", "language", "coding", "error"],
)
def test_vary(serve: Serve, root: Any, field: bytes, values: list[bytes]) -> None:
    """
    Whatever was chosen: what it depended on is said; also of an error.
    """
    origin = serve(root)
    target = b"/x" if type(root) is Resource else b"/"
    for line in (b"", *(field + b": " + value + b"\r\n" for value in values)):
        vary = origin.get(line, target).get(b"vary") or b""
        assert field in vary.split(b", "), line


@pytest.mark.requirement("9110-8.8.1-1", "9110-8.8.3-1")
def test_weakTagsChange(serve: Serve, tmp_path: Path) -> None:
    """
    A weak tag, too, is another as soon as the content is.
    """
    accept = b"Accept-Encoding: gzip\r\n"
    one = serve(Compressed(Data(TEXT, "text/x"))).get(accept).get(b"etag") or b""
    two = serve(Compressed(Data(TEXT + b".", "text/x"))).get(accept).get(b"etag")
    assert one.startswith(b"W/")
    assert one != two
    path = tmp_path / "a"
    found = set()
    for number in range(3):
        path.write_bytes(b"x")
        os.utime(path, ns=(10**18, 10**18 + number))
        origin = serve(File(tmp_path, seconds=lambda: 10**9))
        found.add(origin.get(target=b"/a").get(b"etag"))
    assert len(found) == 3
    assert all((tag or b"").startswith(b"W/") for tag in found)


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


# Section 11


def demanding(code: int, how: str, fields: list[tuple[str, str]]) -> Any:
    """
    Answers with C{code}.
    """

    def render(request: Any) -> Any:
        if how == "raised":
            raise HTTPError(code, "No.", Headers(fields))
        if how == "returned":
            return plain("No.", *fields, code=code)
        request.code = code
        for field in fields:
            request.out_headers.setRaw(*field)
        request.write(b"No.")
        request.finish()
        return None

    return Seen(render)


DEMANDS = {
    401: ("WWW-Authenticate", 'Basic realm="a"'),
    407: ("Proxy-Authenticate", 'Basic realm="a"'),
}


@pytest.mark.requirement(
    "9110-11.6.1-1",
    "9110-15.5.2-1",
    "9110-11.7.1-1",
    "9110-15.5.8-1",
    "9110-11.6.1-2",
)
@pytest.mark.parametrize("how", ["raised", "returned", "written"])
@pytest.mark.parametrize("code", DEMANDS)
def test_challenge(serve: Serve, code: int, how: str, loggedErrors: Any) -> None:
    """
    Whoever asks for credentials says for which: without that, it is an error
    of the application's, and answered and logged as such.
    """
    name, value = DEMANDS[code]
    answer = serve(demanding(code, how, [(name, value)])).get()
    assert (answer.code, answer.get(name.lower().encode())) == (code, value.encode())
    assert b"No." in answer.content
    answer = serve(demanding(code, how, [])).get()
    assert answer.code == 500
    assert [type(it) for it in loggedErrors.flush()] == [LocalProtocolError]


@pytest.mark.requirement("9110-15.5.22-1", "9110-7.8-8")
@pytest.mark.parametrize("how", ["raised", "returned", "written"])
def test_426NeedsUpgrade(serve: Serve, how: str, loggedErrors: Any) -> None:
    answer = serve(demanding(426, how, [("Upgrade", "h2c")])).get()
    assert answer.code == 426
    assert serve(demanding(426, how, [])).get().code == 500
    assert [type(it) for it in loggedErrors.flush()] == [LocalProtocolError]


def test_errorPageThatFails(serve: Serve, loggedErrors: Any) -> None:
    """
    A page that can't be made is one of 500 in the end, or nothing at all.
    """

    class Failing(Site):
        only = 404

        def errorPage(self, request: Any, code: int, message: str | None) -> Response:
            if self.only in (code, 0):
                raise RuntimeError
            return super().errorPage(request, code, message)

    site = Failing(Resource())
    assert serve(site.root, site=site).get(target=b"/x").code == 500
    assert len(loggedErrors.flush()) == 1
    site.only = 0
    with pytest.raises(Exception):  # noqa: B017
        serve(site.root, site=site).get(target=b"/x")
    assert len(loggedErrors.flush()) == 2


REFERENCES = [
    "http:///x",
    "https:///x",
    "http://:80/",
    "http://u@a/",
    "https://u:p@a/x",
    "//u@a/",
    "///x",
    "http:/x",
    "HTTP://@a",
]


@pytest.mark.requirement("9110-4.2.1-1", "9110-4.2.2-1", "9110-4.2.4-1")
@pytest.mark.parametrize("place", REFERENCES)
def test_authoritiesThatAreNotSent(place: str) -> None:
    """
    Neither in a redirect nor in any field that is written from its value.
    """
    with pytest.raises(InvalidField):
        Redirect(place)
    with pytest.raises(InvalidField):
        Response.redirect(place)
    for name in (b"location", b"content-location", b"referer"):
        with pytest.raises(InvalidField):
            Headers().table.generate(name, place)


@pytest.mark.requirement("9110-4.2.1-2", "9110-4.2.2-2", "9110-4.2.4-2")
@pytest.mark.parametrize("place", REFERENCES)
def test_authoritiesThatAreNotTaken(serve: Serve, place: str) -> None:
    """
    Who reads such a field as what it means has nothing.
    """
    origin = serve()
    lines = b"Content-Location: %b\r\nReferer: %b\r\n"
    origin.get(lines % (place.encode(), place.encode()))
    (request,) = origin.root.seen
    assert request.in_headers.getHeader("content-location") is None
    assert request.in_headers.getHeader("referer") is None
    assert Headers([("Location", place)]).getHeader("location") is None


# Section 15


@pytest.mark.requirement("9110-15.3.6-1")
@pytest.mark.parametrize("body", [b"", b"hello", blocks], ids=["none", "some", "any"])
def test_205(serve: Serve, body: Any) -> None:
    root = Seen(lambda request: Response(body() if callable(body) else body, 205))
    origin = serve(root)
    for _ in range(2):
        answer = origin.get()
        assert (answer.code, answer.content) == (205, b"")


@pytest.mark.requirement("9110-15.3.6-1")
@pytest.mark.parametrize("body", [b"", b"hello", blocks], ids=["none", "some", "any"])
def test_205InOctets(body: Any) -> None:
    def render(request: Any) -> Response:
        return Response(body() if callable(body) else body, 205)

    origin = Origin(Seen(render))
    found = origin.ask(HELLO + HELLO)
    assert [(it.code, it.content) for it in found] == [(205, b"")] * 2


@pytest.mark.requirement(
    "9110-15.4.2-1", "9110-15.4.3-1", "9110-15.4.8-2", "9110-15.4.9-1"
)
@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_location(serve: Serve, code: int) -> None:
    answer = serve(Redirect("/there", code)).get()
    assert (answer.code, answer.get(b"location")) == (code, b"/there")


def boom(request: Any) -> Any:
    raise RuntimeError("secret")


@pytest.mark.requirement("9110-15.5-1", "9110-15.6-1")
@pytest.mark.parametrize("accept", [b"*/*", b"application/json"])
@pytest.mark.parametrize(
    ("root", "method", "target", "phrase"),
    [
        (Seen(), b"GET", b"/%zz", b"Bad Request"),
        (Seen(), b"FROB", b"/", b"Not Implemented"),
        (Data(b""), b"PUT", b"/", b"Method Not Allowed"),
        (Resource(), b"GET", b"/x", b"Not Found"),
        (Seen(boom), b"GET", b"/", b"Internal Server Error"),
    ],
)
def test_errorsExplain(
    serve: Serve,
    root: Any,
    method: bytes,
    target: bytes,
    phrase: bytes,
    accept: bytes,
    loggedErrors: Any,
) -> None:
    """
    In words, with the code's meaning, and without what is nobody's business.
    """
    answer = serve(root).get(b"Accept: " + accept + b"\r\n", target, method)
    assert answer.code >= 400
    kind = answer.get(b"content-type") or b""
    assert kind.startswith(b"text/html" if accept == b"*/*" else b"application/problem")
    assert phrase in answer.content
    assert b"secret" not in answer.content
    loggedErrors.flush()


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
def test_errorsExplainInOctets(root: Any, data: bytes, loggedErrors: Any) -> None:
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
def test_ownPages(serve: Serve) -> None:
    """
    What an application has to say is said.
    """

    def render(request: Any) -> Any:
        raise HTTPError(409, "Somebody else has <changed> it.", Headers([("X", "1")]))

    answer = serve(Seen(render)).get()
    assert (answer.code, answer.get(b"x")) == (409, b"1")
    assert b"Somebody else has &lt;changed&gt; it." in answer.content
