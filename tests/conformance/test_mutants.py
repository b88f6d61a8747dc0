"""
The kit notices what is broken, and nothing else.
"""

from typing import Any

import pytest

from penstock.core.testing import CHECKS

from .mutants import (  # noqa: F401
    calling,
    content,
    end,
    flow,
    framing,
    order,
    reentry,
)
from .mutants.mutant import MUTANTS, Mutant


def failures(mutant: Mutant) -> dict[str, BaseException]:
    """
    @return: the checks that fail on C{mutant}, by name.
    """
    failed: dict[str, BaseException] = {}
    for check in CHECKS:
        try:
            check(mutant.harness())
        except Exception as problem:
            failed[str(check)] = problem
    return failed


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_isNoticed(mutant: Mutant, loggedErrors: Any) -> None:
    """
    It fails exactly the checks that name its fault.
    """
    failed = failures(mutant)
    loggedErrors.events.clear()
    unexpected = {
        name: str(failed[name]) for name in failed if name not in mutant.fails
    }
    assert unexpected == {}
    assert mutant.fails - set(failed) == set()


def test_eachCheckNoticesSomething() -> None:
    """
    No check is there for nothing.
    """
    noticing = frozenset().union(*(mutant.fails for mutant in MUTANTS))
    assert {str(check) for check in CHECKS} - noticing == set()
