"""
How far a transfer has got, for somebody who watches a terminal.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, TextIO

import click

# Seconds between two drawings: the eye takes no more, and the transfer has
# better things to do.
DRAW_EVERY: Final = 0.1


def size(octets: int) -> str:
    """
    @return: C{octets} in a unit that is easy to read.
    """
    if octets < 1024:
        return f"{octets} B"
    number = octets / 1024
    for unit in ("KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


class Progress:
    """
    A bar, if it is wanted; one at a time.
    """

    def __init__(self, stream: TextIO, shown: bool) -> None:
        """
        @param stream: a terminal.
        @param shown: whether to draw anything at all.
        """
        self._stream = stream
        self.shown = shown
        self._label = ""
        self._done = 0
        self._undrawn = 0
        self._drawnAt = 0.0
        self._bar: Any = None

    def begin(self, label: str, length: int | None) -> None:
        """
        A transfer begins; the one before is over.

        @param length: octets, L{None} if nobody knows.
        """
        self.end()
        self._label = label
        self._done = self._undrawn = 0
        if self.shown:
            # Without a length, click wants something that has none.
            self._bar = click.progressbar(
                iterable=None if length is not None else (0 for _ in ()),
                length=length,
                label=label,
                file=self._stream,
                item_show_func=lambda done: size(done or 0),
            )
            self._bar.render_progress()

    def advance(self, label: str, octets: int) -> None:
        """
        So many more C{octets} of what began as C{label}; ignored if that is
        over.
        """
        if label == self._label:
            self._done += octets
            self._undrawn += octets
            if self._bar is not None and time.monotonic() > self._drawnAt + DRAW_EVERY:
                self._draw()

    def _draw(self) -> None:
        self._drawnAt = time.monotonic()
        self._bar.update(self._undrawn, self._done)
        self._undrawn = 0

    def count(self, label: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """
        @return: C{blocks}, counted as they are taken.
        """
        for block in blocks:
            self.advance(label, len(block))
            yield block

    def end(self) -> None:
        """
        Nothing is transferred any more: leave the line.
        """
        self._label = ""
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.update(self._undrawn, self._done)
            bar.render_finish()
