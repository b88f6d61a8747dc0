"""
Checks: files as content.
"""

from __future__ import annotations

from penstock.core.headers import Headers
from penstock.core.testing.check import Group
from penstock.core.testing.expectation import expect, expectEqual, expectRefused
from penstock.core.testing.harness import Harness
from penstock.core.testing.recorder import PushSource, pattern
from penstock.core.testing.scene import Fields, Scene, openFile

FILE = Group("file")


def _length(size: int) -> Fields:
    return [(b"Content-Length", b"%d" % size)]


@FILE.check()
def fileCrosses(harness: Harness) -> None:
    """
    A part of a file is sent between other content, and its Deferred fires.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    with openFile(pattern(0, 300_000)) as file:
        server.exchange.writeData(b"before")
        fired: list[None] = []
        server.exchange.writeFile(file, 1000, 250_000).addCallback(fired.append)
        scene.fires(fired, "writeFile fires")
    expectEqual(fired, [None], "what writeFile fires with")
    server.exchange.writeData(b"after")
    server.exchange.finish()
    scene.whole(client)
    whole = b"before" + pattern(1000, 251_000) + b"after"
    expect(client.content == whole, "the content is in order")


@FILE.check()
def fileOfKnownLengthCrosses(harness: Harness) -> None:
    """
    A file as the content that Content-Length promises, more than once on one
    connection.
    """
    scene = Scene(harness)
    for _ in range(2):
        client, server = scene.asked()
        server.exchange.writeHeaders(200, Headers(_length(200_000)))
        with openFile(pattern(0, 200_000)) as file:
            fired: list[None] = []
            server.exchange.writeFile(file, 0, 200_000).addCallback(fired.append)
            scene.fires(fired, "writeFile fires")
        server.exchange.finish()
        scene.whole(client)
        expect(client.content == pattern(0, 200_000), "the content")


@FILE.check()
def fileInARequestCrosses(harness: Harness) -> None:
    """
    The calling end sends files too.
    """
    scene = Scene(harness)
    client, server = scene.uploading()
    with openFile(pattern(0, 200_000)) as file:
        fired: list[None] = []
        client.exchange.writeFile(file, 5, 150_000).addCallback(fired.append)
        scene.fires(fired, "writeFile fires")
    client.exchange.finish()
    scene.whole(server)
    expect(server.content == pattern(5, 150_005), "the content")


@FILE.check()
def emptyFileIsNothing(harness: Harness) -> None:
    """
    No octets of a file are sent at once.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    with openFile(b"abc") as file:
        fired: list[None] = []
        server.exchange.writeFile(file, 1, 0).addCallback(fired.append)
        expectEqual(fired, [None], "what writeFile has fired with")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"", "the content")


@FILE.check()
def fileBeyondLengthIsRefused(harness: Harness) -> None:
    """
    A file beyond Content-Length isn't sent.
    """
    scene = Scene(harness)
    client, server = scene.answered(fields=_length(3))
    with openFile(b"abcdef") as file:
        expectRefused(server.exchange.writeFile, file, 0, 4)
    server.exchange.writeData(b"abc")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(client.content, b"abc", "the content")


@FILE.check()
def shortFileIsLost(harness: Harness) -> None:
    """
    If a file turns out shorter, the response is lost and never whole, and the
    Deferred fires.
    """
    scene = Scene(harness)
    client, server = scene.answered(fields=_length(1000))
    with openFile(b"abc") as file:
        fired: list[None] = []
        server.exchange.writeFile(file, 0, 1000).addCallback(fired.append)
        scene.lost(client)
        scene.fires(fired, "writeFile fires")
    expect(not client.complete, "a short response isn't whole")


@FILE.check()
def nothingBesideAFile(harness: Harness) -> None:
    """
    While a file is being sent nothing else is written, nor the message
    finished.
    """
    scene = Scene(harness)
    client, server = scene.answered()
    client.exchange.pauseProducing()
    scene.settle()
    size = scene.tooMuch
    with openFile(size=size) as file:
        fired: list[None] = []
        server.exchange.writeFile(file, 0, size).addCallback(fired.append)
        scene.settle()
        if not fired:
            expectRefused(server.exchange.writeData, b"x")
            expectRefused(server.exchange.writeFile, file, 0, 1)
            expectRefused(server.exchange.finish)
            source = PushSource(server.exchange, 1)
            expectRefused(server.exchange.registerProducer, source, True)
        client.exchange.resumeProducing()
        scene.fires(fired, "writeFile fires")
    server.exchange.finish()
    scene.whole(client)
    expectEqual(len(client.content), size, "octets of content")
