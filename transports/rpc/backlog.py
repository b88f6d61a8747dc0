"""
Content that waits to be sent.
"""

from __future__ import annotations

from collections import deque


class Backlog:
    """
    A queue of octets, written in pieces of any size and sent in others.

    @ivar size: how many there are.
    """

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        self._pieces: deque[bytes | memoryview] = deque()
        self.size = 0

    def append(self, data: bytes) -> None:
        """
        Put C{data} at the end.
        """
        self._pieces.append(data)
        self.size += len(data)

    def take(self, size: int) -> bytes:
        """
        @return: C{size} octets from the front, which there must be.
        """
        self.size -= size
        pieces = self._pieces
        if len(pieces[0]) == size:
            return bytes(pieces.popleft())
        taken = []
        while size:
            piece = pieces.popleft()
            if len(piece) > size:
                # A view, since what is left would be copied for each block.
                view = memoryview(piece)
                pieces.appendleft(view[size:])
                piece = view[:size]
            taken.append(piece)
            size -= len(piece)
        return b"".join(taken)
