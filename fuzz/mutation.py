"""
Change octets at random.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

# Longer inputs find nothing that shorter ones don't, and take longer.
MAX_LENGTH: Final = 4096


class Mutation:
    """
    Makes new inputs of known ones.
    """

    def __init__(self, chance: random.Random, tokens: Sequence[bytes]) -> None:
        """
        @param tokens: what is put in, besides octets and parts of inputs.
        """
        self._chance = chance
        self._tokens = tokens
        self._changes = (
            self._remove,
            self._double,
            self._flip,
            self._replace,
            self._insertOctet,
            self._insertToken,
            self._insertToken,
            self._overwriteToken,
            self._splice,
            self._cut,
        )

    def mutate(self, data: bytes, other: bytes) -> bytes:
        """
        @param other: another known input, to take parts from.

        @return: C{data} with one to eight changes.
        """
        for _ in range(1 << self._chance.randrange(4)):
            change = self._chance.choice(self._changes)
            data = change(data, other)
        return data[:MAX_LENGTH]

    def _range(self, size: int, most: int = 32) -> tuple[int, int]:
        start = self._chance.randrange(size + 1)
        return start, min(size, start + self._chance.randrange(1, most))

    def _remove(self, data: bytes, other: bytes) -> bytes:
        start, end = self._range(len(data))
        return data[:start] + data[end:]

    def _double(self, data: bytes, other: bytes) -> bytes:
        start, end = self._range(len(data))
        return data[:end] + data[start:end] * self._chance.randrange(1, 4) + data[end:]

    def _flip(self, data: bytes, other: bytes) -> bytes:
        if not data:
            return data
        place = self._chance.randrange(len(data))
        octet = data[place] ^ 1 << self._chance.randrange(8)
        return data[:place] + bytes((octet,)) + data[place + 1 :]

    def _replace(self, data: bytes, other: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        return data[:place] + self._chance.randbytes(1) + data[place + 1 :]

    def _insertOctet(self, data: bytes, other: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        return data[:place] + self._chance.randbytes(1) + data[place:]

    def _insertToken(self, data: bytes, other: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        return data[:place] + self._chance.choice(self._tokens) + data[place:]

    def _overwriteToken(self, data: bytes, other: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        token = self._chance.choice(self._tokens)
        return data[:place] + token + data[place + len(token) :]

    def _splice(self, data: bytes, other: bytes) -> bytes:
        place = self._chance.randrange(len(data) + 1)
        start, end = self._range(len(other), 256)
        return data[:place] + other[start:end] + data[place:]

    def _cut(self, data: bytes, other: bytes) -> bytes:
        return data[: self._chance.randrange(len(data) + 1)]
