"""
A check, and how checks are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from penstock.core.testing.harness import Capability, Harness

Run = Callable[[Harness], None]
Row = TypeVar("Row")


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

    def _add(
        self,
        name: str,
        sentence: str | None,
        run: Run,
        requires: tuple[Capability, ...],
    ) -> None:
        said = " ".join((sentence or "").split())
        self._checks.append(Check(self.name, name, said, frozenset(requires), run))

    def check(self, *requires: Capability) -> Callable[[Run], Run]:
        """
        Decorate a function that is a check: its name and its docstring become
        the check's.
        """

        def register(run: Run) -> Run:
            self._add(run.__name__, run.__doc__, run, requires)
            return run

        return register

    def table(
        self, rows: Mapping[str, Row], *requires: Capability
    ) -> Callable[[Callable[[Harness, Row], None]], Callable[[Harness, Row], None]]:
        """
        Decorate a function that is a check for each of C{rows}, whose key is
        added to the name, and which is passed to it.
        """

        def register(
            run: Callable[[Harness, Row], None],
        ) -> Callable[[Harness, Row], None]:
            for suffix, row in rows.items():

                def runRow(harness: Harness, row: Row = row) -> None:
                    run(harness, row)

                self._add(run.__name__ + suffix, run.__doc__, runRow, requires)
            return run

        return register
