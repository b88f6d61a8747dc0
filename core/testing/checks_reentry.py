"""
Checks: whatever may be called from outside may be called inside any callback;
and a callback that fails harms its own exchange only.
"""

from __future__ import annotations

from collections.abc import Callable

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.log import ErrorLog
from penstock.core.testing.recorder import (
    Deliberate,
    IdleSource,
    Recorder,
    RequestRecorder,
    ResponseRecorder,
)
from penstock.core.testing.scene import Scene

REENTRY = Group("reentry")

# The callbacks in which a request still has something to say, and how many of
# its calls come before it has said it.
REQUEST_CALLBACKS = {
    "InAChunk": "handleContentChunk",
    "AtTheEnd": "handleContentComplete",
}
RESPONSE_CALLBACKS = {
    "AtTheHead": "handleHeaders",
    "InAChunk": "handleContentChunk",
}
ALL_CALLBACKS: dict[str, tuple[str, str]] = {
    "InAChunkOfARequest": ("server", "handleContentChunk"),
    "AtTheEndOfARequest": ("server", "handleContentComplete"),
    "AtALossOfARequest": ("server", "connectionLost"),
    "AtTheHeadOfAResponse": ("client", "handleHeaders"),
    "InAChunkOfAResponse": ("client", "handleContentChunk"),
    "AtTheEndOfAResponse": ("client", "handleContentComplete"),
    "AtALossOfAResponse": ("client", "connectionLost"),
}


def _upload(client: ResponseRecorder) -> None:
    """
    Send a request's content, in two parts, and its end; so that there is more
    to come inside each callback.
    """
    client.exchange.writeData(b"abc")
    client.exchange.writeData(b"def")
    client.exchange.finish()


def _download(server: RequestRecorder, scene: Scene) -> None:
    """
    Send a response, in three parts.
    """
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"abc")
    server.exchange.writeData(b"def")
    server.exchange.finish()
    scene.settle()


def _endsWith(recorder: Recorder, callback: str) -> None:
    """
    See that nothing was called after the first C{callback}.
    """
    first = recorder.names.index(callback)
    expectEqual(recorder.names[first + 1 :], [], f"calls after the first {callback}")


def _once(action: Callable[[Recorder], None]) -> Callable[[Recorder], None]:
    """
    @return: C{action}, the first time, and then nothing.
    """
    done: list[bool] = []

    def act(recorder: Recorder) -> None:
        if not done:
            done.append(True)
            action(recorder)

    return act


# Inside the factory


@REENTRY.check()
def answerInTheFactory(harness: Harness) -> None:
    """
    A request may be answered inside the factory, and nothing is called on it
    then.
    """
    scene = Scene(harness, lambda request: request.answer(b"abc", 201))
    client, server = scene.asked()
    scene.whole(client)
    expectEqual((client.code, client.content), (201, b"abc"), "the response")
    scene.settle()
    expectEqual(server.names, [], "calls on the request")


@REENTRY.check()
def abortInTheFactory(harness: Harness) -> None:
    """
    A request may be aborted inside the factory, and nothing is called on it
    then.
    """
    scene = Scene(harness, lambda request: request.exchange.abortConnection())
    client, server = scene.asked()
    scene.lost(client)
    scene.settle()
    expectEqual(server.names, [], "calls on the request")
    expect(not client.complete, "there is no whole response")


@REENTRY.check()
def pauseInTheFactory(harness: Harness) -> None:
    """
    A request that is paused inside the factory gets no content until it is
    resumed.
    """
    scene = Scene(harness, lambda request: request.exchange.pauseProducing())
    client = scene.ask(b"POST", hasContent=True)
    _upload(client)
    server = scene.reached()
    scene.settle()
    expectEqual(server.names, [], "calls while it is paused")
    server.exchange.resumeProducing()
    scene.whole(server)
    expectEqual(server.content, b"abcdef", "the content")


@REENTRY.check()
def stopInTheFactory(harness: Harness) -> None:
    """
    A request that refuses its content inside the factory gets none, nor its
    end, and can answer.
    """
    scene = Scene(harness, lambda request: request.exchange.stopProducing())
    client = scene.ask(b"POST", hasContent=True)
    _upload(client)
    server = scene.reached()
    scene.settle()
    expectEqual(server.names, [], "calls")
    server.answer()
    scene.whole(client)


@REENTRY.check()
def lossInTheFactory(harness: Harness) -> None:
    """
    A request whose caller goes away while the factory is at work hears of it.
    """
    scene = Scene(harness, lambda request: harness.vanish())
    _, server = scene.asked()
    scene.lost(server)
    expectEqual(server.names.count("connectionLost"), 1, "times it is told")


@REENTRY.check()
def failureInTheFactory(harness: Harness) -> None:
    """
    A factory that raises is a 500 or a loss for the caller, and the next
    exchange works.
    """

    def fail(request: RequestRecorder) -> None:
        raise Deliberate

    scene = Scene(harness, fail)
    client = scene.ask()
    scene.until(lambda: client.complete or client.lost, "the caller hears of it")
    expect(client.lost or client.code == 500, "it isn't taken for a success")
    scene.works()


# Inside the callbacks of a request


@REENTRY.table(REQUEST_CALLBACKS)
def answer(harness: Harness, callback: str) -> None:
    """
    A request may be answered inside any of its callbacks, and nothing is
    called on it then.
    """
    scene = Scene(harness, reactions={callback: lambda request: request.answer(b"xyz")})
    client = scene.ask(b"POST", hasContent=True)
    _upload(client)
    scene.whole(client)
    expectEqual(client.content, b"xyz", "the content")
    scene.settle()
    _endsWith(scene.served[0], callback)


@REENTRY.table(REQUEST_CALLBACKS)
def abort(harness: Harness, callback: str) -> None:
    """
    A request may be aborted inside any of its callbacks, and nothing is
    called on it then.
    """
    scene = Scene(
        harness,
        reactions={callback: lambda request: request.exchange.abortConnection()},
    )
    client = scene.ask(b"POST", hasContent=True)
    _upload(client)
    scene.lost(client)
    scene.settle()
    _endsWith(scene.served[0], callback)


@REENTRY.check()
def pauseInAChunk(harness: Harness) -> None:
    """
    A request that is paused inside C{handleContentChunk} gets no more until
    it is resumed.
    """
    pause = _once(lambda request: request.exchange.pauseProducing())
    scene = Scene(harness, reactions={"handleContentChunk": pause})
    client = scene.ask(b"POST", hasContent=True)
    _upload(client)
    scene.settle()
    server = scene.served[0]
    expectEqual(server.names, ["handleContentChunk"], "calls while it is paused")
    server.exchange.resumeProducing()
    scene.whole(server)
    expectEqual(server.content, b"abcdef", "the content")


@REENTRY.check()
def stopInAChunk(harness: Harness) -> None:
    """
    A request that refuses the rest inside C{handleContentChunk} gets no more,
    and can answer.
    """
    scene = Scene(
        harness,
        reactions={"handleContentChunk": lambda r: r.exchange.stopProducing()},
    )
    client = scene.ask(b"POST", hasContent=True)
    _upload(client)
    scene.settle()
    server = scene.served[0]
    expectEqual(server.names, ["handleContentChunk"], "calls")
    server.answer()
    scene.whole(client)


@REENTRY.check()
def callsInAbortsOfProducers(harness: Harness) -> None:
    """
    A producer that answers late, inside its C{stopProducing}, does no harm.
    """
    scene = Scene(harness)
    client, server = scene.answered()

    def stopped() -> None:
        server.exchange.unregisterProducer()
        server.exchange.writeData(b"late")
        server.exchange.finish()
        server.exchange.abortConnection()

    IdleSource(server.exchange, True, stopped)
    client.exchange.abortConnection()
    scene.lost(server)
    expectEqual(
        list(server.exchange.lateCalls),
        ["writeData", "finish", "abortConnection"],
        "late calls",
    )
    scene.works()


# Inside the callbacks of a caller


@REENTRY.table(RESPONSE_CALLBACKS)
def cancel(harness: Harness, callback: str) -> None:
    """
    A caller may give up inside any of its callbacks, and nothing is called on
    it then; the server hears of it.
    """
    scene = Scene(harness)
    client, server = scene.asked(
        reactions={callback: lambda caller: caller.exchange.abortConnection()}
    )
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"abc")
    scene.settle()
    server.exchange.writeData(b"def")
    scene.lost(server)
    scene.settle()
    _endsWith(client, callback)


@REENTRY.check(Capability.INTERMEDIATE)
def cancelAtAnIntermediate(harness: Harness) -> None:
    """
    So it may inside C{handleIntermediateResponse}.
    """
    scene = Scene(harness)
    callback = "handleIntermediateResponse"
    client, server = scene.asked(
        reactions={callback: lambda caller: caller.exchange.abortConnection()}
    )
    server.exchange.writeIntermediateResponse(103)
    server.exchange.writeIntermediateResponse(103)
    scene.lost(server)
    scene.settle()
    _endsWith(client, callback)


@REENTRY.check()
def cancelAtTheStart(harness: Harness) -> None:
    """
    A caller may give up inside C{requestStarted}: C{startRequest} returns all
    the same, and nothing more is called.
    """
    scene = Scene(harness)
    client = scene.ask(
        b"POST",
        hasContent=True,
        reactions={"requestStarted": lambda c: c.exchange.abortConnection()},
    )
    scene.settle()
    expectEqual(client.names, ["requestStarted"], "calls")
    for server in scene.served:
        scene.lost(server)
        expect(not server.complete, "a truncated request isn't whole")
    scene.works()


@REENTRY.table(RESPONSE_CALLBACKS)
def pauseTheResponse(harness: Harness, callback: str) -> None:
    """
    A caller may pause inside any of its callbacks, and gets no more until it
    resumes.
    """
    scene = Scene(harness)
    pause = _once(lambda caller: caller.exchange.pauseProducing())
    client, server = scene.asked(reactions={callback: pause})
    _download(server, scene)
    _endsWith(client, callback)
    client.exchange.resumeProducing()
    scene.whole(client)
    expectEqual(client.content, b"abcdef", "the content")


@REENTRY.check()
def contentFromTheStart(harness: Harness) -> None:
    """
    A caller may write the whole request inside C{requestStarted}.
    """

    def write(caller: ResponseRecorder) -> None:
        caller.exchange.writeData(b"abc")
        caller.exchange.finish()

    scene = Scene(harness)
    scene.ask(b"POST", hasContent=True, reactions={"requestStarted": write})
    scene.until(lambda: scene.served and scene.served[0].complete, "it is whole")
    expectEqual(scene.served[0].content, b"abc", "the content")


@REENTRY.check()
def nextRequestAtTheEnd(harness: Harness) -> None:
    """
    A caller may start its next request inside C{handleContentComplete}.
    """
    following: list[ResponseRecorder] = []
    scene = Scene(harness, lambda request: request.answer(request.path))
    client = scene.ask(
        uri=b"/1",
        reactions={
            "handleContentComplete": lambda _: following.append(scene.ask(uri=b"/2"))
        },
    )
    scene.until(lambda: following and following[0].complete, "both are whole")
    expectEqual(client.content, b"/1", "the first content")
    expectEqual(following[0].content, b"/2", "the second content")


# Callbacks that fail


@REENTRY.table(ALL_CALLBACKS, Capability.CONCURRENT)
def failure(harness: Harness, where: tuple[str, str]) -> None:
    """
    A callback that raises harms its own exchange only: it is logged, others
    that are under way go on, and the next one works.
    """

    def fail(recorder: Recorder) -> None:
        raise Deliberate

    end, callback = where
    scene = Scene(harness)
    with ErrorLog() as log:
        _failIn(scene, end, callback, fail)
    errors = [error for error in log.errors if isinstance(error, Deliberate)]
    expectEqual(len(errors), 1, "times that it is logged")
    scene.works()


def _failIn(
    scene: Scene, end: str, callback: str, fail: Callable[[Recorder], None]
) -> None:
    """
    Have an exchange fail, beside another.
    """
    bystander, bystanderServer = scene.answered()
    client, server = scene.uploading()
    (server if end == "server" else client).reactions[callback] = fail
    if callback == "connectionLost":
        other = client if end == "server" else server
        other.exchange.abortConnection()
        scene.settle()
    else:
        client.exchange.writeData(b"abc")
        scene.settle()
        client.exchange.finish()
        scene.settle()
        if end == "client":
            _download(server, scene)
        else:
            scene.until(
                lambda: client.lost or client.complete, "the caller hears of it"
            )
            expect(client.lost or client.code == 500, "it isn't taken for a success")
    expect(not bystander.lost, "the other exchange isn't lost")
    bystanderServer.exchange.writeData(b"abc")
    bystanderServer.exchange.finish()
    scene.whole(bystander)


@REENTRY.table({"Push": True, "Pull": False}, Capability.CONCURRENT)
def failureOfAProducer(harness: Harness, streaming: bool) -> None:
    """
    A producer that raises when it is resumed is a loss for the other end, and
    harms no other exchange.
    """

    class Failing(IdleSource):
        def resumeProducing(self) -> None:
            raise Deliberate

    scene = Scene(harness)
    bystander, bystanderServer = scene.answered()
    client, server = scene.answered()
    if streaming:
        client.exchange.pauseProducing()
    Failing(server.exchange, streaming)
    if streaming:
        server.exchange.writeData(bytes(scene.tooMuch))
        scene.settle()
        client.exchange.resumeProducing()
    scene.lost(client)
    expect(not client.complete, "a truncated response isn't whole")
    bystanderServer.exchange.finish()
    scene.whole(bystander)


@REENTRY.table(RESPONSE_CALLBACKS)
def failureEndsTheExchange(harness: Harness, callback: str) -> None:
    """
    When a caller's callback raises, the server hears that nobody listens any
    more.
    """

    def fail(recorder: Recorder) -> None:
        raise Deliberate

    scene = Scene(harness)
    client, server = scene.asked(reactions={callback: fail})
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"abc")
    scene.settle()
    server.exchange.writeData(b"def")
    scene.lost(server)
    _endsWith(client, callback)
