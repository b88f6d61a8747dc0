"""
What the author of a transport supplies to have it checked.

::

    class MyHarness:
        capabilities = frozenset(Capability) - {Capability.REASON}
        bound = 256 * 1024

        def serve(self, factory):
            self._clock = Clock()
            self._pipe = MyPipe(self._clock)
            self._server = MyServer(factory, self._pipe.left)
            self.requester = MyClient(self._clock, self._pipe.right)

        def settle(self):
            while self._pipe.turn():
                pass

        def advance(self, seconds):
            self._clock.advance(seconds)
            self.settle()

        def vanish(self):
            self._pipe.cut()

        def close(self):
            self._pipe.cut()

Then, with pytest::

    @pytest.mark.parametrize("check", applicable(MyHarness.capabilities), ids=str)
    def test_conformance(check: Check) -> None:
        check(MyHarness())

Or with no framework::

    for check in applicable(MyHarness.capabilities):
        check(MyHarness())
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol

from penstock.core.interfaces import RequestFactory


class Capability(Enum):
    """
    What a transport may lack without being wrong.  Checks that need something
    name it; all others are for everybody.
    """

    INTERMEDIATE = "Interim responses reach the caller."

    TRAILERS = "Trailer sections cross, both ways, after content of unknown length."

    REASON = "The reason phrase crosses."

    FULL_DUPLEX = "A response and the request that it answers can flow at once."

    CONCURRENT = "Exchanges run at the same time; none waits for another's end."

    RECONNECT = "After the carrier broke, the next request makes a new connection."

    VIRTUAL_TIME = "The harness has a clock of its own, and can advance it."


class Harness(Protocol):
    """
    A serving end and a calling end of one transport, connected by a carrier.

    Each check gets a new one.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """
        What the transport has.
        """

    @property
    def bound(self) -> int:
        """
        Octets of content that may be on their way, all buffers of both ends
        and of the carrier together, from a writer that honours back-pressure
        to a reader that takes nothing; for one exchange, one way.  The writer
        writes 16 KiB at a time, so not less than that.
        """

    @property
    def requester(self) -> Any:
        """
        The calling end: an L{penstock.core.interfaces.IRequester}.  Needed
        after L{serve}.
        """

    def serve(self, factory: RequestFactory) -> None:
        """
        Start the serving end.  Called once, before anything else.
        """

    def settle(self) -> None:
        """
        Run whatever can be run, at both ends, until nothing moves any more
        without a call from outside, or without time.

        On a real reactor: until it has been idle for a few milliseconds.
        """

    def advance(self, seconds: float) -> None:
        """
        Let time pass, at both ends, and settle.  Only called with
        L{Capability.VIRTUAL_TIME}.
        """

    def vanish(self) -> None:
        """
        Break the carrier without warning.  Each end is to find that the other
        has gone, at once or as soon as L{settle} lets it; what was on its way
        is lost.
        """

    def close(self) -> None:
        """
        The check is over.  Release everything, in whatever state it is.
        """
