"""
The kit itself.
"""

import subprocess
import sys

import pytest

from penstock.core.testing import CHECKS, Capability, Check, applicable
from penstock.core.testing.expectation import expect, expectEqual, expectRefused
from penstock.core.testing.recorder import pattern

from .reference import ReferenceHarness


def test_namesAreUnique() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert len(CHECKS) >= 40


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_saysWhatMustBe(check: Check) -> None:
    assert check.sentence.endswith(".")


@pytest.mark.parametrize("missing", Capability, ids=lambda each: each.name)
def test_capabilitiesMatter(missing: Capability) -> None:
    """
    Without any of them some checks can't be run, and most can.
    """
    left = applicable(frozenset(Capability) - {missing})
    assert len(CHECKS) // 2 < len(left) < len(CHECKS)
    assert all(missing not in check.requires for check in left)


def test_harnessIsClosed() -> None:
    """
    Also when the check fails.
    """
    closed = []

    class Harness(ReferenceHarness):
        def close(self) -> None:
            closed.append(True)

    def fail(harness: object) -> None:
        raise AssertionError

    with pytest.raises(AssertionError):
        Check("group", "name", "It fails.", frozenset(), fail)(Harness())
    assert closed == [True]


def test_expectations() -> None:
    expect(True, "it is")
    expectEqual(1, 1, "one")
    expectRefused(int, "x", error=ValueError)
    with pytest.raises(AssertionError, match="it is not"):
        expect([], "it is not")
    with pytest.raises(AssertionError, match="one: expected 1, got 2"):
        expectEqual(2, 1, "one")
    with pytest.raises(AssertionError, match=r"int.* should raise ValueError"):
        expectRefused(int, "1", error=ValueError)
    with pytest.raises(AssertionError, match=r"\(1002 long\)"):
        expectEqual("x" * 1000, "", "a long text")


def test_patternIsOneContent() -> None:
    """
    However it is cut.
    """
    whole = pattern(0, 100_000)
    assert len(whole) == 100_000
    assert pattern(12_345, 54_321) == whole[12_345:54_321]
    assert whole[:50] not in whole[50:5000]


def test_noTestFramework() -> None:
    """
    Importing the kit imports none.
    """
    code = (
        "import sys, penstock.core.testing;"
        "sys.exit(any(name in sys.modules for name in"
        " ('pytest', 'unittest', 'twisted.trial', 'hypothesis')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
