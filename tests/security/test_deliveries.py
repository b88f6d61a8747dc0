"""
Tests for how the rows are cut.
"""

from __future__ import annotations

import pytest

from .bad_input import deliveries


@pytest.mark.parametrize("parts", [(b"abc", b"d", b"ef"), (b"x" * 800, b"y" * 3)])
def test_nothingIsLost(parts: tuple[bytes, ...]) -> None:
    found = list(deliveries(*parts))
    assert {b"".join(pieces) for pieces in found} == {b"".join(parts)}
    assert (b"".join(parts),) in found
    assert parts in found
    places = {len(pieces[0]) for pieces in found if len(pieces) == 2}
    if len(b"".join(parts)) < 100:
        assert places == set(range(1, 6))
        assert tuple(b"".join(parts)[at : at + 1] for at in range(6)) in found
    else:
        assert {799, 800, 801} <= places
