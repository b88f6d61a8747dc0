"""
Asks the tests of semantics over each transport.
"""

from __future__ import annotations

import pytest

from .ways import CALLS, WAYS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """
    A test that takes C{serve} or C{call} runs once for each transport that has
    what it needs.
    """
    needed = {
        facility
        for mark in metafunc.definition.iter_markers("needs")
        for facility in mark.args
    }
    for name, ways in (("serve", WAYS), ("call", CALLS)):
        if name in metafunc.fixturenames:
            able = {key: way for key, way in ways.items() if needed <= way.facilities}
            if not able:
                raise ValueError(f"{metafunc.function.__name__}: nobody can")
            metafunc.parametrize(name, able.values(), ids=able.keys())
