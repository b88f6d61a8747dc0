"""
Directives for caches (RFC 9111, section 5.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    QUOTED,
    SEPARATOR,
    TOKEN,
    generateToken,
    generateWord,
    parseSeconds,
    parseWord,
    quote,
    scan,
)

_DIRECTIVE: Final = re.compile(
    rb"(" + TOKEN + rb")(?:=(?:(" + TOKEN + rb")|(" + QUOTED + rb")))?" + SEPARATOR
)

# RFC 9111, sections 5.2.2.4 and 5.2.2.7: a sender should quote the argument
# of these even if it needn't be.
_QUOTED: Final = frozenset(("no-cache", "private"))


@dataclass(frozen=True, slots=True)
class CacheControl:
    """
    Directives and their arguments.

    @ivar directives: names in lower case, and arguments, L{None} without one;
        in order.
    """

    directives: tuple[tuple[str, str | None], ...] = ()

    def __contains__(self, name: object) -> bool:
        """
        @param name: in lower case.
        """
        return any(key == name for key, argument in self.directives)

    def get(self, name: str) -> str | None:
        """
        @param name: in lower case.

        @return: the argument of the first directive C{name}; L{None} if there
            is no such directive, or if it has none.
        """
        for key, argument in self.directives:
            if key == name:
                return argument
        return None

    def seconds(self, name: str) -> int | None:
        """
        @param name: in lower case.

        @return: the argument of the first directive C{name} in seconds, 2**31
            at most; L{None} without one, or if it isn't a number.
        """
        argument = self.get(name)
        if argument is None:
            return None
        try:
            return parseSeconds(argument.encode("latin-1"))
        except ValueError:
            return None

    def __bytes__(self) -> bytes:
        """
        The directives as a field has them.

        @raise InvalidField: if they can't be written.
        """
        return b", ".join(
            [
                generateToken(name)
                if argument is None
                else generateToken(name)
                + b"="
                + (quote if name in _QUOTED else generateWord)(argument)
                for name, argument in self.directives
            ]
        )


def parseCacheControl(value: bytes) -> CacheControl:
    """
    @raise ValueError: unless C{value} is a list of directives.
    """
    return CacheControl(
        tuple(
            [
                (found[1].decode("ascii").lower(), parseWord(found[2], found[3]))
                for found in scan(_DIRECTIVE, value)
            ]
        )
    )


def generateCacheControl(value: CacheControl) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, CacheControl):
        raise InvalidField("it must be a CacheControl")
    return bytes(value)
