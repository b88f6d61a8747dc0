"""
How much content waits between two ends in memory, and who waits for it.
"""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.headers import Headers
from penstock.core.testing.recorder import PullSource, PushSource, pattern
from penstock.transports.memory import VirtualClock

from .pair import Pair


@pytest.mark.parametrize("window", [1, 2, 3, 1000, 65536])
@pytest.mark.parametrize("upward", [True, False], ids=["request", "response"])
def test_windowBlocksAndReleases(window: int, upward: bool) -> None:
    """
    A producer is paused when the window is full, and resumed when half of it
    is free; what was written without asking is never lost.
    """
    pair = Pair(window=window)
    client, server = pair.upload() if upward else pair.download()
    writer, reader = (client, server) if upward else (server, client)
    reader.exchange.pauseProducing()
    source = PushSource(writer.exchange, 10 * window + 3)
    source.block = 1  # type: ignore[misc]
    source.register()
    assert source.written == window
    assert writer.exchange.mostWaiting == window
    assert source.pauses == 1
    pair.settle()
    assert source.written == window
    reader.exchange.resumeProducing()
    pair.settle()
    assert source.ended
    assert reader.complete
    assert reader.content == pattern(0, 10 * window + 3)


def test_onlyWhatWaitsIsCounted() -> None:
    """
    A reader who takes everything leaves nothing waiting.
    """
    client, server = Pair().download()
    for _ in range(100):
        server.exchange.writeData(b"x" * 10_000)
    assert server.exchange.mostWaiting == 0
    assert len(client.content) == 1_000_000


@pytest.mark.parametrize("kind", [PushSource, PullSource])
@pytest.mark.parametrize("upward", [True, False], ids=["request", "response"])
def test_producersRest(kind: type[Any], upward: bool) -> None:
    """
    A producer that a fast reader never slows down still lets others have a
    turn, as over a wire.
    """
    pair = Pair()
    client, server = pair.upload() if upward else pair.download()
    writer, reader = (client, server) if upward else (server, client)
    source = kind(writer.exchange, 1_000_000)
    source.register()
    assert 0 < source.written < 1_000_000
    pair.settle()
    assert source.ended
    assert reader.complete
    assert reader.content == pattern(0, 1_000_000)


def test_restingAndWaiting() -> None:
    """
    A producer that has to rest, and whose reader has taken some but not half
    when it has rested, goes on in the end.
    """
    pair = Pair(window=100, piece=100)
    client, server = pair.download()
    source = PushSource(server.exchange, 1000)
    source.block = 60  # type: ignore[misc]
    source.register()
    assert source.written == 120
    client.exchange.pauseProducing()
    server.exchange.writeData(b"y" * 80)
    pair.settle()
    client.exchange.resumeProducing()
    pair.settle()
    assert source.ended
    assert len(client.content) == 1080


def test_pieces() -> None:
    """
    A big write arrives in pieces.
    """
    pair = Pair(piece=3)
    client, server = pair.upload()
    client.exchange.writeData(b"abcdefgh")
    server.exchange.writeHeaders(200, Headers())
    server.exchange.writeData(b"ijklm")
    assert server.chunks == [b"abc", b"def", b"gh"]
    assert client.chunks == [b"ijk", b"lm"]


def test_abortBetweenPieces() -> None:
    """
    A reader who gives up inside a piece gets no other.
    """
    pair = Pair(piece=1)
    client, server = pair.download()
    client.reactions["handleContentChunk"] = lambda c: c.exchange.abortConnection()
    server.exchange.writeData(b"abc")
    assert client.chunks == [b"a"]
    pair.settle()
    assert server.lost


def test_stoppedReaderTakesEverything() -> None:
    """
    What nobody wants any more doesn't fill the window.
    """
    pair = Pair()
    client, server = pair.upload()
    server.exchange.pauseProducing()
    client.exchange.writeData(b"x" * 100_000)
    assert client.exchange.blocked
    server.exchange.stopProducing()
    assert not client.exchange.blocked
    client.exchange.writeData(b"x" * 100_000)
    assert not client.exchange.blocked


def test_anAnswerUnblocksTheRest() -> None:
    """
    A request whose answer doesn't wait for its content is rid of it.
    """
    pair = Pair()
    client, server = pair.upload()
    client.exchange.pauseProducing()
    server.exchange.pauseProducing()
    source = PushSource(client.exchange, 300_000)
    source.register()
    server.answer(b"no, thanks")
    pair.settle()
    assert source.ended
    client.exchange.resumeProducing()
    assert client.complete


def test_abortDoesNotUnblock() -> None:
    """
    A caller who gives up doesn't make the server's producer go on before it is
    told: it would come to its end, and take the response for sent.
    """
    pair = Pair(window=100)
    client, server = pair.download()
    client.exchange.pauseProducing()
    source = PushSource(server.exchange, 150)
    source.block = 100  # type: ignore[misc]
    source.register()
    client.exchange.abortConnection()
    assert source.stops == 1
    assert not source.ended
    assert server.lost


def test_file() -> None:
    """
    A file goes block by block, and its Deferred fires.
    """
    pair = Pair()
    client, server = pair.download()
    fired: list[Any] = []
    file = io.BytesIO(pattern(0, 1_000_000))
    server.exchange.writeFile(file, 10, 500_000).addCallback(fired.append)
    pair.settle()
    assert fired == [None]
    server.exchange.finish()
    assert client.content == pattern(10, 500_010)


@settings(deadline=None, max_examples=60)
@given(
    size=st.integers(0, 5000),
    window=st.integers(1, 600),
    piece=st.integers(1, 600),
    seed=st.integers(0, 1000),
    pauses=st.lists(st.booleans(), max_size=30),
    pull=st.booleans(),
)
def test_anySchedule(
    size: int, window: int, piece: int, seed: int, pauses: list[bool], pull: bool
) -> None:
    """
    Windows, pieces, schedules and pauses change when content comes, and never
    what comes.
    """
    clock = VirtualClock(seed)
    pair = Pair(clock=clock, window=window, piece=piece)
    client, server = pair.upload()
    server.exchange.writeHeaders(200, Headers())
    if size:
        for end in (client, server):
            kind = PullSource if pull else PushSource
            source = kind(end.exchange, size)
            source.block = 97  # type: ignore[misc]
            source.register()
    else:
        client.exchange.finish()
        server.exchange.finish()
    for pause in pauses:
        for end in (client, server):
            if pause:
                end.exchange.pauseProducing()
            else:
                end.exchange.resumeProducing()
        clock.step()
    for end in (client, server):
        end.exchange.resumeProducing()
    pair.settle()
    assert client.content == pattern(0, size)
    assert client.complete
    # An answer that is whole ends a request that isn't.
    assert pattern(0, size).startswith(server.content)
