"""
A transport that is known to be broken, and how.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from penstock.core.testing import CHECKS

from ..reference import Calling, ReferenceHarness, ReferenceRequester, Serving

NAMES = [str(check) for check in CHECKS]


@dataclass(frozen=True)
class Mutant:
    """
    @ivar fails: names of the checks that must fail, and no others.
    """

    name: str
    harness: type[ReferenceHarness]
    fails: frozenset[str]

    def __str__(self) -> str:
        return self.name


MUTANTS: list[Mutant] = []


def mutant(*fails: str) -> Callable[[Any], Any]:
    """
    Decorate a class that has one fault: a L{Serving}, a L{Calling}, a
    L{ReferenceRequester} or a L{ReferenceHarness}; or a mixin for both ends.

    @param fails: names of checks, perhaps with C{*} in them.
    """

    def register(broken: Any) -> Any:
        if not fails:
            raise LookupError(f"{broken.__name__} is to fail something")
        parts: dict[str, Any] = {}
        if issubclass(broken, ReferenceHarness):
            harness = broken
        elif issubclass(broken, ReferenceRequester):
            harness = _harness(broken)
        else:
            if issubclass(broken, Serving):
                parts["serving"] = broken
            elif issubclass(broken, Calling):
                parts["calling"] = broken
            else:
                name = broken.__name__
                parts["serving"] = type(name, (broken, Serving), {})
                parts["calling"] = type(name, (broken, Calling), {})
            harness = _harness(type("Requester", (ReferenceRequester,), parts))
        expanded = set()
        for pattern in fails:
            found = {name for name in NAMES if fnmatchcase(name, pattern)}
            if not found:
                raise ValueError(f"no check is called {pattern}")
            expanded |= found
        MUTANTS.append(Mutant(broken.__name__, harness, frozenset(expanded)))
        return broken

    return register


def _harness(requesterClass: type[ReferenceRequester]) -> type[ReferenceHarness]:
    return type("Harness", (ReferenceHarness,), {"requesterClass": requesterClass})
