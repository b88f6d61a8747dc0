"""
What a check expects.

Functions and not C{assert}: they must also work under C{python -O}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.core.errors import LocalProtocolError

# Longer values are cut where they are shown: a report of a megabyte tells
# nobody anything.
_SHOWN = 400


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text)} long)"


def expect(condition: object, what: str) -> None:
    """
    @param what: a sentence about how it should be.

    @raise AssertionError: unless C{condition} is true.
    """
    if not condition:
        raise AssertionError(what)


def expectEqual(actual: object, expected: object, what: str) -> None:
    """
    @param what: what is compared.

    @raise AssertionError: unless both are equal.
    """
    if actual != expected:
        raise AssertionError(f"{what}: expected {_show(expected)}, got {_show(actual)}")


def expectRefused(
    call: Callable[..., Any],
    *args: Any,
    error: type[Exception] = LocalProtocolError,
    **kwargs: Any,
) -> None:
    """
    @raise AssertionError: unless C{call} raises C{error}.
    """
    try:
        call(*args, **kwargs)
    except error:
        return
    name = getattr(call, "__name__", repr(call))
    raise AssertionError(f"{name}{_show(args)} should raise {error.__name__}")
