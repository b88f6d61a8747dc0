"""
Checks: what a transport provides, what it calls, and in which order.
"""

from __future__ import annotations

import tempfile
from typing import Any

from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

from penstock.core.errors import InvalidField, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.interfaces import (
    ConnectionInfo,
    IChannelRequest,
    IClientRequest,
    IRequester,
)
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual, expectRefused
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.log import ErrorLog
from penstock.core.testing.recorder import (
    PullSource,
    RequestRecorder,
    ResponseRecorder,
)
from penstock.core.testing.scene import Scene

ORDER = Group("order")

# Request targets that somebody normalises, sooner or later (RFC 9112, section
# 3.2).
TARGETS = (
    b"/",
    b"/a/b?x=1&y=2",
    b"//double//slashes/",
    b"/a/../b/./c",
    b"/%2F%2f%00%7e?%",
    b"/~!$&'()*+,;=:@-._",
    b"/?",
    b"/" + b"long" * 500,
)

# What a request target or a method must not have in it.
BAD_TARGETS = (b"", b"/a b", b"/\r\nX: y", b"/\x00", b"/\x7f", b"/\xc3\xa9", b"/\t")
BAD_METHODS = (b"", b"GE T", b"GET\r\n", b"G:T", b"\x00", b"G\xc3\x89T")

BAD_LENGTHS: tuple[tuple[bytes, ...], ...] = (
    (b"",),
    (b"-1",),
    (b"+1",),
    (b"1, 1",),
    (b"0x1",),
    (b"1 1",),
    (b"9" * 40,),
    (b"1", b"1"),
    (b"1", b"2"),
)


def _provides(interface: Any, candidate: Any) -> None:
    try:
        verifyObject(interface, candidate)
    except Invalid as problem:
        raise AssertionError(str(problem)) from problem


@ORDER.check()
def servingEndProvidesInterface(harness: Harness) -> None:
    """
    The factory is given an L{IChannelRequest}.
    """
    _, server = Scene(harness).asked()
    _provides(IChannelRequest, server.exchange)


@ORDER.check()
def callingEndProvidesInterfaces(harness: Harness) -> None:
    """
    The calling end is an L{IRequester} and starts an L{IClientRequest}.
    """
    scene = Scene(harness)
    _provides(IRequester, harness.requester)
    _provides(IClientRequest, scene.ask().exchange)


@ORDER.check()
def requestStartedComesFirst(harness: Harness) -> None:
    """
    C{requestStarted} is called once, with what C{startRequest} returns and
    before it does.
    """
    scene = Scene(harness)
    client = scene.ask()
    expectEqual(client.names[:1], ["requestStarted"], "the first call")
    scene.settle()
    scene.served[0].answer()
    scene.whole(client)
    expectEqual(client.names.count("requestStarted"), 1, "calls of requestStarted")


@ORDER.check()
def startRequestReturnsTheExchange(harness: Harness) -> None:
    """
    C{startRequest} returns the object that C{requestStarted} was given.
    """
    Scene(harness)
    client = ResponseRecorder()
    returned = harness.requester.startRequest(b"GET", b"/", Headers(), client)
    expect(returned is client.exchange, "both are the same object")


@ORDER.check()
def methodCrosses(harness: Harness) -> None:
    """
    Any token is a method, and its case is kept.
    """
    scene = Scene(harness)
    for method in (
        b"GET",
        b"DELETE",
        b"PATCH",
        b"get",
        b"M-SEARCH",
        b"X!#$%&'*+.^_`|~",
    ):
        client, server = scene.asked(method)
        expectEqual(server.command, method, "the method")
        server.answer()
        scene.whole(client)


@ORDER.check()
def targetCrossesUnchanged(harness: Harness) -> None:
    """
    The request target reaches the factory as it was given.
    """
    scene = Scene(harness)
    for target in TARGETS:
        client, server = scene.asked(uri=target)
        expectEqual(server.path, target, "the target")
        server.answer()
        scene.whole(client)


@ORDER.check()
def versionIsAPair(harness: Harness) -> None:
    """
    The version is C{(1, 1)} or C{(1, 0)}.
    """
    _, server = Scene(harness).asked()
    expect(server.version in ((1, 1), (1, 0)), f"version {server.version!r}")


@ORDER.check()
def factsAreFields(harness: Harness) -> None:
    """
    Each exchange has a C{ConnectionInfo}: a name of the transport, the same at
    both ends, and an id that no other exchange has.
    """
    scene = Scene(harness)
    seen: set[str] = set()
    for _ in range(3):
        client, server = scene.asked()
        facts = server.exchange.connectionInfo
        expect(isinstance(facts, ConnectionInfo), "connectionInfo is a ConnectionInfo")
        expect(facts.transport and isinstance(facts.transport, str), "it has a name")
        ours = client.exchange.connectionInfo
        expectEqual(ours.transport, facts.transport, "the transport, at both ends")
        expect(facts.requestId not in seen, "the id is new")
        expectEqual(
            server.exchange.connectionInfo.requestId, facts.requestId, "asked again"
        )
        seen.add(facts.requestId)
        server.answer()
        scene.whole(client)


@ORDER.check()
def factsAreNotTheirs(harness: Harness) -> None:
    """
    Nothing that a caller writes into a message changes the facts.
    """
    scene = Scene(harness)
    plain, first = scene.asked()
    expected = first.exchange.connectionInfo
    first.answer()
    scene.whole(plain)
    _, server = scene.asked(
        fields=[
            (b"Forwarded", b"for=192.0.2.1;proto=https;host=evil.test"),
            (b"X-Forwarded-For", b"192.0.2.1"),
            (b"X-Forwarded-Proto", b"https"),
            (b"X-Real-IP", b"192.0.2.1"),
            (b"X-Request-Id", b"forged"),
            (b"X-Request-Deadline", b"1"),
        ]
    )
    facts = server.exchange.connectionInfo
    expectEqual(facts.secure, expected.secure, "secure")
    expectEqual(facts.deadline, expected.deadline, "the deadline")
    expectEqual(facts.transport, expected.transport, "the transport")
    expectEqual(
        getattr(facts.peer, "host", None),
        getattr(expected.peer, "host", None),
        "the peer",
    )
    expect(facts.requestId != "forged", "the id is the transport's own")


@ORDER.check()
def requestBeginsWithItsHead(harness: Harness) -> None:
    """
    The factory is called when the head is there, and not only when there is
    content too.
    """
    scene = Scene(harness)
    _, server = scene.uploading([(b"Content-Length", b"10")])
    scene.settle()
    expectEqual(server.names, [], "calls before there is content")


@ORDER.check()
def completeOnceWithoutContent(harness: Harness) -> None:
    """
    C{handleContentComplete} is called exactly once on a request that has no
    content, without any C{finish} at the calling end.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    scene.whole(server)
    server.answer()
    scene.whole(client)
    scene.settle()
    expectEqual(server.names, ["handleContentComplete"], "calls")


@ORDER.check()
def completeOnceWithContent(harness: Harness) -> None:
    """
    C{handleContentComplete} is called exactly once on a request, after its
    content.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.writeData(b"abc")
    client.exchange.finish()
    scene.whole(server)
    scene.settle()
    expectEqual(server.names.count("handleContentComplete"), 1, "times complete")
    expectEqual(server.names[-1], "handleContentComplete", "the last call")


@ORDER.check()
def responseInOrder(harness: Harness) -> None:
    """
    A caller gets the head once, then content, then C{handleContentComplete}
    once, and nothing after it.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.answer(b"abc")
    scene.whole(client)
    scene.settle()
    names = [name for name in client.names if name != "handleContentChunk"]
    expectEqual(
        names, ["requestStarted", "handleHeaders", "handleContentComplete"], "calls"
    )
    expectEqual(client.names[-1], "handleContentComplete", "the last call")


@ORDER.check()
def contentBeforeHeadIsRefused(harness: Harness) -> None:
    """
    Content, its end and its producers are out of order before the head.  The
    exchange is none the worse.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    exchange = server.exchange
    expectRefused(exchange.writeData, b"x")
    expectRefused(exchange.finish)
    expectRefused(exchange.registerProducer, PullSource(exchange, 1), False)
    with tempfile.TemporaryFile() as file:
        expectRefused(exchange.writeFile, file, 0, 1)
    server.answer(b"abc")
    scene.whole(client)


@ORDER.check()
def secondHeadIsRefused(harness: Harness) -> None:
    """
    A second head is out of order.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    expectRefused(server.exchange.writeHeaders, 500, Headers())
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.code, 200, "the code")


@ORDER.check()
def intermediateAfterHeadIsRefused(harness: Harness) -> None:
    """
    An interim response is out of order after the head.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    expectRefused(server.exchange.writeIntermediateResponse, 103)
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.intermediate, [], "interim responses")


@ORDER.check()
def badIntermediateCodeIsRefused(harness: Harness) -> None:
    """
    101 isn't a request's to give, and other classes aren't interim.
    """
    _, server = Scene(harness).asked()
    for code in (101, 99, 0, 200, 404, 1000):
        expectRefused(server.exchange.writeIntermediateResponse, code)


@ORDER.check()
def badCodeIsRefused(harness: Harness) -> None:
    """
    The code of a response is of three digits and not interim.
    """
    _, server = Scene(harness).asked()
    for code in (-1, 0, 99, 100, 103, 199, 1000):
        expectRefused(server.exchange.writeHeaders, code, Headers())


@ORDER.check()
def badLengthIsRefused(harness: Harness) -> None:
    """
    A Content-Length that isn't one number doesn't leave this side.
    """
    _, server = Scene(harness).asked()
    for values in BAD_LENGTHS:
        headers = Headers([(b"Content-Length", value) for value in values])
        expectRefused(server.exchange.writeHeaders, 200, headers)


@ORDER.check()
def badReasonIsRefused(harness: Harness) -> None:
    """
    Control characters don't leave this side in a reason phrase.
    """
    _, server = Scene(harness).asked()
    for reason in (b"O\rK", b"OK\n", b"\x00", b"OK\r\nX: y", b"\x7f"):
        expectRefused(server.exchange.writeIntermediateResponse, 103, None, reason)
        expectRefused(server.exchange.writeHeaders, 200, Headers(), reason)


@ORDER.check()
def badTargetIsRefused(harness: Harness) -> None:
    """
    A target with what may not go on a wire raises, and nothing is sent.
    """
    scene = Scene(harness)
    for target in BAD_TARGETS:
        expectRefused(scene.ask, b"GET", target)
    scene.settle()
    expectEqual(len(scene.served), 0, "requests at the server")


@ORDER.check()
def badMethodIsRefused(harness: Harness) -> None:
    """
    A method that isn't a token raises, and nothing is sent.
    """
    scene = Scene(harness)
    for method in BAD_METHODS:
        expectRefused(scene.ask, method)
    scene.settle()
    expectEqual(len(scene.served), 0, "requests at the server")


@ORDER.check()
def secondProducerIsRefused(harness: Harness) -> None:
    """
    One producer at a time, and the message isn't finished before it is
    unregistered.
    """
    _, server = Scene(harness).answered()
    exchange = server.exchange
    exchange.unregisterProducer()
    source = PullSource(exchange, 1 << 30)
    source.register()
    expectRefused(
        exchange.registerProducer, PullSource(exchange, 1), False, error=RuntimeError
    )
    expectRefused(exchange.finish)
    exchange.unregisterProducer()
    exchange.finish()


@ORDER.check()
def callsAfterFinishDoNothing(harness: Harness) -> None:
    """
    Whatever a request calls after C{finish} is harmless, and counted.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.answer(b"abc")
    _callLate(server)
    scene.whole(client)
    _callLate(server)
    scene.settle()
    expectEqual(client.content, b"abc", "the content")
    expectEqual(client.names[-1], "handleContentComplete", "the last call")


@ORDER.check()
def callsAfterLossDoNothing(harness: Harness) -> None:
    """
    Whatever a request calls after its loss is harmless, and counted.
    """
    scene = Scene(harness)
    _, server = scene.answered()
    harness.vanish()
    scene.lost(server)
    calls = len(server.calls)
    _callLate(server)
    scene.settle()
    expectEqual(len(server.calls), calls, "calls")


@ORDER.check()
def callsAfterAbortDoNothing(harness: Harness) -> None:
    """
    Whatever a request calls after its own C{abortConnection} is harmless, and
    counted.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    server.exchange.abortConnection()
    _callLate(server)
    scene.lost(client)
    expectEqual(client.code, None, "the code of a response")


@ORDER.check()
def callersCallsAfterTheEndDoNothing(harness: Harness) -> None:
    """
    Whatever a caller calls after its response is whole is harmless, and
    counted.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.answer(b"abc")
    scene.whole(client)
    _callLate(client)
    scene.settle()
    expectEqual(client.names[-1], "handleContentComplete", "the last call")
    expectEqual(server.content, b"", "content of the request")


@ORDER.check()
def callersCallsAfterAbortDoNothing(harness: Harness) -> None:
    """
    Whatever a caller calls after its own C{abortConnection} is harmless, and
    counted.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    client.exchange.abortConnection()
    _callLate(client)
    scene.settle()
    expectEqual(server.content, b"", "content of the request")
    expect(not server.complete, "the request isn't whole")


def _callLate(recorder: Any) -> None:
    """
    Call everything, and see that it is counted and not logged.
    """
    exchange = recorder.exchange
    before = list(exchange.lateCalls)
    source = PullSource(exchange, 100)
    fired: list[None] = []
    with ErrorLog() as log, tempfile.TemporaryFile() as file:
        file.write(b"late")
        try:
            if isinstance(recorder, RequestRecorder):
                exchange.writeIntermediateResponse(103)
                exchange.writeHeaders(500, Headers([(b"X-Late", b"1")]))
            exchange.writeData(b"late")
            exchange.registerProducer(source, False)
            exchange.unregisterProducer()
            exchange.writeFile(file, 0, 4).addCallback(fired.append)
            exchange.finish()
            exchange.abortConnection()
            exchange.pauseProducing()
            exchange.resumeProducing()
            exchange.stopProducing()
        except (LocalProtocolError, RuntimeError) as problem:
            raise AssertionError(f"a late call raised {problem!r}") from problem
    expected = [
        "writeData",
        "registerProducer",
        "writeFile",
        "finish",
        "abortConnection",
    ]
    if isinstance(recorder, RequestRecorder):
        expected = ["writeIntermediateResponse", "writeHeaders", *expected]
    # At most sixteen are kept.
    expectEqual(list(exchange.lateCalls), (before + expected)[:16], "late calls")
    expectEqual(source.stops, 1, "times that a late producer was stopped")
    expectEqual(fired, [None], "what writeFile fired with")
    expectEqual(log.errors, [], "errors in the log")


@ORDER.check()
def writtenIsCounted(harness: Harness) -> None:
    """
    C{written} is the content that was written, in octets.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    for end in (client, server):
        expectEqual(end.exchange.written, 0, "octets written at first")
    server.exchange.writeHeaders(200, Headers())
    for end in (client, server):
        end.exchange.writeData(b"abc")
        end.exchange.writeData(b"")
        with tempfile.TemporaryFile() as file:
            file.write(b"0123456789")
            fired: list[None] = []
            end.exchange.writeFile(file, 1, 7).addCallback(fired.append)
            scene.fires(fired, "the file is sent")
        expectEqual(end.exchange.written, 10, "octets written")


@ORDER.check()
def fieldsAreCheckedWhenTheyAreSet(harness: Harness) -> None:
    """
    Control characters get into no field, so into no message.
    """
    _, server = Scene(harness).asked()
    for value in (b"a\r\nb", b"a\nb", b"a\rb", b"a\x00b", b"\x1f", b"\x7f"):
        expectRefused(server.in_headers.addRaw, b"X-A", value, error=InvalidField)
        expectRefused(server.in_headers.setRaw, b"X-A", value, error=InvalidField)
    for name in (b"", b"a b", b"a:", b"a\n", b"\xc3"):
        expectRefused(server.in_headers.addRaw, name, b"x", error=InvalidField)


@ORDER.check(Capability.VIRTUAL_TIME)
def patienceWithASlowAnswer(harness: Harness) -> None:
    """
    A request that takes its time to answer isn't lost, and neither is one
    that has answered in part.
    """
    scene = Scene(harness)
    client, server = scene.asked()
    for _ in range(45):
        harness.advance(1)
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"one")
    for _ in range(45):
        harness.advance(1)
    server.exchange.writeData(b"two")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"onetwo", "the content")
