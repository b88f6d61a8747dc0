"""
RPC conforms: over a pipe in memory, whatever its windows and however its
octets are cut, whoever has dialled; and over sockets.
"""

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.task import Clock
from zope.interface import implementer

from penstock.core.client import Requester
from penstock.core.interfaces import IRequester, RequestFactory
from penstock.core.testing import Capability, Check, applicable
from penstock.transports.rpc import RPCClient, RPCFactory, RPCLimits
from penstock.transports.rpc.session import RPCSession

from ..loop import Loop
from ..pipe import HIGH_WATER, PipeEndpoint

# Beside the window: a block in the writer's queue, one that it is about to
# write, what the transport holds, and one on its way.
_AROUND = 3 * HIGH_WATER + 128 * 1024

SETTINGS: dict[str, dict[str, Any]] = {
    "asItComes": {},
    "narrow": {"window": 2000, "connectionWindow": 5000, "step": 700},
    "listenerCalls": {"backwards": True},
}


@implementer(IRequester)
class Backwards(Requester):
    """
    Makes requests of a client, on the connection that it has made.
    """

    def __init__(
        self,
        client: RPCClient,
        sessions: list[RPCSession],
        settle: Callable[[], None],
    ) -> None:
        self._client = client
        self._sessions = sessions
        self._settle = settle

    def startRequest(self, *args: Any, **options: Any) -> Any:
        self._client.connect().addErrback(lambda failure: None)
        self._settle()
        return self._sessions[-1].requester.startRequest(*args, **options)

    def close(self) -> Deferred[None]:
        return self._client.close()


class PipeHarness:
    capabilities = frozenset(Capability)

    def __init__(
        self,
        window: int = 128 * 1024,
        connectionWindow: int = 16 * 1024 * 1024,
        step: int = 64 * 1024,
        backwards: bool = False,
    ) -> None:
        self._limits = RPCLimits(window=window, connectionWindow=connectionWindow)
        self._step = step
        self._backwards = backwards
        self._clock = Clock()
        self.bound = window + _AROUND

    def serve(self, factory: RequestFactory) -> None:
        common: Any = {"reactor": self._clock, "limits": self._limits}
        sessions: list[RPCSession] = []
        listening = RPCFactory(
            None if self._backwards else factory, onSession=sessions.append, **common
        )
        self._endpoint = PipeEndpoint(listening, self._clock, self._step)
        client = RPCClient(
            endpoint=self._endpoint,
            requestFactory=factory if self._backwards else None,
            **common,
        )
        self.requester: Any = client
        if self._backwards:
            self.requester = Backwards(client, sessions, self.settle)

    def settle(self) -> None:
        self._endpoint.settle()

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self.settle()

    def vanish(self) -> None:
        self._endpoint.cut()

    def close(self) -> None:
        self.vanish()


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("check", applicable(PipeHarness.capabilities), ids=str)
def test_pipe(
    check: Check, settings: dict[str, Any], run: Callable[[Check, Any], None]
) -> None:
    run(check, PipeHarness(**settings))


class SocketHarness:
    """
    Over the loopback interface, on a reactor of its own.
    """

    capabilities = frozenset(Capability) - {Capability.VIRTUAL_TIME}

    # The system's own buffers come on top.
    bound = 256 * 1024 + _AROUND + 16 * 1024 * 1024

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def serve(self, factory: RequestFactory) -> None:
        reactor = self._loop.reactor
        self._factory = RPCFactory(factory, reactor=reactor)
        port = self._loop.listen(self._factory)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port)
        self.requester = RPCClient(reactor, endpoint)

    def settle(self) -> None:
        self._loop.settle()

    def advance(self, seconds: float) -> None:
        raise NotImplementedError

    def vanish(self) -> None:
        for session in list(self._factory.sessions):
            session.abort()
        self.settle()

    def close(self) -> None:
        self.vanish()


@pytest.mark.parametrize("check", applicable(SocketHarness.capabilities), ids=str)
def test_sockets(check: Check, loop: Loop, run: Callable[[Check, Any], None]) -> None:
    run(check, SocketHarness(loop))
