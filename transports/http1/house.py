"""
How many connections a server has, and who is let in.
"""

from __future__ import annotations

from enum import Enum, auto
from ipaddress import IPv6Address
from typing import Any, Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

try:
    import resource
except ImportError:  # pragma: no cover - no POSIX
    resource = None  # type: ignore[assignment]

from penstock.core.direct import beneath
from penstock.core.networks import Networks, ipOf
from penstock.transports.http1.gate import Gate
from penstock.transports.http1.limits import Limits

_log: Final = Logger()

# Seconds between lines in the log that say the same.
_QUIET: Final = 60.0

# Of the connections that there may be, what part is many.
CROWD: Final = 0.9


class Admission(Enum):
    """
    What becomes of somebody who has just connected.
    """

    SERVED = auto()
    """It is let in."""

    TURNED_AWAY = auto()
    """It gets an answer that says that there is no room."""

    REFUSED = auto()
    """It is closed at once."""


class House:
    """
    Counts.

    A house is full when it has C{limits.connections}.  Then, and if an address
    has too many, C{limits.overflow} further ones are told so at a time.  Where
    that isn't enough, or descriptors run short, the gate is shut: those who
    connect wait in the kernel's queue, which has an end too.
    """

    def __init__(self, limits: Limits, trusted: Networks) -> None:
        """
        @param trusted: proxies, which have no bound of their own.
        """
        self._limits = limits
        self._trusted = trusted
        self._gate = Gate()
        self._served = 0
        self._turnedAway = 0
        self._byAddress: dict[object, int] = {}
        self._saidAt: dict[str, float] = {}

    @property
    def crowd(self) -> float:
        """
        So many connections are many.
        """
        most = self._limits.connections
        return float("inf") if most is None else max(1, most * CROWD)

    def keyOf(self, address: Any) -> object:
        """
        @return: what connections from C{address} are counted by; L{None} if
            they aren't.
        """
        found = ipOf(address)
        if found is None or found.is_loopback or address in self._trusted:
            return None
        if isinstance(found, IPv6Address):
            return found.packed[:8]
        return found.packed

    def admit(self, address: Any) -> tuple[Admission, object]:
        """
        Somebody comes.

        @return: what becomes of it, and the key that L{enter} and L{leave}
            want.
        """
        self._gate.arrivals += 1
        limits = self._limits
        most, each = limits.connections, limits.connectionsPerAddress
        key = self.keyOf(address)
        if self._gate.shut:
            return Admission.REFUSED, None
        if (most is None or self._served < most) and (
            each is None or self._byAddress.get(key, 0) < each
        ):
            return Admission.SERVED, key
        if self._turnedAway < limits.overflow:
            return Admission.TURNED_AWAY, None
        return Admission.REFUSED, None

    def enter(
        self, admission: Admission, key: object, transport: Any, now: float
    ) -> None:
        """
        It is connected.
        """
        self._gate.add(transport)
        limits = self._limits
        if admission is Admission.SERVED:
            self._served += 1
            if key is not None:
                count = self._byAddress[key] = self._byAddress.get(key, 0) + 1
                if count == limits.connectionsPerAddress:
                    self._say(
                        "{peer} has as many connections as it may have",
                        now,
                        peer=getattr(transport.getPeer(), "host", None),
                    )
        else:
            self._turnedAway += 1
        if self._isFull():
            self._say("There are as many connections as there may be", now)
            if self._turnedAway >= limits.overflow and not self._gate.shut:
                self._gate.close()
        if self._isShort(transport) and not self._gate.shut:
            self._say("Few file descriptors are left: no connection is accepted", now)
            self._gate.close()

    def leave(self, admission: Admission, key: object) -> None:
        """
        It is gone.
        """
        if admission is Admission.SERVED:
            self._served -= 1
            if key is not None:
                left = self._byAddress.pop(key) - 1
                if left:
                    self._byAddress[key] = left
        else:
            self._turnedAway -= 1
        if self._gate.shut:
            self._gate.open()

    def look(self, clock: IReactorTime) -> None:
        """
        To be called now and then: see L{Gate.look}.
        """
        self._gate.look(clock)

    def _isFull(self) -> bool:
        most = self._limits.connections
        return most is not None and self._served >= most

    def _isShort(self, transport: Any) -> bool:
        """
        @return: whether this connection's descriptor is one of the last.  All
            lower ones are in use, since the lowest free one is always taken.
        """
        fileno = getattr(beneath(transport), "fileno", None)
        if fileno is None or resource is None:
            return False
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY:
            return False
        # Of a process that may have very few, some are for connections.
        return bool(fileno() >= max(soft - self._limits.descriptors, soft // 2))

    def _say(self, text: str, now: float, **facts: Any) -> None:
        """
        Log something that others may provoke any number of times.
        """
        last = self._saidAt.get(text)
        if last is None or not 0 <= now - last < _QUIET:
            self._saidAt[text] = now
            _log.warn(text, **facts)
