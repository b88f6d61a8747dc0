"""
Tests for L{penstock.transports.rpc.codec}.
"""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgpack import packb

from penstock.core.errors import LimitExceeded, PeerProtocolError
from penstock.transports.rpc.codec import (
    MAGIC,
    Decoder,
    Rejected,
    State,
    encode,
    encodeContent,
    frame,
    frameHead,
)
from penstock.transports.rpc.greeting import Greeting
from penstock.transports.rpc.messages import (
    MAX_NUMBER,
    METHODS,
    AbortConnection,
    Credit,
    Finish,
    HandleContentChunk,
    Hello,
    Message,
    Ping,
    Request,
    WriteData,
    WriteHeaders,
)

from .wires import MAX_FRAME, VECTORS, comparable, decode, messageOf, opening

FRAMES = VECTORS["frames"]
REFUSED = VECTORS["refused"]
OPENING = opening(False)
HELLO = Greeting().hello(False)


def _ids(rows: list[Any]) -> list[str]:
    return [row["name"] for row in rows]


def _isHello(row: Any) -> bool:
    return bool(row["messages"][0][0] == "hello")


@pytest.mark.parametrize("row", FRAMES, ids=_ids(FRAMES))
@pytest.mark.parametrize("cut", [None, 1, 3], ids=["whole", "bytewise", "by three"])
def test_vectorIsRead(row: Any, cut: int | None) -> None:
    """
    A frame of the specification is read as it says, however it is cut.
    """
    before = MAGIC if _isHello(row) else OPENING
    messages = decode(before + bytes.fromhex(row["hex"]), cut)
    if not _isHello(row):
        assert messages.pop(0) == HELLO
    assert messages == [messageOf(items) for items in row["messages"]]
    assert [type(message) for message in messages] == [
        type(messageOf(items)) for items in row["messages"]
    ]


@pytest.mark.parametrize("row", FRAMES, ids=_ids(FRAMES))
def test_vectorIsWritten(row: Any) -> None:
    """
    And written as it says.
    """
    assert frame(*map(messageOf, row["messages"])).hex() == row["hex"]


@pytest.mark.parametrize("row", REFUSED, ids=_ids(REFUSED))
@pytest.mark.parametrize("cut", [None, 1, 3], ids=["whole", "bytewise", "by three"])
def test_vectorIsRefused(row: Any, cut: int | None) -> None:
    """
    What may not be is refused, however it is cut, and nothing follows.
    """
    wire = bytes.fromhex(row["hex"])
    messages = decode(wire + frame(Ping(0, 1)), cut)
    kind = {"protocol": PeerProtocolError, "limit": LimitExceeded}[row["refused"]]
    assert comparable(messages)[-1] is kind
    assert all(isinstance(message, Hello) for message in messages[:-1])


def test_everyMethodHasAVector() -> None:
    """
    The vectors have each message.
    """
    seen = {items[0] for row in FRAMES for items in row["messages"]}
    assert seen == {method.name for method in METHODS.values()}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_garbageFailsAtItsFirstOctet(size: int) -> None:
    """
    A decoder doesn't wait for more of what can't become right.
    """
    (rejected,) = Decoder(MAX_FRAME).receive(b"GET / HTTP/1.1"[:size])
    assert isinstance(rejected, Rejected)


def test_refusalIsAbsorbing() -> None:
    """
    Nothing is taken after a refusal, not even what would be right.
    """
    decoder = Decoder(MAX_FRAME)
    decoder.receive(b"x")
    assert decoder.state is State.FAILED
    assert decoder.receive(OPENING) == []
    assert decoder.state is State.FAILED


def test_frameIsRefusedAsAWhole() -> None:
    """
    Messages before a bad one in its frame aren't taken; those of frames
    before it are.
    """
    good = encode(Ping(0, 1))
    bad = b"\x91\xc3"
    whole = frameHead(len(good + bad), 2) + good + bad
    messages = decode(OPENING + frame(Ping(0, 2)) + whole)
    assert comparable(messages) == [HELLO, Ping(0, 2), PeerProtocolError]


def test_longFrameIsRefusedByItsLength() -> None:
    """
    Before any of it has come.
    """
    decoder = Decoder(MAX_FRAME)
    decoder.receive(OPENING)
    (rejected,) = decoder.receive((MAX_FRAME + 1).to_bytes(4, "big"))
    assert isinstance(rejected, Rejected)
    assert isinstance(rejected.problem, LimitExceeded)


def test_longestFrameIsTaken() -> None:
    """
    A frame of just the limit is taken.
    """
    around = len(frame(HandleContentChunk(1, b"x" * 70_000))) - 4 - 70_000
    data = b"x" * (MAX_FRAME - around)
    assert decode(OPENING + frame(HandleContentChunk(1, data)))[1:] == [
        HandleContentChunk(1, data)
    ]


def test_largerFramesOnlyAfterHello() -> None:
    """
    The first frame is bounded tighter; the next in the same octets isn't.
    """
    large = frame(WriteData(1, b"x" * 65536))
    assert len(decode(OPENING + large)) == 2
    assert comparable(decode(MAGIC + large)) == [LimitExceeded]


@pytest.mark.parametrize(
    "wire",
    [b"\xdd\xff\xff\xff\xff", b"\xdc\x02\x00" * 1500, b"\x91" * 100_000, b"\xc6\xff"],
    ids=["long", "nested and long", "nested", "binary"],
)
def test_declaredLengthsAllocateLittle(wire: bytes) -> None:
    """
    No declared length makes us allocate more than a few MiB.
    """
    decoder = Decoder(MAX_FRAME)
    decoder.receive(OPENING)
    wire = wire[: MAX_FRAME - 4]
    tracemalloc.start()
    try:
        (rejected,) = decoder.receive(len(wire).to_bytes(4, "big") + wire)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(rejected, Rejected)
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize("size", [0, 1, 255, 256, 65536])
@pytest.mark.parametrize("number", [1, 127, 128, 65536, MAX_NUMBER])
def test_encodeContent(size: int, number: int) -> None:
    """
    What is put in front of content reads the same as if it was packed with
    it.
    """
    data = b"x" * size
    body = encodeContent(METHODS[WriteData], number, size) + data
    wire = OPENING + frameHead(len(body), 1) + body
    expected: list[object] = [HELLO, WriteData(number, data)]
    assert comparable(decode(wire)) == (
        expected if size else [HELLO, PeerProtocolError]
    )


NUMBERS = st.integers(1, MAX_NUMBER)
FIELDS = st.lists(st.tuples(st.binary(), st.binary()), max_size=5).map(
    lambda pairs: tuple(item for pair in pairs for item in pair)
)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Request,
        NUMBERS,
        st.binary(),
        st.binary(),
        st.integers(10, 99),
        FIELDS,
        st.none() | st.binary(),
        st.booleans(),
        st.none() | st.just(("id", "x", "secure", True)),
    ),
    st.builds(HandleContentChunk, NUMBERS, st.binary(min_size=1)),
    st.builds(
        WriteHeaders,
        NUMBERS,
        st.integers(200, 999),
        FIELDS,
        st.none() | st.binary(),
        st.none() | st.binary(),
        st.booleans(),
    ),
    st.builds(Finish, NUMBERS, st.none() | FIELDS),
    st.builds(Credit, st.integers(0, MAX_NUMBER), st.integers(1, 2**31 - 1)),
    st.builds(AbortConnection, NUMBERS, st.integers(0, 10), st.just("why not")),
)


@given(
    st.lists(st.lists(MESSAGES, min_size=1, max_size=4), max_size=4),
    st.lists(st.integers(1, 50)),
)
def test_roundTrip(frames: list[list[Message]], cuts: list[int]) -> None:
    """
    What is written is read, however it is framed and cut.
    """
    wire = OPENING + b"".join(frame(*messages) for messages in frames)
    decoder = Decoder(MAX_FRAME)
    received: list[object] = []
    for cut in cuts:
        received += decoder.receive(wire[:cut])
        wire = wire[cut:]
    received += decoder.receive(wire)
    sent = [message for messages in frames for message in messages]
    assert received == [HELLO, *sent]


@given(st.binary(max_size=200), st.integers(1, 20), st.sampled_from([b"", OPENING]))
def test_garbage(data: bytes, cut: int, before: bytes) -> None:
    """
    Garbage yields nothing but rejections, one at most, and last.
    """
    messages = decode(before + data, cut)
    assert not any(isinstance(message, Rejected) for message in messages[:-1])
    assert comparable(messages) == comparable(decode(before + data))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=20,
)


@given(
    st.lists(
        st.tuples(st.integers(-1, 15), st.integers(-1, 3)).flatmap(
            lambda head: st.lists(VALUES, max_size=8).map(lambda rest: [*head, *rest])
        )
        | VALUES,
        max_size=3,
    )
)
def test_structuredGarbage(items: list[Any]) -> None:
    """
    Well-formed msgpack that isn't a message is refused; what is taken is a
    message that would be written the same way.
    """
    body = b"".join(packb(item, use_bin_type=True) for item in items)
    messages = decode(OPENING + frameHead(len(body), len(items)) + body)
    taken = messages[1:]
    if taken and isinstance(taken[-1], Rejected):
        assert len(taken) == 1
    else:
        again = frame(
            *[message for message in taken if not isinstance(message, Rejected)]
        )
        assert decode(OPENING + again)[1:] == taken


def test_helloIsFirstOnly() -> None:
    """
    After the hello, whatever shares its frame is taken.
    """
    wire = MAGIC + frame(HELLO, Ping(0, 7))
    assert decode(wire) == [HELLO, Ping(0, 7)]
    assert isinstance(decode(wire)[0], Hello)
