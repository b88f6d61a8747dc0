"""
Checks: the calling end, many exchanges, and the convenient face.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from penstock.core.errors import ExchangeLost, Unavailable
from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.recorder import Deliberate, ResponseRecorder, pattern
from penstock.core.testing.scene import Scene, openFile

CALLING = Group("calling")


def _outcomes(deferred: Deferred[Any]) -> list[Any]:
    """
    @return: what C{deferred} fires with, as soon as it has.
    """
    results: list[Any] = []
    deferred.addBoth(results.append)
    return results


@CALLING.check()
def oneAfterTheOther(harness: Harness) -> None:
    """
    Fifty exchanges, one after the other.
    """
    scene = Scene(harness, lambda request: request.answer(request.path))
    for n in range(50):
        uri = b"/%d" % n
        client = scene.ask(uri=uri)
        scene.whole(client)
        expectEqual(client.content, uri, "the response is to its request")
    expectEqual(len(scene.served), 50, "requests at the server")


@CALLING.check()
def manyAtOnce(harness: Harness) -> None:
    """
    Requests that are started before others are answered are all answered,
    each with its own response.
    """
    scene = Scene(harness, lambda request: request.answer(request.path))
    clients = [scene.ask(uri=b"/%d" % n) for n in range(30)]
    scene.whole(*clients)
    expectEqual(
        [c.content for c in clients], [b"/%d" % n for n in range(30)], "contents"
    )


@CALLING.check(Capability.CONCURRENT)
def exchangesDoNotMix(harness: Harness) -> None:
    """
    Exchanges whose parts alternate keep them apart, and may end in any order.
    """
    scene = Scene(harness)
    clients = [scene.ask(b"POST", b"/%d" % n, hasContent=True) for n in range(10)]
    scene.until(lambda: len(scene.served) == 10, "all reach the server")
    servers = sorted(scene.served, key=lambda s: s.path)
    for part in range(3):
        for n, client in enumerate(clients):
            client.exchange.writeData(b"%d.%d " % (n, part))
        scene.settle()
    for client in clients:
        client.exchange.finish()
    scene.whole(*servers)
    for n, server in enumerate(servers):
        expectEqual(server.content, b"%d.0 %d.1 %d.2 " % (n, n, n), "a request")
        server.exchange.writeHeaders(200, Headers())
    for part in range(3):
        for n, server in enumerate(servers):
            server.exchange.writeData(b"%d:%d " % (n, part))
        scene.settle()
    for server in reversed(servers):
        server.exchange.finish()
    scene.whole(*clients)
    for n, client in enumerate(clients):
        expectEqual(client.content, b"%d:0 %d:1 %d:2 " % (n, n, n), "a response")


# The convenient face


@CALLING.check()
def requestFiresWithTheHead(harness: Harness) -> None:
    """
    C{request} fires when the head is there, and the content is read as it
    comes.
    """
    scene = Scene(harness)
    outcome = _outcomes(harness.requester.request("GET", "/a"))
    server = scene.reached()
    scene.settle()
    expectEqual(outcome, [], "what it fired with before there is a response")
    server.exchange.writeHeaders(201, Headers([(b"X-A", b"1")]))
    scene.fires(outcome, "it fires with the head")
    response = outcome[0]
    expectEqual(response.code, 201, "the code")
    expectEqual(response.headers.getRaw(b"x-a"), (b"1",), "a field")
    content = _outcomes(response.read())
    server.exchange.writeData(b"abc")
    scene.settle()
    expectEqual(content, [], "the content before its end")
    server.exchange.writeData(b"def")
    server.exchange.finish()
    scene.fires(content, "the content is whole")
    expectEqual(content, [b"abcdef"], "the content")


class _Letters:
    """
    An asynchronous iterable.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for letter in (b"ab", b"c", b"def"):
            yield letter


BODIES: dict[str, tuple[Any, bytes, int | None]] = {
    "Nothing": (None, b"", 0),
    "Bytes": (b"abcdef", b"abcdef", 6),
    "EmptyBytes": (b"", b"", 0),
    "AnIterable": ([b"ab", b"", b"cdef"], b"abcdef", None),
    "AnAsynchronousIterable": (_Letters(), b"abcdef", None),
}


@CALLING.table(BODIES)
def requestWith(harness: Harness, row: tuple[Any, bytes, int | None]) -> None:
    """
    C{request} sends every kind of body, with its length where it is known.
    """
    body, content, length = row
    scene = Scene(harness)
    outcome = _outcomes(harness.requester.request(b"POST", b"/", None, body))
    server = scene.reached()
    expectEqual(server.exchange.contentLength, length, "contentLength")
    scene.whole(server)
    expectEqual(server.content, content, "its content")
    server.answer()
    scene.fires(outcome, "there is a response")


@CALLING.check()
def requestWithAFile(harness: Harness) -> None:
    """
    C{request} sends a file, and closes it.
    """
    scene = Scene(harness)
    with openFile(pattern(0, 200_000)) as file:
        file.seek(1000)
        outcome = _outcomes(harness.requester.request(b"PUT", b"/", None, file))
        server = scene.reached()
        scene.whole(server)
        scene.settle()
        expect(file.closed, "the file is closed")
    expect(server.content == pattern(1000, 200_000), "the content")
    server.answer()
    scene.fires(outcome, "there is a response")


@CALLING.check()
def requestWithAFailingBody(harness: Harness) -> None:
    """
    If producing the body fails, the request is lost for the server, and
    C{request} fails with the same.
    """

    def blocks() -> Iterator[bytes]:
        yield b"abc"
        raise Deliberate

    scene = Scene(harness)
    outcome = _outcomes(harness.requester.request(b"POST", b"/", None, blocks()))
    scene.fires(outcome, "it fails")
    failure = outcome[0]
    expect(
        isinstance(failure, Failure) and failure.check(Deliberate),
        f"it fails with what was raised, and not {failure!r}",
    )
    for server in scene.served:
        scene.lost(server)
        expect(not server.complete, "a truncated request isn't whole")


@CALLING.check()
def requestIsCancelled(harness: Harness) -> None:
    """
    Cancelling what C{request} returns cancels the exchange.
    """
    scene = Scene(harness)
    deferred = harness.requester.request(b"GET", b"/")
    outcome = _outcomes(deferred)
    scene.reached()
    deferred.cancel()
    expect(outcome and isinstance(outcome[0], Failure), "it fails at once")
    server = scene.served[0]
    scene.lost(server)


@CALLING.check()
def requestFails(harness: Harness) -> None:
    """
    C{request} fails with an L{ExchangeLost} if there is no response.
    """
    scene = Scene(harness)
    outcome = _outcomes(harness.requester.request(b"GET", b"/"))
    scene.reached()
    scene.served[0].exchange.abortConnection()
    scene.fires(outcome, "it fails")
    failure = outcome[0]
    expect(
        isinstance(failure, Failure) and failure.check(ExchangeLost),
        f"it fails with an ExchangeLost, and not {failure!r}",
    )


@CALLING.check()
def readingFails(harness: Harness) -> None:
    """
    Reading a response that is lost fails with an L{ExchangeLost}.
    """
    scene = Scene(harness)
    outcome = _outcomes(harness.requester.request(b"GET", b"/"))
    server = scene.reached()
    server.exchange.writeHeaders(200, Headers([(b"Content-Length", b"6")]))
    server.exchange.writeData(b"abc")
    scene.fires(outcome, "it fires with the head")
    content = _outcomes(outcome[0].read())
    scene.settle()
    server.exchange.abortConnection()
    scene.fires(content, "reading ends")
    failure = content[0]
    expect(
        isinstance(failure, Failure) and failure.check(ExchangeLost),
        f"it fails with an ExchangeLost, and not {failure!r}",
    )


# Closing


@CALLING.check()
def closeFinishesWhatIsUnderWay(harness: Harness) -> None:
    """
    C{close} lets exchanges under way come to their end, and fires then.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    closed = _outcomes(harness.requester.close())
    scene.settle()
    expectEqual(closed, [], "what close fired with while there is an exchange")
    server.exchange.writeData(b"abc")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"abc", "the content")
    scene.fires(closed, "close fires")
    expectEqual(closed, [None], "what close fired with")


@CALLING.check()
def closedTakesNoMore(harness: Harness) -> None:
    """
    After C{close} a request is lost as L{Unavailable}, and doesn't reach the
    server.
    """
    scene = Scene(harness)
    scene.works()
    closed = _outcomes(harness.requester.close())
    scene.fires(closed, "close fires")
    client = ResponseRecorder()
    harness.requester.startRequest(b"GET", b"/", Headers(), client)
    scene.lost(client)
    reason = client.reason
    expect(
        reason is not None and reason.check(Unavailable),
        f"the reason is Unavailable, and not {reason!r}",
    )
    scene.settle()
    expectEqual(len(scene.served), 1, "requests at the server")


@CALLING.check()
def closeOfTheIdleFires(harness: Harness) -> None:
    """
    C{close} fires where nothing is under way, and where nothing ever was.
    """
    Scene(harness)
    closed = _outcomes(harness.requester.close())
    for _ in range(3):
        harness.settle()
    expectEqual(closed, [None], "what close fired with")
