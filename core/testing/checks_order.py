"""
Checks: what a transport provides, what it calls, and in which order.
"""

from __future__ import annotations

from typing import Any

from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyObject

from penstock.core.headers import Headers
from penstock.core.interfaces import (
    ConnectionInfo,
    IChannelRequest,
    IClientRequest,
    IRequester,
)
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.recorder import (
    ResponseRecorder,
)
from penstock.core.testing.scene import Scene, openFile

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
        with openFile(b"0123456789") as file:
            fired: list[None] = []
            end.exchange.writeFile(file, 1, 7).addCallback(fired.append)
            scene.fires(fired, "the file is sent")
        expectEqual(end.exchange.written, 10, "octets written")


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
