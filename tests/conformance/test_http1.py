"""
HTTP/1.1 conforms: over a pipe in memory, however its octets are cut; and over
sockets.
"""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.interfaces import RequestFactory
from penstock.core.testing import Capability, Check, applicable
from penstock.transports.http1 import HTTPClient, HTTPFactory

from ..loop import Loop
from ..pipe import PipeEndpoint
from .sockets import SocketHarness

# Connections: as many as a check has exchanges under way.
CONNECTIONS = 16

# Octets that a turn of the pipe carries.
STEPS = {"whole": 64 * 1024, "inPieces": 1021}

# What has no big content can also be carried octet by octet.
SMALL = [
    check
    for check in applicable(frozenset(Capability))
    if check.group in ("order", "refusal", "framing", "late")
]


class PipeHarness:
    capabilities = frozenset(Capability)

    # What each end reads ahead, what its transport buffers, and a block.
    bound = 512 * 1024

    def __init__(self, step: int) -> None:
        self._clock = Clock()
        self._step = step

    def serve(self, factory: RequestFactory) -> None:
        self._endpoint = PipeEndpoint(
            HTTPFactory(factory, self._clock), self._clock, self._step
        )
        self.requester = HTTPClient(
            self._clock, self._endpoint, maxConnections=CONNECTIONS
        )

    def settle(self) -> None:
        self._endpoint.settle()

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self.settle()

    def vanish(self) -> None:
        self._endpoint.cut()

    def close(self) -> None:
        self.vanish()


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("check", applicable(PipeHarness.capabilities), ids=str)
def test_pipe(check: Check, step: int, run: Callable[[Check, Any], None]) -> None:
    run(check, PipeHarness(step))


@pytest.mark.parametrize("check", SMALL, ids=str)
def test_octetByOctet(check: Check, run: Callable[[Check, Any], None]) -> None:
    run(check, PipeHarness(1))


class HTTPSocketHarness(SocketHarness):
    def serve(self, factory: RequestFactory) -> None:
        reactor = self.loop.reactor
        self._factory = HTTPFactory(factory, reactor)
        endpoint = self.listen(self._factory)
        self.requester = HTTPClient(reactor, endpoint, maxConnections=CONNECTIONS)

    def close(self) -> None:
        # What is paused may not have seen that its peer has gone.
        self._factory.drain(0)
        super().close()


@pytest.mark.parametrize("check", applicable(HTTPSocketHarness.capabilities), ids=str)
def test_sockets(check: Check, loop: Loop, run: Callable[[Check, Any], None]) -> None:
    run(check, HTTPSocketHarness(loop))
