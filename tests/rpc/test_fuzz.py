"""
A peer that says anything.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.headers import Headers
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.limits import RPCLimits
from penstock.transports.rpc.messages import (
    AbortConnection,
    Credit,
    Finish,
    GoAway,
    HandleContentChunk,
    HandleContentComplete,
    Message,
    Ping,
    Pong,
    Request,
    StopProducing,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)
from penstock.transports.rpc.phases import Phase

from .wires import Scene

LIMITS = RPCLimits(window=2000, connectionWindow=5000, exchanges=3, resets=20)

# Few, so that they meet.
NUMBERS = st.integers(1, 8)
DATA = st.sampled_from([b"x", b"y" * 700, b"z" * 1999])
FIELDS = st.sampled_from(
    [(), (b"A", b"b"), (b"Content-Length", b"700"), (b"A", b"\n"), (b"Host", b"x y")]
)
REASONS = st.none() | st.sampled_from([b"Fine", b"\r"])
TRAILERS = st.none() | st.sampled_from([(b"D", b"e"), (b"D", b"\x00")])

MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(
        Request,
        NUMBERS,
        st.sampled_from([b"GET", b"POST", b"HEAD"]),
        st.sampled_from([b"/", b"/ "]),
        st.just(11),
        FIELDS,
        st.none() | DATA,
        st.booleans(),
        st.none(),
    ),
    st.builds(HandleContentChunk, NUMBERS, DATA),
    st.builds(HandleContentComplete, NUMBERS, TRAILERS),
    st.builds(WriteIntermediateResponse, NUMBERS, st.just(103), FIELDS, REASONS),
    st.builds(
        WriteHeaders,
        NUMBERS,
        st.sampled_from([200, 204, 304]),
        FIELDS,
        REASONS,
        st.none() | DATA,
        st.booleans(),
    ),
    st.builds(WriteData, NUMBERS, DATA),
    st.builds(Finish, NUMBERS, TRAILERS),
    st.builds(AbortConnection, NUMBERS, st.integers(0, 9), st.just("")),
    st.builds(StopProducing, NUMBERS),
    st.builds(Credit, st.integers(0, 8), st.sampled_from([1, 5000, 2**31 - 1])),
    st.builds(Ping, st.just(0), st.integers(0, 9)),
    st.builds(Pong, st.just(0), st.integers(0, 9)),
    st.builds(GoAway, st.just(0), st.integers(0, 9), st.integers(0, 9), st.just("")),
)

# Sensible ones, more often, and things that we do meanwhile.
NEXT = st.just("next request")
OURS = st.sampled_from(
    ["ask", "write", "answer", "abort", "pause", "resume", "stop", "time", "close"]
)


def _isConsistent(end: Any) -> bool:
    """
    Each end hears of its own end once, and of nothing after it.
    """
    ends = [call for call in end.calls if call in ("complete", "lost")]
    if "lost" in end.calls:
        return bool(end.calls.index("lost") == len(end.calls) - 1)
    return len(ends) <= 1


def _act(scene: Scene, asked: list[Any], deed: str, draw: Any) -> None:
    if deed == "ask":
        asked.append(scene.ask(b"POST", hasContent=draw(st.booleans())))
        return
    if deed == "time":
        scene.pipe.advance(draw(st.sampled_from([1.0, 16.0, 70.0])), steps=3)
        return
    if deed == "close":
        scene.session.close()
        return
    ends = [*scene.served, *asked]
    if not ends:
        return
    exchange = draw(st.sampled_from(ends)).exchange
    match deed:
        case "write":
            if exchange.stage.name == "WAITING":
                exchange.writeHeaders(200, Headers())
            exchange.writeData(b"w" * 3000)
        case "answer":
            if exchange.stage.name == "WAITING":
                exchange.writeHeaders(200, Headers())
            exchange.finish()
        case "abort":
            exchange.abortConnection()
        case "pause":
            exchange.pauseProducing()
        case "resume":
            exchange.resumeProducing()
        case "stop":
            exchange.stopProducing()


@settings(max_examples=300, deadline=None)
@given(st.data(), st.booleans())
def test_anything(data: st.DataObject, dialled: bool) -> None:
    """
    Whatever a peer says and we do: nothing is raised, everybody hears of the
    end once, and when the connection is gone nothing is left.
    """
    draw = data.draw
    scene = Scene(dialled=dialled, limits=LIMITS, exchanges=2, window=4000)
    asked: list[Any] = []
    number = 2 if dialled else 1
    for step in draw(st.lists(MESSAGES | NEXT | OURS | OURS, max_size=25)):
        if step == "next request":
            scene.peer.say(
                Request(number, b"PUT", b"/", 11, (), b"a" * 500, False, None)
            )
            number += 2
        elif isinstance(step, str):
            _act(scene, asked, step, draw)
        elif not scene.peer.isLost:
            scene.peer.write(frame(step))
        if draw(st.booleans()):
            scene.settle()
    scene.settle()
    scene.pipe.cut()
    assert scene.session.phase is Phase.CLOSED
    assert scene.session.underWay == 0
    assert scene.clock.getDelayedCalls() == [] or not any(
        call.getTime() > scene.clock.seconds() for call in scene.clock.getDelayedCalls()
    )
    for end in (*scene.served, *asked):
        assert _isConsistent(end), end.calls
