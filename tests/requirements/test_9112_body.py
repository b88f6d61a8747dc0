"""
RFC 9112, sections 6 and 7, at the serving end: where content ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from penstock.core.content import Buffer, Stream
from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.response import Response

from .ends import HELLO, Origin, Seen, plain

REFUSED = (400, True)
TE = b"Transfer-Encoding: chunked\r\n"


def put(fields: bytes, content: bytes = b"", version: bytes = b"1.1") -> bytes:
    return b"PUT / HTTP/%b\r\nHost: a\r\n%b\r\n%b" % (version, fields, content)


def blocks() -> Iterator[bytes]:
    """
    Content whose length isn't known.
    """
    return iter([b"hel", b"lo"])


def iterated(request: Any) -> Response:
    """
    Answer with it.
    """
    return Response(blocks())


CHUNKS: dict[str, tuple[bytes, bytes]] = {
    "none": (b"0\r\n\r\n", b""),
    "one": (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "two": (b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", b"hello"),
    "upper case": (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "lower case": (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "leading zeros": (b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
    "looks like the end": (b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"0\r\n\r\n"),
}


@pytest.mark.requirement("9112-6.1-1", "9112-7.1-2")
@pytest.mark.parametrize(("data", "content"), CHUNKS.values(), ids=CHUNKS)
def test_chunked(data: bytes, content: bytes) -> None:
    origin = Origin()
    assert [it.code for it in origin.ask(put(TE, data) + HELLO)] == [200, 200]
    assert origin.root.seen[0].body == content


EXTENSIONS = (
    b";a",
    b";a=b",
    b';a="b;c"',
    b';a="\\""',
    b" ; a = b",
    b";a;b=c;d",
    b";" + b"a" * 900,
    b"\t;a",
)


@pytest.mark.requirement("9112-7.1.1-1", "9110-5.6.3-6")
@pytest.mark.parametrize("extension", EXTENSIONS)
def test_chunkExtensions(extension: bytes) -> None:
    """
    None means anything here; with bad white space, they still don't.
    """
    origin = Origin()
    data = b"5%b\r\nhello\r\n0%b\r\n\r\n" % (extension, extension)
    assert [it.code for it in origin.ask(put(TE, data) + HELLO)] == [200, 200]
    assert origin.root.seen[0].body == b"hello"


@pytest.mark.requirement("9112-7.1-3")
@pytest.mark.parametrize(
    "size",
    [
        b"7fffffff",
        b"80000000",
        b"ffffffff",
        b"100000005",
        b"7fffffffffffff",
        b"fffffffffffffff",
    ],
)
def test_hugeChunk(size: bytes) -> None:
    """
    It is as long as it says: what follows is content, and no request.
    """
    origin = Origin(Seen())
    origin.root.policy = Stream()
    origin.send(put(TE, size + b"\r\nhello\r\n0\r\n\r\n" + HELLO))
    (request,) = origin.root.seen
    assert request.chanRequest.inflow.name != "DELIVERED"


@pytest.mark.requirement("9112-7.1-3")
@pytest.mark.parametrize(
    "size",
    [b"1" + b"0" * 15, b"1" + b"0" * 16 + b"5", b"f" * 100, b"0" * 15 + b"5"],
)
def test_tooLongAChunkSize(size: bytes) -> None:
    """
    More digits than anybody needs are refused, and not cut off.
    """
    assert Origin().refusal(put(TE, size + b"\r\nhello\r\n0\r\n\r\n")) == REFUSED


@pytest.mark.requirement("9112-6.1-2", "9112-6.1-3", "9112-6.1-4", "9112-6.2-1")
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("body", [b"hello", iterated], ids=["known", "unknown"])
@pytest.mark.parametrize("coding", ["chunked", "gzip", "gzip, chunked", "identity"])
def test_codingOfAnApplication(coding: str, body: Any, version: bytes) -> None:
    """
    What a resource says of the transfer is left out: there is chunked, once,
    or a length, or the end of the connection.
    """
    origin = Origin(
        Seen(
            lambda request: plain(
                body if body == b"hello" else blocks(),
                ("Transfer-Encoding", coding),
            )
        )
    )
    answer = origin.get(version=version)
    assert answer.content == b"hello"
    assert answer.all(b"transfer-encoding") in ([], [b"chunked"])
    if b"transfer-encoding" in answer.names:
        assert b"content-length" not in answer.names
    elif b"content-length" not in answer.names:
        assert not origin.wire.open


@pytest.mark.requirement("9112-6.2-1")
def test_lengthAndChunks() -> None:
    """
    A response with a length isn't chunked, whatever is written how.
    """

    def render(request: Any) -> None:
        request.out_headers.setRaw("Content-Length", "5")
        request.out_headers.setRaw("Transfer-Encoding", "chunked")
        request.write(b"hel")
        request.write(b"lo")
        request.finish()

    answer = Origin(Seen(render)).get()
    assert b"transfer-encoding" not in answer.names
    assert (answer.get(b"content-length"), answer.content) == (b"5", b"hello")


@pytest.mark.requirement("9112-6.1-7", "9110-8.6-7")
@pytest.mark.parametrize("code", [100, 102, 103, 199])
def test_interim(code: int) -> None:
    def render(request: Any) -> str:
        request.chanRequest.writeIntermediateResponse(
            code,
            Headers([("Transfer-Encoding", "chunked"), ("Content-Length", "5")]),
        )
        return "hello"

    interim, final = Origin(Seen(render)).ask(HELLO)
    assert (interim.code, interim.fields) == (code, [])
    assert final.content == b"hello"


@pytest.mark.requirement("9112-6.1-7", "9110-8.6-7")
@pytest.mark.parametrize("body", [b"", b"hello", iterated], ids=["none", "some", "any"])
@pytest.mark.parametrize("fields", [[], [("Content-Length", "5")]], ids=repr)
def test_204(body: Any, fields: Any) -> None:
    def render(request: Any) -> Response:
        return Response(
            blocks() if callable(body) else body,
            204,
            [("Transfer-Encoding", "chunked"), *fields],
        )

    origin = Origin(Seen(render))
    first, second = origin.ask(HELLO + HELLO)
    for answer in (first, second):
        assert answer.code == 204
        assert not {b"transfer-encoding", b"content-length"} & set(answer.names)


@pytest.mark.requirement("9112-6.1-8", "9110-8.6-8", "9110-9.3.6-6", "9110-9.3.6-3")
def test_connect() -> None:
    """
    Our choice: there is no CONNECT, so no 2xx to one.
    """
    data = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
    assert Origin().refusal(data) == (501, True)


@pytest.mark.requirement("9112-6.1-6")
def test_codingForHead() -> None:
    """
    Our choice: the answer to HEAD says what the one to GET would.
    """
    origin = Origin(Seen(iterated))
    assert origin.get(method=b"HEAD").get(b"transfer-encoding") == b"chunked"
    assert origin.get(version=b"1.0", method=b"HEAD").get(b"transfer-encoding") is None


@pytest.mark.requirement("9112-6.1-9")
@pytest.mark.parametrize("coding", [b"gzip, chunked", b"foo, chunked", b"x, y,chunked"])
def test_unknownCoding(coding: bytes) -> None:
    data = put(b"Transfer-Encoding: " + coding + b"\r\n", b"0\r\n\r\n")
    assert Origin().refusal(data) == (501, True)


@pytest.mark.requirement("9112-7.1-4", "9112-7.2-1")
@pytest.mark.parametrize(
    "coding",
    [
        b"chunked;a=b",
        b"chunked ; a",
        b"gzip;q=1, chunked",
        b"compress;a=b, chunked",
        b"deflate;a, chunked",
    ],
)
def test_codingWithParameters(coding: bytes) -> None:
    data = put(b"Transfer-Encoding: " + coding + b"\r\n", b"0\r\n\r\n")
    assert Origin().refusal(data) == REFUSED


@pytest.mark.requirement("9112-6.3-3")
@pytest.mark.parametrize(
    "lines",
    [
        [b"gzip"],
        [b"identity"],
        [b"foo"],
        [b"chunked, gzip"],
        [b"chunked, identity"],
        [b"chunked, chunked"],
        [b"chunked", b"gzip"],
        [b"chunked", b"chunked"],
        [b"gzip", b"chunked"],
        [b""],
        [b","],
        [b"chunked,"],
        [b", chunked"],
        [b"xchunked"],
        [b"chunkedx"],
        [b'"chunked"'],
        [b"chunked\xa0"],
        [b"\xa0chunked"],
        [b"\x0bchunked"],
    ],
    ids=repr,
)
def test_notChunkedInTheEnd(lines: list[bytes]) -> None:
    fields = b"".join(b"Transfer-Encoding: " + line + b"\r\n" for line in lines)
    assert Origin().refusal(put(fields, b"0\r\n\r\n")) == REFUSED


@pytest.mark.requirement("9112-6.1-11")
@pytest.mark.parametrize(
    "fields", [b"", b"Connection: keep-alive\r\n", b"TE: chunked\r\n"]
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_noChunksForOld(fields: bytes, method: bytes) -> None:
    origin = Origin(Seen(iterated))
    answer = origin.get(fields, method=method, version=b"1.0")
    assert b"transfer-encoding" not in answer.names
    if method == b"GET":
        assert answer.content == b"hello"
        assert not origin.wire.open


BOTH = b"Content-Length: 5\r\n" + TE
HTTP10 = put(TE, b"5\r\nhello\r\n0\r\n\r\n", b"1.0")


@pytest.mark.requirement("9112-6.1-12", "9112-6.1-13", "9112-6.3-2")
@pytest.mark.parametrize("length", [b"5", b"0", b"x", b"5, 5"])
@pytest.mark.parametrize("order", [1, -1])
def test_lengthAndCoding(length: bytes, order: int) -> None:
    """
    Our choice: it is refused, and the connection ends.
    """
    fields = [b"Content-Length: " + length + b"\r\n", TE][::order]
    data = put(b"".join(fields), b"5\r\nhello\r\n0\r\n\r\n")
    assert Origin().refusal(data) == REFUSED


@pytest.mark.requirement("9112-6.1-14")
@pytest.mark.parametrize(
    "fields", [b"", b"Content-Length: 5\r\n", b"Connection: keep-alive\r\n"]
)
def test_codingFromOld(fields: bytes) -> None:
    data = put(fields + TE, b"5\r\nhello\r\n0\r\n\r\n", b"1.0")
    assert Origin().refusal(data) == REFUSED


LENGTHS = {
    repr(lines): b"".join(b"Content-Length: " + line + b"\r\n" for line in lines)
    for lines in (
        [b""],
        [b"+5"],
        [b"-5"],
        [b"5_0"],
        [b"0x5"],
        [b"5 5"],
        [b"5;"],
        [b"5."],
        [b"\xef\xbc\x95"],
        [b"\x0b5"],
        [b"5, 6"],
        [b"5", b"6"],
        [b"5", b""],
        [b"5, x"],
        [b"5,"],
        [b"9" * 19],
        [b"9" * 5000],
    )
}


@pytest.mark.requirement("9112-6.3-4", "9112-6.3-5")
@pytest.mark.parametrize("fields", LENGTHS.values(), ids=LENGTHS)
def test_badLength(fields: bytes) -> None:
    assert Origin().refusal(put(fields, b"hello")) == REFUSED


@pytest.mark.requirement("9110-8.6-13", "9112-6.3-4")
@pytest.mark.parametrize("lines", [[b"5, 5"], [b"5", b"5"], [b"5,5,5"]], ids=repr)
def test_repeatedLength(lines: list[bytes]) -> None:
    """
    Our choice: the same length twice in a request is refused too.
    """
    fields = b"".join(b"Content-Length: " + line + b"\r\n" for line in lines)
    assert Origin().refusal(put(fields, b"hello")) == REFUSED


@pytest.mark.requirement("9110-8.6-10")
@pytest.mark.parametrize(
    "length", [2**31 - 1, 2**31, 2**32, 2**32 + 5, 2**53 + 1, 10**18 - 1]
)
def test_hugeLength(length: int) -> None:
    """
    No digit is lost.
    """
    origin = Origin()
    origin.root.policy = Stream(limit=None)
    origin.send(put(b"Content-Length: %d\r\n" % length, b"hello"))
    (request,) = origin.root.seen
    assert request.chanRequest.contentLength == length


SHORT = {
    "length": put(b"Content-Length: 6\r\n", b"hello"),
    "chunk": put(TE, b"6\r\nhello"),
    "no last chunk": put(TE, b"5\r\nhello\r\n"),
    "no end": put(TE, b"5\r\nhello\r\n0\r\n"),
    "no end of trailers": put(TE, b"5\r\nhello\r\n0\r\nX: 1\r\n"),
}


@pytest.mark.requirement("9112-6.3-8")
@pytest.mark.parametrize("data", SHORT.values(), ids=SHORT)
@pytest.mark.parametrize("how", ["closed", "half-closed", "late"])
def test_incomplete(data: bytes, how: str) -> None:
    """
    Whoever reads it learns that it isn't whole; the connection ends.
    """
    origin = Origin()
    origin.root.policy = Buffer()
    origin.send(data)
    assert not origin.root.seen
    if how == "closed":
        origin.lose()
    elif how == "half-closed":
        origin.channel.readConnectionLost()
    else:
        origin.wait(60)
    assert not origin.root.seen
    assert how == "closed" or not origin.wire.open


@pytest.mark.requirement("9112-6.3-9", "9110-8.6-9")
@pytest.mark.parametrize(
    ("body", "framing"),
    [
        ("hello", b"content-length"),
        (b"hello", b"content-length"),
        (iterated, b"transfer-encoding"),
    ],
    ids=["text", "bytes", "unknown"],
)
def test_selfDelimiting(body: Any, framing: bytes) -> None:
    origin = Origin(Seen(body))
    first, second = origin.ask(HELLO + HELLO)
    assert framing in first.names
    assert first.content == second.content == b"hello"


@pytest.mark.requirement("9112-6.3-10")
def test_lengthIsNotRequired() -> None:
    """
    Our choice: chunks are as good as a length.
    """
    origin = Origin()
    assert origin.ask(put(TE, b"5\r\nhello\r\n0\r\n\r\n"))[0].code == 200


TRAILED = put(
    TE + b"X: head\r\n",
    b"5\r\nhello\r\n0\r\nX: tail\r\nY: 1\r\nHost: evil\r\nContent-Length: 9\r\n"
    b"Authorization: Basic eDp5\r\nTransfer-Encoding: gzip\r\nIf-Match: *\r\n\r\n",
)


@pytest.mark.requirement(
    "9112-7.1.2-1",
    "9112-7.1.2-2",
    "9112-7.1.2-3",
    "9110-6.5.1-2",
    "9110-6.5.2-2",
    "9110-5.1-2",
)
def test_trailers() -> None:
    """
    Trailers are kept apart, without those that must not be there.
    """
    origin = Origin()
    assert origin.ask(TRAILED)[0].code == 200
    (request,) = origin.root.seen
    assert list(request.trailers) == [(b"X", b"tail"), (b"Y", b"1")]
    assert request.in_headers.getRaw("x") == (b"head",)
    assert request.in_headers.getRaw("host") == (b"a",)
    assert not request.in_headers.hasHeader("y")
    assert not request.in_headers.hasHeader("authorization")


@pytest.mark.requirement("9112-7.1-1", "9110-6.5.1-1", "9110-6.5.1-3")
def test_sentTrailers() -> None:
    """
    Those of a resource, but not what would change what was said before.
    """
    names = (
        "X-Sum",
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Content-Type",
        "Set-Cookie",
        "Authorization",
        "Date",
        "Cache-Control",
        "Trailer",
    )
    made = Headers([(name, "1") for name in names])
    origin = Origin(Seen(lambda request: Response(blocks(), trailers=made)))
    answer = origin.get()
    assert answer.trailers == [(b"X-Sum", b"1")]
    assert not Origin(Seen(iterated)).get().trailers


@pytest.mark.requirement("9112-6.3-8", "9112-6.3-9")
def test_shortAnswer(loggedErrors: Any) -> None:
    """
    A response that turns out shorter than it said never looks whole.
    """

    def render(request: Any) -> None:
        request.out_headers.setRaw("Content-Length", "6")
        request.write(b"hello")
        request.finish()

    origin = Origin(Seen(render))
    origin.send(HELLO)
    assert origin.wire.aborted
    (problem,) = loggedErrors.flush()
    assert type(problem) is LocalProtocolError
