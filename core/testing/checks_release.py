"""
Checks: what an exchange holds, it lets go of at its end.
"""

from __future__ import annotations

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.checks_end import LENGTHS
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Harness
from penstock.core.testing.recorder import PullSource, PushSource, Recorder
from penstock.core.testing.scene import Fields, Scene, openFile

RELEASE = Group("release")

PRODUCERS: dict[str, type[PushSource] | type[PullSource]] = {
    "Push": PushSource,
    "Pull": PullSource,
}


@RELEASE.table(PRODUCERS)
def lossStopsAProducer(
    harness: Harness, kind: type[PushSource] | type[PullSource]
) -> None:
    """
    When an exchange is lost, its producer is stopped once, before
    C{connectionLost}; at both ends.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.writeHeaders(200, Headers())
    scene.begins(client)
    orders = [_watched(client, kind, scene), _watched(server, kind, scene)]
    scene.settle()
    harness.vanish()
    scene.lost(client, server)
    expectEqual(orders, [["stopped", "lost"]] * 2, "what happens at each end")


def _watched(
    end: Recorder, kind: type[PushSource] | type[PullSource], scene: Scene
) -> list[str]:
    """
    Give C{end} a producer with too much to write.

    @return: what happens to both, as it does.
    """
    order: list[str] = []
    end.exchange.pauseProducing()
    end.reactions["connectionLost"] = lambda _: order.append("lost")
    kind(end.exchange, scene.tooMuch, lambda: order.append("stopped")).register()
    return order


@RELEASE.check()
def cancelStopsAProducer(harness: Harness) -> None:
    """
    When either end gives up, the producers of both are stopped.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.writeHeaders(200, Headers())
    scene.begins(client)
    sources = []
    for end in (client, server):
        end.exchange.pauseProducing()
        source = PushSource(end.exchange, scene.tooMuch)
        source.register()
        sources.append(source)
    scene.settle()
    client.exchange.abortConnection()
    scene.lost(server)
    expectEqual([source.stops for source in sources], [1, 1], "times stopped")


@RELEASE.table(LENGTHS)
def lossLetsGoOfAFile(harness: Harness, fields: Fields) -> None:
    """
    When the exchange is lost while a file is being sent, C{writeFile} fires.
    """
    scene = Scene(harness)
    size = scene.tooMuch
    if fields:
        fields = [(b"Content-Length", b"%d" % size)]
    client, server = scene.answered(fields=fields)
    client.exchange.pauseProducing()
    with openFile(size=size) as file:
        fired: list[None] = []
        server.exchange.writeFile(file, 0, size).addCallback(fired.append)
        scene.settle()
        harness.vanish()
        scene.lost(server)
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
    size = scene.tooMuch
    with openFile(size=size) as file:
        fired: list[None] = []
        server.exchange.writeFile(file, 0, size).addCallback(fired.append)
        scene.settle()
        server.exchange.abortConnection()
        expectEqual(fired, [None], "what writeFile has fired with")
    client.exchange.resumeProducing()
    scene.lost(client)
    expect(not client.complete, "a truncated response isn't whole")
