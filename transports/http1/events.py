"""
What the readers of both ends have to tell.
"""

from __future__ import annotations

from typing import NamedTuple

from penstock.core.headers import RawField


class Data(NamedTuple):
    """
    Some octets of the content.  Never empty.
    """

    data: bytes


class End(NamedTuple):
    """
    The content is whole.
    """

    trailers: tuple[RawField, ...] | None = None
    """The trailer section, without the fields that don't belong there;
    L{None} if there was none."""


class Rejected(NamedTuple):
    """
    The peer broke the rules, or went over a limit.  No event follows this
    one.
    """

    code: int
    """The status that answers it, where there is an answer."""

    reason: str
    """Why: a few words of ours, with nothing of the input in them."""
