"""
Checks: what an exchange holds, it lets go of at its end.
"""

from __future__ import annotations

from typing import BinaryIO

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.checks_end import LENGTHS
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Harness
from penstock.core.testing.recorder import IdleSource, Recorder
from penstock.core.testing.scene import Fields, Scene, openFile

RELEASE = Group("release")

# Whether they are push producers.
PRODUCERS = {"Push": True, "Pull": False}


@RELEASE.table(PRODUCERS)
def lossStopsAProducer(harness: Harness, streaming: bool) -> None:
    """
    When an exchange is lost, its producer is stopped once, before
    C{connectionLost}; at both ends.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.writeHeaders(200, Headers())
    scene.begins(client)
    orders = [_watched(client, streaming), _watched(server, streaming)]
    scene.settle()
    harness.vanish()
    scene.lost(client, server)
    scene.settle()
    expectEqual(orders, [["stopped", "lost"]] * 2, "what happens at each end")


def _watched(end: Recorder, streaming: bool) -> list[str]:
    """
    Give C{end} a producer.

    @return: what happens to both, as it does.
    """
    order: list[str] = []
    end.reactions["connectionLost"] = lambda _: order.append("lost")
    IdleSource(end.exchange, streaming, lambda: order.append("stopped"))
    return order


@RELEASE.table(PRODUCERS)
def ownAbortStopsAProducer(harness: Harness, streaming: bool) -> None:
    """
    When either end gives up, the producers of both are stopped, once.
    """
    scene = Scene(harness)
    for who in ("client", "server"):
        client, server = scene.uploading()
        server.exchange.writeHeaders(200, Headers())
        scene.begins(client)
        sources = [IdleSource(end.exchange, streaming) for end in (client, server)]
        scene.settle()
        gone, left = (client, server) if who == "client" else (server, client)
        gone.exchange.abortConnection()
        scene.lost(left)
        expectEqual([source.stops for source in sources], [1, 1], "times stopped")


def _startsFile(scene: Scene, writer: Recorder, file: BinaryIO) -> list[None]:
    """
    Begin to send a file that is too big.

    @return: what C{writeFile} fires with.
    """
    fired: list[None] = []
    writer.exchange.writeFile(file, 0, scene.tooMuch).addCallback(fired.append)
    scene.settle()
    return fired


@RELEASE.table(LENGTHS)
def lossLetsGoOfAFile(harness: Harness, fields: Fields) -> None:
    """
    When the exchange is lost while a file is being sent, C{writeFile} fires.
    """
    scene = Scene(harness)
    if fields:
        fields = [(b"Content-Length", b"%d" % scene.tooMuch)]
    client, server = scene.answered(fields=fields)
    client.exchange.pauseProducing()
    with openFile(size=scene.tooMuch) as file:
        fired = _startsFile(scene, server, file)
        harness.vanish()
        scene.lost(server)
        expectEqual(fired, [None], "what writeFile has fired with")


@RELEASE.check()
def lossLetsGoOfAFileInARequest(harness: Harness) -> None:
    """
    It fires at the calling end, too.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    with openFile(size=scene.tooMuch) as file:
        fired = _startsFile(scene, client, file)
        harness.vanish()
        scene.lost(client)
        expectEqual(fired, [None], "what writeFile has fired with")


@RELEASE.check()
def earlyAnswerLetsGoOfAFile(harness: Harness) -> None:
    """
    It fires when the response is whole before the request.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    with openFile(size=scene.tooMuch) as file:
        fired = _startsFile(scene, client, file)
        server.answer()
        scene.whole(client)
        expectEqual(fired, [None], "what writeFile has fired with")


@RELEASE.check()
def ownAbortLetsGoOfAFile(harness: Harness) -> None:
    """
    When a request gives up while a file is being sent, C{writeFile} fires, and
    the caller doesn't get a whole response.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    client.exchange.pauseProducing()
    with openFile(size=scene.tooMuch) as file:
        fired = _startsFile(scene, server, file)
        server.exchange.abortConnection()
        expectEqual(fired, [None], "what writeFile has fired with")
    client.exchange.resumeProducing()
    scene.lost(client)
    expect(not client.complete, "a truncated response isn't whole")
