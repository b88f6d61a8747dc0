"""
Tests for L{penstock.core.ranges}.
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.ranges import (
    MAX_RANGES,
    UNSATISFIABLE,
    ContentRange,
    Interval,
    RangeSpec,
    parseRange,
    selectRanges,
)

SELECTED: list[tuple[bytes, int, object]] = [
    # field, length, selected
    (b"bytes=0-499", 10000, [(0, 500)]),
    (b"bytes=500-999", 10000, [(500, 1000)]),
    (b"bytes=-500", 10000, [(9500, 10000)]),
    (b"bytes=9500-", 10000, [(9500, 10000)]),
    (b"bytes=0-0,-1", 10000, [(0, 1), (9999, 10000)]),
    (b"bytes=500-600,601-999", 10000, [(500, 1000)]),
    (b"bytes=500-700,601-999", 10000, [(500, 1000)]),
    (b"bytes=0-", 10, [(0, 10)]),
    (b"bytes=0-9", 10, [(0, 10)]),
    (b"bytes=0-10", 10, [(0, 10)]),
    (b"bytes=9-", 10, [(9, 10)]),
    (b"bytes=10-", 10, UNSATISFIABLE),
    (b"bytes=10-20", 10, UNSATISFIABLE),
    (b"bytes=-0", 10, UNSATISFIABLE),
    (b"bytes=-0, 10-", 10, UNSATISFIABLE),
    (b"bytes=-11", 10, [(0, 10)]),
    (b"bytes=-" + b"9" * 100, 10, [(0, 10)]),
    (b"bytes=0-" + b"9" * 100, 10, [(0, 10)]),
    (b"bytes=" + b"9" * 100 + b"-", 10, UNSATISFIABLE),
    (b"bytes=0-0, 20-30", 10, [(0, 1)]),
    (b"bytes=5-6, 0-1", 10, [(5, 7), (0, 2)]),
    (b"bytes=5-6, 0-1, 6-8, 2-3", 10, [(5, 9), (0, 4)]),
    (b"bytes=0-0, 9-9, 0-9", 10, [(0, 10)]),
    (b"bytes=" + b"0-9," * MAX_RANGES, 10, [(0, 10)]),
    (b"BYTES=1-1", 10, [(1, 2)]),
    # There is nothing to take a part of.
    (b"bytes=0-", 0, None),
    (b"bytes=-1", 0, None),
    (b"pages=1", 10, None),
]


@pytest.mark.parametrize(
    ("field", "length", "selected"), SELECTED, ids=[repr(r[0][:40]) for r in SELECTED]
)
def test_select(field: bytes, length: int, selected: object) -> None:
    assert selectRanges(parseRange(field), length) == selected


@pytest.mark.parametrize(
    ("intervals", "selected"),
    [
        (((0, 1),) * (MAX_RANGES + 1), None),
        ((), None),
        # Not what parses, but nothing bad comes of it.
        (((5, 2),), UNSATISFIABLE),
    ],
)
def test_handMade(intervals: tuple[Interval, ...], selected: object) -> None:
    assert selectRanges(RangeSpec("bytes", intervals), 10) == selected


positions = st.integers(0, 30)
intervals = st.one_of(
    st.tuples(positions, st.none()),
    st.tuples(st.none(), positions),
    st.tuples(positions, positions).map(lambda pair: (min(pair), max(pair))),
)


def octets(interval: Interval, length: int) -> set[int]:
    """
    The positions that an interval asks for, one by one.
    """
    first, last = interval
    if first is None:
        return {at for at in range(length) if last and at >= length - last}
    return {at for at in range(length) if at >= first and (last is None or at <= last)}


@given(st.lists(intervals, min_size=1, max_size=8), st.integers(1, 30))
def test_exactlyWhatWasAskedFor(asked: list[Interval], length: int) -> None:
    """
    All octets that were asked for and exist are selected, each once, in
    ranges that neither touch nor are empty.
    """
    wanted = [octets(interval, length) for interval in asked]
    selected = selectRanges(RangeSpec("bytes", tuple(asked)), length)
    if not any(wanted):
        assert selected is UNSATISFIABLE
        return
    assert isinstance(selected, list)
    assert all(0 <= start < stop <= length for start, stop in selected)
    inOrder = sorted(selected)
    assert all(one[1] < other[0] for one, other in pairwise(inOrder))
    got = [at for start, stop in inOrder for at in range(start, stop)]
    assert got == sorted(set().union(*wanted))
    # Each stands where the first of those that it is made of stood.
    places = [
        min(n for n, positions in enumerate(wanted) if positions & set(range(*pair)))
        for pair in selected
    ]
    assert places == sorted(places)


def test_contentRange() -> None:
    """
    What is selected goes into a ContentRange as it is.
    """
    selected = selectRanges(parseRange(b"bytes=-500"), 1234)
    assert isinstance(selected, list)
    assert bytes(ContentRange(*selected[0], 1234)) == b"bytes 734-1233/1234"
