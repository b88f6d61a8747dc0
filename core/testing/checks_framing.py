"""
Checks: heads, fields, and responses without content.
"""

from __future__ import annotations

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.recorder import (
    PullSource,
    RequestRecorder,
    ResponseRecorder,
)
from penstock.core.testing.scene import Fields, Scene, openFile

FRAMING = Group("framing")

# Method and code of responses that have no content (RFC 9110, sections 9.3.2,
# 15.3.5, 15.3.6 and 15.4.5).
BODILESS = {
    "ToHEAD": (b"HEAD", 200),
    "With204": (b"GET", 204),
    "With205": (b"GET", 205),
    "With304": (b"GET", 304),
}

# Fields that many have trouble with.
FIELDS: Fields = (
    (b"X-Plain", b"1"),
    (b"x-lower", b"a, b"),
    (b"X-Twice", b"first"),
    (b"X-Empty", b""),
    (b"X-Twice", b"second"),
    (b"X-Tab", b"a\tb"),
    (b"X-Octets", b"\x80\xa0\xff\xc3\xa9"),
    (b"X-Long", b"v" * 4000),
    (b"X-!#$%&'*+.^_`|~9", b"odd"),
    (b"Set-Cookie", b"a=1; Path=/"),
    (b"Set-Cookie", b"b=2"),
)

# Fields of one hop (RFC 9110, section 7.6.1).
HOP: Fields = (
    (b"Connection", b"keep-alive, X-Listed"),
    (b"X-Listed", b"1"),
    (b"Keep-Alive", b"timeout=5"),
    (b"Proxy-Connection", b"keep-alive"),
    (b"TE", b"trailers"),
    (b"Transfer-Encoding", b"chunked"),
    (b"Upgrade", b"websocket"),
)


def _sameFields(actual: Headers, expected: Fields) -> None:
    for name in {name.lower() for name, _ in expected}:
        values = tuple(value for n, value in expected if n.lower() == name)
        expectEqual(actual.getRaw(name), values, f"the field {name.decode()}")


def _noHopFields(headers: Headers, fields: Fields = HOP) -> None:
    for name, _ in fields:
        expect(name not in headers, f"{name.decode()} stays on its hop")
    expectEqual(headers.getRaw(b"x-end"), (b"kept",), "a field that may cross")


@FRAMING.check()
def requestFieldsCross(harness: Harness) -> None:
    """
    Fields of a request arrive with all their values in order.
    """
    scene = Scene(harness)
    _, server = scene.asked(fields=FIELDS)
    _sameFields(server.in_headers, FIELDS)


@FRAMING.check()
def responseFieldsCross(harness: Harness) -> None:
    """
    Fields of a response arrive with all their values in order.
    """
    scene = Scene(harness)
    client, _ = scene.answered(fields=FIELDS)
    _sameFields(client.headers, FIELDS)


@FRAMING.check()
def manyFieldsCross(harness: Harness) -> None:
    """
    Eighty fields are not too many.
    """
    fields = [(b"X-%d" % n, b"%d" % n) for n in range(80)]
    scene = Scene(harness)
    client, server = scene.asked(fields=fields)
    _sameFields(server.in_headers, fields)
    server.answer(fields=fields)
    scene.whole(client)
    _sameFields(client.headers, fields)


@FRAMING.check()
def hopFieldsOfARequestStay(harness: Harness) -> None:
    """
    Fields of the hop, and those that Connection lists, don't cross with a
    request, and spoil no framing.
    """
    scene = Scene(harness)
    client, server = scene.asked(
        b"POST", b"/", [*HOP, (b"X-End", b"kept")], hasContent=True
    )
    _noHopFields(server.in_headers)
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.whole(server)
    expectEqual(server.content, b"abc", "the content")


@FRAMING.check()
def hopFieldsOfAResponseStay(harness: Harness) -> None:
    """
    Fields of the hop, and those that Connection lists, don't cross with a
    response, and spoil no framing.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.answer(b"abc", fields=[*HOP, (b"X-End", b"kept")])
    scene.whole(client)
    _noHopFields(client.headers)
    expectEqual(client.content, b"abc", "the content")


@FRAMING.check(Capability.TRAILERS)
def hopFieldsOfTrailersStay(harness: Harness) -> None:
    """
    Nor do they cross in a trailer section, nor does framing that comes late.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    # Where Connection itself doesn't belong, it lists nothing.
    unwanted = [field for field in HOP if field[0] != b"X-Listed"]
    unwanted.append((b"Content-Length", b"3"))
    trailers = Headers([*unwanted, (b"X-End", b"kept")])
    client.exchange.writeData(b"abc")
    client.exchange.finish(trailers)
    scene.whole(server)
    server.answer(b"abc", trailers=trailers)
    scene.whole(client)
    _noHopFields(server.trailers or Headers(), unwanted)
    _noHopFields(client.trailers or Headers(), unwanted)


@FRAMING.check()
def fieldsAreNotChanged(harness: Harness) -> None:
    """
    The fields that a caller or a request passes are left as they are.
    """
    scene = Scene(harness)
    fields = [*FIELDS, *HOP]
    ours = Headers(fields)
    theirs = Headers(fields)
    client = ResponseRecorder()
    harness.requester.startRequest(b"GET", b"/", ours, client)
    scene.reached()
    scene.served[0].exchange.writeHeaders(200, theirs)
    scene.served[0].exchange.finish()
    scene.whole(client)
    expectEqual(list(ours), fields, "the caller's fields")
    expectEqual(list(theirs), fields, "the request's fields")


@FRAMING.check()
def fieldsAreNotKept(harness: Harness) -> None:
    """
    Changing fields after passing them changes nothing that is sent.
    """
    scene = Scene(harness)
    client = ResponseRecorder()
    headers = Headers([(b"X-A", b"1")])
    harness.requester.startRequest(b"GET", b"/", headers, client)
    headers.setRaw(b"X-A", b"2")
    server = scene.reached()
    expectEqual(server.in_headers.getRaw(b"x-a"), (b"1",), "the request's field")
    headers = Headers([(b"X-A", b"1")])
    server.exchange.writeHeaders(200, headers)
    headers.setRaw(b"X-A", b"2")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.headers.getRaw(b"x-a"), (b"1",), "the response's field")


@FRAMING.check()
def authorityBecomesHost(harness: Harness) -> None:
    """
    The authority of an absolute URI becomes the Host field, whatever was
    passed as one.
    """
    scene = Scene(harness)
    _, server = scene.asked(
        uri=b"http://example.test:8080/a?b", fields=[(b"Host", b"other.test")]
    )
    expectEqual(server.in_headers.getRaw(b"host"), (b"example.test:8080",), "Host")
    expect(
        server.path in (b"/a?b", b"http://example.test:8080/a?b"),
        f"the target {server.path!r} is the same resource",
    )


@FRAMING.check()
def hostCrosses(harness: Harness) -> None:
    """
    A Host field that is passed is the one that arrives.
    """
    scene = Scene(harness)
    _, server = scene.asked(fields=[(b"Host", b"example.test")])
    expectEqual(server.in_headers.getRaw(b"host"), (b"example.test",), "Host")


@FRAMING.check()
def codesCross(harness: Harness) -> None:
    """
    Codes that nobody has heard of cross like others.
    """
    scene = Scene(harness)
    for code in (200, 201, 226, 299, 308, 404, 418, 499, 500, 599, 999):
        client, server = scene.asked()
        server.answer(b"abc", code)
        scene.whole(client)
        expectEqual((client.code, client.content), (code, b"abc"), "the response")


@FRAMING.check(Capability.REASON)
def reasonCrosses(harness: Harness) -> None:
    """
    The reason phrase crosses.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.exchange.writeHeaders(404, Headers(), b"Not here, \xe9 try\tthere")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.message, b"Not here, \xe9 try\tthere", "the reason phrase")


# Interim responses


@FRAMING.check(Capability.INTERMEDIATE)
def intermediatesCross(harness: Harness) -> None:
    """
    Any number of interim responses reach the caller before the head, each
    when it is sent and with its fields.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    links = [b"</%d>; rel=preload" % n for n in range(5)]
    sent: list[bytes] = []
    for link in links:
        server.exchange.writeIntermediateResponse(103, Headers([(b"Link", link)]))
        sent.append(link)
        scene.until(lambda: len(client.intermediate) == len(sent), "it arrives")
    expectEqual(
        [(code, headers.get(b"link")) for code, headers in client.intermediate],
        [(103, link) for link in links],
        "interim responses",
    )
    server.answer(b"abc")
    scene.whole(client)


@FRAMING.check(Capability.INTERMEDIATE)
def intermediatesOfAllKindsCross(harness: Harness) -> None:
    """
    So do those with other codes and without fields, also while content is
    still to come, and inside the factory.
    """
    codes = [100, 102, 103, 199]

    def process(request: RequestRecorder) -> None:
        for code in codes:
            request.exchange.writeIntermediateResponse(code)

    scene = Scene(harness, process)
    client, server = scene.uploading()
    scene.until(lambda: len(client.intermediate) == 4, "all arrive")
    expectEqual([code for code, _ in client.intermediate], codes, "codes")
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.whole(server)


@FRAMING.check()
def intermediatesSpoilNothing(harness: Harness) -> None:
    """
    Whether or not interim responses cross, the response does.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.exchange.writeIntermediateResponse(103)
    server.exchange.writeIntermediateResponse(103, None, b"Hints")
    server.answer(b"abc", 203)
    scene.whole(client)
    expectEqual((client.code, client.content), (203, b"abc"), "the response")


# Content that is asked for

_EXPECT: Fields = ((b"Expect", b"100-continue"),)


@FRAMING.check()
def askedForContentComes(harness: Harness) -> None:
    """
    Content that waits for a C{100 Continue} comes when that is sent.
    """
    scene = Scene(harness)
    client, server = scene.uploading(_EXPECT)
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.settle()
    server.exchange.writeIntermediateResponse(100)
    scene.whole(server)
    expectEqual(server.content, b"abc", "the content")
    server.answer()
    scene.whole(client)


@FRAMING.check()
def unaskedForContentIsRefused(harness: Harness) -> None:
    """
    A response comes instead of a C{100 Continue}, and the next exchange works.
    """
    scene = Scene(harness)
    client, server = scene.uploading(_EXPECT)
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.settle()
    server.answer(b"no", 417)
    scene.whole(client)
    expectEqual((client.code, client.content), (417, b"no"), "the response")
    scene.works()


# Without content


@FRAMING.table(BODILESS)
def noContent(harness: Harness, row: tuple[bytes, int]) -> None:
    """
    What is written as the content of a response without content is dropped,
    whatever its Content-Length, and the next exchange is unharmed.
    """
    method, code = row
    scene = Scene(harness)
    client, server = scene.asked(method)
    server.exchange.writeHeaders(code, Headers())
    server.exchange.writeData(b"HTTP/1.1 200 OK\r\n\r\n")
    server.exchange.finish()
    scene.whole(client)
    expectEqual((client.code, client.content), (code, b""), "the response")
    scene.works()


@FRAMING.check()
def noLengthOf204(harness: Harness) -> None:
    """
    There is no Content-Length in a response with code 204 (RFC 9110, section
    8.6), even if the request has set one.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.answer(code=204, fields=[(b"Content-Length", b"3"), (b"X-A", b"1")])
    scene.whole(client)
    expectEqual(client.headers.get(b"x-a"), b"1", "another field")
    expect(b"content-length" not in client.headers, "there is no Content-Length")


@FRAMING.check()
def lengthOfHEADCrosses(harness: Harness) -> None:
    """
    Content-Length says how long the content would have been, in a response to
    HEAD; it binds nobody.
    """
    scene = Scene(harness)
    for content in (b"", b"abc", b"abcdefghijkl"):
        client, server = scene.asked(b"HEAD")
        server.answer(content, fields=[(b"Content-Length", b"10")])
        scene.whole(client)
        expectEqual(client.headers.getRaw(b"content-length"), (b"10",), "its length")
        expectEqual(client.content, b"", "the content")
    scene.works()


@FRAMING.check()
def noContentFromAFileOrProducer(harness: Harness) -> None:
    """
    Files and producers of a response without content are let go of.
    """
    scene = Scene(harness)
    client, server = scene.asked(b"HEAD")
    server.exchange.writeHeaders(200, Headers())
    with openFile(b"abcdef") as file:
        fired: list[None] = []
        server.exchange.writeFile(file, 0, 6).addCallback(fired.append)
        scene.fires(fired, "writeFile fires")
    source = PullSource(server.exchange, 100)
    source.register()
    scene.until(lambda: source.ended or source.stops, "the producer comes to its end")
    if not source.ended:
        server.exchange.unregisterProducer()
        server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"", "the content")
