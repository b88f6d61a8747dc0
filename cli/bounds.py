"""
Limits and deadlines, as they are written on a command line: C{NAME=VALUE}.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final, TypeVar

import click

_NAME: Final = re.compile(r"[A-Za-z]+")
_VALUE: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")

Bound = tuple[str, float | int | None]
"""A name, and its value; L{None} for no bound."""

T = TypeVar("T")


def bound(text: str) -> Bound:
    """
    The type of an option.

    @raise click.BadParameter: if C{text} isn't C{NAME=VALUE}.
    """
    name, _, value = text.partition("=")
    if _NAME.fullmatch(name) and value == "none":
        return name, None
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise click.BadParameter(f"{text!r}: expected NAME=NUMBER or NAME=none")
    return name, float(value) if "." in value else int(value)


def choose(kind: type[T], bounds: Iterable[Bound], option: str) -> T:
    """
    @param kind: a dataclass of bounds, all with defaults.
    @param option: how C{bounds} were given.

    @return: one with C{bounds}; of two with one name the later.
    @raise click.UsageError: for a name or a value that it doesn't have.
    """
    known: list[str] = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    chosen: dict[str, Any] = dict(bounds)
    for name, value in chosen.items():
        if name not in known:
            raise click.UsageError(
                f"{option} {name}: unknown name; there are {', '.join(known)}"
            )
        if isinstance(value, float) and isinstance(getattr(kind(), name), int):
            raise click.UsageError(f"{option} {name}: it must be a whole number")
    try:
        return kind(**chosen)
    except ValueError as problem:
        raise click.UsageError(f"{option} {problem}") from None
