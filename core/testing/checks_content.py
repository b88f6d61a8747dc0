"""
Checks: content, both ways.
"""

from __future__ import annotations

from typing import Any

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual, expectRefused
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.recorder import PushSource, pattern
from penstock.core.testing.scene import Scene

CONTENT = Group("content")

# What looks like something else on some wire.
TRICKY = (
    bytes(range(256)),
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"5;x\r\nhello\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x00\x00\x00\x00",
    b"\xc1\xff\xfe\x93",
)


def _length(size: int) -> list[tuple[bytes, bytes]]:
    return [(b"Content-Length", b"%d" % size)]


@CONTENT.check()
def requestContentCrosses(harness: Harness) -> None:
    """
    Content of a request arrives in order, whatever is in it.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    for data in TRICKY:
        client.exchange.writeData(data)
    client.exchange.finish()
    scene.whole(server)
    expectEqual(server.content, b"".join(TRICKY), "the content")


@CONTENT.check()
def requestContentOfKnownLengthCrosses(harness: Harness) -> None:
    """
    So does content with a Content-Length.
    """
    scene = Scene(harness)
    whole = b"".join(TRICKY)
    client, server = scene.uploading(_length(len(whole)))
    for data in TRICKY:
        client.exchange.writeData(data)
    client.exchange.finish()
    scene.whole(server)
    expectEqual(server.content, whole, "the content")


@CONTENT.check()
def responseContentCrosses(harness: Harness) -> None:
    """
    Content of a response arrives in order, whatever is in it.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    for data in TRICKY:
        server.exchange.writeData(data)
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"".join(TRICKY), "the content")


@CONTENT.check()
def responseContentOfKnownLengthCrosses(harness: Harness) -> None:
    """
    So does content with a Content-Length.
    """
    scene = Scene(harness)
    whole = b"".join(TRICKY)
    client, server = scene.answered(fields=_length(len(whole)))
    for data in TRICKY:
        server.exchange.writeData(data)
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, whole, "the content")


@CONTENT.check()
def requestContentIsNotHeldBack(harness: Harness) -> None:
    """
    What a caller has written arrives without waiting for more.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    expected = b""
    for data in (b"a", b"bc", b"\n"):
        client.exchange.writeData(data)
        expected += data
        scene.arrives(server, expected)


@CONTENT.check()
def responseContentIsNotHeldBack(harness: Harness) -> None:
    """
    What a request has written arrives without waiting for more.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    expected = b""
    for data in (b"a", b"bc", b"\n"):
        server.exchange.writeData(data)
        expected += data
        scene.arrives(client, expected)


@CONTENT.check()
def emptyRequestDataIsNothing(harness: Harness) -> None:
    """
    Empty data ends nothing, and no empty chunk arrives.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    for data in (b"", b"a", b"", b"b", b""):
        client.exchange.writeData(data)
        scene.settle()
    client.exchange.finish()
    scene.whole(server)
    expectEqual(server.content, b"ab", "the content")
    expect(b"" not in server.chunks, "no chunk is empty")


@CONTENT.check()
def emptyResponseDataIsNothing(harness: Harness) -> None:
    """
    Empty data ends nothing, and no empty chunk arrives.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    for data in (b"", b"a", b"", b"b", b""):
        server.exchange.writeData(data)
        scene.settle()
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"ab", "the content")
    expect(b"" not in client.chunks, "no chunk is empty")


@CONTENT.check()
def emptyMessagesAreWhole(harness: Harness) -> None:
    """
    Content may turn out to be none at all, both ways.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.finish()
    scene.whole(server)
    server.answer()
    scene.whole(client)
    expectEqual(server.chunks + client.chunks, [], "chunks")


@CONTENT.check()
def contentLengthIsAFact(harness: Harness) -> None:
    """
    C{contentLength} is what Content-Length says, 0 without content, L{None}
    if there is content of unknown length.
    """
    scene = Scene(harness)
    for fields, hasContent, expected in (
        (_length(5), True, 5),
        ([], True, None),
        ([], False, 0),
    ):
        client, server = scene.asked(b"POST", b"/", fields, hasContent)
        expectEqual(server.exchange.contentLength, expected, "contentLength")
        client.exchange.abortConnection()
        scene.settle()


@CONTENT.check()
def longRequestIsRefused(harness: Harness) -> None:
    """
    Content beyond its Content-Length isn't sent; the request can still be
    finished.
    """
    scene = Scene(harness)
    client, server = scene.uploading(_length(3))
    client.exchange.writeData(b"ab")
    expectRefused(client.exchange.writeData, b"cd")
    client.exchange.writeData(b"c")
    expectRefused(client.exchange.writeData, b"d")
    client.exchange.finish()
    scene.whole(server)
    expectEqual(server.content, b"abc", "the content")


@CONTENT.check()
def longResponseIsRefused(harness: Harness) -> None:
    """
    Content beyond its Content-Length isn't sent; the response can still be
    finished.
    """
    scene = Scene(harness)
    client, server = scene.answered(fields=_length(3))
    server.exchange.writeData(b"ab")
    expectRefused(server.exchange.writeData, b"cd")
    server.exchange.writeData(b"c")
    expectRefused(server.exchange.writeData, b"d")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"abc", "the content")


@CONTENT.check()
def shortRequestIsLost(harness: Harness) -> None:
    """
    A request finished before its Content-Length raises, and is lost for the
    server and never whole.
    """
    scene = Scene(harness)
    client, server = scene.uploading(_length(3))
    client.exchange.writeData(b"ab")
    scene.settle()
    expectRefused(client.exchange.finish)
    scene.lost(server)
    expect(not server.complete, "a short request isn't whole")


@CONTENT.check()
def shortResponseIsLost(harness: Harness) -> None:
    """
    A response finished before its Content-Length raises, and is lost for the
    caller and never whole.
    """
    scene = Scene(harness)
    client, server = scene.answered(fields=_length(3))
    server.exchange.writeData(b"ab")
    scene.settle()
    expectRefused(server.exchange.finish)
    scene.lost(client)
    expect(not client.complete, "a short response isn't whole")


@CONTENT.check(Capability.TRAILERS)
def responseTrailersCross(harness: Harness) -> None:
    """
    The trailer section of a response reaches the caller.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    trailers = Headers([(b"Digest", b"a"), (b"X-A", b"1"), (b"X-A", b"2")])
    server.answer(b"abc", trailers=trailers)
    scene.whole(client)
    _sameTrailers(client.trailers, trailers)


@CONTENT.check(Capability.TRAILERS)
def requestTrailersCross(harness: Harness) -> None:
    """
    The trailer section of a request reaches the server.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    trailers = Headers([(b"Digest", b"a"), (b"X-A", b"1"), (b"X-A", b"2")])
    client.exchange.writeData(b"abc")
    client.exchange.finish(trailers)
    scene.whole(server)
    _sameTrailers(server.trailers, trailers)


def _sameTrailers(actual: Headers | None, expected: Headers) -> None:
    expect(actual is not None, "there are trailers")
    if actual is not None:
        for name in (b"digest", b"x-a"):
            expectEqual(actual.getRaw(name), expected.getRaw(name), "a trailer")


@CONTENT.check()
def noTrailersBehindALength(harness: Harness) -> None:
    """
    There is no room for trailers behind content of known length, or behind
    none; both messages are whole without them.
    """
    scene = Scene(harness)
    trailers = Headers([(b"X-A", b"1")])
    for method in (b"POST", b"HEAD"):
        client, server = scene.asked(method, b"/", _length(3), True)
        client.exchange.writeData(b"abc")
        client.exchange.finish(trailers)
        scene.whole(server)
        fields = _length(3) if method == b"POST" else ()
        server.answer(b"abc", fields=fields, trailers=trailers)
        scene.whole(client)
        expect(server.trailers is None, "no trailers of the request")
        expect(client.trailers is None, "no trailers of the response")


@CONTENT.check()
def noTrailersAreNone(harness: Harness) -> None:
    """
    Without a trailer section there is L{None}, and not an empty one.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.whole(server)
    server.answer(b"abc")
    scene.whole(client)
    expect(server.trailers is None, "no trailers of the request")
    expect(client.trailers is None, "no trailers of the response")


@CONTENT.check()
def manyPiecesCross(harness: Harness) -> None:
    """
    A thousand small writes arrive in order, both ways.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    pieces = [pattern(n * 7, n * 7 + 1 + n % 13) for n in range(1000)]
    for piece in pieces:
        client.exchange.writeData(piece)
    client.exchange.finish()
    scene.whole(server)
    server.exchange.writeHeaders(200, Headers())
    for piece in pieces:
        server.exchange.writeData(piece)
    server.exchange.finish()
    scene.whole(client)
    whole = b"".join(pieces)
    expect(server.content == whole, "the request's content is in order")
    expect(client.content == whole, "the response's content is in order")


@CONTENT.check()
def buffersMayBeFilledAnew(harness: Harness) -> None:
    """
    What is written from a buffer crosses as it was then, both ways.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    _writeFromOneBuffer(client.exchange)
    scene.whole(server)
    server.exchange.writeHeaders(200, Headers())
    _writeFromOneBuffer(server.exchange)
    scene.whole(client)
    expectEqual(server.content, b"abcdef", "the request's content")
    expectEqual(client.content, b"abcdef", "the response's content")


def _writeFromOneBuffer(exchange: Any) -> None:
    buffer = bytearray(b"abc")
    exchange.writeData(buffer)
    buffer[:] = b"def"
    exchange.writeData(memoryview(buffer))
    buffer[:] = b"xyz"
    exchange.finish()


@CONTENT.check()
def onlyOctetsAreContent(harness: Harness) -> None:
    """
    Text and numbers are refused, and nothing is sent for them.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    for wrong in ("abc", 5, None):
        expectRefused(client.exchange.writeData, wrong, error=TypeError)
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.whole(server)
    server.exchange.writeHeaders(200, Headers())
    for wrong in ("abc", 5, None):
        expectRefused(server.exchange.writeData, wrong, error=TypeError)
    server.exchange.writeData(b"abc")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(server.content, b"abc", "the request's content")
    expectEqual(client.content, b"abc", "the response's content")


@CONTENT.check()
def oneBigWriteCrosses(harness: Harness) -> None:
    """
    A write may be bigger than any buffer, frame or window on the way.
    """
    scene = Scene(harness)
    whole = pattern(0, 3 * 1024 * 1024 + 1)
    client, server = scene.uploading()
    client.exchange.writeData(whole)
    client.exchange.finish()
    scene.whole(server)
    server.exchange.writeHeaders(200, Headers(_length(len(whole))))
    server.exchange.writeData(whole)
    server.exchange.finish()
    scene.whole(client)
    expect(server.content == whole, "the request's content")
    expect(client.content == whole, "the response's content")


@CONTENT.check(Capability.FULL_DUPLEX)
def bothDirectionsAtOnce(harness: Harness) -> None:
    """
    Much content flows both ways at once, and neither waits for the other's
    end.
    """
    scene = Scene(
        harness,
        lambda request: request.exchange.writeHeaders(200, Headers()),
        {
            "handleContentChunk": lambda r: r.exchange.writeData(r.chunks[-1]),
            "handleContentComplete": lambda r: r.exchange.finish(),
        },
    )
    size = 2 * 1024 * 1024
    client, server = scene.uploading()
    scene.begins(client)
    client.exchange.writeData(b"echo")
    scene.arrives(client, b"echo")
    PushSource(client.exchange, size).register()
    scene.whole(server)
    scene.whole(client)
    expect(server.content == b"echo" + pattern(0, size), "the request's content")
    expect(client.content == b"echo" + pattern(0, size), "the response's content")
