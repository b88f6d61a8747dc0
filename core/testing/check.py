"""
A check, and how checks are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from penstock.core.testing.harness import Capability, Harness

Run = Callable[[Harness], None]


@dataclass(frozen=True)
class Check:
    """
    One thing that every transport must do, or every one that has what the
    check requires.

    @ivar group: what it is about.
    @ivar name: unique among all checks.
    @ivar sentence: what must be.
    @ivar requires: capabilities without which it can't be run.
    """

    group: str
    name: str
    sentence: str
    requires: frozenset[Capability]
    run: Run

    def __str__(self) -> str:
        return f"{self.group}-{self.name}"

    def __call__(self, harness: Harness) -> None:
        """
        Run it on a new C{harness}, which is closed in any case.

        @raise AssertionError: if the transport doesn't conform.
        """
        try:
            self.run(harness)
        finally:
            harness.close()


class Group:
    """
    Checks about one thing.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._checks: list[Check] = []

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks)

    def add(
        self, name: str, sentence: str, run: Run, requires: frozenset[Capability]
    ) -> None:
        """
        Add a row of a table.
        """
        self._checks.append(Check(self.name, name, sentence, requires, run))

    def check(self, *requires: Capability) -> Callable[[Run], Run]:
        """
        Decorate a function that is a check: its name and its docstring become
        the check's.
        """

        def register(run: Run) -> Run:
            sentence = " ".join((run.__doc__ or "").split())
            self.add(run.__name__, sentence, run, frozenset(requires))
            return run

        return register
