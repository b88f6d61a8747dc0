"""
The page of bad input lists all cases, and each has rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

# How many cases there are of each kind; and those without a table of rows.
COUNTS = {
    "A": 8,
    "B": 12,
    "C": 5,
    "D": 12,
    "E": 11,
    "F": 5,
    "G": 6,
    "H": 5,
    "I": 15,
    "J": 4,
    "K": 7,
    "M": 10,
    "N": 4,
}
ELSEWHERE = {"I10", "I13", "I14"}

CASES = [
    f"{letter}{number}"
    for letter, count in COUNTS.items()
    for number in range(1, count + 1)
    if f"{letter}{number}" not in ELSEWHERE
]

_ROW = re.compile(r"\| ([A-N][0-9]{1,2}) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|")


def page() -> str:
    return (ROOT / "docs" / "security-cases.md").read_text("utf-8")


def rows() -> dict[str, list[str]]:
    """
    @return: the files that each case is tested in.
    """
    found = {}
    for line in page().split("\n"):
        row = _ROW.fullmatch(line)
        if row is not None:
            found[row[1]] = re.findall(r"`([^`]+)`", row[4])
    return found


def test_allCases() -> None:
    """
    In order, and none is forgotten.
    """
    assert list(rows()) == CASES
    for case in ELSEWHERE:
        assert re.search(rf"\b{case}\b", page())


MODULES = {
    f"tests/security/{path.name}": import_module(f".{path.stem}", __package__)
    for path in Path(__file__).parent.glob("test_[a-n]_*.py")
}


def titles(module: Any) -> Iterator[str]:
    """
    What the rows of C{module} are called, and what its tests say of
    themselves.
    """
    for name, value in vars(module).items():
        if name.startswith(("_", "REJECTED")):
            # Not its own, or all cases' together.
            continue
        if isinstance(value, dict):
            yield from (key for key in value if isinstance(key, str))
        elif name.startswith("test_") and callable(value):
            # There may be several cases in one: "E2, E6: ..."
            yield from re.findall(r"[A-N][0-9]{1,2}", value.__doc__ or "")


@pytest.mark.parametrize("case", CASES)
def test_rows(case: str) -> None:
    """
    What each case names has a row for it, or a test; and where it is about
    transports, a row here is one of them.
    """
    files = rows()[case]
    assert files
    for name in files:
        module = MODULES.get(name)
        if module is not None:
            found = [title.partition(" ")[0] for title in titles(module)]
            assert case in found, name
        else:
            source = (ROOT / name).read_text("utf-8")
            # K7 is about the source as a whole.
            assert case == "K7" or re.search(rf"\b{case}\b", source), name
    if case[0] not in "IJ":
        assert any(name in MODULES for name in files)
