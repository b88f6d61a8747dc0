"""
The examples, as those who run them from the root of the repository see them.
"""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """
    Imports an example by its name.
    """
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    before = set(sys.modules)
    yield lambda name: import_module(f"examples.{name}")
    for name in set(sys.modules) - before:
        if name.split(".")[0] == "examples":
            del sys.modules[name]
