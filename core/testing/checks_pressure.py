"""
Checks: memory stays bounded when either side is slow, and nobody else is.
"""

from __future__ import annotations

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.recorder import PullSource, PushSource, Recorder, pattern
from penstock.core.testing.scene import Scene, openFile

PRESSURE = Group("pressure")


def _isBounded(scene: Scene, reader: Recorder, source: PushSource | PullSource) -> None:
    """
    See that a slow C{reader} slows C{source} down, and gets everything in the
    end.
    """
    source.register()
    scene.settle()
    bound = scene.harness.bound
    expect(
        source.written <= bound,
        f"at most {bound} octets are taken for a reader who takes none: "
        f"{source.written} were",
    )
    reader.exchange.resumeProducing()
    scene.whole(reader)
    expectEqual(len(reader.content), scene.tooMuch, "octets of content")


@PRESSURE.check()
def slowCallerBoundsAPushProducer(harness: Harness) -> None:
    """
    A push producer of a response is paused when the caller takes nothing, and
    resumed when it does.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    client.exchange.pauseProducing()
    source = PushSource(server.exchange, scene.tooMuch)
    _isBounded(scene, client, source)


@PRESSURE.check()
def slowCallerBoundsAPullProducer(harness: Harness) -> None:
    """
    A pull producer of a response isn't asked for more than a bounded amount
    when the caller takes nothing.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    client.exchange.pauseProducing()
    source = PullSource(server.exchange, scene.tooMuch)
    _isBounded(scene, client, source)


@PRESSURE.check()
def slowServerBoundsAPushProducer(harness: Harness) -> None:
    """
    A push producer of a request is paused when the server takes nothing, and
    resumed when it does.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    source = PushSource(client.exchange, scene.tooMuch)
    _isBounded(scene, server, source)


@PRESSURE.check()
def slowServerBoundsAPullProducer(harness: Harness) -> None:
    """
    A pull producer of a request isn't asked for more than a bounded amount
    when the server takes nothing.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    source = PullSource(client.exchange, scene.tooMuch)
    _isBounded(scene, server, source)


def _isFileBounded(scene: Scene, writer: Recorder, reader: Recorder) -> None:
    """
    See that a file isn't sent to a C{reader} who takes nothing, and is when it
    does.
    """
    reader.exchange.pauseProducing()
    size = scene.tooMuch
    with openFile(size=size) as file:
        fired: list[None] = []
        writer.exchange.writeFile(file, 0, size).addCallback(fired.append)
        scene.settle()
        expect(not fired, "the file isn't sent yet")
        reader.exchange.resumeProducing()
        scene.fires(fired, "the file is sent in the end")
    writer.exchange.finish()
    scene.whole(reader)
    expectEqual(len(reader.content), size, "octets of content")


@PRESSURE.check()
def slowCallerBoundsAFile(harness: Harness) -> None:
    """
    A file isn't sent to a caller who takes nothing, and is when it does.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    _isFileBounded(scene, server, client)


@PRESSURE.check()
def slowServerBoundsAFile(harness: Harness) -> None:
    """
    A file isn't sent to a request that takes nothing, and is when it does.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    _isFileBounded(scene, client, server)


@PRESSURE.check()
def pullProducerMayWriteLater(harness: Harness) -> None:
    """
    A pull producer that has nothing when it is asked writes later, and is
    asked again then.
    """

    class Slow(PullSource):
        asked = 0

        def resumeProducing(self) -> None:
            self.asked += 1

        def write(self) -> None:
            self._write()

    scene = Scene(harness)
    client, server = scene.answered()
    source = Slow(server.exchange, 3 * Slow.block)
    source.register()
    while not source.ended:
        blocks = source.written // Slow.block
        scene.until(lambda: source.asked, "the producer is asked")
        scene.settle()
        expectEqual(source.asked, 1, f"times it is asked after {blocks} blocks")
        source.asked = 0
        source.write()
    scene.whole(client)
    expect(client.content == pattern(0, 3 * Slow.block), "its content")


@PRESSURE.check(Capability.CONCURRENT)
def oneSlowReaderSlowsNobodyElse(harness: Harness) -> None:
    """
    While one caller and one request take nothing, other exchanges go on.
    """
    scene = Scene(harness)
    slow, slowServer = scene.answered()
    slow.exchange.pauseProducing()
    PushSource(slowServer.exchange, scene.tooMuch).register()
    slowUp, slowUpServer = scene.uploading()
    slowUpServer.exchange.pauseProducing()
    PushSource(slowUp.exchange, scene.tooMuch).register()
    scene.settle()
    for _ in range(3):
        client, server = scene.uploading()
        up = PushSource(client.exchange, 300_000)
        up.register()
        scene.whole(server)
        server.exchange.writeHeaders(200, Headers())
        PushSource(server.exchange, 300_000).register()
        scene.whole(client)
    expect(not (slow.lost or slowUp.lost), "the slow ones are still there")


@PRESSURE.check(Capability.VIRTUAL_TIME)
def patienceWithASlowReader(harness: Harness) -> None:
    """
    A request that doesn't take its content for a while isn't lost, since it
    isn't the caller who is late.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    server.exchange.pauseProducing()
    PushSource(client.exchange, scene.tooMuch).register()
    scene.settle()
    for _ in range(45):
        harness.advance(1)
    expectEqual(server.names, [], "calls while it is paused")
    server.exchange.resumeProducing()
    scene.whole(server)
