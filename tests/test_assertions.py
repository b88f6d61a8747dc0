"""
The suite under C{python -O}.

The interpreter leaves out C{assert} statements then, which is the point: code
that relies on one must fail.  The tests' own hold, since pytest rewrites each
into an C{if} and a C{raise} before it is compiled.  It does so only in test
modules and conftest.py, so no other file beside them may use one.
"""

import ast
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent


def _raises(code: str) -> bool:
    try:
        exec(compile(code, "<code>", "exec"), {})
    except AssertionError:
        return True
    return False


def test_ourAssertionsHold() -> None:
    """
    An assertion in a test fails it, whatever the interpreter's options.
    """
    with pytest.raises(AssertionError):
        assert sys is None


def test_othersGoWithTheInterpreter() -> None:
    """
    An assertion that is compiled in the ordinary way is gone under -O.
    """
    assert _raises("assert False") is (sys.flags.optimize == 0)


def test_assertionsAreOnlyInTests() -> None:
    """
    A module beside the tests has none, since nothing would rewrite it.
    """
    silent = [
        path.relative_to(TESTS)
        for path in sorted(TESTS.rglob("*.py"))
        if not path.name.startswith("test_") and path.name != "conftest.py"
        if any(
            isinstance(node, ast.Assert)
            for node in ast.walk(ast.parse(path.read_bytes()))
        )
    ]
    assert silent == []
