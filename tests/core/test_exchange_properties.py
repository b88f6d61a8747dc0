"""
The exchange machine under any order of calls, from all sides: what must hold
whatever happens.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from penstock.core.errors import LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.incoming import Inflow
from penstock.core.order import Stage

from .conftest import CallingWire, ServingWire

# What a request does inside a callback.
REACTIONS = (
    "nothing",
    "pauseProducing",
    "toggle",
    "stopProducing",
    "answer",
    "abortConnection",
    "lose",
    "receive",
    "end",
)
reactions = st.lists(st.sampled_from(REACTIONS), max_size=3)


class Pull:
    """
    A pull producer that writes an octet a time, as long as it is let.
    """

    def __init__(self, exchange: Any, left: int) -> None:
        self.exchange = exchange
        self.left = left
        self.stops = 0

    def resumeProducing(self) -> None:
        if self.left:
            self.left -= 1
            self.exchange.writeData(b"p")

    def stopProducing(self) -> None:
        self.stops += 1


class Both(RuleBasedStateMachine):
    """
    What is the same in serving and calling.

    @ivar given: what the transport was given, in order.
    """

    exchange: Any
    callbacks: Any

    def start(self) -> None:
        self.given = b""
        self.total = 0
        self.ended = False
        self.endedByUs = False
        self.lost = False
        self.toldAtTheEnd: int | None = None
        self.whole = False
        self.depth = 0
        self.pulls: list[Pull] = []
        self.callbacks.always = self.react
        self.plan: list[str] = []

    def react(self) -> None:
        if self.callbacks.kinds[-1] in ("chunk", "complete"):
            assert self.depth == 0, "content is delivered inside a callback"
        self.depth += 1
        if self.plan:
            self.act(self.plan.pop())
        self.depth -= 1

    def act(self, what: str) -> None:
        exchange = self.exchange
        match what:
            case "nothing":
                pass
            case "toggle":
                exchange.pauseProducing()
                exchange.resumeProducing()
            case "answer":
                self.answer()
            case "abortConnection":
                exchange.abortConnection()
                self.endNow()
            case "lose":
                self.lost = True
                exchange.lose(PeerGone())
            case "receive":
                self.receive(b"n")
            case "end":
                self.endContent()
            case _:
                getattr(exchange, what)()

    def endNow(self) -> None:
        """
        The callbacks have ended it: from now on they hear nothing.
        """
        if self.toldAtTheEnd is None:
            self.toldAtTheEnd = len(self.callbacks.told)

    def answer(self) -> None:
        raise NotImplementedError

    def receive(self, data: bytes) -> None:
        if not self.ended:
            self.total += len(data)
            if self.exchange.inflow is Inflow.OPEN:
                self.given += data
            self.exchange.contentReceived(data)

    def endContent(self) -> None:
        if not self.ended:
            self.ended = True
            self.whole = self.exchange.inflow is Inflow.OPEN
            self.exchange.contentEnded()

    @rule(data=st.binary(min_size=1, max_size=4), plan=reactions)
    def comes(self, data: bytes, plan: list[str]) -> None:
        self.plan = plan
        self.receive(data)

    @rule(plan=reactions)
    def ends(self, plan: list[str]) -> None:
        self.plan = plan
        self.endContent()

    @rule()
    def breaks(self) -> None:
        self.act("lose")

    @rule(plan=reactions)
    def resumes(self, plan: list[str]) -> None:
        self.plan = plan
        self.exchange.resumeProducing()

    @rule()
    def pauses(self) -> None:
        self.exchange.pauseProducing()

    @rule()
    def stops(self) -> None:
        self.exchange.stopProducing()

    @rule()
    def fills(self) -> None:
        self.exchange.outputBlocked()

    @rule()
    def drains(self) -> None:
        self.exchange.outputReady()

    @rule()
    def turns(self) -> None:
        self.exchange.turn()

    @rule(what=st.sampled_from(("lose", "abortConnection", "toggleOutput")))
    def somethingHappensInsideTheNextWrite(self, what: str) -> None:
        if what == "toggleOutput":
            self.exchange.during["data"] = self.exchange.outputBlocked
        else:
            self.exchange.during["data"] = lambda: self.act(what)

    @rule()
    def writes(self) -> None:
        try:
            self.exchange.writeData(b"w")
        except LocalProtocolError:
            assert self.exchange.stage is Stage.WAITING

    @rule(left=st.integers(0, 20))
    def produces(self, left: int) -> None:
        if self.exchange.stage is not Stage.WAITING:
            pull = Pull(self.exchange, left)
            try:
                self.exchange.registerProducer(pull, False)
            except RuntimeError:
                return
            self.pulls.append(pull)

    @rule()
    def producesNoMore(self) -> None:
        self.exchange.unregisterProducer()

    @precondition(lambda self: self.exchange.stage is not Stage.WAITING)
    @rule()
    def finishes(self) -> None:
        try:
            self.answer()
        except LocalProtocolError:
            assert self.pulls

    @rule()
    def aborts(self) -> None:
        self.act("abortConnection")

    @invariant()
    def whatIsDeliveredIsAPrefix(self) -> None:
        assert self.given.startswith(self.callbacks.content)

    @invariant()
    def nothingIsLeaked(self) -> None:
        assert self.exchange.returned + self.exchange.held == self.total

    @invariant()
    def onlyAWholeMessageIsComplete(self) -> None:
        if "complete" in self.callbacks.kinds:
            assert self.ended
            assert self.callbacks.content == self.given

    @invariant()
    def onceAndThenNothing(self) -> None:
        kinds = self.callbacks.kinds
        assert self.callbacks.wrong == []
        assert kinds.count("complete") + kinds.count("lost") <= 2
        if self.toldAtTheEnd is not None:
            assert len(kinds) == self.toldAtTheEnd

    @invariant()
    def nothingWrittenAfterTheEnd(self) -> None:
        kinds = self.exchange.kinds
        for last in ("end", "abort"):
            if last in kinds:
                assert "data" not in kinds[kinds.index(last) :]
        assert kinds.count("end") <= 1
        assert kinds.count("abort") <= 1

    @invariant()
    def heldOnlyForAReason(self) -> None:
        if self.exchange.held:
            assert self.exchange.paused
        if self.exchange.paused:
            assert self.exchange.inflow in (Inflow.OPEN, Inflow.RECEIVED)

    @invariant()
    def producersAreStoppedOnce(self) -> None:
        assert all(pull.stops <= 1 for pull in self.pulls)

    def teardown(self) -> None:
        if not hasattr(self, "exchange"):
            return
        self.plan = []
        self.exchange.resumeProducing()
        assert not self.exchange.paused
        self.act("lose")
        assert self.exchange.held == 0
        assert self.exchange.returned == self.total
        ended = self.toldAtTheEnd is not None
        assert ended or self.isTold()

    def isTold(self) -> bool:
        """
        Whether the callbacks know that it is over.
        """
        raise NotImplementedError


class Serving(Both):
    """
    A request is served.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exchange = ServingWire()
        self.callbacks = self.exchange.request
        self.start()
        self.exchange.start()

    def answer(self) -> None:
        exchange = self.exchange
        if exchange.stage is Stage.WAITING:
            exchange.writeHeaders(200, Headers())
        if exchange.stage is not Stage.LOST:
            exchange.finish()
            self.endNow()

    @rule()
    def beginsToAnswer(self) -> None:
        if self.exchange.stage is Stage.WAITING:
            self.exchange.writeHeaders(200, Headers())

    def isTold(self) -> bool:
        return "lost" in self.callbacks.kinds


class Calling(Both):
    """
    A request is made.
    """

    def __init__(self) -> None:
        super().__init__()
        self.exchange = CallingWire()
        self.callbacks = self.exchange.caller
        self.start()
        self.exchange.headReceived(200, Headers())

    def answer(self) -> None:
        self.exchange.finish()

    def teardown(self) -> None:
        super().teardown()
        stopped = self.exchange.inflow is Inflow.STOPPED
        if self.whole and not stopped and self.toldAtTheEnd is None:
            assert self.callbacks.kinds[-1] == "complete"
        if "complete" in self.callbacks.kinds or (stopped and self.ended):
            assert ("lost" in self.callbacks.kinds) or (
                self.exchange.kinds.count("delivered") == 1
                or self.toldAtTheEnd is not None
            )

    def isTold(self) -> bool:
        kinds = self.callbacks.kinds
        stopped = self.exchange.inflow is Inflow.STOPPED and self.ended
        return "lost" in kinds or "complete" in kinds or stopped


TestServing = Serving.TestCase
TestCalling = Calling.TestCase
TestServing.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, derandomize=True
)
TestCalling.settings = TestServing.settings
