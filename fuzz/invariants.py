"""
What must hold for a reader, whatever it is fed.

    - nothing is raised: what a peer does wrong is an event;
    - however the bytes are cut, the events and what the reader says of itself
      are the same;
    - after a rejection nothing comes any more;
    - where a message has ended, the next one is seen as itself;
    - the events, the time and the memory that some octets can take have a
      bound.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import (
    BuiltinFunctionType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any, Final, Protocol
from zlib import crc32

from penstock.core.fieldtable import FieldTable
from penstock.transports.http1.events import Rejected

# Seconds of the processor for some octets: a hundred times what the slowest
# reader takes without instrumentation, so that only what isn't linear is
# noticed.  Measured again before it counts.
SECONDS: Final = 0.5
SECONDS_PER_OCTET: Final = 100e-6

# What an input is made to grow to.
STRETCH: Final = 64 * 1024

# Inputs longer than this aren't cut at each octet.
BYTEWISE: Final = 4096

_NOT_COUNTED: Final = (
    type,
    Enum,
    ModuleType,
    FunctionType,
    BuiltinFunctionType,
    MemberDescriptorType,
    MethodType,
    FieldTable,
)


class Broken(Exception):
    """
    An invariant doesn't hold.
    """


class Subject(Protocol):
    """
    A reader, in the same clothes as all others.
    """

    bound: int
    """Octets that it may hold, besides the piece that came last."""

    @property
    def rejected(self) -> bool:
        """
        Whether nothing is read any more.
        """

    def receive(self, piece: bytes) -> list[Any]:
        """
        @return: its events, comparable.
        """

    def end(self) -> list[Any]:
        """
        @return: what the end of the connection makes of it.
        """

    def facts(self) -> tuple[Any, ...]:
        """
        @return: what it says of itself.
        """

    def held(self) -> object:
        """
        @return: what holds its memory.
        """

    def goOn(self) -> None:
        """
        If a message has ended, read another one.

        @raise Broken: if that isn't seen as itself.
        """


@dataclass(frozen=True)
class Target:
    """
    What can be fuzzed.
    """

    name: str

    subjects: tuple[Callable[[], Subject], ...]
    """Make a new reader."""

    wires: tuple[Callable[[bytes], bytes], ...]
    """Make octets of a connection from an input."""

    after: bytes
    """Well-formed, and never read after a rejection."""

    tokens: tuple[bytes, ...]
    """What inputs are likely to be made of."""

    caches: tuple[dict[Any, Any], ...]
    """What outlives a reader."""

    cacheBound: int
    """Octets that each of them may hold."""

    join: Callable[[list[Any]], list[Any]]
    """Make one event of adjacent ones that may be cut anywhere."""

    def check(self, data: bytes) -> None:
        """
        @raise Broken: if something doesn't hold for C{data}.
        """
        seed = crc32(data)
        for wire in self.wires:
            octets = wire(data)
            for make in self.subjects:
                self._check(make, octets, random.Random(seed))
        if not seed & 63:
            for cache in self.caches:
                if footprint(cache) > self.cacheBound:
                    raise Broken("a cache has no bound")

    def signature(self, data: bytes) -> object:
        """
        @return: the same for inputs that are treated alike, roughly.
        """
        subject = self.subjects[0]()
        events = self.join(subject.receive(self.wires[-1](data)))
        shape = [
            event if type(event) in (Rejected, tuple) else type(event).__name__
            for event in events[:6]
        ]
        return (*shape, subject.facts()[:1])

    def _check(
        self, make: Callable[[], Subject], data: bytes, chance: random.Random
    ) -> None:
        whole = self._play(make, [data])
        for pieces in someCuts(data, chance):
            other = self._play(make, pieces)
            if other != whole:
                raise Broken(f"cut into {len(pieces)}: {other} instead of {whole}")
        if len(data) and not chance.randrange(16):
            grown = stretched(data, chance)
            step = chance.choice((STRETCH, 1460, 61, 2))
            self._play(make, [*slices(grown, step)])

    def _play(self, make: Callable[[], Subject], pieces: list[bytes]) -> list[Any]:
        """
        @return: all that there is to be seen.
        """
        size = sum(map(len, pieces))
        for _ in range(3):
            subject = make()
            before = time.thread_time()
            events = [event for piece in pieces for event in subject.receive(piece)]
            took = time.thread_time() - before
            if took < SECONDS + size * SECONDS_PER_OCTET:
                break
        else:
            raise Broken(f"{took:.1f} seconds for {size} octets")
        # A piece may be its own event, and a few more may end something.
        if len(events) > 2 * size + 4:
            raise Broken(f"{len(events)} events of {size} octets")
        allowed = subject.bound + (len(pieces[-1]) if pieces else 0)
        self._checkHeld(subject, allowed)
        seen = [*self.join(events), subject.facts()]
        if subject.rejected:
            for _ in range(3):
                if subject.receive(self.after) or not subject.rejected:
                    raise Broken("something came after a rejection")
            self._checkHeld(subject, len(self.after) + 4096)
        else:
            subject.goOn()
            seen += subject.end()
        return seen

    def _checkHeld(self, subject: Subject, allowed: int) -> None:
        size = footprint(subject.held())
        if size > allowed:
            raise Broken(f"{size} octets are held, {allowed} may be")


def someCuts(data: bytes, chance: random.Random) -> Iterator[list[bytes]]:
    """
    C{data} in pieces: octet by octet if it isn't long, in two, in a few, and
    with nothing between.
    """
    size = len(data)
    if size <= BYTEWISE:
        yield [data[place : place + 1] for place in range(size)]
    if size > 1:
        place = chance.randrange(1, size)
        yield [data[:place], data[place:]]
        places = sorted(chance.choices(range(size), k=5))
        edges = zip([0, *places], [*places, size], strict=True)
        yield [data[start:end] for start, end in edges]


def slices(data: bytes, step: int) -> Iterator[bytes]:
    """
    C{data} in pieces of C{step} octets.
    """
    for place in range(0, len(data), step):
        yield data[place : place + step]


def stretched(data: bytes, chance: random.Random) -> bytes:
    """
    C{data} with a part of it again and again, until it is long.
    """
    start = chance.randrange(len(data))
    end = chance.randrange(start, min(len(data), start + 64)) + 1
    times = (STRETCH - len(data)) // (end - start)
    return data[:start] + data[start:end] * max(1, times) + data[end:]


def footprint(root: object) -> int:
    """
    @return: the octets that C{root} keeps from being freed, but for code and
        constants.
    """
    found = 0
    seen: set[int] = set()
    waiting: list[object] = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, _NOT_COUNTED):
            continue
        seen.add(id(thing))
        if not _isConstant(thing):
            found += sys.getsizeof(thing)
        waiting += gc.get_referents(thing)
    return found


def _isConstant(thing: object) -> bool:
    """
    Small numbers and single octets are there once.
    """
    return thing is None or (isinstance(thing, bytes) and len(thing) < 2)


def joinedBy(
    kind: type[Any], join: Callable[[Any, Any], Any]
) -> Callable[[Iterable[Any]], list[Any]]:
    """
    @return: what makes one event of adjacent ones of C{kind}.
    """

    def joined(events: Iterable[Any]) -> list[Any]:
        result: list[Any] = []
        for event in events:
            if type(event) is kind and result and type(result[-1]) is kind:
                result[-1] = join(result[-1], event)
            else:
                result.append(event)
        return result

    return joined
