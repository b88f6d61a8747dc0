"""
Checks: how exchanges end, and who is told.
"""

from __future__ import annotations

from twisted.python.failure import Failure

from penstock.core.errors import ExchangeLost
from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.log import ErrorLog
from penstock.core.testing.recorder import IdleSource, PushSource, Recorder
from penstock.core.testing.scene import Fields, Scene

END = Group("end")

# Both ways of telling where content ends.
LENGTHS: dict[str, Fields] = {
    "OfUnknownLength": (),
    "OfKnownLength": ((b"Content-Length", b"10"),),
}


def _toldOnce(scene: Scene, recorder: Recorder) -> None:
    """
    See that C{recorder} is told of its loss, once and last.
    """
    scene.lost(recorder)
    scene.settle()
    expectEqual(recorder.names.count("connectionLost"), 1, "times it is told")
    expectEqual(recorder.names[-1], "connectionLost", "the last call")


def _toldWhy(scene: Scene, recorder: Recorder) -> None:
    """
    See that C{recorder} is given a proper reason for its loss.
    """
    scene.lost(recorder)
    reason = recorder.reason
    expect(isinstance(reason, Failure), "the reason is a Failure")
    if isinstance(reason, Failure):
        expect(
            isinstance(reason.value, ExchangeLost)
            and type(reason.value) is not ExchangeLost,
            f"the reason is of a kind of ExchangeLost, and not {reason.type!r}",
        )


# The carrier breaks


@END.table(LENGTHS)
def brokenRequest(harness: Harness, fields: Fields) -> None:
    """
    If the carrier breaks within a request's content, it gets
    C{connectionLost} and never C{handleContentComplete}.
    """
    scene = Scene(harness)
    client, server = scene.uploading(fields)
    client.exchange.writeData(b"abc")
    scene.arrives(server, b"abc")
    harness.vanish()
    scene.lost(server)
    scene.settle()
    expect(not server.complete, "a truncated request isn't whole")


@END.table(LENGTHS)
def brokenResponse(harness: Harness, fields: Fields) -> None:
    """
    If the carrier breaks within a response's content, the caller gets
    C{connectionLost} and never C{handleContentComplete}.
    """
    scene = Scene(harness)
    client, server = scene.answered(fields=fields)
    server.exchange.writeData(b"abc")
    scene.arrives(client, b"abc")
    harness.vanish()
    scene.lost(client)
    scene.settle()
    expect(not client.complete, "a truncated response isn't whole")


@END.check()
def brokenBeforeTheHead(harness: Harness) -> None:
    """
    If the carrier breaks before the response, both ends are told.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    scene.whole(server)
    harness.vanish()
    scene.lost(server)
    scene.lost(client)
    expectEqual(client.code, None, "the code of a response")


@END.check()
def requestIsToldOnce(harness: Harness) -> None:
    """
    A request is told of its loss once, after whatever it was told before, and
    nothing after it.
    """
    scene = Scene(harness)
    _, server = scene.answered()
    scene.whole(server)
    harness.vanish()
    harness.vanish()
    _toldOnce(scene, server)


@END.check()
def callerIsToldOnce(harness: Harness) -> None:
    """
    A caller is told of its loss once, and nothing after it.
    """
    scene = Scene(harness)
    client, _ = scene.answered()
    harness.vanish()
    harness.vanish()
    _toldOnce(scene, client)


@END.check()
def requestIsToldWhy(harness: Harness) -> None:
    """
    The reason that a request gets is a Failure of a kind of L{ExchangeLost}.
    """
    scene = Scene(harness)
    _, server = scene.answered()
    harness.vanish()
    _toldWhy(scene, server)


@END.check()
def callerIsToldWhy(harness: Harness) -> None:
    """
    The reason that a caller gets is a Failure of a kind of L{ExchangeLost}.
    """
    scene = Scene(harness)
    client, _ = scene.answered()
    harness.vanish()
    _toldWhy(scene, client)


@END.check()
def finishedRequestIsLeftAlone(harness: Harness) -> None:
    """
    Nothing is called on a request after its own C{finish}, whatever happens.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.answer()
    calls = len(server.calls)
    client.exchange.writeData(b"abc")
    scene.whole(client)
    harness.vanish()
    scene.settle()
    expectEqual(server.names[calls:], [], "calls after finish")


@END.check()
def completeCallerIsLeftAlone(harness: Harness) -> None:
    """
    Nothing is called on a caller after its response is whole.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.answer(b"abc")
    scene.whole(client)
    harness.vanish()
    scene.settle()
    expectEqual(client.names[-1], "handleContentComplete", "the last call")


@END.check(Capability.RECONNECT)
def requestAfterABreak(harness: Harness) -> None:
    """
    After the carrier broke, the next request makes a new connection.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    harness.vanish()
    scene.lost(client, server)
    scene.works()


@END.check()
def lossIsNoError(harness: Harness) -> None:
    """
    Nothing is logged as an error because the other end has gone, or given up.
    """
    scene = Scene(harness)
    with ErrorLog() as log:
        for who in ("client", "server"):
            client, server = scene.uploading()
            server.exchange.writeHeaders(200, Headers())
            scene.begins(client)
            client.exchange.writeData(b"abc")
            server.exchange.writeData(b"abc")
            gone, left = (client, server) if who == "client" else (server, client)
            gone.exchange.abortConnection()
            scene.lost(left)
            left.exchange.writeData(b"late")
            left.exchange.finish()
            scene.settle()
        client, server = scene.answered()
        harness.vanish()
        scene.lost(client, server)
        server.exchange.writeData(b"late")
        scene.settle()
    expectEqual(log.errors, [], "errors in the log")


# The server gives up


@END.check()
def abortBeforeTheHead(harness: Harness) -> None:
    """
    C{abortConnection} before the head is a loss for the caller.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.exchange.abortConnection()
    scene.lost(client)
    expect(not client.complete and client.code is None, "there is no response")


@END.table(LENGTHS)
def abortInTheContent(harness: Harness, fields: Fields) -> None:
    """
    C{abortConnection} within a response is a loss for the caller, and never a
    whole response.
    """
    scene = Scene(harness)
    client, server = scene.answered(fields=fields)
    server.exchange.writeData(b"abc")
    scene.settle()
    server.exchange.abortConnection()
    scene.lost(client)
    expect(not client.complete, "a truncated response isn't whole")


@END.check()
def abortAtOnce(harness: Harness) -> None:
    """
    What was written before C{abortConnection} may or may not arrive, but it is
    never taken for a whole response.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"abc")
    server.exchange.abortConnection()
    scene.lost(client)
    expect(not client.complete, "a truncated response isn't whole")
    expect(b"abc".startswith(client.content), "no other content arrives")


@END.check()
def ownAbortIsSilent(harness: Harness) -> None:
    """
    Nothing is called on a request after its own C{abortConnection}.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.writeData(b"abc")
    scene.arrives(server, b"abc")
    server.exchange.abortConnection()
    client.exchange.writeData(b"def")
    scene.lost(client)
    scene.settle()
    expectEqual(server.names, ["handleContentChunk"], "calls")


@END.check()
def requestAfterAnAbort(harness: Harness) -> None:
    """
    After the server gave up an exchange, the next one works.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    server.exchange.abortConnection()
    scene.lost(client)
    scene.works()


@END.check(Capability.CONCURRENT)
def abortHarmsNobodyElse(harness: Harness) -> None:
    """
    An exchange that either end gives up takes no other with it.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    aborted, abortedServer = scene.answered()
    cancelled, cancelledServer = scene.answered()
    abortedServer.exchange.abortConnection()
    cancelled.exchange.abortConnection()
    scene.lost(aborted)
    scene.lost(cancelledServer)
    server.exchange.writeData(b"abc")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"abc", "its content")


# The caller gives up


@END.table(LENGTHS)
def cancelInTheRequest(harness: Harness, fields: Fields) -> None:
    """
    C{abortConnection} at the calling end, within a request, is a loss for the
    server and never a whole request.
    """
    scene = Scene(harness)
    client, server = scene.uploading(fields)
    client.exchange.writeData(b"abc")
    scene.settle()
    client.exchange.abortConnection()
    scene.lost(server)
    expect(not server.complete, "a truncated request isn't whole")


@END.check()
def cancelBeforeTheResponse(harness: Harness) -> None:
    """
    A request that waits for its answer hears when the caller gives up.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    scene.whole(server)
    client.exchange.abortConnection()
    scene.lost(server)


@END.check()
def cancelInTheResponse(harness: Harness) -> None:
    """
    So does one that has answered in part.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    server.exchange.writeData(b"abc")
    scene.arrives(client, b"abc")
    client.exchange.abortConnection()
    scene.lost(server)


@END.check()
def ownCancelIsSilent(harness: Harness) -> None:
    """
    Nothing is called on a caller after its own C{abortConnection}.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    server.exchange.writeData(b"abc")
    calls = len(client.calls)
    client.exchange.abortConnection()
    scene.lost(server)
    scene.settle()
    expectEqual(client.names[calls:], [], "calls after the caller gave up")


@END.check()
def cancelAtOnce(harness: Harness) -> None:
    """
    A caller may give up before anything was sent; the server sees a lost
    request or none.
    """
    scene = Scene(harness)
    client = scene.ask(b"POST", hasContent=True)
    client.exchange.abortConnection()
    scene.settle()
    for server in scene.served:
        scene.lost(server)
        expect(not server.complete, "a truncated request isn't whole")
    expectEqual(client.names, ["requestStarted"], "calls on the caller")


@END.check()
def requestAfterACancel(harness: Harness) -> None:
    """
    After the caller gave up an exchange, the next one works.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    client.exchange.abortConnection()
    scene.lost(server)
    scene.works()


# An early answer


@END.check()
def earlyAnswerArrives(harness: Harness) -> None:
    """
    A response may be finished before its request is, and arrives whole.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.writeData(b"abc")
    scene.arrives(server, b"abc")
    server.answer(b"no", 403)
    scene.whole(client)
    expectEqual((client.code, client.content), (403, b"no"), "the response")


@END.check()
def earlyAnswerToASlowUpload(harness: Harness) -> None:
    """
    A response that is finished while its request is paused, and more of that
    under way than anybody takes, arrives whole; and the next exchange works.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    PushSource(client.exchange, scene.tooMuch).register()
    scene.settle()
    server.answer(b"no" * 1000, 403)
    scene.whole(client)
    expectEqual((client.code, client.content), (403, b"no" * 1000), "the response")
    scene.works()


@END.check()
def earlyAnswerStopsTheUpload(harness: Harness) -> None:
    """
    After an early answer the caller's producer is stopped, and the next
    exchange works.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    source = IdleSource(client.exchange, True)
    server.answer(b"no", 403)
    scene.whole(client)
    expectEqual(source.stops, 1, "times that the producer was stopped")
    scene.works()
