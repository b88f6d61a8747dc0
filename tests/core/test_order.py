"""
The order of calls: the table is complete, and the machine goes by it.
"""

import io
from itertools import product
from typing import Any

import pytest

from penstock.core.errors import LocalProtocolError, PeerGone
from penstock.core.exchange import ServingExchange
from penstock.core.headers import Headers
from penstock.core.order import LATE, TRANSITIONS, Action, Stage

FORBIDDEN = {
    (Stage.WAITING, Action.DATA),
    (Stage.WAITING, Action.FILE),
    (Stage.WAITING, Action.PRODUCER),
    (Stage.WAITING, Action.FINISH),
    (Stage.WRITING, Action.INTERMEDIATE),
    (Stage.WRITING, Action.HEADERS),
    (Stage.WRITING, Action.BARE_HEADERS),
    (Stage.BODILESS, Action.INTERMEDIATE),
    (Stage.BODILESS, Action.HEADERS),
    (Stage.BODILESS, Action.BARE_HEADERS),
    (Stage.WRITING, Action.UPGRADE),
    (Stage.BODILESS, Action.UPGRADE),
}

ALL = list(product(Stage, Action))


def test_allowedLateAndForbiddenAreAll() -> None:
    """
    Every pair of a stage and an action is in exactly one of the tables.
    """
    tables = (TRANSITIONS.keys(), LATE, FORBIDDEN)
    assert set().union(*tables) == set(ALL)
    assert sum(len(table) for table in tables) == len(ALL)


def test_theEndIsTheEnd() -> None:
    """
    Nothing leads on from the two last stages, and each other stage leads to
    both of them.
    """
    ends = {Stage.FINISHED, Stage.LOST}
    assert not any(stage in ends for stage, _ in TRANSITIONS)
    for stage in set(Stage) - ends:
        reached = {stage}
        while True:
            more = {to for (by, _), to in TRANSITIONS.items() if by in reached}
            if more <= reached:
                break
            reached |= more
        assert ends <= reached


class Mute(ServingExchange):
    """
    An exchange whose wire takes everything.
    """

    def upgrade(self) -> None:
        if self._may(Action.UPGRADE):
            self._leave()

    def _sendIntermediate(self, *arguments: Any) -> None: ...
    def _sendHead(self, *arguments: Any) -> None: ...
    def _sendData(self, data: bytes) -> None: ...
    def _sendEnd(self, trailers: Headers | None) -> None: ...
    def _sendAbort(self) -> None: ...
    def _later(self, call: Any) -> None: ...


class Source:
    stopped = 0

    def stopProducing(self) -> None:
        self.stopped += 1


class Silent:
    def connectionLost(self, reason: Any) -> None: ...


def _act(exchange: Mute, action: Action) -> None:
    match action:
        case Action.INTERMEDIATE:
            exchange.writeIntermediateResponse(103)
        case Action.HEADERS:
            exchange.writeHeaders(200, Headers())
        case Action.BARE_HEADERS:
            exchange.writeHeaders(204, Headers())
        case Action.DATA:
            exchange.writeData(b"data")
        case Action.FILE:
            exchange.writeFile(io.BytesIO(b"file"), 0, 4)
        case Action.PRODUCER:
            exchange.registerProducer(Source(), True)
        case Action.FINISH:
            exchange.finish()
        case Action.UPGRADE:
            exchange.upgrade()
        case Action.LOSE:
            exchange.lose(PeerGone())


def _reach(stage: Stage) -> Mute:
    exchange = Mute()
    exchange.begin(lambda *_: Silent(), b"GET", b"/", (1, 1), Headers(), 0)
    path: dict[Stage, list[Action]] = {
        Stage.WAITING: [],
        Stage.WRITING: [Action.HEADERS],
        Stage.BODILESS: [Action.BARE_HEADERS],
        Stage.FINISHED: [Action.HEADERS, Action.FINISH],
        Stage.LOST: [Action.HEADERS, Action.LOSE],
    }
    for action in path[stage]:
        _act(exchange, action)
    assert exchange.stage is stage
    return exchange


@pytest.mark.parametrize(
    ("stage", "action"), ALL, ids=[f"{s.name}-{a.name}" for s, a in ALL]
)
def test_theMachineGoesByTheTable(stage: Stage, action: Action) -> None:
    """
    The machine's short cuts come to what the table says.
    """
    exchange = _reach(stage)
    if (stage, action) in FORBIDDEN:
        with pytest.raises(LocalProtocolError):
            _act(exchange, action)
        assert exchange.stage is stage
        assert exchange.lateCalls == ()
    else:
        _act(exchange, action)
        assert exchange.stage is TRANSITIONS.get((stage, action), stage)
        late = (stage, action) in LATE and action is not Action.LOSE
        assert bool(exchange.lateCalls) is late
