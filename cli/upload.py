"""
What is sent with a call: text, a file, or what comes on standard input.
"""

from __future__ import annotations

import errno
import mimetypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from penstock.cli.descriptors import BLOCK, Inlet, isRegular
from penstock.cli.progress import Progress

STDIN: Final = "-"

SENDING: Final = "Sending"


@dataclass(frozen=True, slots=True)
class Upload:
    """
    What is to be sent.

    @ivar data: the octets themselves; L{None} if they are in a file.
    @ivar path: of the file, or C{"-"} for standard input.
    """

    data: bytes | None = None
    path: str = STDIN

    @property
    def name(self) -> str:
        """
        What to call it in a sentence.
        """
        return "standard input" if self.path == STDIN else self.path

    @property
    def mediaType(self) -> str | None:
        """
        What it is, as far as its name tells.
        """
        if self.data is not None:
            return "application/x-www-form-urlencoded"
        return None if self.path == STDIN else mimetypes.guess_type(self.path)[0]

    def open(self, reactor: Any, progress: Progress) -> tuple[Any, int | None]:
        """
        @return: something that a requester takes as a body, and its length in
            octets if it is known.
        @raise OSError: if it can't be opened.
        """
        if self.data is not None:
            return self.data, len(self.data)
        if self.path == STDIN and sys.stdin is None:
            # Closed before we began: its number may be something else by now.
            raise OSError(errno.EBADF, "it is closed")
        opened: Any = os.dup(0) if self.path == STDIN else self.path
        file: BinaryIO = open(opened, "rb", buffering=0)  # noqa: SIM115
        if not isRegular(file.fileno()):
            return Inlet(reactor, file), None
        length = max(0, os.fstat(file.fileno()).st_size - file.tell())
        if not length or not progress.shown:
            return file, length
        progress.begin(SENDING, length)
        return progress.count(SENDING, _blocks(file, length)), length


def _blocks(file: BinaryIO, length: int) -> Iterator[bytes]:
    with file:
        while length:
            block = file.read(min(BLOCK, length))
            if not block:
                raise OSError("the file has become shorter meanwhile")
            length -= len(block)
            yield block
