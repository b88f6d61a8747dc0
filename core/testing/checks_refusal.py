"""
Checks: what this side may not do is refused, and nothing of it is sent.
"""

from __future__ import annotations

from penstock.core.errors import InvalidField
from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expectEqual, expectRefused
from penstock.core.testing.harness import Harness
from penstock.core.testing.recorder import PullSource
from penstock.core.testing.scene import Scene, openFile

REFUSAL = Group("refusal")

# What a request target or a method must not have in it.
BAD_TARGETS = (b"", b"/a b", b"/\r\nX: y", b"/\x00", b"/\x7f", b"/\xc3\xa9", b"/\t")
BAD_METHODS = (b"", b"GE T", b"GET\r\n", b"G:T", b"\x00", b"G\xc3\x89T")

BAD_HOSTS: tuple[tuple[bytes, ...], ...] = (
    (b"a", b"b"),
    (b"a", b"a"),
    (b"a b",),
    (b"user@a",),
    (b"a/b",),
    (b"a:b",),
    (b"a:99999",),
    (b"[::1",),
)

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


@REFUSAL.check()
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
    with openFile(b"") as file:
        expectRefused(exchange.writeFile, file, 0, 1)
    server.answer(b"abc")
    scene.whole(client)


@REFUSAL.check()
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


@REFUSAL.check()
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


@REFUSAL.check()
def badIntermediateCodeIsRefused(harness: Harness) -> None:
    """
    101 isn't a request's to give, and other classes aren't interim.
    """
    _, server = Scene(harness).asked()
    for code in (101, 99, 0, 200, 404, 1000):
        expectRefused(server.exchange.writeIntermediateResponse, code)


@REFUSAL.check()
def badCodeIsRefused(harness: Harness) -> None:
    """
    The code of a response is of three digits and not interim.
    """
    _, server = Scene(harness).asked()
    for code in (-1, 0, 99, 100, 103, 199, 1000):
        expectRefused(server.exchange.writeHeaders, code, Headers())


@REFUSAL.check()
def badLengthIsRefused(harness: Harness) -> None:
    """
    A Content-Length that isn't one number doesn't leave this side.
    """
    _, server = Scene(harness).asked()
    for values in BAD_LENGTHS:
        headers = Headers([(b"Content-Length", value) for value in values])
        expectRefused(server.exchange.writeHeaders, 200, headers)


@REFUSAL.check()
def badLengthOfARequestIsRefused(harness: Harness) -> None:
    """
    Nor does one of a request.
    """
    scene = Scene(harness)
    for values in BAD_LENGTHS:
        fields = [(b"Content-Length", value) for value in values]
        expectRefused(scene.ask, b"POST", b"/", fields, True)
    scene.settle()
    expectEqual(len(scene.served), 0, "requests at the server")


@REFUSAL.check()
def lengthWithoutContentIsRefused(harness: Harness) -> None:
    """
    A request that promises content, and has none, isn't sent.
    """
    scene = Scene(harness)
    expectRefused(scene.ask, b"POST", b"/", [(b"Content-Length", b"3")])
    scene.settle()
    expectEqual(len(scene.served), 0, "requests at the server")


@REFUSAL.check()
def badHostIsRefused(harness: Harness) -> None:
    """
    A Host that no server would take doesn't leave this side.
    """
    scene = Scene(harness)
    for values in BAD_HOSTS:
        expectRefused(scene.ask, fields=[(b"Host", value) for value in values])
    scene.settle()
    expectEqual(len(scene.served), 0, "requests at the server")


@REFUSAL.check()
def badReasonIsRefused(harness: Harness) -> None:
    """
    Control characters don't leave this side in a reason phrase.
    """
    _, server = Scene(harness).asked()
    for reason in (b"O\rK", b"OK\n", b"\x00", b"OK\r\nX: y", b"\x7f"):
        expectRefused(server.exchange.writeIntermediateResponse, 103, None, reason)
        expectRefused(server.exchange.writeHeaders, 200, Headers(), reason)


@REFUSAL.check()
def badTargetIsRefused(harness: Harness) -> None:
    """
    A target with what may not go on a wire raises, and nothing is sent.
    """
    scene = Scene(harness)
    for target in BAD_TARGETS:
        expectRefused(scene.ask, b"GET", target)
    scene.settle()
    expectEqual(len(scene.served), 0, "requests at the server")


@REFUSAL.check()
def badMethodIsRefused(harness: Harness) -> None:
    """
    A method that isn't a token raises, and nothing is sent.
    """
    scene = Scene(harness)
    for method in BAD_METHODS:
        expectRefused(scene.ask, method)
    scene.settle()
    expectEqual(len(scene.served), 0, "requests at the server")


@REFUSAL.check()
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
    with openFile(b"x") as file:
        expectRefused(exchange.writeFile, file, 0, 1)
    exchange.unregisterProducer()
    exchange.finish()


@REFUSAL.check()
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
