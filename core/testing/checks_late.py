"""
Checks: calls after the end do nothing, and are counted.
"""

from __future__ import annotations

from typing import Any

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Harness
from penstock.core.testing.log import ErrorLog
from penstock.core.testing.recorder import PullSource, RequestRecorder
from penstock.core.testing.scene import Scene, openFile

LATE = Group("late")


@LATE.check()
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


@LATE.check()
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


@LATE.check()
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


@LATE.check()
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


@LATE.check()
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
    with ErrorLog() as log, openFile(b"late") as file:
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
