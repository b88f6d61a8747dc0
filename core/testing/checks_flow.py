"""
Checks: pausing, stopping, and bounded memory.
"""

from __future__ import annotations

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Harness
from penstock.core.testing.recorder import PushSource, Recorder, pattern
from penstock.core.testing.scene import Scene

FLOW = Group("flow")


@FLOW.check()
def pausedRequestGetsNothing(harness: Harness) -> None:
    """
    C{pauseProducing} at the server takes effect at once, for content and for
    its end, until C{resumeProducing}; then all comes, in order.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.writeData(b"a")
    scene.arrives(server, b"a")
    server.exchange.pauseProducing()
    for data in (b"b", b"c", b"d"):
        client.exchange.writeData(data)
        scene.settle()
    client.exchange.finish()
    scene.settle()
    expectEqual(server.names, ["handleContentChunk"], "calls while it is paused")
    server.exchange.resumeProducing()
    scene.whole(server)
    expectEqual(server.content, b"abcd", "the content")


@FLOW.check()
def pausedCallerGetsNothing(harness: Harness) -> None:
    """
    C{pauseProducing} at the calling end takes effect at once, for content and
    for its end, until C{resumeProducing}; then all comes, in order.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    server.exchange.writeData(b"a")
    scene.arrives(client, b"a")
    calls = len(client.calls)
    client.exchange.pauseProducing()
    for data in (b"b", b"c", b"d"):
        server.exchange.writeData(data)
        scene.settle()
    server.exchange.finish()
    scene.settle()
    expectEqual(client.names[calls:], [], "calls while it is paused")
    client.exchange.resumeProducing()
    scene.whole(client)
    expectEqual(client.content, b"abcd", "the content")


@FLOW.check()
def pausedCallerGetsTheHead(harness: Harness) -> None:
    """
    A caller who is paused before there is a response gets its head, and
    nothing of its content.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    client.exchange.pauseProducing()
    server.answer(b"abc")
    scene.begins(client)
    scene.settle()
    expectEqual(client.names, ["requestStarted", "handleHeaders"], "calls")
    client.exchange.resumeProducing()
    scene.whole(client)
    expectEqual(client.content, b"abc", "the content")


@FLOW.check()
def pausedRequestIsNotWhole(harness: Harness) -> None:
    """
    Without content, too, C{handleContentComplete} waits while a request is
    paused.
    """
    scene = Scene(harness, lambda request: request.exchange.pauseProducing())
    _, server = scene.asked()
    scene.settle()
    expectEqual(server.names, [], "calls while it is paused")
    server.exchange.resumeProducing()
    scene.whole(server)


@FLOW.check()
def pausingTwiceIsPausingOnce(harness: Harness) -> None:
    """
    Pauses aren't counted, and resuming what isn't paused is harmless.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    for end in (server, client):
        end.exchange.resumeProducing()
        end.exchange.pauseProducing()
        end.exchange.pauseProducing()
        end.exchange.resumeProducing()
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.whole(server)
    server.answer(b"def")
    scene.whole(client)


@FLOW.check()
def resumingAndPausingInAChunk(harness: Harness) -> None:
    """
    Content keeps its order when it is paused and resumed inside the callback
    for each chunk.
    """

    def breathe(end: Recorder) -> None:
        end.exchange.pauseProducing()
        end.exchange.resumeProducing()
        end.exchange.pauseProducing()
        waiting.append(end)

    waiting: list[Recorder] = []
    scene = Scene(harness, reactions={"handleContentChunk": breathe})
    client, server = scene.asked(
        b"POST", b"/", (), True, {"handleContentChunk": breathe}
    )
    for n in range(20):
        client.exchange.writeData(pattern(n * 5, n * 5 + 5))
    client.exchange.finish()
    _breathe(scene, server, waiting)
    expectEqual(server.content, pattern(0, 100), "the request's content")
    server.exchange.writeHeaders(200, Headers())
    for n in range(20):
        server.exchange.writeData(pattern(n * 5, n * 5 + 5))
    server.exchange.finish()
    _breathe(scene, client, waiting)
    expectEqual(client.content, pattern(0, 100), "the response's content")


def _breathe(scene: Scene, end: Recorder, waiting: list[Recorder]) -> None:
    for _ in range(200):
        if end.complete:
            return
        chunks = len(end.chunks)
        while waiting:
            waiting.pop().exchange.resumeProducing()
            # What was held may come before resumeProducing returns, and
            # pauses again; one chunk and no more.
            expect(len(end.chunks) <= chunks + 1, "a pause inside a chunk holds")
            chunks = len(end.chunks)
        scene.settle()
    raise AssertionError("content stops coming")


@FLOW.check()
def pausedRequestNoticesTheLoss(harness: Harness) -> None:
    """
    A paused request hears at once that the carrier broke.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    client.exchange.writeData(b"abc")
    scene.settle()
    harness.vanish()
    scene.lost(server)


@FLOW.check()
def pausedRequestNoticesTheCallersEnd(harness: Harness) -> None:
    """
    A paused request hears at once that the caller gave up.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    client.exchange.writeData(b"abc")
    scene.settle()
    client.exchange.abortConnection()
    scene.lost(server)


@FLOW.check()
def pausedRequestNoticesTheLossBehindContent(harness: Harness) -> None:
    """
    So does one with more content under way than the carrier takes.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    PushSource(client.exchange, scene.tooMuch).register()
    scene.settle()
    client.exchange.abortConnection()
    scene.lost(server)


@FLOW.check()
def pausedCallerNoticesTheLoss(harness: Harness) -> None:
    """
    A paused caller hears at once that the carrier broke.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    client.exchange.pauseProducing()
    server.exchange.writeData(b"abc")
    scene.settle()
    harness.vanish()
    scene.lost(client)


@FLOW.check()
def pausedCallerNoticesTheAbort(harness: Harness) -> None:
    """
    A paused caller hears at once that the server gave up.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    client.exchange.pauseProducing()
    server.exchange.writeData(b"abc")
    scene.settle()
    server.exchange.abortConnection()
    scene.lost(client)


@FLOW.check()
def stoppedRequestGetsNothing(harness: Harness) -> None:
    """
    After C{stopProducing} a request gets neither content nor its end; it can
    still answer.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.writeData(b"a")
    scene.arrives(server, b"a")
    server.exchange.stopProducing()
    client.exchange.writeData(b"b")
    scene.settle()
    client.exchange.finish()
    scene.settle()
    expectEqual(server.names, ["handleContentChunk"], "calls")
    server.answer(b"enough")
    scene.whole(client)
    expectEqual(client.content, b"enough", "the response's content")


@FLOW.check()
def stoppedRequestDropsWhatIsHeld(harness: Harness) -> None:
    """
    C{stopProducing} while content is held back drops that too, and resuming
    brings nothing back.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.settle()
    server.exchange.stopProducing()
    server.exchange.resumeProducing()
    scene.settle()
    expectEqual(server.names, [], "calls")
    server.answer()
    scene.whole(client)


@FLOW.check()
def stoppedRequestStopsNoWriter(harness: Harness) -> None:
    """
    A caller gets rid of 128 KiB for a request that doesn't want them.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.stopProducing()
    source = PushSource(client.exchange, 128 * 1024)
    source.register()
    scene.until(lambda: source.ended or source.stops, "the content goes somewhere")
    server.answer(b"enough")
    scene.whole(client)


@FLOW.check()
def stoppedRequestCanAnswerAWriter(harness: Harness) -> None:
    """
    A caller who writes more than anybody takes to a request that doesn't want
    it hears the response, and its next request works.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.stopProducing()
    PushSource(client.exchange, scene.tooMuch).register()
    scene.settle()
    server.answer(b"enough")
    scene.whole(client)
    expectEqual(client.content, b"enough", "the response's content")
    scene.works()


@FLOW.check()
def stoppedRequestHearsOfTheLoss(harness: Harness) -> None:
    """
    C{connectionLost} comes after C{stopProducing} as it does without.
    """
    scene = Scene(harness)
    _, server = scene.uploading()
    server.exchange.stopProducing()
    scene.settle()
    harness.vanish()
    scene.lost(server)


@FLOW.check()
def stoppedCallerGetsNothing(harness: Harness) -> None:
    """
    After C{stopProducing} a caller gets neither content nor its end.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    server.exchange.writeData(b"a")
    scene.arrives(client, b"a")
    client.exchange.stopProducing()
    server.exchange.writeData(b"b")
    scene.settle()
    server.exchange.finish()
    scene.settle()
    expectEqual(client.content, b"a", "the content")
    expect(not client.complete, "it isn't whole")
