"""
The memory transport conforms, whatever its window and its schedule.
"""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.interfaces import RequestFactory
from penstock.core.testing import Capability, Check, applicable
from penstock.core.testing.recorder import PullSource
from penstock.transports.memory.clock import VirtualClock
from penstock.transports.memory.lane import WINDOW
from penstock.transports.memory.requester import MemoryRequester

SETTINGS: dict[str, dict[str, Any]] = {
    "asItComes": {},
    "shuffled": {"seed": 7},
    "narrow": {"window": 5000, "piece": 500},
}


class MemoryHarness:
    capabilities = frozenset(Capability)

    def __init__(self, seed: int | None = None, **settings: Any) -> None:
        self._clock = VirtualClock(seed)
        self._settings = settings
        self.bound = 3 * settings.get("window", WINDOW) + PullSource.block

    def serve(self, factory: RequestFactory) -> None:
        self.requester = MemoryRequester(factory, self._clock, **self._settings)

    def settle(self) -> None:
        self._clock.advance(0)

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def vanish(self) -> None:
        self.requester.breakConnections()

    def close(self) -> None:
        self.vanish()


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("check", applicable(MemoryHarness.capabilities), ids=str)
def test_conforms(
    check: Check, settings: dict[str, Any], run: Callable[[Check, Any], None]
) -> None:
    run(check, MemoryHarness(**settings))
