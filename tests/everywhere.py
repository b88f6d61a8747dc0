"""
What runs tests with the mark everywhere: with a fake carrier, which has
nothing but the interface, and over each transport.  For conftest.py, where
they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from .carried import Carrier
from .core import fakes
from .requirements.ways import WAYS

CARRIERS: Final = {
    "fake": None,
    **{name: Carrier(way) for name, way in WAYS.items()},
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    Run it once for each.
    """
    if metafunc.definition.get_closest_marker("everywhere") is not None:
        metafunc.parametrize(
            "carrier", CARRIERS.values(), ids=CARRIERS.keys(), indirect=True
        )


@pytest.fixture(autouse=True)
def carrier(request: pytest.FixtureRequest) -> Iterator[None]:
    """
    What L{fakes.ask} asks over.
    """
    fakes.carrier = getattr(request, "param", None)
    yield
    fakes.carrier = None
