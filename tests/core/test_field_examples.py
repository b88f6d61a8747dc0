"""
Examples for every row of L{penstock.core.fields}.
"""

from typing import Any

import pytest

from penstock.core.fields import STANDARD, Multiplicity
from penstock.core.headers import Headers

from .examples import BAD, GOOD

NAMES = [row.name for row in STANDARD]


def parse(name: str, *lines: bytes) -> Any:
    return STANDARD.parse(name.lower().encode(), list(lines))


def generate(name: str, value: Any) -> list[bytes]:
    return STANDARD.generate(name.lower().encode(), value)


@pytest.mark.parametrize(
    ("name", "line", "value"), GOOD, ids=[f"{n} {v[:30]!r}" for n, v, _ in GOOD]
)
def test_parses(name: str, line: bytes, value: Any) -> None:
    found = parse(name, line)
    row = STANDARD.row(name.lower().encode())
    if row is not None and row.multiplicity is Multiplicity.LINES:
        (found,) = found
    assert found == value


@pytest.mark.parametrize(("name", "line"), BAD, ids=[f"{n} {v[:30]!r}" for n, v in BAD])
def test_refuses(name: str, line: bytes) -> None:
    """
    The typed value is absent, and the reason doesn't have the line in it.
    """
    headers = Headers.trusted([(name.encode(), line)])
    default = object()
    assert headers.getHeader(name) is None
    assert headers.getHeader(name, default) is default
    reason = headers.whyAbsent(name)
    assert reason
    if len(line) > 4:
        assert line.decode("latin-1") not in reason


@pytest.mark.parametrize("name", NAMES)
def test_multiplicity(name: str) -> None:
    """
    Lines of a list are one list; two lines of anything else are refused.
    """
    row = STANDARD.row(name.lower().encode())
    assert row is not None
    example = next(line for field, line, value in GOOD if field == name)
    if row.multiplicity is Multiplicity.SINGLE:
        with pytest.raises(ValueError, match="more than one"):
            parse(name, example, example)
    elif row.multiplicity is Multiplicity.LINES:
        assert parse(name, example, example) == parse(name, example) * 2
    elif example != b"*":
        assert both(name, example, example) == both(
            name, example + row.separator + example
        )


def both(name: str, *lines: bytes) -> Any:
    try:
        return parse(name, *lines)
    except ValueError as problem:
        # A key may not come twice.
        return str(problem)


def test_everyRowHasExamples() -> None:
    """
    There are lines for every row that are taken, and lines that are refused
    but for a row that takes anything.
    """
    assert {name for name, line, value in GOOD} == set(NAMES)
    refusing = {name for name, line in BAD}
    assert set(NAMES) - refusing <= {"Early-Data"}, set(NAMES) - refusing
